"""The routes: /api/v1 and /stream, with everything that may go wrong on them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from dnkit.model.events import OrderFound
from dnkit.model.numbers import NS_PER_S
from dnkit.model.terms import FoundKind
from dnkit.runtime.local.backdoor import Backdoor
from dnkit.runtime.local.conversation import cut
from dnkit.runtime.local.lighter.auth import Auth, Refused, Register
from dnkit.runtime.local.lighter.entry import Entry
from dnkit.runtime.local.lighter.feed import Feed, Session
from dnkit.runtime.local.lighter.rows import Rows, price_text, size_text
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
from dnkit.runtime.local.teller import Teller
from dnkit.venues.lighter import words
from dnkit.venues.lighter.signing import MAINNET
from dnkit.venues.local.wire_faults import WireFault
from dnkit.venues.paper_order import PaperOrder

ROWS_MAX = 100
BOOK_MAX = 250
HOURLY = 0.000012
BAD_PARAMETER = 20001
encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode
Query = Mapping[str, str]
_SHAPE = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError)


class LighterShop:
    """See `dnkit.runtime.local.shop.Shop`. An account is its index; whoever asks about it opens it."""

    def __init__(self, stock: Stock) -> None:
        self._stock, self._tellers = stock, Tellers(stock.hall)
        self._rows = Rows(stock)
        self._feed = Feed(stock, self._rows)
        self._auth = Auth()
        self._entry = Entry(stock, self._auth, self._account)
        self._backdoor = Backdoor(stock, self._tellers, foreign)

    def application(self) -> web.Application:
        """Its routes."""
        public = {
            "assetDetails": self._assets,
            "orderBookDetails": self._markets,
            "orderBookOrders": self._book,
            "funding-rates": self._funding,
            "nextNonce": self._nonce,
            "apikeys": self._keys,
            "account": self._state,
        }
        private = {
            "accountLimits": self._limits,
            "accountActiveOrders": self._active,
            "accountInactiveOrders": self._inactive,
            "trades": self._trades,
            "positionFunding": self._payments,
        }
        app = web.Application(client_max_size=BODY_MAX)
        app.add_routes([web.get("/", self._asked(self._status)), web.get("/stream", self._socket)])
        app.add_routes([web.get(f"/api/v1/{name}", self._asked(work)) for name, work in public.items()])
        for name, work in private.items():
            app.add_routes([web.get(f"/api/v1/{name}", self._asked(work, private=True))])
        app.add_routes([web.post("/api/v1/sendTx", self._sent), web.post("/local/key", self._register)])
        app.add_routes(self._backdoor.routes())
        app.cleanup_ctx.append(meanwhile(self._feed.run))
        return app

    def changed(self, listing: int, showing: Showing) -> None:
        """A watched book changed."""
        self._feed.changed(listing, showing)

    def _account(self, account: int) -> Teller:
        teller = self._tellers[str(account)]
        self._feed.follow(account, teller)
        return teller

    # HTTP

    def _asked(
        self, work: Callable[[Query], Awaitable[Mapping[str, Any]]], *, private: bool = False
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def tell(request: web.Request) -> Mapping[str, Any]:
            if private:
                token = request.headers.get("Authorization") or request.query.get("auth", "")
                self._auth.admit(token, int(request.query["account_index"]))
            return await work(request.query)

        async def answer(request: web.Request) -> web.StreamResponse:
            return await self._answered(request, READ_FAULTS, lambda: tell(request))

        return answer

    async def _sent(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()

        async def take() -> Mapping[str, Any]:
            return self._entry.take(int(str(form["tx_type"])), decode(str(form["tx_info"])))

        return await self._answered(request, FAULTS, take)

    async def _answered(
        self,
        request: web.Request,
        faults: Sequence[WireFault],
        work: Callable[[], Awaitable[Mapping[str, Any]]],
    ) -> web.StreamResponse:
        fault = self._stock.faults.first(*faults)
        if fault is WireFault.MAINTENANCE:
            return page(MENDED)
        if fault is WireFault.DROP_BEFORE:
            return cut(request)
        if fault is WireFault.RATE_LIMIT:
            return _refusal(Refused(words.TOO_MANY, "Too Many Requests!"), status=429)
        try:
            body = encode(await work())
        except Refused as refused:
            return _refusal(refused)
        except (msgspec.DecodeError, *_SHAPE):
            return _refusal(Refused(BAD_PARAMETER, "invalid param"))
        if fault is WireFault.DROP_AFTER:
            return cut(request)
        if fault is WireFault.HTML:
            return page(BAD_GATEWAY)
        if fault is WireFault.TRUNCATED:
            body = body[: len(body) // 2]
        return web.Response(body=body, content_type="application/json")

    async def _register(self, request: web.Request) -> web.StreamResponse:
        """A door of rehearsals alone; the venue has another way."""
        try:
            self._auth.register(msgspec.json.decode(await request.read(), type=Register))
        except (msgspec.MsgspecError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({})

    async def _status(self, _query: Query) -> Mapping[str, Any]:
        return {"status": 200, "network_id": MAINNET, "timestamp": time.time_ns() // NS_PER_S}

    async def _assets(self, _query: Query) -> Mapping[str, Any]:
        usdc = {"asset_id": 3, "symbol": "USDC", "l1_decimals": 6, "decimals": 6, "margin_mode": "enabled"}
        return {"code": 200, "asset_details": [usdc]}

    async def _markets(self, _query: Query) -> Mapping[str, Any]:
        rows = [self._rows.market(listing) for listing in self._stock.listings.values()]
        return {"code": 200, "order_book_details": rows, "spot_order_book_details": []}

    async def _book(self, query: Query) -> Mapping[str, Any]:
        listing, limit = self._listing(query["market_id"]), min(int(query["limit"]), BOOK_MAX)
        one, (bids, asks) = self._stock.hall.instruments[listing], self._feed.sides(listing)
        found: dict[str, Any] = {"code": 200}
        for name, side in (("bids", bids), ("asks", asks)):
            rows = [
                {"price": price_text(one, at), "remaining_base_amount": size_text(one, lots)}
                for at, lots in [*side.items()][:limit]
            ]
            found |= {name: rows, f"total_{name}": len(rows)}
        return found

    async def _funding(self, _query: Query) -> Mapping[str, Any]:
        rows = [
            {"market_id": listing, "exchange": "lighter", "symbol": symbol, "rate": HOURLY}
            for symbol, listing in self._stock.listings.items()
        ]
        return {"code": 200, "funding_rates": rows}

    async def _nonce(self, query: Query) -> Mapping[str, Any]:
        name = int(query["account_index"]), int(query["api_key_index"])
        return {"code": 200, "nonce": self._auth.nonce(name)}

    async def _keys(self, query: Query) -> Mapping[str, Any]:
        account = int(query["account_index"])
        rows = [
            {
                "account_index": account,
                "api_key_index": key,
                "nonce": self._auth.nonce((account, key)),
                "public_key": public.hex(),
            }
            for key, public in self._auth.keys(account).items()
        ]
        return {"code": 200, "api_keys": rows}

    async def _state(self, query: Query) -> Mapping[str, Any]:
        account = int(query["value"])
        row = await self._rows.account(account, self._account(account))
        return {"code": 200, "total": 1, "accounts": [row]}

    async def _limits(self, _query: Query) -> Mapping[str, Any]:
        return {"code": 200, "user_tier": "standard", "user_tier_name": "standard"}

    async def _active(self, query: Query) -> Mapping[str, Any]:
        account, listing = int(query["account_index"]), self._listing(query["market_id"])
        resting = self._account(account).resting(listing)
        return {"code": 200, "orders": [self._rows.order_now(account, listing, one) for one in resting]}

    async def _inactive(self, query: Query) -> Mapping[str, Any]:
        """The newest first. What has just ended may not be in the list yet."""
        account, listing = int(query["account_index"]), self._listing(query["market_id"])
        teller, limit = self._account(account), min(int(query["limit"]), ROWS_MAX)
        over = [one for one in reversed(teller.orders(listing)) if not one.live][:limit]
        known = await asyncio.gather(*(self._is_known(teller, listing, one) for one in over))
        shown = [one for one, is_known in zip(over, known, strict=True) if is_known]
        return {"code": 200, "orders": [self._rows.order_now(account, listing, one) for one in shown]}

    async def _is_known(self, teller: Teller, listing: int, order: PaperOrder) -> bool:
        lag = self._stock.hall.capabilities[self._stock.hall.instruments[listing].venue].lookup_lag_ns
        if order.refused is not None or self._stock.hall.now() - order.since_ns > lag:
            return True
        found = await teller.find(listing, order.asked.key)
        return isinstance(found, OrderFound) and found.found is not FoundKind.ABSENT

    async def _trades(self, query: Query) -> Mapping[str, Any]:
        """The newest first."""
        account, limit = int(query["account_index"]), min(int(query["limit"]), ROWS_MAX)
        teller, listings = self._account(account), [*self._stock.listings.values()]
        if "market_id" in query:
            listings = [self._listing(query["market_id"])]
        rows = [row for one in listings for row in self._rows.trades(account, teller, one)]
        if "order_index" in query:
            rows = [row for row in rows if int(query["order_index"]) in (row["ask_id"], row["bid_id"])]
        rows.sort(key=lambda row: int(row["timestamp"]))
        return {"code": 200, "trades": rows[::-1][:limit]}

    async def _payments(self, _query: Query) -> Mapping[str, Any]:
        return {"code": 200, "position_fundings": []}

    def _listing(self, text: str) -> int:
        listing = int(text)
        if listing not in self._stock.listings.values():
            raise Refused(words.BAD_MARKET, "invalid market index")
        return listing

    # The socket

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=None, max_msg_size=BODY_MAX)
        await socket.prepare(request)
        session = Session(socket, request)
        self._feed.join(session)
        try:
            async with session.speaking():
                async for message in socket:
                    if message.type is WSMsgType.TEXT:
                        self._heard(session, message.data)
        finally:
            self._feed.leave(session)
        return socket

    def _heard(self, session: Session, text: str) -> None:
        said: Any = {}
        try:
            said = decode(text)
            match said["type"]:
                case "subscribe":
                    self._subscribe(session, said)
                case "unsubscribe":
                    session.channels.discard(said["channel"])
                    kind, *numbers = said["channel"].split("/")
                    session.tell({"type": "unsubscribed", "channel": f"{kind}:{numbers[0]}"})
                case "jsonapi/sendtx":
                    self._sent_by_socket(session, said["data"])
        except Refused as refused:
            session.tell({"error": {"code": refused.code, "message": str(refused)}})
        except (msgspec.DecodeError, *_SHAPE):
            channel = said.get("channel", "") if isinstance(said, dict) else ""
            session.tell({"error": {"code": 30005, "message": f"Invalid Channel: {channel}"}})

    def _subscribe(self, session: Session, said: Mapping[str, Any]) -> None:
        kind, *numbers = said["channel"].split("/")
        if said["channel"] in session.channels:
            raise Refused(30003, f"Already Subscribed to : {said['channel']}")
        if kind == "order_book":
            [listing] = map(self._listing, numbers)
            self._feed.show(session, listing)
        elif kind in ("account_orders", "account_all_orders"):
            account, only = int(numbers[-1]), self._listing(numbers[0]) if len(numbers) > 1 else None
            self._auth.admit(said.get("auth", ""), account)
            self._feed.show_orders(session, account, self._account(account), only)
        elif kind == "account_all_trades":
            account = int(numbers[0])
            self._feed.show_trades(session, account, self._account(account))
        else:
            raise Refused(30005, f"Invalid Channel: {said['channel']}")
        session.channels.add(said["channel"])

    def _sent_by_socket(self, session: Session, data: Mapping[str, Any]) -> None:
        """A transaction by the socket, and its answer by the same id."""
        fault = self._stock.faults.first(*FAULTS)
        if fault is WireFault.DROP_BEFORE:
            session.cut()
            return
        if fault is WireFault.MAINTENANCE:
            session.send(html(MENDED).encode())
            return
        named = {"type": "jsonapi/sendtx", "id": data["id"]}
        try:
            if fault is WireFault.RATE_LIMIT:
                raise Refused(words.TOO_MANY, "Too Many Requests!")
            told = named | self._entry.take(data["tx_type"], data["tx_info"])
        except Refused as refused:
            told = named | {"error": {"code": refused.code, "message": str(refused)}}
        if fault is WireFault.DROP_AFTER:
            session.cut()
            return
        frame = html(BAD_GATEWAY).encode() if fault is WireFault.HTML else encode(told)
        session.send(frame[: len(frame) // 2] if fault is WireFault.TRUNCATED else frame)


def foreign(name: str) -> str:
    """The client id of a manual order of that name."""
    return str(int.from_bytes(name.encode(), "big") % words.CLIENT_MAX + 1)


def _refusal(refused: Refused, *, status: int = 400) -> web.Response:
    return web.json_response({"code": refused.code, "message": str(refused)}, status=status)
