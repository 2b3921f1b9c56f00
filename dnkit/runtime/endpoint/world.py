"""Time and books of a run at an exchange: the wall clock at its speed, and the books it streams."""

import asyncio
import os
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Protocol, TypeVar

from dnkit.desk.gateway.backoff import Backoff
from dnkit.desk.gateway.stream import Do, Rules
from dnkit.desk.gateway.watchdog import Watchdog
from dnkit.desk.scheduler import Call
from dnkit.market.book import Book
from dnkit.market.feed import bounds
from dnkit.market.leg_book import LegBook
from dnkit.model.alerts import Alert
from dnkit.model.errors import BugError, DnkitError
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.runtime.clock import MarketClock
from dnkit.runtime.endpoint.link import Link
from dnkit.runtime.looped import LOOK_S, LoopedTime
from dnkit.venues.local import protocol

RULES = Rules(retries=Backoff(base_ns=100 * NS_PER_MS, cap_ns=2 * NS_PER_S, tries=5))  # it is next door
T = TypeVar("T")


class Listener(Protocol):
    """Hears what the exchange tells of orders and positions, and of breaks of the connection."""

    def hear(self, told: protocol.Told) -> None:
        """The exchange says something."""

    def lost(self) -> None:
        """The connection is gone, and with it every answer that has not come."""

    def back(self) -> None:
        """There is one again."""


class EndpointWorld(LoopedTime):
    """Opens a connection for `instruments` (one a leg) and keeps it until `close`. From `guard` on a watchdog
    sees to it that the exchange is heard.
    """

    def __init__(self, url: str, instruments: tuple[Instrument, ...]) -> None:
        super().__init__(MarketClock(0, Decimal(1)))
        self.url = url
        self.books = tuple(LegBook(Book(), one, one.tick, one.lot) for one in instruments)
        self.end_ns: int | None = None
        self.over = False
        self.messages = 0
        self.seams = 0
        self.seats: list[Listener] = []
        self._watchdog: Watchdog | None = None
        self._asked = 0
        self._numbers: dict[int, int] = {}
        trades = tuple((one.venue, one.symbol) for one in instruments)
        self._link = Link(
            url, protocol.Hello(os.urandom(8).hex(), trades), self._heard, self._lost, self._back
        )
        try:
            self.welcome = self.run(self._open(instruments))
        except BaseException:
            super().close()
            raise

    def close(self) -> None:
        """Hang up."""
        if self._watchdog is not None:
            self._watchdog.stop()
        try:
            self.run(self._link.close())
        finally:
            super().close()

    def guard(self, alert: Callable[[Alert], None]) -> None:
        """Come back when the connection breaks or falls silent, and tell a human when that lasts."""
        self._watchdog = Watchdog(
            f"the exchange at {self.url}",
            heard=lambda: self._link.heard_ns,
            do=self._do,
            alert=alert,
            now=time.monotonic_ns,
            at=self._at_wall,
            rules=RULES,
        )
        self._watchdog.start()

    def _at_wall(self, when_ns: int, call: Call) -> None:
        self.later(max(0, when_ns - time.monotonic_ns()) / NS_PER_S, call)

    def post(self, request: protocol.Order) -> bool:
        """Send a request; False when there is no connection."""
        return self._link.post(request)

    def ask(self, make: Callable[[int], protocol.Question], kind: type[T]) -> T:
        """Ask the exchange and wait for its answer, which is of that kind; DnkitError when it has none."""
        self._asked += 1
        answer = self.run(self._link.ask(make(self._asked)))
        if isinstance(answer, protocol.Failed):
            raise DnkitError(answer.text)
        if not isinstance(answer, kind):
            raise BugError("the exchange answered another question")
        return answer

    def ahead_ns(self, told_ns: int) -> int:
        """How far the exchange's clock is ahead of ours where it has just told its time, in real time."""
        return int((told_ns - self.now()) / self.clock.speed)

    async def _open(self, instruments: tuple[Instrument, ...]) -> protocol.Welcome:
        welcome = await self._link.open()
        for listing, instrument in zip(welcome.listings, instruments, strict=True):
            if (listing.tick, listing.lot) != (instrument.tick, instrument.lot):
                await self._link.close()
                raise DnkitError(f"the exchange trades {listing.symbol} of {listing.venue} on another grid")
        self.clock = MarketClock(welcome.now_ns, welcome.speed)
        self._numbers = {number: leg for leg, number in enumerate(welcome.numbers)}
        while not all(book.bid and book.ask for book in self.books) and not self.failed:
            await asyncio.sleep(LOOK_S)
        return welcome

    def _heard(self, message: protocol.ToTrader) -> None:
        if isinstance(message, protocol.Shown):
            self.clock.hear(message.now_ns)
            self._show(message)
        elif isinstance(message, protocol.Beat):
            self.clock.hear(message.now_ns)
        elif isinstance(message, protocol.Told):
            self.clock.hear(message.news.at_ns)
            for seat in tuple(self.seats):
                self.soon(partial(seat.hear, message))

    def _show(self, shown: protocol.Shown) -> None:
        book = self.books[self._numbers[shown.listing]].book
        bids, asks = dict(shown.bids), dict(shown.asks)
        self.messages += 1
        book.replace(shown.at_ns, bids, asks, *bounds(bids, asks))
        for at_ns, price, lots in shown.trades:
            book.traded(at_ns, price, lots)

    def _do(self, wish: Do) -> None:
        """What the watchdog wants. Another way to read by than the stream there is none."""
        if wish is Do.CONNECT and self._link.up:
            self.soon(self._opened)
        elif wish is Do.CONNECT:
            self._link.come_back()
        elif wish is Do.DISCONNECT:
            self._link.hang_up()
        elif wish is Do.RESYNC:
            for seat in tuple(self.seats):
                self.soon(seat.back)

    def _opened(self) -> None:
        if self._watchdog is not None:
            self._watchdog.opened()

    def _lost(self) -> None:
        for seat in tuple(self.seats):
            self.soon(seat.lost)
        if self._watchdog is not None:
            self._watchdog.closed()

    def _back(self, welcome: protocol.Welcome) -> None:
        self.clock.hear(welcome.now_ns)
        self._opened()
