"""Quantities under conditions, and the values of expressions in every part of such a region."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from dnkit.analysis.rules.polynomials import (
    NEGATIVE,
    NOTHING,
    POSITIVE,
    Point,
    Poly,
    added,
    constant,
    multiplied,
    quantity,
    sign_at,
)
from dnkit.analysis.rules.solve import Conditions, narrowed, solve
from dnkit.policies import expr
from dnkit.policies.expr import Expr

NOT_BELOW_ZERO = ("notional_", "age_")
ABOVE_ZERO = ("price_", "entry_", "clip")
LIKED = {expr.MONEY: Fraction(100), expr.RATIO: Fraction(1, 10), expr.TIME: Fraction(10**10)}

Free = Mapping[str, tuple[Fraction, Fraction]]  # parameters that may be anything from the one to the other
Unknown = frozenset[str]


class Region(NamedTuple):
    """Quantities under conditions, and an example of them: as `liked` where it may be."""

    conditions: Conditions
    point: Point
    liked: Point


class Ratio(NamedTuple):
    """top / bottom; the bottom is positive."""

    top: Poly
    bottom: Poly


def whole(kinds: Mapping[str, str], free: Free) -> Region:
    """All values the quantities may have: a size in money and an age are not below zero, a price and the clip
    are above it, a free parameter is within its range; everything else may be any number.
    """
    liked = {name: LIKED.get(kind, Fraction(1)) for name, kind in kinds.items()}
    region: Region | None = Region({}, liked, liked)
    for name in kinds:
        low, high = free.get(name, (None, None))
        if low is not None and high is not None:
            region = region and meet(region, _above(name, low), NOTHING | POSITIVE)
            region = region and meet(region, _above(name, high), NOTHING | NEGATIVE)
        elif name.startswith(NOT_BELOW_ZERO):
            region = region and meet(region, quantity(name), NOTHING | POSITIVE)
        elif name.startswith(ABOVE_ZERO):
            region = region and meet(region, quantity(name), POSITIVE)
    assert region is not None, "every quantity can have some value"
    return region


def _above(name: str, value: Fraction) -> Poly:
    return added(multiplied(quantity(name), constant(value.denominator)), constant(value.numerator), -1)


def meet(region: Region, poly: Poly, signs: int) -> Region | None:
    """The region where the polynomial has one of the signs (without a gap); None where there is none."""
    conditions = narrowed(region.conditions, poly, signs)
    if conditions is None or conditions is region.conditions:
        return None if conditions is None else region
    if sign_at(poly, region.point) & signs:
        return region._replace(conditions=conditions)
    point = solve(conditions, region.liked)
    return None if point is None else region._replace(conditions=conditions, point={**region.liked, **point})


def ratios(part: Expr, region: Region, unknown: Unknown) -> Iterator[tuple[Region, Ratio | None]]:
    """The value of an expression in every part of the region in which it is one ratio; None where it cannot
    be known, with those quantities unknown.
    """
    if part.op == "name":
        yield region, None if part.text in unknown else Ratio(quantity(part.text), constant(1))
    elif part.op == "number":
        value = number_of(part)
        yield region, Ratio(constant(value.numerator), constant(value.denominator))
    else:
        for narrower, parts in all_ratios(part.parts, region, unknown):
            if parts is None:
                yield narrower, None
            else:
                yield from _DO[part.op](narrower, parts)


def number_of(part: Expr) -> Fraction:
    """The value of a number."""
    value = expr.evaluate(part, {})
    assert isinstance(value, Decimal), "a number has a value"
    return Fraction(value)


def all_ratios(
    parts: Sequence[Expr], region: Region, unknown: Unknown
) -> Iterator[tuple[Region, tuple[Ratio, ...] | None]]:
    """The values of several expressions together; None where one of them cannot be known."""
    if not parts:
        yield region, ()
        return
    for narrower, first in ratios(parts[0], region, unknown):
        if first is None:
            yield narrower, None
            continue
        for narrowest, others in all_ratios(parts[1:], narrower, unknown):
            yield narrowest, None if others is None else (first, *others)


def gap(left: Ratio, right: Ratio) -> Poly:
    """A polynomial with the sign of left - right."""
    return _sum(left, right, -1).top


_Parts = tuple[Ratio, ...]
_Values = Iterator[tuple[Region, Ratio | None]]


def _sum(left: Ratio, right: Ratio, times: int = 1) -> Ratio:
    if left.bottom == right.bottom:
        return Ratio(added(left.top, right.top, times), left.bottom)
    crossed = multiplied(left.top, right.bottom), multiplied(right.top, left.bottom)
    return Ratio(added(*crossed, times), multiplied(left.bottom, right.bottom))


def _negative(one: Ratio) -> Ratio:
    return Ratio(added({}, one.top, -1), one.bottom)


def _plus(region: Region, parts: _Parts) -> _Values:
    left, right = parts
    yield region, _sum(left, right)


def _minus(region: Region, parts: _Parts) -> _Values:
    left, right = parts
    yield region, _sum(left, right, -1)


def _times(region: Region, parts: _Parts) -> _Values:
    left, right = parts
    yield region, Ratio(multiplied(left.top, right.top), multiplied(left.bottom, right.bottom))


def _negated(region: Region, parts: _Parts) -> _Values:
    yield region, _negative(parts[0])


def _divided(region: Region, parts: _Parts) -> _Values:
    """By zero: unknown."""
    left, right = parts
    found = Ratio(multiplied(left.top, right.bottom), multiplied(left.bottom, right.top))
    for signs in (POSITIVE, NEGATIVE, NOTHING):
        narrower = meet(region, right.top, signs)
        if narrower is not None and signs == NEGATIVE:
            yield narrower, Ratio(added({}, found.top, -1), added({}, found.bottom, -1))
        elif narrower is not None:
            yield narrower, found if signs == POSITIVE else None


def _abs(region: Region, parts: _Parts) -> _Values:
    yield from _first_where(region, parts[0].top, parts[0], _negative(parts[0]))


def _larger(region: Region, parts: _Parts) -> _Values:
    yield from _best(region, parts, 1)


def _smaller(region: Region, parts: _Parts) -> _Values:
    yield from _best(region, parts, -1)


def _best(region: Region, parts: _Parts, times: int) -> _Values:
    if len(parts) == 1:
        yield region, parts[0]
        return
    one, other, *more = parts
    over = added({}, gap(one, other), times)
    for narrower, best in _first_where(region, over, one, other):
        yield from _best(narrower, (best, *more), times)


def _first_where(region: Region, over: Poly, one: Ratio, other: Ratio) -> Iterator[tuple[Region, Ratio]]:
    """`one` where the polynomial is not below zero, `other` where it is."""
    for signs, best in ((NOTHING | POSITIVE, one), (NEGATIVE, other)):
        narrower = meet(region, over, signs)
        if narrower is not None:
            yield narrower, best


_DO: Mapping[str, Callable[[Region, _Parts], _Values]] = {
    "+": _plus,
    "-": _minus,
    "*": _times,
    "/": _divided,
    "negative": _negated,
    "abs": _abs,
    "larger": _larger,
    "smaller": _smaller,
}
