"""What goes where: standard output carries data, standard error the telling. `--json` is one envelope on
standard output.
"""

import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import NoReturn

import msgspec

PAPER, LIVE = "paper", "live"


def say(text: str = "") -> None:
    """One line for the human, on standard error."""
    print(text, file=sys.stderr, flush=True)


def data(text: str) -> None:
    """One line of data, on standard output."""
    print(text)


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
    data(msgspec.json.encode(Envelope(f"dnkit.{schema}", ok, mode, plain(content), warnings)).decode())


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


def fail(text: str, code: int) -> NoReturn:
    """Say what is wrong and leave with `code`."""
    say(f"error: {text}")
    raise SystemExit(int(code))


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A plain table, columns as wide as they need to be."""
    grid = [tuple(headers), *(tuple(row) for row in rows)]
    widths = [max(len(row[column]) for row in grid) for column in range(len(headers))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in grid
    )
    return "\n".join(lines)
