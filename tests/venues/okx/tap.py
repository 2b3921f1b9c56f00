"""A tap on the wire of orders: what an adapter sends is kept, passed on, and may be answered otherwise."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from tests.venues.rehearsal import Desk

HOST = "127.0.0.1"
SKIPPED = ("host", "content-length", "accept-encoding")


class Sent(msgspec.Struct, frozen=True):
    """A request as it left the adapter; `body` is JSON, None where there is none."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


class Tap:
    """`answer` (status, body) is given instead of the exchange's, which then hears nothing; `code` takes the
    place of the outer code of what the exchange answers.
    """

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self.sent: list[Sent] = []
        self.answer: tuple[int, str] | None = None
        self.code = ""
        self._address, self._session = address, session

    @property
    def orders(self) -> list[Sent]:
        """The requests that place an order."""
        return [one for one in self.sent if one.path.endswith("/trade/batch-orders")]

    async def handle(self, request: web.Request) -> web.Response:
        """Pass it on, or answer it here."""
        text = await request.read()
        headers = {name.lower(): one for name, one in request.headers.items()}
        self.sent.append(
            Sent(request.method, request.path, headers, msgspec.json.decode(text) if text else None)
        )
        if self.answer is not None:
            return web.Response(status=self.answer[0], text=self.answer[1], content_type="application/json")
        passed = {name: one for name, one in headers.items() if name not in SKIPPED}
        url = self._address + request.path_qs
        async with self._session.request(request.method, url, headers=passed, data=text) as told:
            body: Any = await told.json()
            if self.code:
                body["code"] = self.code
            return web.json_response(body, status=told.status)


@asynccontextmanager
async def tapped(desk: Desk) -> AsyncIterator[Tap]:
    """The instance that sends the desk's orders, through a tap."""
    app, venue = web.Application(), desk.venue
    async with aiohttp.ClientSession() as session:
        tap = Tap(desk.address, session)
        app.router.add_route("*", "/{path:.*}", tap.handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, 0).start()
            venue._trade.raw.urls["api"]["rest"] = f"http://{HOST}:{runner.addresses[0][1]}"  # type: ignore[attr-defined]
            yield tap
        finally:
            await runner.cleanup()
