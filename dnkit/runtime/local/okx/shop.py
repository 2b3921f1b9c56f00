"""OKX's wire on a local exchange: REST, sockets, and everything that may go wrong on them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from dnkit.runtime.local.backdoor import Backdoor
from dnkit.runtime.local.conversation import cut
from dnkit.runtime.local.okx import auth, words
from dnkit.runtime.local.okx.accounts import Accounts
from dnkit.runtime.local.okx.entry import Entry, batch
from dnkit.runtime.local.okx.feed import Feed, Subscriber, balance
from dnkit.runtime.local.okx.words import Contract, Refusal
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
from dnkit.venues.local.wire_faults import WireFault

PRIVATE = frozenset({"orders", "positions", "account"})
PUBLIC = frozenset({"books", "books5", "bbo-tbt", "tickers"})
encode = msgspec.json.Encoder().encode
Asked = Mapping[str, Any]
_SHAPE = (LookupError, TypeError, ValueError, AttributeError)


class OkxShop:
    """See `dnkit.runtime.local.shop.Shop`. An account is an API key; see `auth` for its secret."""

    def __init__(self, stock: Stock) -> None:
        self._stock, self._tellers = stock, Tellers(stock.hall)
        contracts = [Contract(number, stock.instrument(name)) for name, number in stock.listings.items()]
        self._contracts = {one.symbol: one for one in contracts}
        self._accounts = Accounts(self._tellers, {one.listing: one for one in contracts})
        self._entry = Entry(stock, self._accounts, contracts)
        self._feed = Feed(stock, self._accounts, contracts)

    def application(self) -> web.Application:
        """Its routes."""
        app = web.Application(client_max_size=BODY_MAX)
        app.add_routes(
            [
                web.route("*", "/api/v5/{path:.+}", self._rest),
                web.get("/ws/v5/{kind:public|private|business}", self._socket),
                *Backdoor(self._stock, self._tellers, lambda key: key.replace("-", "")).routes(),
            ]
        )
        app.cleanup_ctx.append(meanwhile(self._feed.run))
        return app

    def changed(self, listing: int, showing: Showing) -> None:
        """A watched book changed."""
        self._feed.changed(listing, showing)

    # --- REST -----------------------------------------------------------------------------------------

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        fault = self._stock.faults.first(*(FAULTS if request.method == "POST" else READ_FAULTS))
        if fault is WireFault.DROP_BEFORE:
            return cut(request)
        try:
            if fault in words.SAID:
                raise Refusal(words.SAID[fault])
            content, status = await self._answered(request), 200
        except Refusal as refusal:
            status = words.STATUSES.get(refusal.code, 401 if refusal.code.startswith("501") else 200)
            content = {"code": refusal.code, "msg": str(refusal), "data": []}
        if fault is WireFault.DROP_AFTER:
            return cut(request)
        if fault is WireFault.HTML:
            return page(BAD_GATEWAY)
        body = encode(content)
        body = body[: len(body) // 2] if fault is WireFault.TRUNCATED else body
        return web.Response(status=status, body=body, content_type="application/json")

    async def _answered(self, request: web.Request) -> dict[str, Any]:
        path, text = request.match_info["path"], await request.text()
        try:
            if path.startswith(("public/", "market/")):
                return {"code": "0", "msg": "", "data": self._public(path, request.query)}
            account = auth.proved(request.headers, request.method, request.path_qs, text)
            asked = msgspec.json.decode(text) if text else dict(request.query)
            work = self._writes(request.method, path)
            if work is not None:
                asked = asked if isinstance(asked, list) else [asked]
                return batch([await work(account, one) for one in asked])
            return {"code": "0", "msg": "", "data": await self._read(account, path, asked)}
        except _SHAPE:
            raise Refusal("51000") from None

    def _writes(self, method: str, path: str) -> Callable[[str, Asked], Awaitable[dict[str, Any]]] | None:
        if method != "POST":
            return None
        if path in ("trade/order", "trade/batch-orders"):
            return self._entry.place
        return self._entry.cancel if path in ("trade/cancel-order", "trade/cancel-batch-orders") else None

    def _public(self, path: str, asked: Asked) -> list[Any]:
        if path == "public/time":
            return [{"ts": str(words.now_ms())}]
        if path == "public/instruments":
            return [one.listed() for one in self._contracts.values()] if asked["instType"] == "SWAP" else []
        if path == "market/tickers":
            return [self._feed.ticker(symbol) for symbol in self._contracts]
        symbol = self._entry.contract(asked).symbol
        if path == "market/ticker":
            return [self._feed.ticker(symbol)]
        if path == "market/books":
            return [self._feed.book(symbol, int(asked.get("sz", 1)))]
        if path == "public/funding-rate":
            return [words.funding_row(symbol)]
        raise Refusal("51000", path)

    async def _read(self, account: str, path: str, asked: Asked) -> list[Any]:
        if path == "trade/order":
            return [await self._entry.find(account, asked)]
        if path in ("trade/orders-pending", "trade/orders-history", "trade/orders-history-archive"):
            return self._entry.rows(account, asked, live=path == "trade/orders-pending")
        if path == "account/positions":
            return await self._feed.positions(account, str(asked.get("instId", "")))
        if path in ("trade/fills", "trade/fills-history"):
            return self._accounts.fills(account, asked)
        if path == "account/balance":
            return [balance()]
        if path == "account/config":
            return [{"acctLv": "2", "posMode": "net_mode", "uid": account, "perm": "read_only,trade"}]
        if path in ("account/set-leverage", "account/leverage-info"):
            return [{"instId": asked.get("instId"), "lever": words.LEVERAGE, "mgnMode": "cross"}]
        if path in ("account/bills", "account/bills-archive"):
            return []
        raise Refusal("51000", path)

    # --- sockets --------------------------------------------------------------------------------------

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=BODY_MAX)
        await socket.prepare(request)
        subscriber = Subscriber(socket, request)
        tasks: set[asyncio.Task[None]] = set()
        self._feed.join(subscriber)
        try:
            async with subscriber.speaking():
                async for message in socket:
                    if message.type is WSMsgType.TEXT:
                        task = asyncio.create_task(self._said(subscriber, message.data))
                        tasks.add(task)
                        task.add_done_callback(tasks.discard)
        finally:
            self._feed.leave(subscriber)
            for task in tuple(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return socket

    async def _said(self, subscriber: Subscriber, text: str) -> None:
        if text == "ping":
            subscriber.send(b"pong")
            return
        try:
            await self._done(subscriber, msgspec.json.decode(text))
        except Refusal as refusal:
            subscriber.tell({"event": "error", "code": refusal.code, "msg": str(refusal)})
        except (*_SHAPE, msgspec.DecodeError):
            subscriber.tell({"event": "error", "code": "60012", "msg": words.TEXTS["60012"]})

    async def _done(self, subscriber: Subscriber, asked: Asked) -> None:
        name, args = asked["op"], asked["args"]
        if name == "login":
            subscriber.account = auth.logged_in(args[0])
            self._accounts[subscriber.account]
            subscriber.tell({"event": "login", "code": "0", "msg": ""})
        elif name in ("subscribe", "unsubscribe"):
            for arg in args:
                await self._subscribe(subscriber, name, arg)
        else:
            await self._ordered(subscriber, asked)

    async def _subscribe(self, subscriber: Subscriber, name: str, arg: Asked) -> None:
        channel, symbol = arg["channel"], arg.get("instId", "")
        if channel in PRIVATE and not subscriber.account:
            raise Refusal("60011")
        if channel not in PRIVATE and (channel not in PUBLIC or symbol not in self._contracts):
            raise Refusal("60018")
        subscriber.tell({"event": name, "arg": arg})
        if name == "subscribe":
            await self._feed.opened(subscriber, arg)
        else:
            subscriber.channels.pop((channel, symbol), None)

    async def _ordered(self, subscriber: Subscriber, asked: Asked) -> None:
        """An order or a cancel on the private socket, with everything that may go wrong with it."""
        works = {"order": self._entry.place, "batch-orders": self._entry.place}
        works |= {"cancel-order": self._entry.cancel, "batch-cancel-orders": self._entry.cancel}
        if asked["op"] not in works:
            raise Refusal("60012")
        if not subscriber.account:
            raise Refusal("60011")
        fault = self._stock.faults.first(*FAULTS)
        if fault is WireFault.DROP_BEFORE:
            subscriber.cut()
            return
        named = {"id": asked["id"], "op": asked["op"]}
        if fault in words.SAID:
            code = words.SAID[fault]
            subscriber.tell({**named, "code": code, "msg": words.TEXTS[code], "data": []})
            return
        frame = encode(
            named | batch([await works[asked["op"]](subscriber.account, one) for one in asked["args"]])
        )
        if fault is WireFault.DROP_AFTER:
            subscriber.cut()
            return
        frame = html(BAD_GATEWAY).encode() if fault is WireFault.HTML else frame
        subscriber.send(frame[: len(frame) // 2] if fault is WireFault.TRUNCATED else frame)
