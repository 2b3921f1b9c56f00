"""The routes: /info, /exchange and /ws, with everything that may go wrong on them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import count
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from dnkit.model.numbers import NS_PER_MS
from dnkit.runtime.local.backdoor import Backdoor
from dnkit.runtime.local.conversation import cut
from dnkit.runtime.local.hyperliquid.actions import Actions
from dnkit.runtime.local.hyperliquid.auth import Nonces, Refused, signers
from dnkit.runtime.local.hyperliquid.client import Client
from dnkit.runtime.local.hyperliquid.feed import Feed, Session
from dnkit.runtime.local.hyperliquid.info import Info, Unknown
from dnkit.runtime.local.shop import (
    BAD_GATEWAY,
    BODY_MAX,
    FAULTS,
    MENDED,
    READ_FAULTS,
    Stock,
    Tellers,
    html,
    meanwhile,
    page,
)
from dnkit.runtime.local.showing import Showing
from dnkit.venues.hyperliquid.signing import cloid_of
from dnkit.venues.local.wire_faults import WireFault

UNREADABLE = "Failed to deserialize the JSON body into the target type"
LIMITED = "429 Too Many Requests"
SAID: Mapping[WireFault | None, str] = {
    WireFault.RATE_LIMIT: LIMITED,
    WireFault.MAINTENANCE: "503 Service Unavailable",
}
encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode
_SHAPE = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError)


class Clients:
    """Accounts by address. One is opened by whoever asks about it; an agent acts for whom it was approved."""

    def __init__(self, stock: Stock, tellers: Tellers, feed: Feed) -> None:
        self.agents: dict[str, str] = {}
        self._stock, self._tellers, self._feed = stock, tellers, feed
        self._oids = count(time.time_ns() // NS_PER_MS)
        self._open: dict[str, Client] = {}
        self._nonces: dict[str, Nonces] = {}

    def __getitem__(self, address: str) -> Client:
        name = address.lower()
        if name not in self._open:
            teller, push = self._tellers[name], self._feed.push_to(name)
            self._open[name] = Client(name, teller, self._stock, self._oids, push)
        return self._open[name]

    def signed_by(self, request: dict[str, Any]) -> Client:
        """Whose request it is, its number used up. Refused where nobody is known who signed so."""
        found = signers(request)
        known = set(self._open) | {name for name, _ in self._tellers.opened()}
        signer = next((one for one in found if one in self.agents or one in known), None)
        if signer is None:
            raise Refused(f"User or API Wallet {found[0]} does not exist.")
        now_ms = time.time_ns() // NS_PER_MS
        self._nonces.setdefault(signer, Nonces()).use(request["nonce"], now_ms)
        if request.get("expiresAfter") is not None and request["expiresAfter"] < now_ms:
            raise Refused(f"Request expired: expiresAfter {request['expiresAfter']} is over at {now_ms}")
        return self[self.agents.get(signer, signer)]


class HyperliquidShop:
    """See `dnkit.runtime.local.shop.Shop`. An account is an address, in lower case."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        tellers = Tellers(stock.hall)
        self._feed = Feed(stock)
        self._clients = Clients(stock, tellers, self._feed)
        self._actions = Actions(stock)
        self._info = Info(stock, self._clients.__getitem__, self._clients.agents)
        self._backdoor = Backdoor(stock, tellers, cloid_of)

    def application(self) -> web.Application:
        """Its routes."""
        app = web.Application(client_max_size=BODY_MAX)
        app.add_routes(
            [
                web.post("/info", self._asked(self._answer, READ_FAULTS)),
                web.post("/exchange", self._asked(self._carry_out, FAULTS)),
                web.get("/ws", self._socket),
                *self._backdoor.routes(),
                web.post("/local/agent", self._agent),
            ]
        )
        app.cleanup_ctx.append(meanwhile(self._feed.run))
        app.on_cleanup.append(self._closing)
        return app

    def changed(self, listing: int, showing: Showing) -> None:
        """A watched book changed."""
        self._feed.changed(listing, showing)

    async def _closing(self, _app: web.Application) -> None:
        self._actions.close()

    async def _answer(self, query: dict[str, Any]) -> Any:
        return await self._info.answer(query)

    async def _carry_out(self, request: dict[str, Any]) -> Any:
        """A signed request: "ok" with what came of it, or "err" with a text."""
        try:
            if request["action"]["type"] == "approveAgent":
                return self._approved(request)
            client = self._clients.signed_by(request)
            return {"status": "ok", "response": await self._actions.carry_out(client, request["action"])}
        except Refused as refused:
            return {"status": "err", "response": str(refused)}

    def _approved(self, request: dict[str, Any]) -> Any:
        client = self._clients.signed_by(request)
        self._clients.agents[request["action"]["agentAddress"].lower()] = client.address
        return {"status": "ok", "response": {"type": "default"}}

    async def _agent(self, request: web.Request) -> web.Response:
        """An approval without the account's signature: only a rehearsal may."""
        asked = decode(await request.read())
        self._clients.agents[asked["agent"].lower()] = asked["account"].lower()
        return web.json_response({"account": asked["account"]})

    # HTTP

    def _asked(
        self, work: Callable[[dict[str, Any]], Awaitable[Any]], faults: Sequence[WireFault]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            text = await request.read()
            fault = self._stock.faults.first(*faults)
            if fault is WireFault.MAINTENANCE:
                return page(MENDED)
            if fault is WireFault.DROP_BEFORE:
                return cut(request)
            if fault is WireFault.RATE_LIMIT:
                return web.Response(status=429, text=LIMITED)
            try:
                body = encode(await work(decode(text)))
            except (msgspec.DecodeError, Unknown, *_SHAPE):
                return web.Response(status=422, text=UNREADABLE)
            if fault is WireFault.DROP_AFTER:
                return cut(request)
            if fault is WireFault.HTML:
                return page(BAD_GATEWAY)
            if fault is WireFault.TRUNCATED:
                body = body[: len(body) // 2]
            return web.Response(body=body, content_type="application/json")

        return answer

    # The socket

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=None, max_msg_size=BODY_MAX)
        await socket.prepare(request)
        session = Session(socket, request)
        tasks: set[asyncio.Task[None]] = set()
        self._feed.join(session)
        try:
            async with session.speaking():
                async for message in socket:
                    if message.type is WSMsgType.TEXT:
                        task = asyncio.create_task(self._heard(session, message.data))
                        tasks.add(task)
                        task.add_done_callback(tasks.discard)
        finally:
            self._feed.leave(session)
        return socket

    async def _heard(self, session: Session, text: str) -> None:
        try:
            message = decode(text)
            match message["method"]:
                case "ping":
                    session.tell({"channel": "pong"})
                case "subscribe":
                    self._subscribed(session, message)
                case "unsubscribe":
                    session.leave(message["subscription"])
                    session.tell({"channel": "subscriptionResponse", "data": message})
                case "post":
                    await self._posted(session, message)
        except (msgspec.DecodeError, *_SHAPE):
            session.tell(
                {"channel": "error", "data": f"Error parsing JSON into valid websocket request: {text}"}
            )

    def _subscribed(self, session: Session, message: dict[str, Any]) -> None:
        wanted = message["subscription"]
        client = self._clients[wanted["user"]] if "user" in wanted else None
        session.tell({"channel": "subscriptionResponse", "data": message})
        self._feed.subscribe(session, wanted, client)

    async def _posted(self, session: Session, message: dict[str, Any]) -> None:
        """A request by the socket, and its answer by the same number."""
        fault = self._stock.faults.first(*FAULTS)
        if fault is WireFault.DROP_BEFORE:
            session.cut()
            return
        request = message["request"]
        if fault in SAID:
            response = {"type": "error", "payload": SAID[fault]}
        else:
            response = await self._response(request)
        if fault is WireFault.DROP_AFTER:
            session.cut()
            return
        frame = encode({"channel": "post", "data": {"id": message["id"], "response": response}})
        if fault is WireFault.HTML:
            frame = html(BAD_GATEWAY).encode()
        session.send(frame[: len(frame) // 2] if fault is WireFault.TRUNCATED else frame)

    async def _response(self, request: dict[str, Any]) -> dict[str, Any]:
        payload = request["payload"]
        try:
            if request["type"] == "info":
                data = {"type": payload["type"], "data": await self._info.answer(payload)}
                return {"type": "info", "payload": data}
            return {"type": "action", "payload": await self._carry_out(payload)}
        except (Unknown, *_SHAPE):
            return {"type": "error", "payload": UNREADABLE}
