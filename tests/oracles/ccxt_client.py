"""Plain ccxt as a process: a line of JSON in, a line out. Runs in an environment of its own, isolated, for
this folder has a module of its name. The first line says which class of it, made with what, and the symbol.
"""

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import ccxt.pro  # type: ignore[import-untyped,import-not-found,unused-ignore]

PATIENCE_S = 5.0
DEPTH = 5


class Client:
    """Calls by name, on one symbol. What its streams told is kept; amounts and prices are texts."""

    def __init__(self, first: dict[str, Any]) -> None:
        self.exchange = getattr(ccxt.pro, first["id"])({**first["config"], "number": str})
        self.pair: str = first["pair"]
        self.book: dict[str, Any] = {}
        self.seen: deque[Any] = deque(maxlen=100)
        self.broken: list[str] = []
        self.trades: dict[str, Any] = {}
        self.tasks: list[asyncio.Task[None]] = []

    async def open(self) -> Any:
        await self.exchange.load_markets()
        market = self.exchange.market(self.pair)
        return {name: market[name] for name in ("id", "contractSize", "precision", "linear")}

    async def place(
        self, side: str, amount: str, price: str, params: dict[str, Any], by_socket: bool = False
    ) -> Any:
        call = self.exchange.create_order_ws if by_socket else self.exchange.create_order
        return (await call(self.pair, "limit", side, amount, price, params))["id"]

    async def cancel(self, number: str) -> Any:
        return (await self.exchange.cancel_order(number, self.pair))["id"]

    async def resting(self) -> Any:
        return [_order(one) for one in await self.exchange.fetch_open_orders(self.pair)]

    async def fills(self) -> Any:
        return [_trade(one) for one in await self.exchange.fetch_my_trades(self.pair)]

    async def held(self) -> Any:
        found = await self.exchange.fetch_positions([self.pair])
        return [{name: one[name] for name in ("side", "contracts")} for one in found if one["side"]]

    async def fetched(self, depth: int) -> Any:
        return _sides(await self.exchange.fetch_order_book(self.pair, depth), depth)

    async def follow(self) -> Any:
        """Watch the book and the fills from now on; answers once the book has come."""
        self.tasks = [asyncio.create_task(self._watch(one)) for one in (self._book, self._fills)]
        await self._until(lambda: self.book)

    async def agrees(self) -> Any:
        """Whether the book that is fetched now is among those the stream told."""
        wanted = await self.fetched(DEPTH)
        await asyncio.sleep(0.1)
        return _numbers(wanted) in self.seen

    async def breaks(self, count: int) -> Any:
        """What was raised by watching, once there is so much of it."""
        await self._until(lambda: len(self.broken) >= count)
        return self.broken

    async def told(self, count: int) -> Any:
        """The fills that were told, once there are so many."""
        await self._until(lambda: len(self.trades) >= count)
        return list(self.trades.values())

    async def _watch(self, look: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await look()
            except ccxt.BaseError as error:
                self.broken.append(type(error).__name__)
                await asyncio.sleep(0.05)

    async def _book(self) -> None:
        self.book = await self.exchange.watch_order_book(self.pair)
        self.seen.append(_numbers(_sides(self.book, DEPTH)))

    async def _fills(self) -> None:
        for one in await self.exchange.watch_my_trades(self.pair):
            self.trades[one["id"]] = _trade(one)

    async def _until(self, done: Callable[[], Any]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not done() and time.monotonic() < end:
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await self.exchange.close()


def _order(one: dict[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in ("id", "clientOrderId", "side", "price", "remaining", "status")}


def _trade(one: dict[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in ("id", "order", "side", "price", "amount", "takerOrMaker", "fee")}


def _sides(book: dict[str, Any], depth: int) -> list[Any]:
    return [[[str(x) for x in level[:2]] for level in book[name][:depth]] for name in ("bids", "asks")]


def _numbers(sides: list[Any]) -> list[Any]:
    return [[[float(x) for x in level] for level in side] for side in sides]


async def main() -> None:
    """Serve until the input ends."""
    client = Client(json.loads(sys.stdin.readline()))
    try:
        print(json.dumps(await client.open()), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            asked = json.loads(line)
            try:
                answer = {"ok": await getattr(client, asked.pop("do"))(**asked)}
            except Exception as error:  # noqa: BLE001  whatever it is, the test wants to see it
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), flush=True)
    finally:
        await client.close()


asyncio.run(main())
