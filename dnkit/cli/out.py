"""What goes where: standard output carries data, standard error the telling. `--json` is one envelope on
standard output.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from enum import Enum
from typing import TextIO

import msgspec

from dnkit.model.terms import LIVE, PAPER

_WIDTH = 80
MANY = 100  # files that take long enough to show how far it is
_COLOURS = {"error": "31", "warning": "33", "info": "34"}


def mode_of(live: bool) -> str:
    """Live or paper, as outputs name it."""
    return LIVE if live else PAPER


def say(text: str = "") -> None:
    """One line for the human, on standard error. That nobody reads it never stops what is being done."""
    with suppress(OSError):
        print(fitted(text, sys.stderr), file=sys.stderr, flush=True)


def progress(done: int, of: int, what: str = "files") -> None:
    """How far a long command is, on one line of a terminal that the next `progress_over` clears."""
    if of >= MANY and sys.stderr.isatty():
        print(f"\r{done:,} of {of:,} {what}", end="", file=sys.stderr, flush=True)


def progress_over(of: int) -> None:
    """Clear that line."""
    if of >= MANY and sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def data(text: str) -> None:
    """One line of data, on standard output."""
    print(fitted(text, sys.stdout))


def data_raw(text: str) -> None:
    """Data that is a file: not a byte more or less than it has."""
    print(text, end="")


def in_colour() -> bool:
    """Whether standard output is a terminal that shows colours and was not asked to leave them."""
    dumb = os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not dumb and not os.environ.get("NO_COLOR")


def findings(text: str) -> None:
    """Findings, on standard output; in colour where that is a terminal that wants it."""
    fits = fitted(text, sys.stdout)
    if in_colour():
        fits = "\n".join(_painted(line) for line in fits.split("\n"))
    print(fits)


def _painted(line: str) -> str:
    head, bracket, rest = line.partition("]: ")
    colour = _COLOURS.get(head.partition("[")[0], "")
    if bracket and colour:
        return f"\x1b[1;{colour}m{head}]\x1b[0m\x1b[1m: {rest}\x1b[0m"
    if line.endswith("^") and not line.strip(" |^"):
        return f"\x1b[1;33m{line}\x1b[0m"
    return f"\x1b[2m{line}\x1b[0m" if line.lstrip().startswith(("-->", "= rule")) else line


def fitted(text: str, stream: TextIO) -> str:
    """`text` with the words of long lines carried over, where `stream` is a terminal narrower than that."""
    if not stream.isatty():
        return text
    columns = width(stream)
    return "\n".join(_carried(line, columns) for line in text.split("\n"))


def is_lively() -> bool:
    """Whether standard error is a terminal on which lines can be drawn anew."""
    return sys.stderr.isatty() and os.environ.get("TERM") not in (None, "dumb", "unknown")


def width(stream: TextIO) -> int:
    """Columns of the terminal behind a stream, 80 where it does not tell."""
    with suppress(OSError):
        return os.get_terminal_size(stream.fileno()).columns or _WIDTH
    return _WIDTH


def _carried(line: str, columns: int) -> str:
    """Tables (more than one gap of two blanks) stay as they are: a row is no clearer in two lines."""
    if len(line) <= columns or line.strip().count("  ") > 1:
        return line
    import textwrap

    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(line, columns, subsequent_indent=f"{indent}  ", break_on_hyphens=False)


def whole_streams() -> None:
    """Streams that the caller closed (`>&-`) swallow what is written to them."""
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")


@contextmanager
def whoever_reads() -> Iterator[None]:
    """For commands that send orders: what they do, and the exit code that tells what is left open, do not
    hang on whether their data could be written.
    """
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        stop_data()
        if not isinstance(error, BrokenPipeError):
            say(f"error: cannot write to standard output: {error.strerror}")


def stop_data() -> None:
    """Standard output cannot be written any more: what is still buffered goes nowhere, without complaint."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def announce(mode: str, text: str) -> None:
    """First line of every command that can trade: the mode comes first."""
    say(f"{mode.upper()}  {text}")


class Envelope(msgspec.Struct, frozen=True, omit_defaults=False):
    """What `--json` prints. `schema` is versioned, amounts are texts; `mode` is null where nothing can be
    traded.
    """

    schema: str
    ok: bool
    mode: str | None
    data: object
    warnings: Sequence[str] = ()


def envelope(
    schema: str, content: object, *, ok: bool, mode: str | None = None, warnings: Sequence[str] = ()
) -> None:
    """Print the envelope of a command, e.g. schema "trade/1"."""
    data(envelope_text(schema, content, ok=ok, mode=mode, warnings=warnings))


def envelope_text(
    schema: str, content: object, *, ok: bool, mode: str | None = None, warnings: Sequence[str] = ()
) -> str:
    """The envelope as text."""
    return msgspec.json.encode(Envelope(f"dnkit.{schema}", ok, mode, plain(content), warnings)).decode()


def plain(value: object) -> object:
    """Values as JSON wants them: Decimals as plain digits, enums by value, structs as objects."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(one) for one in value]
    return value


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A plain table, columns as wide as they need to be."""
    grid = [tuple(headers), *(tuple(row) for row in rows)]
    widths = [max(len(row[column]) for row in grid) for column in range(len(headers))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in grid
    )
    return "\n".join(lines)
