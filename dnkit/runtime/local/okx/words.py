"""OKX's own words on a local exchange: contracts, codes, orders and fills as it shows them.

Sizes on the wire are contracts: one lot of ours is a hundredth of a contract. All numbers are strings.
"""

import hashlib
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from dnkit.model.instrument import Instrument
from dnkit.model.numbers import NS_PER_MS, from_pico
from dnkit.model.terms import EndKind, OrderType, RejectKind, Side
from dnkit.venues.local.wire_faults import WireFault
from dnkit.venues.paper_order import PaperOrder

LOT_CONTRACTS = Decimal("0.01")
LEVERAGE = "10"
FUNDING_MS = 8 * 3600 * 1000
AVERAGE_STEP = Decimal("0.00000001")
KINDS: Mapping[str, OrderType] = {
    "limit": OrderType.GTC,
    "post_only": OrderType.POST_ONLY,
    "ioc": OrderType.IOC,
    "fok": OrderType.FOK,
    "market": OrderType.MARKET,
}
# Who cancelled an order.
SOURCES: Mapping[EndKind, str] = {
    EndKind.POST_ONLY_CROSS: "31",
    EndKind.EXPIRED: "14",
    EndKind.CANCELLED: "1",
}
FOK_UNMATCHED = "13"
NAMES = {kind: name for name, kind in KINDS.items()}
SIDES: Mapping[str, Side] = {"buy": Side.BUY, "sell": Side.SELL}
# Codes of refusals the matching makes.
CODES: Mapping[RejectKind, str] = {
    RejectKind.POST_ONLY_CROSS: "51000",
    RejectKind.NO_MATCH: "51000",
    RejectKind.TOO_SMALL: "51020",
    RejectKind.REDUCE_ONLY: "51169",
    RejectKind.MARGIN: "51008",
    RejectKind.DUPLICATE: "51016",
    RejectKind.RATE: "50011",
    RejectKind.OTHER: "51006",
}
TEXTS: Mapping[str, str] = {
    "1": "All operations failed",
    "2": "Bulk operation partially succeeded",
    "50001": "Service temporarily unavailable. Try again later",
    "50004": "API endpoint request timeout (does not mean that the request was successful or failed)",
    "50011": "Too Many Requests",
    "50102": "Timestamp request expired",
    "50103": "Request header OK-ACCESS-KEY cannot be empty",
    "50105": "Request header OK-ACCESS-PASSPHRASE incorrect",
    "50111": "Invalid OK-ACCESS-KEY",
    "50113": "Invalid Sign",
    "51000": "Parameter error",
    "51001": "Instrument ID does not exist",
    "51006": "Order price is not within the price limit",
    "51008": "Order failed. Insufficient margin in account",
    "51016": "Client order ID already exists",
    "51020": "Your order should meet or exceed the minimum order amount",
    "51121": "Order quantity must be a multiple of the lot size",
    "51169": "Order failed because you have no position in this direction to reduce or close",
    "51400": "Cancellation failed as the order has been filled, canceled or does not exist",
    "51603": "Order does not exist",
    "60009": "Login failed",
    "60011": "Please log in",
    "60012": "Invalid request",
    "60018": "Wrong channel or instrument",
}
SAID: Mapping[WireFault | None, str] = {WireFault.MAINTENANCE: "50001", WireFault.RATE_LIMIT: "50011"}
STATUSES: Mapping[str, int] = {"50001": 503, "50004": 400, "50011": 429}


class Refusal(Exception):
    """The venue says no."""

    def __init__(self, code: str, more: str = "") -> None:
        super().__init__(f"{TEXTS[code]}{more and ': '}{more}")
        self.code = code


class Contract(msgspec.Struct, frozen=True):
    """A swap as the venue lists it; `code` is its number on order sockets."""

    listing: int
    instrument: Instrument

    @property
    def symbol(self) -> str:
        """Its instId."""
        return self.instrument.symbol

    @property
    def code(self) -> int:
        """Its instIdCode."""
        return 10_000 + self.listing

    def size(self, lots: int) -> str:
        """Contracts, of signed lots."""
        return plain(LOT_CONTRACTS * lots)

    def price(self, ticks: int) -> str:
        """A price."""
        return plain(self.instrument.price(ticks))

    def average(self, worth: int, lots: int) -> str:
        """Mean price of trades; empty where there are none."""
        return plain((self.instrument.price(worth) / lots).quantize(AVERAGE_STEP)) if lots else ""

    def lots(self, size: str) -> int:
        """Lots of so many contracts; Refusal where they are no whole number."""
        lots, rest = divmod(number(size), LOT_CONTRACTS)
        if rest or lots <= 0:
            raise Refusal("51121" if rest else "51000", "sz")
        return int(lots)

    def ticks(self, price: str) -> int:
        """Ticks of a price; Refusal where they are no whole number."""
        ticks, rest = divmod(number(price), self.instrument.tick)
        if rest or ticks <= 0:
            raise Refusal("51000", "px")
        return int(ticks)

    def listed(self) -> dict[str, Any]:
        """How it is told among the instruments."""
        one = self.instrument
        return {
            "instType": "SWAP",
            "instId": one.symbol,
            "instIdCode": self.code,
            "uly": f"{one.base}-{one.quote}",
            "instFamily": f"{one.base}-{one.quote}",
            "baseCcy": "",
            "quoteCcy": "",
            "settleCcy": one.quote,
            "ctVal": plain(one.lot / LOT_CONTRACTS),
            "ctMult": "1",
            "ctValCcy": one.base,
            "ctType": "linear",
            "tickSz": plain(one.tick),
            "lotSz": plain(LOT_CONTRACTS),
            "minSz": self.size(one.lots_min),
            "maxLmtSz": "100000000",
            "maxMktSz": "100000000",
            "lever": "100",
            "state": "live",
            "listTime": "1573557408000",
            "expTime": "",
            "optType": "",
            "stk": "",
            "alias": "",
        }


class Trade(msgspec.Struct, frozen=True):
    """One fill of an order; `fee` picos paid."""

    number: int
    key: str
    side: Side
    lots: int
    price: int
    fee: int
    maker: bool
    at_ms: int


def number(text: str) -> Decimal:
    """A number of the wire; Refusal where it is none."""
    try:
        found = Decimal(text)
    except (ArithmeticError, TypeError, ValueError):
        raise Refusal("51000") from None
    if not found.is_finite():
        raise Refusal("51000")
    return found


def plain(amount: Decimal) -> str:
    """Decimal digits without an exponent and without zeros at the end."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def now_ms() -> int:
    """The venue's clock."""
    return time.time_ns() // NS_PER_MS


def order_id(account: str, listing: int, key: str) -> str:
    """The venue's own number of an order: always the same one."""
    told = hashlib.sha256(f"{account}\n{listing}\n{key}".encode()).digest()
    return str(10**17 + int.from_bytes(told[:7], "big"))


def state_of(order: PaperOrder, cum: int) -> str:
    """Where an order stands, in the venue's word."""
    if order.ended is not None:
        return "filled" if order.ended is EndKind.FILLED else "canceled"
    return "partially_filled" if cum else "live"


def _source(order: PaperOrder) -> str:
    if order.ended is None:
        return ""
    if (order.ended, order.asked.type) == (EndKind.EXPIRED, OrderType.FOK):
        return FOK_UNMATCHED
    return SOURCES.get(order.ended, "")


def order_row(
    account: str, contract: Contract, order: PaperOrder, cum: int, worth: int, fee: int
) -> dict[str, Any]:
    """An order with these totals."""
    asked, at = order.asked, str(now_ms())
    own = asked.key.startswith(NAMELESS)
    return {
        "instType": "SWAP",
        "instId": contract.symbol,
        "ordId": order_id(account, contract.listing, asked.key),
        "clOrdId": "" if own else asked.key,
        "tag": "",
        "px": "" if asked.type is OrderType.MARKET else contract.price(asked.price),
        "sz": contract.size(asked.lots),
        "ordType": NAMES[asked.type],
        "side": asked.side.name.lower(),
        "posSide": "net",
        "tdMode": "cross",
        "accFillSz": contract.size(cum),
        "avgPx": contract.average(worth, cum),
        "state": state_of(order, cum),
        "fee": plain(-from_pico(fee)),
        "feeCcy": contract.instrument.quote,
        "reduceOnly": str(asked.reduce_only).lower(),
        "cancelSource": _source(order),
        "lever": LEVERAGE,
        "category": "normal",
        "fillPx": "",
        "fillSz": "0",
        "tradeId": "",
        "fillTime": "",
        "code": "0",
        "msg": "",
        "cTime": str(order.since_ns // NS_PER_MS),
        "uTime": at,
    }


NAMELESS = "unnamed"  # how the keys of orders without a client id begin


def fill_row(account: str, contract: Contract, trade: Trade) -> dict[str, Any]:
    """One fill, as the list of fills shows it."""
    return {
        "instType": "SWAP",
        "instId": contract.symbol,
        "tradeId": str(trade.number),
        "billId": str(trade.number),
        "ordId": order_id(account, contract.listing, trade.key),
        "clOrdId": "" if trade.key.startswith(NAMELESS) else trade.key,
        "tag": "",
        "fillPx": contract.price(trade.price),
        "fillSz": contract.size(trade.lots),
        "side": trade.side.name.lower(),
        "posSide": "net",
        "execType": "M" if trade.maker else "T",
        "fee": plain(-from_pico(trade.fee)),
        "feeCcy": contract.instrument.quote,
        "ts": str(trade.at_ms),
        "fillTime": str(trade.at_ms),
    }


def funding_row(symbol: str) -> dict[str, str]:
    """The rate of the eight hours that run: always the same one."""
    ends = (now_ms() // FUNDING_MS + 1) * FUNDING_MS
    return {
        "instType": "SWAP",
        "instId": symbol,
        "fundingRate": "0.0001",
        "fundingTime": str(ends),
        "nextFundingRate": "",
        "nextFundingTime": str(ends + FUNDING_MS),
    }
