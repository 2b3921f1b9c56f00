"""Quantities, prices and money of a scenario, as they stand on the grid of a leg's instrument."""

import re
from collections.abc import Callable
from decimal import Decimal

from dnkit.machine.program import LegSpec
from dnkit.model.numbers import MBPS_ONE, on_grid, to_mbps, to_pico
from dnkit.policies.units import (
    MISSING_UNIT,
    OUT_OF_BOUNDS,
    TextError,
    is_bare,
    number,
    parse_bps,
    parse_percent,
    parse_quantity,
    within,
)
from dnkit.sim.scenario import Part

_SIGNED = re.compile(r"([-+]?)(.+)", re.DOTALL)
_ZERO = re.compile(r"0+(?:\.0+)?(?: .*)?")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_MONEY = re.compile(r"(-?)\$(\d[\d,]*(?:\.\d+)?)")


def lots_of(spec: LegSpec) -> Callable[[str], int]:
    """Reader of a signed quantity: `0.2 ETH`, `-0.9 SOL`, `3 lots`, `0` -> lots."""

    def read(text: str) -> int:
        found = _SIGNED.fullmatch(text)
        sign, rest = (found[1], found[2]) if found else ("", text)
        lots = 0 if _ZERO.fullmatch(rest) else within(lambda one: _lots(spec, one), rest, len(sign))
        return -lots if sign == "-" else lots

    return read


def size_of(spec: LegSpec) -> Callable[[str], int]:
    """Reader of a quantity that has no sign."""

    def read(text: str) -> int:
        if text[:1] in "+-":
            raise TextError(f"`{text}` has a sign", "write a quantity without", code=OUT_OF_BOUNDS)
        return lots_of(spec)(text)

    return read


def _lots(spec: LegSpec, text: str) -> int:
    base = spec.instrument.base
    if is_bare(text):
        raise TextError(f"`{text}` has no unit", f"write `{text} {base}` or `{text} lots`", code=MISSING_UNIT)
    quantity = parse_quantity(text)
    if quantity.unit == "lots":
        return int(quantity.amount)
    if quantity.unit != "coin":
        said = f"`{text}` does not say how much of the coin"
        raise TextError(said, f"write a quantity such as `0.2 {base}` or `3 lots`", code="DNK432")
    if quantity.coin != base:
        said = f"leg {spec.name} trades {base}, not {quantity.coin}"
        raise TextError(said, f"write `{text.split(maxsplit=1)[0]} {base}`", code="DNK433")
    return _steps(quantity.amount, spec.instrument.lot, f"`{text}`", f"lot of {spec.instrument.lot} {base}")


def _steps(amount: Decimal, step: Decimal, what: str, grid: str) -> int:
    try:
        return on_grid(amount, step)
    except ValueError:
        raise TextError(f"{what} is not a whole number of steps: a {grid}", code="DNK431") from None


def price_of(spec: LegSpec) -> Callable[[str], int]:
    """Reader of a price, a plain number as venues show it: `3120.1` -> ticks."""

    def read(text: str) -> int:
        if not _NUMBER.fullmatch(text):
            like = text.strip("$").replace(",", "")
            help = f"`{like}`" if _NUMBER.fullmatch(like) else "3120.1"
            raise TextError(f"`{text}` is no price", f"prices are plain numbers: write {help}")
        return _steps(number(text), spec.instrument.tick, f"`{text}`", f"tick of {spec.instrument.tick}")

    return read


def part_of(spec: LegSpec) -> Callable[[str], Part]:
    """Reader of how much fills: `all`, `book`, `50%` of the order, or a quantity."""

    def read(text: str) -> Part:
        if text in ("all", "book") or text.endswith("%"):
            return share(text)
        lots = size_of(spec)(text)
        if lots == 0:
            raise TextError("a fill of nothing is no fill", "leave it out", code=OUT_OF_BOUNDS)
        return Part(lots=lots)

    return read


def share(text: str) -> Part:
    """`all`, `book` or `50%` of an order."""
    if text == "book":
        return Part()
    if text != "all" and not text.endswith("%"):
        raise TextError(f"`{text}` is no share of an order", "write `all`, `book` or `50%`")
    part = MBPS_ONE if text == "all" else to_mbps(parse_percent(text) * 100)
    if part == 0:
        raise TextError("a fill of nothing is no fill", "leave it out", code=OUT_OF_BOUNDS)
    return Part(share=part)


def money(text: str) -> Decimal:
    """`$600.02`, `-$0.12`, `$0` -> Decimal."""
    found = _MONEY.fullmatch(text)
    if not found:
        help = f"`${text}`" if _NUMBER.fullmatch(text) else "`$600.02`"
        raise TextError(f"`{text}` is no amount of money", f"write {help}", code=MISSING_UNIT)
    amount = Decimal(found[2].replace(",", ""))
    return -amount if found[1] else amount


def picos(text: str) -> int:
    """An amount of money in picos."""
    try:
        return to_pico(money(text))
    except ValueError:
        raise TextError(f"`{text}` is finer than 10^-12", code=OUT_OF_BOUNDS) from None


def worth_of(spec: LegSpec) -> Callable[[str], int]:
    """Reader of what a fill or a position cost: `$600.02` -> ticks x lots."""
    instrument = spec.instrument

    def read(text: str) -> int:
        return _steps(money(text), instrument.tick * instrument.lot, f"`{text}`", "tick times a lot")

    return read


def mbps(text: str) -> int:
    """`5bps`, `0.05%` -> mbps."""
    return to_mbps(parse_bps(text))
