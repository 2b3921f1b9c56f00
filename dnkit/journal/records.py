"""What the journal holds, as values: a run's header, its lines, its end, and the ledger it leaves behind.

Texts of events and commands are JSON, exactly as stored and chained. Times are nanoseconds, amounts as in
`dnkit.model.numbers`.
"""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from dnkit.machine.program import Program
from dnkit.model.alerts import Alert
from dnkit.model.commands import Command
from dnkit.model.events import Event
from dnkit.model.terms import EndName, Risk, Side


class LegHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Which account a leg of a run trades. `book` names the market data behind it if not the symbol."""

    name: str
    venue: str
    symbol: str
    side: Side
    tick: Decimal
    lot: Decimal
    base: str
    quote: str
    book: str = ""


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What was proved of a run's program before the run began. `standing` is `holds`, `broken`, `open` (not
    decided) or `none` (the proof failed); `accepted`: told so, and gone on with by an explicit flag.

    Bounds hold with at most `faults` faults and calls that are answered within `call_ns`; -1 (or no entry)
    stands for none. `concession` per leg in mbps from the touch of its order, `naked_ns` the longest time
    unhedged, `unhedged` the most net exposure in picos of money while the larger leg is worth `size` picos.
    """

    standing: str
    properties: int = 0
    faults: int = 0
    states: int = 0
    call_ns: int = 0
    time_ns: int = -1
    naked_ns: int = -1
    concession: tuple[int, ...] = ()
    unhedged: int = -1
    size: int = 0
    accepted: bool = False


class RunHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was asked to do. `mode` is paper or live; `started_ns` is on the run's clock.

    `market` with `mode`, venue and symbol names an account. Runs of one command share `group`; `cycle`
    counts from 1 to `cycles`. `source` is the policy's path or name as given. `params` are (name, value)
    texts in force. `wall_ns` is the wall clock at the start. `claims` is None where nothing was asked to be
    proved, as in journals of versions before 0.3.
    """

    run_id: str
    mode: str
    market: str
    policy: str
    started_ns: int
    legs: tuple[LegHeader, ...]
    wall_ns: int = 0
    source: str = ""
    reason: str = ""
    params: tuple[tuple[str, str], ...] = ()
    cycle: int = 1
    cycles: int = 1
    group: str = ""
    note: str = ""
    claims: Claims | None = None


class Position(msgspec.Struct, frozen=True):
    """Closing ledger of one leg: signed lots, and their signed entry cost in ticks x lots (None: unknown)."""

    leg: int
    lots: int
    entry: int | None


class Ledger(msgspec.Struct, frozen=True):
    """The last word on an account: signed lots and their signed entry cost, None where it was forgotten."""

    market: str
    venue: str
    symbol: str
    lots: int | None
    entry: int | None


class RunEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended. `seq` and `tip` are number and hash of its last line, `seal` a hash over it all."""

    end: EndName
    risk: Risk
    exit_code: int
    text: str
    ended_ns: int
    positions: tuple[Position, ...]
    seq: int
    tip: str
    seal: str = ""


class Run(msgspec.Struct, frozen=True):
    """A run as the journal knows it. `end` is None while it runs, or when it was cut off."""

    header: RunHeader
    program: Program
    end: RunEnd | None


class Line(msgspec.Struct, frozen=True, tag=True):
    """One step: the event that came, the commands that answered it, and the digest of the state after it.

    `hash` chains the line to `prev`, the hash of the line before (of the header for the first line).
    """

    run_id: str
    seq: int
    at_ns: int
    event: str
    commands: str
    digest: str
    prev: str
    hash: str

    def fact(self) -> Event:
        """The event as a value; msgspec.ValidationError when the text is not one."""
        return _event(self.event)

    def requests(self) -> tuple[Command, ...]:
        """The commands as values; msgspec.ValidationError when the text does not hold commands."""
        return _commands(self.commands)


class AlertLine(msgspec.Struct, frozen=True, tag=True):
    """An alert that a human was told: no step of a run, so no part of its chain. `run_id` is the run it is
    about, or the one that was at work.
    """

    run_id: str
    at_ns: int
    alert: Alert


_event: Callable[[str], Event] = msgspec.json.Decoder(Event).decode
_commands: Callable[[str], tuple[Command, ...]] = msgspec.json.Decoder(tuple[Command, ...]).decode
