"""A tap on the wire between an adapter and a local exchange: writes down what passes, and may change it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import msgspec
from aiohttp import WSMsgType, web

PLACING = ("/v5/order/create", "/trade/batch-orders")
HOP = ("host", "content-length", "transfer-encoding", "connection", "content-encoding")


class Seen(msgspec.Struct, frozen=True):
    """One request as it came by."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str

    @property
    def content(self) -> Any:
        """Its JSON."""
        return msgspec.json.decode(self.body)

    def text(self) -> str:
        """All of it."""
        return f"{self.method} {self.path} {dict(self.headers)} {self.body}"


class Passing:
    """One socket that goes through."""

    def __init__(self, path: str, near: web.WebSocketResponse, request: web.Request) -> None:
        self.path, self._near, self._request = path, near, request

    async def push(self, text: str) -> None:
        """Say something in the exchange's name."""
        await self._near.send_str(text)

    def abort(self) -> None:
        """Break it."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def hang_up(self) -> None:
        """End it as one ends a socket."""
        await self._near.close()


Answer = web.Response | None


class Tap:
    """`instead` may answer a request that then never arrives; `after` may change the answer to one that did;
    None breaks the connection. `frame` may change what the exchange says on a socket ("" drops it).
    """

    def __init__(self, beyond: str) -> None:
        self.address = ""
        self.seen: list[Seen] = []
        self.said: list[str] = []
        self.sockets: list[Passing] = []
        self.instead: Callable[[Seen], Answer | bool] = lambda _seen: False
        self.after: Callable[[Seen, bytes], Answer | bool] = lambda _seen, _body: False
        self.frame: Callable[[str, str], str] = lambda _path, text: text
        self._beyond = beyond
        self._session: aiohttp.ClientSession | None = None

    def orders(self) -> list[Seen]:
        """Requests that place one."""
        return [one for one in self.seen if one.path.endswith(PLACING)]

    def on(self, part: str) -> list[Passing]:
        """Sockets to such paths."""
        return [one for one in self.sockets if part in one.path]

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Tap"]:
        """Let pass, until the block ends."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._pass)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession() as self._session:
            try:
                yield self
            finally:
                await runner.cleanup()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._socket(request)
        body = await request.read()
        seen = Seen(request.method, request.path, dict(request.headers), body.decode())
        self.seen.append(seen)
        answer = self.instead(seen)
        if answer is False:
            told = await self._forward(request, body)
            answer = self.after(seen, told)
            if answer is False:
                return web.Response(body=told, content_type="application/json")
        if isinstance(answer, web.Response):
            return answer
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _forward(self, request: web.Request, body: bytes) -> bytes:
        assert self._session is not None, "it listens"
        headers = {name: one for name, one in request.headers.items() if name.lower() not in HOP}
        url = aiohttp.client.URL(self._beyond + request.raw_path, encoded=True)
        async with self._session.request(request.method, url, data=body, headers=headers) as answer:
            return await answer.read()

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        assert self._session is not None, "it listens"
        near = web.WebSocketResponse()
        await near.prepare(request)
        passing = Passing(request.path, near, request)
        self.sockets.append(passing)
        try:
            async with self._session.ws_connect(f"ws{self._beyond[4:]}{request.path}") as far:
                back = asyncio.create_task(self._back(request.path, far, near))
                async for message in near:
                    if message.type is WSMsgType.TEXT:
                        self.said.append(message.data)
                        await far.send_str(message.data)
                back.cancel()
        finally:
            self.sockets.remove(passing)
        return near

    async def _back(
        self, path: str, far: aiohttp.ClientWebSocketResponse, near: web.WebSocketResponse
    ) -> None:
        with suppress(ConnectionError):
            async for message in far:
                text = self.frame(path, message.data)
                if text:
                    await near.send_str(text)
