"""Signatures as Lighter's keys make them: Schnorr over ecgfp5, a curve of prime order over the extension of
the Goldilocks field by a fifth root of 3. Only verified here, and keys of rehearsals told: the venue's own
library signs.

A point is a fraction of fractions (X/Z, U/T) with one formula for every sum; its name is one element, T/U.
"""

from functools import lru_cache
from typing import TypeAlias

from dnkit.venues.lighter.poseidon import PRIME, hashed

Element: TypeAlias = tuple[int, int, int, int, int]
Point: TypeAlias = tuple[Element, Element, Element, Element]

ORDER = 1067993516717146951041484916571792702745057740581727230159139685185762082554198619328292418486241
LIMB = 8
BYTES = 5 * LIMB
WINDOW = 4
WINDOWS = 320 // WINDOW
ZERO: Element = (0, 0, 0, 0, 0)
ONE: Element = (1, 0, 0, 0, 0)
TWO: Element = (2, 0, 0, 0, 0)  # also `a` of the curve y^2 = x (x^2 + a x + b)
B = 263  # of the curve, times the root
ELEMENTS = PRIME**5
ODD = (ELEMENTS - 1) >> 32  # what is left of the order of the extension without its twos
NON_SQUARE: Element = (7, 0, 0, 0, 0)
NEUTRAL: Point = (ZERO, ONE, ZERO, ONE)
GENERATOR: Point = (
    (
        12883135586176881569,
        4356519642755055268,
        5248930565894896907,
        2165973894480315022,
        2448410071095648785,
    ),
    ONE,
    ONE,
    (4, 0, 0, 0, 0),
)


class BadPointError(ValueError):
    """What is no name of a point."""


def public_key(secret: bytes) -> bytes:
    """The 40 bytes of the public key of a private one."""
    return _bytes(_name(_times(GENERATOR, _number(secret))))


def verifies(public: bytes, message: Element, signature: bytes) -> bool:
    """Whether a signature of 80 bytes was made for a hashed message by that key of 40 bytes."""
    if len(signature) != 2 * BYTES or len(public) != BYTES:
        return False
    s, e = _number(signature[:BYTES]), _number(signature[BYTES:])
    if s >= ORDER or e >= ORDER:
        return False
    try:
        owner = _point(public)
    except BadPointError:
        return False
    commitment = _name(_add(_times(GENERATOR, s), _times(owner, e)))
    return _number(_bytes(element((*commitment, *message)))) % ORDER == e


def element(values: tuple[int, ...]) -> Element:
    """The hash of field elements as one element of the extension."""
    a, b, c, d, e = hashed(values)
    return a, b, c, d, e


def _number(content: bytes) -> int:
    return int.from_bytes(content, "little")


def _bytes(one: Element) -> bytes:
    return b"".join(limb.to_bytes(LIMB, "little") for limb in one)


# The curve


@lru_cache(maxsize=64)
def _point(public: bytes) -> Point:
    """Of the two points that share a name, the one whose x is no square."""
    limbs = tuple(_number(public[at : at + LIMB]) for at in range(0, BYTES, LIMB))
    if any(limb >= PRIME for limb in limbs):
        raise BadPointError("a limb beyond the field")
    a, b, c, d, e = limbs
    name = a, b, c, d, e
    sum_ = _minus(_mul(name, name), TWO)
    root = _root(_minus(_mul(sum_, sum_), (0, 4 * B, 0, 0, 0)))
    half = _inverse(TWO)
    x = _mul(_plus(sum_, root), half)
    if _is_square(x):
        x = _mul(_minus(sum_, root), half)
    return x, ONE, ONE, name


def _name(point: Point) -> Element:
    return _mul(point[3], _inverse(point[2]))


def _times(point: Point, factor: int) -> Point:
    total = NEUTRAL
    for row in _multiples(point):
        total = _add(total, row[factor % (1 << WINDOW)])
        factor >>= WINDOW
    return total


@lru_cache(maxsize=64)
def _multiples(point: Point) -> tuple[tuple[Point, ...], ...]:
    """For each window of a factor, from the lowest: the point times 0, 1, ... in that window."""
    rows = []
    for _ in range(WINDOWS):
        row = [NEUTRAL]
        for _ in range((1 << WINDOW) - 1):
            row.append(_add(row[-1], point))
        rows.append(tuple(row))
        point = _add(row[-1], point)
    return tuple(rows)


def _add(one: Point, other: Point) -> Point:
    (x1, z1, u1, t1), (x2, z2, u2, t2) = one, other
    xx, zz, uu, tt = _mul(x1, x2), _mul(z1, z2), _mul(u1, u2), _mul(t1, t2)
    xz = _minus(_mul(_plus(x1, z1), _plus(x2, z2)), _plus(xx, zz))
    ut = _minus(_mul(_plus(u1, t1), _plus(u2, t2)), _plus(uu, tt))
    b_zz = _by_b(zz)
    c = _plus(xx, b_zz)
    d = _mul(tt, c)
    e = _mul(uu, _plus(_by_b(_plus(xz, xz)), _plus(c, c)))
    f = _mul(_plus(tt, _plus(uu, uu)), _plus(xz, c))
    return _by_b(_minus(f, d)), _minus(d, e), _mul(ut, _minus(b_zz, xx)), _plus(d, e)


# The field


def _mul(x: Element, y: Element) -> Element:
    (a, b, c, d, e), (f, g, h, i, j) = x, y
    return (
        (a * f + 3 * (b * j + c * i + d * h + e * g)) % PRIME,
        (a * g + b * f + 3 * (c * j + d * i + e * h)) % PRIME,
        (a * h + b * g + c * f + 3 * (d * j + e * i)) % PRIME,
        (a * i + b * h + c * g + d * f + 3 * e * j) % PRIME,
        (a * j + b * i + c * h + d * g + e * f) % PRIME,
    )


def _by_b(x: Element) -> Element:
    a, b, c, d, e = x
    return 3 * B * e % PRIME, B * a % PRIME, B * b % PRIME, B * c % PRIME, B * d % PRIME


def _plus(x: Element, y: Element) -> Element:
    """Not reduced: what multiplies it does."""
    return x[0] + y[0], x[1] + y[1], x[2] + y[2], x[3] + y[3], x[4] + y[4]


def _minus(x: Element, y: Element) -> Element:
    return x[0] - y[0], x[1] - y[1], x[2] - y[2], x[3] - y[3], x[4] - y[4]


def _power(x: Element, exponent: int) -> Element:
    result = ONE
    for bit in f"{exponent:b}":
        result = _mul(result, result)
        if bit == "1":
            result = _mul(result, x)
    return result


def _inverse(x: Element) -> Element:
    """Of zero it is zero."""
    return _power(x, ELEMENTS - 2)


def _is_square(x: Element) -> bool:
    return _power(x, (ELEMENTS - 1) // 2) == ONE


def _root(x: Element) -> Element:
    """A square root; BadPointError where there is none."""
    if not _is_square(x):
        raise BadPointError("a name of no point")
    part, left, twos = _power(NON_SQUARE, ODD), _power(x, ODD), 32
    root = _power(x, (ODD + 1) // 2)
    while left != ONE:
        square, below = _mul(left, left), 1
        while square != ONE:
            square, below = _mul(square, square), below + 1
        factor = _power(part, 1 << (twos - below - 1))
        root, part, twos = _mul(root, factor), _mul(factor, factor), below
        left = _mul(left, part)
    return root
