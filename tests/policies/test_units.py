"""Texts with units: exact values, exact refusals."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnkit.machine.program import Anchor
from dnkit.policies import units
from dnkit.policies.policy import Distance, PriceText, Quantity, Size
from dnkit.policies.unit_texts import (
    show_amounts,
    show_distance,
    show_price,
    show_quantity,
    show_size,
    show_time,
)
from tests.policies.strategies import distances, prices, quantities, sizes, times

NS = 10**9


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("500ms", NS // 2),
        ("3s", 3 * NS),
        ("0.5s", NS // 2),
        ("2m", 120 * NS),
        ("1h", 3600 * NS),
        ("0s", 0),
        ("0.000001ms", 1),
    ],
)
def test_time(text: str, ns: int) -> None:
    assert units.parse_time(text) == ns


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("5bps", "5", "bps"),
        ("1bp", "1", "bps"),
        ("0.05%", "5", "bps"),
        ("2 ticks", "2", "ticks"),
        ("$0.50", "0.5", "money"),
    ],
)
def test_distance(text: str, amount: str, unit: str) -> None:
    assert units.parse_distance(text) == Distance(Decimal(amount), unit)


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("0.01 ETH", Quantity(Decimal("0.01"), "coin", "ETH")),
        ("5 1000PEPE", Quantity(Decimal(5), "coin", "1000PEPE")),
        ("1 lot", Quantity(Decimal(1), "lots")),
        ("5% of clip", Quantity(Decimal(5), "percent")),
        ("$50,000", Quantity(Decimal(50000), "money")),
        ("venue minimum", Quantity(Decimal(0), "venue_minimum")),
    ],
)
def test_quantity(text: str, quantity: Quantity) -> None:
    assert units.parse_quantity(text) == quantity


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("5bps", PriceText(Anchor.TOUCH, "through", Distance(Decimal(5), "bps"))),
        ("0bps", PriceText(Anchor.TOUCH)),
        ("touch", PriceText(Anchor.TOUCH)),
        ("1 tick inside touch", PriceText(Anchor.TOUCH, "inside", Distance(Decimal(1), "ticks"))),
        ("5bps through mid", PriceText(Anchor.MID, "through", Distance(Decimal(5), "bps"))),
        ("break_even", PriceText(Anchor.BREAK_EVEN)),
    ],
)
def test_rung(text: str, price: PriceText) -> None:
    assert units.parse_rung(text) == price


def test_short_forms_of_limits() -> None:
    assert units.parse_unhedged("$3,000 for 30s") == (Quantity(Decimal(3000), "money"), 30 * NS)
    assert units.parse_rate("10 per 1s") == (10, NS)
    assert units.parse_volume("$100,000 per 1m") == (Decimal(100000), 60 * NS)
    assert units.parse_depth("$50,000 at level 1") == (Decimal(50000), 1)
    assert units.parse_amounts("larger of 5% of clip, $1,000, venue minimum") == (
        Quantity(Decimal(5), "percent"),
        Quantity(Decimal(1000), "money"),
        Quantity(Decimal(0), "venue_minimum"),
    )


@pytest.mark.parametrize(
    ("parse", "text", "help_words"),
    [
        (units.parse_time, "5", "`5s`?"),
        (units.parse_time, "5 min", "`5m`"),
        (units.parse_distance, "5", "`5bps`?"),
        (units.parse_money, "50", "`$50`?"),
        (units.parse_percent, "5", "`5%`?"),
        (units.parse_quantity, "0.1 eth", "`0.1 ETH`"),
        (units.parse_price, "5bps", "`5bps inside touch`"),
        (units.parse_price, "1 tick inside tuoch", "did you mean `touch`?"),
        (units.parse_size, "positon", "did you mean `position`?"),
        (units.parse_stop, "2%", "`2% from entry`"),
        (units.parse_rate, "10", "`10 per 1s`"),
    ],
)
def test_refusal_says_the_nearest_right_text(parse: object, text: str, help_words: str) -> None:
    assert callable(parse)
    with pytest.raises(units.TextError) as error:
        parse(text)
    assert help_words in error.value.help


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (units.parse_time, "-1s"),
        (units.parse_time, "169h"),
        (units.parse_distance, "1001bps"),
        (units.parse_distance, "11%"),
        (units.parse_percent, "101%"),
        (units.parse_money, "$0"),
        (units.parse_count, "1,000,001"),
        (units.parse_quantity, "0 ETH"),
        (units.parse_quantity, "1" * 19 + " ETH"),
    ],
)
def test_bounds(parse: object, text: str) -> None:
    assert callable(parse)
    with pytest.raises(units.TextError) as error:
        parse(text)
    assert error.value.code == units.OUT_OF_BOUNDS


@given(times)
def test_time_reads_back(ns: int) -> None:
    assert units.parse_time(show_time(ns)) == ns


@given(distances)
def test_distance_reads_back(distance: Distance) -> None:
    assert units.parse_distance(show_distance(distance)) == distance


@given(quantities)
def test_quantity_reads_back(quantity: Quantity) -> None:
    assert units.parse_quantity(show_quantity(quantity)) == quantity


@given(st.lists(quantities, min_size=1, max_size=4).map(tuple))
def test_amounts_read_back(amounts: tuple[Quantity, ...]) -> None:
    assert units.parse_amounts(show_amounts(amounts)) == amounts


@given(prices)
def test_price_reads_back(price: PriceText) -> None:
    assert units.parse_price(show_price(price)) == price


@given(sizes)
def test_size_reads_back(size: Size) -> None:
    assert units.parse_size(show_size(size)) == size


@given(st.text(max_size=30) | st.from_regex(r"[$]?[0-9.,%a-z \-]{0,20}", fullmatch=True))
def test_any_text_is_a_value_or_a_text_error(text: str) -> None:
    for name in (one for one in dir(units) if one.startswith("parse_")):
        try:
            getattr(units, name)(text)
        except units.TextError as error:
            assert error.message
