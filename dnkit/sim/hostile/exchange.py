"""One leg's venue: the real paper venue with its matcher, account and memory, on a book that gives less than
it shows when the dice say so.
"""

from collections.abc import Callable, Iterator
from random import Random

from msgspec.structs import replace

from dnkit.machine.program import LegSpec
from dnkit.market.feed import Message, Trade
from dnkit.market.leg_book import LegBook
from dnkit.model import commands as cm
from dnkit.model.capabilities import Capabilities
from dnkit.model.events import VenueFact
from dnkit.model.numbers import to_pico
from dnkit.model.terms import OrderType, Side
from dnkit.sim.hostile.weather import Weather
from dnkit.venues.account import Account
from dnkit.venues.base import Request
from dnkit.venues.paper import PaperVenue

PASSIVE = (OrderType.POST_ONLY, OrderType.GTC)


class Met:
    """A leg's book as an order meets it: `share` percent of what it shows (None: all), its far touch at
    `near` where that is closer (0: where it is).
    """

    def __init__(self, book: LegBook) -> None:
        self.book = book
        self.share: int | None = None
        self.near = 0

    @property
    def bid(self) -> int:
        return max(self.book.bid, self.near) if self.near else self.book.bid

    @property
    def ask(self) -> int:
        return min(self.book.ask, self.near) if self.near else self.book.ask

    def levels(self, side: Side) -> Iterator[tuple[int, int]]:
        """What a taker gets, best first."""
        if self.share is None:
            return self.book.levels(side)
        share = self.share
        return ((price, lots * share // 100) for price, lots in self.book.levels(side))

    def displayed(self, side: Side, price: int) -> int:
        return self.book.displayed(side, price)


class Exchange:
    """`position` is the truth. What happens to orders without a request is told to `hear`."""

    def __init__(
        self,
        leg: int,
        spec: LegSpec,
        capabilities: Capabilities,
        weather: Weather,
        book: LegBook,
        start: int,
        *,
        dice: Random,
        now: Callable[[], int],
        hear: Callable[[VenueFact], None],
    ) -> None:
        instrument = spec.instrument
        account = Account(
            "hostile", instrument.venue, instrument.symbol, lot=instrument.lot, tick=instrument.tick
        )
        if start:
            account.fill(Side.BUY if start > 0 else Side.SELL, abs(start), book.bid, 0)
        self.book = book
        self.account = account
        self.liquidated_ns = 0
        self.changed: list[int] = []  # positions before each change
        self._met = Met(book)
        self._dice = dice
        self._now = now
        self._hear = hear
        self._facts: list[VenueFact] | None = None
        self._tick_pico = to_pico(instrument.tick)
        self._venue = PaperVenue(
            leg,
            replace(capabilities, latency_ns=0, position_lag_ns=weather.behind_ns),
            instrument,
            self._met,
            account,
            _at_once,
            self._tell,
            now,
            lag_reads=weather.whole,
            lookup_visible_ns=weather.unknown_ns,
            seed=dice.randrange(2**30),
        )
        self._does: dict[type, Callable[..., None]] = {
            cm.PlaceOrder: self._venue.place,
            cm.CancelOrder: self._venue.cancel,
            cm.SweepOrders: self._venue.sweep,
            cm.FindOrder: self._venue.find,
            cm.ReadPosition: self._venue.read_position,
        }

    @property
    def position(self) -> int:
        """Signed lots that the venue holds."""
        return self.account.lots

    @property
    def rests(self) -> bool:
        """Whether anything rests, so that the market matters."""
        return self._venue.resting

    def resting(self) -> tuple[cm.PlaceOrder, ...]:
        """Every order that is open, stops included."""
        return self._venue.resting_orders()

    def work(self, asked: Request) -> list[VenueFact]:
        """Do what is asked; the facts of it."""
        facts = self._facts = []
        self._does[type(asked)](asked)
        self._facts = None
        return facts

    def work_thin(self, asked: cm.PlaceOrder, share: int) -> list[VenueFact]:
        """Place an order that meets only `share` percent of the book."""
        self._met.share = share
        facts = self.work(asked)
        self._met.share = None
        return facts

    def work_near(self, asked: cm.PlaceOrder) -> list[VenueFact]:
        """Place an order whose price the far touch has just reached."""
        self._met.near = asked.price
        facts = self.work(asked)
        self._met.near = 0
        return facts

    def meet(self, message: Message) -> None:
        """The market goes on, and something rests."""
        if isinstance(message, Trade):
            lots = self.book.lots(message.size, message.price)
            self._venue.on_trade(Side(message.side), self.book.price_pico(message.price), lots)
        else:
            self._venue.on_book()

    def race(self) -> None:
        """Somebody trades through what rests."""
        for order in self.resting():
            if order.type in PASSIVE:
                lots = self._dice.choice((order.lots, 1 + self._dice.randrange(order.lots)))
                price = (order.price - order.side) * self._tick_pico
                self._venue.on_trade(Side(-order.side), price, lots)

    def end(self, key: str) -> None:
        """The venue ends an order by itself, if it still rests."""
        for order in self.resting():
            if order.key == key:
                self._venue.cancel(cm.CancelOrder(order.leg, order.order, key))

    def liquidate(self) -> None:
        """The venue takes the position away."""
        if self.position:
            self.liquidated_ns = self._now()
            self._venue.liquidate(self.book.bid if self.position > 0 else self.book.ask)

    def _tell(self, event: VenueFact) -> None:
        if self._facts is None:
            self._hear(event)
        else:
            self._facts.append(event)


def _at_once(_when: int, call: Callable[[], None]) -> None:
    """The paper venue's own wire takes no time: the line's does."""
    call()
