"""Longest paths against every path gone one by one."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dnkit.analysis.explore import Graph
from dnkit.analysis.longest import FOREVER, least_faults, longest, most, slowest, unreached
from dnkit.analysis.network import Ints, edges_of, lay_out
from dnkit.analysis.proof import NONE
from dnkit.analysis.since import since, time_of, ways_of
from tests.analysis.graphs import Drawn, drawn, everything

STATES, BUDGET = 6, 2
CALLS = st.tuples(st.integers(0, 3), st.integers(0, 3))
Clocks = tuple[int, ...]


@st.composite
def forward(draw: st.DrawFn) -> Drawn:
    """An edge that leads on, or one with a fault that leads anywhere."""
    faults = draw(st.integers(0, 2))
    source = draw(st.integers(0, STATES - 2))
    target = draw(st.integers(0 if faults else source + 1, STATES - 1))
    leg, spent = draw(st.integers(NONE, 1)), draw(st.integers(0, 9))
    return Drawn(source, target, faults, leg, spent, (*draw(CALLS), 0, 0, 0, 0))


EDGES = st.lists(forward(), max_size=10)
FLAGS = st.lists(st.booleans(), min_size=STATES, max_size=STATES)


def run_on(clocks: Clocks, leg: int, spent: int) -> Clocks:
    if leg == NONE or len(clocks) == 1:
        return (max(clocks) + spent if leg == NONE else clocks[0] + spent,) * len(clocks)
    return tuple(clock + spent * (index == leg) for index, clock in enumerate(clocks))


class Walker:
    """All ways through a drawn graph, one by one. `best[faults][state]` is the most any clock there shows."""

    def __init__(
        self,
        graph: Graph,
        legs: int,
        *,
        lasts: Sequence[bool] | None = None,
        again: Sequence[tuple[int, int]] = (),
        caps: Sequence[int] | None = None,
        opens: Sequence[int] = (),
        waits: Sequence[int] = (),
    ) -> None:
        self.graph, self.lasts, self.again = graph, lasts or [True] * STATES, again
        self.caps = caps or [FOREVER] * STATES
        self.gates = self._gates(opens, waits)
        self.best = [[NONE] * STATES for _ in range(BUDGET + 1)]
        zero = (0,) * legs
        self.walk(0, 0, zero if self.lasts[0] else None, zero)

    def _gates(self, opens: Sequence[int], waits: Sequence[int]) -> dict[tuple[int, int], tuple[int, int]]:
        """Gates by state and number, in the order in which the network has them."""
        keys = [(index, n) for index, edges in sorted(self.graph.late.items()) for n in range(len(edges))]
        return dict(zip(keys, zip(opens, waits, strict=True), strict=True))

    def walk(self, state: int, used: int, clocks: Clocks | None, alone: Clocks) -> None:
        if clocks is not None:
            for faults in range(used, BUDGET + 1):
                self.best[faults][state] = max(self.best[faults][state], *clocks)
        first, count = self.graph.first[state], self.graph.last[state] - self.graph.first[state]
        for place, (target, faults, number) in enumerate(edges_of(self.graph, state)):
            edge = self.graph.notes[number]
            if place < count:
                self.go(state, target, used + faults, clocks, alone, edge.leg, edge.spent)
                continue
            opens, waits = self.gates[state, place - count]
            waited = self.capped(state, clocks and run_on(clocks, NONE, waits))
            at = max(used, opens) + faults
            self.go(state, target, at, waited, (0,) * len(alone), edge.leg, edge.spent)
        assert first >= 0

    def go(
        self, state: int, target: int, used: int, clocks: Clocks | None, alone: Clocks, leg: int, spent: int
    ) -> None:
        if used > BUDGET:
            return
        after = None
        anew = self.lasts[target] and (state, target) in self.again
        if self.lasts[state] and clocks is not None and not anew:
            after = self.capped(target, run_on(clocks, leg, spent))
        elif self.lasts[target]:
            ahead = (0 if leg in (NONE, index) else clock for index, clock in enumerate(alone))
            after = self.capped(target, tuple(ahead))
        further = (0,) * len(alone) if leg == NONE else run_on(alone, leg, spent)
        self.walk(target, used, after, further)

    def capped(self, state: int, clocks: Clocks | None) -> Clocks | None:
        return clocks and tuple(min(clock, self.caps[state]) for clock in clocks)


def shown(values: Ints) -> list[list[int]]:
    found: list[list[int]] = np.maximum(values[:, :STATES], NONE).tolist()
    return found


@pytest.mark.parametrize("legs", [1, 2])
@given(edges=EDGES)
@settings(max_examples=150)
def test_the_longest_way_is_the_longest_of_all(legs: int, edges: list[Drawn]) -> None:
    graph = drawn(STATES, [one._replace(leg=min(one.leg, legs - 1)) for one in edges], legs=legs)
    view = everything(lay_out(graph))
    found = time_of(view)
    assert shown(found) == Walker(graph, legs).best
    reached = [[used for used, layer in enumerate(found) if layer[state] >= 0] for state in range(STATES)]
    least = [min(one, default=BUDGET + 1) for one in reached]
    assert least_faults(found).tolist() == ways_of(view).least.tolist() == least


MET_LATER = [
    Drawn(0, 2, faults=1),
    Drawn(0, 3, leg=0, spent=3),
    Drawn(2, 3, leg=0, spent=9),
    Drawn(3, 4, leg=1),
]


@example(edges=MET_LATER, lasts=[False] * 4 + [True] * 2, caps=[FOREVER] * STATES, number=3)
@given(
    edges=EDGES,
    lasts=FLAGS,
    caps=st.lists(st.sampled_from((5, 12, FOREVER)), min_size=6, max_size=6),
    number=st.integers(0, 5),
)
@settings(max_examples=300)
def test_the_time_since_something_began_is_the_longest_of_all(
    edges: list[Drawn], lasts: list[bool], caps: list[int], number: int
) -> None:
    """It begins anew between the two states of one edge that has that number, where it lasts in both."""
    pairs = [(one.source, one.target) for one in edges[number : number + 1] if lasts[one.source]]
    again = [(source, target) for source, target in pairs if lasts[target]]
    graph = drawn(STATES, edges)
    view = everything(lay_out(graph))
    ends = zip(view.edges.source.tolist(), view.edges.target.tolist(), strict=True)
    anew = np.array([one in again for one in ends], np.bool_)
    found = since(ways_of(view), np.array(lasts), again=anew, caps=np.array(caps))
    assert shown(found) == Walker(graph, 2, lasts=lasts, again=again, caps=caps).best


def test_clocks_that_begin_apart_meet_at_the_later_one() -> None:
    view = everything(lay_out(drawn(2, [Drawn(0, 1, spent=1)])))
    seeds = unreached(view, 3)
    seeds[0][:2, 0] = 5, 2
    assert longest(view, seeds)[0].T.tolist() == [[5, 2, 5], [6, 6, 6]]
    assert longest(view, seeds, caps=np.array([4, 9]))[0].T.tolist() == [[4, 2, 4], [5, 5, 5]]


LATE = st.lists(forward(), max_size=3)
GATES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=3, max_size=3)


@given(edges=EDGES, late=LATE, gates=GATES)
@settings(max_examples=200)
def test_a_late_edge_is_gone_once_its_gate_is_open(
    edges: list[Drawn], late: list[Drawn], gates: list[tuple[int, int]]
) -> None:
    graph = drawn(STATES, edges, late)
    opens, waits = zip(*gates[: len(late)], strict=True) if late else ((), ())
    view = everything(lay_out(graph), opens, waits)
    assert shown(time_of(view)) == Walker(graph, 2, opens=opens, waits=waits).best


@given(edges=EDGES, late=LATE, gates=GATES, lasts=FLAGS)
@settings(max_examples=200)
def test_what_began_lasts_through_a_gate_and_may_begin_behind_one(
    edges: list[Drawn], late: list[Drawn], gates: list[tuple[int, int]], lasts: list[bool]
) -> None:
    graph = drawn(STATES, edges, late)
    opens, waits = zip(*gates[: len(late)], strict=True) if late else ((), ())
    view = everything(lay_out(graph), opens, waits)
    found = since(ways_of(view), np.array(lasts)[view.network.states])
    assert shown(found) == Walker(graph, 2, lasts=lasts, opens=opens, waits=waits).best


@given(edges=EDGES, late=LATE, gates=GATES)
@settings(max_examples=100)
def test_calls_are_counted_along_the_way(
    edges: list[Drawn], late: list[Drawn], gates: list[tuple[int, int]]
) -> None:
    graph = drawn(STATES, edges, late)
    opens, waits = zip(*gates[: len(late)], strict=True) if late else ((), ())
    view = everything(lay_out(graph), opens, waits)
    seeds = unreached(view, 2)
    seeds[0][:, 0] = 4, 0
    found = most(view, seeds, np.array([label.note.calls[:2] for label in view.network.labels]).T)
    for kind, first in enumerate((4, 0)):
        as_time, late_as_time = ([by_calls(one, kind) for one in drawings] for drawings in (edges, late))
        walker = Walker(drawn(STATES, as_time, late_as_time), 2, opens=opens, waits=[0] * len(late))
        best = [[value + first if value >= 0 else value for value in layer] for layer in walker.best]
        assert shown(found[:, kind]) == best


def by_calls(one: Drawn, kind: int) -> Drawn:
    """The edge with its calls of a kind for its time."""
    return one._replace(leg=NONE, spent=one.calls[kind])


@given(edges=EDGES, late=st.lists(forward(), max_size=2), faults=st.integers(0, BUDGET))
@settings(max_examples=150)
def test_the_slowest_way_takes_as_long_as_said(edges: list[Drawn], late: list[Drawn], faults: int) -> None:
    graph = drawn(STATES, edges, late)
    view = everything(lay_out(graph), [1] * len(late), [3] * len(late))
    time = time_of(view)[faults]
    for state in range(STATES):
        if time[state] >= 0:
            assert replayed(graph, slowest(view, state, faults), state, faults) == time[state]


def replayed(graph: Graph, trail: Sequence[tuple[int, int]], end: int, budget: int) -> int:
    """The time a trail takes, gone edge by edge from the start to its end."""
    clocks: Clocks = (0, 0)
    at = used = 0
    for state, edge in trail:
        assert state == at
        if edge < 0:
            at, cost, number = graph.late[state][NONE - 1 - edge]
            clocks, used = run_on(clocks, NONE, 3), max(used, 1)
        else:
            place = graph.first[state] + edge
            at, cost, number = graph.target[place], graph.cost[place], graph.note[place]
        clocks = run_on(clocks, graph.notes[number].leg, graph.notes[number].spent)
        used += cost
    assert (at, used <= budget) == (end, True)
    return max(clocks)


# --- levels ---------------------------------------------------------------------------------------

ANY = st.builds(Drawn, st.integers(0, 4), st.integers(0, 4), st.integers(0, 1))


@given(edges=st.lists(ANY, max_size=8))
@settings(max_examples=300)
def test_levels_or_a_cycle(edges: list[Drawn]) -> None:
    free = {(one.source, one.target) for one in edges if not one.faults}
    network = lay_out(drawn(5, edges))
    cycle, levels = network.cycle, network.levels
    rounds = any(goes_back(free, state, state, set()) for state in range(5))
    assert bool(cycle) == rounds
    if cycle:
        assert set(zip(cycle, (*cycle[1:], cycle[0]), strict=True)) <= free
    else:
        assert all(0 <= levels[source] < levels[target] for source, target in free)


def goes_back(edges: set[tuple[int, int]], state: int, goal: int, met: set[int]) -> bool:
    for target in steps(edges, state):
        if target == goal or (target not in met and goes_back(edges, target, goal, met | {target})):
            return True
    return False


def steps(edges: set[tuple[int, int]], state: int) -> Iterator[int]:
    return (target for source, target in edges if source == state)
