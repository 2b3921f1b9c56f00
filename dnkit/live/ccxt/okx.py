"""OKX v5, linear swaps of an account in net mode. Never run against the venue itself."""

from collections.abc import Iterable, Sequence
from typing import Any

from ccxt.base.errors import OrderNotFound

from dnkit.live.ccxt.record import Record, Row, Terms, Wire, Word
from dnkit.model.terms import EndKind, OrderType, RejectKind
from dnkit.venues.base import Sign

# A word ccxt does not know, a small letter too, would become an order that rests.
TIFS = {
    OrderType.POST_ONLY: {"timeInForce": "PO"},
    OrderType.GTC: {"timeInForce": "GTC"},
    OrderType.IOC: {"timeInForce": "IOC"},
    OrderType.FOK: {"timeInForce": "FOK"},
}
TYPES = {
    OrderType.POST_ONLY: {"ordType": "post_only"},
    OrderType.GTC: {"ordType": "limit"},
    OrderType.IOC: {"ordType": "ioc"},
    OrderType.FOK: {"ordType": "fok"},
}


def _heard(url: str, message: Row) -> Iterable[tuple[Word, Row]]:
    channel = message.get("arg", {}).get("channel", "")
    if message.get("event") == "subscribe" and url.endswith("/private"):
        yield Word.JOINED, message
    elif channel == "books" and message.get("action") == "snapshot":
        yield Word.WHOLE, message["arg"]
    elif channel == "positions":
        for row in message.get("data", ()):
            yield Word.POSITION, row
    elif channel == "orders":
        for row in message.get("data", ()):
            yield Word.ORDER, row
            if row.get("tradeId"):
                yield Word.TRADE, _trade(row)


def _trade(order: Row) -> Row:
    """The fill that a row of an order tells, as the list of fills tells it. ccxt's own reading of it has the
    fee with the wrong sign.
    """
    told = {"fee": order["fillFee"], "feeCcy": order["fillFeeCcy"], "ts": order["fillTime"]}
    return {**order, **told}


async def _look(exchange: Any, market: Row, client_id: str) -> Row | None:
    try:
        told = await exchange.private_get_trade_order({"instId": market["id"], "clOrdId": client_id})
    except OrderNotFound:
        return None
    found: Row = told["data"][0]
    return found


async def _can_withdraw(exchange: Any) -> bool:
    told = (await exchange.private_get_account_config())["data"][0]
    return "withdraw" in told["perm"].split(",")


async def _terms(exchange: Any, market: Row, _held: Sequence[Row]) -> Terms:
    """A flat account has no position that tells them."""
    told = (await exchange.private_get_account_config())["data"][0]
    asked = {"instId": market["id"], "mgnMode": "cross"}
    rows = (await exchange.private_get_account_leverage_info(asked))["data"]
    return "one-way" if told["posMode"] == "net_mode" else "hedge", rows[0]["lever"] if rows else None


OKX = Record(
    ccxt_id="okx",
    keys={"apiKey": "api_key", "secret": "api_secret", "password": "passphrase"},
    options={
        "defaultType": "swap",
        "fetchMarkets": {"types": ["swap"]},
        "brokerId": None,
        "watchPositions": {"fetchPositionsSnapshot": False, "awaitPositionsSnapshot": False},
    },
    urls={"rest": "{http}", "ws": "{ws}/ws/v5"},
    tif=TIFS,
    wire=Wire(
        path="/trade/batch-orders",
        id="clOrdId",
        amount="sz",
        price="px",
        reduce_only="reduceOnly",
        types=TYPES,
    ),
    place_id="clOrdId",
    cancel_id="clOrdId",
    codes={
        "50001": RejectKind.MAINTENANCE,
        "50004": Sign.TIMED_OUT,
        "50005": Sign.TIMED_OUT,
        "50011": RejectKind.RATE,
        "50013": Sign.TIMED_OUT,
        "50026": Sign.TIMED_OUT,
        "50061": RejectKind.RATE,
        "51008": RejectKind.MARGIN,
        "51016": RejectKind.DUPLICATE,
        "51020": RejectKind.TOO_SMALL,
        "51120": RejectKind.TOO_SMALL,
        "51169": RejectKind.REDUCE_ONLY,
    },
    watches=("watch_orders", "watch_positions"),
    state_field="state",
    ends={"filled": EndKind.FILLED, "canceled": EndKind.CANCELLED, "mmp_canceled": EndKind.CANCELLED},
    reason_field="cancelSource",
    reasons={"13": EndKind.EXPIRED, "14": EndKind.EXPIRED, "31": EndKind.POST_ONLY_CROSS},
    raw_id="clOrdId",
    raw_symbol="instId",
    trades_by={"ordId": "ordId"},
    heard=_heard,
    look=_look,
    can_withdraw=_can_withdraw,
    terms=_terms,
    row_code="sCode",
    book_depth=400,
    is_contracts=True,
    tells_fees=False,  # ccxt's are those of coin-margined contracts
)
