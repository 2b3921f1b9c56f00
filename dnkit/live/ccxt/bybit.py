"""Bybit v5, linear perpetuals of a unified account. Never run against the venue itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from dnkit.live.ccxt.record import Record
from dnkit.model.terms import EndKind, OrderType, RejectKind
from dnkit.venues.base import Sign


def _urls(base: str) -> Mapping[str, Any]:
    stream = "ws" + base.removeprefix("http")
    private = f"{stream}/v5/private"
    return {
        "api": {
            **dict.fromkeys(("spot", "futures", "v2", "public", "private"), base),
            "ws": {
                "public": {"linear": f"{stream}/v5/public/linear"},
                "private": {"contract": private, "spot": {"unified": private}, "usdc": private},
            },
        }
    }


async def _look(exchange: Any, market: Mapping[str, Any], client_id: str) -> Mapping[str, Any] | None:
    """Orders that go on or are just over stand in one list, older ones in another."""
    asked = {"category": "linear", "symbol": market["id"], "orderLinkId": client_id}
    for call in (exchange.private_get_v5_order_realtime, exchange.private_get_v5_order_history):
        rows: list[Mapping[str, Any]] = (await call(asked))["result"]["list"]
        if rows:
            return rows[0]
    return None


async def _trades(
    exchange: Any, market: Mapping[str, Any], order: Mapping[str, Any]
) -> Sequence[Mapping[str, Any]]:
    told: Sequence[Mapping[str, Any]] = await exchange.fetch_my_trades(
        market["symbol"], None, 100, {"orderLinkId": order["orderLinkId"]}
    )
    return told


BYBIT = Record(
    ccxt_id="bybit",
    keys={"apiKey": "api_key", "secret": "api_secret"},
    options={
        "defaultType": "swap",
        "fetchMarkets": {"types": ["linear"]},
        "enableUnifiedMargin": False,
        "enableUnifiedAccount": True,
        "unifiedMarginStatus": 6,
    },
    tif={
        OrderType.POST_ONLY: {"timeInForce": "PostOnly"},
        OrderType.GTC: {"timeInForce": "GTC"},
        OrderType.IOC: {"timeInForce": "IOC"},
        OrderType.FOK: {"timeInForce": "FOK"},
    },
    place_id="orderLinkId",
    cancel_id="orderLinkId",
    codes={
        "10000": Sign.TIMED_OUT,
        "10016": Sign.TIMED_OUT,
        "10006": RejectKind.RATE,
        "110007": RejectKind.MARGIN,
        "110017": RejectKind.REDUCE_ONLY,
        "110072": RejectKind.DUPLICATE,
        "110094": RejectKind.TOO_SMALL,
        "170218": RejectKind.POST_ONLY_CROSS,
    },
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
    urls=_urls,
    look=_look,
    trades=_trades,
    book_depth=50,
)
