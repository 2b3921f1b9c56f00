"""Edges of the rules on the machine, the hedge and the alarm (DNK2xx, DNK3xx, DNK7xx) beyond their pages:
what each finds is underlined at its place, and what only looks like it is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnkit.policies.codes import ERROR, INFO, WARNING
from dnkit.policies.flow import reached
from dnkit.policies.rules.walk import backwards, circles
from tests.lint.examples import GOOD as UNWIND
from tests.lint.machine_policies import (
    CLOSE,
    GUARD,
    LAST,
    OPEN,
    SINGLE,
    SUB,
    TELL,
    changed,
    found,
    underlined,
)

LIMITS = UNWIND[UNWIND.index("limits:") : UNWIND.index("recover:")]
DRIFT = "name: drift, when: gap > 15%, for: 2 checks, do: run close_two_phase, reason: SEVERE_IMBALANCE"
CALM = "name: calm, when: gap <= 15%, do: nothing"
HOLD = "{name: hold, when: otherwise, do: nothing}"
REST = "{name: rest, when: otherwise, for: 2 checks, do: run close_two_phase, reason: DRIFT}"

# what, code, text, severity, (first word of the line, underlined) of each finding, words of the first message
BAD = (
    (
        "nothing follows the last phase",
        "DNK210",
        changed(UNWIND, ("short: ladder, conflict", "short: last, conflict"))
        + changed(LAST, (", refused: halt still open", "")),
        INFO,
        [("then:", "then")],
        "where `refused` leads: no phase comes next, so the run halts, with up to $500 open",
    ),
    (
        "a phase without `then`",
        "DNK210",
        changed(CLOSE, ("    then: {filled: check, first: check, short: check, refused: check}\n", "")),
        INFO,
        [("finish:", "finish")],
        "`filled`, `first`, `short` and `refused` lead: to `rest_of_b`",
    ),
    (
        "an end that the policy which is run has not, but the halt it has",
        "DNK210",
        changed(CLOSE, ("{flat: check, halt: finish}", "{flat: check, idle: check}")),
        INFO,
        [("then:", "then")],
        "where `halt` leads: to `check`, for it comes next",
    ),
    (
        "no end at all",
        "DNK211",
        changed(UNWIND, ("ok: done flat", "ok: halt all well")),
        WARNING,
        [("phases:", "phases")],
        "no outcome leads to `done ...`",
    ),
    (
        "a check that can only halt",
        "DNK211",
        changed(OPEN, ("refused: halt hung leg", "refused: last_look"))
        + "  last_look:\n    verify: {goal: hedged}\n"
        "    then: {ok: halt even, short: halt uneven, conflict: halt, error: halt}\n",
        WARNING,
        [("last_look:", "last_look")],
        "from `last_look` every way halts",
    ),
    (
        "a deadline and a stop lead to it",
        "DNK212",
        changed(SINGLE, ("    visits: 3\n    then: {filled", "    then: {filled")),
        INFO,
        [("sell:", "sell")],
        "entered again after a crash, when asked to stop and at the deadline: then the run halts",
    ),
    (
        "where it is exhausted it goes on",
        "DNK212",
        changed(
            UNWIND,
            ("    visits: 5\n", ""),
            ("short: ladder,", "short: ladder, exhausted: ladder,"),
        ),
        INFO,
        [("verify:", "verify")],
        "entered again by `ladder`",
    ),
    (
        "no check to recover at",
        "DNK213",
        changed(
            UNWIND.partition("  verify:\n")[0],
            ("recover: verify\n", ""),
            ("filled: verify, short: verify, refused: verify", "filled: halt, short: ladder, refused: halt"),
        ),
        INFO,
        [("policy:", "policy")],
        "goes on at `ladder`, the first of all, with nothing checked before",
    ),
    (
        "a pair that halts when stopped",
        "DNK214",
        changed(CLOSE, ("stop: finish\n", "")),
        WARNING,
        [("policy:", "policy")],
        "asked to stop, the run halts where it stands, with up to $500 open",
    ),
    (
        "an empty `with`",
        "DNK226",
        changed(CLOSE, ("with: {a: b}", "with: {}")),
        WARNING,
        [("run:", "emergency_unwind")],
        "leg `a` is traded, for it has the same name: leg `b` stays",
    ),
    (
        "a policy without overlays",
        "DNK227",
        changed(GUARD, ("run close_two_phase, reason: SEVERE_IMBALANCE", "run flatten")),
        WARNING,
        [("-", "run flatten")],
        "the journal will not say why up to 0.2 ETH was traded",
    ),
    (
        "an alert, more mildly",
        "DNK227",
        changed(GUARD, (", reason: VENUE_UNREACHABLE", "")),
        INFO,
        [("-", "alert page")],
        "the alert of `blind` gives no reason",
    ),
    (
        "a check of another goal",
        "DNK301",
        changed(CLOSE, ("verify: {goal: flat}", "verify: {goal: hedged}")),
        ERROR,
        [("then:", "done flat")],
        "`ok` of `check` vouches for hedged and leads to `done flat`",
    ),
    (
        "a failed check",
        "DNK301",
        changed(OPEN, ("short: back, conflict", "short: done hedged, conflict")),
        ERROR,
        [("then:", "done hedged")],
        "`short` of `check` is a failed check",
    ),
    (
        "the last orders go unchecked",
        "DNK301",
        changed(UNWIND, ("error: halt cannot verify", "error: halt cannot verify, exhausted: done flat")),
        ERROR,
        [("then:", "done flat")],
        "`exhausted` of `verify` leads to `done flat` past every check",
    ),
    (
        "one leg of two is checked",
        "DNK301",
        changed(CLOSE, ("flat: check, halt", "flat: done flat, halt")),
        ERROR,
        [("then:", "done flat")],
        "`flat` of `rest_of_b` says nothing of leg `a`",
    ),
    (
        "something is open from before",
        "DNK301",
        changed(OPEN, ("none: back", "none: done idle")),
        ERROR,
        [("then:", "done idle")],
        "when `none` of `hedge` comes, up to 0.2 ETH may be open from before",
    ),
    (
        "a naked leg to begin with",
        "DNK301",
        changed(UNWIND, ("refused: verify", "refused: done idle")),
        ERROR,
        [("then:", "done idle")],
        "`refused` of `ladder` leads to `done idle`: the run ends as if all were well",
    ),
    (
        "a stop that no check has seen",
        "DNK301",
        changed(SINGLE, ("armed: check_stop, failed: sell", "armed: done protected, failed: check_stop")),
        ERROR,
        [("then:", "done protected")],
        "`armed` of `protect` leads to `done protected` past",
    ),
    (
        "a limit that ends a run",
        "DNK301",
        changed(
            OPEN,
            ("for: 20s, then: back", "for: 20s, then: done hedged"),
            ("after: 60s, then: back", "after: 60s, then: done idle"),
        ),
        ERROR,
        [("deadline:", "done idle"), ("max_unhedged:", "done hedged")],
        "at the deadline the run goes to `done idle`",
    ),
    (
        "an answer that falls through to orders",
        "DNK302",
        changed(
            UNWIND,
            ("ladder, conflict: halt books disagree, error: halt cannot verify", "last, conflict: halt"),
        )
        + LAST,
        WARNING,
        [("then:", "then")],
        "after `error` of `verify` the run trades on in `last`",
    ),
    (
        "an alert, and then orders",
        "DNK302",
        changed(UNWIND, ("conflict: halt books disagree", "conflict: tell"))
        + TELL.replace("failed: halt books disagree", "failed: ladder"),
        WARNING,
        [("then:", "tell")],
        "after `conflict` of `verify` the run trades on in `ladder`",
    ),
    (
        "one of several facts",
        "DNK303",
        changed(
            GUARD,
            ("when: gap > 15%", "when: unknown(age_a) and gap > 15% or unknown(notional_b) and gap > 5%"),
        ),
        ERROR,
        [("-", "unknown(age_a) and gap > 15% or unknown(notional_b) and gap > 5%")],
        "because a fact is unknown",
    ),
    (
        "a fact made of facts",
        "DNK303",
        changed(GUARD, ("when: gap > 15%", "when: not sees")),
        ERROR,
        [("-", "not sees")],
        "a venue that does not answer costs a hedged position of 0.2 ETH",
    ),
    (
        "all that no rule takes",
        "DNK303",
        changed(GUARD, (DRIFT, CALM), (HOLD, REST)),
        ERROR,
        [("-", "otherwise")],
        "`rest` runs `close_two_phase` because a fact is unknown",
    ),
    (
        "all that no rule takes, though one that takes something stands on what is known",
        "DNK303",
        changed(
            GUARD,
            (DRIFT, "name: gone, when: notional_b = 0, at_once: true, do: run close_two_phase"),
            ("blind: unknown(liq)", "blind: unknown(liq) or unknown(notional_b)"),
            (HOLD, f"{{{CALM}}}\n  - {REST}"),
        ),
        ERROR,
        [("-", "otherwise")],
        "`rest` runs `close_two_phase` because a fact is unknown",
    ),
    (
        "`for: 0 checks`",
        "DNK304",
        changed(GUARD, ("for: 2 checks", "for: 0 checks")),
        ERROR,
        [("-", "run close_two_phase")],
        "`close_two_phase` trades up to 0.2 ETH",
    ),
    (
        "`at_once: false`",
        "DNK304",
        changed(GUARD, ("for: 3 checks", "at_once: false")),
        ERROR,
        [("-", "alert page")],
        "somebody is called for nothing",
    ),
    (
        "no limits at all",
        "DNK305",
        changed(UNWIND, (LIMITS, "")),
        WARNING,
        [("policy:", "policy")],
        "up to $500 may be open all the while",
    ),
    (
        "only resting orders",
        "DNK306",
        changed(OPEN, ("  max_concession: 15bps\n", "")),
        WARNING,
        [("limits:", "limits")],
        "up to 10% through the touch on 0.2 ETH",
    ),
    (
        "a close, more mildly",
        "DNK307",
        changed(CLOSE, ("  max_unhedged: {amount: $500, for: 90s, then: finish}\n", "")),
        INFO,
        [("limits:", "limits")],
        "with up to $500, until the deadline of 5m",
    ),
    (
        "an open without a deadline",
        "DNK307",
        changed(
            OPEN,
            ("  max_unhedged: {amount: $1000, for: 20s, then: back}\n", ""),
            ("  deadline: {after: 60s, then: back}\n", ""),
        ),
        WARNING,
        [("limits:", "limits")],
        "for as long as the run takes",
    ),
    (
        "a close that is sold twice",
        "DNK308",
        changed(CLOSE, ("a: {venue: aster}", "a: {venue: aster, side: sell}")),
        ERROR,
        [("b:", "b")],
        "legs `a` and `b` are both `sell`",
    ),
    (
        "a stop that may open",
        "DNK309",
        changed(SINGLE, ("limit: 10bps through stop", "limit: 10bps through stop, reduce_only: false")),
        WARNING,
        [("arm:", "position")],
        "`protect` is to close and is not reduce-only",
    ),
    (
        "a quieter conflict",
        "DNK701",
        changed(
            CLOSE, ("stop: finish\n", "stop: finish\nalerts: {halt: info, naked: page, conflict: warn}\n")
        ),
        WARNING,
        [("alerts:", "warn")],
        "while a venue and the fills disagree is told at `warn`",
    ),
    (
        "an end that pages is no halt",
        "DNK701",
        changed(UNWIND, ("stop: ladder\n", "stop: ladder\nalerts: {halt: info, done: page}\n")),
        WARNING,
        [("alerts:", "info"), ("alerts:", "info")],
        "told at `info`",
    ),
    (
        "a guard that only trades",
        "DNK702",
        changed(GUARD, ("alert page", "nothing")),
        WARNING,
        [("rules:", "rules")],
        "nobody looks after 0.2 ETH",
    ),
)

NEAR = (
    ("ends that the policy which is run has not", "DNK210", CLOSE),
    ("`first` with one leg", "DNK210", OPEN),
    (
        "an alert before a halt",
        "DNK211",
        changed(UNWIND, ("conflict: halt books disagree", "conflict: tell")) + TELL,
    ),
    (
        "an end by way of `exhausted`",
        "DNK211",
        changed(OPEN, ("short: halt hung leg, refused: halt hung leg", "short: check, refused: check")),
    ),
    ("once is meant", "DNK212", changed(UNWIND, ("visits: 4", "visits: 1"))),
    ("nothing but the start leads there", "DNK212", OPEN),
    ("recover is the phase it would be anyway", "DNK213", UNWIND),
    ("a stop that halts, as written", "DNK214", changed(UNWIND, ("stop: ladder", "stop: halt as asked"))),
    ("a guard has nothing to stop", "DNK214", GUARD),
    (
        "one leg runs one leg",
        "DNK226",
        changed(
            UNWIND, ("short: ladder, conflict", "short: sub, conflict"), ("  verify:\n", f"{SUB}  verify:\n")
        ),
    ),
    (
        "two legs run two legs",
        "DNK226",
        changed(CLOSE, ("run: emergency_unwind\n    with: {a: b}", "run: close_two_phase")),
    ),
    ("a rule that does nothing", "DNK227", GUARD),
    ("nothing was traded yet", "DNK301", OPEN),
    ("flat is hedged as well", "DNK301", changed(CLOSE, ("ok: done flat", "ok: done hedged"))),
    (
        "a check that nothing was traded",
        "DNK301",
        changed(OPEN, ("none: back", "none: same")) + "  same:\n    verify: {goal: idle}\n"
        "    then: {ok: done idle, short: back, conflict: halt, error: halt}\n",
    ),
    (
        "the only leg is checked where it is run",
        "DNK301",
        changed(
            UNWIND,
            ("short: ladder, conflict", "short: sub, conflict"),
            ("  verify:\n", SUB.replace("flat: verify", "flat: done flat") + "  verify:\n"),
        ),
    ),
    ("the first phase comes but once", "DNK301", changed(OPEN, ("recover: check", "recover: quote"))),
    (
        "an alert and a second look",
        "DNK302",
        changed(UNWIND, ("conflict: halt books disagree", "conflict: tell"))
        + TELL.replace("failed: halt books disagree", "failed: verify"),
    ),
    (
        "what is known",
        "DNK303",
        changed(GUARD, ("when: gap > 15%", "when: gap > 15% and not blind or sees and gap > 50%")),
    ),
    (
        "an unknown that decides nothing",
        "DNK303",
        changed(GUARD, ("when: gap > 15%", "when: gap > 15% or gap > 5% and not unknown(age_a)")),
    ),
    ("an alert on what is unknown", "DNK303", GUARD),
    (
        "an alert takes what is unknown before all the rest is closed",
        "DNK303",
        changed(
            GUARD, (DRIFT, CALM), ("blind: unknown(liq)", "blind: unknown(liq) or unknown(gap)"), (HOLD, REST)
        ),
    ),
    (
        "nothing is asked before all the rest is closed",
        "DNK303",
        GUARD.partition("rules:\n")[0] + f"rules:\n  - {REST}\n",
    ),
    ("`at_once: true`", "DNK304", changed(GUARD, ("for: 2 checks", "at_once: true"))),
    ("a rule that does nothing", "DNK304", GUARD),
    ("the short form", "DNK305", changed(UNWIND, ("deadline: {after: 60s, then: ladder}", "deadline: 60s"))),
    ("a guard takes as long as it likes", "DNK305", GUARD),
    ("a collar counts", "DNK306", changed(UNWIND, ("max_concession: 20bps", "collar: 20bps"))),
    ("max_slippage counts", "DNK306", changed(OPEN, ("max_concession: 15bps", "max_slippage: 15bps"))),
    ("one leg", "DNK307", UNWIND),
    (
        "both sides written",
        "DNK308",
        changed(
            OPEN,
            ("{venue: backpack}", "{venue: backpack, side: sell}"),
            ("{venue: grvt}", "{venue: grvt, side: buy}"),
        ),
    ),
    ("one leg", "DNK308", SINGLE),
    ("a close adds the flag itself", "DNK309", CLOSE),
    ("a stop has the flag unless it is taken off", "DNK309", SINGLE),
    (
        "the halt is loud enough for both",
        "DNK701",
        changed(
            CLOSE, ("stop: finish\n", "stop: finish\nalerts: {halt: page, naked: warn, conflict: info}\n")
        ),
    ),
    ("a guard that halts", "DNK702", changed(GUARD, ("alert page", "halt blind"))),
)


@pytest.mark.parametrize(
    ("code", "text", "severity", "places", "words"),
    [one[1:] for one in BAD],
    ids=[f"{one[1]} {one[0]}" for one in BAD],
)
def test_it_is_told_at_its_place(
    code: str, text: str, severity: str, places: list[tuple[str, str]], words: str
) -> None:
    told = found(code, text)
    assert [underlined(text, one) for one in told] == places
    assert {one.severity for one in told} == {severity}
    assert words in told[0].message


@pytest.mark.parametrize(
    ("code", "text"), [one[1:] for one in NEAR], ids=[f"{one[1]} {one[0]}" for one in NEAR]
)
def test_a_near_miss_is_left_alone(code: str, text: str) -> None:
    assert found(code, text) == []


def test_each_rule_has_both() -> None:
    assert {one[1] for one in BAD} == {one[1] for one in NEAR}
    assert len({one[1] for one in BAD}) == 18


@given(st.lists(st.lists(st.integers(0, 7), max_size=4), min_size=8, max_size=8))
def test_phases_share_a_circle_when_each_is_reached_from_the_other(drawn: list[list[int]]) -> None:
    graph = tuple(tuple(to) for to in drawn)
    numbers, all_phases = circles(graph), range(len(graph))
    for one in all_phases:
        both_ways = {*reached(graph.__getitem__, [one])} & {*reached(backwards(graph).__getitem__, [one])}
        assert {other for other in all_phases if numbers[other] == numbers[one]} == both_ways
