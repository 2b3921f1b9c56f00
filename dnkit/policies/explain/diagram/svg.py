"""Sheets as one SVG picture: the same places as on the terminal, a cell being CELL wide and LINE high.

It stands on a card of its own and follows the viewer's light or dark scheme. Nothing is fetched: fonts are
the viewer's own.
"""

from collections.abc import Iterable
from decimal import Decimal

from dnkit.policies.diagnostics import cells, printable
from dnkit.policies.explain.diagram.graph import Graph
from dnkit.policies.explain.diagram.sheet import LABEL, TRUNK, Box, Lane, Row, Sheet, sheet_of
from dnkit.policies.explain.lines import WIDTH

CELL, LINE, MARGIN = Decimal("8.4"), 18, 24
_STYLE = """\
<style>
.dnkit .card { fill: #ffffff; stroke: #d0d7de; }
.dnkit .box { fill: #f2f6fc; stroke: #35507a; stroke-width: 1.3; }
.dnkit .line { fill: none; stroke: #35507a; stroke-width: 1.3; }
.dnkit .gap { fill: none; stroke: #ffffff; stroke-width: 7; }
.dnkit .head { fill: #35507a; stroke: none; }
.dnkit text { fill: #1b1f24; font-size: 14px; }
.dnkit text { font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.dnkit .name { font-weight: bold; }
.dnkit .done { fill: #116329; }
.dnkit .halt { fill: #a40e26; }
@media (prefers-color-scheme: dark) {
.dnkit .card { fill: #14171c; stroke: #3a414b; }
.dnkit .box { fill: #1d2530; stroke: #8fb2e8; }
.dnkit .line { stroke: #8fb2e8; }
.dnkit .gap { stroke: #14171c; }
.dnkit .head { fill: #8fb2e8; }
.dnkit text { fill: #e6e9ed; }
.dnkit .done { fill: #6fdd8b; }
.dnkit .halt { fill: #ff9492; }
}
</style>"""


def svg(graph: Graph) -> str:
    """The whole picture; `title` and `desc` say in words what it shows."""
    sheets = [sheet_of(part, WIDTH) for part in graph.parts]
    width = max(sheet.width for sheet in sheets) * CELL + 2 * MARGIN
    bodies, top = [], MARGIN
    for sheet in sheets:
        bodies += [f'<g transform="translate({MARGIN} {top})">', *_sheet(sheet), "</g>"]
        top += (sheet.height + 2) * LINE
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" width="{width}" height="{top}"'
    )
    lines = [
        f'{head} class="dnkit" role="img" aria-labelledby="title desc">',
        f'<title id="title">{_escaped(graph.name)} ({_escaped(graph.intent)})</title>',
        f'<desc id="desc">{_escaped(_described(graph))}</desc>',
        _STYLE,
        f'<rect class="card" x="0.5" y="0.5" width="{width - 1}" height="{top - 1}" rx="6"/>',
        *bodies,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _described(graph: Graph) -> str:
    """The graph in words, for who does not see it."""
    told = []
    for part in graph.parts:
        for at, node in enumerate(part.nodes):
            ways = (f"{', '.join(edge.causes)} to {edge.words}" for edge in part.leaving(at))
            told.append(f"{node.name}: {'; '.join(ways)}.")
    return " ".join(told)


def _sheet(sheet: Sheet) -> Iterable[str]:
    yield _text(0, 0, sheet.title, "name")
    yield from (line for row in sheet.rows for line in _row(sheet, row))
    yield from (line for lane in sheet.lanes for line in _entry(sheet, lane))
    yield from (_gap(*place) for place in crossings(sheet))
    yield from (_path("line", f"M{_x(lane.x)} {_y(lane.top)}V{_y(lane.bottom)}") for lane in sheet.lanes)
    yield from (line for box in sheet.boxes for line in _box(sheet, box))


def _box(sheet: Sheet, box: Box) -> Iterable[str]:
    x, y = _x(0), _y(box.top)
    wide, high = _x(sheet.left - 1) - x, _y(box.bottom) - y
    yield f'<rect class="box" x="{x}" y="{y}" width="{wide}" height="{high}" rx="4"/>'
    for number, line in enumerate(box.lines):
        yield _text(2, box.top + 1 + number, line, "" if number else "name")
    if box.entered:
        yield _path("line", f"M{_x(TRUNK)} {_y(box.top - 1) + LINE // 2}V{y}")
        yield _path("head", f"M{_x(TRUNK) - 4} {y - 7}h8l-4 7z")


def _row(sheet: Sheet, row: Row) -> Iterable[str]:
    x = _x(TRUNK)
    top = _y(row.top - 1)
    if row.down:
        yield _path("line", f"M{x} {top}V{_y(row.bottom + 1)}")
    else:
        end = row.top if row.last else row.bottom + 1
        yield _path("line", f"M{x} {top}V{_y(end)}M{x} {_y(row.top)}H{_x(LABEL) - CELL}")
    for y, line in enumerate(row.lines, row.top):
        yield _text(LABEL, y, line, row.lead.value)
    if row.lane >= 0:
        lane = next(one for one in sheet.lanes if row.bottom in one.joins)
        start = _x(LABEL + cells(row.lines[-1]) + 1)
        yield _path("line", f"M{start} {_y(row.bottom)}H{_x(lane.x)}")


def _entry(sheet: Sheet, lane: Lane) -> Iterable[str]:
    """From the lane into the box."""
    edge, y = _x(sheet.left - 1), _y(lane.entry)
    yield _path("line", f"M{_x(lane.x)} {y}H{edge + 6}")
    yield _path("head", f"M{edge} {y}l8 -4v8z")


def _gap(x: int, y: int) -> str:
    return _path("gap", f"M{_x(x)} {_y(y) - 5}v10")


def crossings(sheet: Sheet) -> tuple[tuple[int, int], ...]:
    """(column, row) of every place where a line to a lane, or from it into its box, passes another lane."""
    lines = ((y, lane.x) for lane in sheet.lanes for y in (lane.entry, *lane.joins))
    return tuple(
        (one.x, y) for y, end in lines for one in sheet.lanes if one.x < end and one.top < y < one.bottom
    )


def _path(kind: str, d: str) -> str:
    return f'<path class="{kind}" d="{d}"/>'


def _text(x: int, y: int, text: str, kind: str = "") -> str:
    """A line of text, held to its cells whatever the viewer's font is."""
    if not text:
        return ""
    fit = f'textLength="{cells(text) * CELL}" lengthAdjust="spacingAndGlyphs"'
    named = f'class="{kind}" ' if kind else ""
    place = f'x="{x * CELL}" y="{_y(y) + 5}"'
    return f'<text {named}{place} {fit} xml:space="preserve">{_escaped(text)}</text>'


def _x(cell: int) -> Decimal:
    """Middle of a column."""
    return cell * CELL + CELL / 2


def _y(row: int) -> int:
    """Middle of a row."""
    return row * LINE + LINE // 2


def _escaped(text: str) -> str:
    shown = printable(text)
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
