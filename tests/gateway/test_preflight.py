"""What speaks against opening, judged on facts of an account."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dnkit.desk.gateway.preflight import (
    CHECKS,
    SKEW_MAX_NS,
    AccountFacts,
    PositionMode,
    Wanted,
    margin_wanted,
    preflight,
)
from dnkit.model.numbers import PICO

GOOD = AccountFacts(
    venue="aster",
    symbol="ETHUSDT",
    mode=PositionMode.ONE_WAY,
    leverage=Decimal(5),
    available=220 * PICO,
    clock_ahead_ns=SKEW_MAX_NS,
    status="",
)
WANTED = Wanted(notional=1_000 * PICO, leverage_max=Decimal(5))


def found(**change: Any) -> list[tuple[str, str]]:
    return [(one.check, one.text) for one in preflight(replace(GOOD, **change), WANTED)]


def test_nothing_speaks_against_a_good_account() -> None:
    assert preflight(GOOD, WANTED) == ()


@pytest.mark.parametrize(
    ("change", "check", "text"),
    [
        ({"status": "maintenance"}, "health", "aster says that it is not open for trading: maintenance"),
        (
            {"clock_ahead_ns": SKEW_MAX_NS + 5_000_000},
            "clock",
            "the clock of aster is 1005 ms ahead of ours, at most 1000 ms are allowed",
        ),
        (
            {"clock_ahead_ns": -2 * SKEW_MAX_NS},
            "clock",
            "the clock of aster is 2000 ms behind ours, at most 1000 ms are allowed",
        ),
        (
            {"mode": PositionMode.HEDGE},
            "position mode",
            "aster is in hedge mode, orders are made for one-way mode",
        ),
        ({"leverage": Decimal(0)}, "leverage", "the leverage of ETHUSDT on aster is 0"),
        ({"leverage": Decimal(-1)}, "leverage", "the leverage of ETHUSDT on aster is -1"),
        (
            {"leverage": Decimal(10)},
            "leverage",
            "the leverage of ETHUSDT on aster is 10, at most 5 is wanted",
        ),
        (
            {"available": 220 * PICO - 1},
            "margin",
            "aster has 219.999999999999 free, 220 is needed at leverage 5",
        ),
    ],
)
def test_each_thing_that_is_wrong_is_told(change: dict[str, Any], check: str, text: str) -> None:
    assert found(**change) == [(check, text)]


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("status", "health"),
        ("clock_ahead_ns", "clock"),
        ("mode", "position mode"),
        ("leverage", "leverage"),
        ("available", "margin"),
    ],
)
def test_what_could_not_be_read_is_wrong(name: str, check: str) -> None:
    ((said, text),) = found(**{name: None})
    assert said == check
    assert text.endswith("could not be read from aster; unknown is not good enough to open")


def test_a_size_of_zero_is_no_size() -> None:
    (wrong,) = preflight(GOOD, replace(WANTED, notional=0))
    assert wrong.check == "size"


def test_all_that_is_wrong_is_told_at_once_with_what_to_do() -> None:
    unread = {"mode": None, "leverage": None, "available": None, "clock_ahead_ns": None, "status": None}
    blank = replace(GOOD, **unread, can_withdraw=True)
    wrong = preflight(blank, replace(WANTED, notional=0))
    assert len(wrong) == len(CHECKS)
    assert all(one.act for one in wrong)


@given(st.integers(1, 10**18), st.decimals("0.1", "125", places=1))
def test_the_margin_is_size_over_leverage_and_a_tenth_rounded_up(notional: int, leverage: Decimal) -> None:
    exact = Decimal(notional) / leverage * Decimal("1.1")
    assert 0 <= margin_wanted(notional, leverage) - exact < Decimal("1.001")
