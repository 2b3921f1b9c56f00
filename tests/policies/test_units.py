"""Texts with units: exact values, exact refusals."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnkit.machine.program import Anchor
from dnkit.policies import prices, units
from dnkit.policies.policy import Distance, PriceText, Quantity, Size
from dnkit.policies.unit_texts import (
    show_amounts,
    show_distance,
    show_price,
    show_quantity,
    show_size,
    show_time,
)
from tests.policies.strategies import distances, quantities, sizes, times
from tests.policies.strategies import prices as price_texts

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
    assert prices.parse_rung(text) == price


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
        (units.parse_time, "5 min", "`5m`"),
        (units.parse_quantity, "0.1 eth", "`0.1 ETH`"),
        (prices.parse_price, "5bps", "`5bps inside touch`"),
        (prices.parse_price, "1 tick inside tuoch", "did you mean `touch`?"),
        (units.parse_size, "positon", "did you mean `position`?"),
        (prices.parse_stop, "2%", "`2% from entry`"),
    ],
)
def test_refusal_says_the_nearest_right_text(parse: object, text: str, help_words: str) -> None:
    assert callable(parse)
    with pytest.raises(units.TextError) as error:
        parse(text)
    assert help_words in error.value.advice


@pytest.mark.parametrize(
    ("parse", "text", "cost", "forms"),
    [
        (units.parse_time, "5", "60,000 times", "a time: `5s`, `5ms`, `5m`"),
        (
            units.parse_distance,
            "5",
            "`5bps` is $5 per $10,000 traded, `5%` is $500",
            "`5bps`, `5%`, `5 ticks`",
        ),
        (units.parse_distance, "0.02", "`0.02bps` is $0.02 per $10,000 traded, `0.02%` is $2", "`0.02%`"),
        (prices.parse_rung, "5", "per $10,000", "`5bps`"),
        (prices.parse_price, "1,000", "`1,000bps` is $1,000 per $10,000", "`1,000bps inside touch`"),
        (prices.parse_stop, "2", "`2%` is $200", "`2% from entry`"),
        (prices.parse_through_stop, "10", "`10%` is $1,000", "`10bps through stop`"),
        (units.parse_money, "50", "thousands of times `$50`", "`$50`"),
        (units.parse_percent, "5", "`5%` of $10,000 is $500", "`5%`"),
        (units.parse_percent, "0.25", "is $25, `25%` is $2,500", "`25%` or `0.25%`"),
        (units.parse_quantity, "0.05", "of a coin", "`0.05 ETH`, `$0.05` or `5% of clip`"),
        (units.parse_amounts, "3", "of a coin", "`3 lots`"),
        (units.parse_size, "0.1", "of a coin", "`$0.1`"),
        (units.parse_unhedged, "3000", "how much", "`$3000 for 30s`"),
        (units.parse_rate, "10", "in what time", "`10 per 1s`"),
        (units.parse_volume, "100,000", "in what time", "`$100,000 per 1m`"),
        (units.parse_depth, "50", "how many levels", "`$50 at level 1`"),
        (units.parse_checks, "3", "a time", "`3 checks`"),
    ],
)
def test_a_bare_number_is_told_with_what_a_wrong_guess_costs(
    parse: Callable[[str], object], text: str, cost: str, forms: str
) -> None:
    with pytest.raises(units.TextError) as error:
        parse(text)
    assert error.value.code == units.MISSING_UNIT
    assert error.value.message.startswith(f"`{text}` has no unit: ")
    assert cost in error.value.message and forms in error.value.help


@pytest.mark.parametrize(
    ("parse", "text", "part"),
    [
        (prices.parse_price, "0.02 inside touch", (0, 4)),
        (prices.parse_stop, "0.02 from entry", (0, 4)),
        (units.parse_unhedged, "3000 for 30s", (0, 4)),
        (units.parse_unhedged, "$3000 for 30", (10, 12)),
        (units.parse_rate, "10 per  5", (8, 9)),
        (units.parse_amounts, "larger of 1 lot, 5", (17, 18)),
    ],
)
def test_a_number_without_unit_is_told_at_its_own_characters(
    parse: Callable[[str], object], text: str, part: tuple[int, int]
) -> None:
    with pytest.raises(units.TextError) as error:
        parse(text)
    assert (error.value.code, error.value.part) == (units.MISSING_UNIT, part)


def test_every_form_that_is_offered_can_be_read() -> None:
    for parse in (units.parse_time, units.parse_distance, units.parse_percent, units.parse_quantity):
        for text in ("0.05", "1", "6"):
            with pytest.raises(units.TextError) as error:
                parse(text)
            for form in re.findall(r"`([^`]+)`", error.value.help):
                assert parse(form) is not None


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


@given(price_texts)
def test_price_reads_back(price: PriceText) -> None:
    assert prices.parse_price(show_price(price)) == price


@given(sizes)
def test_size_reads_back(size: Size) -> None:
    assert units.parse_size(show_size(size)) == size


@given(st.text(max_size=30) | st.from_regex(r"[$]?[0-9.,%a-z \-]{0,20}", fullmatch=True))
def test_any_text_is_a_value_or_a_text_error(text: str) -> None:
    parsers = [
        (module, name) for module in (units, prices) for name in dir(module) if name.startswith("parse_")
    ]
    for module, name in parsers:
        try:
            getattr(module, name)(text)
        except units.TextError as error:
            assert error.message
