"""What may be naked: phase by phase, for how long, and that no bound is tighter than what may happen."""

from hypothesis import HealthCheck, given, settings

from dnkit.machine.program import OUTCOMES, Outcome, PhaseKind, Program
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.policies.explain.diagram.graph import graph_of
from dnkit.policies.explain.naked import EVEN, after_states, naked_of
from dnkit.policies.explain.policy import explain
from dnkit.policies.explain.table import table_rows
from dnkit.policies.explain.worst import worst_case
from tests.compile.helpers import phase, program_of
from tests.explain.drawn import programs, shipped_program

OPEN = """\
policy: 1
name: pair
intent: open
summary: Quote, then hedge.
clip: 0.2 ETH
legs:
  q: {venue: backpack}
  h: {venue: grvt}
limits:
  LIMITS
recover: hedge
phases:
  before:
    wait: 7s
  quote:
    rest: {leg: q, qty: clip, at: join, type: post_only, for: 4s}
    then: {filled: hedge, partial: hedge, none: done idle, rejected: done idle, refused: done idle}
  hedge:
    take: {leg: h, qty: imbalance, type: ioc, ladder: [5bps]}
    then: {filled: after, short: halt hung leg, refused: halt hung leg}
  after:
    wait: 9s
  look:
    verify: {goal: hedged, tries: 2, every: 500ms}
    then: {ok: done hedged, short: halt hung leg, conflict: halt, error: halt}
"""
DEADLINE = "deadline: 60s"


def opened(limits: str = DEADLINE) -> Program:
    return program_of(OPEN.replace("LIMITS", limits))


def words(program: Program) -> dict[str, str]:
    return {one.phase: one.naked for one in table_rows(program, graph_of(program), naked_of(program))}


def test_an_open_is_naked_from_the_first_fill_to_the_hedge() -> None:
    program = opened()
    assert words(program) == {
        "before": "-",
        "quote": "q: up to 0.2 ETH",
        "hedge": "q: up to 0.2 ETH",
        "after": "-",
        "look": "-",
    }
    naked = naked_of(program)
    assert naked.exact
    assert naked.calm_ns == 4 * NS_PER_S
    assert naked.longest_ns < worst_case(program).longest_ns - 16 * NS_PER_S
    assert naked.halts == ("", "stopped by the operator", "hung leg")


def test_a_recovered_run_may_be_naked_where_it_goes_on() -> None:
    """After a crash the run looks first, so what was naked then is naked there."""
    text = OPEN.replace("recover: hedge", "recover: look").replace("LIMITS", DEADLINE)
    assert words(program_of(text))["look"] == "q: up to 0.2 ETH"


def test_a_close_leaves_the_other_leg_and_says_what_it_trusts_in() -> None:
    program = shipped_program("close_two_phase")
    assert set(words(program).values()) == {"a or b: its position"}
    text = " ".join(explain(program).text.split())
    assert "provided the legs are even at the start" in text
    assert "More than $2,000 of it is borne for 45s, then sweep takes over, for at most 71.0 s more" in text


def test_one_leg_is_naked_while_it_is_open() -> None:
    found = words(shipped_program("perps_baseline"))
    assert found["enter"] == found["close_now"] == "a: up to $10,000"
    assert found["check_flat"] == "-"
    assert words(shipped_program("flatten"))["verify"] == "a: its position"


def test_a_rebalance_finds_what_is_naked() -> None:
    assert words(shipped_program("rebalance_small"))["nudge"] == "a or b: the drift found"


def test_the_words_of_the_bound() -> None:
    told = " ".join(explain(opened()).text.split())
    assert "One leg alone (q: up to 0.2 ETH) for at most 4.0 s of a run when venues answer at once" in told
    assert "That counts each fill as if it came in the first moment of its phase." in told
    assert "No limit on what is unhedged: one leg may stand alone for as long as that." in told
    assert (
        "A halt leaves what is open as it is, until someone acts: stopped by the operator, hung leg." in told
    )
    limits = "deadline: {after: 10s, then: hedge}\n  max_unhedged: {amount: $100, for: 2s, then: halt}"
    told = " ".join(explain(opened(limits)).text.split())
    assert "The deadline cuts that off after 10.0 s at the latest: hedge takes over" in told
    assert "More than $100 of it is borne for 2s, then the run halts; less than that is borne until" in told


def test_a_slice_bounds_what_is_naked() -> None:
    text = OPEN.replace("LIMITS", DEADLINE).replace("clip: 0.2 ETH", "clip: 0.2 ETH\nslice: 10% of clip")
    assert words(program_of(text))["quote"] == "q: up to 10% of the clip"


def test_the_longest_time_of_a_phase_stands_in_the_table() -> None:
    rows = {one.phase: one for one in explain(opened()).table}
    assert (rows["before"].longest_ns, rows["before"].visits) == (7 * NS_PER_S, 1)
    run = {one.phase: one for one in explain(shipped_program("pair_unwind_ioc_ladder")).table}["unwind_a"]
    assert run.longest_ns is None
    text = explain(opened()).text
    assert "before  elapsed" in text
    assert "7.0s" in text


@given(programs())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_bounds_of_any_policy(program: Program) -> None:
    naked, worst = naked_of(program), worst_case(program)
    assert 0 <= naked.calm_ns <= naked.longest_ns
    if naked.exact and worst.exact:
        assert naked.calm_ns <= worst.calm_ns
        assert naked.longest_ns <= worst.longest_ns
    if naked.longest_ns >= NS_PER_MS:
        assert any(naked.phases)


@given(programs())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_phase_that_trades_nothing_changes_nothing(program: Program) -> None:
    for one in program.phases:
        idle = one.kind not in (PhaseKind.REST, PhaseKind.TAKE, PhaseKind.VERIFY) or one.skip is not None
        for outcome in OUTCOMES[one.kind]:
            for state in (EVEN, 0, 1):
                after = after_states(program, one, outcome, state)
                assert after
                if idle or outcome in (Outcome.NONE, Outcome.REFUSED, Outcome.CONFLICT):
                    assert after in ((state,), (EVEN,)) if one.kind is PhaseKind.VERIFY else after == (state,)


def test_a_part_fill_leaves_its_leg_ahead() -> None:
    program = opened()
    quote, hedge = phase(program, "quote"), phase(program, "hedge")
    assert after_states(program, quote, Outcome.FILLED, EVEN) == (0,)
    assert set(after_states(program, quote, Outcome.PARTIAL, EVEN)) == {EVEN, 0}
    assert after_states(program, hedge, Outcome.FILLED, 0) == (EVEN,)
    assert after_states(program, hedge, Outcome.SHORT, 0) == (0,)


def test_a_check_of_one_leg_says_nothing_of_the_other() -> None:
    program = shipped_program("pair_unwind_ioc_ladder")
    assert after_states(program, phase(program, "unwind_a/verify"), Outcome.OK, 1) == (EVEN, 1)
    assert after_states(program, phase(program, "recheck"), Outcome.OK, 1) == (EVEN,)
    stopped = shipped_program("perps_baseline")
    assert after_states(stopped, phase(stopped, "verify"), Outcome.OK, 0) == (0,), "a stop protects no fill"
