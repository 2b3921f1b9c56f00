"""Watching an exploration: the safety properties P02 to P12 at every state and every step of it.

What is judged is the truth of the venues, the worst over all fills that nobody has seen. None of it is asked
of the engine: what it believes is what is to be checked.
"""

from collections.abc import Iterator

import msgspec

from dnkit.analysis.explore import Graph
from dnkit.analysis.hop import Hop
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

    `number` is the hop out of state `index` that leads there; None: it is the state itself. `text` says what
    is wrong.
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
        self._number = 0

    def see(self, index: int, hop: Hop) -> None:
        """Look at the next hop out of a state, and first at the state itself."""
        if index != self._index:
            self._index, self._number = index, 0
            self.look_at(index)
        self.look(index, hop, self._number)
        self._number += 1

    def look_at(self, index: int) -> None:
        """Look at a state."""
        graph = self._graph
        for id, text in position_breaks(Truth(self._measures, graph.nodes[index])):
            self.note(Broken(id, graph.faults[index], graph.depth[index], index, None, text))

    def look(self, index: int, hop: Hop, number: int) -> None:
        """Look at a hop and, where it ends the run, at the end."""
        for id, text in self._breaks(hop):
            faults = self._graph.faults[index] + hop.faults
            depth = self._graph.depth[index] + len(hop.whats)
            self.note(Broken(id, faults, depth, index, number, text))

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

    def note(self, broken: Broken) -> None:
        """Keep what is broken, unless its property breaks earlier elsewhere."""
        best = self.found.get(broken.id)
        if best is None or (broken.faults, broken.depth) < (best.faults, best.depth):
            self.found[broken.id] = broken
