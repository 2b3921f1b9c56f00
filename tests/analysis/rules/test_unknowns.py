"""What a guard does at first sight, and when it cannot see."""

import pytest

from tests.analysis.rules.tables import CLOSE, HOLD, PAGE, REBALANCE, findings, guard, proved

DRIFT = f"drift: imbalance > 15% -> {CLOSE}"


def says(*rules: str) -> str:
    """The verdict on P26 of a table that keeps it."""
    (found,) = [one.text for one in proved(guard(*rules)) if one.id == "P26"]
    return found


@pytest.mark.parametrize("do", [CLOSE, REBALANCE, PAGE, "halt too far"])
def test_who_acts_waits_or_says_at_once(do: str) -> None:
    assert findings(guard(f"drift: imbalance > 15% -> {do} / hasty", HOLD), "P26") == [
        f"`drift` (line 14) acts at first sight: one odd read is enough for `{do}`"
    ]
    for wait in ("now", "1 checks"):
        assert not findings(guard(f"drift: imbalance > 15% -> {do} / {wait}", HOLD), "P26")


def test_a_wait_of_no_checks_is_none() -> None:
    assert findings(guard(f"drift: imbalance > 15% -> {CLOSE} / 0 checks", HOLD), "P26")


@pytest.mark.parametrize(
    ("rules", "who"),
    [
        ([f"odd: blind -> {CLOSE}"], "`odd` (line 14) is the first to match because notional_a is unknown"),
        (
            [f"odd: liq_distance_a < 5% or unknown(liq_distance_a) -> {REBALANCE}"],
            "`odd` (line 14) is the first to match because liq_distance_a is unknown",
        ),
        ([f"odd: unknown(imbalance) -> {CLOSE}"], "to match because notional_a is unknown"),
        ([f"odd: unknown(imbalance > 5%) -> {CLOSE}"], "to match because notional_a is unknown"),
        (
            [f"a_only: unknown(notional_a) -> {PAGE}", f"odd: unknown(imbalance) -> {CLOSE}"],
            "`odd` (line 15) is the first to match because notional_b is unknown",
        ),
    ],
)
def test_trading_because_of_what_is_unknown_is_found(rules: list[str], who: str) -> None:
    (found,) = findings(guard(*rules, DRIFT, HOLD), "P26")
    assert who in found


def test_otherwise_does_not_trade_either() -> None:
    calm = "calm: imbalance <= 15% -> nothing"
    (found,) = findings(guard(calm, f"rest: otherwise -> {CLOSE}"), "P26")
    assert found == (
        "`rest` (line 15) is the first to match because notional_a is unknown, and does `run close_two_phase`"
    )
    seen = (f"blind: blind -> {PAGE}", f"flat: notional_a = 0 or notional_b = 0 -> {CLOSE}")
    assert not findings(guard(*seen, calm, f"rest: otherwise -> {CLOSE}"), "P26")


@pytest.mark.parametrize(
    "rules",
    [
        [
            f"blind: blind -> {PAGE}",
            f"late: blind or imbalance > 15% -> {CLOSE}",
        ],  # the alert is always first
        [f"odd: imbalance > 15% and not blind -> {CLOSE}"],
        [f"odd: not imbalance <= 15% -> {CLOSE}"],
        [
            f"gone: notional_a = 0 or notional_b = 0 -> {CLOSE}"
        ],  # one leg is known to be gone, whatever the other is
        [f"blind: unknown(imbalance) -> {PAGE}"],
    ],
)
def test_a_fact_that_is_unknown_matches_nothing(rules: list[str]) -> None:
    assert not findings(guard(*rules, HOLD), "P26")


def test_who_tells_of_blindness_is_named() -> None:
    blind = f"blind: unknown(notional_a) or unknown(imbalance) -> {PAGE}"
    near = f"near: smaller(liq_distance_a, liq_distance_b) < 5% -> {CLOSE}"
    assert says(blind, near, DRIFT, HOLD).endswith(
        "; `blind` (line 14) tells when notional_a or notional_b is unknown; "
        "none does for liq_distance_a and liq_distance_b"
    )
    assert says(blind, DRIFT, HOLD).endswith("tells when notional_a or notional_b is unknown")
    late = f"late: unknown(notional_a) or imbalance > 15% -> {CLOSE}"
    assert says(blind, late, HOLD).endswith(
        "; `blind` (line 14) tells when notional_a or notional_b is unknown"
    )
    assert says(DRIFT, HOLD).endswith("; no rule tells anybody that a fact is unknown")
    assert says("all: 1 > 0 -> halt now", HOLD).endswith("; no rule looks at a fact")


def test_an_alert_that_asks_for_more_than_blindness_tells_of_none() -> None:
    blind = f"blind: unknown(notional_a) and liq_distance_a < 5% -> {PAGE}"
    assert says(blind, DRIFT, HOLD).endswith("; no rule tells anybody that a fact is unknown")
