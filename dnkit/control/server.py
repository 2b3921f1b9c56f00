"""The engine's end of the operator's socket: a thread that moves bytes and never makes the engine wait.

Asks go through the inbox to the engine's thread and are answered from there. Those who follow are served ten
times a second, however fast the engine is; who does not read is dropped.
"""

import asyncio
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from dnkit.control import place, words
from dnkit.control.inbox import Inbox

LOOK_S = 0.1
STATUS_S = 0.5
CLIENTS_MAX = 32
CLOSE_TRIES = 5
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

T = TypeVar("T")


class Served(Protocol):
    """Whose socket it is. Everything here is called on the engine's thread."""

    inbox: Inbox

    def serve(self, ask: words.Ask) -> words.Answer:
        """Do as asked, or say why not."""

    def status(self) -> words.Status:
        """Where it stands."""

    def books(self, depth: int) -> words.Books:
        """The books now."""


class _Visitor:
    """A client; `depth` is -1 while it does not follow."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.depth = -1
        self._writer = writer
        self._told: words.Status | None = None

    def tell(self, word: words.Told) -> None:
        """Send it, or drop the client that does not read."""
        if self._writer.transport.get_write_buffer_size() > words.LINE_MAX:
            self.drop()
        elif not self._writer.is_closing():
            self._writer.write(words.encode(word))

    def show(self, status: words.Status, books: words.Books | None) -> None:
        """Tell a follower what is new."""
        if self.depth >= 0 and status != self._told:
            self._told = status
            self.tell(status)
        if self.depth > 0 and books is not None:
            self.tell(books)

    def part(self) -> None:
        """Hang up once what was told is sent."""
        self._writer.close()

    def drop(self) -> None:
        """Hang up at once."""
        self._writer.transport.abort()


class Server:
    """Serves `path` until `close`; DnkitError when there can be no socket."""

    def __init__(self, path: Path, hello: words.Hello, served: Served) -> None:
        self._path = path
        self._hello = hello
        self._served = served
        self._status = served.status()
        self._visitors: set[_Visitor] = set()
        self._looking = False
        self._end: words.End | None = None
        self._over = asyncio.Event()
        self._socket = place.listen(path)
        self._runner = asyncio.Runner()
        self._loop = self._runner.get_loop()
        self._thread = threading.Thread(target=self._run, name="operator", daemon=True)
        self._thread.start()

    def close(self, end: words.End | None) -> None:
        """Tell how it ended and hang up. Called on the engine's thread; what waits is answered first."""
        self._served.inbox.work_off()
        self._call(self._finish, end)
        self._thread.join()
        self._path.unlink(missing_ok=True)

    def _finish(self, end: words.End | None) -> None:
        self._end = end
        self._over.set()

    def _call(self, call: Callable[..., None], *values: object) -> None:
        """Have it called on the server's thread."""
        with suppress(RuntimeError):  # closed meanwhile
            self._loop.call_soon_threadsafe(call, *values)

    def _run(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # they are for the engine's thread
        with self._runner:
            self._runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_unix_server(self._visit, sock=self._socket, limit=words.ASK_MAX)
        while not self._over.is_set():
            self._look()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._over.wait()
        server.close()
        for visitor in self._visitors:
            if self._end is not None:
                visitor.tell(self._end)
            visitor.part()
        for _ in range(CLOSE_TRIES):
            if self._visitors:
                await asyncio.sleep(LOOK_S)

    def _look(self) -> None:
        """Have the engine tell where it stands, if anybody follows and it has told the last time."""
        depth = max((one.depth for one in self._visitors), default=-1)
        if depth >= 0 and not self._looking:
            self._looking = True
            self._served.inbox.put(partial(self._see, depth))

    def _see(self, depth: int) -> None:
        """On the engine's thread."""
        self._call(self._show, self._served.status(), self._served.books(depth) if depth else None)

    def _show(self, status: words.Status, books: words.Books | None) -> None:
        self._looking, self._status = False, status
        for visitor in tuple(self._visitors):
            visitor.show(status, books)

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visitor = _Visitor(writer)
        if len(self._visitors) >= CLIENTS_MAX:
            visitor.drop()
            return
        self._visitors.add(visitor)
        visitor.tell(self._hello)
        visitor.tell(await self._now())
        try:
            while line := await reader.readline():
                visitor.tell(await self._answer(visitor, line))
        except (ValueError, OSError):  # a line too long, a connection broken
            pass
        finally:
            self._visitors.discard(visitor)
            visitor.drop()

    async def _now(self) -> words.Status:
        """Where the engine stands; where it stood when it spoke last if it is busy."""
        seen: asyncio.Future[words.Status] = self._loop.create_future()
        self._served.inbox.put(lambda: self._call(_set, seen, self._served.status()))
        with suppress(TimeoutError):
            async with asyncio.timeout(STATUS_S):
                self._status = await seen
        return self._status

    async def _answer(self, visitor: _Visitor, line: bytes) -> words.Answer:
        """One ask at a time: who asks more has to wait with it."""
        try:
            ask = words.decode_ask(line)
        except words.BadWord as error:
            return words.Answer(id=0, ok=False, text=f"not understood: {error}")
        if isinstance(ask, words.Follow):
            visitor.depth = ask.books
        answered: asyncio.Future[words.Answer] = self._loop.create_future()
        self._served.inbox.put(partial(self._do, ask, answered))
        return await answered

    def _do(self, ask: words.Ask, answered: "asyncio.Future[words.Answer]") -> None:
        """On the engine's thread."""
        self._call(_set, answered, self._served.serve(ask))


def _set(future: "asyncio.Future[T]", value: T) -> None:
    if not future.done():  # whoever waited may be gone
        future.set_result(value)
