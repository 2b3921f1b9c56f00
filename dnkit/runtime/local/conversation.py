"""One connection to the streams of a local exchange: frames on their way out, and ways to break it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiohttp import web

BACKLOG_MAX = 10_000  # frames: whoever is that far behind does not read


class Conversation:
    """`silent_until` is a moment of the monotonic clock, in seconds; until then nothing is told."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.silent_until = 0.0
        self._socket, self._request = socket, request
        self._frames: asyncio.Queue[bytes] = asyncio.Queue(BACKLOG_MAX)

    def send(self, frame: bytes) -> None:
        """Another frame; who does not read is cut off."""
        if time.monotonic() < self.silent_until:
            return
        try:
            self._frames.put_nowait(frame)
        except asyncio.QueueFull:
            self.cut()

    def cut(self) -> None:
        """Break the connection."""
        cut(self._request)

    @asynccontextmanager
    async def speaking(self) -> AsyncIterator[None]:
        """Send what there is, as long as the block."""
        sender = asyncio.create_task(self._speak())
        try:
            yield
        finally:
            sender.cancel()
            with suppress(asyncio.CancelledError):
                await sender

    async def _speak(self) -> None:
        with suppress(ConnectionError):
            while True:
                await self._socket.send_str((await self._frames.get()).decode(errors="replace"))


def cut(request: web.Request) -> web.Response:
    """Break the connection a request came by; the answer goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
