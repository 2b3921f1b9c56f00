"""Words and numbers of Hyperliquid: order types, states of an order, what its texts of refusal mean.

There are no codes, only texts; whoever wants to know what one means looks here. Nobody here ever met the
venue: the texts are from its documents and from reports of others.
"""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from dnkit.model.commands import PlaceOrder
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import to_pico
from dnkit.model.terms import EndKind, OrderType, RejectKind
from dnkit.venues.hyperliquid.signing import Wire, price_text, size_text

VENUE = "hyperliquid_perpetual"
TIFS: Mapping[OrderType, str] = {OrderType.POST_ONLY: "Alo", OrderType.GTC: "Gtc", OrderType.IOC: "Ioc"}

# Parts of texts, in lower case, the first that fits.
REFUSALS: tuple[tuple[str, RejectKind], ...] = (
    ("post only order would have immediately matched", RejectKind.POST_ONLY_CROSS),
    ("badalopx", RejectKind.POST_ONLY_CROSS),
    ("could not immediately match", RejectKind.NO_MATCH),
    ("no liquidity available", RejectKind.NO_MATCH),
    ("ioccancel", RejectKind.NO_MATCH),
    ("marketordernoliquidity", RejectKind.NO_MATCH),
    ("minimum value of", RejectKind.TOO_SMALL),
    ("zero size", RejectKind.TOO_SMALL),
    ("mintradentl", RejectKind.TOO_SMALL),
    ("insufficient margin", RejectKind.MARGIN),
    ("perpmargin", RejectKind.MARGIN),
    ("reduce only order would increase", RejectKind.REDUCE_ONLY),
    ("reduceonly", RejectKind.REDUCE_ONLY),
    ("cloid already", RejectKind.DUPLICATE),
    ("too many", RejectKind.RATE),
    ("rate limit", RejectKind.RATE),
    ("429", RejectKind.RATE),
)
LIVE = ("open", "triggered")
REJECTED, CANCELLED = "rejected", "cancel"  # parts of every name of an order that is over


def refusal(text: str) -> RejectKind:
    """What a text of refusal, or the name of a state, means; OTHER where nobody knows."""
    said = text.lower()
    return next((kind for part, kind in REFUSALS if part in said), RejectKind.OTHER)


def end_of(status: str) -> EndKind | RejectKind | None:
    """What a state of an order says: how it ended, why it was refused, or None where it goes on."""
    if status == "filled":
        return EndKind.FILLED
    if REJECTED in status.lower():
        return refusal(status)
    if status in LIVE:
        return None
    return EndKind.EXPIRED if "expire" in status.lower() else EndKind.CANCELLED


class Units(msgspec.Struct, frozen=True, eq=False):
    """Digits behind the point of tick and lot of a symbol, its number at the venue and its size decimals."""

    instrument: Instrument
    asset: int
    size_decimals: int
    price_digits: int
    size_digits: int

    def price(self, ticks: int) -> str:
        """Ticks as the venue reads them; ValueError where it would not."""
        return price_text(self.instrument.price(ticks), self.size_decimals)

    def size(self, lots: int) -> str:
        """Lots as the venue reads them; ValueError where it would not."""
        return size_text(self.instrument.quantity(lots), self.size_decimals)

    def bid(self, text: str) -> int:
        """Whole ticks in a price."""
        return _floor(text, self.price_digits)

    def ask(self, text: str) -> int:
        """Ticks that cover a price."""
        return -_floor("-" + text, self.price_digits)

    def lots(self, text: str) -> int:
        """Whole lots in a size, toward zero; the sign is kept."""
        return -_floor(text[1:], self.size_digits) if text[:1] == "-" else _floor(text, self.size_digits)

    def worth(self, price: str, size: str) -> Decimal:
        """Price x size in ticks x lots, exact."""
        return Decimal(price) * Decimal(size) / (self.instrument.tick * self.instrument.lot)


def units_of(instrument: Instrument, asset: int, size_decimals: int) -> Units:
    """Units of a symbol; ValueError where its tick or lot is no power of ten."""
    price_digits, size_digits = _digits(instrument.tick), _digits(instrument.lot)
    return Units(instrument, asset, size_decimals, price_digits, size_digits)


def _digits(step: Decimal) -> int:
    digits = -step.normalize().adjusted()
    if step != Decimal(1).scaleb(-digits) or digits < 0:
        raise ValueError(f"{step} is no power of ten up to 1")
    return digits


def _floor(text: str, digits: int) -> int:
    """Steps of 10^-digits in a number, toward minus infinity; ValueError where it is none."""
    whole, _, fraction = text.partition(".")
    steps = int(whole + fraction[:digits].ljust(digits, "0"))
    return steps - 1 if text[:1] == "-" and fraction[digits:].strip("0") else steps


def money(text: str) -> int:
    """Picos of an amount; what is finer is dropped."""
    return to_pico(Decimal(text).quantize(Decimal("1e-12")))


def order_wire(units: Units, asked: PlaceOrder, cloid: str) -> dict[str, Wire]:
    """An order as it is signed: its keys stand in the venue's order. ValueError for what the venue lacks."""
    kind: dict[str, Wire]
    if asked.type in (OrderType.STOP, OrderType.STOP_LIMIT):
        market: Wire = asked.type is OrderType.STOP
        kind = {"trigger": {"isMarket": market, "triggerPx": units.price(asked.stop), "tpsl": "sl"}}
    elif asked.type in TIFS:
        kind = {"limit": {"tif": TIFS[asked.type]}}
    else:
        raise ValueError(f"there are no {asked.type.value} orders")
    return {
        "a": units.asset,
        "b": asked.side > 0,
        "p": units.price(asked.price),
        "s": units.size(asked.lots),
        "r": asked.reduce_only,
        "t": kind,
        "c": cloid,
    }
