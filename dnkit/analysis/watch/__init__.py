"""Watching an exploration: the safety properties P02 to P12 at every state and every step of it.

What is judged is the truth of the venues, the worst over all fills that nobody has seen. None of it is asked
of the engine: what it believes is what is to be checked.
"""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from dnkit.analysis.explore import Graph
from dnkit.analysis.hop import Hop
from dnkit.analysis.proof import NONE
from dnkit.analysis.watch.ends import end_breaks
from dnkit.analysis.watch.orders import order_breaks
from dnkit.analysis.watch.positions import position_breaks
from dnkit.analysis.watch.truth import Measures, Truth
from dnkit.engine.state import Stage
from dnkit.model.commands import PlaceOrder

BUGS = (  # what the engine finds wrong with itself, and the property that breaks
    ("is not the sum of its fills", "P03"),
    ("an opening position nobody read", "P03"),
    ("an end without", "P02"),
    ("with an order that may rest", "P04"),
    ("does not fit position", "P07"),
    ("is forbidden", "P08"),
    ("that the ledger says remain", "P10"),
    ("is not a price", "P10"),
    ("one live order a leg", "P11"),
)
STUCK = "P01"  # anything else: a circle, a wait without an end


class Broken(msgspec.Struct, frozen=True):
    """Where a property breaks first: with the fewest `faults`, then the fewest moves (`depth`).

    `number` is the hop out of state `index` that leads there, as `way_to` counts them; None: it is the state
    itself. `text` says what is wrong.
    """

    id: str
    faults: int
    depth: int
    index: int
    number: int | None
    text: str


class Watch:
    """Looks on while a graph is explored: `graph.run(see=watch.see)`. `found` holds what is broken, by
    property.
    """

    def __init__(self, graph: Graph) -> None:
        self.found: dict[str, Broken] = {}
        self._graph = graph
        self._measures = Measures(graph.ground)
        self._index = -1

    def see(self, index: int, hop: Hop) -> None:
        """Look at a hop out of a state and, where it ends the run, at the end. With a state's first hop the
        state itself is looked at.
        """
        graph = self._graph
        faults, depth = graph.faults[index], graph.depth[index]
        if index != self._index:
            self._index = index
            for id, text in position_breaks(Truth(self._measures, graph.nodes[index])):
                self.note(Broken(id, faults, depth, index, None, text))
        for id, text in self._breaks(hop):
            broken = Broken(id, faults + hop.faults, depth + len(hop.whats), index, None, text)
            if self.is_first(broken):
                self.note(replace(broken, number=_number(graph, index, hop)))

    def _breaks(self, hop: Hop) -> Iterator[tuple[str, str]]:
        if hop.node is None:
            yield next((id for words, id in BUGS if words in hop.bug), STUCK), hop.bug
            return
        for command in hop.commands:
            if isinstance(command, PlaceOrder):
                yield from order_breaks(Truth(self._measures, hop.node), command)
        if hop.node[0].stage is Stage.END:
            truth = Truth(self._measures, hop.node)
            yield from end_breaks(truth)
            yield from position_breaks(truth)

    def is_first(self, broken: Broken) -> bool:
        """Whether its property is not known to break with as few faults and moves."""
        best = self.found.get(broken.id)
        return best is None or (broken.faults, broken.depth) < (best.faults, best.depth)

    def note(self, broken: Broken) -> None:
        """Keep what is broken, unless its property breaks earlier elsewhere."""
        if self.is_first(broken):
            self.found[broken.id] = broken


def _number(graph: Graph, index: int, hop: Hop) -> int | None:
    """Which of its state's hops it is; below zero for one that only a run goes which took long, and that will
    be linked next; None where such a one leads nowhere.
    """
    hops = graph.hops(index, graph.ground.setting.faults - graph.faults[index])
    number = next((number for number, one in enumerate(hops) if one == hop), None)
    if number is None and hop.node is not None:
        return NONE - 1 - len(graph.late.get(index, ()))
    return number
