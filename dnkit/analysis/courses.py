"""What can follow what: whether every run ends, whether its goal stays within reach, which phases work."""

from collections.abc import Iterator

import numpy as np

from dnkit.analysis.bounds import ends_of, is_goal
from dnkit.analysis.case import Case, case, counted
from dnkit.analysis.course import around
from dnkit.analysis.explore import Graph
from dnkit.analysis.moves import is_awaited
from dnkit.analysis.network import ENTRY, Flags, Network
from dnkit.analysis.proof import NONE
from dnkit.analysis.view import parts_of
from dnkit.engine.state import Stage
from dnkit.machine.program import PhaseKind

STANDS = (Stage.PHASE, Stage.LEAVE)
AFTER = {Stage.SWEEP: "done", Stage.HALT: "halt"}
TRADES = (PhaseKind.TAKE, PhaseKind.REST, PhaseKind.ARM)


def endless(network: Network) -> Case:
    """P01: every path ends. Broken where states lead round without a fault, or one leads nowhere and is no
    end.
    """
    graph = network.graph
    if network.cycle:
        names = dict.fromkeys(_where(graph, index) for index in network.cycle)
        at = min(network.cycle, key=lambda index: (graph.faults[index], graph.depth[index]))
        return case("P01", True, f"a run can go round for ever: {', '.join(names)}", at)
    stuck = [*_stuck(network)]
    if stuck:
        at = min(stuck, key=lambda index: (graph.faults[index], graph.depth[index]))
        return case("P01", True, f"nothing can follow, and the run has not ended: {_where(graph, at)}", at)
    return case("P01", False, "every run ends")


def _stuck(network: Network) -> Iterator[int]:
    """States that nothing has to follow: all is a fault, or a fill that may be told and may not come."""
    graph, edges = network.graph, network.edges
    stuck = np.ones(len(graph.nodes), np.bool_)
    stuck[network.states[edges.source[(edges.faults == 0) & (edges.label != ENTRY)]]] = False
    for index, (state, world) in enumerate(graph.nodes):
        if state.stage is not Stage.END and (stuck[index] or not is_awaited(graph.ground, state, world)):
            yield index


def _where(graph: Graph, index: int) -> str:
    """The phase a state stands in, or what the run does around the phases."""
    state, program = graph.nodes[index][0], graph.ground.program
    if state.stage is Stage.PHASE:
        return program.phases[state.phase].name
    return f"({state.stage.name.lower()})"


# --- no trap --------------------------------------------------------------------------------------


def trapped(network: Network) -> Case:
    """P20: wherever a phase that trades is entered while its venues answer, the goal can be reached without
    another fault, if only the book is deep enough. The compiler's last phase before a halt is left out.
    """
    graph, edges, bad = network.graph, network.edges, ~_reaches_goal(network)
    bad[len(graph.nodes) :] = False
    bad[[index for index in np.flatnonzero(bad).tolist() if not _trades(graph, index)]] = False
    led = edges.where(bad[edges.target])
    pairs = zip(led.source.tolist(), led.target.tolist(), strict=True)
    entered = {target for source, target in pairs if _is_entry(network, source, target)}
    if not entered:
        return case("P20", False, "wherever a phase begins to trade, the goal can still be reached")
    at = min(entered, key=lambda index: (graph.faults[index], graph.depth[index]))
    phase = graph.ground.program.phases[graph.nodes[at][0].phase]
    text = f"{phase.name} (line {phase.line}) is entered where all leads to a halt, however deep the book"
    return case("P20", True, text, at)


def _reaches_goal(network: Network) -> Flags:
    """By state and gate whether a way without a fault, on which every order that takes is filled whole, leads
    to an end that is no halt.
    """
    graph, good = network.graph, np.zeros(network.size, np.bool_)
    good[[index for index in ends_of(network) if is_goal(graph, index)]] = True
    whole = np.array([label.note.short == NONE for label in network.labels])
    whole[ENTRY] = False
    edges = network.edges.where((network.edges.faults == 0) & whole[network.edges.label])
    for part in reversed(parts_of(network.levels, edges)):
        sources, targets = (one[part.begin : part.end] for one in edges[:2])
        good[sources[good[targets]]] = True
    return good


def _trades(graph: Graph, index: int) -> bool:
    """Whether a phase that sends orders is at work, on venues that answer."""
    (state, world), program = graph.nodes[index], graph.ground.program
    if state.stage is not Stage.PHASE or state.phase == program.reduce or any(world.down):
        return False
    return program.phases[state.phase].kind in TRADES


def _is_entry(network: Network, source: int, target: int) -> bool:
    """Whether the phase of the target is entered by that edge."""
    nodes = network.graph.nodes
    if source >= len(nodes):
        return True
    old, new = nodes[source][0], nodes[target][0]
    return (old.stage, old.phase, old.visits) != (new.stage, new.phase, new.visits)


# --- nothing dead ---------------------------------------------------------------------------------


def never_entered(graph: Graph) -> Case:
    """P21: every phase of the policy is at work in some state. One that is left out on purpose is not asked
    for, nor is the compiler's own.
    """
    program = graph.ground.program
    known = _entered(graph)
    missing = [
        phase
        for index, phase in enumerate(program.phases)
        if index not in known and index != program.reduce and phase.skip is None
    ]
    if not missing:
        return case("P21", False, "every phase can come to work")
    words = ", ".join(f"{phase.name} (line {phase.line})" for phase in missing)
    return case("P21", True, f"never at work with {counted(graph.ground.setting.faults)}: {words}")


def _entered(graph: Graph) -> set[int]:
    """Phases in which a run can stand or that it has come through; what runs others is there with them."""
    program = graph.ground.program
    known = {state.phase for state, _ in graph.nodes if state.stage is Stage.PHASE}
    for visits in {state.visits for state, _ in graph.nodes}:
        known |= {index for index, count in enumerate(visits) if count}
    scopes = {scope for index in known for scope in around(program, program.phases[index].scope)}
    return known | {index for index, phase in enumerate(program.phases) if phase.enters in scopes}


def crossings(network: Network) -> tuple[tuple[str, str], ...]:
    """Which phase is seen to follow which, by name; `done` and `halt` for the ends."""
    nodes, program = network.graph.nodes, network.graph.ground.program
    found = set()
    for source, target in zip(network.edges.source.tolist(), network.edges.target.tolist(), strict=True):
        if source < len(nodes) and target < len(nodes) and nodes[source][0].stage in STANDS:
            old, new = nodes[source][0], nodes[target][0]
            if new.stage in AFTER or (new.stage is Stage.PHASE and _is_entry(network, source, target)):
                name = AFTER.get(new.stage, program.phases[new.phase].name)
                found.add((program.phases[old.phase].name, name))
    return tuple(sorted(found))
