"""The explored graph laid out flat, so that longest paths are one pass over plain arrays.

Edges stand in an order in which none without a fault leads back. Every late edge gets a gate of its own: a
state in between, in which nothing but time has passed.
"""

from array import array
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from dnkit.analysis.explore import Graph, Note
from dnkit.analysis.ground import Ground
from dnkit.analysis.hop import Node
from dnkit.analysis.move import Kind
from dnkit.analysis.proof import NONE
from dnkit.model.numbers import MBPS_ONE, ceil_div

STILL, ENTRY = 0, 1  # labels: clocks of one state that meet, the way into a gate


class Label(NamedTuple):
    """What an edge is: its note, and the greatest depth in mbps at which a book that holds the quantity rules
    it out, because an order would have been filled whole (NONE: there was no such order).
    """

    note: Note
    held: int


class Batch(NamedTuple):
    """Edges between clocks. `label` is twice the index of the label, and one more where the clock runs."""

    source: "array[int]"
    target: "array[int]"
    label: "array[int]"

    def add(self, source: int, target: int, label: int) -> None:
        """Put in one edge."""
        self.source.append(source)
        self.target.append(target)
        self.label.append(label)


class Clocks(NamedTuple):
    """Edges between the `width` clocks of each state: one for each leg and, where there are several, last the
    one that all of them have reached. `free` are without a fault, `dear` by the faults they cost; `gates` are
    the places in `free` at which the gates are entered.
    """

    width: int
    free: Batch
    dear: dict[int, Batch]
    gates: tuple[tuple[int, ...], ...]


class Network(NamedTuple):
    """A graph in order. `states` stand in an order in which no edge without a fault leads back; where there
    is none, `cycle` holds states that lead round, and nothing else is to be used. `gates` are (state, target,
    faults, label) of the late edges; they are numbered as states after all others. `clocks` carry time,
    `plain` what is counted once for all legs.
    """

    graph: Graph
    states: "array[int]"
    cycle: tuple[int, ...]
    labels: tuple[Label, ...]
    gates: tuple[tuple[int, int, int, int], ...]
    clocks: Clocks
    plain: Clocks

    @property
    def size(self) -> int:
        """How many states and gates there are."""
        return len(self.graph.nodes) + len(self.gates)


def edges_of(graph: Graph, index: int) -> Iterator[tuple[int, int, int]]:
    """(target, faults, note) of every edge of a state, the late ones last."""
    first, last = graph.first[index], graph.last[index]
    edges = zip(graph.target[first:last], graph.cost[first:last], graph.note[first:last], strict=True)
    return chain(edges, graph.late[index]) if index in graph.late else edges


# --- order ----------------------------------------------------------------------------------------


def in_order(graph: Graph) -> "tuple[array[int], tuple[int, ...]]":
    """The states in an order in which no edge without a fault leads back; and the states of a cycle where
    such edges lead round, then the order is incomplete.
    """
    entries = _entries(graph)
    ready = [index for index, count in enumerate(entries) if not count]
    order = array("i")
    while ready:
        index = ready.pop()
        order.append(index)
        for target, cost, _ in edges_of(graph, index):
            if not cost:
                entries[target] -= 1
                if not entries[target]:
                    ready.append(target)
    return order, () if len(order) == len(graph.nodes) else _cycle(graph, entries)


def _entries(graph: Graph) -> "array[int]":
    """How many edges without a fault lead into each state."""
    entries = array("i", [0]) * len(graph.nodes)
    for index in range(len(graph.nodes)):
        for target, cost, _ in edges_of(graph, index):
            entries[target] += not cost
    return entries


def _cycle(graph: Graph, entries: "array[int]") -> tuple[int, ...]:
    """One way round among the states that still have entries: each has one from another of them."""
    left = {index for index, count in enumerate(entries) if count}
    before = {
        target: index
        for index in sorted(left)
        for target, cost, _ in edges_of(graph, index)
        if not cost and target in left
    }
    index, met = min(left), dict[int, int]()
    while index not in met:
        met[index] = len(met)
        index = before[index]
    return tuple(reversed([one for one, place in met.items() if place >= met[index]]))


# --- labels ---------------------------------------------------------------------------------------


class _Labels:
    """Labels by number; equal ones are kept once."""

    def __init__(self, graph: Graph) -> None:
        nothing = Label(Note(Kind.FREE, NONE, 0, NONE, (), (0,) * (3 * len(graph.ground.legs))), NONE)
        self._graph = graph
        self._numbers: dict[tuple[int, int], int] = {}
        self.known = [nothing, nothing, *(Label(note, NONE) for note in graph.notes)]

    def of(self, index: int, number: int) -> int:
        """The label of an edge of a state by the number of its note."""
        note = self._graph.notes[number]
        if note.short == NONE:
            return number + 2
        held = held_within(self._graph.ground, self._graph.nodes[index], note)
        key = (number, held)
        if key not in self._numbers:
            self._numbers[key] = len(self.known)
            self.known.append(Label(note, held))
        return self._numbers[key]

    def of_edges(self) -> "array[int]":
        """The label of every edge of the graph, by its place there."""
        graph, notes = self._graph, self._graph.notes
        found = array("i", [number + 2 for number in graph.note])
        plain = [note.short == NONE for note in notes]
        for index, first in enumerate(graph.first):
            for place in range(first, graph.last[index]):
                if not plain[graph.note[place]]:
                    found[place] = self.of(index, graph.note[place])
        return found


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


# --- layout ---------------------------------------------------------------------------------------


def lay_out(graph: Graph) -> Network:
    """The network of a graph that was walked to its end."""
    order, cycle = in_order(graph)
    labels, legs = _Labels(graph), len(graph.ground.legs)
    of_edges = labels.of_edges()
    plain = _lay(graph, order, labels, of_edges, 1)
    clocks = plain if legs == 1 else _lay(graph, order, labels, of_edges, legs + 1)
    gates = tuple(
        (index, target, cost, labels.of(index, note))
        for index in order
        for target, cost, note in graph.late.get(index, ())
    )
    return Network(graph, order, cycle, tuple(labels.known), gates, clocks, plain)


def _lay(graph: Graph, order: "array[int]", labels: _Labels, of_edges: "array[int]", width: int) -> Clocks:
    """Edges of the states in order, each state's clocks meeting first; gates right after their states."""
    free, gates = _batch(), list[tuple[int, ...]]()
    late = (cost for edges in graph.late.values() for _, cost, _ in edges)
    dear = {cost: _batch() for cost in sorted({*graph.cost, *late}) if cost}
    targets, costs, numbers, notes = graph.target, graph.cost, graph.note, graph.notes
    for index in order:
        _meet(free, width, index)
        for place in range(graph.first[index], graph.last[index]):
            cost = costs[place]
            batch = dear[cost] if cost else free
            _add(batch, width, index, targets[place], of_edges[place], notes[numbers[place]].leg)
        for target, cost, number in graph.late.get(index, ()):
            gate, begin = len(graph.nodes) + len(gates), len(free.source)
            _add(free, width, index, gate, ENTRY, NONE)
            gates.append(tuple(range(begin, len(free.source))))
            _meet(free, width, gate)
            batch = dear[cost] if cost else free
            _add(batch, width, gate, target, labels.of(index, number), notes[number].leg)
    return Clocks(width, free, dear, tuple(gates))


def _batch() -> Batch:
    return Batch(array("i"), array("i"), array("i"))


def _meet(batch: Batch, width: int, state: int) -> None:
    """Let the last clock of a state be at least what each of the others is."""
    for clock in range(width - 1):
        batch.add(width * state + clock, width * state + width - 1, 2 * STILL)


def _add(batch: Batch, width: int, source: int, target: int, label: int, leg: int) -> None:
    """One edge: it goes on with the clocks of its source, and that of its leg runs; all of them where they
    meet first.
    """
    if width == 1:
        batch.add(source, target, 2 * label + 1)
        return
    begin, end, runs = width * source, width * target, 2 * label + 1
    for clock in range(width - 1):
        if leg == NONE:
            batch.add(begin + width - 1, end + clock, runs)
        else:
            batch.add(begin + clock, end + clock, runs if clock == leg else runs - 1)
