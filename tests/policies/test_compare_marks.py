"""What is looser beyond the limits, phase by phase and rule by rule, and what has another name only."""

import pytest

from dnkit.policies.compare.marks import Mark
from dnkit.policies.compare.policies import (
    SAME_BEHAVIOUR,
    SAME_MACHINE,
    machine_of,
    reasons_named,
)
from tests.policies.comparing import compared, policy_of, read, side
from tests.policies.test_corpus import GOOD
from tests.policies.test_tighten import ROWS

TIGHTER, LOOSER, OTHER = Mark.TIGHTER, Mark.LOOSER, Mark.CHANGED
PHASES = """policy: 1
name: every_phase
intent: open
summary: Every phase that has a limit.
clip: 0.2 ETH
legs:
  a: {venue: aster}
limits:
  depth: {within: 20bps, else: refuse}
data:
  bbo: {max_age: 1s, stale: hold}
phases:
  work:
    rest:
      leg: a
      qty: 0.1 ETH
      at: join
      for: 15s
      rejects: 3
      reprice: {beyond: 2bps, every: 1s, max: 5}
    visits: 3
    then: {filled: look, none: work, rejected: work}
  cross:
    take: {leg: a, qty: imbalance, type: ioc, ladder: [5bps, 10bps]}
  last:
    take: {leg: a, qty: imbalance, type: market, cap: 15bps}
  leave_stop:
    arm: {leg: a, qty: position, stop: 2% from entry, limit: 10bps through stop}
  look:
    verify: {goal: protected, tries: 5, every: 500ms}
    visits: 2
    then: {ok: done protected, short: halt short, conflict: halt books, error: halt unread}
"""
LADDER = "take: {leg: a, qty: imbalance, type: ioc, ladder: [15bps]}"
ARM = PHASES[PHASES.index("  leave_stop:") : PHASES.index("  look:")]
EDITS: tuple[tuple[str, str, dict[str, tuple[Mark, Mark]]], ...] = (
    ("for: 15s", "for: 5s", {"work.rest.for": (TIGHTER, LOOSER)}),
    ("rejects: 3", "rejects: 2", {"work.rest.rejects": (TIGHTER, LOOSER)}),
    ("rejects: 3\n", "rejects: 3\n      reduce_only: true\n", {"work.rest.reduce_only": (TIGHTER, LOOSER)}),
    ("max: 5", "max: 4", {"work.rest.reprice.max": (TIGHTER, LOOSER)}),
    ("      reprice: {beyond: 2bps, every: 1s, max: 5}\n", "", {"work.rest.reprice": (TIGHTER, LOOSER)}),
    ("visits: 3", "visits: 2", {"work.visits": (TIGHTER, LOOSER)}),
    ("at: join", "at: 1 tick inside touch", {"work.rest.at": (OTHER, OTHER)}),
    ("at: join", "at: 2bps through touch", {"work.rest.at": (LOOSER, TIGHTER)}),
    ("at: join", "at: join\n      type: gtc", {"work.rest.type": (LOOSER, TIGHTER)}),
    ("at: join", "at: join\n      until: first fill", {"work.rest.until": (Mark.ADDED, Mark.REMOVED)}),
    ("qty: 0.1 ETH", "qty: 0.2 ETH", {"work.rest.qty": (LOOSER, TIGHTER)}),
    ("qty: 0.1 ETH", "qty: clip", {"work.rest.qty": (OTHER, OTHER)}),
    ("[5bps, 10bps]", "[5bps, 9bps]", {"cross.take.ladder": (TIGHTER, LOOSER)}),
    ("[5bps, 10bps]", "[5bps, 7bps, 10bps]", {"cross.take.ladder": (OTHER, OTHER)}),
    ("cap: 15bps", "cap: 10bps", {"last.take.cap": (TIGHTER, LOOSER)}),
    ("stop: 2%", "stop: 1%", {"leave_stop.arm.stop": (TIGHTER, LOOSER)}),
    ("filled: look", "filled: done hedged", {"work.then.filled": (LOOSER, TIGHTER)}),
    ("filled: look", "filled: cross", {"work.then.filled": (OTHER, OTHER)}),
    ("conflict: halt books", "conflict: done flat", {"look.then.conflict": (LOOSER, TIGHTER)}),
    ("short: halt short", "short: halt open", {"look.then.short": (OTHER, OTHER)}),
    (
        "take: {leg: a, qty: imbalance, type: market, cap: 15bps}",
        LADDER,
        {
            "last.take.type": (TIGHTER, LOOSER),
            "last.take.cap": (Mark.REMOVED, Mark.ADDED),
            "last.take.ladder": (Mark.ADDED, Mark.REMOVED),
        },
    ),
    ("else: refuse", "else: shrink", {"limits.depth.else": (LOOSER, TIGHTER)}),
    ("stale: hold", "stale: halt", {"data.bbo.stale": (TIGHTER, LOOSER)}),
    ("stale: hold", "stale: rest", {"data.bbo.stale": (LOOSER, TIGHTER)}),
    ("clip: 0.2 ETH", "clip: 0.2 ETH # as ever", {}),
    ("{within: 20bps, else: refuse}", "{else: refuse, within: 0.20%}", {}),
    ("filled: look, none", "filled: look, partial: cross, none", {}),
    ("name: every_phase", "name: other", {}),
    ("summary: Every", "summary: Each", {}),
)


@pytest.mark.parametrize(("old", "new", "wanted"), EDITS, ids=lambda one: one if isinstance(one, str) else "")
def test_an_edit_and_its_reverse(old: str, new: str, wanted: dict[str, tuple[Mark, Mark]]) -> None:
    assert PHASES.count(old) == 1
    texts = PHASES, PHASES.replace(old, new)
    for before, after, which in ((*texts, 0), (*texts[::-1], 1)):
        found = compared(before, after)
        assert {row.where.removeprefix("phases."): row.mark for row in found.rows} == {
            where: marks[which] for where, marks in wanted.items()
        }
        assert (found.verdict == SAME_MACHINE) == (not wanted)


def test_every_limit_of_a_phase_is_tried() -> None:
    tried = {f"phases.*.{where.split('.', 1)[1]}" for _, _, wanted in EDITS for where in wanted}
    same = ("phases.*.take.reduce_only", "phases.*.arm.reduce_only")  # as that of a rest
    assert {path for path in ROWS if path.startswith("phases.")} <= {*tried, *same}


def test_what_proves_an_end_is_looser_without() -> None:
    found = compared(PHASES, PHASES.replace(ARM, ""))
    assert [(row.where, row.old, row.new, row.mark) for row in found.rows if row.mark is LOOSER] == [
        ("phases.leave_stop", "arm", None, LOOSER)
    ]


def test_a_phase_with_another_name_is_found_although_something_else_changed() -> None:
    other = PHASES.replace("cross:", "over:").replace("for: 15s", "for: 16s")
    found = compared(PHASES, other)
    assert [(row.where, row.mark) for row in found.rows] == [
        ("phases.work.rest.for", LOOSER),
        ("phases.over", Mark.RENAMED),
    ]


def shipped(name: str) -> str:
    return next(path.read_text() for path in GOOD if path.stem == name)


def test_phases_that_swap_their_names_are_no_difference() -> None:
    text = shipped("emergency_unwind_three_tier")
    swapped = (
        text.replace("check_last", "x").replace("check_ladder", "check_last").replace("x:", "check_ladder:")
    )
    found = compared(text, swapped.replace(": x,", ": check_ladder,").replace(": x}", ": check_ladder}"))
    assert found.verdict == SAME_BEHAVIOUR
    assert [row.mark for row in found.rows] == [Mark.RENAMED] * 2


def test_legs_may_have_other_names() -> None:
    text = shipped("close_two_phase")
    other = text.replace("  a: {", "  near: {").replace("  b: {", "  far: {").replace("[a, b]", "[near, far]")
    other = other.replace("b.venue", "far.venue")
    found = compared(text, other)
    assert found.verdict == SAME_BEHAVIOUR
    assert [row.where for row in found.rows] == ["legs.near", "legs.far"]


def test_a_close_that_could_open_is_looser() -> None:
    text = shipped("close_two_phase").replace("intent: close", "intent: rebalance")
    found = compared(shipped("close_two_phase"), text)
    assert next(row for row in found.rows if row.where == "intent").mark is LOOSER


def test_a_policy_that_is_run_is_compared_too() -> None:
    text = shipped("pair_unwind_ioc_ladder")
    found = compared(text, text.replace("with: {a: b}", "with: {a: b}\n    set: {maker_for: 0s}"))
    assert [(row.where, row.old, row.new, row.mark) for row in found.rows] == [
        ("phases.unwind_b.set.maker_for", None, "0s", Mark.ADDED),
        ("phases.unwind_b/phases.maker.rest.for", "1s", "0s", TIGHTER),
    ]


def test_bounds_of_the_worst_case() -> None:
    found = compared(PHASES, PHASES.replace("[5bps, 10bps]", "[5bps, 10bps, 40bps]"))
    assert [(row.where, row.old, row.new, row.mark) for row in found.bounds if "time" not in row.where] == [
        ("worst.orders", "28", "29", LOOSER),
        ("worst.concession.a", "15 bps", "40 bps", LOOSER),
    ]
    assert compared(PHASES, PHASES.replace("for: 15s", "for: 16s")).bounds[0].where == "worst.time"
    market = compared(
        PHASES.replace("take: {leg: a, qty: imbalance, type: market, cap: 15bps}", LADDER), PHASES
    )
    assert ("worst.market", "never", "used", LOOSER) in [
        (row.where, row.old, row.new, row.mark) for row in market.bounds
    ]


GUARD = shipped("funding_arb_guarded")
RULE = GUARD[GUARD.index("  - name: emergency") : GUARD.index("  - name: rebalance")]
IGNORE = "  - name: ignore\n    when: imbalance < 1%\n    do: nothing\n"


@pytest.mark.parametrize(
    ("old", "new", "where", "mark"),
    [
        ("every: 10s", "every: 11s", "watch.every", LOOSER),
        ("every: 10s", "every: 9s", "watch.every", TIGHTER),
        ("for: 3 checks", "for: 4 checks", "rules.blind.for", LOOSER),
        ("do: run rebalance_small", "do: alert warn", "rules.rebalance.do", LOOSER),
        ("do: run rebalance_small", "do: run close_two_phase", "rules.rebalance.do", OTHER),
        (RULE, "", "rules.emergency", LOOSER),
        (RULE, IGNORE + RULE, "rules.ignore", LOOSER),
        ("when: liq < 5%", "when: liq < 6%", "rules.near_liquidation.when", OTHER),
    ],
)
def test_a_guard(old: str, new: str, where: str, mark: Mark) -> None:
    assert old in GUARD
    found = compared(GUARD, GUARD.replace(old, new))
    assert [(row.where, row.mark) for row in found.rows] == [(where, mark)]


def test_the_order_of_rules_counts_and_that_of_facts_does_not() -> None:
    moved = compared(
        GUARD,
        GUARD.replace(RULE, "")
        .replace("rules:", "rules:", 1)
        .replace("  - name: hold", f"{RULE}  - name: hold"),
    )
    assert [(row.where, row.mark) for row in moved.rows] == [("rules.order", OTHER)]
    fact = GUARD[GUARD.index("    missing:") : GUARD.index("    liq:")]
    facts = compared(GUARD, GUARD.replace(fact, "").replace("    imbalance:", f"{fact}    imbalance:", 1))
    assert (facts.verdict, facts.rows) == (SAME_BEHAVIOUR, ())


def test_the_machine_is_bare_of_what_does_not_act() -> None:
    text = shipped("close_two_phase")
    one, other = (
        side(policy_of(each)).program
        for each in (text, f"\n\n{text.replace('name: close', 'name: my_close')}")
    )
    assert one and other
    assert one.digest != other.digest
    assert machine_of(one) == machine_of(other)
    assert machine_of(one) == machine_of(machine_of(one))


def test_reasons_are_those_the_files_name() -> None:
    loaded = read(shipped("every_pair_key"))
    assert reasons_named(loaded.bound, None) == ("critical", "LEG_LIQUIDATED", "LIQUIDATION_RISK")
