"""A wire that can be cut: a TCP proxy on the loopback in a thread of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Wire:
    """Between a trader and `port`. `cut` breaks every connection (`broken` counts the times there was one);
    while `dead` no new one is let through.
    """

    def __init__(self, port: int) -> None:
        self.cuts = self.broken = 0
        self.dead = False
        self._to = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._port: int | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._ready.wait()

    @property
    def address(self) -> str:
        """Where a trader connects."""
        return f"ws://127.0.0.1:{self._port}"

    def cut(self) -> None:
        """Break what is connected, in the middle of whatever is said."""
        self.cuts += 1
        self._loop.call_soon_threadsafe(self._cut)

    def close(self) -> None:
        """No wire any more."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _cut(self) -> None:
        self.broken += bool(self._writers)
        for writer in tuple(self._writers):
            writer.transport.abort()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._join, "127.0.0.1", 0))
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        self._cut()
        server.close()
        pending = asyncio.all_tasks(self._loop)
        self._loop.run_until_complete(asyncio.wait(pending, timeout=1)) if pending else None
        self._loop.close()

    async def _join(self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        if self.dead:
            to_near.transport.abort()
            return
        far, to_far = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers |= {to_near, to_far}
        await asyncio.gather(_pump(near, to_far), _pump(far, to_near))
        self._writers -= {to_near, to_far}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


@contextmanager
def wire_to(address: str) -> Iterator[Wire]:
    """A wire to an exchange."""
    wire = Wire(int(address.rpartition(":")[2]))
    try:
        yield wire
    finally:
        wire.close()
