"""Nado's own words, as far as both sides of the wire need them: units, products, errors, stream messages.

All amounts on the wire are decimal strings of integers, x18. Timestamps of streams are nanoseconds.
"""

from collections.abc import Callable, Mapping

import msgspec

from dnkit.model.errors import DnkitError
from dnkit.model.instrument import Instrument
from dnkit.model.terms import RejectKind

X18 = 10**18
SUBACCOUNT = "default"
MAIN, TEST = "https://gateway.prod.nado.xyz", "https://gateway.test.nado.xyz"
ARCHIVE = {MAIN: "https://archive.prod.nado.xyz", TEST: "https://archive.test.nado.xyz"}

# What an error code says of an order. What is not here is refused for another reason.
REJECTS: Mapping[int, RejectKind] = {
    1000: RejectKind.RATE,
    1004: RejectKind.MAINTENANCE,
    1015: RejectKind.RATE,
    2003: RejectKind.TOO_SMALL,
    2005: RejectKind.RATE,
    2006: RejectKind.MARGIN,
    2008: RejectKind.POST_ONLY_CROSS,
    2013: RejectKind.DUPLICATE,
    2031: RejectKind.NO_MATCH,
    2056: RejectKind.NO_MATCH,
    2064: RejectKind.REDUCE_ONLY,
    2067: RejectKind.REDUCE_ONLY,
    2068: RejectKind.MAINTENANCE,
    2094: RejectKind.TOO_SMALL,
}
NOT_FOUND = 2020


class OffGrid(DnkitError):
    """The venue told an amount that is no whole number of ticks or lots."""

    exit_code = 5


class Product(msgspec.Struct, frozen=True):
    """A symbol as the venue counts it: `tick` and `lot` are x18."""

    number: int
    symbol: str
    tick: int
    lot: int

    def price_x18(self, ticks: int) -> int:
        """A price."""
        return ticks * self.tick

    def amount_x18(self, lots: int) -> int:
        """A signed amount of coin."""
        return lots * self.lot

    def ticks(self, price_x18: str | int) -> int:
        """Whole ticks; OffGrid otherwise."""
        return _whole(int(price_x18), self.tick, "price", self.symbol)

    def lots(self, amount_x18: str | int) -> int:
        """Whole signed lots; OffGrid otherwise."""
        return _whole(int(amount_x18), self.lot, "amount", self.symbol)

    def worth(self, quote_x18: str | int) -> int:
        """An amount of money as ticks x lots, rounded to the nearest: the venue rounds to 10^-18 itself."""
        unit = self.tick * self.lot
        return (abs(int(quote_x18)) * X18 + unit // 2) // unit


def _whole(amount: int, unit: int, what: str, symbol: str) -> int:
    units, rest = divmod(amount, unit)
    if rest:
        raise OffGrid(f"{what} {amount} of {symbol} is not on the grid of {unit}")
    return units


def product_of(number: int, instrument: Instrument) -> Product:
    """A product on an instrument's grid."""
    return Product(
        number=number,
        symbol=instrument.symbol,
        tick=int(instrument.tick * X18),
        lot=int(instrument.lot * X18),
    )


class BestBidOffer(msgspec.Struct, gc=False, tag="best_bid_offer"):
    """The touch; a side that is empty has quantity 0."""

    timestamp: str
    product_id: int
    bid_price: str
    bid_qty: str
    ask_price: str
    ask_qty: str


class BookDepth(msgspec.Struct, gc=False, tag="book_depth"):
    """Changed levels since `last_max_timestamp`, of a time that ends at `max_timestamp`; "0" is a level that
    is gone.
    """

    last_max_timestamp: str
    min_timestamp: str
    max_timestamp: str
    product_id: int
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


class Trade(msgspec.Struct, gc=False, tag="trade"):
    """Somebody traded."""

    timestamp: str
    product_id: int
    price: str
    taker_qty: str
    is_taker_buyer: bool


class Fill(msgspec.Struct, gc=False, tag="fill"):
    """A trade of the account's order: `filled_qty` of this trade, `remaining_qty` after it."""

    timestamp: str
    product_id: int
    subaccount: str
    order_digest: str
    filled_qty: str
    remaining_qty: str
    original_qty: str
    price: str
    is_taker: bool
    is_bid: bool
    fee: str
    submission_idx: str


class OrderUpdate(msgspec.Struct, gc=False, tag="order_update"):
    """What became of the account's order: `amount` is what remains of it, not what was filled."""

    timestamp: str
    product_id: int
    digest: str
    amount: str
    reason: str


class PositionChange(msgspec.Struct, gc=False, tag="position_change"):
    """The account's signed position, whole."""

    timestamp: str
    product_id: int
    subaccount: str
    amount: str
    isolated: bool = False


Told = BestBidOffer | BookDepth | Trade | Fill | OrderUpdate | PositionChange


class Envelope(msgspec.Struct, gc=False):
    """What every frame has or may have: `type` of a message, `id` of an answer, the error of a refusal."""

    type: str = ""
    id: int | None = None
    error: str = ""


KNOWN = frozenset({"best_bid_offer", "book_depth", "trade", "fill", "order_update", "position_change"})
envelope_in: Callable[[str | bytes], Envelope] = msgspec.json.Decoder(Envelope).decode
_told_in: Callable[[str | bytes], Told] = msgspec.json.Decoder(Told).decode


def told(frame: str | bytes) -> Told | None:
    """A message of the streams, None for a frame that is something else. DnkitError when it is no JSON."""
    try:
        return _told_in(frame)
    except msgspec.ValidationError as error:  # an answer, or a type that nobody here follows
        if envelope_in(frame).type in KNOWN:
            raise DnkitError(f"Nado sent what cannot be read: {error}") from error
        return None
    except msgspec.MsgspecError as error:
        raise DnkitError(f"Nado sent what cannot be read: {error}") from error
