"""The connection to an exchange. What a break leaves open is said, never guessed; whether and when to come
back is another's affair.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidURI, WebSocketException

from dnkit.model.errors import DnkitError
from dnkit.runtime.lock import Busy
from dnkit.venues.local import protocol

PATIENCE_S = 5  # for a connection, a welcome, an answer to a question
PING_S = 5
FRAME_MAX = 1 << 24


class BusyThere(Busy):
    """Another engine trades the account; `market` names it as the journal does."""

    def __init__(self, text: str, market: str) -> None:
        super().__init__(text)
        self.market = market


class NoExchange(DnkitError):
    """The exchange does not answer, or does not want us."""

    exit_code = 5


class Link:
    """Speaks to the exchange at `url` as `hello`. `heard` gets what comes. `back` is told of a connection
    that was asked for, `lost` of one that broke or could not be had.

    Lives in the running event loop from `open` to `close`. `heard_ns` is when the last frame came, by the
    monotonic clock.
    """

    def __init__(
        self,
        url: str,
        hello: protocol.Hello,
        heard: Callable[[protocol.ToTrader], None],
        lost: Callable[[], None],
        back: Callable[[protocol.Welcome], None],
    ) -> None:
        self._url = url
        self._hello = hello
        self._heard = heard
        self._lost = lost
        self._back = back
        self.heard_ns = 0
        self._connection: ClientConnection | None = None
        self._unsent: list[protocol.Request] = []
        self._filled = asyncio.Event()
        self._questions: dict[int, asyncio.Future[protocol.Answer]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def up(self) -> bool:
        """Whether there is a connection, as far as we know."""
        return self._connection is not None

    async def open(self) -> protocol.Welcome:
        """Connect and be welcomed; Busy when another engine trades there, NoExchange otherwise."""
        welcome, first = await self._connect()
        self._tasks = [asyncio.create_task(self._listen(first)), asyncio.create_task(self._send())]
        return welcome

    def come_back(self) -> None:
        """Try once to have a connection again."""
        self._tasks[0] = asyncio.create_task(self._come_back())

    def hang_up(self) -> None:
        """Give the connection up; it is told as lost."""
        if self._connection is not None:
            self._connection.transport.abort()

    def post(self, request: protocol.Request) -> bool:
        """Send a request with the next frame; False when there is no connection, and it is not sent."""
        if self._connection is None:
            return False
        self._unsent.append(request)
        self._filled.set()
        return True

    async def ask(self, question: protocol.Question) -> protocol.Answer:
        """Ask and wait; NoExchange when no answer comes."""
        future: asyncio.Future[protocol.Answer] = asyncio.get_running_loop().create_future()
        self._questions[question.ask] = future
        try:
            if not self.post(question):
                raise NoExchange(f"there is no connection to {self._url}")
            async with asyncio.timeout(PATIENCE_S):
                return await future
        except TimeoutError as error:
            raise NoExchange(f"the exchange at {self._url} does not answer") from error
        finally:
            del self._questions[question.ask]

    async def close(self) -> None:
        """Send what is left and hang up."""
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if self._connection is not None:
            await self._connection.close()

    async def _connect(self) -> tuple[protocol.Welcome, list[protocol.ToTrader]]:
        """A new connection with its welcome, and what came in the same frame behind it."""
        try:
            connection = await connect(
                self._url,
                compression=None,
                proxy=None,
                max_size=FRAME_MAX,
                open_timeout=PATIENCE_S,
                ping_interval=PING_S,
                close_timeout=1,
            )
            await connection.send(protocol.encode([self._hello]), text=True)
            async with asyncio.timeout(PATIENCE_S):
                first, *more = protocol.told_in(await connection.recv())
        except (OSError, TimeoutError, WebSocketException) as error:
            what = "is no address of an exchange" if isinstance(error, InvalidURI) else "does not answer"
            raise NoExchange(f"{self._url} {what}: {error}") from error
        if isinstance(first, protocol.Welcome):
            self._connection = connection
            return first, more
        await connection.close()
        if isinstance(first, protocol.Refused) and first.market:
            raise BusyThere(f"{first.text}; wait for it to end", first.market)
        raise NoExchange(
            first.text if isinstance(first, protocol.Refused) else f"{self._url} says no welcome"
        )

    async def _listen(self, first: list[protocol.ToTrader]) -> None:
        """Hear what comes until the connection breaks."""
        self._hear(first)
        connection = self._connection
        if connection is not None:
            with suppress(WebSocketException, OSError, protocol.BadFrame):
                async for frame in connection:
                    self._hear(protocol.told_in(frame))
            with suppress(WebSocketException, OSError):
                await connection.close()
        self._connection = None
        self._unsent.clear()
        for future in self._questions.values():
            if not future.done():
                future.set_exception(NoExchange("the connection to the exchange broke"))
        self._lost()

    async def _come_back(self) -> None:
        try:
            welcome, more = await self._connect()
        except (NoExchange, Busy, protocol.BadFrame):
            self._lost()
            return
        self._back(welcome)
        await self._listen(more)

    def _hear(self, messages: list[protocol.ToTrader]) -> None:
        self.heard_ns = time.monotonic_ns()
        for message in messages:
            if isinstance(message, protocol.Answer):
                future = self._questions.get(message.ask)
                if future is not None and not future.done():
                    future.set_result(message)
            else:
                self._heard(message)

    async def _send(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            requests, self._unsent = self._unsent, []
            connection = self._connection
            if connection is not None and requests:
                with suppress(WebSocketException, OSError):  # the listener hears of it too, and says so
                    await connection.send(protocol.encode(requests), text=True)
