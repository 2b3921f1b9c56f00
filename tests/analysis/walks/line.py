"""One leg's line to its venue: the real paper venue at the far end, and between it and the engine whatever may go
wrong on the way, drawn from the walk's seed.

Every request takes up to 100 ms to arrive and its answer up to 200 ms back, so that an answered call is answered
within 300 ms. What is not answered is told as lost within 2 s, or the engine's own deadline tells it.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from dnkit.analysis.ground import Lattice
from dnkit.analysis.move import SILENCE_NS
from dnkit.analysis.world import RESTING
from dnkit.engine.state import Stage
from dnkit.machine.program import NO_LIMIT
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.capabilities import Capabilities
from dnkit.model.numbers import MBPS_ONE, NS_PER_MS, NS_PER_S
from dnkit.model.terms import FoundKind, OrderType, RejectKind, Side
from dnkit.venues.account import Account
from dnkit.venues.paper import PaperVenue, Request
from tests.analysis.walks.board import Board

if TYPE_CHECKING:
    from tests.analysis.walks.walk import Walk

WAY_NS = 100 * NS_PER_MS
PLENTY = 10**9
import os

STREAMS = bool(os.environ.get("STREAMS"))
PAUSES_NS = (5 * NS_PER_MS, 400 * NS_PER_MS, 2 * NS_PER_S, 6 * NS_PER_S, 16 * NS_PER_S)
LATE_NS = 5 * NS_PER_S
REFUSED_PLACING = "rejected"
LOST, UNANSWERED, WRONG, DOWN = "never there", "answer lost", "wrong", "down"
MISHAPS: dict[type, tuple[str, ...]] = {
    cm.PlaceOrder: (LOST, UNANSWERED, UNANSWERED, REFUSED_PLACING, DOWN),
    cm.CancelOrder: (LOST, UNANSWERED, DOWN),
    cm.FindOrder: (LOST, DOWN),
    cm.ReadPosition: (LOST, WRONG, DOWN),
    cm.SweepOrders: (LOST, DOWN),
}


class Flight(msgspec.Struct, eq=False):
    """A request on its way. `open` until the engine hears of it or can hear no more; `arrived` at the venue;
    `dropped` on the way; `unanswered` from the answer's part of that number on (-1: not).
    """

    ask: Request
    sent_ns: int
    open: bool = True
    arrived: bool = False
    dropped: bool = False
    unanswered: bool = False
    wrong: bool = False


class Line:
    """`venue` holds the truth. `down` since a fault; `heard_ns` is when the engine hears of that first (0: not yet
    known). `touch` is the last book the engine was shown.
    """

    def __init__(self, walk: "Walk", index: int, capabilities: Capabilities, start: int) -> None:
        spec, dice = walk.ground.program.legs[index], walk.dice
        self.walk, self.index, self.spec = walk, index, spec
        self.lattice: Lattice = walk.ground.legs[index]
        self.board = Board(self.lattice)
        self.touch = (self.lattice.bid, self.lattice.ask)
        self.down = False
        self.heard_ns = 0
        self._batch: list[ev.Event] = []
        self._filled: dict[int, int] = {}
        self._flights: list[Flight] = []
        self._epoch = 0
        self._told_ns = 0
        account = Account("walk", spec.instrument.venue, spec.instrument.symbol,
                          lot=spec.instrument.lot, tick=spec.instrument.tick)  # fmt: skip
        if start:
            account.fill(Side.BUY if start > 0 else Side.SELL, abs(start), self.lattice.bid, 0)
        behind = spec.position_lag_ns if dice.random() < 0.1 else min(spec.position_lag_ns, 2 * NS_PER_S)
        lag = dice.randrange(behind + 1)
        known_after = dice.choice((0, 0, max(0, spec.lookup_lag_ns - WAY_NS)))
        self.venue = PaperVenue(
            index, replace(capabilities, latency_ns=0, position_lag_ns=lag), spec.instrument, self.board, account,
            _at_once, self._hear, walk.now_ns, lag_reads=dice.random() < 0.3,
            lookup_visible_ns=known_after, seed=dice.randrange(2**30),
        )  # fmt: skip

    def _hear(self, event: ev.Event) -> None:
        if isinstance(event, ev.PositionRead) and not event.request and not STREAMS:
            return
        if isinstance(event, ev.OrderFilled):
            self._filled[event.order] = event.cum
        self._batch.append(event)

    # --- requests -----------------------------------------------------------------------------------

    def send(self, ask: Request) -> None:
        """A request of the engine begins its way."""
        flight = Flight(ask, self.walk.now)
        self._flights.append(flight)
        mishap = self._mishap(ask)
        if mishap == DOWN:
            self.walk.fall(self.index)
        elif mishap == LOST:
            flight.dropped = True
            self._fail(flight)
        elif mishap == UNANSWERED:
            flight.unanswered = True
        elif mishap == REFUSED_PLACING and isinstance(ask, cm.PlaceOrder):
            flight.dropped = True
            self._tell(flight, [ev.OrderRejected(0, self.index, ask.order, RejectKind.OTHER)], WAY_NS)
        elif mishap == WRONG:
            flight.wrong = True
        elif self.down:
            self._go_down(flight)
        self.walk.at(self.walk.now + self._pause(WAY_NS), partial(self._arrive, flight))

    def _mishap(self, ask: Request) -> str:
        if self.down or not self.walk.slips():
            return ""
        choices = MISHAPS[type(ask)]
        if self.walk.state.stage is Stage.START:
            choices = tuple(one for one in choices if one != WRONG)
        return self.walk.dice.choice(choices)

    def _wrong(self, fact: ev.Event) -> ev.Event:
        """An older snapshot, or an empty list, as the answer."""
        leg = self.walk.state.legs[self.index]
        lots = self.walk.dice.choice((0, leg.start, leg.position))
        return replace(fact, lots=lots) if isinstance(fact, ev.PositionRead) else fact

    def _pause(self, longest: int) -> int:
        return self.walk.dice.randrange(1, longest)

    def _arrive(self, flight: Flight) -> None:
        if flight.dropped or flight.arrived:
            return
        flight.arrived = True
        facts = self._work(flight.ask)
        if not flight.open:
            return
        if flight.wrong:
            facts = [self._wrong(fact) for fact in facts]
        if flight.unanswered:
            told = self.walk.dice.randrange(len(facts)) if facts else 0
            self._tell(flight, facts[:told], WAY_NS)
            self._fail(flight)
        else:
            self._tell(flight, facts, WAY_NS)

    def _work(self, ask: Request) -> list[ev.Event]:
        """What the venue does on a request; its facts."""
        if isinstance(ask, cm.PlaceOrder):
            self._prepare(ask)
            self._batch = []
            self.venue.place(ask)
            self.board.clear()
            self._plan(ask)
        elif isinstance(ask, cm.CancelOrder):
            self._race()
            self._batch = []
            self.venue.cancel(ask)
        elif isinstance(ask, cm.SweepOrders):
            self._race()
            self._batch = []
            self.venue.sweep(ask)
        else:
            self._batch = []
            self.venue.find(ask) if isinstance(ask, cm.FindOrder) else self.venue.read_position(ask)
        self.walk.moved()
        return self._batch

    # --- the market ---------------------------------------------------------------------------------

    def _prepare(self, ask: cm.PlaceOrder) -> None:
        """The book an order meets: a part of it for one that takes, now and then a touch that came too near for
        one that must not.
        """
        dice = self.walk.dice
        if ask.type is OrderType.POST_ONLY:
            if dice.random() < 0.15:
                self.board.offer(ask.side, ask.price, (1,))
            return
        room = ask.lots
        if ask.reduce_only:
            room = min(room, max(0, -ask.side * self.venue.position))
        part = dice.choice(self.lattice.parts(room))
        if part:
            cut = dice.choice(self.lattice.parts(part)[:-1])
            self.board.offer(ask.side, ask.price, (cut, part - cut) if cut else (part,))

    def _plan(self, order: cm.PlaceOrder) -> None:
        """When the market will next meet an order that rests, if it does."""
        if order.type in RESTING and self.walk.dice.random() < 0.75:
            self.walk.at(
                self.walk.now + self._pause(self.walk.dice.choice(PAUSES_NS)), partial(self._meet, order.key)
            )

    def _race(self) -> None:
        """Fills that come just before a cancel."""
        for order in self.venue.resting_orders():
            if self.walk.dice.random() < 0.3:
                self._fill(order)

    def _meet(self, key: str) -> None:
        order = next((one for one in self.venue.resting_orders() if one.key == key), None)
        if order is None:
            return
        if not self.down and not self.walk.dead and self.walk.slips():
            self._batch = []
            self.venue.cancel(cm.CancelOrder(self.index, order.order, key))
            self._tell(None, self._batch, WAY_NS)
            return
        self._fill(order)
        self._plan(order)

    def _fill(self, order: cm.PlaceOrder) -> None:
        """Somebody trades with a resting order, or the far touch reaches it."""
        dice, left = self.walk.dice, order.lots - self._filled.get(order.order, 0)
        if order.reduce_only:
            left = min(left, max(0, -order.side * self.venue.position))
        parts = self.lattice.parts(left)[1:]
        if not parts:
            return
        part, self._batch = dice.choice(parts), []
        if dice.random() < 0.3:
            self.board.offer(order.side, order.price, (part,))
            self.venue.on_book()
            self.board.clear()
        else:
            self.venue.on_trade(Side(-order.side), order.price * self.walk.ticks[self.index], part)
        self.walk.moved()
        self._notify(self._batch)

    def _notify(self, facts: list[ev.Event]) -> None:
        """The stream tells of fills, soon or late; that it does not is a fault."""
        if self.down or self.walk.dead or self.walk.slips():
            return
        if self.walk.dice.random() < 0.1:
            for fact in facts:
                self.walk.at(
                    self.walk.now + self._pause(LATE_NS), partial(self._deliver, None, fact, self._epoch)
                )
            return
        self._tell(None, facts, WAY_NS)

    # --- answers ------------------------------------------------------------------------------------

    def _tell(self, flight: Flight | None, facts: list[ev.Event], within: int) -> None:
        """Facts on their way to the engine, in their order."""
        for fact in facts:
            when = max(self._told_ns, self.walk.now + self._pause(within))
            self._told_ns = when
            self.walk.at(when, partial(self._deliver, flight, fact, self._epoch))

    def _deliver(self, flight: Flight | None, fact: ev.Event, epoch: int) -> None:
        if epoch != self._epoch or self.walk.dead:
            return
        if flight is not None:
            flight.open = False
        self.walk.feed(replace(fact, at_ns=self.walk.now))

    def _fail(self, flight: Flight) -> None:
        """No answer: the engine is told so within a time, or its own deadline tells it."""
        ask, dice = flight.ask, self.walk.dice
        due = flight.sent_ns + self.spec.answer_within_ns
        quiet = not self.down or self.spec.answer_within_ns <= SILENCE_NS
        if isinstance(ask, cm.FindOrder | cm.ReadPosition | cm.SweepOrders):
            quiet = self.spec.answer_within_ns <= SILENCE_NS
        if not (quiet and dice.random() < 0.5):
            due = max(self.walk.now + 1, self._told_ns, flight.sent_ns + self._pause(SILENCE_NS))
            self.walk.at(due, partial(self._deliver, flight, self._failure(ask), self._epoch))
        if self.down and not self.heard_ns:
            self.heard_ns = due
        elif self.down:
            self.heard_ns = min(self.heard_ns, due)

    def _failure(self, ask: Request) -> ev.Event:
        index = self.index
        if isinstance(ask, cm.ReadPosition):
            return ev.PositionRead(0, index, ask.request, None, 0)
        if isinstance(ask, cm.SweepOrders):
            return ev.OrdersSwept(0, index, ask.request, False, 0)
        if isinstance(ask, cm.FindOrder) and self.walk.dice.random() < 0.5:
            return ev.OrderFound(0, index, ask.order, FoundKind.ERROR)
        return ev.AnswerLost(0, index, ask.order)

    # --- what ends an answer ------------------------------------------------------------------------

    def fall(self) -> None:
        """The venue goes down for good. What is under way arrives or not; nothing more is told."""
        self.down = True
        self._epoch += 1
        for flight in self._flights:
            if flight.open and self.walk.now < flight.sent_ns + self.spec.answer_within_ns:
                self._go_down(flight)

    def _go_down(self, flight: Flight) -> None:
        reads = isinstance(flight.ask, cm.FindOrder | cm.ReadPosition | cm.SweepOrders)
        flight.dropped = flight.dropped or reads or self.walk.dice.random() < 0.5
        flight.unanswered = True
        self._fail(flight)
        flight.open = False

    def crash(self) -> None:
        """The engine's process dies: what is under way arrives or not, and nobody hears."""
        self._epoch += 1
        if self.heard_ns > self.walk.now:
            self.heard_ns = 0
        for flight in self._flights:
            flight.open = False
            if not flight.arrived and not flight.dropped and self.walk.dice.random() < 0.5:
                self._arrive(flight)
            flight.dropped = True
        self._flights = []

    # --- books --------------------------------------------------------------------------------------

    def look(self, asked: cm.ReadBook) -> ev.BookRead | ev.BookMissing:
        """The book as the engine is shown it."""
        walk = self.walk
        missing = ev.BookMissing(walk.now, self.index, asked.request, "no book")
        if not self.down and walk.slips():
            if walk.dice.random() < 0.3:
                walk.fall(self.index)
            else:
                return missing
        if self.down:
            self.heard_ns = walk.now
            return missing
        bid, ask = self._shown()
        self.touch = (bid, ask)
        marginal = walk.dice.choice((0, 0, 1, 5))
        far = ask if asked.side > 0 else bid
        return ev.BookRead(
            at_ns=walk.now, leg=self.index, request=asked.request, bid=bid, ask=ask, bid_lots=PLENTY,
            ask_lots=PLENTY, age_ns=0, marginal=far + asked.side * (marginal - 1) if marginal else 0,
            reach=PLENTY, volume=PLENTY**3,
        )  # fmt: skip

    def _shown(self) -> tuple[int, int]:
        """The touch, which a limit may find too wide."""
        walk, bid, ask = self.walk, self.lattice.bid, self.lattice.ask
        limits = walk.ground.program.scopes[walk.ground.program.phases[walk.state.phase].scope].limits
        if limits.spread_max == NO_LIMIT or walk.state.stage is Stage.START or walk.dice.random() > 0.12:
            return bid, ask
        by = ask * limits.spread_max // MBPS_ONE + 1
        return bid - by, ask + by


def _at_once(_when: int, call: Callable[[], None]) -> None:
    """The paper venue's own wire takes no time: this line's does."""
    call()
