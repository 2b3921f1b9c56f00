"""What a run does only when it took long: its deadline falls due, or it stayed unhedged for too long.

The explorer stands still in time. Here the longest ways tell how old a scope, or an exposure, can be in each
state, and the late moves are added where that is enough. Older states bring further states, so this goes on
until nothing is new.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from dnkit.analysis.course import around
from dnkit.analysis.explore import Graph, Told
from dnkit.analysis.hop import Hop
from dnkit.analysis.longest import FOREVER, UNREACHED, Layers, View
from dnkit.analysis.network import Label, Network, lay_out
from dnkit.analysis.proof import NONE
from dnkit.analysis.since import Ways, edges, since, ways_of
from dnkit.analysis.time_moves import late
from dnkit.engine.state import Stage, State
from dnkit.machine.program import NO_LIMIT, PhaseKind, Program

T = TypeVar("T")
Allowed = Callable[[Label], bool]
UNHEDGED = NONE  # what `late` calls the exposure, where it names a scope otherwise
Ages = dict[int, Layers]  # by scope (or UNHEDGED), by faults, by state and gate


# --- adding late moves ----------------------------------------------------------------------------


def add_late(graph: Graph, see: Callable[[int, Hop], None] | None = None, told: Told | None = None) -> int:
    """Add every late move that can come to be to a graph that was walked to its end, and walk on from there.
    How many edges that are. `see` and `told` are as for `Graph.run`.
    """
    known: dict[int, tuple[int, set[int]]] = {}
    while True:
        network = lay_out(graph)
        found = () if network.cycle else overdue(view_of(network))
        new = [one for one in found if _is_new(graph, known, *one)]
        for index, scopes in new:
            _add(graph, known, index, scopes, see)
        if not new:
            return sum(map(len, graph.late.values()))
        graph.run(see, told)


def _is_new(graph: Graph, known: dict[int, tuple[int, set[int]]], index: int, scopes: set[int]) -> bool:
    """Whether some late move of the state was not added yet, or with more faults used than it takes."""
    faults, added = known.get(index, (graph.faults[index], set[int]()))
    return graph.faults[index] < faults or not scopes <= added


def _add(
    graph: Graph,
    known: dict[int, tuple[int, set[int]]],
    index: int,
    scopes: set[int],
    see: Callable[[int, Hop], None] | None,
) -> None:
    """Add the late moves of a state anew."""
    node, left = graph.nodes[index], graph.ground.setting.faults - graph.faults[index]
    graph.late.pop(index, None)
    known[index] = graph.faults[index], scopes
    for scope, move in late(graph.ground, *node):
        if scope in scopes:
            for hop in graph.follow(node, move, left):
                if see is not None:
                    see(index, hop)
                graph.link_late(index, hop)


def overdue(view: View) -> Iterator[tuple[int, set[int]]]:
    """States in which a run can stand when a deadline falls due, or exposure has lasted for too long, within
    the budget; and which (scopes, UNHEDGED).
    """
    ages, graph = ages_of(view), view.network.graph
    if not _may_fall_due(view, ages):
        return
    waits = waits_of(view)
    for index, (state, _) in enumerate(graph.nodes):
        scopes = {
            scope
            for scope, terms in _terms(graph.ground.program, state)
            for age, term in terms
            if any(old[index] + wait[index] >= term for old, wait in zip(ages[age], waits, strict=True))
        }
        if scopes:
            yield index, scopes


def _may_fall_due(view: View, ages: Ages) -> bool:
    """Whether anything can, as far as the oldest and the slowest of all states tell."""
    scopes = view.network.graph.ground.program.scopes
    slowest = max((label.note.spent for label in view.network.labels), default=0)
    terms = {scope: scopes[scope].limits.deadline_ns for scope in ages if scope != UNHEDGED}
    if UNHEDGED in ages:
        terms[UNHEDGED] = min(scope.limits.unhedged_ns for scope in scopes)
    return any(max(ages[scope][view.faults]) + slowest >= term for scope, term in terms.items())


def _terms(program: Program, state: State) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """What may fall due in a state: the scope (or UNHEDGED), and which of the ages brings it about at what
    length. A deadline is the scope's own or what a caller has left.
    """
    if state.stage is not Stage.PHASE:
        return
    scope = program.phases[state.phase].scope
    if state.dues[scope]:
        yield scope, list(_deadlines(program, state))
    if state.naked_ns:
        yield UNHEDGED, [(UNHEDGED, program.scopes[scope].limits.unhedged_ns)]


def _deadlines(program: Program, state: State) -> Iterator[tuple[int, int]]:
    """Scopes around a phase whose deadline is still to come, each with its length."""
    for scope in around(program, program.phases[state.phase].scope):
        length = program.scopes[scope].limits.deadline_ns
        if state.dues[scope] and length != NO_LIMIT:
            yield scope, length


# --- which gates are open -------------------------------------------------------------------------


def open_view(network: Network, allowed: Allowed | None = None, faults: int | None = None) -> View:
    """The network with the edges that are `allowed` (None: all) within a budget of `faults` (None: that of
    the setting), as if every state were old enough for whatever may fall due in it.
    """
    labels = [allowed is None or allowed(label) for label in network.labels]
    budget = network.graph.ground.setting.faults if faults is None else faults
    view = View(network, labels, budget, ())
    if not network.gates:
        return view
    waits = waits_of(view)
    return view._replace(waits=[[one[index] for one in waits] for index, *_ in network.gates])


def view_of(network: Network, allowed: Allowed | None = None, faults: int | None = None) -> View:
    """The same, but a late edge can be gone only where its state can be old enough."""
    view = open_view(network, allowed, faults)
    if not network.gates:
        return view
    ages = ages_of(view)
    waits = [
        [wait if _is_due(view, ages, index, used, wait) else UNREACHED for used, wait in enumerate(waits)]
        for (index, *_), waits in zip(network.gates, view.waits, strict=True)
    ]
    return view._replace(waits=waits)


def _is_due(view: View, ages: Ages, index: int, used: int, wait: int) -> bool:
    """Whether anything can fall due while a run stands in a state."""
    graph = view.network.graph
    terms = (one for _, terms in _terms(graph.ground.program, graph.nodes[index][0]) for one in terms)
    return any(ages[age][used][index] + wait >= term for age, term in terms)


def waits_of(view: View) -> list[list[int]]:
    """By faults used, for each state and gate, the most time that may pass until something else happens."""
    waits = [[0] * view.network.size for _ in range(view.faults + 1)]
    for source, _, cost, label in edges(view):
        if cost <= view.faults:
            layer, spent = waits[view.faults - cost], view.network.labels[label].note.spent
            layer[source] = max(layer[source], spent)
    for used in range(view.faults, 0, -1):
        waits[used - 1] = list(map(max, waits[used - 1], waits[used]))
    return waits


def ways_within(network: Network, allowed: Allowed | None = None) -> tuple[Ways, ...]:
    """The ways for each number of faults as the budget. With late edges each has a view of its own, since a
    run waits only for what it can afford.
    """
    budgets = range(network.graph.ground.setting.faults + 1)
    if not network.gates:
        return (ways_of(view_of(network, allowed)),) * len(budgets)
    return tuple(ways_of(view_of(network, allowed, faults)) for faults in budgets)


def by_faults(ways: Sequence[Ways], read: Callable[[Ways], Sequence[T]]) -> list[T]:
    """What is read of the ways by faults used, for each budget with all of it used."""
    if ways[0] is ways[-1]:
        return list(read(ways[0]))
    return [read(one)[-1] for one in ways]


# --- ages -----------------------------------------------------------------------------------------


def ages_of(view: View) -> Ages:
    """How old each scope with a deadline can be in every state, and the exposure above `max_unhedged` as far
    as the engine knows it.
    """
    graph, ways = view.network.graph, ways_of(view)
    scopes = graph.ground.program.scopes
    found = {
        index: age_of(ways, index)
        for index, scope in enumerate(scopes)
        if scope.limits.deadline_ns != NO_LIMIT
    }
    naked = [state.naked_ns > 0 for state, _ in graph.nodes]
    if any(naked):
        found[UNHEDGED] = since(ways, naked)
    return found


def age_of(ways: Ways, scope: int) -> Layers:
    """How old a scope can be in every state."""
    graph = ways.view.network.graph
    again = partial(_enters, graph.ground.program, scope) if scope else None
    return since(ways, _inside(graph, scope), again=again, caps=_caps(graph, scope))


def _inside(graph: Graph, scope: int) -> list[bool]:
    """By state whether the run is inside a scope, which the policy's own is from START on to the end."""
    program, stages = graph.ground.program, (Stage.PHASE, Stage.LEAVE)
    if scope == 0:
        return [state.stage is not Stage.START for state, _ in graph.nodes]
    inner = {index for index in range(len(program.scopes)) if scope in around(program, index)}
    return [state.stage in stages and program.phases[state.phase].scope in inner for state, _ in graph.nodes]


def _enters(program: Program, scope: int, before: State, after: State) -> bool:
    """Whether a scope is run anew between two states inside of it."""
    return any(
        phase.enters == scope and new > old
        for phase, old, new in zip(program.phases, before.visits, after.visits, strict=True)
        if phase.kind is PhaseKind.RUN
    )


def _caps(graph: Graph, scope: int) -> list[int]:
    """By state the most a scope can be old: a run that works in a phase with its deadline to come is within
    it.
    """
    program, caps = graph.ground.program, []
    for state, _ in graph.nodes:
        pending = state.stage is Stage.PHASE and state.dues[program.phases[state.phase].scope] > 0
        caps.append(dict(_deadlines(program, state)).get(scope, FOREVER) if pending else FOREVER)
    return caps
