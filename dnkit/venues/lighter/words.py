"""Words of Lighter's wire: order types by number, states of orders, errors."""

from collections.abc import Mapping

from dnkit.model.terms import EndKind, OrderType, RejectKind

LIMIT, MARKET = 0, 1  # kinds of orders
IOC, GOOD_TILL_TIME, POST_ONLY = 0, 1, 2  # times in force
TIFS: Mapping[OrderType, int] = {
    OrderType.IOC: IOC,
    OrderType.GTC: GOOD_TILL_TIME,
    OrderType.POST_ONLY: POST_ONLY,
}
TIF_WORDS: Mapping[OrderType, str] = {
    OrderType.IOC: "immediate-or-cancel",
    OrderType.MARKET: "immediate-or-cancel",
    OrderType.GTC: "good-till-time",
    OrderType.POST_ONLY: "post-only",
}
CLIENT_MAX = (1 << 48) - 1  # client ids are from 1 to here, the venue's own ids above
NONCE_MAX = (1 << 47) - 1  # with nonces skipped
FEE_TICK = 1_000_000  # a fee of 1 is a millionth

OPEN, FILLED = "open", "filled"
ENDS: Mapping[str, EndKind] = {
    FILLED: EndKind.FILLED,
    "canceled": EndKind.CANCELLED,
    "canceled-post-only": EndKind.POST_ONLY_CROSS,
    "canceled-reduce-only": EndKind.CANCELLED,
    "canceled-position-not-allowed": EndKind.CANCELLED,
    "canceled-margin-not-allowed": EndKind.CANCELLED,
    "canceled-too-much-slippage": EndKind.EXPIRED,
    "canceled-not-enough-liquidity": EndKind.EXPIRED,
    "canceled-self-trade": EndKind.CANCELLED,
    "canceled-expired": EndKind.EXPIRED,
    "canceled-oco": EndKind.CANCELLED,
    "canceled-child": EndKind.CANCELLED,
    "canceled-liquidation": EndKind.CANCELLED,
}
REJECTS: Mapping[str, RejectKind] = {  # states of an order that was refused after it had been taken
    "canceled-reduce-only": RejectKind.REDUCE_ONLY,
    "canceled-position-not-allowed": RejectKind.REDUCE_ONLY,
    "canceled-margin-not-allowed": RejectKind.MARGIN,
}

UNAUTHORISED = 20013
BAD_NONCE = 21104
UNKNOWN_KEY = 21108
BAD_SIGNATURE = 21120
BAD_TRANSACTION = 21501
BAD_KIND = 21505
BAD_MARKET = 21602
BAD_AMOUNT, BAD_PRICE, TOO_SMALL = 21701, 21702, 21706
BAD_TYPE, BAD_TIF, BAD_EXPIRY = 21710, 21705, 21711
NOT_ACTIVE = 21600
BAD_CLIENT_ID, DUPLICATE_ID = 21727, 21728
TOO_MANY = 23000
