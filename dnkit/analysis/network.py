"""The explored graph laid out flat, so that longest paths are sweeps over arrays.

Every state has a level, and edges without a fault lead to a higher one. Every late edge gets a gate of its
own: a state in between, in which nothing but time has passed.
"""

from collections.abc import Hashable, Iterable, Iterator
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnkit.analysis.explore import Graph, Note
from dnkit.analysis.ground import Ground
from dnkit.analysis.hop import Node
from dnkit.analysis.move import Kind
from dnkit.analysis.proof import NONE
from dnkit.engine.state import Stage, State
from dnkit.model.numbers import MBPS_ONE, ceil_div

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
ENTRY = 0  # the label of the way into a gate


class Label(NamedTuple):
    """What an edge is: its note, and the greatest depth in mbps at which a book that holds the quantity rules
    it out, because an order would have been filled whole (NONE: there was no such order).
    """

    note: Note
    held: int


class Edges(NamedTuple):
    """Edges side by side. Those of a network stand by faults, then by the level of their target, then by
    target.
    """

    source: Ints
    target: Ints
    faults: Ints
    label: Ints

    def where(self, chosen: Flags) -> "Edges":
        """Some of them, in the same order."""
        return self.at(np.flatnonzero(chosen))

    def at(self, places: Ints) -> "Edges":
        """Those at some places, in that order."""
        return Edges(*(one[places] for one in self))


class Network(NamedTuple):
    """A graph laid out. Gates are numbered as states after all others; `gates` are the states they are of,
    and one edge leads on from each. `levels` are by state and gate; where some are NONE, `cycle` holds states
    that lead round, and nothing else is to be used. `leg` and `spent` are those of the labels' notes.

    `where` numbers by state and gate what of the engine's state tells how old a run can be, and `places` are
    states that stand for these numbers.
    """

    graph: Graph
    cycle: tuple[int, ...]
    labels: tuple[Label, ...]
    leg: Ints
    spent: Ints
    edges: Edges
    levels: Ints
    gates: Ints
    where: Ints
    places: tuple[State, ...]

    @property
    def size(self) -> int:
        """How many states and gates there are."""
        return len(self.levels)

    @property
    def states(self) -> Ints:
        """Of each state itself, of each gate the state that it is of."""
        return np.concatenate((np.arange(len(self.graph.nodes)), self.gates))

    @property
    def legs(self) -> int:
        """How many legs have a clock of their own."""
        return len(self.graph.ground.legs)

    @property
    def width(self) -> int:
        """Clocks of a state: one for each leg and, where there are several, last the one that all have
        reached.
        """
        return self.legs + (self.legs > 1)


def stands_in(network: Network, *stages: Stage) -> Flags:
    """By state and gate whether the run stands there in one of those stages."""
    return np.array([state.stage in stages for state in network.places])[network.where]


def edges_of(graph: Graph, index: int) -> Iterator[tuple[int, int, int]]:
    """(target, faults, note) of every edge of a state, the late ones last."""
    first, last = graph.first[index], graph.last[index]
    edges = zip(graph.target[first:last], graph.cost[first:last], graph.note[first:last], strict=True)
    return chain(edges, graph.late[index]) if index in graph.late else edges


def lay_out(graph: Graph) -> Network:
    """The network of a graph that was walked to its end."""
    drawn, gates = _drawn(graph)
    labels, numbers = _labels(graph, drawn, gates)
    edges = drawn._replace(label=numbers)
    levels = levels_of(len(graph.nodes) + len(gates), edges.where(edges.faults == 0))
    order = np.lexsort((edges.target, levels[edges.target], edges.faults))
    where, places = _places(graph)
    return Network(
        graph=graph,
        cycle=_cycle(graph, np.flatnonzero(levels[: len(graph.nodes)] == NONE).tolist()),
        labels=labels,
        leg=np.array([label.note.leg for label in labels]),
        spent=np.array([label.note.spent for label in labels]),
        edges=edges.at(order),
        levels=levels,
        gates=gates,
        where=np.concatenate((where, where[gates])),
        places=places,
    )


def _drawn(graph: Graph) -> tuple[Edges, Ints]:
    """All edges, with notes (NONE on the way into a gate) for labels; and the states the gates are of."""
    first, last = np.array(graph.first, np.int64), np.array(graph.last, np.int64)
    places = _ranges(first, last)
    late = [(state, *edge) for state, edges in sorted(graph.late.items()) for edge in edges]
    states, targets, faults, notes = np.array(late, np.int64).reshape(-1, 4).T
    gates, zero = len(first) + np.arange(len(states)), np.zeros_like(states)
    edges = Edges(
        np.concatenate((np.repeat(np.arange(len(first)), last - first), states, gates)),
        np.concatenate((np.array(graph.target, np.int64)[places], gates, targets)),
        np.concatenate((np.array(graph.cost, np.int64)[places], zero, faults)),
        np.concatenate((np.array(graph.note, np.int64)[places], zero + NONE, notes)),
    )
    return edges, states


def _ranges(first: Ints, last: Ints) -> Ints:
    """All numbers from each `first` up to its `last`, one range after the other."""
    counts = last - first
    before = np.cumsum(counts) - counts
    found: Ints = np.arange(counts.sum()) + np.repeat(first - before, counts)
    return found


def _places(graph: Graph) -> tuple[Ints, tuple[State, ...]]:
    """By state the number of its place, and a state for each."""
    states = [state for state, _ in graph.nodes]
    where = _numbered((one.stage, one.phase, one.visits, one.dues, one.naked_ns) for one in states)
    return where, tuple(states[index] for index in np.unique(where, return_index=True)[1])


def _numbered(keys: Iterable[Hashable]) -> Ints:
    """A number for each key, from 0 on as they come."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)


# --- levels ---------------------------------------------------------------------------------------


def levels_of(size: int, edges: Edges) -> Ints:
    """By state the most edges on a way there; NONE for those of a cycle and all that is behind one."""
    order = np.argsort(edges.source, kind="stable")
    targets = edges.target[order]
    begins = np.searchsorted(edges.source[order], np.arange(size + 1))
    entries, levels = np.bincount(edges.target, minlength=size), np.full(size, NONE)
    level, ready = 0, np.flatnonzero(entries == 0)
    while len(ready):
        levels[ready] = level
        met = targets[_ranges(begins[ready], begins[ready + 1])]
        np.subtract.at(entries, met, 1)
        level, ready = level + 1, np.unique(met[entries[met] == 0])
    return levels


def _cycle(graph: Graph, left: list[int]) -> tuple[int, ...]:
    """One way round among the states that have no level: each is led to from another of them."""
    if not left:
        return ()
    known = set(left)
    before = {
        target: index
        for index in left
        for target, cost, _ in edges_of(graph, index)
        if not cost and target in known
    }
    index, met = left[0], dict[int, int]()
    while index not in met:
        met[index] = len(met)
        index = before[index]
    return tuple(reversed([one for one, place in met.items() if place >= met[index]]))


# --- labels ---------------------------------------------------------------------------------------


def _labels(graph: Graph, drawn: Edges, gates: Ints) -> tuple[tuple[Label, ...], Ints]:
    """All labels, equal ones once, and that of every edge."""
    entry = Label(Note(Kind.FREE, NONE, 0, NONE, (), (0,) * (3 * len(graph.ground.legs))), NONE)
    known = [entry, *(Label(note, NONE) for note in graph.notes)]
    held, found = dict[Label, int](), drawn.label + 1
    is_short = np.array([label.note.short != NONE for label in known])
    short = np.flatnonzero(is_short[found])
    states = np.concatenate((np.arange(len(graph.nodes)), gates))[drawn.source[short]]
    keys = _orders(graph, states) * len(known) + found[short]
    _, firsts, which = np.unique(keys, return_index=True, return_inverse=True)
    numbered = []
    for first in firsts:
        note = known[found[short[first]]].note
        label = Label(note, held_within(graph.ground, graph.nodes[states[first]], note))
        numbered.append(held.setdefault(label, len(known) + len(held)))
    found[short] = np.array(numbered, np.int64)[which]
    return (*known, *held), found


def _orders(graph: Graph, states: Ints) -> Ints:
    """A number for what the venues have, the same only where it is the same; equal legs are kept once."""
    known, which = np.unique(states, return_inverse=True)
    worlds = (graph.nodes[index][1] for index in known.tolist())
    return _numbered(tuple(map(id, world.legs)) for world in worlds)[which]


def held_within(ground: Ground, node: Node, note: Note) -> int:
    """The greatest depth in mbps that rules out the note's short order: whole ticks within it come no further
    than the order's price. Where the order cannot be told, the least for any leg and side.
    """
    legs = range(len(ground.legs)) if note.leg == NONE else (note.leg,)
    touches = {
        ground.legs[leg].ask if order.side > 0 else ground.legs[leg].bid
        for leg in legs
        for order in node[1].legs[leg].orders
        if order.pay == note.short
    }
    return min(
        _held(note.short, touch)
        for touch in touches or {one for leg in legs for one in (ground.legs[leg].bid, ground.legs[leg].ask)}
    )


def _held(pay: int, touch: int) -> int:
    """Of an order `pay` mbps past the touch (rounded up from whole ticks)."""
    ticks = (pay - 1) * touch // MBPS_ONE + 1 if pay else 0
    return ceil_div((ticks + 1) * MBPS_ONE, touch) - 1
