"""Bybit v5, linear perpetuals of a unified account. Never run against the venue itself."""

from collections.abc import Iterable
from typing import Any

from dnkit.live.ccxt.record import Record, Row, Wire, Word
from dnkit.model.terms import EndKind, OrderType, RejectKind
from dnkit.venues.base import Sign

TIFS = {
    OrderType.POST_ONLY: {"timeInForce": "PostOnly"},
    OrderType.GTC: {"timeInForce": "GTC"},
    OrderType.IOC: {"timeInForce": "IOC"},
    OrderType.FOK: {"timeInForce": "FOK"},
    OrderType.MARKET: {"timeInForce": "IOC"},  # with the worst price it may take
}
PRIVATE = "{ws}/v5/private"
TOPICS = {"order": Word.ORDER, "execution": Word.TRADE, "position": Word.POSITION}


def _heard(url: str, message: Row) -> Iterable[tuple[Word, Row]]:
    topic = message.get("topic", "")
    if topic.startswith("orderbook."):
        if message["type"] == "snapshot":
            yield Word.WHOLE, {"symbol": message["data"]["s"]}
    elif topic in TOPICS:
        for row in message["data"]:
            yield TOPICS[topic], row
    elif message.get("op") == "subscribe" and message.get("success") and url.endswith("/private"):
        yield Word.JOINED, message


async def _look(exchange: Any, market: Row, client_id: str) -> Row | None:
    """Orders that go on or are just over stand in one list, older ones in another."""
    asked = {"category": "linear", "symbol": market["id"], "orderLinkId": client_id}
    for call in (exchange.private_get_v5_order_realtime, exchange.private_get_v5_order_history):
        rows: list[Row] = (await call(asked))["result"]["list"]
        if rows:
            return rows[0]
    return None


async def _can_withdraw(exchange: Any) -> bool:
    told = (await exchange.private_get_v5_user_query_api())["result"]
    return "Withdraw" in told["permissions"].get("Wallet", ())


BYBIT = Record(
    ccxt_id="bybit",
    keys={"apiKey": "api_key", "secret": "api_secret"},
    options={
        "defaultType": "swap",
        "fetchMarkets": {"types": ["linear"]},
        "enableUnifiedMargin": False,
        "enableUnifiedAccount": True,
        "unifiedMarginStatus": 6,
        "watchPositions": {"fetchPositionsSnapshot": False},
    },
    urls={
        **dict.fromkeys(("spot", "futures", "v2", "public", "private"), "{http}"),
        "ws": {
            "public": {"linear": "{ws}/v5/public/linear"},
            "private": {"contract": PRIVATE, "spot": {"unified": PRIVATE}, "usdc": PRIVATE},
        },
    },
    unwanted=("Referer",),  # names ccxt as the broker
    tif=TIFS,
    wire=Wire(
        path="/v5/order/create",
        id="orderLinkId",
        amount="qty",
        price="price",
        reduce_only="reduceOnly",
        types=TIFS,
    ),
    place_id="orderLinkId",
    cancel_id="orderLinkId",
    codes={
        "10000": Sign.TIMED_OUT,
        "10016": Sign.TIMED_OUT,
        "10006": RejectKind.RATE,
        "10018": RejectKind.RATE,
        "10429": RejectKind.RATE,
        "110007": RejectKind.MARGIN,
        "110017": RejectKind.REDUCE_ONLY,
        "110072": RejectKind.DUPLICATE,
        "110094": RejectKind.TOO_SMALL,
        "170218": RejectKind.POST_ONLY_CROSS,
    },
    watches=("watch_orders", "watch_my_trades", "watch_positions"),
    state_field="orderStatus",
    ends={
        "Filled": EndKind.FILLED,
        "Cancelled": EndKind.CANCELLED,
        "PartiallyFilledCanceled": EndKind.CANCELLED,
        "Deactivated": EndKind.CANCELLED,
        "Rejected": None,
    },
    reason_field="rejectReason",
    reasons={
        "EC_PostOnlyWillTakeLiquidity": EndKind.POST_ONLY_CROSS,
        "EC_NoImmediateQtyToFill": EndKind.EXPIRED,
    },
    raw_id="orderLinkId",
    raw_symbol="symbol",
    trades_by={"orderLinkId": "orderLinkId"},
    heard=_heard,
    look=_look,
    can_withdraw=_can_withdraw,
    book_depth=50,
    tells_fees=True,
)
