"""Expressions: canonical text, types with places, three values."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnkit.policies import expr
from dnkit.policies.expr_parse import parse
from dnkit.policies.units import TextError

GUARD = expr.guard_facts(("a", "b"))
OVERLAY = expr.overlay_facts(("a", "b"))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("notional_a=0", "notional_a = 0"),
        ("((net > $5,000))", "net > $5000"),
        ("a.venue is lighter or reason is critical and venue is aster", None),
        ("(a.venue is lighter or reason is critical) and venue is aster", None),
        ("not (reason is x or reason is y)", None),
        ("leg a notional>$10,000", "leg a notional > $10000"),
        (
            "abs(notional_a-notional_b)/larger(notional_a,notional_b)",
            "abs(notional_a - notional_b) / larger(notional_a, notional_b)",
        ),
        ("notional_a - (notional_b - net) > 0", None),
        ("notional_a - notional_b - net > 0", None),
        ("-(net + net) * 2 < -$5", None),
        ("position_a >= 0.50 ETH", "position_a >= 0.5 ETH"),
        ("age_a > 500ms", None),
        ("unknown(notional_a)", None),
    ],
)
def test_canonical_text(text: str, canonical: str | None) -> None:
    shown = expr.render(parse(text, GUARD | OVERLAY))
    assert shown == (canonical or text)
    assert expr.render(parse(shown, GUARD | OVERLAY)) == shown


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("", "DNK033", (0, 1)),
        ("net >", "DNK033", (5, 6)),
        ("net > 5%", "DNK034", (0, 8)),
        ("net + 3s > 0", "DNK034", (0, 8)),
        ("net * net > 0", "DNK034", (0, 9)),
        ("not net", "DNK034", (4, 7)),
        ("net and reason is x", "DNK034", (0, 3)),
        ("net is x", "DNK034", (0, 3)),
        ("nett > 0", "DNK035", (0, 4)),
        ("leg c notional > 0", "DNK035", (0, 14)),
        ("abs(net, net) > 0", "DNK033", (0, 13)),
        ("larger(net) > 0", "DNK033", (0, 11)),
        ("net > 0 > 0", "DNK033", (8, 9)),
        ("(net > 0", "DNK033", (8, 9)),
        ("net > 0)", "DNK033", (7, 8)),
        ("net @ 0", "DNK033", (4, 5)),
        ("reason is and", "DNK033", (10, 13)),
    ],
)
def test_mistakes_have_a_place(text: str, code: str, part: tuple[int, int]) -> None:
    with pytest.raises(TextError) as error:
        parse(text, GUARD | OVERLAY, expr.TRUTH)
    assert (error.value.code, error.value.part) == (code, part)


def test_deep_nesting_is_refused() -> None:
    for text in (
        "(" * 500 + "net" + ")" * 500,
        "not " * 200 + "net > 0",
        "-" * 500 + "net > 0",
        "abs(" * 200,
    ):
        with pytest.raises(TextError):
            parse(text, GUARD)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("notional_a > 0", None),
        ("unknown(notional_a)", True),
        ("unknown(net)", False),
        ("notional_a > 0 or net > 0", True),
        ("notional_a > 0 and net > 0", None),
        ("notional_a > 0 and net < 0", False),
        ("not notional_a > 0", None),
        ("net / (net - net) > 1", None),
        ("net * 50% = $50", True),
        ("larger(net, $300) - smaller(net, $300)", Decimal(200)),
        ("5bps * 2", Decimal("0.001")),
        ("-net", Decimal(-100)),
        ("abs(-net)", Decimal(100)),
        ("reason is critical", True),
        ("reason is calm", False),
        ("3 != 4", True),
    ],
)
def test_three_values(text: str, value: expr.Value) -> None:
    facts: dict[str, expr.Value] = {"net": Decimal(100), "reason": ("DRIFT", "critical")}
    assert expr.evaluate(parse(text, GUARD | OVERLAY), facts) == value


numbers = st.sampled_from(["net", "notional_a", "$5", "0", "clip"])


def _numeric(below: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(below, st.sampled_from(["+", "-"]), below).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
    call = st.tuples(st.sampled_from(["larger", "smaller"]), below, below).map(
        lambda p: f"{p[0]}({p[1]}, {p[2]})"
    )
    return st.one_of(
        two,
        call,
        below.map(lambda p: f"abs({p})"),
        below.map(lambda p: f"-{p}"),
        below.map(lambda p: f"{p} * 2"),
    )


amounts = st.recursive(numbers, _numeric, max_leaves=6)
comparisons = st.tuples(amounts, st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), amounts).map(" ".join)


def _logic(below: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(below, st.sampled_from(["and", "or"]), below).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
    return two | below.map(lambda p: f"not ({p})")


@given(
    st.recursive(comparisons, _logic, max_leaves=6),
    st.dictionaries(st.sampled_from(["net", "clip"]), st.integers(-9, 9).map(Decimal)),
)
def test_canonical_text_means_the_same(text: str, facts: dict[str, Decimal]) -> None:
    first = parse(text, GUARD, expr.TRUTH)
    again = parse(expr.render(first), GUARD, expr.TRUTH)
    assert expr.render(again) == expr.render(first)
    assert expr.evaluate(again, facts) == expr.evaluate(first, facts)


@given(st.text(max_size=40) | st.from_regex(r"[a-z(), <>=$0-9%.\-]{0,40}", fullmatch=True))
def test_any_text_is_an_expression_or_a_text_error(text: str) -> None:
    try:
        found = parse(text, GUARD)
    except TextError as error:
        assert error.message
    else:
        assert expr.render(parse(expr.render(found), GUARD)) == expr.render(found)
