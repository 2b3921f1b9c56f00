"""Tables for all values of their parameters, and the guards that are shipped."""

from decimal import Decimal

import pytest

from dnkit.analysis.proof import Standing
from dnkit.cli.init import policy_text
from tests.analysis.rules.tables import CLOSE, HOLD, PAGE, REBALANCE, SEEN, findings, guard, proved
from tests.compile.helpers import shipped

FROM = "from: {type: percent, default: 5%, range: 1%..10%}"
TO = "to: {type: percent, default: 15%, range: "
SMALL = f"small: imbalance > $from and imbalance <= 12% -> {REBALANCE}"


def table(name: str) -> str:
    """The text of a shipped policy."""
    found = shipped(name)
    assert found is not None
    return found[1]


def rules_of(text: str) -> tuple[str, list[str]]:
    """The text up to its rules, and the rules."""
    head, _, rest = text.partition("\nrules:")
    comment, *rules = rest.split("\n  - ")
    return f"{head}\nrules:{comment}", [f"\n  - {rule}" for rule in rules]


def test_the_shipped_guard_is_clean_for_all_its_parameters() -> None:
    grave, blind = proved(table("funding_arb_guarded"), ranges=True)
    assert (grave.standing, blind.standing) == (Standing.HOLDS, Standing.HOLDS)
    for one in (grave, blind):
        assert "for every $rebalance_from from 1% to 10% and $emergency_from from 10% to 30%" in one.text
    assert grave.text.startswith("594 cases of 10 comparisons: ")
    assert "none does for clip, erosion, funding_spread, liq_distance_a and liq_distance_b" in blind.text


def test_the_guard_that_init_writes_is_clean_for_all_its_parameters() -> None:
    text = policy_text("guard", "mine", "")
    grave, blind = proved(text, ranges=True)
    assert (grave.standing, blind.standing) == (Standing.HOLDS, Standing.HOLDS)
    for one in (grave, blind):
        assert "for every $rebalance_from from 1% to 10% and $close_from from 10% to 30%" in one.text
    head, rules = rules_of(text)
    less = head + "".join(rule for rule in rules if "drift_too_big_to_fix" not in rule)
    (hole,) = findings(less)
    assert hole.startswith("nothing is done where `imbalance > 5%` and not `missing < 20%`: `small_drift`")


def test_where_both_ranges_touch_nothing_is_left_to_rebalance() -> None:
    """No contradiction, as whoever sets both alike wants the emergency at once; but it is said."""
    grave, _ = proved(table("funding_arb_guarded"), ranges=True)
    _, _, ends = grave.text.partition("; ")
    assert ends.startswith(
        "at $rebalance_from 10% and $emergency_from 10% `rebalance` (line 53) can never be the first"
    )
    assert ends.count("at $") == 1


DELETED = {
    "leg_gone": "",  # a gone leg is an imbalance of 100%: the emergency takes it two checks later
    "near_liquidation": "",
    "blind": "no rule tells anybody that a fact is unknown",
    "emergency": "",  # any drift is still rebalanced or closed
    "rebalance": "",  # small drift is held: nothing below it is left out that something above it acts on
    "drift_too_big_to_fix": "nothing is done where `imbalance > 5%` and not `missing < 20%`",
    "divergence_flipped": "",
    "profit_erosion": "",
    "hold": "no rule takes the case where not `liq < 5%`, `imbalance <= 5%`",
}  # what is told of the shipped guard without a rule; nothing where what is left is complete


@pytest.mark.parametrize(("name", "told"), DELETED.items())
def test_a_rule_less_is_told_of_or_leaves_a_complete_table(name: str, told: str) -> None:
    head, rules = rules_of(table("funding_arb_guarded"))
    kept = [rule for rule in rules if not rule.startswith(f"\n  - name: {name} ")]
    kept = [rule for rule in kept if rule.split()[2] != name]
    assert len(kept) == len(rules) - 1
    found = proved(head + "".join(kept))
    complete = not told or name == "blind"
    assert all(one.standing is Standing.HOLDS for one in found) == complete
    assert not told or any(told in one.text for one in found)


def test_a_gap_at_some_value_of_the_range_is_found() -> None:
    rules = (*SEEN, SMALL, f"large: imbalance > $to -> {CLOSE}", HOLD)
    wide = guard(*rules, params=(FROM, f"{TO}10%..30%}}"))
    meets = guard(*rules, params=(FROM, f"{TO}10%..12%}}".replace("15%", "12%")))
    (hole,) = findings(wide)
    assert "`large` (line 20) starts later" in hole
    assert findings(meets) == []
    (crossed,) = findings(meets, ranges=True)
    assert "starts at `imbalance > $to`: between the two both match" in crossed


def test_a_gap_only_beyond_the_value_in_force_is_found_with_the_value() -> None:
    rules = (*SEEN, SMALL, f"large: imbalance > $to -> {CLOSE}", HOLD)
    text = guard(*rules, params=(FROM, "to: {type: percent, default: 12%, range: 12%..13%}"))
    assert not findings(text)
    (hole,) = findings(text, ranges=True)
    assert hole.startswith("nothing is done where `imbalance > $from` and not `imbalance <= 12%`:")
    (broken,) = [one for one in proved(text, ranges=True) if one.standing is Standing.BROKEN]
    assert broken.story is not None
    values = dict(move.split("=") for move in broken.story.moves)
    assert Decimal("0.12") < Decimal(values["$to"]) <= Decimal("0.13")
    assert (
        Decimal("0.12")
        < 1 - Decimal(values["notional_b"]) / Decimal(values["notional_a"])
        <= Decimal(values["$to"])
    )


def test_a_wait_that_a_parameter_may_set_to_none_is_found() -> None:
    rule = f"drift: imbalance > 15% -> {CLOSE} / $grace checks"
    none = guard(rule, HOLD, params=("grace: {type: count, default: 2, range: 0..5}",))
    some = guard(rule, HOLD, params=("grace: {type: count, default: 2, range: 1..5}",))
    assert not findings(none, "P26")
    assert findings(none, "P26", ranges=True) == [
        "`drift` (line 16) acts at first sight: one odd read is enough for `run close_two_phase`"
    ]
    assert not findings(some, "P26", ranges=True)


def test_a_parameter_may_stand_in_facts_and_more_than_once() -> None:
    facts = {"drift": "abs(net) / ($part * clip)"}
    params = ("part: {type: percent, default: 5%, range: 1%..10%}",)
    rules = (f"blind: unknown(net) or unknown(clip) -> {PAGE}", f"far: drift > 1 -> {CLOSE}")
    calm = "calm: abs(net) <= {} * clip -> nothing"
    same = guard(*rules, calm.format("$part"), params=params, facts=facts)
    other = guard(*rules, calm.format("5%"), params=params, facts=facts)
    assert not findings(same, ranges=True)
    assert not findings(other)
    (gap,) = findings(other, ranges=True)
    assert gap.startswith("no rule takes the case where not `drift > 1`")


def test_a_parameter_that_is_part_of_a_number_stays_as_it_is() -> None:
    rules = (f"far: imbalance > 1$from -> {PAGE}", HOLD)
    grave, _ = proved(guard(*rules, params=(FROM,)), ranges=True)
    assert grave.text.endswith(", with $from as in force")


def test_what_has_no_range_stays_as_it_is_and_is_named() -> None:
    params = (
        FROM,
        "times: {type: count, default: 2, range: 1..3}",
        "loud: {type: word, default: page, choices: [page, warn]}",
    )
    rules = ("far: imbalance > $from * $times -> alert $loud", HOLD)
    grave, _ = proved(guard(*rules, params=params), ranges=True)
    assert grave.standing is Standing.HOLDS
    assert grave.text.endswith(", for every $from from 1% to 10%, with $times and $loud as in force")
