"""What is proved of random tables, against the language's own evaluation at every point of a grid."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from dnkit.analysis.proof import Standing
from dnkit.analysis.rules.check import check_rules
from dnkit.analysis.rules.sheet import NOBODY, Sheet, matches, sheet_of
from dnkit.analysis.rules.table import table_of, texts_of
from dnkit.policies import expr
from dnkit.policies.expr_parse import parse
from dnkit.policies.policy import Policy, Rule
from tests.analysis.rules.tables import CLOSE, PAGE, guard, proved, read
from tests.policies.strategies import guards

TYPES = expr.guard_facts(("a", "b"))
OPS = st.sampled_from(["<", "<=", ">", ">=", "=", "!="])
Point = Mapping[str, expr.Value]


def joined_by_logic(below: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(below, st.sampled_from(["and", "or"]), below).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
    return two | below.map(lambda part: f"not ({part})")


def whens(comparisons: st.SearchStrategy[str], names: Sequence[str]) -> st.SearchStrategy[str]:
    blind = st.sampled_from(names).map(lambda name: f"unknown({name})")
    return st.recursive(comparisons | blind, joined_by_logic, max_leaves=4)


def grid(values: Mapping[str, Sequence[str]]) -> Iterator[Point]:
    """Every point of the values, and of those without a value for some."""
    for point in product(*([None, *map(Decimal, one)] for one in values.values())):
        yield {name: value for name, value in zip(values, point, strict=True) if value is not None}


def policy_of(tests: Sequence[str], *, trades: bool = False) -> Policy:
    """A guard whose rules have those tests."""
    rules = [f"rule{number}: {test} -> {CLOSE if trades else PAGE}" for number, test in enumerate(tests)]
    policy = read(guard(*rules, facts={})).policy
    assert policy is not None
    return policy


def sheet(policy: Policy) -> Sheet:
    return sheet_of(table_of(policy.rules, texts_of(policy), {}), {})


def holding(rules: Sequence[Rule], point: Point) -> tuple[bool, ...]:
    """Which of the rules match, by the language."""
    return tuple(expr.evaluate(parse(rule.when, TYPES, expr.TRUTH), point) is True for rule in rules)


STEPS = [str(Decimal(step) / 4) for step in range(-3, 8)]
NOT_BELOW = [one for one in STEPS if not one.startswith("-")]
SMALL = {"notional_a": NOT_BELOW, "net": STEPS, "unrealised_b": STEPS}
plain_sides = st.sampled_from([*SMALL, "$1", "0"])
plain = st.tuples(st.sampled_from(list(SMALL)), OPS, plain_sides).map(" ".join)
# Comparisons with 0, 1 and each other: between, below and above these the grid has room for all three, and so
# a point of every case there is.


@settings(max_examples=20)
@given(st.lists(whens(plain, list(SMALL)), min_size=1, max_size=3))
def test_exactly_the_cases_of_the_grid_are_found(tests: list[str]) -> None:
    policy = policy_of(tests)
    found = sheet(policy)
    mine = {tuple(matches(row, case.values) for row in found.table.rows) for case in found.cases.values()}
    assert mine == {holding(policy.rules, point) for point in grid(SMALL)}


@settings(max_examples=20)
@given(st.lists(whens(plain, list(SMALL)), min_size=1, max_size=3))
def test_the_verdicts_are_those_of_the_grid(tests: list[str]) -> None:
    """Gaps, rules that are never the first, trades because of what is unknown: each is told if and only if
    some point says so.
    """
    policy = policy_of(tests, trades=True)
    never_unknown = policy_of([_without_unknown(test) for test in tests])
    gap, firsts, blind = False, set(), set()
    for point in grid(SMALL):
        held = holding(policy.rules, point)
        first = held.index(True) if True in held else NOBODY
        gap = gap or first == NOBODY
        firsts.add(first)
        if first != NOBODY and not holding(never_unknown.rules, point)[first]:
            blind.add(first)
    texts = [one.text for one in check_rules(policy) if one.standing is Standing.BROKEN]
    assert any(one.startswith("no rule takes") for one in texts) == gap
    for number in range(len(tests)):
        never = [one for one in texts if one.startswith(f"`rule{number}` can never")]
        assert bool(never) == (number not in firsts)
        because = [one for one in texts if one.startswith(f"`rule{number}` is the first to match because")]
        assert bool(because) == (number in blind)


def _without_unknown(test: str) -> str:
    """The test as if nothing were ever found to be unknown."""
    for name in SMALL:
        test = test.replace(f"unknown({name})", "1 > 2")
    return test


LEGS = {
    "notional_a": ["0", "1", "3", "4", "20"],
    "notional_b": ["0", "1", "2", "17", "20"],
    "clip": ["1", "5", "20"],
    "net": ["-2", "0", "3"],
}
MONEY = st.sampled_from(["notional_a", "notional_b", "clip", "net", "$1", "$4"])


def of_money(below: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(st.sampled_from(["larger", "smaller"]), below, below).map(
        lambda p: f"{p[0]}({p[1]}, {p[2]})"
    )
    sums = st.tuples(below, st.sampled_from(["+", "-"]), below).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
    return two | sums | below.map(lambda part: f"abs({part})") | below.map(lambda part: f"-({part})")


money = st.recursive(MONEY, of_money, max_leaves=3)
shares = st.tuples(money, money).map(lambda p: f"({p[0]}) / ({p[1]})")
limits = st.sampled_from(["0", "5%", "15%", "50%", "1", "2"])
rich = st.tuples(money, OPS, money).map(" ".join) | st.tuples(shares, OPS, limits).map(" ".join)


@settings(max_examples=25)
@given(st.lists(whens(rich, list(LEGS)), min_size=1, max_size=3))
def test_no_point_is_missed_and_every_example_is_true(tests: list[str]) -> None:
    policy = policy_of(tests)
    if any(one.standing is Standing.OPEN for one in proved(guard(*_as_rules(tests), facts={}))):
        return
    found = sheet(policy)
    cases = {tuple(matches(row, case.values) for row in found.table.rows) for case in found.cases.values()}
    assert {holding(policy.rules, point) for point in grid(LEGS)} <= cases
    for case in found.cases.values():
        values = found.point(case)
        if all(_ends(value) for value in values.values()):
            point = {name: Decimal(one.numerator) / Decimal(one.denominator) for name, one in values.items()}
            assert holding(policy.rules, point) == tuple(
                matches(row, case.values) for row in found.table.rows
            )


def _as_rules(tests: Sequence[str]) -> Iterator[str]:
    return (f"rule{number}: {test} -> {PAGE}" for number, test in enumerate(tests))


def _ends(value: Fraction) -> bool:
    """Whether it has a last decimal digit."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


@settings(max_examples=60)
@given(guards())
def test_every_guard_of_the_language_gets_a_verdict(policy: Policy) -> None:
    found = check_rules(policy)
    assert {one.id for one in found} == {"P25", "P26"}
    assert all(one.story is not None for one in found if one.standing is Standing.BROKEN)
