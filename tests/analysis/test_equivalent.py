"""Same machine or not (P24): what is only written down otherwise is equal, and what is called equal does the
same in the engine."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from dnkit.analysis import equivalent as door
from dnkit.analysis.equivalent import Difference, Turning, Undecided, equivalent
from dnkit.engine.state import State
from dnkit.engine.step import begin, step
from dnkit.machine import program as pg
from dnkit.model import commands as cm
from dnkit.policies.compare.names import Frame, renamed, spelled
from dnkit.policies.compare.policies import Side
from dnkit.policies.policy import Policy
from dnkit.policies.render import render
from tests.analysis.machines import (
    INNER,
    VERIFY,
    every_kind,
    idly_changed,
    in_phase,
    never_come_to,
    shared_out,
    shuffled,
)
from tests.compile.helpers import POLICIES, program_of
from tests.engine.hostile import Hostile
from tests.policies.comparing import policy_of, side
from tests.props.test_shipped_policies import NAMES, opening_positions, shipped_program

TEXTS = {path.stem: path.read_text() for path in POLICIES if path.stem in NAMES}


@pytest.fixture
def by_walking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is called equal for how its table looks: both machines are walked through."""
    monkeypatch.setattr(door, "plain", lambda made: object())


# --- the same machine in other words --------------------------------------------------------------


def rewritten(policy: Policy) -> Policy:
    """The policy with every default said, other names for all phases and legs, phases in reverse but for the
    first, and all of it laid out anew."""
    sided = side(policy)
    by_money = sided.program is not None and sided.program.by_money
    full = spelled(policy, Frame(specs=sided.legs, by_money=by_money, legs_of=legs_of))
    names = {phase.name: f"step_{number}" for number, phase in enumerate(full.phases)}
    other = renamed(full, {leg.name: f"leg_{leg.name}" for leg in full.legs}, names)
    first, *rest = other.phases
    return policy_of("# laid out anew\n\n" + render(replace(other, phases=(first, *reversed(rest)))))


def legs_of(name: str) -> tuple[str, ...]:
    return tuple(leg.name for leg in policy_of(TEXTS[name]).legs)


def both(one: Side, other: Side) -> tuple[pg.Program, pg.Program]:
    assert one.program and other.program
    return one.program, other.program


@pytest.mark.parametrize("name", TEXTS)
def test_a_policy_is_equal_to_itself_in_other_words(name: str) -> None:
    policy = policy_of(TEXTS[name])
    one, other = both(side(policy), side(rewritten(policy)))
    assert {phase.name for phase in one.phases} & {phase.name for phase in other.phases} <= {"reduce"}
    assert equivalent(one, other) is None


@pytest.mark.parametrize("name", TEXTS)
def test_so_it_is_when_both_are_walked_through(name: str, by_walking: None) -> None:
    made = shipped_program(name)
    assert equivalent(made, shuffled(made, 1)) is None


def test_a_machine_of_every_kind_is_equal_to_itself_shuffled(by_walking: None) -> None:
    assert equivalent(every_kind(), shuffled(every_kind(), 1)) is None
    assert equivalent(never_come_to(every_kind()), every_kind()) is None


def test_what_is_never_come_to_and_names_need_no_walk() -> None:
    for seed in range(20):
        assert equivalent(never_come_to(every_kind()), shuffled(every_kind(), seed), pairs_max=0) is None


def test_giving_up_is_told() -> None:
    one = shared_out(every_kind(), VERIFY, 1)
    with pytest.raises(Undecided, match="more than 20 pairs"):
        equivalent(every_kind(), one, pairs_max=20)


# --- one behaviour in two phases ------------------------------------------------------------------

LARGE = {"close_two_phase": (3, 2), "open_post_only_hedge": (5, 1)}  # these have thousands of spots
SPLITS = [
    (name, index, first)
    for name in TEXTS
    for index, one in enumerate(shipped_program(name).phases)
    for first in range(1, one.visits)
    if name not in LARGE or (index, first) == LARGE[name]
]


@pytest.mark.parametrize(("name", "index", "first"), SPLITS)
def test_a_phase_of_several_visits_may_be_two_phases(name: str, index: int, first: int) -> None:
    made = shipped_program(name)
    assert equivalent(made, shared_out(made, index, first)) is None
    assert equivalent(shared_out(made, index, first), made) is None


@pytest.mark.parametrize(("name", "index", "first"), SPLITS)
def test_one_visit_more_is_found_in_two_phases_where_it_is_in_one(name: str, index: int, first: int) -> None:
    made = shipped_program(name)
    *before, twin = shared_out(made, index, first).phases
    more = replace(made, phases=(*before, replace(twin, visits=twin.visits + 1)))
    plainly = equivalent(made, in_phase(made, index, visits=made.phases[index].visits + 1))
    found = equivalent(made, more)
    assert (found is None) is (plainly is None)
    if found and plainly:
        assert (found.way, found.what) == (plainly.way, plainly.what)


def test_a_split_in_sub_policies_counts_anew_with_each_call() -> None:
    made = in_phase(every_kind(), INNER, visits=3)
    assert equivalent(made, shared_out(made, INNER, 2)) is None


ONE_CHECK = """
policy: 1
name: one_check
intent: unwind
summary: One check for both ways.
clip: $500
legs: {a: {venue: nado, symbol: SOL-PERP}}
limits: {deadline: 120s, max_concession: 20bps, forbid: [market]}
recover: first
stop: halt stopped
phases:
  first:
    take: {leg: a, qty: position, type: ioc, ladder: [5bps], reduce_only: true}
    then: {filled: verify, short: second, refused: halt no, exhausted: halt crashed}
  second:
    take: {leg: a, qty: position, type: ioc, ladder: [10bps], reduce_only: true}
    then: {filled: verify, short: verify, refused: halt no}
  verify:
    verify: {goal: flat, tries: 5, every: 500ms}
    then: {ok: done flat, short: halt open, conflict: halt books, error: halt silent}
"""
TWO_CHECKS = ONE_CHECK.replace(
    "then: {filled: verify, short: verify", "then: {filled: check, short: check"
) + (
    "  check:\n    verify: {goal: flat, tries: 5, every: 500ms}\n"
    "    then: {ok: done flat, short: halt open, conflict: halt books, error: halt silent}\n"
)


def test_two_phases_for_one_are_equal_where_no_way_leads_to_both() -> None:
    assert equivalent(program_of(ONE_CHECK), program_of(TWO_CHECKS)) is None


def test_and_differ_where_a_crash_leads_to_both() -> None:
    """The shared check is used up after a crash; the second of two is not."""
    one, two = (text.replace("recover: first", "recover: second") for text in (ONE_CHECK, TWO_CHECKS))
    found = equivalent(program_of(one), program_of(two))
    assert found is not None
    assert found.way == (Turning("first", "filled"), Turning("verify", "crash"), Turning("second", "filled"))
    assert found.what == "what happens: halt against verify"
    assert found.lines == (18, 21)


# --- sub-policies ---------------------------------------------------------------------------------

CALLED = """
policy: 1
name: called
intent: unwind
summary: A ladder and its check.
clip: $500
legs: {a: {venue: nado, symbol: SOL-PERP}}
phases:
  ladder:
    take: {leg: a, qty: position, type: ioc, ladder: [5bps], reduce_only: true}
    then: {filled: verify, short: verify, refused: verify}
  verify:
    verify: {goal: flat, tries: 5, every: 500ms}
    then: {ok: done flat, short: halt open, conflict: halt books, error: halt silent}
"""
CALLER = """
policy: 1
name: caller
intent: unwind
summary: Runs another policy.
clip: $500
legs: {a: {venue: nado, symbol: SOL-PERP}}
limits: {deadline: 120s, max_concession: 20bps, forbid: [market]}
recover: inner
stop: halt stopped
phases:
  inner:
    run: called
    then: {flat: done flat, hedged: halt, protected: halt, idle: halt, halt: halt no, exhausted: halt twice}
"""
PASTED = CALLER[: CALLER.index("phases:")] + CALLED[CALLED.index("phases:") :].replace(
    "    then: {filled", "    then: {exhausted: halt twice, filled"
)


def inlined(called: str, caller: str, pasted: str) -> Difference | None:
    return equivalent(program_of(caller, called=called), program_of(pasted.replace("inner", "ladder")))


def test_a_policy_that_is_run_may_be_written_out() -> None:
    assert inlined(CALLED, CALLER, PASTED) is None


def test_written_out_it_differs_by_its_own_deadline() -> None:
    found = inlined(CALLED.replace("phases:", "limits: {deadline: 60s}\nphases:"), CALLER, PASTED)
    assert found is not None
    assert (found.way, found.what) == ((), "deadline: 1m against 2m")


def test_written_out_it_differs_where_its_halt_leads() -> None:
    caller = CALLER.replace("halt: halt no", "halt: done flat")
    found = inlined(CALLED, caller, PASTED)
    assert found is not None
    assert len(found.way) == 1
    assert found.what == "what happens: done flat against halt"


def test_written_out_it_differs_where_it_may_run_again() -> None:
    """Each call counts anew; written out, the ladder has its one visit."""
    found = inlined(CALLED, CALLER.replace("run: called", "run: called\n    visits: 2"), PASTED)
    assert found is not None
    assert found.way == (Turning("inner/ladder", "crash"),)
    assert found.what == "what happens: take against halt"


# --- in the engine --------------------------------------------------------------------------------


def bare(command: cm.Command) -> cm.Command:
    """A request without names and words."""
    words = {"key": "", "keep": (), "reason": "", "text": ""}
    return replace(command, **{name: words[name] for name in command.__struct_fields__ if name in words})


def answered(made: pg.Program, events: list[Any]) -> Iterator[tuple[cm.Command, ...]]:
    state: State = begin(made, "run")
    for event in events:
        state, asked = step(made, state, event)
        yield tuple(bare(one) for one in asked)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_called_equal_asks_for_the_same_in_the_engine(name: str) -> None:
    """Shuffled, split, idly changed: under the same events every request is the same, words aside."""
    made = shipped_program(name)
    split = next(index for index, one in enumerate(made.phases) if one.visits > 1)
    others = [shuffled(made, 1), shared_out(made, split, 1), idly_changed(made), never_come_to(made)]
    for seed in range(6):
        venue = Hostile(made, opening_positions(made), seed, 0.2)
        venue.run(limit_s=3_000)
        events = [event for event, _, _ in venue.lines]
        told = [tuple(bare(one) for one in asked) for _, asked, _ in venue.lines]
        for other in others:
            assert list(answered(other, events)) == told
