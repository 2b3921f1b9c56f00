"""What is found in rule tables, each beside a near miss that is clean."""

import pytest

from dnkit.analysis.proof import Scene, Standing
from tests.analysis.rules.tables import CLOSE, HOLD, PAGE, REBALANCE, SEEN, findings, guard, proved
from tests.compile.helpers import shipped

BAND = "imbalance > 5% and imbalance <= 15%"
CALM = "calm: imbalance <= 5% -> nothing"
SMALL = f"rebalance: {BAND} and missing < 20% -> {REBALANCE}"
LARGE = f"emergency: imbalance > 15% -> {CLOSE}"
LEFT = "the rest of the rule leaves no other case"


def test_a_hole_between_small_and_large_drift_is_found() -> None:
    """The rebalance gives up where a fifth of the clip is missing, and the emergency starts later."""
    broken = next(one for one in proved(guard(*SEEN, SMALL, LARGE, HOLD)) if one.standing is Standing.BROKEN)
    assert broken.text == (
        "nothing is done where `imbalance > 5%` and not `missing < 20%`: `rebalance` (line 16) stops there, "
        "`emergency` (line 17) starts later, `hold` (line 18) takes it: imbalance 10%, missing 50%"
    )
    assert broken.story is not None
    assert broken.story.faults == 0
    assert broken.story.scenes == (
        Scene("imbalance 10%, missing 50% (clip $20, notional_a $100, notional_b $90)", "", 0),
        Scene("does not match: `missing < 20%` is not true", "rebalance", 16),
        Scene("does not match: `imbalance > 15%` is not true", "emergency", 17),
        Scene("the first to match: nothing", "hold", 18),
    )
    assert set(broken.story.moves) == {"notional_a=100", "notional_b=90", "clip=20"}


def test_the_same_hole_without_otherwise_is_a_gap() -> None:
    assert findings(guard(*SEEN, CALM, SMALL, LARGE)) == [
        "no rule takes the case where not `imbalance <= 5%`, not `imbalance > 15%` and `missing >= 20%`: "
        "imbalance 10%, missing 50%"
    ]


@pytest.mark.parametrize("end", [HOLD, CALM])
def test_a_rule_for_what_is_missing_closes_it(end: str) -> None:
    assert not findings(guard(*SEEN, SMALL, f"emergency: imbalance > 5% -> {CLOSE}", end))


def test_exactly_fifteen_percent_is_found() -> None:
    small = f"rebalance: imbalance > 5% and imbalance < 15% -> {REBALANCE}"
    (hole,) = findings(guard(*SEEN, small, LARGE, HOLD))
    assert hole.endswith("takes it: imbalance 15%")
    (gap,) = findings(guard(*SEEN, CALM, small, LARGE))
    assert gap.startswith("no rule takes the case where `clip` is known and `imbalance = 15%`:")


@pytest.mark.parametrize(("below", "from_on"), [("<=", ">"), ("<", ">=")])
def test_bands_that_meet_are_clean(below: str, from_on: str) -> None:
    rules = (
        f"rebalance: imbalance > 5% and imbalance {below} 15% -> {REBALANCE}",
        f"emergency: imbalance {from_on} 15% -> {CLOSE}",
    )
    assert not findings(guard(*SEEN, *rules, HOLD))
    assert not findings(guard(*SEEN, CALM, *rules))


def test_a_limit_that_can_never_be_false_is_found() -> None:
    """15 % of a leg of at most 1.33 clips is less than 20 % of the clip: what looks like a limit is none."""
    oversize = "oversize: larger(notional_a, notional_b) > {} * clip -> alert page"
    large = f"emergency: imbalance > 5% -> {CLOSE}"
    (found,) = findings(guard(*SEEN, oversize.format("1.33"), SMALL, large, HOLD))
    assert found == (
        "`missing < 20%` of `rebalance` (line 17) can never be false where it counts: "
        "`oversize` (line 16) takes every other case"
    )
    assert not findings(guard(*SEEN, oversize.format("1.34"), SMALL, large, HOLD))


@pytest.mark.parametrize("limited", [True, False])
@pytest.mark.parametrize("first", ["emergency", "rebalance"])
@pytest.mark.parametrize(
    "band",
    [
        BAND,
        "not (imbalance <= 5% or imbalance > 15%)",
        "net = $1 and net = $2 or imbalance > 5% and 15% >= imbalance",
    ],
)
def test_an_emergency_that_starts_inside_the_band_of_a_rebalance_is_found(
    first: str, limited: bool, band: str
) -> None:
    small = f"rebalance: ({band}){' and missing < 20%' if limited else ''} -> {REBALANCE}"
    rules = [f"emergency: imbalance > 10% -> {CLOSE}", small][:: 1 if first == "emergency" else -1]
    wide = [f"wide: imbalance > 5% and missing >= 20% -> {PAGE}"] if limited else []
    (found,) = [one for one in findings(guard(*SEEN, *rules, *wide, HOLD)) if "`net =" not in one]
    assert "goes as far as `imbalance <= 15%`, `emergency`" in found
    assert "starts at `imbalance > 10%`: between the two both match" in found
    done = CLOSE if first == "emergency" else REBALANCE
    assert f"`{done}` is done rather than" in found


@pytest.mark.parametrize(
    "rules",
    [
        (LARGE, f"rebalance: {BAND} -> {REBALANCE}"),
        (f"rebalance: {BAND} -> {REBALANCE}", LARGE),
        (f"emergency: imbalance > 10% -> {CLOSE}", f"rebalance: imbalance > 5% -> {REBALANCE}"),
        (f"wide: imbalance > 7% and missing >= 20% -> {PAGE}", f"rebalance: {BAND} -> {REBALANCE}", LARGE),
        (f"emergency: imbalance > 10% -> {REBALANCE}", f"rebalance: {BAND} and net > $9 -> {REBALANCE}"),
        ("noted: imbalance > 10% and imbalance < 17% -> nothing", f"rebalance: {BAND} -> {REBALANCE}",
         f"emergency: imbalance > 10% -> {CLOSE}"),
    ],
)  # fmt: skip
def test_overlaps_that_any_reader_sees_are_not_told(rules: tuple[str, ...]) -> None:
    """The graver first, with or without the end of the milder one said again; an exception above its rule."""
    assert not [one for one in findings(guard(*SEEN, *rules, HOLD)) if "both match" in one]


def test_a_rule_that_is_never_the_first_is_found() -> None:
    rules = (f"rebalance: imbalance > 5% -> {REBALANCE}", LARGE, HOLD)
    assert findings(guard(*SEEN, *rules)) == [
        "`emergency` (line 17) can never be the first to match: `rebalance` (line 16) takes all its cases"
    ]
    assert not findings(guard(*SEEN, *rules[1::-1], HOLD))


def test_rules_that_take_all_its_cases_together_are_named() -> None:
    above = (f"long: net > $0 -> {PAGE}", f"large: abs(net) > $9 -> {PAGE}")
    short, both = "short: net <= {} -> alert page", f"both: net > -$5 -> {CLOSE}"
    assert findings(guard(*above, short.format("$0"), both, HOLD)) == [
        "`both` (line 17) can never be the first to match: "
        "`long` (line 14) and `short` (line 16) take all its cases"
    ]
    assert not findings(guard(*above, short.format("-$7"), both, HOLD))


def test_dependence_between_facts_is_seen() -> None:
    """Both facts are made of the same legs: with legs of two clips, 10 % of a leg is 20 % of the clip."""
    odd = "odd: imbalance < 10% and missing > {} and larger(notional_a, notional_b) <= clip * 2 -> alert info"
    assert findings(guard(odd.format("20%"), HOLD)) == ["`odd` (line 14) can never match"]
    assert not findings(guard(odd.format("19%"), HOLD))


def test_products_of_facts_are_decided() -> None:
    near = (
        "near: liq_distance_a * notional_a < $99 and liq_distance_a > {} and notional_a > $990 -> alert info"
    )
    assert findings(guard(near.format("10%"), HOLD)) == ["`near` (line 14) can never match"]
    assert not findings(guard(near.format("9%"), HOLD))


@pytest.mark.parametrize(
    ("when", "part", "never"),
    [
        ("imbalance > 5% and imbalance > 3%", "imbalance > 3%", "false"),
        ("imbalance > 5% or imbalance > 9%", "imbalance > 9%", "true"),
        ("imbalance >= 0", "imbalance >= 0", "false"),
        ("imbalance > 5% and clip > $0", "clip > $0", "false"),
        ("missing < 20% and not abs(notional_a - notional_b) > 20% * clip + $5",
         "abs(notional_a - notional_b) > 20% * clip + $5", "true"),
    ],
)  # fmt: skip
def test_comparisons_that_decide_nothing_are_found(when: str, part: str, never: str) -> None:
    (found,) = findings(guard(f"drift: {when} -> {PAGE}", HOLD))
    assert found.startswith(f"`{part}` of `drift` (line 14) ")
    assert found.endswith(LEFT)
    assert f"never be {never}" in found or "decides nothing" in found


@pytest.mark.parametrize(
    "when",
    [
        "imbalance > 5% and not blind",
        "5% < imbalance and 0.3 > missing and not abs(notional_a - notional_b) > 20% * clip + $5",
        "imbalance > 5% and missing <= 20% or imbalance > 7% and missing <= 30%",
        "unknown(imbalance > 5%)",
        "net != $5",
    ],
)
def test_comparisons_that_decide_something_are_not_told(when: str) -> None:
    assert not findings(guard(f"drift: {when} -> {PAGE}", HOLD))


NEAR = f"near: liq_distance_a < 5% and liq_distance_a > 2% -> {PAGE}"


@pytest.mark.parametrize(
    ("rules", "count"),
    [
        # A window on what gets smaller as it gets worse, with a hole at its end.
        ((NEAR, f"at: liq_distance_a < 2% -> {CLOSE}"), 1),
        ((NEAR, f"at: liq_distance_a <= 2% -> {CLOSE}"), 0),
        # Nothing is wrong with a calm middle, nor with two conditions that must both be met.
        ((f"low: funding_spread < 0 -> {CLOSE}", f"high: funding_spread > 5% -> {CLOSE}"), 0),
        ((f"odd: net > $500 and imbalance > 5% -> {PAGE}", f"far: net > $5000 -> {CLOSE}"), 0),
        # The smaller one stops too early for the larger one; a hole is told once, not from both sides.
        ((f"large: imbalance > 15% and missing < 50% -> {CLOSE}",
          f"small: imbalance > 5% and missing < 20% -> {PAGE}"), 1),
        ((f"large: imbalance > 15% and missing > 20% -> {CLOSE}",
          f"small: imbalance > 5% and missing > 20% -> {PAGE}"), 0),
        # An exception because of something else is the author's business, and so is one that says so.
        ((f"small: imbalance > 5% and funding_spread < 1% -> {PAGE}", LARGE), 0),
        (("noted: missing >= 20% and imbalance <= 15% -> nothing", SMALL, LARGE), 0),
        # Nor is one where what starts later never acts, or has started and waits for something else.
        ((SMALL, "noted: imbalance > 15% -> nothing", LARGE), 0),
        ((SMALL, f"middle: {BAND} and missing >= 20% -> {PAGE}",
          f"large: imbalance > 15% and net > $5 -> {CLOSE}"), 0),
        # What is done for all else is no hole.
        ((SMALL, LARGE, f"all: imbalance >= 0 or not blind -> {PAGE}"), 0),
    ],
)  # fmt: skip
def test_holes_are_between_rules_that_act(rules: tuple[str, ...], count: int) -> None:
    assert len([one for one in findings(guard(*rules, HOLD)) if one.startswith("nothing is done")]) == count


def test_a_table_without_otherwise_has_a_gap_where_nothing_is_known() -> None:
    (found,) = findings(guard(LARGE, "calm: imbalance <= 15% -> nothing"))
    assert found == "no rule takes the case where `imbalance` cannot be compared with 15%: imbalance unknown"


def test_gaps_apart_from_each_other_are_told_apart() -> None:
    far = f"far: imbalance > 5% and imbalance != 7% and imbalance != 9% -> {PAGE}"
    found = findings(guard(*SEEN, far, CALM))
    assert sorted(one.rpartition(", ")[2] for one in found) == ["imbalance 7%", "imbalance 9%"]


def test_gaps_with_everything_known_come_first() -> None:
    known, unknown, idle = findings(
        guard("low: net < $0 and (funding_spread < 0 or funding_spread >= 0) -> alert page")
    )
    assert known == "no rule takes the case where not `net < $0`: net $100"
    assert unknown.startswith("no rule takes the case where `funding_spread` cannot be compared with 0:")
    assert idle.startswith("`funding_spread >= 0` of `low` (line 14) decides nothing")


def test_otherwise_may_stand_where_nothing_is_left() -> None:
    assert not findings(
        guard(f"long: net > $0 -> {PAGE}", f"rest: net <= $0 or unknown(net) -> {PAGE}", HOLD)
    )


def test_what_is_not_a_guard_has_no_verdict() -> None:
    found = shipped("close_two_phase")
    assert found is not None
    assert proved(found[1]) == ()


def test_what_is_beyond_it_is_open_and_not_guessed() -> None:
    square = f"square: notional_a / clip * (notional_a / clip) < 2 -> {PAGE}"
    found = {
        (one.id, one.standing): one.text
        for one in proved(guard(square, "fast: net > $5 -> halt / hasty", HOLD))
    }
    assert "no first power of any of" in found["P25", Standing.OPEN]
    assert "acts at first sight" in found["P26", Standing.BROKEN]


@pytest.mark.parametrize(
    ("facts", "when", "why"),
    [
        (
            {f"f{n}": f"f{n - 1} + f{n - 1}" if n else "net" for n in range(40)},
            "f39 > $1",
            "an expression of",
        ),
        (
            {f"f{n}": f"f{n - 1} + $1 + $2" if n else "net" for n in range(120)},
            "f119 > $1",
            "of them in one another",
        ),
        (
            {f"t{n}": f"t{n - 1} or t{n - 1}" if n else "net > $1" for n in range(40)},
            "t39",
            "an expression of",
        ),
        ({"sum": "+".join(["$1"] * 300)}, "net > sum", "300 of them in one another"),
    ],
)
def test_facts_of_facts_without_end_are_open(facts: dict[str, str], when: str, why: str) -> None:
    found = proved(guard(f"far: {when} -> {PAGE}", HOLD, facts=facts))
    assert [one.standing for one in found] == [Standing.OPEN, Standing.OPEN]
    assert why in found[0].text


def test_too_many_comparisons_of_the_same_facts_are_open() -> None:
    rules = [f"far{n}: net > ${n} -> {PAGE}" for n in range(33, 0, -1)]
    assert [one.standing for one in proved(guard(*rules[1:], HOLD))] == [Standing.HOLDS, Standing.HOLDS]
    found = proved(guard(*rules, HOLD))
    assert [one.standing for one in found] == [Standing.OPEN, Standing.OPEN]
    assert found[0].text == "33 comparisons that depend on each other, at most 32 do"


def test_too_many_cases_are_open() -> None:
    limits = {
        "price": "$1",
        "entry": "$1",
        "unrealised": "$1",
        "position": "1 ETH",
        "funding": "1%",
        "age": "9s",
    }
    many = " or ".join(f"{name}_{leg} > {limit}" for name, limit in limits.items() for leg in "ab")
    found = proved(guard(f"odd: {many} -> {PAGE}", HOLD))
    assert [one.standing for one in found] == [Standing.OPEN, Standing.OPEN]
    assert found[0].text == "531,441 cases, the limit is 200,000"
