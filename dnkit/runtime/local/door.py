"""The exchange's socket: WebSocket on 127.0.0.1, one session a connection, time by the wall."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from dnkit.market.leg_book import LegBook
from dnkit.model.errors import DnkitError
from dnkit.model.numbers import NS_PER_S
from dnkit.runtime.clock import MarketClock
from dnkit.runtime.local.outbox import Outbox
from dnkit.runtime.local.showing import Showing
from dnkit.runtime.world import World
from dnkit.venues.local import protocol
from dnkit.venues.local.exchange import Exchange, NotAdmitted, Session

HOST = "127.0.0.1"
ACCOUNT = "main"  # of a trader that names none
PUMP_S = 0.002
LOOK_S = 0.25  # between two looks at whether it is time to stop, each with a beat for those who listen
STRIDE_NS = 250_000_000  # of market, at most, between two looks at the socket
PING_S = 5
CLOSE_S = 2  # for traders to hear that it is over
FRAME_MAX = 1 << 20


class Visitor:
    """A connection that was let in."""

    def __init__(self, session: Session, outbox: Outbox) -> None:
        self.session = session
        self.outbox = outbox


class Door:
    """Lets traders in and keeps the market moving while `serve` runs."""

    def __init__(self, exchange: Exchange, world: World, books: tuple[LegBook, ...], speed: Decimal) -> None:
        self._exchange = exchange
        self._world = world
        self._books = books
        self._clock = MarketClock(world.now(), speed)
        self._stride_ns = max(STRIDE_NS, int(speed * NS_PER_S) // 20)
        self._showings: dict[int, Showing] = {}
        self._visitors: list[Visitor] = []

    async def serve(self, port: int, ready: Callable[[int], None], over: Callable[[int], bool]) -> None:
        """Listen on `port` (0: a free one, told to `ready`) until `over(now)` or a signal to stop; DnkitError
        when it cannot.
        """
        try:
            server = await serve(
                self._visit,
                HOST,
                port,
                origins=[None],  # no page in a browser
                compression=None,
                ping_interval=PING_S,
                max_size=FRAME_MAX,
            )
        except OSError as error:
            raise DnkitError(f"cannot listen on {HOST}:{port}: {error.strerror}") from error
        asked = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, asked.set)
        try:
            await self._keep_open(server, ready, lambda now_ns: asked.is_set() or over(now_ns))
        finally:
            server.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(server.wait_closed(), CLOSE_S)

    async def _keep_open(
        self, server: Server, ready: Callable[[int], None], over: Callable[[int], bool]
    ) -> None:
        pump = asyncio.create_task(self._pump())
        ready(next(iter(server.sockets)).getsockname()[1])
        while not over(self._world.now()) and not pump.done():
            for visitor in self._visitors:
                visitor.outbox.tell(protocol.Beat(self._world.now()))
            await asyncio.wait((pump,), timeout=LOOK_S)
        pump.cancel()
        with suppress(asyncio.CancelledError):
            await pump

    async def _pump(self) -> None:
        """Let the market run after the clock, and show what changed."""
        while True:
            behind = self._clock.now() - self._world.now()
            if behind > 0:
                self._world.settle(min(behind, self._stride_ns))
                self._show()
            await asyncio.sleep(PUMP_S if behind < self._stride_ns else 0)

    def _show(self) -> None:
        now = self._world.now()
        for listing, showing in self._showings.items():
            if showing.changed:
                shown = showing.take(now)
                for visitor in self._visitors:
                    if listing in visitor.session.numbers:
                        visitor.outbox.tell(shown)

    async def _visit(self, connection: ServerConnection) -> None:
        outbox = Outbox(connection)
        try:
            visitor = await self._let_in(connection, outbox)
        except (NotAdmitted, protocol.BadFrame) as error:
            outbox.tell(protocol.Refused(str(error), getattr(error, "market", "")))
            with suppress(ConnectionClosed):
                await outbox.flush()
            return
        except (ConnectionClosed, TimeoutError):
            return
        await self._attend(connection, visitor)

    async def _let_in(self, connection: ServerConnection, outbox: Outbox) -> Visitor:
        first = protocol.asked_in(await asyncio.wait_for(connection.recv(), PING_S))
        if len(first) != 1 or not isinstance(first[0], protocol.Hello):
            raise protocol.BadFrame("a session begins with a hello")
        request = connection.request
        account = (request.path.strip("/") if request is not None else "") or ACCOUNT
        visitor = Visitor(self._exchange.admit(account, first[0], outbox.tell), outbox)
        for listing in visitor.session.numbers:
            outbox.tell(self._showing(listing).whole(self._world.now()))
        return visitor

    def _showing(self, listing: int) -> Showing:
        if listing not in self._showings:
            self._showings[listing] = Showing(listing, self._books[listing])
            self._world.attach(listing, self._showings[listing])
        return self._showings[listing]

    async def _attend(self, connection: ServerConnection, visitor: Visitor) -> None:
        """Hear a session out; whatever ends it, the orders stay."""
        self._visitors.append(visitor)
        sender = asyncio.create_task(visitor.outbox.run())
        hearer = asyncio.create_task(self._hear(connection, visitor))
        try:
            await asyncio.wait((sender, hearer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._visitors.remove(visitor)
            self._exchange.dismiss(visitor.session)
            for task in (sender, hearer):
                task.cancel()
                with suppress(asyncio.CancelledError, ConnectionClosed):
                    await task

    async def _hear(self, connection: ServerConnection, visitor: Visitor) -> None:
        with suppress(ConnectionClosed, NotAdmitted, protocol.BadFrame):
            async for frame in connection:
                for message in protocol.asked_in(frame):
                    if not isinstance(message, protocol.Hello):
                        visitor.session.take(message)
