"""Explain: the text fits a terminal and its figures are those of the table."""

import pytest

from dnkit.machine.program import Target, TargetKind
from dnkit.model.numbers import NS_PER_S
from dnkit.policies.explain.lines import WIDTH
from dnkit.policies.explain.policy import explain, explain_guard
from dnkit.policies.explain.worst import PATHS_MAX, longest, worst_case
from tests.compile.helpers import POLICIES, compiled, program_of, shipped

ONE = """\
policy: 1
name: one
intent: unwind
summary: One leg.
legs:
  a: {venue: nado}
limits:
  deadline: 500s
  max_concession: 20bps
phases:
  rest:
    rest: {leg: a, qty: position, at: join, for: 4s, rejects: 2}
    then: {filled: look}
  take:
    take: {leg: a, qty: position, type: ioc, ladder: [5bps, 15bps]}
    visits: 2
  look:
    verify: {goal: flat, tries: 4, every: 1s}
    visits: 3
    then: {ok: done flat, short: take, conflict: halt books disagree, error: halt cannot verify}
"""


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_text_fits_eighty_columns_and_names_every_phase(path) -> None:
    answer = compiled(path.read_text())
    text = (explain(answer.program) if answer.program else explain_guard(answer.guard)).text
    assert all(len(line) <= WIDTH for line in text.splitlines())
    names = [one.name for one in answer.program.phases[: answer.program.reduce]] if answer.program else []
    assert all(f"  {name}: " in text for name in names if name != "reduce")


def test_figures_of_a_small_machine() -> None:
    """The longest way: rest, look, take, look, take, look. Silence adds answers, look-ups and the lag of
    reads.
    """
    worst = worst_case(program_of(ONE))
    look, order = 21 * NS_PER_S + 2 * NS_PER_S, 7 * NS_PER_S
    assert worst.exact
    assert worst.calm_ns == 4 * NS_PER_S + 3 * NS_PER_S
    reduce = 3 * order
    assert worst.longest_ns == 4 * NS_PER_S + 2 * 2 * NS_PER_S + order + 2 * 2 * order + 3 * look + reduce
    assert worst.orders == 2 + 2 * 2 + 3
    assert worst.concession == (20_000,)


def test_text_tells_what_happens_in_plain_words() -> None:
    text = " ".join(explain(program_of(ONE)).text.split())
    assert "If a does not fill in 4s, its order is cancelled and that confirmed: take" in text
    assert "nado takes no reduce-only on post_only" in text
    assert "An order on a is priced at most 20 bps through its touch" in text
    assert "At most 9 orders in a run." in text


def test_too_many_paths_fall_back_to_an_honest_sum() -> None:
    steps = "".join(
        f"  p{n}:\n    take: {{leg: a, qty: position, type: ioc, ladder: [1bps]}}\n    visits: 9\n"
        f"    then: {{filled: p{(n * 5 + 1) % 9}, short: p{(n * 7 + 2) % 9}, refused: p{(n + 1) % 9}}}\n"
        for n in range(9)
    )
    head = ONE[: ONE.index("  rest:")]
    program = program_of(head + steps)
    value, exact = longest(program, Target(TargetKind.PHASE, phase=program.start), lambda one: 1)
    assert not exact
    assert value == 9 * 9 + 1
    assert PATHS_MAX < 10**6


def test_what_does_not_act_stands_at_the_end() -> None:
    told = explain(program_of(ONE), ("`a` does not act yet: " + "x " * 60,)).text
    assert all(len(line) <= WIDTH for line in told.splitlines())
    assert told.split("Not acted on\n")[1].startswith("  - `a` does not act yet: x")
    assert "Not acted on" not in explain(program_of(ONE)).text


def test_a_halt_inside_a_sub_policy_leads_to_its_caller() -> None:
    found = shipped("pair_unwind_ioc_ladder")
    assert found is not None
    told = explain(program_of(found[1]))
    leads = {(one.phase, name): one.leads_to for one in told.table for name in one.outcomes}
    assert leads["unwind_a/verify", "conflict"] == "unwind_b (books disagree)"
    assert leads["verify", "conflict"] == "HALT books disagree"
    assert "conflict ─▶ ↑ unwind_b (books disagree)" in told.text.split("inside unwind_a")[1]
    assert "conflict ─▶ ✕ HALT books disagree" in told.text.split("inside unwind_a")[0]


def test_text_tells_where_a_stop_leads_and_that_two_legs_have_two_positions() -> None:
    found = shipped("close_two_phase")
    assert found is not None
    text = " ".join(explain(program_of(found[1])).text.split())
    assert "If asked to stop: finish - a and b: each its own position, ioc" in text


def test_guard_text_lists_rules_in_order() -> None:
    found = shipped("funding_arb_guarded")
    assert found is not None
    text = explain_guard(compiled(found[1]).guard).text
    rules = text.split("Rules\n")[1]
    assert rules.index("1 leg_gone") < rules.index("3 blind") < rules.index("hold")
    assert text.index("│ 1 leg_gone") < text.index("│ 3 blind") < text.index("│ 9 hold")
