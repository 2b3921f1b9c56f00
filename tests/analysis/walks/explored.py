"""The explored states as pictures, and walks held against them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from dnkit.analysis.explore import Graph
from dnkit.analysis.proof import Bounds
from dnkit.engine.state import Answer, Stage
from dnkit.model import events as ev
from dnkit.model.capabilities import Capabilities
from dnkit.model.terms import EndName
from tests.analysis.walks.meter import Meter
from tests.analysis.walks.picture import PAUSES, Key, Spans, excuse, key_of, spans_of
from tests.analysis.walks.walk import Walk

LISTED = "an order heard of while the run lists its orders"
DIED = "a crash while a job pauses"


class Explored:
    """All states of a graph by key: with the fewest faults, and within which spans the positions are."""

    def __init__(self, graph: Graph) -> None:
        self.ground = graph.ground
        self._boxes: dict[Key, set[tuple[int, Spans]]] = {}
        for node, faults in zip(graph.nodes, graph.faults, strict=True):
            key = key_of(graph.ground, node[0], node[1].down)
            self._boxes.setdefault(key, set()).add((faults, spans_of(node)))

    def __len__(self) -> int:
        """How many different keys there are."""
        return len(self._boxes)

    def boxes(self, key: Key) -> set[tuple[int, Spans]]:
        """(faults, spans) of the states with that key."""
        return self._boxes.get(key, set())

    def has(self, key: Key, truth: tuple[int, ...], faults: int) -> bool:
        """Whether a state has that key, is reached with so many faults, and may hold those positions."""
        return any(
            least <= faults
            and all(low <= lots <= high for lots, (low, high) in zip(truth, spans, strict=True))
            for least, spans in self.boxes(key)
        )


class Departure(AssertionError):
    """A walk is where the explorer never was."""


class Judge:
    """Compares a walk after each turn; Departure where it left what was explored. `met` are the keys it was
    at, `excused` counts what was not compared by reason.
    """

    def __init__(self, explored: Explored) -> None:
        self.explored = explored
        self.compared = 0
        self.excused = Counter[str]()
        self.met: set[Key] = set()
        self._why = ""

    def __call__(self, walk: Walk, event: ev.Event) -> None:
        """Look at where the walk stands after an event."""
        self._why = self._excuse(walk, event)
        if self._why:
            self.excused[self._why] += 1
            return
        key = key_of(walk.ground, walk.state, walk.down)
        self.compared += 1
        self.met.add(key)
        if not self.explored.has(key, walk.truth, walk.used):
            raise Departure(self._told(walk, event, key))

    def _excuse(self, walk: Walk, event: ev.Event) -> str:
        """Why the state is not compared; some reasons last until the run has left."""
        state = walk.state
        if state.stage is Stage.LEAVE:
            lists = any(leg.answer is Answer.ASKED for leg in state.legs)
            if lists and (self._why == LISTED or isinstance(event, ev.OrderFact)):
                return LISTED
            if self._why == DIED or (self._why == PAUSES and isinstance(event, ev.Restarted)):
                return DIED
        return excuse(walk.ground, state, walk.down)

    def _told(self, walk: Walk, event: ev.Event, key: Key) -> str:
        return (
            f"seed {walk.seed}, turn {len(walk.log)}, {walk.used} faults, positions {walk.truth}:\n"
            f"after {event}\nnothing explored stands for {key};\nwith that key: {self.explored.boxes(key)}"
        )


class Report(NamedTuple):
    """What walks showed. `worst` is the highest measured value with its bound, by name and faults used;
    `over` tells of those that went over it.
    """

    walks: int
    compared: int
    excused: Counter[str]
    ends: Counter[str]
    met: int
    worst: Mapping[tuple[str, int], tuple[int, int]]
    over: Sequence[str]

    @property
    def share(self) -> float:
        """Share of the turns that was compared."""
        return self.compared / (self.compared + self.excused.total())


def walk_through(
    graph: Graph, venues: Mapping[str, Capabilities], bounds: Sequence[Bounds], seeds: Iterable[int]
) -> Report:
    """Walk once for each seed; Departure where one leaves the explored states."""
    judge = Judge(Explored(graph))
    ends, worst, over, walks = Counter[str](), dict[tuple[str, int], tuple[int, int]](), list[str](), 0
    for seed in seeds:
        walk = Walk(graph.ground, venues, seed, judge)
        meter = walk.run()
        assert walk.state.ended is not None
        walks += 1
        ends[walk.state.ended.end.value] += 1
        halted = walk.state.ended.end is EndName.HALTED
        for name, value, bound in measured(meter, bounds[walk.used], halted=halted):
            worst[name, walk.used] = max(worst.get((name, walk.used), (0, bound)), (value, bound))
            if value > bound:
                over.append(f"seed {seed}, {walk.used} faults: {name} is {value}, proved was {bound}")
    return Report(walks, judge.compared, judge.excused, ends, len(judge.met), worst, over)


def measured(meter: Meter, bounds: Bounds, *, halted: bool) -> Iterator[tuple[str, int, int]]:
    """(name, what a walk cost, at most) of all that is bounded. How often a read or a sweep is repeated is
    left out: the explorer leaps over tries that all say the same.
    """
    yield "time", meter.time_ns, bounds.time_ns
    if not halted:
        yield "goal", meter.time_ns, bounds.goal_ns
    yield "naked", meter.naked_ns, bounds.naked_ns
    yield "unhedged", meter.unhedged, bounds.unhedged
    yield "above max_unhedged", meter.unhedged_ns, bounds.unhedged_ns
    for leg, (orders, concession) in enumerate(zip(bounds.orders, bounds.concession, strict=True)):
        yield f"orders {leg}", meter.orders[leg], orders
        yield f"concession {leg}", meter.concession[leg], concession
