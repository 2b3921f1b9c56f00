"""Values back to the texts of the language: the inverse of `units`.

Every text reads back as the same value.
"""

from decimal import Decimal

from dnkit.policies.policy import Distance, PriceText, Quantity, Size
from dnkit.policies.units import NS_OF, plain


def show_number(value: Decimal) -> str:
    """Digits without exponent or trailing zeros."""
    return f"{plain(value):f}"


def show_time(ns: int) -> str:
    """The largest unit that holds the time as a whole number; below a millisecond a fraction of `ms`."""
    if ns == 0:
        return "0s"
    for unit in ("h", "m", "s", "ms"):
        if ns % NS_OF[unit] == 0:
            return f"{ns // NS_OF[unit]}{unit}"
    return f"{show_number(Decimal(ns) / NS_OF['ms'])}ms"


def show_money(amount: Decimal) -> str:
    """`$50`."""
    return f"${show_number(amount)}"


def show_distance(distance: Distance) -> str:
    """`5bps`, `1 tick`, `$0.5`."""
    if distance.unit == "money":
        return show_money(distance.amount)
    text = show_number(distance.amount)
    if distance.unit == "ticks":
        return f"{text} tick" if distance.amount == 1 else f"{text} ticks"
    return f"{text}bp" if distance.amount == 1 else f"{text}bps"


def show_quantity(quantity: Quantity) -> str:
    """`0.01 ETH`, `1 lot`, `5% of clip`, `$300`, `venue minimum`."""
    text = show_number(quantity.amount)
    texts = {
        "venue_minimum": "venue minimum",
        "money": f"${text}",
        "percent": f"{text}% of clip",
        "lots": f"{text} lot" if quantity.amount == 1 else f"{text} lots",
    }
    return texts.get(quantity.unit, f"{text} {quantity.coin}")


def show_amounts(parts: tuple[Quantity, ...]) -> str:
    """`larger of 5% of clip, 1 lot`."""
    shown = ", ".join(show_quantity(one) for one in parts)
    return shown if len(parts) == 1 else f"larger of {shown}"


def show_size(size: Size) -> str:
    """A size word, or the quantity."""
    return show_quantity(size.amount) if size.amount is not None else size.word


def show_price(price: PriceText) -> str:
    """`touch`, `1 tick inside touch`, `5bps through touch`."""
    if price.distance is None:
        return price.anchor.value
    return f"{show_distance(price.distance)} {price.direction} {price.anchor.value}"
