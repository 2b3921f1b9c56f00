"""The adapter for Nado and a local exchange that speaks as Nado does, in one event loop, over real sockets.

The book changes only when a test says so, faults happen when a test plans them.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from msgspec.structs import replace

from dnkit.live.nado import make
from dnkit.live.nado.adapter import Nado
from dnkit.live.setup import Setup
from dnkit.market.book import NO_ASK, Book
from dnkit.market.feed import Delta, Snapshot, apply
from dnkit.market.leg_book import LegBook
from dnkit.model.capabilities import Capabilities
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, SweepOrders
from dnkit.model.events import VenueFact
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.model.terms import OrderType, Side
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.local.nado import NadoShop
from dnkit.runtime.local.pump import Pump
from dnkit.runtime.local.shop import Stock, serve_shop
from dnkit.runtime.world import Watcher, World
from dnkit.venues.accounts import PaperAccounts
from dnkit.venues.base import Answer
from dnkit.venues.local.member import Hall
from dnkit.venues.local.orders import Orders
from dnkit.venues.local.wire_faults import WireFault, WireFaults

SYMBOL = "ETH-PERP"
PRODUCT = 4
SECRET = "a1" * 32  # of nobody
BID, ASK, DEPTH = 19_990, 20_010, 500  # ticks of 0.1, lots of 0.001
PATIENCE_S = 4.0
F = TypeVar("F", bound=VenueFact)


def facts(**changes: Any) -> Capabilities:
    """What is known of Nado; quick, unless a test wants it slow."""
    return replace(VenueFacts()["nado"], **{"latency_ns": NS_PER_MS, **changes})


class Planned(WireFaults):
    """Faults happen as often as planned, at the first place where they may."""

    def __init__(self) -> None:
        super().__init__({}, 0)
        self.plan: Counter[WireFault] = Counter()

    def hits(self, fault: WireFault) -> bool:
        hit = self.plan[fault] > 0
        self.plan[fault] -= hit
        self.met[fault] += hit
        return hit


class HandMarket:
    """One book, and then nothing moves by itself."""

    start_ns, end_ns = 0, 0

    def messages(self) -> Iterator[Snapshot]:
        yield Snapshot(
            1_000 * NS_PER_S, 0, {BID: DEPTH, BID - 10: 900}, {ASK: DEPTH, ASK + 10: 900}, BID, ASK
        )


class HandWorld(World):
    """A world whose book a test sets."""

    def __init__(self, book: LegBook) -> None:
        self._watchers: list[Watcher] = []
        super().__init__(HandMarket(), [book])  # type: ignore[arg-type]

    def attach(self, book: int, venue: Watcher) -> None:
        self._watchers.append(venue)
        super().attach(book, venue)

    def show(self, bids: Mapping[int, int], asks: Mapping[int, int]) -> None:
        """Levels change; size 0 is a level that is gone."""
        high = max((price for price, size in bids.items() if size), default=0)
        low = min((price for price, size in asks.items() if size), default=NO_ASK)
        apply(self.books[0].book, Delta(self.now(), 0, dict(bids), dict(asks), high, low))
        for one in self._watchers:
            if one.resting:
                one.on_book()


class Heard:
    """Ears that remember."""

    def __init__(self) -> None:
        self.facts: list[tuple[str, VenueFact]] = []
        self.missed_count = 0
        self._news = asyncio.Event()

    def fact(self, symbol: str, key: str, fact: VenueFact) -> None:
        assert symbol == SYMBOL
        assert (fact.leg, getattr(fact, "order", 0), getattr(fact, "request", 0)) == (0, 0, 0)
        self.facts.append((key, fact))
        self._news.set()

    def missed(self) -> None:
        self.missed_count += 1
        self._news.set()

    def moved(self, symbol: str) -> None:
        self._news.set()

    def of(self, kind: type[F], key: str) -> list[F]:
        """What was told of an order, in order."""
        return [one for name, one in self.facts if name == key and isinstance(one, kind)]

    async def until(self, true: Callable[[], object]) -> None:
        """Wait for news until it is so; AssertionError when it does not become so."""
        end = time.monotonic() + PATIENCE_S
        while not true():
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), 0.1)
            assert time.monotonic() < end, f"waited in vain; heard {self.facts}"

    async def one(self, kind: type[F], key: str) -> F:
        """The first fact of that kind, once it is there."""
        await self.until(lambda: self.of(kind, key))
        return self.of(kind, key)[0]


class There:
    """A local exchange that is open somewhere, and traders at it."""

    def __init__(self, address: str, known: Capabilities) -> None:
        self.address, self.known = address, known
        self.instrument: Instrument = next(one for one in known.symbols if one.symbol == SYMBOL)

    @asynccontextmanager
    async def trader(self, folder: Path, **options: Any) -> AsyncIterator["Trader"]:
        """An adapter that is open. `skew_ns` sets its clock wrong."""
        trader = Trader(self, folder, **options)
        try:
            await trader.venue.open({SYMBOL: trader.book}, trader.ears)
            yield trader
        finally:
            await trader.venue.close()

    async def back(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Through the back door."""
        async with aiohttp.ClientSession() as session:
            method = "GET" if body is None else "POST"
            async with session.request(method, f"{self.address}/local/{path}", json=body) as answer:
                assert answer.status == 200, await answer.text()
                return await answer.json()


class Ground(There):
    """One in this process, with its book and its faults in the test's hands."""

    def __init__(self, world: HandWorld, faults: Planned, address: str, known: Capabilities) -> None:
        super().__init__(address, known)
        self.world, self.faults = world, faults


class Trader:
    """One adapter with its ears and its book."""

    def __init__(
        self, ground: There, folder: Path, *, skew_ns: int = 0, secret: str = SECRET, **changes: Any
    ) -> None:
        self.skew_ns = skew_ns
        self.ears, self.book = Heard(), Book()
        self.venue: Nado = make(
            Setup(
                capabilities=replace(ground.known, **changes),
                instruments={SYMBOL: ground.instrument},
                where=ground.address,
                keys={"private_key": secret},
                memory=folder / "memory.db",
                now=self.now,
                alert=lambda _alert: None,
            )
        )
        self.ground = ground

    def now(self) -> int:
        return time.time_ns() + self.skew_ns

    @property
    def account(self) -> str:
        """Its name at the exchange."""
        return self.venue._sender

    async def place(
        self,
        key: str,
        type: OrderType = OrderType.POST_ONLY,
        side: Side = Side.BUY,
        lots: int = 100,
        price: int = BID,
        *,
        reduce_only: bool = False,
    ) -> Answer:
        asked = PlaceOrder(0, 1, key, side, type, lots, price, 0, reduce_only, not reduce_only, "test")
        return await self.venue.ask(asked, SYMBOL)

    async def cancel(self, key: str) -> Answer:
        return await self.venue.ask(CancelOrder(0, 1, key), SYMBOL)

    async def find(self, key: str) -> Answer:
        return await self.venue.ask(FindOrder(0, 1, key, 1), SYMBOL)

    async def sweep(self, *keep: str) -> Answer:
        return await self.venue.ask(SweepOrders(0, 1, keep), SYMBOL)

    async def truth(self) -> Any:
        """What the exchange really holds of the account."""
        return (await self.ground.back(f"truth?account={self.account}"))[SYMBOL]


@asynccontextmanager
async def ground(folder: Path, **changes: Any) -> AsyncIterator[Ground]:
    """A local exchange with ETH-PERP on a free port; `changes` are facts of the venue that differ."""
    known = facts(**changes)
    known = replace(known, symbols=tuple(one for one in known.symbols if one.symbol == SYMBOL))
    instrument = known.symbols[0]
    book = LegBook(Book(), instrument, instrument.tick, instrument.lot)
    world = HandWorld(book)
    with ExitStack() as stack:
        hall = Hall(
            [instrument],
            [book],
            {"nado": known},
            stack.enter_context(PaperAccounts(folder / "accounts.db")),
            stack.enter_context(Orders(folder / "orders.db")),
            now=world.now,
            at=world.at,
            attach=world.attach,
        )
        faults, pump = Planned(), Pump(world, (book,), Decimal(1))
        shop = NadoShop(Stock(hall, pump, {SYMBOL: 0}, faults))
        ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(serve_shop(shop, pump, 0, ready.set_result, lambda _now: False))
        try:
            port = await asyncio.wait_for(ready, PATIENCE_S)
            yield Ground(world, faults, f"http://127.0.0.1:{port}", known)
        finally:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
