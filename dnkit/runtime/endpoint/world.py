"""Time and books of a run at an exchange: the wall clock at its speed, and the books it streams."""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from decimal import Decimal
from functools import partial
from typing import Any, Protocol, TypeVar

from dnkit.control.inbox import Inbox
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
from dnkit.venues.local import protocol

LOOK_S = 0.005  # between two looks at whether a run is over or somebody wants something
NAP_S = 0.05
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


class EndpointWorld:
    """Opens a connection for `instruments` (one a leg) and keeps it until `close`.

    Everything happens in an event loop that runs while somebody waits: in `advance`, `settle` and `ask`. A
    failure in it comes out there. From `guard` on a watchdog sees to it that the exchange is heard.
    """

    def __init__(self, url: str, instruments: tuple[Instrument, ...]) -> None:
        self.url = url
        self.books = tuple(LegBook(Book(), one, one.tick, one.lot) for one in instruments)
        self.end_ns: int | None = None
        self.over = False
        self.messages = 0
        self.seams = 0
        self.inbox = Inbox()
        self.seats: list[Listener] = []
        self._watchdog: Watchdog | None = None
        self._asked = 0
        self._failure: BaseException | None = None
        self._clock = MarketClock(0, Decimal(1))
        self._numbers: dict[int, int] = {}
        self._runner = asyncio.Runner()
        self._runner.get_loop().set_exception_handler(self._note_failure)
        trades = tuple((one.venue, one.symbol) for one in instruments)
        self._link = Link(
            url, protocol.Hello(os.urandom(8).hex(), trades), self._heard, self._lost, self._back
        )
        try:
            self.welcome = self._run(self._open(instruments))
        except BaseException:
            self._runner.close()
            raise

    def close(self) -> None:
        """Hang up."""
        if self._watchdog is not None:
            self._watchdog.stop()
        try:
            self._run(self._link.close())
        finally:
            self._runner.close()

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

    def now(self) -> int:
        """The exchange's time as we know it, in nanoseconds."""
        return self._clock.now()

    def at(self, when_ns: int, call: Call) -> None:
        """Ask for a call at that time."""
        loop = self._runner.get_loop()
        loop.call_later(self._clock.wall_s(when_ns), self._unless_failed, call)

    def _at_wall(self, when_ns: int, call: Call) -> None:
        wait_s = max(0, when_ns - time.monotonic_ns()) / NS_PER_S
        self._runner.get_loop().call_later(wait_s, self._unless_failed, call)

    def advance(self, done: Callable[[], bool]) -> None:
        """Let the wall clock run until `done`."""
        self._run(self._until(done))

    def settle(self, span_ns: int) -> None:
        """Let `span_ns` pass."""
        until_ns = self.now() + span_ns
        self.advance(lambda: self.now() >= until_ns)

    def linger(self) -> None:
        """Let a moment of ours pass."""
        until_s = time.monotonic() + NAP_S
        self.advance(lambda: time.monotonic() >= until_s)

    def post(self, request: protocol.Order) -> bool:
        """Send a request; False when there is no connection."""
        return self._link.post(request)

    def ask(self, make: Callable[[int], protocol.Question], kind: type[T]) -> T:
        """Ask the exchange and wait for its answer, which is of that kind; DnkitError when it has none."""
        self._asked += 1
        answer = self._run(self._link.ask(make(self._asked)))
        if isinstance(answer, protocol.Failed):
            raise DnkitError(answer.text)
        if not isinstance(answer, kind):
            raise BugError("the exchange answered another question")
        return answer

    def ahead_ns(self, told_ns: int) -> int:
        """How far the exchange's clock is ahead of ours where it has just told its time, in real time."""
        return int((told_ns - self.now()) / self._clock.speed)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    async def _open(self, instruments: tuple[Instrument, ...]) -> protocol.Welcome:
        welcome = await self._link.open()
        for listing, instrument in zip(welcome.listings, instruments, strict=True):
            if (listing.tick, listing.lot) != (instrument.tick, instrument.lot):
                await self._link.close()
                raise DnkitError(f"the exchange trades {listing.symbol} of {listing.venue} on another grid")
        self._clock = MarketClock(welcome.now_ns, welcome.speed)
        self._numbers = {number: leg for leg, number in enumerate(welcome.numbers)}
        while not all(book.bid and book.ask for book in self.books) and self._failure is None:
            await asyncio.sleep(LOOK_S)
        return welcome

    async def _until(self, done: Callable[[], bool]) -> None:
        while not done():
            self._tell_failure()
            self.inbox.work_off()
            await asyncio.sleep(LOOK_S)
        self._tell_failure()

    def _soon(self, call: Call) -> None:
        """Calls of one moment keep their order."""
        self._runner.get_loop().call_soon(self._unless_failed, call)

    def _unless_failed(self, call: Call) -> None:
        if self._failure is None:
            call()

    def _note_failure(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What fails in the loop is kept for whoever waits; nothing is done after that."""
        self._failure = self._failure or context.get("exception") or BugError(context["message"])

    def _tell_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _heard(self, message: protocol.ToTrader) -> None:
        if isinstance(message, protocol.Shown):
            self._clock.hear(message.now_ns)
            self._show(message)
        elif isinstance(message, protocol.Beat):
            self._clock.hear(message.now_ns)
        elif isinstance(message, protocol.Told):
            self._clock.hear(message.news.at_ns)
            for seat in tuple(self.seats):
                self._soon(partial(seat.hear, message))

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
            self._soon(self._opened)
        elif wish is Do.CONNECT:
            self._link.come_back()
        elif wish is Do.DISCONNECT:
            self._link.hang_up()
        elif wish is Do.RESYNC:
            for seat in tuple(self.seats):
                self._soon(seat.back)

    def _opened(self) -> None:
        if self._watchdog is not None:
            self._watchdog.opened()

    def _lost(self) -> None:
        for seat in tuple(self.seats):
            self._soon(seat.lost)
        if self._watchdog is not None:
            self._watchdog.closed()

    def _back(self, welcome: protocol.Welcome) -> None:
        self._clock.hear(welcome.now_ns)
        self._opened()
