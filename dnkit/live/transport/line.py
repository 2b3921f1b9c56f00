"""A WebSocket that is kept: it comes back by itself, and says what was lost with every break."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from dnkit.desk.gateway.backoff import Backoff
from dnkit.desk.gateway.stream import Do, Rules
from dnkit.desk.gateway.watchdog import Watchdog
from dnkit.desk.scheduler import Call
from dnkit.model.alerts import Alert
from dnkit.model.errors import DnkitError
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.venues.base import Sign, Trouble, TroubledError

FRAME_MAX = 1 << 24
OPEN_S = 5
PING_NS = 5 * NS_PER_S
# A pong counts as a word: a line is silent when not even those come.
USUAL = Rules(
    rest_ns=3 * PING_NS,
    silent_ns=3 * PING_NS,
    prove_ns=OPEN_S * NS_PER_S,
    resync_ns=OPEN_S * NS_PER_S,
    retries=Backoff(base_ns=200 * NS_PER_MS, cap_ns=30 * NS_PER_S, tries=5),
)
NO_HEADERS: Mapping[str, str] = {}


class Speech(Protocol):
    """What is said on a line, from its first connection to its last."""

    async def opened(self, line: "Line") -> None:
        """There is a connection: prove who we are and subscribe. What fails here breaks the connection."""

    def heard(self, frame: str | bytes) -> None:
        """A frame came. DnkitError where it cannot be read: the connection is given up."""

    def closed(self) -> None:
        """The connection is gone, and with it every answer that has not come."""

    def ping(self) -> str | None:
        """The venue's own word for a ping, None for the protocol's."""


class Line:
    """One connection to `url` at a time. `alert` hears when it is down for long."""

    def __init__(
        self,
        name: str,
        url: str,
        speech: Speech,
        alert: Callable[[Alert], None],
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        compressed: bool = False,
        rules: Rules = USUAL,
        ping_ns: int = PING_NS,
    ) -> None:
        self.heard_ns = 0
        self._url, self._speech = url, speech
        self._headers, self._compressed, self._ping_ns = headers, compressed, ping_ns
        self._connection: ClientConnection | None = None
        self._talk: asyncio.Task[None] | None = None
        self._first = asyncio.Event()
        self._why = ""
        self._watchdog = Watchdog(
            name,
            heard=lambda: self.heard_ns,
            do=self._do,
            alert=alert,
            now=time.monotonic_ns,
            at=_at_wall,
            rules=rules,
        )

    @property
    def up(self) -> bool:
        """Whether there is a connection, as far as we know."""
        return self._connection is not None

    async def open(self) -> None:
        """Have a first connection, with all said on it that opens one; TroubledError when none can be had."""
        self._watchdog.start()
        with suppress(TimeoutError):
            async with asyncio.timeout(OPEN_S):
                await self._first.wait()
        if not self._first.is_set():
            await self.close()
            raise TroubledError(Trouble(sign=Sign.NOT_SENT, text=f"{self._url}: {self._why or 'no answer'}"))

    async def send(self, frame: str | bytes) -> None:
        """Send a frame; TroubledError NOT_SENT without a connection, DROPPED when it broke meanwhile."""
        connection = self._connection
        if connection is None:
            raise TroubledError(Trouble(sign=Sign.NOT_SENT, text="there is no connection"))
        try:
            await connection.send(frame)
        except (WebSocketException, OSError) as error:
            raise TroubledError(Trouble(sign=Sign.DROPPED, text=str(error))) from error

    def drop(self) -> None:
        """Give the connection up; another one is made."""
        if self._connection is not None:
            self._connection.transport.abort()

    async def close(self) -> None:
        """Hang up for good."""
        self._watchdog.stop()
        talk, self._talk = self._talk, None
        if talk is not None:
            talk.cancel()
            with suppress(asyncio.CancelledError):
                await talk

    def _do(self, wish: Do) -> None:
        if wish is Do.CONNECT:
            self._talk = asyncio.create_task(self._converse())
        elif wish is Do.DISCONNECT:
            self.drop()
            if self._talk is not None and self._connection is None:
                self._talk.cancel()

    async def _converse(self) -> None:
        """One connection from its beginning to its end."""
        try:
            async with connect(
                self._url,
                additional_headers=dict(self._headers),
                compression="deflate" if self._compressed else None,
                proxy=None,
                max_size=FRAME_MAX,
                open_timeout=OPEN_S,
                ping_interval=None,
                close_timeout=1,
            ) as connection:
                await self._hold(connection)
        except (WebSocketException, OSError, TimeoutError, DnkitError) as error:
            self._why = str(error) or type(error).__name__
        finally:
            was_up, self._connection = self._connection is not None, None
            if was_up:
                self._speech.closed()
            self._watchdog.closed()

    async def _hold(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._watchdog.opened()
        jobs = [asyncio.create_task(one) for one in (self._hear(connection), self._keep(connection))]
        try:
            await self._speech.opened(self)
            self._first.set()
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in done:
                job.result()
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    async def _hear(self, connection: ClientConnection) -> None:
        async for frame in connection:
            self.heard_ns = time.monotonic_ns()
            self._speech.heard(frame)

    async def _keep(self, connection: ClientConnection) -> None:
        """Ping, by the venue's word or the protocol's; a pong is a word of the line."""
        while True:
            word = self._speech.ping()
            if word is None:
                await (await connection.ping())
                self.heard_ns = time.monotonic_ns()
            else:
                await connection.send(word)
            await asyncio.sleep(self._ping_ns / NS_PER_S)


def _at_wall(when_ns: int, call: Call) -> None:
    wait_s = max(0, when_ns - time.monotonic_ns()) / NS_PER_S
    asyncio.get_running_loop().call_later(wait_s, call)
