"""What one trader is still to be told: facts in order, of each book only the newest."""

import asyncio

from msgspec.structs import replace
from websockets.asyncio.server import ServerConnection

from dnkit.venues.local import protocol

BACKLOG_MAX = 10_000  # facts: whoever is that far behind does not read any more


class Outbox:
    """Sends frames for as long as `run` runs."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self._facts: list[protocol.ToTrader] = []
        self._books: dict[int, protocol.Shown] = {}
        self._filled = asyncio.Event()

    def tell(self, message: protocol.ToTrader) -> None:
        """Another message."""
        if isinstance(message, protocol.Shown):
            waiting = self._books.get(message.listing)
            if waiting is not None:
                message = replace(message, trades=(*waiting.trades, *message.trades))
            self._books[message.listing] = message
        else:
            self._facts.append(message)
        self._filled.set()

    async def run(self) -> None:
        """Send what comes until cancelled; ends by itself when the trader does not read."""
        while len(self._facts) < BACKLOG_MAX:
            await self._filled.wait()
            await self.flush()

    async def flush(self) -> None:
        """Send what is there as one frame."""
        self._filled.clear()
        messages, self._facts, books, self._books = self._facts, [], self._books, {}
        if messages or books:
            await self._connection.send(protocol.encode([*messages, *books.values()]), text=True)
