"""What the command line may change: one value for all legs, or LEG=VALUE, with errors that say what to
write.
"""

from decimal import Decimal

import pytest

from dnkit.model.terms import Intent, Side
from dnkit.policies.overrides import (
    OptionError,
    apply,
    flipped,
    for_legs,
    parse_clips,
    parse_sides,
)
from dnkit.policies.policy import LegText, Policy, Quantity

LEGS = ("quote", "hedge")
POLICY = Policy(
    name="pair",
    intent=Intent.OPEN,
    summary="",
    legs=(LegText(name="quote", venue="backpack"), LegText(name="hedge", venue="grvt")),
)


def test_one_value_is_for_all_legs_and_a_named_one_wins() -> None:
    assert for_legs("--symbol", ["ETH"], LEGS) == {"quote": "ETH", "hedge": "ETH"}
    assert for_legs("--symbol", ["hedge=BTC"], LEGS) == {"hedge": "BTC"}
    assert for_legs("--symbol", ["hedge=BTC", "ETH"], LEGS) == {"quote": "ETH", "hedge": "BTC"}
    assert for_legs("--symbol", [], LEGS) == {}


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["hegde=BTC"], "did you mean `hedge`"),
        (["ETH", "BTC"], "LEG=VALUE"),
        (["hedge=ETH", "hedge=BTC"], "given twice"),
        (["hedge="], "empty value"),
    ],
)
def test_a_wrong_option_says_what_to_write(texts: list[str], words: str) -> None:
    with pytest.raises(OptionError, match="--symbol") as caught:
        for_legs("--symbol", texts, LEGS)
    assert words in str(caught.value)
    assert caught.value.exit_code == 2


def test_one_plain_side_is_the_first_legs_and_the_other_turns() -> None:
    assert parse_sides("--side", ["sell"], LEGS) == {"quote": Side.SELL, "hedge": Side.BUY}
    assert parse_sides("--side", ["long"], ("a",)) == {"a": Side.BUY}
    assert parse_sides("--side", ["hedge=short"], LEGS) == {"hedge": Side.SELL}
    with pytest.raises(OptionError, match="sel"):
        parse_sides("--side", ["sel"], LEGS)


def test_clips_are_quantities() -> None:
    assert parse_clips("--clip", ["0.2 ETH"], ("a",)) == {"a": Quantity(Decimal("0.2"), "coin", "ETH")}
    with pytest.raises(OptionError, match="--clip 5"):
        parse_clips("--clip", ["5"], ("a",))


def test_applied_values_are_in_the_policy_and_nothing_else_changes() -> None:
    clip = Quantity(Decimal(500), "money")
    changed = apply(
        POLICY,
        symbols={"hedge": "X"},
        sides={"quote": Side.SELL},
        clips={"quote": clip},
        venues={"hedge": "nado"},
    )
    quote, hedge = changed.legs
    assert (quote.venue, quote.symbol, quote.side, quote.clip) == ("backpack", "", Side.SELL, clip)
    assert (hedge.venue, hedge.symbol, hedge.side, hedge.clip) == ("nado", "X", None, None)
    assert apply(POLICY) == POLICY


def test_flipping_turns_both_legs_and_twice_is_where_we_were() -> None:
    once = flipped(POLICY)
    assert [leg.side for leg in once.legs] == [Side.SELL, Side.BUY]
    assert [leg.side for leg in flipped(once).legs] == [Side.BUY, Side.SELL]
