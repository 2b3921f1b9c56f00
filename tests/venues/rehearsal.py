"""A local exchange in a process of its own, and an adapter that talks to it over real sockets."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from dnkit.live.keys import Keys
from dnkit.live.setup import Setup, make_venue
from dnkit.market.book import Book
from dnkit.model.alerts import Alert
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, SweepOrders
from dnkit.model.events import OrderFilled, VenueFact
from dnkit.model.terms import OrderType, Side
from dnkit.runtime.library import VenueFacts
from dnkit.venues.base import Answer, Venue
from tests.live.backdoor import Backdoor

PATIENCE_S = 10
T = TypeVar("T")


class Ears:
    """Writes down what is heard."""

    def __init__(self) -> None:
        self.news: list[tuple[str, str, VenueFact]] = []
        self.missed_times = 0
        self.moves = 0

    def fact(self, symbol: str, key: str, fact: VenueFact) -> None:
        self.news.append((symbol, key, fact))

    def missed(self) -> None:
        self.missed_times += 1

    def moved(self, _symbol: str) -> None:
        self.moves += 1

    def of(self, key: str, kind: type[T]) -> list[T]:
        """Facts of that kind of an order."""
        return [fact for _, name, fact in self.news if name == key and isinstance(fact, kind)]

    def filled(self, key: str) -> int:
        """Lots of an order that were told."""
        return max((one.cum for one in self.of(key, OrderFilled)), default=0)


class Desk:
    """An adapter with its books and ears, and the exchange's backdoor."""

    def __init__(
        self, venue: Venue, address: str, account: str, symbol: str, books: Mapping[str, Book]
    ) -> None:
        self.venue, self.address, self.account, self.symbol = venue, address, account, symbol
        self.book, self.door = books[symbol], Backdoor(address, account)
        self.ears = Ears()
        self.alerts: list[Alert] = []
        self._orders = 0
        self._run = hashlib.sha256(f"{account}{time.time_ns()}".encode()).hexdigest()[:12]

    def order(
        self, type: OrderType, side: Side, lots: int, past: int, *, reduce_only: bool = False
    ) -> PlaceOrder:
        """An order `past` ticks through the far touch (below zero: behind it)."""
        self._orders += 1
        touch = self.book.ask if side > 0 else self.book.bid
        return PlaceOrder(
            leg=0,
            order=self._orders,
            key=f"{self._run}-a-{self._orders}",
            side=side,
            type=type,
            lots=lots,
            price=touch + side * past,
            stop=0,
            reduce_only=reduce_only,
            adds_risk=not reduce_only,
            reason="",
        )

    async def ask(self, request: PlaceOrder | CancelOrder | FindOrder | SweepOrders) -> Answer:
        """Ask the adapter."""
        return await self.venue.ask(request, self.symbol)

    async def cancel(self, order: PlaceOrder) -> Answer:
        """Withdraw an order."""
        return await self.ask(CancelOrder(0, order.order, order.key))

    async def find(self, order: PlaceOrder) -> Answer:
        """Look an order up."""
        return await self.ask(FindOrder(0, order.order, order.key, 1))

    async def until(self, done: Callable[[], object], what: str) -> None:
        """Wait for something that has to come."""
        end = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < end, f"{what} did not come; heard: {self.ears.news}"
            await asyncio.sleep(0.01)

    async def truth(self) -> dict[str, Any]:
        """What the exchange truly holds of the symbol."""
        found: dict[str, Any] = (await asyncio.to_thread(self.door.truth))[self.symbol]
        return found

    async def post(self, what: str, content: Mapping[str, object]) -> dict[str, Any]:
        """Use the backdoor."""
        told: dict[str, Any] = await asyncio.to_thread(partial(self.door.post, what, **content))
        return told

    async def faults(self, text: str) -> dict[str, int]:
        """Let these go wrong from now on; how often each was met so far."""
        met: dict[str, int] = await asyncio.to_thread(self.door.faults, text)
        return met


@asynccontextmanager
async def trading(
    name: str, symbol: str, address: str, keys: Mapping[str, str], account: str, folder: Path
) -> AsyncIterator[Desk]:
    """An adapter, opened; closed at the end."""
    facts = VenueFacts()[name]
    instrument = facts.instrument(symbol)
    assert instrument is not None, f"{symbol} is a symbol of {name}"
    alerts: list[Alert] = []
    setup = Setup(
        capabilities=facts,
        instruments={symbol: instrument},
        where=address,
        keys=Keys(keys),
        memory=folder / "orders.db",
        now=time.time_ns,
        alert=alerts.append,
    )
    books = {symbol: Book()}
    desk = Desk(make_venue(setup), address, account, symbol, books)
    desk.alerts = alerts
    await desk.venue.open(books, desk.ears)
    try:
        yield desk
    finally:
        await desk.venue.close()


def lots_for(desk: Desk, money: int) -> int:
    """Lots worth at least so many units of quote currency."""
    instrument = VenueFacts()[desk.venue.capabilities.venue].instrument(desk.symbol)
    assert instrument is not None, "it was opened with it"
    return int(money / (instrument.price(desk.book.ask) * instrument.lot)) + 1


def run(work: Callable[[], Awaitable[None]]) -> None:
    """Run a test's coroutine, bounded."""

    async def bounded() -> None:
        await asyncio.wait_for(work(), 60)

    asyncio.run(bounded())
