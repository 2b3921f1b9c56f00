"""What a run does only when it took long: its deadline falls due, or it stayed unhedged for too long.

The explorer stands still in time. Here the longest ways tell how old a scope, or an exposure, can be in each
state, and the late moves are added where that is enough. Older states bring further states, so this goes on
until nothing is new.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from dnkit.analysis.course import around
from dnkit.analysis.explore import Graph, Told
from dnkit.analysis.hop import Hop
from dnkit.analysis.longest import FOREVER
from dnkit.analysis.network import Flags, Ints, Network, lay_out
from dnkit.analysis.proof import NONE
from dnkit.analysis.since import Ways, since, ways_of
from dnkit.analysis.time_moves import late
from dnkit.analysis.view import UNREACHED, View, shut_view
from dnkit.engine.state import Stage, State
from dnkit.machine.program import NO_LIMIT, PhaseKind, Program

S = TypeVar("S")
T = TypeVar("T")
UNHEDGED = NONE  # what `late` calls the exposure, where it names a scope otherwise
Ages = dict[int, Ints]  # by scope (or UNHEDGED), by faults, by state and gate


# --- adding late moves ----------------------------------------------------------------------------


def add_late(
    graph: Graph, see: Callable[[int, Hop], None] | None = None, told: Told | None = None
) -> Network:
    """Add every late move that can come to be to a graph that was walked to its end, and walk on from there.
    The network of all that. `see` and `told` are as for `Graph.run`.
    """
    known: dict[int, tuple[int, set[int]]] = {}
    while True:
        network = lay_out(graph)
        found = () if network.cycle else overdue(view_of(network))
        new = [one for one in found if _is_new(graph, known, *one)]
        for index, scopes in new:
            _add(graph, known, index, scopes, see)
        if not new:
            return network
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
    graph, ages, waits = view.network.graph, ages_of(view), waits_of(view)
    lengths = _lengths(view.network, ages)
    due = {age: np.any(ages[age] + waits >= lengths[age], axis=0) for age in ages}
    for index in np.flatnonzero(sum(due.values(), np.zeros(view.network.size, np.bool_))).tolist():
        if index < len(graph.nodes):
            terms = _terms(graph.ground.program, graph.nodes[index][0])
            yield index, {scope for scope, ways in terms if any(due[age][index] for age, _ in ways)}


def _lengths(network: Network, ages: Iterable[int]) -> dict[int, Ints]:
    """By age, then by state and gate, at what length it brings something about; FOREVER where it does not."""
    program = network.graph.ground.program
    known = [dict(term for _, terms in _terms(program, one) for term in terms) for one in network.places]
    return {age: np.array([one.get(age, FOREVER) for one in known])[network.where] for age in ages}


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


def open_view(network: Network, allowed: Flags | None = None) -> View:
    """The network with the edges whose labels are `allowed` (None: all), as if every state were old enough
    for whatever may fall due in it.
    """
    view = shut_view(network, allowed)
    return view._replace(waits=waits_of(view)[:, network.gates])


def view_of(network: Network, allowed: Flags | None = None) -> View:
    """The same, but a late edge can be gone only where its state can be old enough."""
    return _aged(open_view(network, allowed))


def _aged(view: View) -> View:
    """The view with the gates shut at which nothing can fall due while a run stands in their states."""
    if not len(view.network.gates):
        return view
    ages, gates = ages_of(view), view.network.gates
    lengths = _lengths(view.network, ages)
    due = [ages[age][:, gates] + view.waits >= lengths[age][gates] for age in ages]
    return view._replace(waits=np.where(np.any(due, axis=0), view.waits, UNREACHED))


def waits_of(view: View) -> Ints:
    """By faults used, for each state and gate, the most time that may pass until something else happens."""
    waits, edges = np.zeros((view.faults + 1, view.network.size), np.int64), view.edges
    near = edges.where(edges.faults <= view.faults)
    np.maximum.at(waits, (view.faults - near.faults, near.source), view.network.spent[near.label])
    return np.maximum.accumulate(waits[::-1])[::-1]


def views_within(network: Network, allowed: Flags | None = None) -> tuple[View, ...]:
    """A view for each number of faults as the budget. With late edges they differ, since a run waits only for
    what it can afford.
    """
    view = open_view(network, allowed)
    if not len(network.gates):
        return (view,) * (view.faults + 1)
    budgets = range(view.faults + 1)
    return tuple(_aged(view._replace(faults=one, waits=view.waits[view.faults - one :])) for one in budgets)


def ways_within(network: Network, allowed: Flags | None = None) -> tuple[Ways, ...]:
    """The ways in each of these views."""
    views = views_within(network, allowed)
    if views[0] is views[-1]:
        return (ways_of(views[0]),) * len(views)
    return tuple(map(ways_of, views))


def by_faults(budgets: Sequence[S], read: Callable[[S], Iterable[T]]) -> list[T]:
    """What is read by faults used of the view or the ways for each budget, with all of it used."""
    if budgets[0] is budgets[-1]:
        return list(read(budgets[0]))
    return [[*read(one)][-1] for one in budgets]


# --- ages -----------------------------------------------------------------------------------------


def ages_of(view: View) -> Ages:
    """How old each scope with a deadline can be in every state, and the exposure above `max_unhedged` as far
    as the engine knows it.
    """
    network, ways = view.network, ways_of(view)
    scopes = network.graph.ground.program.scopes
    found = {
        index: age_of(ways, index)
        for index, scope in enumerate(scopes)
        if scope.limits.deadline_ns != NO_LIMIT
    }
    naked = np.array([state.naked_ns > 0 for state in network.places])[network.where]
    if naked.any():
        found[UNHEDGED] = since(ways, naked)
    return found


def age_of(ways: Ways, scope: int) -> Ints:
    """How old a scope can be in every state."""
    network = ways.view.network
    program, places = network.graph.ground.program, network.places
    inside = np.array([_is_inside(program, scope, state) for state in places])[network.where]
    caps = np.array([_cap(program, scope, state) for state in places])[network.where]
    again = _runs_again(ways.view, scope, inside) if scope else None
    return since(ways, inside, again=again, caps=caps)


def _is_inside(program: Program, scope: int, state: State) -> bool:
    """Whether the run is inside a scope, which the policy's own is from START on to the end."""
    if scope == 0:
        return state.stage is not Stage.START
    if state.stage not in (Stage.PHASE, Stage.LEAVE):
        return False
    return scope in around(program, program.phases[state.phase].scope)


def _runs_again(view: View, scope: int, inside: Flags) -> Flags:
    """By edge whether a scope is run anew between two states inside of it."""
    network, (source, target, *_) = view.network, view.edges
    again = np.zeros(len(source), np.bool_)
    for index, phase in enumerate(network.graph.ground.program.phases):
        if phase.kind is PhaseKind.RUN and phase.enters == scope:
            # A run that has ended has forgotten its visits.
            visits = np.array([sum(state.visits[index : index + 1]) for state in network.places])
            again |= visits[network.where[target]] > visits[network.where[source]]
    return again & inside[source] & inside[target]


def _cap(program: Program, scope: int, state: State) -> int:
    """The most a scope can be old: a run that works in a phase with its deadline to come is within it."""
    if state.stage is not Stage.PHASE or state.dues[program.phases[state.phase].scope] <= 0:
        return FOREVER
    return dict(_deadlines(program, state)).get(scope, FOREVER)
