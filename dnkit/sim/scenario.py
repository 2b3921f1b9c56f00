"""A scenario as values: what each venue does at each request, and what must be true of the run.

Units as in `dnkit.model.numbers`: ticks, lots, nanoseconds, picos, mbps. Times of the run count from its
start. Orders are named by (leg, number); number 0 stands for every order of the leg that has no script of its
own.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Generic, TypeVar

import msgspec

from dnkit.machine.program import Program
from dnkit.model import events as ev
from dnkit.model.numbers import NS_PER_MS
from dnkit.model.terms import EndKind, EndName, OrderType, RejectKind, Risk, Side, StopWhen

UNSET = -1  # of a time, a size or a price that was not said
UNTOLD = -1  # of a total that the venue does not tell
LATENCY_NS = 10 * NS_PER_MS
EVERY = 0
_One = TypeVar("_One")


class When(msgspec.Struct, frozen=True):
    """`after_ns` the request or `at_ns` of the run; neither: with the answer before it, or after the latency.

    Of what comes at one moment the smaller `nth` comes first, then what was asked for first.
    """

    after_ns: int = UNSET
    at_ns: int = UNSET
    nth: int = 0


SOON = When()


class Part(msgspec.Struct, frozen=True):
    """How much of an order fills: `lots`, or a `share` of its size in mbps, at most what is left of it. Both
    zero: what the book of that moment gives a taker.
    """

    lots: int = 0
    share: int = 0


class Word(str, Enum):
    """What a venue does about an order."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FILLED = "filled"
    REPEATED = "repeated"
    ENDED = "ended"
    TOO_LATE = "too_late"
    LIVE = "live"
    OVER = "over"
    ABSENT = "absent"
    ERROR = "error"
    LOST = "lost"
    SILENT = "silent"


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, or one fact nobody asked for.

    `part` is what fills (for any other word: just before it), at `price`, or for `worth` ticks x lots in all,
    at a fee of `fee` picos (None: what the instrument costs). `total` is the total told, where it is not the
    true one. `told` False: the bot never hears of it. `arrived` False: the request never reached the venue.
    `late` lets a fill count although the order is over. `traded_ns` is the venue's own moment of the trade.
    """

    word: Word
    when: When = SOON
    reject: RejectKind | None = None
    end: EndKind | None = None
    part: Part | None = None
    price: int = UNSET
    worth: int = UNSET
    fee: int | None = None
    total: int | None = None
    told: bool = True
    arrived: bool = True
    late: bool = False
    traded_ns: int = UNSET


class Turns(msgspec.Struct, Generic[_One], frozen=True):
    """Answers to one request after the other; `each` is for those that have none of their own (None: the
    truth).
    """

    items: tuple[_One, ...] = ()
    each: _One | None = None

    def pick(self, index: int) -> _One | None:
        """The answer to request `index`, counted from 0."""
        return self.items[index] if index < len(self.items) else self.each


class Script(msgspec.Struct, frozen=True):
    """What becomes of one order. `placed` None: as of an order without a script."""

    placed: tuple[Reply, ...] | None = None
    cancel: Turns[Reply] = Turns()
    find: Turns[Reply] = Turns()


class Told(str, Enum):
    """What a venue says of a position."""

    IS = "is"
    RIGHT = "right"
    OLD = "old"  # as it was before its last change, said to be of now
    LAGGING = "lagging"  # the same, said to be of then
    ERROR = "error"
    SILENT = "silent"


class PositionTold(msgspec.Struct, frozen=True):
    """One word on a position. `as_of_ns` is the moment the venue says it describes."""

    word: Told
    when: When = SOON
    lots: int = 0
    as_of_ns: int = UNSET


class Swept(str, Enum):
    """What comes of listing and cancelling own orders."""

    RIGHT = "right"
    FOUND = "found"
    ERROR = "error"
    SILENT = "silent"


class SweepTold(msgspec.Struct, frozen=True):
    """One answer to a sweep; `found` is the number told."""

    word: Swept
    when: When = SOON
    found: int = 0


class Delivery(str, Enum):
    """Whether an alert leaves the house."""

    SENT = "sent"
    FAILED = "failed"
    SILENT = "silent"


class AlertTold(msgspec.Struct, frozen=True):
    """What becomes of one alert."""

    word: Delivery
    when: When = SOON


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """The book of a leg, from `when.at_ns` on or as one answer. `missing` says why there is none.

    What is UNSET is plenty: sizes, reach and volume; `marginal` is then the touch where the book holds the
    quantity. `unknown_volume`: nobody knows what was traded. `silent`: the answer never comes.
    """

    when: When = SOON
    bid: int = 0
    ask: int = 0
    bid_lots: int = UNSET
    ask_lots: int = UNSET
    age_ns: int = 0
    marginal: int = UNSET
    reach: int = UNSET
    volume: int = UNSET
    unknown_volume: bool = False
    missing: str = ""
    silent: bool = False


class Crash(msgspec.Struct, frozen=True):
    """The process dies and comes back `down_ns` later."""

    at_ns: int
    down_ns: int
    nth: int = 0


class Stop(msgspec.Struct, frozen=True):
    """The operator asks for the end."""

    at_ns: int
    why: str = "ctrl-c"
    nth: int = 0


class Want(str, Enum):
    """What an operator may want besides the end by the policy's stop rule."""

    PAUSE = "pause"
    RESUME = "resume"
    HEDGED = "hedged"
    FLAT = "flat"
    FLATTEN = "flatten"


class Wish(msgspec.Struct, frozen=True):
    """The operator wants something."""

    at_ns: int
    wants: Want
    why: str = "operator"
    nth: int = 0

    def event(self, at_ns: int) -> ev.Wish:
        """What the run hears."""
        if self.wants is Want.PAUSE:
            return ev.PauseAsked(at_ns, self.why)
        if self.wants is Want.RESUME:
            return ev.ResumeAsked(at_ns, self.why)
        if self.wants is Want.FLATTEN:
            return ev.FlattenAsked(at_ns, self.why)
        return ev.StopAsked(at_ns, self.why, StopWhen(self.wants.value))


def want_of(wish: ev.Wish) -> Want | None:
    """The want behind an event; None for a stop by the policy's stop rule."""
    if isinstance(wish, ev.StopAsked):
        return None if wish.when is StopWhen.NOW else Want(wish.when.value)
    return _WANTS[type(wish)]


_WANTS = {ev.PauseAsked: Want.PAUSE, ev.ResumeAsked: Want.RESUME, ev.FlattenAsked: Want.FLATTEN}


class Down(msgspec.Struct, frozen=True):
    """The venue of a leg neither hears nor answers. `for_ns` UNSET: from then on."""

    from_ns: int
    for_ns: int = UNSET

    def covers(self, run_ns: int) -> bool:
        """Whether it is down at that time of the run."""
        over = self.for_ns != UNSET and run_ns >= self.from_ns + self.for_ns
        return run_ns >= self.from_ns and not over


class Wake(msgspec.Struct, frozen=True):
    """A deadline at which the bot wakes up later, or before something else that comes at that moment."""

    due_ns: int
    at_ns: int
    nth: int = 0


class OrderWanted(msgspec.Struct, frozen=True, kw_only=True):
    """An order as expected; None where anything will do."""

    leg: int
    number: int | None = None
    side: Side | None = None
    lots: int | None = None
    type: OrderType | None = None
    price: int | None = None
    reduce_only: bool | None = None
    reason: str | None = None


class Expect(msgspec.Struct, frozen=True, kw_only=True):
    """What must be true of the run; None or empty where anything will do.

    `orders` is the exact list, `count` their number, `counts` the number per leg. `positions` are the true
    ones at the end. `unhedged` is (picos, ns): more than that much never lasts longer than that. `phases` are
    passed through in this order, with others in between. `says` are texts of the end, `alerts` texts of
    alerts in order.
    """

    end: EndName | None = None
    risk: Risk | None = None
    orders: tuple[OrderWanted, ...] | None = None
    count: int | None = None
    counts: tuple[tuple[int, int], ...] = ()
    only: tuple[OrderType, ...] | None = None
    never: tuple[OrderType, ...] = ()
    positions: tuple[tuple[int, int], ...] = ()
    within_ns: int | None = None
    concession: tuple[tuple[int, int], ...] = ()
    unhedged: tuple[int, int] | None = None
    phases: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    alert_count: int | None = None


class PolicyRef(msgspec.Struct, frozen=True, kw_only=True):
    """Which policy runs, and what is set: texts as the command line of `trade` takes them.

    `symbols`, `sides`, `clips` and `venues` are `VALUE` or `LEG=VALUE`.
    """

    name: str
    settings: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    clips: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """All of a scenario. Tuples of what a leg has are by its index in the program.

    `ledger` is what the journal knows of the opening positions, `entry` their signed cost in ticks x lots.
    `resting` and `taking` are for orders without a script.
    """

    name: str
    about: str
    policy: PolicyRef
    program: Program
    starts: tuple[int, ...]
    ledger: tuple[int | None, ...]
    entry: tuple[int | None, ...]
    books: tuple[tuple[Book, ...], ...]
    looks: tuple[Turns[Book], ...]
    positions: tuple[Turns[PositionTold], ...]
    unasked: tuple[tuple[PositionTold, ...], ...]
    sweeps: tuple[Turns[SweepTold], ...]
    downs: tuple[tuple[Down, ...], ...]
    latency_ns: int = LATENCY_NS
    scripts: Mapping[tuple[int, int], Script] = {}
    resting: tuple[Reply, ...] = (Reply(word=Word.ACCEPTED),)
    taking: tuple[Reply, ...] = (Reply(word=Word.FILLED, part=Part()),)
    alerts: Turns[AlertTold] = Turns()
    crashes: tuple[Crash, ...] = ()
    stops: tuple[Stop, ...] = ()
    wishes: tuple[Wish, ...] = ()
    wakes: tuple[Wake, ...] = ()
    expect: Expect = Expect()
