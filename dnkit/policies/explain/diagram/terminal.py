"""A sheet drawn with the characters of a terminal.

Where a row of a phase passes a lane that is not its own, the lane is drawn through: only a corner or a tee
joins two lines.
"""

from dnkit.policies.diagnostics import cells
from dnkit.policies.explain.diagram.graph import Graph, Part
from dnkit.policies.explain.diagram.sheet import LABEL, START, TRUNK, Box, Lane, Row, Sheet, sheet_of
from dnkit.policies.explain.lines import WIDTH

_ASCII = str.maketrans("─│┌┐└┘┬├┤╭╮╰╯▶◀▼●◉✕↑»", "-|+++++++++++><v*=x^>")


def drawn(graph: Graph, *, ascii: bool = False, width: int = WIDTH) -> list[str]:
    """Lines of the whole diagram; with `ascii` nothing but ASCII."""
    lines: list[str] = []
    for number, part in enumerate(graph.parts):
        lines += ["", part.title] if number else []
        lines += drawn_part(part, ascii=ascii, width=width)
    return lines


def drawn_part(part: Part, *, ascii: bool, width: int) -> list[str]:
    """Lines of one part."""
    sheet = sheet_of(part, width, ascii=ascii)
    canvas = _Canvas(sheet)
    lines = ["".join(row).rstrip() for row in canvas.grid]
    return [line.translate(_ASCII) for line in lines] if ascii else lines


class _Canvas:
    """A grid of cells; the second cell of a wide character holds nothing."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.grid = [[" "] * sheet.width for _ in range(sheet.height)]
        self.put(TRUNK, 0, f"{START} start")
        for row in sheet.rows:
            self._row(row)
        for lane in sheet.lanes:
            self._run_in(lane)
        for lane in sheet.lanes:
            self._lane(lane)
        for box in sheet.boxes:
            self._box(box)

    def put(self, x: int, y: int, text: str) -> None:
        """Write from column `x` on; marks that take no cell stay with the character before them."""
        for character in text:
            width = cells(character)
            if width == 0:
                self.grid[y][x - 1] += character
                continue
            self.grid[y][x : x + width] = [character, ""][:width]
            x += width

    def _box(self, box: Box) -> None:
        wide = self.sheet.left - 2
        self.put(0, box.top, "┌" + "─" * wide + "┐")
        self.put(0, box.bottom, "└" + "─" * wide + "┘")
        if box.entered:
            self.put(TRUNK, box.top, "▼")
        if box.leads:
            self.put(TRUNK, box.bottom, "┬")
        for y, line in enumerate(box.lines, box.top + 1):
            self.put(0, y, "│")
            self.put(2, y, line)
            self.put(wide + 1, y, "│")

    def _row(self, row: Row) -> None:
        for y, line in enumerate(row.lines, row.top):
            self.put(LABEL, y, line)
            if row.down or not row.last:
                self.put(TRUNK, y, "│")
        if not row.down:
            self.put(TRUNK, row.top, "╰─" if row.last else "├─")

    def _run_in(self, lane: Lane) -> None:
        """The way from a row's label to the lane, and from the lane into the box."""
        for row in self.sheet.rows:
            if row.bottom in lane.joins:
                start = LABEL + cells(row.lines[-1]) + 1
                self.put(start, row.bottom, "─" * (lane.x - start))
        self.put(self.sheet.left, lane.entry, "◀" + "─" * (lane.x - self.sheet.left - 1))

    def _lane(self, lane: Lane) -> None:
        for y in range(lane.top, lane.bottom + 1):
            self.put(lane.x, y, "│")
        for y in (lane.entry, *lane.joins):
            self.put(lane.x, y, "╮" if y == lane.top else "╯" if y == lane.bottom else "┤")
