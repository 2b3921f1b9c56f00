"""Post or cross: the figures are those of the formula; the words say when posting always or never pays."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from dnkit.machine.program import Program
from dnkit.model.numbers import NS_PER_S, from_mbps
from dnkit.policies.explain.break_even import break_even_lines, break_evens, drift_mbps
from dnkit.policies.explain.lines import wrapped
from dnkit.policies.explain.policy import explain
from tests.compile.helpers import program_of
from tests.explain.drawn import shipped_program

ONE = """\
policy: 1
name: one
intent: unwind
summary: One leg.
legs:
  a: {venue: aster}
phases:
  rest:
    rest: {leg: a, qty: position, at: AT, type: TYPE, for: WAIT}
    then: {filled: look, partial: take, none: NONE, rejected: take, refused: take}
  take:
    take: {leg: a, qty: position, type: ioc, ladder: [5bps]}
  look:
    verify: {goal: flat}
    then: {ok: done flat, short: halt, conflict: halt, error: halt}
"""


def program(at="1bp inside touch", wait="4s", none="take", type="post_only", maker=0, taker=5_000) -> Program:
    """A policy that rests an order, on an instrument with these fees (mbps)."""
    text = ONE.replace("AT", at).replace("WAIT", wait).replace("NONE", none).replace("TYPE", type)
    found = program_of(text)
    leg = found.legs[0]
    instrument = replace(leg.instrument, maker_fee=maker, taker_fee=taker)
    return replace(found, legs=(replace(leg, instrument=instrument),))


def figures(**more):
    (found,) = break_evens(program(**more))
    return found


def said(**more) -> str:
    (line,) = break_even_lines(program(**more))
    return line


@pytest.mark.parametrize(
    ("seconds", "bps"), [(1, "1.07"), (4, "2.14"), (9, "3.21"), (3, "1.853"), (15, "4.144"), (0, "0")]
)
def test_the_price_moves_with_the_root_of_time(seconds: int, bps: str) -> None:
    assert from_mbps(drift_mbps(seconds * NS_PER_S)) == Decimal(bps)


@pytest.mark.parametrize(
    ("at", "nearer"),
    [
        ("1bp inside touch", "1"),  # one-tick formula, the distance in place of the tick
        ("join", "1"),  # own touch: the whole spread
        ("1bp inside join", "2"),
        ("mid", "0.5"),
        ("5bps inside mid", "5.5"),
        ("mark", "0.5"),
        ("1 tick inside touch", "0"),
    ],
)
def test_the_share_is_that_of_the_formula(at: str, nearer: str) -> None:
    one = figures(at=at, maker=200, taker=5_000)
    a, m, c = Decimal("2.14"), Decimal(1), Decimal(nearer)
    share = a / (c + Decimal(5) - Decimal("0.2") - m + a)
    assert (one.pays, one.nearer) == ("above", int(c * 1000))
    assert Decimal(one.drift) / one.over == share
    assert one.percent - 1 < share * 100 <= one.percent


def test_what_the_notes_of_the_trade_say() -> None:
    """Fees 0 / 5 bps, 3 s: with a move of 1.85 bps, 1 bp against the maker, about 32 %."""
    assert figures(at="1 tick inside touch", wait="3s").percent == 32


def test_posting_always_or_never_pays() -> None:
    assert figures(wait="0s").pays == "always"
    assert "posting always beats crossing at once" in said(wait="0s")
    never = {"maker": 3_000, "taker": 3_000}
    assert figures(**never).pays == "never"
    assert said(**never).startswith("rest on a: posting never beats crossing at once (fees 3 / 3 bps")
    assert figures(maker=-500, taker=0).pays == "above", "a rebate pays for the move after the fill"


def test_what_is_left_out_is_named() -> None:
    one = figures(at="1 tick inside touch", maker=3_000, taker=3_500)
    assert (one.pays, one.left_out) == ("never", "the tick")
    assert "only where the tick is worth more than 0.5 bps" in said(
        at="1 tick inside touch", maker=3_000, taker=3_500
    )
    assert figures(at="$0.50 inside touch").left_out == "its distance"


@pytest.mark.parametrize(("at", "type"), [("break_even", "post_only"), ("1bp through touch", "gtc")])
def test_no_figure_without_a_price_to_compare(at: str, type: str) -> None:
    assert figures(at=at, type=type).pays == "unknown"
    assert "not told" in said(at=at, type=type)


def test_whether_an_order_that_did_not_fill_is_crossed() -> None:
    assert figures().crosses
    assert figures(none="look").crosses is False
    assert said(none="done idle").endswith("Here nothing is crossed when it does not fill.")
    (three,) = break_evens(shipped_program("emergency_unwind_three_tier"))
    assert three.crosses, "behind a check, but crossed all the same"


def test_the_sentence() -> None:
    assert said() == (
        "rest on a: a maker fill must come in more than 30% of tries to beat crossing at once "
        "(fees 0 / 5 bps, 1 bp inside the far touch, a move of 2.2 bps in 4s)."
    )


def test_every_leg_has_its_own_fees() -> None:
    a, b = break_evens(shipped_program("close_two_phase"))
    assert (a.leg, a.pays, a.percent, b.leg, b.pays) == ("a", "above", 63, "b", "never")
    legs = [one.leg for one in break_evens(shipped_program("rebalance_small"))]
    assert legs == ["a", "b"], "the smaller leg may be either"


def test_the_text_holds_figures_and_assumptions() -> None:
    text = " ".join(explain(program()).text.split())
    assert "Post or cross - rest on a: a maker fill" in text
    assert "a volatility of 60% a year, 1.07 bps times the root of the seconds waited" in text
    assert "Post or cross" not in explain(shipped_program("flatten")).text


def test_words_are_carried_over() -> None:
    assert wrapped("aa bb cc", "- ", "  ", 7) == ["- aa bb", "  cc"]
    assert wrapped("abcdefgh", width=3) == ["abc", "def", "gh"]
    assert wrapped("", "- ") == ["-"]
    assert wrapped("⺀⺀⺀", width=4) == ["⺀⺀", "⺀"]
