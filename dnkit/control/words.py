"""What is said on the operator's socket, `dnkit.control/1`: one JSON object a line, tagged by `type`.

A caller asks and every ask is answered under its `id`; the engine tells who it is first, and where it stands
whenever that changed for those who follow it.
"""

from typing import Annotated

import msgspec

from dnkit.model.terms import Risk, StopWhen

PROTOCOL = "dnkit.control/1"
ASK_MAX = 4_096  # bytes of a line from a caller
LINE_MAX = 1 << 18  # bytes of a line from the engine, and what a caller may leave unread

Name = Annotated[str, msgspec.Meta(max_length=200)]
Caller = Annotated[str, msgspec.Meta(max_length=40)]
Level = tuple[str, str]


class _Word(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=str.lower):
    """Anything that is said."""


class Pause(_Word, frozen=True, kw_only=True):
    """No entry, until `resume`. `by` says who asks, for the journal."""

    id: int = 0
    by: Caller = ""


class Resume(_Word, frozen=True, kw_only=True):
    """Entries may go on."""

    id: int = 0
    by: Caller = ""


class Stop(_Word, frozen=True, kw_only=True):
    """The command is to end. See `StopWhen`."""

    when: StopWhen
    id: int = 0
    by: Caller = ""


class Flatten(_Word, frozen=True, kw_only=True):
    """Everything is to be closed. `confirm` is the policy's name, as a human typed it."""

    confirm: Name = ""
    id: int = 0
    by: Caller = ""


class Follow(_Word, frozen=True, kw_only=True):
    """Tell from now on what changes, and the books with so many levels a side (0: no books)."""

    books: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    id: int = 0
    by: Caller = ""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What a leg trades."""

    name: str
    venue: str
    symbol: str
    base: str
    quote: str


class Hello(_Word, frozen=True, kw_only=True):
    """Who answers: a command with all its runs. `group` is that of their headers."""

    protocol: str = PROTOCOL
    group: str
    pid: int
    policy: str
    market: str
    cycles: int
    legs: tuple[Account, ...]


class Status(_Word, frozen=True, kw_only=True):
    """Where it stands. `run` is "" between two cycles; `seq` and `now_ns` are the run's last line and its
    clock. `positions` are signed coin by leg, None where unknown. `stopping` is "" while nobody wants that.
    """

    run: str = ""
    cycle: int = 0
    seq: int = 0
    now_ns: int = 0
    stage: str = "between"
    phase: str = ""
    paused: bool = False
    stopping: str = ""
    flattening: bool = False
    positions: tuple[str | None, ...] = ()


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A book: (price, size) as texts, best price first. `at_ns` is when it last changed."""

    name: str
    at_ns: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class Books(_Word, frozen=True, kw_only=True):
    """The books of all legs at one moment."""

    now_ns: int
    legs: tuple[Shown, ...]


class Answer(_Word, frozen=True, kw_only=True):
    """To an ask. `seq` is the line of the run's journal that holds the wish, 0 where no run was at work."""

    id: int
    ok: bool
    text: str
    run: str = ""
    seq: int = 0


class End(_Word, frozen=True, kw_only=True):
    """The command is over; nothing comes after this."""

    exit_code: int
    risk: Risk
    text: str


Ask = Pause | Resume | Stop | Flatten | Follow
Told = Hello | Status | Books | Answer | End
BadWord = msgspec.DecodeError  # of a line that is none of these

_encode = msgspec.json.Encoder().encode
_asks: msgspec.json.Decoder[Ask] = msgspec.json.Decoder(Ask)
_tells: msgspec.json.Decoder[Told] = msgspec.json.Decoder(Told)


def encode(word: Ask | Told) -> bytes:
    """The line that says it."""
    return _encode(word) + b"\n"


def decode(line: bytes) -> Told:
    """What the engine says; BadWord when it is nothing known."""
    return _tells.decode(line)


def decode_ask(line: bytes) -> Ask:
    """What a caller asks; BadWord when it is nothing known."""
    return _asks.decode(line)
