"""The most time since something began: a scope was entered, a position became naked. It is counted on from
every state in which it lasts, up to the state in which it is over.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from dnkit.analysis.longest import (
    UNREACHED,
    Layers,
    Seed,
    View,
    at_zero,
    beginnings,
    least_faults,
    longest,
    of_states,
    spent,
)
from dnkit.analysis.network import Clocks, Label
from dnkit.analysis.proof import NONE
from dnkit.engine.state import State

T = TypeVar("T")
Again = Callable[[State, State], bool]


class Ways(NamedTuple):
    """What the ways to each state and gate have in common: by faults the most `time` they take, the `least`
    faults they need, and by clock how far it may be ahead of another (`lead`; empty where there is only one).
    """

    view: View
    time: Layers
    least: list[int]
    lead: Layers


def ways_of(view: View) -> Ways:
    """All ways from the starts."""
    clocks = view.network.clocks
    time = of_states(longest(view, clocks, spent, beginnings(view, clocks)), clocks)
    least = least_faults(time)
    return Ways(view, time, least, [] if clocks.width == 1 else _lead(view, least))


def _lead(view: View, least: Sequence[int]) -> Layers:
    """The most each clock can have run by itself since all of them met."""
    met = [view.faults + 1] * view.network.size
    for source, target, faults, label in edges(view):
        if view.network.labels[label].note.leg == NONE:
            met[target] = min(met[target], least[source] + faults)
    clocks = view.network.clocks
    seeds = beginnings(view, clocks)
    seeds += [seed for state, faults in enumerate(met) for seed in at_zero(clocks, state, faults)]
    return longest(view, clocks, _spent_alone, seeds)


def _spent_alone(label: Label) -> int:
    return UNREACHED if label.note.leg == NONE else label.note.spent


def edges(view: View) -> Iterator[tuple[int, int, int, int]]:
    """(source, target, faults, label) of all edges that can be gone, those into gates and out of them too."""
    plain, allowed = view.network.plain, view.allowed
    for faults, batch in ((0, plain.free), *plain.dear.items()):
        for source, target, label in zip(batch.source, batch.target, batch.label, strict=True):
            if allowed[label >> 1]:
                yield source, target, faults, label >> 1


def since(
    ways: Ways, lasts: Sequence[int], *, again: Again | None = None, caps: Sequence[int] | None = None
) -> Layers:
    """By faults, the most time since it began, for each state and gate in which it lasts or is over just now;
    negative for all others.

    `lasts` says for each state whether it does (1 or 0), `again(before, after)` whether it begins anew
    between two such states, `caps` the most it can have lasted.
    """
    view, clocks = ways.view, ways.view.network.clocks
    runs = bytes(with_gates(view, lasts))
    seeds = {
        (0, clock): 0 for start in view.network.graph.starts if runs[start] for clock in _own(clocks, start)
    }
    cut = set()
    for source, target, faults, label in edges(view):
        if not runs[target]:
            continue
        anew = bool(runs[source]) and _is_again(view, again, source, target)
        if anew:
            cut.add((source, target))
        if anew or not runs[source]:
            for key, ahead in _begun(ways, source, target, faults, view.network.labels[label].note.leg):
                seeds[key] = max(seeds.get(key, 0), ahead)
    most = None if caps is None else with_gates(view, caps)
    found = (Seed(faults, clock, ahead) for (faults, clock), ahead in seeds.items())
    return of_states(longest(view, clocks, spent, found, runs=runs, cut=cut, caps=most), clocks)


def _begun(
    ways: Ways, source: int, target: int, faults: int, leg: int
) -> Iterator[tuple[tuple[int, int], int]]:
    """What the clocks of a state show where an edge of that leg begins it: nothing, but for those of other
    legs that may have run ahead.
    """
    clocks, first = ways.view.network.clocks, ways.least[source] + faults
    for used in range(first, ways.view.faults + 1):
        for place, clock in enumerate(_own(clocks, target)):
            alone = leg != NONE and place not in (leg, clocks.width - 1) and clocks.width > 1
            ahead = ways.lead[used - faults][clocks.width * source + place] if alone else 0
            if used == first or ahead > 0:
                yield (used, clock), ahead


def _own(clocks: Clocks, state: int) -> range:
    return range(clocks.width * state, clocks.width * (state + 1))


def with_gates(view: View, values: Sequence[T]) -> list[T]:
    """What is so for each state, and for each gate what is so for the state before it."""
    return [*values, *(values[source] for source, *_ in view.network.gates)]


def _is_again(view: View, again: Again | None, source: int, target: int) -> bool:
    return again is not None and again(_at(view, source), _at(view, target))


def _at(view: View, state: int) -> State:
    """The engine's state, before the gate where it is one."""
    nodes, gates = view.network.graph.nodes, view.network.gates
    return nodes[state if state < len(nodes) else gates[state - len(nodes)][0]][0]
