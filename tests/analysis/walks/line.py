"""One leg's line between the engine and its venue, with all that may go wrong on it, drawn from the walk's
seed.

A request takes up to 100 ms to arrive and its answer up to 200 ms back, so that an answered call is answered
within 300 ms. What is not answered is told as lost within 2 s, or the engine's own deadline tells it. Facts
about orders arrive in the order in which they happened, but for a fill that is told late: at the latest with
the next read of the position.
"""

from collections.abc import Callable
from enum import Enum
from functools import partial
from random import Random
from typing import Protocol

import msgspec
from msgspec.structs import replace

from dnkit.analysis.ground import Ground
from dnkit.analysis.move import SILENCE_NS
from dnkit.engine.state import Stage, State
from dnkit.machine.program import NO_LIMIT
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.capabilities import Capabilities
from dnkit.model.numbers import MBPS_ONE, NS_PER_MS, NS_PER_S
from dnkit.model.terms import FoundKind, RejectKind
from dnkit.venues.base import Request
from tests.analysis.walks.exchange import Exchange

WAY_NS = 100 * NS_PER_MS
LATE_NS = 5 * NS_PER_S
PLENTY = 10**9
READS = (cm.FindOrder, cm.ReadPosition, cm.SweepOrders)


class Walker(Protocol):
    """What a line needs of its walk: see `Walk`."""

    ground: Ground
    dice: Random
    now: int
    dead: bool
    state: State

    def now_ns(self) -> int: ...
    def at(self, when: int, call: Callable[[], None]) -> None: ...
    def slips(self) -> bool: ...
    def feed(self, event: ev.Event) -> None: ...
    def fall(self, index: int) -> None: ...
    def moved(self) -> None: ...


class Mishap(Enum):
    """What may go wrong with a request."""

    LOST = "it never arrives"
    UNANSWERED = "its answer is lost, from some part on"
    REJECTED = "the venue rejects it"
    WRONG = "the answer is an old snapshot"
    DOWN = "the venue goes down for good"


MISHAPS: dict[type, tuple[Mishap, ...]] = {
    cm.PlaceOrder: (Mishap.LOST, Mishap.UNANSWERED, Mishap.UNANSWERED, Mishap.REJECTED, Mishap.DOWN),
    cm.CancelOrder: (Mishap.LOST, Mishap.UNANSWERED, Mishap.DOWN),
    cm.FindOrder: (Mishap.LOST, Mishap.DOWN),
    cm.ReadPosition: (Mishap.LOST, Mishap.WRONG, Mishap.DOWN),
    cm.SweepOrders: (Mishap.LOST, Mishap.UNANSWERED, Mishap.DOWN),
}


class Flight(msgspec.Struct, eq=False):
    """A request under way. `open` until the engine has heard of it, or will not any more."""

    asked: Request
    sent_ns: int
    mishap: Mishap | None = None
    open: bool = True
    over: bool = False  # it arrived, or will not


class Line:
    """`exchange` holds the truth; `down` says that it tells nothing any more, `met_ns` when the engine meets
    that first (0: not yet known). `touch` is what the engine saw last of the book.
    """

    def __init__(self, walk: Walker, index: int, capabilities: Capabilities, start: int) -> None:
        self._walk, self._index = walk, index
        self._spec, self._lattice = walk.ground.program.legs[index], walk.ground.legs[index]
        self.exchange = Exchange(
            index, self._spec, self._lattice, capabilities, start, dice=walk.dice, now=walk.now_ns
        )
        self.touch = (self._lattice.bid, self._lattice.ask)
        self.down = False
        self.met_ns = 0
        self._slow = walk.dice.random() < 0.2
        self._flights: list[Flight] = []
        self._era = 0  # what was told in an earlier one is not heard any more
        self._told_ns = 0
        self._late: list[ev.Event] = []

    # --- there --------------------------------------------------------------------------------------

    def send(self, asked: Request) -> None:
        """A request of the engine begins its way."""
        flight = Flight(asked, self._walk.now)
        self._flights.append(flight)
        if self.down:
            self._give_up(flight)
        elif self._walk.slips():
            flight.mishap = self._walk.dice.choice(self._mishaps(asked))
            self._begin_badly(flight, flight.mishap)
        self._walk.at(self._soon(WAY_NS), partial(self._arrive, flight))

    def _mishaps(self, asked: Request) -> tuple[Mishap, ...]:
        found = MISHAPS[type(asked)]
        starting = self._walk.state.stage is Stage.START
        return tuple(one for one in found if one is not Mishap.WRONG) if starting else found

    def _begin_badly(self, flight: Flight, mishap: Mishap) -> None:
        flight.over = mishap in (Mishap.LOST, Mishap.REJECTED)
        if mishap is Mishap.LOST:
            self._fail(flight)
        elif mishap is Mishap.REJECTED:
            self._tell([ev.OrderRejected(0, self._index, flight.asked.order, RejectKind.OTHER)], flight)  # type: ignore[union-attr]
        elif mishap is Mishap.DOWN:
            self._walk.fall(self._index)

    def _arrive(self, flight: Flight) -> None:
        if flight.over:
            return
        flight.over = True
        facts = self.exchange.work(flight.asked)
        self._walk.moved()
        self._plan(flight.asked)
        if isinstance(flight.asked, cm.ReadPosition):
            self._tell(self._late)
            self._late = []
        if not flight.open:
            return
        if flight.mishap is Mishap.WRONG:
            facts = [self._wrong(fact) for fact in facts]
        if flight.mishap is Mishap.UNANSWERED:
            self._tell(facts[: self._walk.dice.randrange(len(facts))], flight)
            self._fail(flight)
        else:
            self._tell(facts, flight)

    def _wrong(self, fact: ev.Event) -> ev.Event:
        leg = self._walk.state.legs[self._index]
        lots = self._walk.dice.choice((0, leg.start, leg.position))
        return replace(fact, lots=lots) if isinstance(fact, ev.PositionRead) else fact

    def _soon(self, within: int) -> int:
        """A moment within that time; on a slow line the last one."""
        return self._walk.now + (within if self._slow else self._walk.dice.randrange(1, within))

    # --- the market ---------------------------------------------------------------------------------

    def _plan(self, asked: Request) -> None:
        """The market will meet an order that rests."""
        if isinstance(asked, cm.PlaceOrder):
            after = self.exchange.next_meeting_ns(asked)
            if after:
                self._walk.at(self._walk.now + after, partial(self._meet, asked))

    def _meet(self, order: cm.PlaceOrder) -> None:
        if not self._is_cut() and self._walk.slips():
            self._tell(self.exchange.end(order.key))
            return
        facts = self.exchange.meet(order.key)
        self._walk.moved()
        self._plan(order)
        if self._is_cut() or (facts and self._walk.slips()):
            return  # nobody hears of it
        if self._walk.dice.random() < 0.1:
            self._late += facts
            self._walk.at(self._soon(LATE_NS), partial(self._tell_late, facts))
        else:
            self._tell(facts)

    def _tell_late(self, facts: list[ev.Event]) -> None:
        if not self._is_cut():
            self._tell([one for one in facts if one in self._late])
        self._late = [one for one in self._late if one not in facts]

    def _is_cut(self) -> bool:
        return self.down or self._walk.dead

    # --- and back -----------------------------------------------------------------------------------

    def _tell(self, facts: list[ev.Event], flight: Flight | None = None) -> None:
        for fact in facts:
            self._told_ns = max(self._told_ns, self._soon(WAY_NS))
            self._walk.at(self._told_ns, partial(self._deliver, fact, flight, self._era))

    def _deliver(self, fact: ev.Event, flight: Flight | None, era: int) -> None:
        if era == self._era and not self._walk.dead:
            if flight is not None:
                flight.open = False
            if self.down:
                self.met_ns = self.met_ns or self._walk.now
            self._walk.feed(replace(fact, at_ns=self._walk.now))

    def _fail(self, flight: Flight) -> None:
        """No answer: the engine is told so within a time, or its own deadline tells it."""
        due = flight.sent_ns + self._spec.answer_within_ns
        if not (self._may_be_silent(flight.asked) and self._walk.dice.random() < 0.5):
            told = flight.sent_ns + (SILENCE_NS if self._slow else self._walk.dice.randrange(SILENCE_NS))
            due = max(self._walk.now + 1, self._told_ns, told)
            self._walk.at(due, partial(self._deliver, self._failure(flight.asked), flight, self._era))
        elif self.down:
            self.met_ns = min(self.met_ns or due, due)

    def _may_be_silent(self, asked: Request) -> bool:
        """Whether the engine's own deadline is no later than the bounds allow for. For an order the prover
        counts that very deadline, unless the venue is down.
        """
        within = self._spec.answer_within_ns <= SILENCE_NS
        return within or not (self.down or isinstance(asked, READS))

    def _failure(self, asked: Request) -> ev.Event:
        if isinstance(asked, cm.ReadPosition):
            return ev.PositionRead(0, self._index, asked.request, None, 0)
        if isinstance(asked, cm.SweepOrders):
            return ev.OrdersSwept(0, self._index, asked.request, False, 0)
        if isinstance(asked, cm.FindOrder) and self._walk.dice.random() < 0.5:
            return ev.OrderFound(0, self._index, asked.order, FoundKind.ERROR)
        return ev.AnswerLost(0, self._index, asked.order)

    # --- what ends all answers ----------------------------------------------------------------------

    def fall(self) -> None:
        """The venue goes down for good. What is under way arrives or not; nothing is told any more."""
        self.down = True
        self._era += 1
        for flight in self._flights:
            if flight.open and self._walk.now < flight.sent_ns + self._spec.answer_within_ns:
                self._give_up(flight)

    def _give_up(self, flight: Flight) -> None:
        flight.over = flight.over or isinstance(flight.asked, READS) or self._walk.dice.random() < 0.5
        flight.open = False
        self._fail(flight)

    def crash(self) -> None:
        """The engine's process dies. What is under way arrives or not; nobody hears."""
        self._era += 1
        if self.met_ns > self._walk.now:
            self.met_ns = 0
        for flight in self._flights:
            flight.open = False
            if self._walk.dice.random() < 0.5:
                self._arrive(flight)
            flight.over = True
        self._flights = []

    # --- books --------------------------------------------------------------------------------------

    def look(self, asked: cm.ReadBook) -> ev.BookRead | ev.BookMissing:
        """The book as the engine is shown it; none at times, none any more once the venue is down."""
        walk, missing = self._walk, ev.BookMissing(self._walk.now, self._index, asked.request, "no book")
        if not self.down and walk.slips():
            if walk.dice.random() < 0.7:
                return missing
            walk.fall(self._index)
        if self.down:
            self.met_ns = walk.now
            return missing
        bid, ask = self.touch = self._shown()
        far = ask if asked.side > 0 else bid
        return ev.BookRead(
            at_ns=walk.now, leg=self._index, request=asked.request, bid=bid, ask=ask, bid_lots=PLENTY,
            ask_lots=PLENTY, age_ns=0, marginal=walk.dice.choice((0, far, far + 4 * asked.side)),
            reach=PLENTY, volume=PLENTY**3,
        )  # fmt: skip

    def _shown(self) -> tuple[int, int]:
        """The touch; at times one that a limit finds too wide."""
        state, program = self._walk.state, self._walk.ground.program
        limit = program.scopes[program.phases[state.phase].scope].limits.spread_max
        bid, ask = self._lattice.bid, self._lattice.ask
        if limit == NO_LIMIT or state.stage is Stage.START or self._walk.dice.random() < 0.88:
            return bid, ask
        by = ask * limit // MBPS_ONE + 1
        return bid - by, ask + by
