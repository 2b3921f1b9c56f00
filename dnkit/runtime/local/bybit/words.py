"""Orders, executions and books as Bybit writes them."""

import hashlib
from typing import Any

from dnkit.model.instrument import Instrument
from dnkit.model.numbers import from_pico, plain
from dnkit.model.terms import EndKind, OrderType, RejectKind, Side
from dnkit.runtime.local.bybit.auth import now_ms
from dnkit.venues.paper_order import PaperOrder

TIFS = {
    "GTC": OrderType.GTC,
    "IOC": OrderType.IOC,
    "FOK": OrderType.FOK,
    "PostOnly": OrderType.POST_ONLY,
}
TIF_NAMES = {kind: name for name, kind in TIFS.items()}
SIDES = {"Buy": Side.BUY, "Sell": Side.SELL}
SIDE_NAMES = {side: name for name, side in SIDES.items()}
CODES = {
    RejectKind.DUPLICATE: (110072, "OrderLinkedID is duplicate"),
    RejectKind.REDUCE_ONLY: (110017, "orderQty will be truncated to zero."),
    RejectKind.MARGIN: (110007, "CheckMarginRatio failed"),
    RejectKind.TOO_SMALL: (110094, "Order does not meet minimum order value"),
    RejectKind.RATE: (10006, "Too many visits. Exceeded the API Rate Limit."),
    RejectKind.OTHER: (10001, "params error"),
}
_REASONS = {
    EndKind.POST_ONLY_CROSS: "EC_PostOnlyWillTakeLiquidity",
    EndKind.EXPIRED: "EC_NoImmediateQtyToFill",
    EndKind.CANCELLED: "EC_PerCancelRequest",
}


def order_id(account: str, symbol: str, key: str) -> str:
    """The venue's own name of an order."""
    text = hashlib.sha256(f"{account} {symbol} {key}".encode()).hexdigest()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"


def order_row(account: str, one: Instrument, order: PaperOrder) -> dict[str, Any]:
    """An order as it is now."""
    asked, at = order.asked, str(now_ms())
    left = asked.lots - order.cum if order.live else 0
    average = one.tick * order.worth / order.cum if order.cum else None
    return {
        "category": "linear",
        "symbol": one.symbol,
        "orderId": order_id(account, one.symbol, asked.key),
        "orderLinkId": asked.key,
        "side": SIDE_NAMES[asked.side],
        "orderType": "Limit",
        "timeInForce": TIF_NAMES.get(asked.type, "GTC"),
        "price": plain(one.price(asked.price)),
        "qty": plain(one.quantity(asked.lots)),
        "cumExecQty": plain(one.quantity(order.cum)),
        "cumExecValue": plain(one.tick * one.lot * order.worth),
        "cumExecFee": plain(from_pico(order.fee)),
        "leavesQty": plain(one.quantity(left)),
        "avgPrice": plain(average) if average is not None else "",
        "orderStatus": _status(order),
        "rejectReason": _REASONS.get(order.ended, "EC_NoError") if order.ended else "EC_NoError",
        "reduceOnly": asked.reduce_only,
        "positionIdx": 0,
        "createdTime": at,
        "updatedTime": at,
    }


def position_row(one: Instrument, lots: int) -> dict[str, Any]:
    """A position, in one-way mode."""
    return {
        "category": "linear",
        "symbol": one.symbol,
        "side": SIDE_NAMES[Side.BUY if lots > 0 else Side.SELL] if lots else "",
        "size": plain(one.quantity(abs(lots))),
        "avgPrice": "0",
        "leverage": "10",
        "positionIdx": 0,
        "positionValue": "0",
        "updatedTime": str(now_ms()),
    }


def _status(order: PaperOrder) -> str:
    if order.cum >= order.asked.lots:
        return "Filled"
    if order.ended is None:
        return "PartiallyFilled" if order.cum else "New"
    if order.ended is EndKind.FILLED:
        return "Filled"
    return "PartiallyFilledCanceled" if order.cum else "Cancelled"
