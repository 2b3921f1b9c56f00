"""Polynomials in named quantities with whole coefficients, and the signs they may have."""

from collections.abc import Mapping
from fractions import Fraction
from math import gcd

Product = tuple[str, ...]  # quantities in order, each as often as its power
Poly = Mapping[Product, int]
Key = tuple[tuple[Product, int], ...]  # a polynomial in one form for all its multiples
Point = Mapping[str, Fraction]

NEGATIVE, NOTHING, POSITIVE = 1, 2, 4  # signs are sets of these
ANY = NEGATIVE | NOTHING | POSITIVE


def constant(value: int) -> Poly:
    """The polynomial that is that number everywhere."""
    return {(): value} if value else {}


def quantity(name: str) -> Poly:
    """The polynomial that is that quantity."""
    return {(name,): 1}


def added(one: Poly, other: Poly, times: int = 1) -> Poly:
    """one + times * other."""
    found = dict(one)
    for product, number in other.items():
        found[product] = found.get(product, 0) + times * number
    return {product: number for product, number in found.items() if number}


def multiplied(one: Poly, other: Poly) -> Poly:
    """one * other."""
    found: dict[Product, int] = {}
    for left, number in one.items():
        for right, factor in other.items():
            product = tuple(sorted(left + right))
            found[product] = found.get(product, 0) + number * factor
    return {product: number for product, number in found.items() if number}


def parted(poly: Poly, name: str) -> tuple[Poly, Poly] | None:
    """(a, b) of a * quantity + b; None where the quantity stands in a higher power."""
    slope: dict[Product, int] = {}
    rest: dict[Product, int] = {}
    for product, number in poly.items():
        if name not in product:
            rest[product] = number
            continue
        place = product.index(name)
        without = product[:place] + product[place + 1 :]
        if name in without:
            return None
        slope[without] = number
    return slope, rest


def key_of(poly: Poly) -> tuple[Key, bool]:
    """The form of all its multiples, and whether its sign there is the opposite one. Not for 0."""
    divisor = gcd(*poly.values())
    turned = poly[max(poly)] < 0
    divisor = -divisor if turned else divisor
    return tuple(sorted((product, number // divisor) for product, number in poly.items())), turned


def opposite(signs: int) -> int:
    """The signs of -x."""
    return signs & NOTHING | (POSITIVE if signs & NEGATIVE else 0) | (NEGATIVE if signs & POSITIVE else 0)


def sign_at(poly: Poly, point: Point) -> int:
    """Its sign at a point that has all its quantities."""
    return _sign(value_at(poly, point))


def value_at(poly: Poly, point: Point) -> Fraction:
    """Its value at such a point."""
    total = Fraction(0)
    for product, number in poly.items():
        value = Fraction(number)
        for name in product:
            value *= point[name]
        total += value
    return total


def _sign(value: Fraction | int) -> int:
    return POSITIVE if value > 0 else NEGATIVE if value < 0 else NOTHING


def signs_of(poly: Poly, known: Mapping[Key, int]) -> int:
    """Signs it may have where polynomials have the known ones; more than it really may, never less."""
    if not poly:
        return NOTHING
    key, turned = key_of(poly)
    signs = known.get(key, ANY)
    if turned:
        signs = opposite(signs)
    if signs in (NEGATIVE, NOTHING, POSITIVE):
        return signs
    return signs & _sum_of([_product_of(product, number, known) for product, number in poly.items()])


def _product_of(product: Product, number: int, known: Mapping[Key, int]) -> int:
    signs = _sign(number)
    for name in product:
        signs = _times(signs, known.get((((name,), 1),), ANY))
    return signs


def _times(one: int, other: int) -> int:
    found = NOTHING if (one | other) & NOTHING else 0
    if one & POSITIVE:
        found |= other & ~NOTHING
    if one & NEGATIVE:
        found |= opposite(other) & ~NOTHING
    return found


def _sum_of(signs: list[int]) -> int:
    both = 0
    for one in signs:
        both |= one
    if both & NEGATIVE and both & POSITIVE:
        return ANY
    if any(not one & NOTHING for one in signs):
        both &= ~NOTHING
    return both
