"""Lines of a terminal: words carried over and tables fitted, counted in cells, not in characters."""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import zip_longest

from dnkit.policies.diagnostics import cells, printable

WIDTH = 80
COLUMN_LEAST = 8
GAP = "  "


def clean(text: str, *, ascii: bool) -> str:
    """The text without control characters; with `ascii`, whatever else is not ASCII as an escape."""
    return printable(text).encode("ascii", "backslashreplace").decode() if ascii else printable(text)


def wrapped(text: str, first: str = "", indent: str = "", width: int = WIDTH) -> list[str]:
    """Lines of at most `width` cells: `first` before the first one, `indent` before all others. A word
    longer than a line is cut.
    """
    lines, line = [], first
    for word in _words(text, width - max(cells(first), cells(indent))):
        blank = " " if line not in (first, indent) else ""
        if blank and cells(line) + 1 + cells(word) > width:
            lines.append(line)
            line, blank = indent, ""
        line += blank + word
    return [*lines, line.rstrip()]


def bullet(text: str) -> list[str]:
    """One point of a list."""
    return wrapped(text, "  - ", "    ")


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], width: int = WIDTH) -> list[str]:
    """A table of columns as wide as they need, or as there is room for; long cells are carried over."""
    grid = [tuple(headers), *(tuple(row) for row in rows)]
    widths = _widths(grid, width - len(GAP) * len(headers))
    return [line for row in grid for line in _row(row, widths)]


def _widths(grid: Sequence[Sequence[str]], room: int) -> list[int]:
    """Room for each column: while it is too little, the column gives way that costs the fewest lines, of
    those the widest. Words are cut only where there is no other way.
    """

    @cache
    def lines(text: str, wide: int) -> int:
        return len(wrapped(text, width=wide))

    def cost(at: int) -> tuple[int, int, int]:
        narrower = [*widths[:at], widths[at] - 1, *widths[at + 1 :]]
        split = sum(lines(row[at], narrower[at]) for row in grid)
        return sum(max(map(lines, row, narrower)) for row in grid), split - len(grid), -widths[at]

    columns = list(zip(*grid, strict=True))
    widths = [max(map(cells, column)) for column in columns]
    least = [max(cells(word) for text in column for word in (text.split() or [""])) for column in columns]
    if sum(least) > room:
        least = [COLUMN_LEAST] * len(widths)
    while sum(widths) > room:
        widths[min((at for at, wide in enumerate(widths) if wide > least[at]), key=cost)] -= 1
    return widths


def _row(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    parts = [wrapped(text, width=room) for text, room in zip(row, widths, strict=True)]
    return [
        "".join(GAP + _padded(text, room) for text, room in zip(line, widths, strict=True)).rstrip()
        for line in zip_longest(*parts, fillvalue="")
    ]


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cells(text))


def _words(text: str, room: int) -> Iterable[str]:
    for word in text.split():
        rest = word
        while cells(rest) > room:
            head = _head(rest, room)
            yield head
            rest = rest[len(head) :]
        yield rest


def _head(word: str, room: int) -> str:
    """As much of the word as fits, one character at least."""
    end = 1
    while cells(word[: end + 1]) <= room:
        end += 1
    return word[:end]
