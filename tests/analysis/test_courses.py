"""Whether every run ends (P01), whether the goal stays in reach (P20), whether every phase works (P21)."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from dnkit.analysis.case import Case
from dnkit.analysis.courses import crossings, endless, never_entered, trapped
from dnkit.analysis.explore import Graph, first_node
from dnkit.analysis.ground import lay_ground
from dnkit.analysis.network import edges_of, lay_out
from dnkit.analysis.proof import NONE, Setting, Standing
from dnkit.engine.state import Stage
from dnkit.machine import program as pg
from dnkit.machine.program import Outcome
from dnkit.model.terms import EndName
from tests.analysis.graphs import Drawn, drawn, network_of
from tests.engine.harness import S, done, halt, phase, phase_target
from tests.engine.programs import close_pair, open_hedged, unwind_one


def holds(found: Case) -> bool:
    assert (found.at == NONE) or found.verdict.standing is Standing.BROKEN
    return found.verdict.standing is Standing.HOLDS


def with_phase(made: pg.Program, index: int, **changes: object) -> pg.Program:
    changed = replace(made.phases[index], **changes)
    return pg.with_digest(replace(made, phases=(*made.phases[:index], changed, *made.phases[index + 1 :])))


def leading(made: pg.Program, index: int, **then: pg.Target) -> pg.Program:
    """The program with other targets for some outcomes of a phase."""
    targets = dict(made.phases[index].then) | {Outcome(name): target for name, target in then.items()}
    return with_phase(made, index, then=tuple(targets.items()))


# --- every run ends -------------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "faults"), [(unwind_one, 1), (open_hedged, 0), (close_pair, 0)])
def test_real_programs_end(make: Callable[[], pg.Program], faults: int) -> None:
    assert holds(endless(network_of(make(), faults=faults)))


def test_states_that_lead_round_are_named() -> None:
    found = endless(lay_out(drawn(4, [Drawn(0, 1), Drawn(1, 2), Drawn(2, 1), Drawn(2, 3)])))
    assert not holds(found)
    assert found.at in (1, 2)
    assert found.verdict.text == "a run can go round for ever: (start)"


def test_going_round_at_the_price_of_a_fault_comes_to_an_end() -> None:
    found = endless(lay_out(drawn(2, [Drawn(0, 1), Drawn(1, 0, faults=1)])))
    assert found.at == 1  # no cycle, but once the faults are used up nothing follows
    assert found.verdict.text == "nothing can follow, and the run has not ended: (start)"


def test_a_deadline_that_leads_on_at_the_price_of_a_fault_is_no_way_on() -> None:
    found = endless(lay_out(drawn(2, [Drawn(0, 1)], late=[Drawn(1, 0, faults=1)])))
    assert (holds(found), found.at) == (False, 1)


# --- no trap --------------------------------------------------------------------------------------


def reaches_goal(graph: Graph, index: int) -> bool:
    """Whether an end that is no halt is reached without a fault, with every order that takes filled whole."""
    met, todo = set[int](), [index]
    while todo:
        at = todo.pop()
        ended = graph.nodes[at][0].ended
        if ended is not None and ended.end is not EndName.HALTED:
            return True
        if at not in met:
            met.add(at)
            todo += [
                target
                for target, cost, number in edges_of(graph, at)
                if not cost and graph.notes[number].short == NONE
            ]
    return False


def test_a_goal_that_stays_within_reach() -> None:
    for program in (unwind_one(), close_pair()):
        assert holds(trapped(network_of(program)))


def test_a_phase_that_only_leads_to_halts_is_a_trap() -> None:
    program = leading(unwind_one(), 1, filled=halt("no"), short=halt("no"), refused=halt("no"))
    network = network_of(with_phase(program, 1, name="ladder", line=17))
    found = trapped(network)
    assert not holds(found)
    assert found.verdict.text.startswith("ladder (line 17) is entered where all leads to a halt")
    state = network.graph.nodes[found.at][0]
    assert (state.stage, state.phase) == (Stage.PHASE, 1)
    assert not reaches_goal(network.graph, found.at)


def test_a_check_that_runs_out_before_the_order_it_should_check() -> None:
    """A crash uses up a visit of the check; the last ladder that is then begun is not checked any more."""
    network = network_of(with_phase(unwind_one(), 2, visits=2), faults=1, stops=False)
    found = trapped(network)
    assert found.verdict.text.startswith("ladder ")
    assert not reaches_goal(network.graph, found.at)
    assert network.graph.faults[found.at] == 1
    enough = with_phase(unwind_one(), 2, visits=4)
    assert holds(trapped(network_of(enough, faults=1, stops=False)))


def test_a_goal_that_needs_an_order_not_to_fill_is_out_of_reach() -> None:
    made = leading(unwind_one(), 1, filled=halt("no"), short=phase_target(0), refused=halt("no"))
    once = with_phase(made, 1, visits=1)
    assert not holds(trapped(network_of(with_phase(once, 0, visits=2))))


def test_the_last_phase_before_a_halt_is_no_trap() -> None:
    """A state of the phase that the compiler adds, and one of a phase of the policy: no way leads on."""
    for index, is_trap in ((3, False), (1, True)):
        graph = drawn(2, [Drawn(0, 1)])
        graph.ground = lay_ground(close_pair(), Setting())
        state, world = first_node(graph.ground, graph.ground.starts[0])
        graph.nodes = [(state, world), (replace(state, stage=Stage.PHASE, phase=index), world)]
        assert holds(trapped(lay_out(graph))) is not is_trap


# --- nothing dead ---------------------------------------------------------------------------------


def test_a_phase_that_nothing_leads_to() -> None:
    lost = phase("lost", pg.PhaseKind.WAIT, {"elapsed": done(EndName.FLAT)}, for_ns=S, line=33)
    made = unwind_one()
    graph = network_of(pg.with_digest(replace(made, phases=(*made.phases, lost)))).graph
    found = never_entered(graph)
    assert not holds(found)
    assert found.verdict.text == "never at work with no fault: lost (line 33)"


def test_what_is_left_out_or_not_the_policys_own_is_not_asked_for() -> None:
    assert holds(never_entered(network_of(close_pair()).graph))  # its last phase before a halt needs faults
    skipped = with_phase(unwind_one(), 0, skip=Outcome.NONE)
    assert holds(never_entered(network_of(skipped).graph))


def test_which_phase_follows_which() -> None:
    found = crossings(network_of(unwind_one()))
    assert set(found) == {
        ("maker", "ladder"),
        ("maker", "verify"),
        ("ladder", "verify"),
        ("ladder", "halt"),  # its check was there as often as it may be
        ("verify", "ladder"),
        ("verify", "done"),
        ("verify", "halt"),
    }
    again = leading(unwind_one(), 1, short=phase_target(0))
    assert ("ladder", "maker") not in crossings(network_of(again))  # it may be visited once only
