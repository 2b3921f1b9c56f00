"""Late moves: they come where a run can be old enough, and only there; a sub-policy has what its caller has
left."""

from msgspec.structs import replace

from dnkit.analysis.deadlines import UNHEDGED, add_late, ages_of, overdue, view_of, waits_of
from dnkit.analysis.explore import Graph
from dnkit.analysis.ground import lay_ground
from dnkit.analysis.hop import Hop
from dnkit.analysis.network import lay_out
from dnkit.analysis.proof import Setting
from dnkit.analysis.time_moves import late
from dnkit.engine.state import Stage
from dnkit.machine import program as pg
from dnkit.machine.program import NO_LIMIT
from dnkit.model.terms import EndName, Intent, Side
from tests.analysis.graphs import Drawn, drawn, everything, network_of, walked
from tests.engine.harness import BPS, S, done, halt, leg, phase, phase_target, program
from tests.engine.programs import open_hedged, take_job, unwind_one, verify


def limited(**limits: object) -> pg.Limits:
    return pg.Limits(**{"concession_max": 50 * BPS, **limits})  # type: ignore[arg-type]


def late_edges(graph: Graph) -> int:
    return sum(map(len, graph.late.values()))


def test_a_deadline_far_away_adds_nothing() -> None:
    for limits in (limited(), limited(deadline_ns=90 * S)):
        graph = walked(unwind_one(limits=limits), faults=1)
        assert not graph.late


def test_a_deadline_falls_due_where_the_run_is_old_enough_and_nowhere_else() -> None:
    deadline_ns = 4 * S
    network = network_of(unwind_one(limits=limited(deadline_ns=deadline_ns)))
    graph = network.graph
    age = ages_of(view_of(network))[0]
    waits = longest_waits(graph)
    for index, (state, _) in enumerate(graph.nodes):
        works = state.stage is Stage.PHASE and state.dues[0] > 0
        assert (index in graph.late) == (works and age[0][index] + waits[index] >= deadline_ns)
        assert not works or age[0][index] <= deadline_ns
    assert 0 < len(graph.late) < len(graph.nodes)


def longest_waits(graph: Graph) -> list[int]:
    return [
        max((graph.notes[graph.note[place]].spent for place in range(first, last)), default=0)
        for first, last in zip(graph.first, graph.last, strict=True)
    ]


def test_nothing_more_can_fall_due_once_all_is_added() -> None:
    network = network_of(unwind_one(limits=limited(deadline_ns=4 * S, deadline_to=phase_target(1))))
    found = {index for index, _ in overdue(view_of(network))}
    assert found == set(network.graph.late)


def test_new_states_are_walked_and_every_hop_is_shown() -> None:
    graph = Graph(lay_ground(unwind_one(limits=limited(deadline_ns=4 * S)), Setting(faults=0)))
    shown: list[tuple[int, Hop]] = []
    graph.seed()
    graph.run()
    before = len(graph.nodes)
    assert add_late(graph, lambda index, hop: shown.append((index, hop))).graph is graph
    assert len(graph.nodes) > before
    assert all(last >= first >= 0 for first, last in zip(graph.first, graph.last, strict=True))
    falls = [hop for _, hop in shown if "the deadline falls due" in hop.whats]
    assert len(falls) == late_edges(graph)
    assert {index for index, _ in shown} >= set(range(before, len(graph.nodes))) - ended(graph)


def ended(graph: Graph) -> set[int]:
    return {index for index, (state, _) in enumerate(graph.nodes) if state.stage is Stage.END}


def test_adding_them_again_changes_nothing() -> None:
    graph = walked(unwind_one(limits=limited(deadline_ns=4 * S)))
    before = {index: list(edges) for index, edges in graph.late.items()}
    assert len(add_late(graph).gates) == late_edges(graph)
    assert graph.late == before


def test_what_comes_late_can_make_other_moves_come_late() -> None:
    """Only who gave back what was unhedged for too long gets as old as the deadline, also where that move
    was there already.
    """
    limits = {"unhedged_max": 10**14, "unhedged_ns": 5 * S, "unhedged_to": phase_target(3)}
    network = network_of(open_hedged(limits=limited(**limits, deadline_ns=19 * S)))
    assert not walked(open_hedged(limits=limited(deadline_ns=19 * S))).late
    graph, both = network.graph, 0
    for index, scopes in overdue(view_of(network)):
        moves = [move for scope, move in late(graph.ground, *graph.nodes[index]) if scope in scopes]
        hops = [hop for move in moves for hop in graph.follow(graph.nodes[index], move, 0)]
        assert len(graph.late[index]) == len(hops)
        both += len(moves) == 2
    assert both


def test_a_run_waits_for_what_it_can_afford() -> None:
    edges = [Drawn(0, 1, faults=faults, spent=spent) for faults, spent in ((0, 4), (1, 2), (2, 9))]
    assert waits_of(everything(lay_out(drawn(2, edges))))[:, 0].tolist() == [9, 4, 4]


# --- exposure -------------------------------------------------------------------------------------


def test_exposure_for_too_long_comes_where_it_can_have_lasted() -> None:
    limits = {"unhedged_max": 10**14, "unhedged_to": phase_target(3)}
    calm = walked(open_hedged(limits=limited(**limits, unhedged_ns=60 * S)))
    assert not calm.late
    network = network_of(open_hedged(limits=limited(**limits, unhedged_ns=4 * S)))
    age, waits = ages_of(view_of(network))[UNHEDGED][0], longest_waits(network.graph)
    assert network.graph.late
    for index, (state, _) in enumerate(network.graph.nodes):
        lasts = state.stage is Stage.PHASE and state.naked_ns > 0
        assert (index in network.graph.late) == (lasts and age[index] + waits[index] >= 4 * S)


# --- sub-policies ---------------------------------------------------------------------------------


def nested(outer_ns: int, inner_ns: int) -> pg.Program:
    """A policy that runs another one, which takes the position through a ladder and checks it."""
    size = pg.SizeKind.POSITION
    ladder, check, inner_check = phase_target(1), phase_target(3), phase_target(2)
    phases = (
        phase("run", pg.PhaseKind.RUN, {}, enters=1, start=1, visits=1),
        phase("run/ladder", pg.PhaseKind.TAKE, dict.fromkeys(("filled", "short", "refused"), inner_check),
              scope=1, visits=2, jobs=(take_job(0, size, (5, 10, 15, 20), reduces=True),)),
        replace(verify(EndName.FLAT, {"ok": check, "short": ladder}, visits=3), name="run/check", scope=1),
        verify(EndName.FLAT, {"ok": done(EndName.FLAT)}, visits=3),
    )  # fmt: skip
    made = program(
        phases, (leg("a", Side.BUY),), Intent.UNWIND, recover=3, limits=limited(deadline_ns=outer_ns)
    )
    inner = pg.Scope(name="run", parent=0, legs=(0,), intent=Intent.UNWIND, halt_to=check,
                     limits=limited(deadline_ns=inner_ns))  # fmt: skip
    return pg.with_digest(replace(made, scopes=(*made.scopes, inner)))


def falls_due_in(program: pg.Program) -> set[int]:
    """The scopes in which a deadline can fall due."""
    graph = walked(program)
    return {program.phases[graph.nodes[index][0].phase].scope for index in graph.late}


def test_a_sub_policy_falls_due_by_its_own_deadline_or_by_what_its_caller_has_left() -> None:
    assert falls_due_in(nested(90 * S, 60 * S)) == set()
    assert falls_due_in(nested(90 * S, 2 * S)) == {1}
    assert falls_due_in(nested(2 * S, 60 * S)) == {0, 1}
    assert falls_due_in(nested(2 * S, NO_LIMIT)) == {0, 1}


def test_a_deadline_that_fell_due_is_no_deadline_of_what_is_run_then() -> None:
    made = nested(2 * S, 60 * S)
    wait = phase("wait", pg.PhaseKind.WAIT, {"elapsed": halt("no")}, for_ns=3 * S)
    limits = replace(made.scopes[0].limits, deadline_to=phase_target(0))
    scopes = (replace(made.scopes[0], limits=limits), made.scopes[1])
    after = replace(made, phases=(*made.phases, wait), scopes=scopes, start=len(made.phases))
    graph = walked(after)
    assert falls_due_in(after) == {0}
    assert any(state.phase == 1 for state, _ in graph.nodes)


def test_a_sub_policy_that_is_run_again_has_its_whole_deadline_again() -> None:
    """It waits each time; both times together would be too long."""
    made = nested(90 * S, 15 * S)
    run, ladder, check, outer = made.phases
    again = dict(check.then) | {pg.Outcome.OK: phase_target(0)}
    exhausted = dict(run.then) | {pg.Outcome.EXHAUSTED: phase_target(3)}
    wait = phase("run/wait", pg.PhaseKind.WAIT, {"elapsed": phase_target(1)}, for_ns=8 * S, scope=1, visits=2)
    phases = (
        replace(run, start=4, visits=2, then=tuple(exhausted.items())),
        ladder,
        replace(check, then=tuple(again.items())),
        outer,
        wait,
    )
    graph = walked(replace(made, phases=phases))
    rounds = {state.visits[0] for state, _ in graph.nodes if state.stage is Stage.PHASE and state.phase == 4}
    assert rounds == {1, 2}
    assert not graph.late
