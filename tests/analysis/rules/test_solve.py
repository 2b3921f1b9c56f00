"""Points under conditions, against every point of a grid."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnkit.analysis.rules import polynomials as pl
from dnkit.analysis.rules.solve import Conditions, End, Undecided, between, narrowed, solve

X, Y, Z = (pl.quantity(name) for name in "xyz")
SIGNS = st.sampled_from(
    [pl.NEGATIVE, pl.NEGATIVE | pl.NOTHING, pl.NOTHING, pl.NOTHING | pl.POSITIVE, pl.POSITIVE]
)
numbers = st.integers(-3, 3)


def made(parts: tuple[int, ...]) -> pl.Poly:
    """a x + b y + c z + d + e x y + f y z."""
    products = [X, Y, Z, pl.constant(1), pl.multiplied(X, Y), pl.multiplied(Y, Z)]
    found: pl.Poly = {}
    for product_, number in zip(products, parts, strict=True):
        found = pl.added(found, product_, number)
    return found


plain = st.tuples(numbers, numbers, numbers, numbers, st.just(0), st.just(0)).map(made)
bent = st.tuples(numbers, numbers, numbers, numbers, numbers, numbers).map(made)


def conditions(pairs: list[tuple[pl.Poly, int]]) -> Conditions | None:
    """All of them together; None where they are plainly impossible."""
    found: Conditions | None = {}
    for poly, signs in pairs:
        found = None if found is None else narrowed(found, poly, signs)
    return found


def meets(pairs: list[tuple[pl.Poly, int]], point: pl.Point) -> bool:
    return all(pl.sign_at(poly, point) & signs for poly, signs in pairs)


GRID = [
    dict(zip("xyz", values, strict=True))
    for values in product([Fraction(step, 2) for step in range(-4, 5)], repeat=3)
]


@settings(max_examples=150)
@given(st.lists(st.tuples(plain | bent, SIGNS), max_size=5))
def test_a_point_is_found_if_the_grid_has_one_and_it_is_true(pairs: list[tuple[pl.Poly, int]]) -> None:
    met = conditions(pairs)
    try:
        point = None if met is None else solve(met, {})
    except Undecided:
        return
    if point is None:
        assert not any(meets(pairs, one) for one in GRID)
    else:
        assert meets(pairs, {"x": Fraction(1), "y": Fraction(1), "z": Fraction(1), **point})


@settings(max_examples=150)
@given(st.lists(st.tuples(plain, SIGNS), max_size=6))
def test_what_has_only_first_powers_is_always_decided(pairs: list[tuple[pl.Poly, int]]) -> None:
    met = conditions(pairs)
    assert met is None or solve(met, {}) is None or meets(pairs, {**GRID[0], **(solve(met, {}) or {})})


@given(st.lists(st.tuples(bent, SIGNS), max_size=4), bent)
def test_known_signs_leave_out_no_sign_there_is(pairs: list[tuple[pl.Poly, int]], poly: pl.Poly) -> None:
    met = conditions(pairs)
    may = 0 if met is None else pl.signs_of(poly, met)
    for point in GRID[::7]:
        if meets(pairs, point):
            assert pl.sign_at(poly, point) & may


def minus(one: pl.Poly, other: pl.Poly) -> pl.Poly:
    return pl.added(one, other, -1)


ONE = pl.constant(1)
AT_LEAST, AT_MOST = pl.NOTHING | pl.POSITIVE, pl.NOTHING | pl.NEGATIVE
ALL_ALIKE = [(minus(X, Y), AT_LEAST), (minus(Y, Z), AT_LEAST), (minus(Z, X), AT_LEAST)]
STEEP = pl.multiplied(minus(Y, Z), X)  # in x with a slope that the others decide


@pytest.mark.parametrize(
    ("pairs", "able"),
    [
        (ALL_ALIKE, True),
        ([*ALL_ALIKE, (minus(X, Y), pl.POSITIVE)], False),
        ([*ALL_ALIKE[:2], (minus(Z, X), pl.POSITIVE)], False),
        # Bounds that meet in one point: x >= y, x + y <= 0, y >= 0.
        ([(minus(X, Y), AT_LEAST), (pl.added(X, Y), AT_MOST), (Y, AT_LEAST)], True),
        ([(minus(X, Y), AT_LEAST), (pl.added(X, Y), pl.NEGATIVE), (Y, AT_LEAST)], False),
        # z <= y <= x <= 0 <= z, and x > z: a strict bound where another one only lies as high.
        ([(minus(Y, Z), AT_LEAST), (minus(X, Y), AT_LEAST), (minus(X, Z), pl.POSITIVE), (X, AT_MOST),
          (Z, AT_LEAST), (minus(Y, pl.constant(3)), AT_MOST), (pl.added(Y, Z), AT_LEAST),
          (minus(Z, pl.constant(7)), AT_MOST), (minus(minus(Y, Z), pl.constant(5)), AT_MOST)], False),
        # A slope that can only be zero: x >= y, z (y - x) >= 0, z > 0.
        ([(minus(X, Y), AT_LEAST), (pl.multiplied(minus(Y, X), Z), AT_LEAST), (Z, pl.POSITIVE)], True),
        ([(minus(X, Y), pl.POSITIVE), (pl.multiplied(minus(Y, X), Z), AT_LEAST), (Z, pl.POSITIVE)], False),
        ([(minus(Y, Z), AT_LEAST), (minus(Z, Y), AT_LEAST), (pl.added(STEEP, ONE), pl.POSITIVE)], True),
        ([*ALL_ALIKE, (pl.added(pl.multiplied(minus(X, Z), Y), ONE), pl.NEGATIVE)], False),
        ([(pl.added(STEEP, ONE), pl.POSITIVE), (pl.added(STEEP, ONE, 2), pl.NEGATIVE)], False),
        # 1 / (y - z) < x < 1 / 2 (y - z)
        ([(minus(Y, Z), pl.POSITIVE), (minus(STEEP, ONE), pl.POSITIVE),
          (pl.added(pl.added(STEEP, STEEP), ONE, -1), pl.NEGATIVE)], False),
        ([(minus(Y, Z), pl.NEGATIVE), (minus(STEEP, ONE), pl.POSITIVE),
          (pl.added(pl.added(STEEP, STEEP), ONE, -1), pl.NEGATIVE)], False),
        ([(minus(Y, Z), pl.NEGATIVE), (minus(STEEP, ONE), pl.NEGATIVE),
          (pl.added(pl.added(STEEP, STEEP), ONE, -1), pl.POSITIVE)], True),
    ],
)  # fmt: skip
def test_points_where_little_room_is(pairs: list[tuple[pl.Poly, int]], able: bool) -> None:
    met = conditions(pairs)
    point = None if met is None else solve(met, {})
    assert (point is not None) == able
    assert point is None or meets(pairs, point)


def test_a_square_is_not_decided() -> None:
    square = pl.added(pl.multiplied(X, X), pl.constant(2), -1)
    met = narrowed({}, square, pl.NOTHING)
    assert met is not None
    with pytest.raises(Undecided, match="no first power of any of x"):
        solve(met, {})


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        ("1/20", "3/20", "1/10"),
        ("85", "95", "90"),
        ("0", "50", "20"),
        ("1/3", "1/3", "1/3"),
        ("-7/2", "-3", "-16/5"),
        ("100", None, "200"),
        (None, "-2", "-4"),
        ("0", "500", "100"),
        (None, None, "100"),
    ],
)  # fmt: skip
def test_values_are_round(low: str | None, high: str | None, found: str) -> None:
    below, above = (None if one is None else End(Fraction(one), False) for one in (low, high))
    assert between(below, above, Fraction(100)) == Fraction(found)
