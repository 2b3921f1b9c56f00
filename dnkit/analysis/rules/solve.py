"""A point where polynomials have given signs, or the certainty that there is none.

One quantity after the other is eliminated: where it stands in the first power, its bounds are made of the
others, and some value lies between them where each lower bound lies below each upper one. Where the slope of
a bound depends on the others, each of its signs is a case of its own. Exact, over the rationals.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from dnkit.analysis.rules.polynomials import (
    NEGATIVE,
    NOTHING,
    POSITIVE,
    Key,
    Point,
    Poly,
    added,
    constant,
    key_of,
    multiplied,
    opposite,
    parted,
    signs_of,
    value_at,
)
from dnkit.model.errors import DnkitError

Conditions = Mapping[Key, int]  # the signs each polynomial may have
CONDITIONS_MAX = 2_000
LIKED = Fraction(1)


class Undecided(DnkitError):
    """A question beyond what is decided here: no quantity in the first power, or too many cases."""

    exit_code = 6


class Bound(NamedTuple):
    """slope * quantity + rest has one of the signs; the slope is positive."""

    slope: Poly
    rest: Poly
    signs: int


class End(NamedTuple):
    """An end of an interval; `inside` says that it belongs to it."""

    value: Fraction
    inside: bool


def narrowed(conditions: Conditions, poly: Poly, signs: int) -> Conditions | None:
    """The conditions and that the polynomial has one of the signs; None where that is plainly impossible, the
    same conditions where it is plain anyway. `signs` has no gap.
    """
    may = signs_of(poly, conditions)
    if not may & signs:
        return None
    if not may & ~signs:
        return conditions
    key, turned = key_of(poly)
    both = may & signs
    return {**conditions, key: opposite(both) if turned else both}


def solve(conditions: Conditions, liked: Point) -> Point | None:
    """A point of round numbers that meets all conditions, as `liked` where it may be; None where there is
    none. It has the quantities of the conditions. Undecided where that cannot be told.
    """
    if len(conditions) > CONDITIONS_MAX:
        raise Undecided(f"more than {CONDITIONS_MAX:,} conditions at once")
    name = _easiest(conditions)
    if name is None:
        return {}
    rest, bounds = _apart(conditions, name)
    for bound in bounds:
        if signs_of(bound.slope, rest) not in (NEGATIVE, NOTHING, POSITIVE):
            return _by_sign(conditions, bound.slope, liked)
    flat = [one for one in bounds if signs_of(one.slope, rest) == NOTHING]
    bounds = [_upright(one, rest) for one in bounds if one not in flat]
    met = _all_met(rest, [(one.rest, one.signs) for one in flat] + _meetings(bounds, rest))
    point = None if met is None else solve(met, liked)
    if point is None:
        return None
    names = {name for bound in bounds for poly in bound[:2] for product in poly for name in product}
    full = {one: liked.get(one, LIKED) for one in names} | dict(point)
    return {**full, name: _value(bounds, full, liked.get(name, LIKED))}


def _easiest(conditions: Conditions) -> str | None:
    """The quantity that is eliminated with the fewest cases; None where there is no quantity."""
    costs: dict[str, tuple[int, int]] = {}
    polys = [dict(key) for key in conditions]
    names = {name for poly in polys for product in poly for name in product}
    for name in sorted(names, reverse=True):
        parts = [parted(poly, name) for poly in polys]
        if None not in parts:
            slopes = [slope for slope, _ in filter(None, parts) if slope]
            costs[name] = (sum(slope.keys() != {()} for slope in slopes), len(slopes))
    if names and not costs:
        raise Undecided(f"no first power of any of {', '.join(sorted(names))}")
    return min(costs, key=lambda name: costs[name], default=None)


def _apart(conditions: Conditions, name: str) -> tuple[Conditions, list[Bound]]:
    """The conditions without the quantity, and those that bound it."""
    rest: dict[Key, int] = {}
    bounds = []
    for key, signs in conditions.items():
        parts = parted(dict(key), name)
        if parts is None or not parts[0]:
            rest[key] = signs
        else:
            bounds.append(Bound(*parts, signs))
    return rest, bounds


def _by_sign(conditions: Conditions, slope: Poly, liked: Point) -> Point | None:
    for sign in (POSITIVE, NEGATIVE, NOTHING):
        case = narrowed(conditions, slope, sign)
        point = None if case is None else solve(case, liked)
        if point is not None:
            return point
    return None


def _upright(bound: Bound, rest: Conditions) -> Bound:
    """The same bound with a positive slope."""
    if signs_of(bound.slope, rest) == POSITIVE:
        return bound
    return Bound(added({}, bound.slope, -1), added({}, bound.rest, -1), opposite(bound.signs))


def _meetings(bounds: Sequence[Bound], rest: Conditions) -> list[tuple[Poly, int]]:
    """What must be true of the other quantities so that some value is within all bounds."""
    fixed = min((one for one in bounds if one.signs == NOTHING), key=_size, default=None)
    if fixed is not None:
        return [(_gap(one, fixed), one.signs) for one in bounds if one is not fixed]
    lowers = _tightest([one for one in bounds if not one.signs & NEGATIVE], NEGATIVE, rest)
    uppers = _tightest([one for one in bounds if not one.signs & POSITIVE], POSITIVE, rest)
    return [(_gap(low, high), POSITIVE | low.signs & high.signs) for low in lowers for high in uppers]


def _tightest(bounds: Sequence[Bound], looser: int, rest: Conditions) -> list[Bound]:
    """The bounds of one side without those that another implies by what is known. `looser` is the sign that a
    bound has at the zero of one that it implies.
    """
    found: list[Bound] = []
    for bound in bounds:
        if any(_implied(bound, one, looser, rest) for one in found):
            continue
        found = [one for one in found if not _implied(one, bound, looser, rest)] + [bound]
    return found


def _implied(bound: Bound, by: Bound, looser: int, rest: Conditions) -> bool:
    """Whether whatever meets the one meets the other."""
    signs = signs_of(_gap(by, bound), rest)
    return signs == looser or (not signs & ~(looser | NOTHING) and by.signs & ~bound.signs == 0)


def _size(bound: Bound) -> tuple[int, int]:
    return len(bound.slope), len(bound.rest)


def _gap(one: Bound, other: Bound) -> Poly:
    """A polynomial with the sign that `one` has at the zero of `other`. The smaller one where the slopes are
    multiples of each other.
    """
    (left, _), (right, _) = key_of(one.slope), key_of(other.slope)
    if left == right:
        product = left[0][0]
        times, less = abs(other.slope[product]), abs(one.slope[product])
        return added(multiplied(constant(times), one.rest), other.rest, -less)
    return added(multiplied(other.slope, one.rest), multiplied(one.slope, other.rest), -1)


def _all_met(conditions: Conditions, more: Sequence[tuple[Poly, int]]) -> Conditions | None:
    found: Conditions | None = conditions
    for poly, signs in more:
        found = None if found is None else narrowed(found, poly, signs)
    return found


def _value(bounds: Sequence[Bound], point: Point, liked: Fraction) -> Fraction:
    """A round value within all bounds."""
    lows: list[End] = []
    highs: list[End] = []
    for slope, rest, signs in bounds:
        end = End(-value_at(rest, point) / value_at(slope, point), bool(signs & NOTHING))
        if signs == NOTHING:
            return end.value
        (highs if signs & NEGATIVE else lows).append(end)
    low = max(lows, key=lambda end: (end.value, not end.inside), default=None)
    high = min(highs, key=lambda end: (end.value, end.inside), default=None)
    return between(low, high, liked)


def between(low: End | None, high: End | None, liked: Fraction) -> Fraction:
    """A value between two ends (None: there is none): the liked one if it lies inside, else a round one."""
    if (low is None or low.value < liked) and (high is None or liked < high.value):
        return liked
    if low is not None and high is not None:
        return low.value if low.value == high.value else _middle(low.value, high.value)
    if low is not None:
        return _middle(low.value, max(3 * low.value, low.value + 1))
    assert high is not None, "a value without bounds is the liked one"
    return _middle(min(3 * high.value, high.value - 1), high.value)


def _middle(low: Fraction, high: Fraction) -> Fraction:
    """A number strictly between, of as few digits as there are, near the middle."""
    step = Fraction(1)
    while step < high - low:
        step *= 10
    middle = (low + high) / 2
    while True:
        found = round(middle / step) * step
        if low < found < high:
            return found
        step /= 10
