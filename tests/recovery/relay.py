"""A wire on which one venue of an exchange falls silent or is gone, while the others go on: a relay in a
thread of its own, which reads what is said.
"""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from dnkit.model.events import OrderEnded, OrderFilled, PositionRead
from dnkit.venues.local import protocol

STREAMED = (OrderFilled, OrderEnded, PositionRead)  # what a venue also tells without being asked


class Health(Enum):
    """What one venue is like: it answers but its streams say nothing, or it neither hears nor answers."""

    GOOD = "good"
    SILENT = "silent"
    DOWN = "down"


class Relay:
    """Between a trader and the exchange at `address`. `lost` are the moments (monotonic, in seconds) of
    requests to the sick venue while it was down.
    """

    def __init__(self, address: str, venue: str) -> None:
        self.health = Health.GOOD
        self.lost: list[float] = []
        self._to, self._venue = address, venue
        self._listing = -1
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._port = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve()))
        self._thread.start()
        self._ready.wait()

    @property
    def address(self) -> str:
        """Where a trader connects."""
        return f"ws://127.0.0.1:{self._port}"

    def close(self) -> None:
        """No wire any more."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        async with serve(self._join, "127.0.0.1", 0, compression=None, max_size=None) as server:
            self._port = next(iter(server.sockets)).getsockname()[1]
            self._ready.set()
            await self._stop.wait()

    async def _join(self, trader: ServerConnection) -> None:
        path = trader.request.path if trader.request is not None else ""
        async with connect(f"{self._to}{path}", compression=None, proxy=None, max_size=None) as exchange:
            ways = {
                asyncio.create_task(self._to_exchange(trader, exchange)),
                asyncio.create_task(self._to_trader(exchange, trader)),
            }
            _, left = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for task in left:
                task.cancel()

    async def _to_exchange(self, trader: ServerConnection, exchange: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for frame in trader:
                said = [one for one in protocol.asked_in(frame) if self._passes(one)]
                if said:
                    await exchange.send(protocol.encode(said), text=True)

    async def _to_trader(self, exchange: ClientConnection, trader: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            async for frame in exchange:
                told = [one for one in protocol.told_in(frame) if self._is_told(one)]
                if told:
                    await trader.send(protocol.encode(told), text=True)

    def _passes(self, message: protocol.ToExchange) -> bool:
        lost = self.health is Health.DOWN and getattr(message, "listing", None) == self._listing
        if lost:
            self.lost.append(time.monotonic())
        return not lost

    def _is_told(self, message: protocol.ToTrader) -> bool:
        if isinstance(message, protocol.Welcome):
            venues = {
                one.venue: number for one, number in zip(message.listings, message.numbers, strict=True)
            }
            self._listing = venues[self._venue]
        if getattr(message, "listing", None) != self._listing or self.health is Health.GOOD:
            return True
        if self.health is Health.DOWN or isinstance(message, protocol.Shown):
            return False
        return not (isinstance(message, protocol.Told) and _is_streamed(message))


def _is_streamed(told: protocol.Told) -> bool:
    return isinstance(told.news, STREAMED) and not getattr(told.news, "request", 0)


@contextmanager
def relay_to(address: str, venue: str) -> Iterator[Relay]:
    """A relay to an exchange."""
    relay = Relay(address, venue)
    try:
        yield relay
    finally:
        relay.close()
