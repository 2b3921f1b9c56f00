"""Where a card is asked: an adapter, its exchange, one symbol, and what the adapter tells."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import msgspec

from dnkit.live.setup import Setup, make_venue
from dnkit.market.book import Book
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, SweepOrders
from dnkit.model.events import (
    OrderAccepted,
    OrderEnded,
    OrderFilled,
    OrderRejected,
    VenueFact,
)
from dnkit.model.instrument import Instrument
from dnkit.model.terms import OrderType, Side
from dnkit.venues.base import Answer, Trouble, TroubledError, Venue
from tests.live.site import Site

PATIENCE_S = 5.0
OPENS_MAX = 30
NUMBERS = count(1)


class Heard:
    """What the adapter told of itself."""

    def __init__(self) -> None:
        self.facts: list[tuple[str, VenueFact]] = []
        self.missings = 0

    def fact(self, symbol: str, key: str, fact: VenueFact) -> None:
        self.facts.append((key, fact))

    def missed(self) -> None:
        self.missings += 1

    def moved(self, symbol: str) -> None:
        pass

    async def of(self, key: str, *kinds: type) -> VenueFact:
        """The first fact of these kinds about an order; AssertionError when none comes."""
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s:
            for name, fact in self.facts:
                if name == key and isinstance(fact, kinds):
                    return fact
            await asyncio.sleep(0.01)
        raise AssertionError(f"nothing was told of {key}: {self.facts}")


class Stand(msgspec.Struct, frozen=True):
    """An adapter with its session, its exchange, and the one symbol that is asked about."""

    venue: Venue
    site: Site
    instrument: Instrument
    book: Book
    heard: Heard
    setup: Setup

    def order(
        self, type: OrderType, side: Side, price: int, lots: int = 0, stop: int = 0, **more: bool
    ) -> PlaceOrder:
        """An order of a few lots, with a client id of its own."""
        number = next(NUMBERS)
        return PlaceOrder(
            leg=0,
            order=number,
            key=f"ca4d00000000-c-{number}",
            side=side,
            type=type,
            lots=lots or self.some(price),
            price=price,
            stop=stop,
            reduce_only=more.get("reduce_only", False),
            adds_risk=True,
            reason="card",
        )

    def some(self, price: int) -> int:
        """Lots enough for the venue's minimum at that price, three times over."""
        lots = self.instrument.lots_min
        while not self.instrument.tradable(price, lots):
            lots *= 2
        return 3 * lots

    @property
    def low(self) -> int:
        """A price far below the market."""
        return self.book.bid * 9 // 10

    async def ask(self, request: PlaceOrder | CancelOrder | FindOrder | SweepOrders) -> Answer:
        """Ask it on the symbol."""
        return await self.venue.ask(request, self.instrument.symbol)

    async def settled(self, request: PlaceOrder) -> VenueFact:
        """Send an order and wait for what became of it: filled, ended or rejected."""
        answer = await self.ask(request)
        assert not isinstance(answer, Trouble), answer
        if answer is not None and not isinstance(answer, OrderAccepted):
            return answer
        return await self.heard.of(request.key, OrderFilled, OrderEnded, OrderRejected)

    async def resting(self) -> list[str]:
        """Client ids of our orders that rest."""
        return [one.key for one in await self.venue.open_orders(self.instrument.symbol) if one.key]

    async def rests(self, *keys: str) -> None:
        """Wait until these of our orders rest and no others: an answer may say no more than "taken"."""
        until_s = time.monotonic() + PATIENCE_S
        while (found := await self.resting()) != list(keys):
            assert time.monotonic() < until_s, f"{found} rest, not {keys}"
            await asyncio.sleep(0.01)


@asynccontextmanager
async def another(stand: Stand) -> AsyncIterator[tuple[Book, Heard]]:
    """Another adapter of the same account, for as long as the block: its book and what it hears."""
    adapter, book, heard = await opened(stand.setup, stand.instrument.symbol)
    try:
        yield book, heard
    finally:
        await adapter.close()


async def opened(setup: Setup, symbol: str) -> tuple[Venue, Book, Heard]:
    """An open adapter; on a faulty wire that may take more than one try."""
    for _ in range(OPENS_MAX):
        adapter, book, heard = make_venue(setup), Book(), Heard()
        try:
            await adapter.open({symbol: book}, heard)
        except (TroubledError, TimeoutError):
            await adapter.close()
        else:
            return adapter, book, heard
    raise AssertionError("it does not open")
