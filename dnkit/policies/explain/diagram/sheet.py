"""Where everything of a diagram stands, in terminal cells: boxes down the left, rows of outcomes below each,
lanes on the right. The terminal and the SVG draw the same sheet.

Column 0 is the left border of the boxes, `TRUNK` the line that leads down, `Sheet.left` the first column
right of the boxes. Rows are counted from 0.
"""

from collections.abc import Iterable

import msgspec

from dnkit.policies.diagnostics import cells
from dnkit.policies.explain.diagram.graph import ANYWHERE, Edge, Lead, Node, Part
from dnkit.policies.explain.diagram.lanes import columns, is_down
from dnkit.policies.explain.lines import clean, wrapped

TRUNK = 2
LABEL = 5
LANE_STEP = 3
LEFT_LEAST = 44
WORDS_MOST = 66
START, ARROW = "●", "─▶"
_ENDS = {Lead.DONE: "◉ ", Lead.HALT: "✕ ", Lead.BACK: "↑ ", Lead.ACT: "", Lead.PHASE: ""}
_AT_ANY_TIME = "at any time"


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """A node: rows `top` to `top + len(lines) + 1`, borders counted. `entered`: a line comes in from above;
    `leads`: it has rows below it. The box of what may happen at any time has no node.
    """

    top: int
    lines: tuple[str, ...]
    entered: bool
    leads: bool
    node: Node | None

    @property
    def bottom(self) -> int:
        return self.top + len(self.lines) + 1


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An edge below its box, from row `top`; `lines` are its label, with the end it leads to. `lane` is the
    target whose lane its last line runs into (-1: none), `down`: it leads straight into the next box, `last`:
    nothing of its box is below it.
    """

    top: int
    lines: tuple[str, ...]
    lead: Lead
    lane: int
    down: bool
    last: bool

    @property
    def bottom(self) -> int:
        return self.top + len(self.lines) - 1


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """The line at column `x` that leads to a box at row `entry`, from rows `joins`."""

    x: int
    entry: int
    joins: tuple[int, ...]

    @property
    def top(self) -> int:
        return min(self.entry, *self.joins)

    @property
    def bottom(self) -> int:
        return max(self.entry, *self.joins)


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """A part with all its places; `width` and `height` in cells."""

    title: str
    boxes: tuple[Box, ...]
    rows: tuple[Row, ...]
    lanes: tuple[Lane, ...]
    left: int
    width: int
    height: int


def sheet_of(part: Part, width: int, *, ascii: bool = False) -> Sheet:
    """Lay a part out in at most `width` columns."""
    return _Setter(part, width, ascii).sheet()


class _Setter:
    def __init__(self, part: Part, width: int, ascii: bool) -> None:
        self.part = part
        self.ascii = ascii
        self.room = width
        self.column = columns(part)
        right = LANE_STEP * (max(self.column.values(), default=-1) + 1)
        self.left = min(width - right, max(LEFT_LEAST, *self._wanted()))
        self.width = self.left + right
        self.boxes: list[Box] = []
        self.rows: list[Row] = []
        self.joins: dict[int, list[int]] = {}
        self.entries: dict[int, int] = {}
        self.y = 1

    def sheet(self) -> Sheet:
        below = True
        for at, node in enumerate(self.part.nodes):
            self.entries[at] = self.y + (2 if not below else 1)
            below = self._place(at, node, self._node_texts(node), entered=below)
        if self.part.leaving(ANYWHERE):
            self._place(ANYWHERE, None, [_AT_ANY_TIME], entered=False)
        return Sheet(
            title=self.part.title,
            boxes=tuple(self.boxes),
            rows=tuple(self.rows),
            lanes=tuple(self._lane(target, joins) for target, joins in self.joins.items()),
            left=self.left,
            width=max(self.width, *(LABEL + cells(line) for row in self.rows for line in row.lines)),
            height=self.y,
        )

    def _place(self, at: int, node: Node | None, texts: list[str], *, entered: bool) -> bool:
        """One box and its rows; whether a line leads on into the next box."""
        if not entered:
            self.y += 1
        edges = sorted(self.part.leaving(at), key=self._order)
        lines = tuple(line for text in texts for line in wrapped(text, indent="  ", width=self.left - 4))
        box = Box(top=self.y, lines=lines, entered=entered, leads=bool(edges), node=node)
        self.boxes.append(box)
        self.y = box.bottom + 1
        for edge in edges:
            self._row(edge, last=edge is edges[-1])
        return bool(edges) and is_down(edges[-1])

    def _row(self, edge: Edge, *, last: bool) -> None:
        lane = edge.to if self._in_lane(edge) else -1
        left = self.room if edge.source == ANYWHERE else self.left  # no lane runs beside those
        room = left - LABEL - (0 if lane < 0 else 2)
        lines = tuple(wrapped(self._row_text(edge), indent="  ", width=room))
        row = Row(top=self.y, lines=lines, lead=edge.lead, lane=lane, down=is_down(edge), last=last)
        self.rows.append(row)
        if lane >= 0:
            self.joins.setdefault(lane, []).append(row.bottom)
        self.y = row.bottom + 1

    def _lane(self, target: int, joins: list[int]) -> Lane:
        x = self.left + LANE_STEP * self.column[target] + LANE_STEP - 1
        return Lane(x=x, entry=self.entries[target], joins=tuple(joins))

    def _in_lane(self, edge: Edge) -> bool:
        wanted = edge.lead is Lead.PHASE and edge.source != ANYWHERE and not is_down(edge)
        return wanted and edge.to in self.column

    def _order(self, edge: Edge) -> tuple[int, int]:
        """Lanes that go up from the inside out, then ends, then lanes that go down from the outside in, and
        the way straight down: so rows cross as few lanes as may be.
        """
        if is_down(edge):
            return 3, 0
        if not self._in_lane(edge):
            return 1, 0
        column = self.column[edge.to]
        return (0, column) if edge.to <= edge.source else (2, -column)

    def _row_text(self, edge: Edge) -> str:
        label = clean(", ".join(edge.causes), ascii=self.ascii)
        if is_down(edge) or self._in_lane(edge):
            return label
        return f"{label} {ARROW} {_ENDS[edge.lead]}{clean(edge.words, ascii=self.ascii)}"

    def _node_texts(self, node: Node) -> list[str]:
        entered = [f"» {', '.join(node.entered)}"] if node.entered else []
        return [clean(one, ascii=self.ascii) for one in (node.heading, node.words)] + entered

    def _wanted(self) -> Iterable[int]:
        """How wide the left side would like to be."""
        for node in self.part.nodes:
            for text in self._node_texts(node):
                yield min(cells(text), WORDS_MOST) + 4
        for edge in self.part.edges:
            if edge.source == ANYWHERE:
                continue
            yield LABEL + min(cells(self._row_text(edge)), WORDS_MOST) + 3
