"""Lines of a screen: spans of text with the name of a style, measured in terminal cells."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dnkit.policies.diagnostics import cells, printable

BARS = " ▁▂▃▄▅▆▇█"
CUT = "…"
_DRAWN = "─│┌┐└┘├┤┬┴╭╮╰╯▶◀▼▲●○◉✕✓↑↓→…·▁▂▃▄▅▆▇█░«»Δ━┃┏┓┗┛≤≥"
_PLAIN = "-|++++++++++++><v^*oOxv^v>~.__..-==#.<>D-|++++<>"
_ASCII = str.maketrans(_DRAWN, _PLAIN)


class Span(NamedTuple):
    """A piece of a line. `style` is a name of the theme, several with blanks between; `act` is what a click
    on it does, "" for nothing.
    """

    text: str
    style: str = ""
    act: str = ""


Line = tuple[Span, ...]
EMPTY: Line = ()


def line(*parts: "Span | str") -> Line:
    """A line of spans and plain texts."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts if part)


def prompt(typed: str) -> Line:
    """What was typed so far, with the cursor behind it."""
    return line("> ", Span(typed, "strong"), Span("█", "now"))


def text_of(one: Line) -> str:
    """The characters of a line."""
    return "".join(span.text for span in one)


def wide(one: Line) -> int:
    """Cells a line takes."""
    return sum(cells(span.text) for span in one)


def clean(text: str) -> str:
    """Text from outside on one line, without control characters."""
    return printable(" ".join(text.split()))


def cut(text: str, room: int) -> str:
    """The text, its end left out where there is no room for it."""
    if cells(text) <= room:
        return text
    kept = text
    while kept and cells(kept) > room - 1:
        kept = kept[:-1]
    return kept + CUT if room > 0 else ""


def padded(text: str, room: int, *, right: bool = False) -> str:
    """The text in exactly `room` cells, flush left or `right`."""
    text = cut(text, room)
    blank = " " * (room - cells(text))
    return blank + text if right else text + blank


def fit(one: Line, room: int) -> Line:
    """The line in exactly `room` cells."""
    spans, left = [], room
    for span in one:
        size = cells(span.text)
        text = span.text if size <= left else padded(span.text, left)
        if text:
            spans.append(span._replace(text=text))
        left -= min(size, left)
    return (*spans, Span(" " * left)) if left > 0 else tuple(spans)


def styled(one: Line, style: str, act: str = "") -> Line:
    """The line with one more style, and an act where it has none."""
    return tuple(Span(span.text, f"{span.style} {style}".strip(), span.act or act) for span in one)


class Column(NamedTuple):
    """A column of a table: its head, whether it is flush right, how dispensable it is (0: never left out)."""

    head: str
    right: bool = False
    spare: int = 0


def table(columns: Sequence[Column], rows: Sequence[Sequence[Span]], room: int) -> list[Line]:
    """Head and rows. Columns are as wide as they need; the most dispensable ones go while room lacks, then
    the last column is cut.
    """
    sizes = [
        max([cells(column.head), *(cells(row[at].text) for row in rows)]) for at, column in enumerate(columns)
    ]
    shown = list(range(len(columns)))
    while sum(sizes[at] for at in shown) + 2 * len(shown) - 2 > room:
        spare = max(shown, key=lambda at: columns[at].spare)
        if not columns[spare].spare:
            break
        shown.remove(spare)
    head = [Span(column.head, "dim") for column in columns]
    return [_table_row(columns, sizes, shown, row) for row in (head, *rows)]


def _table_row(
    columns: Sequence[Column], sizes: Sequence[int], shown: Sequence[int], row: Sequence[Span]
) -> Line:
    spans = []
    for at in shown:
        last = at == shown[-1] and not columns[at].right
        text = row[at].text if last else padded(row[at].text, sizes[at], right=columns[at].right)
        spans += [row[at]._replace(text=text), Span("  ")]
    return tuple(spans[:-1])


def boxed(title: str, body: Sequence[Line], width: int, height: int, note: str = "") -> list[Line]:
    """A frame of that size with a title, a note at its upper right and the body, cut or filled up."""
    inner = max(0, width - 4)
    shown = [*body[: height - 2], *[EMPTY] * (height - 2 - len(body))]
    rows = [(Span("│ ", "frame"), *fit(one, inner), Span(" │", "frame")) for one in shown]
    return [_lid(title, note, width), *rows, (Span(f"╰{'─' * (width - 2)}╯", "frame"),)]


def _lid(title: str, note: str, width: int) -> Line:
    note = f" {cut(note, width // 2)} ─" if note else ""
    title = cut(title, width - 6 - cells(note))
    rest = width - 5 - cells(title) - cells(note)
    return (
        Span("╭ ", "frame"),
        Span(title, "title"),
        Span(f" {'─' * rest}", "frame"),
        Span(note, "frame"),
        Span("─╮", "frame"),
    )


def beside(left: Sequence[Line], right: Sequence[Line]) -> list[Line]:
    """Two blocks of the same height side by side."""
    return [(*one, *other) for one, other in zip(left, right, strict=True)]


def bar(share: float, width: int) -> str:
    """How much of something is used up, from 0 to 1."""
    full = round(max(0.0, min(1.0, share)) * width)
    return "█" * full + "░" * (width - full)


def spark(values: Iterable[float], width: int) -> str:
    """The last `width` values as bars from the least to the most of them."""
    shown = list(values)[-width:] if width > 0 else []
    if not shown:
        return ""
    low, span = min(shown), max(shown) - min(shown)
    return "".join(BARS[1 + round((one - low) / span * 7)] if span else BARS[1] for one in shown)


def to_ascii(text: str) -> str:
    """The text with plain characters for all that is drawn; what else is not ASCII becomes `?`."""
    return text.translate(_ASCII).encode("ascii", "replace").decode()


def window(count: int, room: int, selected: int) -> range:
    """Which of `count` rows are shown in `room` so that the selected one is among them."""
    start = min(max(0, selected - room // 2), max(0, count - room))
    return range(start, min(count, start + room))
