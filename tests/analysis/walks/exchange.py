"""One leg's venue in a walk: the real paper venue with its matcher, account and memory, and a market that
meets its orders in pieces of the leg's lattice.
"""

from collections.abc import Callable
from random import Random

from msgspec.structs import replace

from dnkit.analysis.ground import Lattice
from dnkit.machine.program import LegSpec
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.capabilities import Capabilities
from dnkit.model.numbers import NS_PER_MS, NS_PER_S, to_pico
from dnkit.model.terms import RESTING, STOPS, OrderType, Side
from dnkit.venues.account import Account
from dnkit.venues.base import Request
from dnkit.venues.paper import PaperVenue
from tests.analysis.walks.board import Board

PAUSES_NS = (5 * NS_PER_MS, 400 * NS_PER_MS, 2 * NS_PER_S, 6 * NS_PER_S, 16 * NS_PER_S)
EMPTY = (0.0, 0.0, 0.5, 0.95)  # how often an order that takes meets nothing, by leg and walk
CROSSES = 0.15  # how often the touch comes too near for a post-only order
LAGS_NS = 2 * NS_PER_S  # a lag that is not worth more walking time; now and then it is all the venue admits
ARRIVAL_NS = 300 * NS_PER_MS  # what a request may take: the venue's lags count from its sending

# The prover knows positions from reads alone, so the walks leave out that a stream tells them.
MANNERS = {"position_stream": False}


class Exchange:
    """`position` is the truth. Every method answers the facts that the venue has to tell of what it did."""

    def __init__(
        self, index: int, spec: LegSpec, lattice: Lattice, capabilities: Capabilities, start: int,
        *, dice: Random, now: Callable[[], int],
    ) -> None:  # fmt: skip
        self._dice, self._lattice, self._board = dice, lattice, Board(lattice)
        self._empty = dice.choice(EMPTY)
        self._facts: list[ev.Event] = []
        self._cum: dict[int, int] = {}
        self._tick = to_pico(spec.instrument.tick)
        account = Account(
            "walk", spec.instrument.venue, spec.instrument.symbol,
            lot=spec.instrument.lot, tick=spec.instrument.tick,
        )  # fmt: skip
        if start:
            account.fill(Side.BUY if start > 0 else Side.SELL, abs(start), lattice.bid, 0)
        behind = spec.position_lag_ns if dice.random() < 0.1 else min(spec.position_lag_ns, LAGS_NS)
        known_after = dice.choice((0, 0, max(0, spec.lookup_lag_ns - ARRIVAL_NS)))
        self._venue = PaperVenue(
            index, replace(capabilities, latency_ns=0, position_lag_ns=dice.randrange(behind + 1), **MANNERS),
            spec.instrument, self._board, account, _at_once, self._hear, now,
            lag_reads=dice.random() < 0.3, lookup_visible_ns=known_after, seed=dice.randrange(2**30),
        )  # fmt: skip
        self._does: dict[type, Callable[..., None]] = {
            cm.PlaceOrder: self._place,
            cm.CancelOrder: self._cancel,
            cm.SweepOrders: self._sweep,
            cm.FindOrder: self._venue.find,
            cm.ReadPosition: self._venue.read_position,
        }

    @property
    def position(self) -> int:
        """Signed lots that the venue holds."""
        return self._venue.position

    @property
    def covered(self) -> int:
        """Lots that live stops would close."""
        stops = (one for one in self._venue.resting_orders() if one.type in STOPS)
        return sum(one.lots - self._cum.get(one.order, 0) for one in stops)

    def work(self, asked: Request) -> list[ev.Event]:
        """Do what is asked."""
        self._facts = []
        self._does[type(asked)](asked)
        return self._facts

    def meet(self, key: str) -> list[ev.Event]:
        """The market meets the order of that name, if it still rests."""
        self._facts = []
        for order in self._resting(key):
            self._fill(order)
        return self._facts

    def end(self, key: str) -> list[ev.Event]:
        """The venue ends the order of that name by itself, if it still rests."""
        self._facts = []
        for order in self._resting(key):
            self._venue.cancel(cm.CancelOrder(order.leg, order.order, key))
        return self._facts

    def next_meeting_ns(self, order: cm.PlaceOrder) -> int:
        """How long until the market next meets a resting order, 0 for never."""
        if (
            order.type not in RESTING
            or not self._resting(order.key)
            or self._dice.random() < max(0.25, self._empty)
        ):
            return 0
        return self._dice.randrange(1, self._dice.choice(PAUSES_NS))

    def _resting(self, key: str) -> list[cm.PlaceOrder]:
        return [one for one in self._venue.resting_orders() if one.key == key]

    def _hear(self, event: ev.Event) -> None:
        if isinstance(event, ev.OrderFilled):
            self._cum[event.order] = event.cum
        self._facts.append(event)

    def _place(self, order: cm.PlaceOrder) -> None:
        """An order that takes meets a part of the book; one that must not meets a touch too near at times."""
        if order.type is OrderType.POST_ONLY:
            if self._dice.random() < max(CROSSES, self._empty):
                self._board.offer(order.side, order.price, (1,))
        else:
            parts = self._lattice.parts(self._room(order))
            part = 0 if self._dice.random() < self._empty else self._dice.choice(parts)
            first = self._dice.choice(self._lattice.parts(part)[:-1]) if part else 0
            self._board.offer(order.side, order.price, tuple(one for one in (first, part - first) if one))
        self._venue.place(order)
        self._board.clear()

    def _cancel(self, asked: cm.CancelOrder) -> None:
        self._race()
        self._venue.cancel(asked)

    def _sweep(self, asked: cm.SweepOrders) -> None:
        self._race()
        self._venue.sweep(asked)

    def _race(self) -> None:
        """Fills that come just before a cancel."""
        for order in self._venue.resting_orders():
            if self._dice.random() < 0.3:
                self._fill(order)

    def _room(self, order: cm.PlaceOrder) -> int:
        """Lots of the order that can still be filled."""
        left = order.lots - self._cum.get(order.order, 0)
        return min(left, max(0, -order.side * self.position)) if order.reduce_only else left

    def _fill(self, order: cm.PlaceOrder) -> None:
        """Somebody trades with a resting order, or the far touch reaches it."""
        parts = self._lattice.parts(self._room(order))[1:]
        if not parts:
            return
        part = self._dice.choice(parts)
        if self._dice.random() < 0.3:
            self._board.offer(order.side, order.price, (part,))
            self._venue.on_book()
            self._board.clear()
        else:
            self._venue.on_trade(Side(-order.side), order.price * self._tick, part)


def _at_once(_when: int, call: Callable[[], None]) -> None:
    """The paper venue's own wire takes no time: the walk's does."""
    call()
