"""The exchange's socket: WebSocket on 127.0.0.1, one session a connection, time by the wall."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from dnkit.model.errors import DnkitError
from dnkit.runtime.local.outbox import Outbox
from dnkit.runtime.local.pump import Pump
from dnkit.runtime.local.showing import Showing
from dnkit.venues.local import protocol
from dnkit.venues.local.exchange import Exchange, NotAdmitted, Session

HOST = "127.0.0.1"
ACCOUNT = "main"  # of a trader that names none
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

    def __init__(self, exchange: Exchange, pump: Pump) -> None:
        self._exchange = exchange
        self._pump = pump
        self._visitors: list[Visitor] = []
        pump.changed = self._show

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
        ready(next(iter(server.sockets)).getsockname()[1])
        try:
            await self._pump.run(over, self._beat)
        finally:
            server.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await server.wait_closed()

    def _beat(self) -> None:
        for visitor in self._visitors:
            visitor.outbox.tell(protocol.Beat(self._pump.now()))

    def _show(self, listing: int, showing: Showing) -> None:
        shown = showing.take(self._pump.now())
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
        async with asyncio.timeout(PING_S):
            first = protocol.asked_in(await connection.recv())
        if len(first) != 1 or not isinstance(first[0], protocol.Hello):
            raise protocol.BadFrame("a session begins with a hello")
        request = connection.request
        account = (request.path.strip("/") if request is not None else "") or ACCOUNT
        visitor = Visitor(self._exchange.admit(account, first[0], outbox.tell), outbox)
        for listing in visitor.session.numbers:
            outbox.tell(self._pump.showing(listing).whole(self._pump.now()))
        return visitor

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
