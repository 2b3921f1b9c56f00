"""Nado's wire on a local exchange: queries, executes and streams over HTTP and WebSockets."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from dnkit.model.numbers import NS_PER_MS
from dnkit.runtime.local.backdoor import Backdoor
from dnkit.runtime.local.conversation import cut
from dnkit.runtime.local.nado.answers import Answers
from dnkit.runtime.local.nado.entry import Entry, Execute, Refusal
from dnkit.runtime.local.nado.feed import Feed, Subscriber
from dnkit.runtime.local.shop import (
    BAD_GATEWAY,
    BODY_MAX,
    FAULTS,
    READ_FAULTS,
    Stock,
    Tellers,
    html,
    meanwhile,
    page,
)
from dnkit.runtime.local.showing import Showing
from dnkit.venues.evm import keccak
from dnkit.venues.local.wire_faults import WireFault
from dnkit.venues.nado.words import product_of

NUMBERS = {"BTC-PERP": 2, "ETH-PERP": 4, "SOL-PERP": 8}
OTHERS_FROM = 100
PING_S = 30.0  # who sends no ping for longer is cut off
LEAST_S = 0.01
LIMITED, MAINTENANCE = (1000, "too many requests"), (1004, "under maintenance")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
encode = msgspec.json.Encoder().encode
execute_in = msgspec.json.Decoder(Execute).decode


class NadoShop:
    """See `dnkit.runtime.local.shop.Shop`. An account is a sender: address and name of a subaccount."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self._tellers = Tellers(stock.hall)
        self._products = {
            NUMBERS.get(symbol, OTHERS_FROM + 2 * listing): product_of(
                NUMBERS.get(symbol, OTHERS_FROM + 2 * listing), stock.instrument(symbol)
            )
            for symbol, listing in stock.listings.items()
        }
        self._entry = Entry(stock, self._tellers, self._products)
        self._feed = Feed(stock, self._products)
        self._answers = Answers(stock, self._tellers, self._products, self._feed)

    def application(self) -> web.Application:
        """Its routes."""
        app = web.Application(client_max_size=BODY_MAX)
        app.add_routes(
            [
                web.post("/v1/query", self._asked(self._query)),
                web.get("/v1/query", self._asked(self._query)),
                web.get("/v1/edge/query", self._asked(self._time)),
                web.post("/v1/execute", self._asked(self._execute)),
                web.post("/archive/v1", self._asked(self._archive)),
                web.get("/archive/v2/contracts", self._asked(self._funding)),
                web.get("/v1/ws", self._socket(self._orders_socket)),
                web.get("/ws/v2", self._socket(self._orders_socket)),
                web.get("/v1/subscribe", self._socket(self._streams_socket)),
                *Backdoor(self._stock, self._tellers, _foreign).routes(),
                web.post("/local/signer", self._link),
            ]
        )
        app.cleanup_ctx.append(meanwhile(self._feed.run))
        return app

    def changed(self, listing: int, showing: Showing) -> None:
        """A watched book changed."""
        self._feed.changed(listing, showing)

    # --- HTTP -----------------------------------------------------------------------------------------

    def _asked(self, work: Callable[[web.Request], Awaitable[object]]) -> Handler:
        """A call with everything that may go wrong with it."""

        async def answer(request: web.Request) -> web.StreamResponse:
            if not request.headers.get("Accept-Encoding"):
                return web.Response(status=403, text="offer a compression")
            fault = self._stock.faults.first(*READ_FAULTS)
            if fault is WireFault.MAINTENANCE:
                return web.json_response(_refused({}, *MAINTENANCE))
            if fault is WireFault.RATE_LIMIT:
                return web.Response(status=429, headers={"Retry-After": "1"}, text="too many requests")
            if fault is WireFault.HTML:
                return page(BAD_GATEWAY)
            if fault is WireFault.DROP_BEFORE:
                return cut(request)
            body = encode(await work(request))
            if fault is WireFault.TRUNCATED:
                return await _truncated(request, body)
            return web.Response(body=body, content_type="application/json")

        return answer

    async def _query(self, request: web.Request) -> object:
        if request.method == "GET":
            asked: dict[str, Any] = dict(request.query)
        else:
            asked = msgspec.json.decode(await request.read())
        return await self._answers.query(asked)

    async def _execute(self, request: web.Request) -> object:
        return await self._entry.execute(execute_in(await request.read()))

    async def _time(self, _request: web.Request) -> object:
        return {"status": "success", "method": "time", "server_time": str(time.time_ns() // NS_PER_MS)}

    async def _archive(self, request: web.Request) -> object:
        return self._answers.archive(msgspec.json.decode(await request.read()))

    async def _funding(self, _request: web.Request) -> object:
        return self._answers.funding()

    async def _link(self, request: web.Request) -> web.Response:
        """Link a signer to an account without its signature: only a rehearsal may."""
        asked = msgspec.json.decode(await request.read())
        self._entry.linked[asked["account"].lower()] = bytes.fromhex(asked["signer"].removeprefix("0x"))
        return web.json_response({"account": asked["account"]})

    # --- sockets --------------------------------------------------------------------------------------

    def _socket(self, talk: Callable[[web.WebSocketResponse, web.Request], Awaitable[None]]) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            if "permessage-deflate" not in request.headers.get("Sec-WebSocket-Extensions", ""):
                return web.Response(status=403, text="2080 offer permessage-deflate")
            socket = web.WebSocketResponse(heartbeat=None, autoping=False, max_msg_size=BODY_MAX)
            await socket.prepare(request)
            with suppress(ConnectionError):
                await talk(socket, request)
            return socket

        return answer

    async def _orders_socket(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        """Queries and executes; each is answered when it is done, in any order."""
        tasks: set[asyncio.Task[None]] = set()
        async for text in _texts(socket, request):
            task = asyncio.create_task(self._entered(socket, request, text))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    async def _entered(self, socket: web.WebSocketResponse, request: web.Request, text: str) -> None:
        """One frame of the order socket, with everything that may go wrong with it."""
        asked = msgspec.json.decode(text)
        fault = self._stock.faults.first(*FAULTS)
        if fault is WireFault.DROP_BEFORE:
            cut(request)
            return
        with suppress(ConnectionError):
            if fault is WireFault.MAINTENANCE or (fault is WireFault.RATE_LIMIT and "type" not in asked):
                said = MAINTENANCE if fault is WireFault.MAINTENANCE else LIMITED
                await socket.send_str(encode(_refused(asked, *said)).decode())
                return
            if "type" in asked:
                answer: object = await self._answers.query(asked)
            else:
                answer = await self._entry.execute(msgspec.convert(asked, Execute))
            if fault is WireFault.DROP_AFTER:
                cut(request)
                return
            body = html(BAD_GATEWAY) if fault is WireFault.HTML else encode(answer).decode()
            await socket.send_str(body[: len(body) // 2] if fault is WireFault.TRUNCATED else body)

    async def _streams_socket(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        subscriber = Subscriber(socket, request)
        self._feed.join(subscriber)
        try:
            async with subscriber.speaking():
                async for text in _texts(socket, request):
                    subscriber.send(encode(self._said(subscriber, msgspec.json.decode(text))))
        finally:
            self._feed.leave(subscriber)

    def _said(self, subscriber: Subscriber, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a word on the stream socket."""
        method, number = asked.get("method"), asked.get("id", 0)
        try:
            if method == "authenticate":
                self._log_in(subscriber, asked)
            elif method == "subscribe":
                self._subscribe(subscriber, asked["stream"])
            elif method == "unsubscribe":
                subscriber.streams.discard(_name(asked["stream"]))
            elif method in ("ping", "time"):
                return {"id": number, "method": method, "server_time": str(time.time_ns() // NS_PER_MS)}
        except Refusal as refusal:
            return {"error": f"{refusal.code} {refusal}", "error_code": refusal.code, "id": number}
        return {"result": None, "id": number}

    def _log_in(self, subscriber: Subscriber, asked: Mapping[str, Any]) -> None:
        sender, until_ms = str(asked["tx"]["sender"]).lower(), int(asked["tx"]["expiration"])
        self._entry.prove_signer(sender, self._entry.stream_digest(sender, until_ms), str(asked["signature"]))
        if until_ms <= time.time_ns() // NS_PER_MS:
            raise Refusal(2011)
        subscriber.accounts.add(sender)
        self._feed.follow(sender, self._tellers[sender])

    def _subscribe(self, subscriber: Subscriber, stream: Mapping[str, Any]) -> None:
        kind, product, account = _name(stream)
        if kind == "order_update" and account not in subscriber.accounts:
            raise Refusal(2028)
        if account:
            self._feed.follow(account, self._tellers[account])
        subscriber.streams.add((kind, product, account))
        for number in self._products if product is None else (product,):
            if not account and number in self._products:
                self._feed.watch(number)


async def _texts(socket: web.WebSocketResponse, request: web.Request) -> AsyncIterator[str]:
    """What is said on a socket, to its end. Who sends no ping for too long is cut off."""
    until_s = time.monotonic() + PING_S
    while True:
        try:
            message = await socket.receive(timeout=max(LEAST_S, until_s - time.monotonic()))
        except TimeoutError:
            cut(request)
            return
        if message.type is WSMsgType.PING:
            until_s = time.monotonic() + PING_S
            await socket.pong(message.data)
        elif message.type is WSMsgType.TEXT:
            yield message.data
        elif message.type is not WSMsgType.PONG:
            return
        if time.monotonic() > until_s:
            cut(request)
            return


def _name(stream: Mapping[str, Any]) -> tuple[str, int | None, str]:
    product = stream.get("product_id")
    return (
        str(stream["type"]),
        None if product is None else int(product),
        str(stream.get("subaccount", "")).lower(),
    )


def _foreign(key: str) -> str:
    return f"0x{keccak(key.encode()).hex()}"


def _refused(asked: Mapping[str, Any], code: int, text: str) -> dict[str, Any]:
    body = next(iter(asked.values()), None)
    number = body.get("id") if isinstance(body, dict) else None
    return {"status": "failure", "error": text, "error_code": code, "id": number}


async def _truncated(request: web.Request, body: bytes) -> web.StreamResponse:
    """Promise all of it and break off in the middle."""
    response = web.StreamResponse(
        headers={"Content-Length": str(len(body)), "Content-Type": "application/json"}
    )
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    cut(request)
    return response
