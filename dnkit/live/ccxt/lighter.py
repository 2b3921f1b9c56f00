"""Lighter perpetuals: a library of the venue's own signs, and an answer says no more than that a transaction
was taken. Never run against the venue itself.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from ccxt.base.errors import NetworkError

from dnkit.live.ccxt.exchange import NotSent
from dnkit.live.ccxt.record import Record, Row, Word, number_id
from dnkit.model.errors import DnkitError
from dnkit.model.numbers import NS_PER_MS
from dnkit.model.terms import OrderType, RejectKind
from dnkit.venues.lighter import words

ROWS, WHOLE_S = 100, 3
HOUR_MS, SECOND_MS = 3_600_000, 1_000
KEYS = range(4, 255)  # ccxt takes another one where it is told of a number outside
BOOKS = "?readonly=true"  # a connection of their own, which may break without the account's
NEEDED = ("private_key", "account_index", "api_key_index", "library")
TIFS: Mapping[OrderType, Row] = {
    OrderType.POST_ONLY: {"postOnly": True},
    OrderType.GTC: {"timeInForce": "gtt"},
    OrderType.IOC: {"timeInForce": "ioc"},
    OrderType.MARKET: {"timeInForce": "ioc"},  # with the worst price it may take
}


def _prepare(raw: Any, keys: Mapping[str, str]) -> None:
    """Make ccxt's class sign, send and read as it has to here."""
    raw.options |= _options(keys)
    raw.enableRateLimit = False  # it would wait a second between any two requests
    _Sending(raw)
    _read(raw)
    _guard(raw)


def _options(keys: Mapping[str, str]) -> dict[str, Any]:
    missing = [one for one in NEEDED if not keys.get(one)]
    if missing:
        raise DnkitError(f"lighter needs {', '.join(missing)}: docs/VENUES.md says where they go")
    account, key = keys["account_index"], keys["api_key_index"]
    if not Path(keys["library"]).is_file():
        raise DnkitError(f"lighter: there is no library that signs at {keys['library']}")
    if not (account.isdigit() and key.isdigit() and int(key) in KEYS):
        raise DnkitError("lighter: account_index is a number, api_key_index one from 4 to 254")
    return {
        "libraryPath": keys["library"],
        "accountIndex": int(account),
        "apiKeyIndex": int(key),
        "auths": {account: {key: {"lighterPrivateKey": keys["private_key"]}}},
        "tiersForAccountIndexes": {account: True},  # else it asks before the first order
    }


class _Sending:
    """One transaction at a time leaves, with a number above the last one's, and is the one that was meant."""

    def __init__(self, raw: Any) -> None:
        self._raw, self._turn, self._last, self._wanted = raw, asyncio.Lock(), 0, dict[str, int]()
        self._create, self._cancel, self._send = raw.create_order, raw.cancel_order, raw.publicPostSendTx
        raw.create_order, raw.cancel_order, raw.publicPostSendTx = self._created, self._cancelled, self._sent
        raw.fetch_nonce = self._nonce

    async def _created(
        self, symbol: str, type: str, side: str, amount: str, price: str, params: Row
    ) -> dict[str, Any]:
        info = self._raw.market(symbol)["info"]
        tif = next(words.TIFS[one] for one, kind in TIFS.items() if kind.items() <= params.items())
        async with self._turn:
            self._wanted = {
                "ClientOrderIndex": int(params["clientOrderId"]),
                "BaseAmount": _scaled(amount, info["size_decimals"]),
                "Price": _scaled(price, info["price_decimals"]),
                "IsAsk": int(side == "sell"),
                "Type": words.LIMIT,
                "TimeInForce": tif,
                "ReduceOnly": int(params.get("reduceOnly", False)),
                "TriggerPrice": 0,
            }
            return _taken(await self._create(symbol, type, side, amount, price, params))

    async def _cancelled(self, id: str, symbol: str, params: Row) -> dict[str, Any]:
        async with self._turn:
            self._wanted = {"Index": int(id)}
            return _taken(await self._cancel(id, symbol, params))

    async def _nonce(self, *_of: object) -> int:
        self._last = max(self._last + 1, time.time_ns() // NS_PER_MS)
        return self._last

    async def _sent(self, request: Row) -> Any:
        info = msgspec.json.decode(request["tx_info"])
        wanted = self._wanted | {"AccountIndex": self._raw.options["accountIndex"], "Nonce": self._last}
        if any(info[name] != one for name, one in wanted.items()) or info["L2TxAttributes"] != {"4": 1}:
            raise NotSent(f"ccxt would send {request['tx_info']}, which is not what was meant")
        return await self._send(request)


def _scaled(amount: str, decimals: object) -> int:
    return int(Decimal(amount).scaleb(int(str(decimals))))


def _taken(reply: dict[str, Any]) -> dict[str, Any]:
    """No order has a number yet: the transaction's stands for it."""
    return reply | {"id": reply["info"].get("tx_hash")}


def _read(raw: Any) -> None:
    """What ccxt has no words for, or reads less of than the stream tells: funding, fees."""

    held = raw.fetch_positions

    def trade(row: Row, market: Any = None) -> Any:
        return raw.parse_ws_order_trade(_own(row, str(raw.options["accountIndex"])), market)

    async def positions(symbols: Sequence[str]) -> Sequence[Row]:
        """One a market, also where nothing is held; there are no other modes than one-way."""
        rows = {row["symbol"]: row for row in await held(symbols)}
        return [_position(rows.get(one), raw.market(one)) for one in symbols]

    async def rate(symbol: str) -> Row:
        """Of the hour that runs."""
        rows, id = (await raw.public_get_funding_rates())["funding_rates"], raw.market(symbol)["id"]
        found = [one for one in rows if one["exchange"] == "lighter" and str(one["market_id"]) == id]
        next_ms = (time.time_ns() // NS_PER_MS // HOUR_MS + 1) * HOUR_MS
        return {"fundingRate": str(found[0]["rate"]), "fundingTimestamp": next_ms}

    async def history(symbol: str, since_ms: int | None) -> Sequence[Row]:
        asked = {"account_index": raw.options["accountIndex"], "market_id": raw.market(symbol)["id"]}
        rows = (await raw.private_get_positionfunding(asked | {"limit": ROWS}))["position_fundings"]
        found = [{"timestamp": int(one["timestamp"]) * SECOND_MS, "amount": one["change"]} for one in rows]
        return [one for one in reversed(found) if one["timestamp"] >= (since_ms or 0)]

    async def clock() -> int:
        """Told in whole seconds."""
        return int((await raw.root_get())["timestamp"]) * SECOND_MS + SECOND_MS // 2

    raw.parse_trade, raw.fetch_funding_rate, raw.fetch_funding_history = trade, rate, history
    raw.fetch_time, raw.fetch_positions = clock, positions


def _position(told: Row | None, market: Row) -> Row:
    """A position with its leverage, which ccxt rounds; before the first one, that of the market."""
    if told is None:
        hundredths = Decimal(str(market["info"]["default_initial_margin_fraction"]))
        return {"side": None, "contracts": "0", "hedged": False, "leverage": Decimal(10_000) / hundredths}
    percent = Decimal(told["info"]["initial_margin_fraction"])
    return {**told, "hedged": False, "leverage": Decimal(100) / percent}


def _guard(raw: Any) -> None:
    """Books come by a connection of their own. One whose change does not follow the last one is lost, and
    asked for again; one that is not told whole then ends the connection.
    """
    show, subscribe, handle = raw.handle_order_book, raw.subscribe_public, raw.handle_message
    last: dict[str, int] = {}
    asked_s: dict[str, float] = {}

    def message(client: Any, told: Any) -> None:
        if told.get("type") != "unsubscribed":  # by us, for a whole book: ccxt would end the watch
            handle(client, told)

    def book(client: Any, told: Row) -> None:
        market, change = told["channel"].partition(":")[2], told["order_book"]
        if told["type"] != "subscribed/order_book" and last.get(market) != change["begin_nonce"]:
            now_s = time.monotonic()
            if now_s - asked_s.setdefault(market, now_s) > WHOLE_S:
                raise NetworkError("a book is not told whole")
            if last.pop(market, None) is not None:
                raw.lost(raw.safe_symbol(market))
                for kind in ("unsubscribe", "subscribe"):
                    raw.spawn(client.send, {"type": kind, "channel": f"order_book/{market}"})
            return
        last[market] = change["nonce"]
        asked_s.pop(market, None)
        show(client, told)

    async def subscribed(name: str, params: Row) -> Any:
        if not params["channel"].startswith("order_book/"):
            return await subscribe(name, params)
        asked, about = {"type": "subscribe", **params}, {"messageHash": name, "params": params}
        return await raw.watch(raw.urls["api"]["ws"] + BOOKS, name, asked, name, about)

    raw.handle_order_book, raw.subscribe_public, raw.handle_message = book, subscribed, message


def _heard(_url: str, message: Row) -> Iterable[tuple[Word, Row]]:
    """What is told of trades at first is history."""
    kind, channel = message.get("type"), message.get("channel", "")
    match kind:
        case "subscribed/order_book":
            yield Word.WHOLE, {"symbol": channel.partition(":")[2]}
        case "subscribed/account_all_orders" | "subscribed/account_all_trades":
            yield Word.JOINED, message
        case "update/account_all_orders":
            for market, rows in message["orders"].items():
                for row in rows:
                    yield Word.ORDER, {**row, "symbol": market}
        case "update/account_all_trades":
            for market, rows in message["trades"].items():
                for row in rows:
                    yield Word.TRADE, {**_own(row, channel.partition(":")[2]), "symbol": market}


def _own(row: Row, account: str) -> Row:
    """A trade from the side of an account."""
    side = "bid" if str(row["bid_account_id"]) == account else "ask"
    return {**row, "accountIndex": account, "client_order_id": str(row[f"{side}_client_id"])}


async def _look(exchange: Any, market: Row, client_id: str) -> Row | None:
    """What rests stands in one list, what is over in another, which may be late."""
    asked = {"account_index": exchange.options["accountIndex"], "market_id": market["id"]}
    for call, more in (
        (exchange.private_get_accountactiveorders, {}),
        (exchange.private_get_accountinactiveorders, {"limit": ROWS}),
    ):
        rows: list[Row] = (await call(asked | more))["orders"]
        found = next((one for one in rows if str(one["client_order_index"]) == client_id), None)
        if found is not None:
            return found
    return None


async def _can_withdraw(_exchange: Any) -> None:
    """A key signs whatever it is asked to; the venue does not tell what it is for."""


LIGHTER = Record(
    ccxt_id="lighter",
    keys={},
    options={"defaultType": "swap", "builderFee": False},
    urls={**dict.fromkeys(("root", "public", "private"), "{http}"), "ws": "{ws}/stream"},
    tif=TIFS,
    wire=None,
    place_id="clientOrderId",
    cancel_id="",
    codes={
        str(words.DUPLICATE_ID): RejectKind.DUPLICATE,
        str(words.TOO_SMALL): RejectKind.TOO_SMALL,
        str(words.TOO_MANY): RejectKind.RATE,
        **dict.fromkeys(("21507", "21508", "21739"), RejectKind.MARGIN),
        **dict.fromkeys(("21614", "21732", "21738", "21740"), RejectKind.REDUCE_ONLY),
    },
    watches=("watch_orders", "watch_my_trades"),
    state_field="status",
    ends=words.ENDS,
    reason_field="",
    reasons={},
    raw_id="client_order_id",
    raw_symbol="symbol",
    trades_by={"order_index": "order_index"},
    heard=_heard,
    look=_look,
    can_withdraw=_can_withdraw,
    prepare=_prepare,
    client_id=number_id,
    book_url=BOOKS,
    compares=False,
)
