"""The routes: /v5 over HTTP, and the public and private streams."""

import asyncio
import time
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from dnkit.runtime.local.backdoor import Backdoor
from dnkit.runtime.local.bybit.accounts import Accounts
from dnkit.runtime.local.bybit.answers import Answers
from dnkit.runtime.local.bybit.auth import Refusal, logged_in, now_ms, proved
from dnkit.runtime.local.bybit.depth import LEVELS, Depth
from dnkit.runtime.local.conversation import Conversation, cut
from dnkit.runtime.local.shop import BAD_GATEWAY, BODY_MAX, FAULTS, MENDED, READ_FAULTS, Stock, Tellers, page
from dnkit.runtime.local.showing import Showing
from dnkit.venues.local.wire_faults import WireFault

LATE_S, SILENCE_S = 0.3, 8
encode = msgspec.json.Encoder().encode


class Session(Conversation):
    """One connection to a stream."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        super().__init__(socket, request)
        self.account = ""
        self.topics: set[str] = set()

    def tell(self, message: dict[str, Any]) -> None:
        """Another message."""
        self.send(encode(message))


class BybitShop:
    """See `dnkit.runtime.local.shop.Shop`. An account is an API key."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        tellers = Tellers(stock.hall)
        self._accounts = Accounts(stock, tellers)
        self._accounts.push = self._push
        self._answers = Answers(stock, self._accounts)
        self._backdoor = Backdoor(stock, tellers, lambda key: key)
        self._sessions: list[Session] = []
        self._depth = Depth(stock)

    def application(self) -> web.Application:
        """Its routes."""
        app = web.Application(client_max_size=BODY_MAX)
        app.add_routes(
            [
                web.get("/v5/public/linear", self._socket),
                web.get("/v5/private", self._socket),
                web.route("*", "/v5/{path:.+}", self._called),
                *self._backdoor.routes(),
            ]
        )
        return app

    async def _called(self, request: web.Request) -> web.StreamResponse:
        fault = self._stock.faults.first(*(FAULTS if request.method == "POST" else READ_FAULTS))
        if fault is WireFault.MAINTENANCE:
            return page(MENDED)
        if fault is WireFault.DROP_BEFORE:
            return cut(request)
        if fault is WireFault.RATE_LIMIT:
            body = _answer({}, 10006, "Too many visits. Exceeded the API Rate Limit.")
        else:
            body = await self._answered(request)
        if fault is WireFault.DROP_AFTER:
            return cut(request)
        if fault is WireFault.HTML:
            return page(BAD_GATEWAY)
        body = body[: len(body) // 2] if fault is WireFault.TRUNCATED else body
        return web.Response(body=body, content_type="application/json")

    async def _answered(self, request: web.Request) -> bytes:
        path, text = request.match_info["path"], (await request.read()).decode()
        try:
            asked = msgspec.json.decode(text) if text else dict(request.query)
            if path in self._answers.public:
                return _answer(await self._answers.public[path]("", asked))
            if path not in self._answers.private:
                raise Refusal(10001, f"no such path: {path}")
            account = proved(request.headers, text or request.url.raw_query_string)
            return _answer(await self._answers.private[path](account, asked))
        except Refusal as refusal:
            return _answer({}, refusal.code, str(refusal))
        except (LookupError, TypeError, ValueError, msgspec.DecodeError) as error:
            return _answer({}, 10001, f"params error: {type(error).__name__}")

    # Streams

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=None, max_msg_size=BODY_MAX)
        await socket.prepare(request)
        session = Session(socket, request)
        self._sessions.append(session)
        try:
            async with session.speaking():
                async for message in socket:
                    if message.type is WSMsgType.TEXT:
                        self._heard(session, msgspec.json.decode(message.data))
        finally:
            self._sessions.remove(session)
        return socket

    def _heard(self, session: Session, asked: dict[str, Any]) -> None:
        op, done = asked.get("op"), {"success": True, "ret_msg": "", "conn_id": "local"}
        done |= {"req_id": asked.get("req_id", ""), "op": op}
        if op == "ping":
            session.tell({**done, "ret_msg": "pong"})
        elif op == "auth":
            try:
                session.account = logged_in(asked["args"])
                self._accounts[session.account]
                session.tell(done)
            except (Refusal, ValueError) as refusal:
                session.tell({**done, "success": False, "ret_msg": str(refusal)})
        elif op == "subscribe":
            session.tell(done)
            for topic in asked["args"]:
                self._subscribe(session, topic)
        elif op == "unsubscribe":
            session.topics -= set(asked["args"])
            session.tell(done)

    def _subscribe(self, session: Session, topic: str) -> None:
        session.topics.add(topic)
        symbol = topic.rpartition(".")[2]
        if topic == f"orderbook.{LEVELS}.{symbol}" and symbol in self._stock.listings:
            listing = self._stock.listings[symbol]
            self._stock.pump.showing(listing)
            session.tell(self._depth.whole(listing, topic))

    def changed(self, listing: int, showing: Showing) -> None:
        """A watched book changed."""
        showing.take(self._stock.pump.now())
        topic = f"orderbook.{LEVELS}.{self._stock.hall.instruments[listing].symbol}"
        told = self._depth.changes(listing, topic)
        if told is None or self._stock.faults.hits(WireFault.GAP):
            return
        frame = encode(told)
        for session in tuple(self._sessions):
            if topic in session.topics:
                self._send(session, frame)

    def _send(self, session: Session, frame: bytes) -> None:
        if self._stock.faults.hits(WireFault.SILENT):
            session.silent_until = time.monotonic() + SILENCE_S
        session.send(b"{" if self._stock.faults.hits(WireFault.MALFORMED) else frame)

    def _push(self, account: str, topic: str, rows: list[dict[str, Any]]) -> None:
        faults = self._stock.faults
        if topic == "execution" and faults.hits(WireFault.LATE_FILL):
            asyncio.get_running_loop().call_later(LATE_S, self._tell, account, topic, rows)
        else:
            self._tell(account, topic, rows)
        if topic == "execution" and faults.hits(WireFault.TWICE):
            self._tell(account, topic, rows)

    def _tell(self, account: str, topic: str, rows: list[dict[str, Any]]) -> None:
        frame = encode({"id": "local", "topic": topic, "creationTime": now_ms(), "data": rows})
        for session in tuple(self._sessions):
            if session.account == account and topic in session.topics:
                self._send(session, frame)


def _answer(result: dict[str, Any], code: int = 0, text: str = "OK") -> bytes:
    return encode({"retCode": code, "retMsg": text, "result": result, "retExtInfo": {}, "time": now_ms()})
