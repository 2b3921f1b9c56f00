"""Longest paths over the explored graph, for every count of faults at once.

A value is kept for each clock and each count of faults that may have been used up to there: what can be with
few faults can be with more. Each leg's clock runs by itself until they meet; the most that each of them can
show is exact, because running and meeting treat the largest of two values like each of them.
"""

import numpy as np

from dnkit.analysis.network import ENTRY, Flags, Ints
from dnkit.analysis.proof import NONE
from dnkit.analysis.view import UNREACHED, Part, View, spent_by
from dnkit.model.errors import BugError

FOREVER = 1 << 60
Layers = Ints  # by faults that may have been used, by clock, by state and gate; negative where no way leads


def unreached(view: View, rows: int) -> Layers:
    """So many values of every state, none of them reached."""
    return np.full((view.faults + 1, rows, view.network.size), UNREACHED)


def beginnings(view: View) -> Layers:
    """All clocks of the states a run starts with, at zero."""
    layers = unreached(view, view.network.width)
    layers[0][:, view.network.graph.starts] = 0
    return layers


def longest(
    view: View, seeds: Layers, *, shut: Flags | None = None, caps: Ints | None = None, alone: bool = False
) -> Layers:
    """The most time on any way to each clock that begins with what the `seeds` say of the legs' clocks.

    No way goes on by edges of the view that are `shut`. `caps` is by state and gate the most that the clocks
    of each can show. `alone`: clocks begin anew where they meet.
    """
    tops = np.where(view.network.leg == NONE, 0, FOREVER) if alone else None
    layers = seeds.copy() if caps is None else np.minimum(seeds, caps)
    for used, sweep in enumerate(view.sweeps[: view.faults + 1]):
        weights = sweep.spent.copy()
        weights[:, sweep.entries] = view.waits[used][sweep.gates]
        if shut is not None:
            weights[:, shut[sweep.places]] = UNREACHED
        top = None if tops is None else tops[sweep.edges.label]
        _sweep(view, layers, used, sweep.clocks, weights, top, caps)
    return layers


def most(view: View, seeds: Layers, weights: Ints) -> Layers:
    """The largest sum of weights, which are by kind and label, on any way to each state, by kind."""
    layers, begins = seeds.copy(), np.arange(len(weights))[:, None] * view.network.size
    for used, sweep in enumerate(view.sweeps[: view.faults + 1]):
        going = weights[:, sweep.edges.label]
        going[:, sweep.entries] = np.minimum(view.waits[used][sweep.gates], 0)
        _sweep(view, layers, used, begins + sweep.edges.source, going)
    return layers


def _sweep(
    view: View,
    layers: Layers,
    used: int,
    sources: Ints,
    weights: Ints,
    top: Ints | None = None,
    caps: Ints | None = None,
) -> None:
    """Go every edge once that leads on with so many faults used: the inner loop of all that is read off a
    graph. `sources` are by row and edge the values of a layer that go on, `top` is by edge their most.
    """
    here = layers[used]
    if used:
        np.maximum(here, layers[used - 1], out=here)
    _meet(here, slice(None), len(weights))
    for part in view.sweeps[used].parts:
        if used + part.faults <= view.faults:
            edges = slice(part.begin, part.end)
            found = here.reshape(-1)[sources[:, edges]] + weights[:, edges]
            if top is not None:
                np.minimum(found, top[edges], out=found)
            _raise(layers[used + part.faults], part, found, caps)


def _raise(there: Layers, part: Part, found: Ints, caps: Ints | None) -> None:
    """Let the values of a part's targets be at least what was found along its edges."""
    rows = slice(len(found))
    values = np.maximum(np.maximum.reduceat(found, part.heads, axis=1), there[rows, part.targets])
    there[rows, part.targets] = values if caps is None else np.minimum(values, caps[part.targets])
    _meet(there, part.targets, len(found))


def _meet(layer: Layers, states: Ints | slice, legs: int) -> None:
    """Let the last clock be what the latest of the legs' clocks shows, where it is none of theirs."""
    if legs < len(layer):
        layer[legs, states] = layer[:legs, states].max(axis=0)


def least_faults(values: Ints) -> Ints:
    """By state the fewest faults with which it is reached, one more than the budget where it is not."""
    found: Ints = (values < 0).sum(axis=0)
    return found


# --- the way there --------------------------------------------------------------------------------


def slowest(view: View, state: int, faults: int) -> tuple[tuple[int, int], ...]:
    """The way to a state that takes longest with so many faults: each state on it from a start on, and which
    of its edges was gone (NONE - 1 - n for the n-th late one).
    """
    layers, weights = longest(view, beginnings(view)), spent_by(view.network)
    used, row, at = faults, view.network.width - 1, state
    trail = []
    while (step := _back(view, layers, weights, used, row, at)) is not None:
        used, row, place = step
        at = int(view.edges.source[place])
        if view.edges.label[place] != ENTRY:
            trail.append(_edge(view, place))
    return tuple(reversed(trail))


def _back(
    view: View, layers: Layers, weights: Ints, used: int, row: int, state: int
) -> tuple[int, int, int] | None:
    """Faults used and the clock before the edge that brought a clock to what it shows, and the edge's place;
    None where the clock stands as it was set.
    """
    value = layers[used, row, state]
    leg = row if row < view.network.legs else int(layers[used, :row, state].argmax())
    for place in np.flatnonzero(view.edges.target == state).tolist():
        source, _, faults, label = (int(one[place]) for one in view.edges)
        if faults > used:
            continue
        clock = view.network.width - 1 if view.network.leg[label] == NONE else leg
        wait = view.waits[used - faults, _gate(view, state)] if label == ENTRY else 0
        before = layers[used - faults, clock, source]
        if before >= 0 and before + weights[leg, label] + wait == value:
            return used - faults, clock, place
    return _back(view, layers, weights, used - 1, leg, state) if used else None


def _gate(view: View, state: int) -> int:
    return state - len(view.network.graph.nodes)


def _edge(view: View, place: int) -> tuple[int, int]:
    """The state an edge starts from, and which of its edges it is."""
    graph, gates = view.network.graph, view.network.gates
    source, target, faults, label = (int(one[place]) for one in view.edges)
    if source >= len(graph.nodes):
        state = int(gates[_gate(view, source)])
        return state, NONE - 1 - (_gate(view, source) - int(np.searchsorted(gates, state)))
    note = view.network.labels[label].note
    for number, edge in enumerate(range(graph.first[source], graph.last[source])):
        same = graph.target[edge] == target and graph.cost[edge] == faults
        if same and graph.notes[graph.note[edge]] == note:
            return source, number
    raise BugError(f"state {source} has no edge to {target}")
