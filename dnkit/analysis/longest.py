"""Longest paths over the explored graph, for every count of faults at once.

A value is kept for each clock and each count of faults that may have been used up to there: what can be with
few faults can be with more. Each leg's clock runs by itself until they meet; the most that each of them can
show is exact, because running and meeting treat the largest of two values like each of them.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain, repeat
from typing import NamedTuple

from dnkit.analysis.network import STILL, Batch, Clocks, Label, Network
from dnkit.analysis.proof import NONE
from dnkit.model.errors import BugError

UNREACHED = -(1 << 60)
FOREVER = 1 << 60
Layers = list[list[int]]  # by faults that may have been used, then by clock
Weigh = Callable[[Label], int]


class View(NamedTuple):
    """A network with the edges that can be gone: `allowed` by label, `faults` are the budget. `waits` is by
    gate and faults used the most time a run can stand before it goes in, UNREACHED where it cannot be old
    enough.
    """

    network: Network
    allowed: Sequence[bool]
    faults: int
    waits: Sequence[Sequence[int]]


class Seed(NamedTuple):
    """A clock that shows at least that value once so many faults may have been used."""

    faults: int
    clock: int
    value: int


def spent(label: Label) -> int:
    """The time an edge takes."""
    return label.note.spent


def beginnings(view: View, clocks: Clocks) -> list[Seed]:
    """All clocks of the states a run starts with, at zero."""
    return [seed for start in view.network.graph.starts for seed in at_zero(clocks, start, 0)]


def at_zero(clocks: Clocks, state: int, faults: int) -> list[Seed]:
    """All clocks of a state, at zero."""
    return [Seed(faults, clocks.width * state + clock, 0) for clock in range(clocks.width)]


def longest(
    view: View,
    clocks: Clocks,
    weigh: Weigh,
    seeds: Iterable[Seed],
    *,
    runs: bytes | None = None,
    cut: Collection[tuple[int, int]] = (),
    caps: Sequence[int] | None = None,
) -> Layers:
    """The largest sum of weights on any way to each clock; negative where no way leads there.

    `runs` says for each state and gate whether its clocks run: no way goes on from where they do not, nor
    between two states that are `cut`. `caps` is the most that the clocks of each can show.
    """
    size, width = clocks.width * view.network.size, clocks.width
    layers = [[UNREACHED] * size for _ in range(view.faults + 1)]
    for faults, clock, value in seeds:
        if faults <= view.faults:
            layers[faults][clock] = max(layers[faults][clock], value)
    most = [FOREVER] * size if caps is None else for_clocks(caps, width)
    pairs = _pairs(view, weigh)
    states = None if runs is None else bytes(for_clocks(runs, width))
    free = _weights(clocks.free, pairs, states)
    dear = {cost: _weights(batch, pairs, states) for cost, batch in clocks.dear.items()}
    if cut:
        _cut(clocks.free, free, width, cut)
        for cost, batch in clocks.dear.items():
            _cut(batch, dear[cost], width, cut)
    gates = _gates(view, clocks, weigh, runs)
    for used, here in enumerate(layers):
        if used:
            here[:] = map(max, here, layers[used - 1])
        for place, waits in gates:
            free[place] = waits[used]
        _relax(clocks.free, free, here, here, most)
        for cost, batch in clocks.dear.items():
            if used + cost <= view.faults:
                _relax(batch, dear[cost], here, layers[used + cost], most)
    return layers


def _relax(batch: Batch, weights: list[int], here: list[int], there: list[int], most: list[int]) -> None:
    """Go every edge of a batch once: the inner loop of all that is read off a graph."""
    for source, target, weight in zip(batch.source, batch.target, weights, strict=True):
        value = here[source] + weight
        if value > there[target]:
            there[target] = value if value < most[target] else most[target]


def _pairs(view: View, weigh: Weigh) -> list[int]:
    """Weights by what stands in a batch: of each label without its clock and with it. Gates are shut."""
    pairs = [0, 0, UNREACHED, UNREACHED]
    for label, allowed in zip(view.network.labels[2:], view.allowed[2:], strict=True):
        pairs += (0, weigh(label)) if allowed else (UNREACHED, UNREACHED)
    return pairs


def _weights(batch: Batch, pairs: list[int], runs: bytes | None) -> list[int]:
    found = list(map(pairs.__getitem__, batch.label))
    if runs is None:
        return found
    return [
        weight if runs[source] or not label else UNREACHED
        for weight, source, label in zip(found, batch.source, batch.label, strict=True)
    ]


def _cut(batch: Batch, weights: list[int], width: int, cut: Collection[tuple[int, int]]) -> None:
    for place, (source, target) in enumerate(zip(batch.source, batch.target, strict=True)):
        if (source // width, target // width) in cut:
            weights[place] = UNREACHED


def _gates(
    view: View, clocks: Clocks, weigh: Weigh, runs: bytes | None = None
) -> list[tuple[int, list[int]]]:
    """Places at which gates are entered, with what that weighs by faults used."""
    still, found = view.network.labels[STILL], []
    for (source, *_), places, waits in zip(view.network.gates, clocks.gates, view.waits, strict=True):
        if runs is None or runs[source]:
            labels = [still._replace(note=still.note._replace(spent=wait)) for wait in waits]
            weights = [UNREACHED if one.note.spent < 0 else weigh(one) for one in labels]
            found += [(place, weights) for place in places]
    return found


def for_clocks(values: Iterable[int], width: int) -> list[int]:
    """A value of each state once for each of its clocks."""
    return list(chain.from_iterable(repeat(value, width) for value in values))


def of_states(layers: Layers, clocks: Clocks) -> Layers:
    """The value of the last clock of each state and gate, which all its clocks have reached."""
    return [layer[clocks.width - 1 :: clocks.width] for layer in layers]


def least_faults(values: Layers) -> list[int]:
    """By state the fewest faults with which it is reached, one more than the budget where it is not."""
    found = [len(values)] * len(values[0])
    for faults in range(len(values) - 1, -1, -1):
        for state, value in enumerate(values[faults]):
            if value >= 0:
                found[state] = faults
    return found


# --- the way there --------------------------------------------------------------------------------


def slowest(view: View, state: int, faults: int) -> tuple[tuple[int, int], ...]:
    """The way to a state that takes longest with so many faults: each state on it from a start on, and which
    of its edges was gone (NONE - 1 - n for the n-th late one).
    """
    clocks = view.network.clocks
    layers = longest(view, clocks, spent, beginnings(view, clocks))
    back = _Back(view, layers)
    used, clock = faults, clocks.width * (state + 1) - 1
    trail = []
    while (step := back.step(used, clock)) is not None:
        used, cost, batch, place = step
        clock = batch.source[place]
        if batch.label[place] != 2 * STILL:
            trail.append(_edge(view, batch, place, cost))
    return tuple(one for one in reversed(trail) if one is not None)


class _Back:
    """Ways gone backwards: which edge brought a clock to what it shows."""

    def __init__(self, view: View, layers: Layers) -> None:
        clocks = view.network.clocks
        self._layers, self._pairs = layers, _pairs(view, spent)
        self._batches = {0: clocks.free, **clocks.dear}
        self._gates = dict(_gates(view, clocks, spent))
        self._into: dict[int, list[tuple[int, int]]] = {}
        for cost, batch in self._batches.items():
            for place, target in enumerate(batch.target):
                self._into.setdefault(target, []).append((cost, place))

    def step(self, used: int, clock: int) -> tuple[int, int, Batch, int] | None:
        """Faults used before the edge, those of the edge, its batch and place there; None where the clock
        stands as it was set.
        """
        for cost, place in self._into.get(clock, ()):
            batch, before = self._batches[cost], used - cost
            if before < 0:
                continue
            value = self._layers[before][batch.source[place]]
            if value >= 0 and value + self._weight(cost, place, before) == self._layers[used][clock]:
                return before, cost, batch, place
        return self.step(used - 1, clock) if used else None

    def _weight(self, cost: int, place: int, used: int) -> int:
        if not cost and place in self._gates:
            return self._gates[place][used]
        return self._pairs[self._batches[cost].label[place]]


def _edge(view: View, batch: Batch, place: int, cost: int) -> tuple[int, int] | None:
    """The state an edge of a batch starts from, and which of its edges it is; None on the way into a gate."""
    graph, gates, width = view.network.graph, view.network.gates, view.network.clocks.width
    source, target = batch.source[place] // width, batch.target[place] // width
    if target >= len(graph.nodes):
        return None
    if source >= len(graph.nodes):
        gate = source - len(graph.nodes)
        begin = next(number for number, one in enumerate(gates) if one[0] == gates[gate][0])
        return gates[gate][0], NONE - 1 - (gate - begin)
    note = view.network.labels[batch.label[place] >> 1].note
    for number, edge in enumerate(range(graph.first[source], graph.last[source])):
        same = graph.target[edge] == target and graph.cost[edge] == cost
        if same and graph.notes[graph.note[edge]] == note:
            return source, number
    raise BugError(f"state {source} has no edge to {target}")
