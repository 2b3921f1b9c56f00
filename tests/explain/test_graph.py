"""The graph tells every outcome of every phase once."""

from hypothesis import HealthCheck, given, settings

from dnkit.machine.program import Outcome, PhaseKind, Program, TargetKind
from dnkit.policies.explain.diagram.graph import ALL_ENDS, ANYWHERE, Lead, graph_of
from dnkit.policies.explain.worst import possible
from tests.explain.drawn import programs, shipped_program


@given(programs())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_outcome_is_in_one_edge_and_leads_to_its_target(program: Program) -> None:
    graph = graph_of(program)
    phases = {one.name: one for one in program.phases}
    assert sum(len(part.nodes) for part in graph.parts) == len(phases) - (program.reduce >= 0)
    for part in graph.parts:
        for at, node in enumerate(part.nodes):
            phase = phases[node.name]
            told = [(cause, edge) for edge in part.leaving(at) for cause in edge.causes]
            if phase.kind is PhaseKind.RUN and told[0][0] == ALL_ENDS:
                continue
            wanted = [
                one.value
                for one, _ in phase.then
                if (possible(phase, one) if one is not Outcome.EXHAUSTED else phase.visits > 1)
            ]
            assert sorted(cause for cause, _ in told) == sorted(wanted)
            for cause, edge in told:
                target = phase.target(Outcome(cause))
                if edge.lead is Lead.PHASE:
                    assert part.nodes[edge.to].name == program.phases[target.phase].name == edge.words
                elif edge.lead is not Lead.BACK:
                    assert target.kind is TargetKind(edge.lead.value)


def test_one_edge_a_target() -> None:
    part = graph_of(shipped_program("close_two_phase")).parts[0]
    first = part.leaving(0)
    assert [(one.causes, one.words) for one in first] == [
        (("filled",), "verify"),
        (("first", "partial", "none", "rejected", "refused"), "finish"),
    ]


def test_what_may_happen_at_any_time() -> None:
    part = graph_of(shipped_program("open_post_only_hedge")).parts[0]
    found = {one.words: one.causes for one in part.leaving(ANYWHERE)}
    limits = ("asked to stop", "past the 90s deadline", "over $3,000 unhedged for 30s")
    assert found == {"verify": ("after a crash",), "back_out": limits}
    assert {one.name: one.entered for one in part.nodes if one.entered} == {
        "verify": ("after a crash",),
        "back_out": limits,
    }


def test_a_policy_that_is_run_leads_back() -> None:
    graph = graph_of(shipped_program("pair_unwind_ioc_ladder"))
    assert [part.title for part in graph.parts] == [
        "pair_unwind_ioc_ladder",
        "inside unwind_a",
        "inside unwind_b",
    ]
    inside = graph.parts[1]
    assert [one.label for one in inside.nodes] == ["maker", "ladder", "verify"]
    assert {one.words for one in inside.edges if one.lead is Lead.BACK} >= {
        "unwind_b",
        "unwind_b (books disagree)",
        "unwind_b (halt)",
    }
    run = next(at for at, one in enumerate(graph.parts[0].nodes) if one.name == "unwind_a")
    assert [one.causes for one in graph.parts[0].leaving(run)] == [(ALL_ENDS,)]
