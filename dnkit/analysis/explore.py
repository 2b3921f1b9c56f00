"""Every state a run can get into: the engine's own step against every answer of the abstract venue.

States are found in the order of (faults, steps), so that the first way to a state is the shortest with the
fewest faults. The two legs move in every order. What one leg does alone while an answer of its own is in
doubt is walked through at once: nobody else hears of it before it is over.
"""

import heapq
from array import array
from collections.abc import Callable, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from dnkit.analysis.beside import SideBySide, works_beside
from dnkit.analysis.canon import NOW, canonical
from dnkit.analysis.doubt import Doubts, doubtful
from dnkit.analysis.ground import Ground
from dnkit.analysis.hop import Hop, Node, hop_of, patient
from dnkit.analysis.move import Here, Kind, Move
from dnkit.analysis.moves import LegMoves, crash, moves, of_run, reads_book
from dnkit.analysis.proof import NONE, TooMany
from dnkit.analysis.world import new_world, obey
from dnkit.engine.state import Stage
from dnkit.engine.step import begin, step
from dnkit.model import events as ev

Told = Callable[[int, int], None]
TELL_EVERY = 2_000


class Note(NamedTuple):
    """What an edge costs: see Hop. Equal notes are kept once."""

    kind: Kind
    leg: int
    spent: int
    short: int
    sent: tuple[tuple[int, int], ...]
    calls: tuple[int, ...]


class Graph:
    """States by number, and the edges between them.

    `nodes[i]` is (state, world); `faults[i]` and `depth[i]` are the least it takes to get there; `parent[i]`
    is (state before, which of its hops), (-1, start) at a start. Edges of state i are `first[i]:last[i]` in
    `target`, `cost` (faults) and `note` (index into `notes`); those of late moves stand in `late`.
    """

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.nodes: list[Node] = []
        self.faults = array("b")
        self.depth = array("i")
        self.parent: list[tuple[int, int]] = []
        self.first = array("q")
        self.last = array("q")
        self.target = array("i")
        self.cost = array("b")
        self.note = array("i")
        self.notes: list[Note] = []
        self.starts: list[int] = []
        self.late: dict[int, list[tuple[int, int, int]]] = {}
        self.complete = False
        self._ids: dict[Node, int] = {}
        self._note_ids: dict[Note, int] = {}
        self._parts: dict[object, object] = {}
        self._queue: list[tuple[int, int, int]] = []
        self._moves = LegMoves()
        self._doubts = Doubts(ground, self._moves)
        self._shown: dict[int, tuple[int, int]] = {}  # by identity: hops that `_crashes` keeps
        self._crashes: dict[object, tuple[Hop, ...]] = {}
        self._beside = SideBySide(ground, self._moves, self._doubts)

    # --- reaching -----------------------------------------------------------------------------------

    def seed(self) -> None:
        """Put in the states a run may start with."""
        for number, start in enumerate(self.ground.starts):
            self.starts.append(self._reach(first_node(self.ground, start), 0, 0, (NONE, number)))

    def _reach(self, node: Node, faults: int, depth: int, parent: tuple[int, int]) -> int:
        known = self._ids.get(node)
        if known is None:
            known = len(self.nodes)
            node = self._shared(node)
            self._ids[node] = known
            self.nodes.append(node)
            self.faults.append(faults)
            self.depth.append(depth)
            self.parent.append(parent)
            self.first.append(NONE)
            self.last.append(NONE)
        elif (faults, depth) < (self.faults[known], self.depth[known]):
            if faults < self.faults[known]:
                # A late edge may come to a state that was expanded: with more faults left more may follow.
                self.last[known] = NONE
            self.faults[known], self.depth[known], self.parent[known] = faults, depth, parent
        else:
            return known
        heapq.heappush(self._queue, (faults, depth, known))
        return known

    def _shared(self, node: Node) -> Node:
        """The node with legs that equal ones of earlier nodes replaced by those: memory is the limit."""
        share = self._parts.setdefault
        state, world = node
        legs = tuple(share(leg, leg) for leg in state.legs)
        sides = tuple(share(side, side) for side in world.legs)
        return replace(state, legs=legs), replace(world, legs=sides)

    def note_of(self, note: Note) -> int:
        """Its index."""
        known = self._note_ids.get(note)
        if known is None:
            known = self._note_ids[note] = len(self.notes)
            self.notes.append(note)
        return known

    # --- walking ------------------------------------------------------------------------------------

    def hops(self, index: int, left: int) -> Iterator[Hop]:
        """What may follow a state within so many more faults."""
        node = self.nodes[index]
        doubts = doubtful(node)
        if doubts and works_beside(node):
            yield from self._beside.ways_out(Here(self.ground, *node, doubts[0]), left)
            return
        if doubts:
            yield from self._doubts.out_of(node, doubts[0], left)
            return
        if works_beside(node):
            for one in range(len(node[1].legs)):
                yield from self._beside.hops(Here(self.ground, *node, one), left)
            found = of_run(self.ground, *node, left)
        else:
            found = moves(self.ground, self._moves, *node, left)
        for move in found:
            yield from self.follow(node, move, left)
        if left and self.ground.setting.crashes and not reads_book(node[1]):
            yield from self._crashed(node, left)

    def _crashed(self, node: Node, left: int) -> Iterator[Hop]:
        """What a crash leads to. It forgets the jobs of a phase, so states that differ in nothing else share
        it.
        """
        state, world = node
        if state.stage is Stage.END:
            return
        bare = (replace(state, jobs=()), world, left)
        if bare not in self._crashes:
            self._crashes[bare] = tuple(
                hop for move in crash(state, world) for hop in self.follow(node, move, left)
            )
        yield from self._crashes[bare]

    def follow(self, node: Node, move: Move, left: int) -> Iterator[Hop]:
        """Where a move leads; through the doubt it leaves a leg in, to all that may become of it."""
        hop = hop_of(self.ground, node, move)
        if hop is not None:
            yield from self._doubts.through(patient(self.ground, hop), left)

    def link_late(self, index: int, hop: Hop) -> None:
        """Add an edge that only a run which took long can go."""
        if hop.node is None:
            return
        faults, depth = self.faults[index] + hop.faults, self.depth[index] + len(hop.whats)
        hops = self.late.setdefault(index, [])
        target = self._reach(hop.node, faults, depth, (index, NONE - 1 - len(hops)))
        hops.append((target, hop.faults, self.note_of(note_for(hop))))

    def expand(self, index: int, see: Callable[[int, Hop], None] | None = None) -> None:
        """Add all edges of a state. `see(from, hop)` is shown each, but for crashes it was shown before."""
        used, depth = self.faults[index], self.depth[index]
        self.first[index] = len(self.target)
        for number, hop in enumerate(self.hops(index, self.ground.setting.faults - used)):
            known = self._shown.get(id(hop))
            if see is not None and known is None:
                see(index, hop)
            if hop.node is not None:
                self._link(index, hop, known, number, used + hop.faults, depth + len(hop.whats))
        self.last[index] = len(self.target)

    def _link(
        self, index: int, hop: Hop, known: tuple[int, int] | None, number: int, faults: int, depth: int
    ) -> None:
        assert hop.node is not None, "a hop that the engine refused leads nowhere"
        if known is None:
            target, note = self._reach(hop.node, faults, depth, (index, number)), self.note_of(note_for(hop))
            if hop.kind is Kind.CRASH:
                self._shown[id(hop)] = target, note
        else:
            target, note = known
            if (faults, depth) < (self.faults[target], self.depth[target]):
                self._reach(hop.node, faults, depth, (index, number))
        self.target.append(target)
        self.cost.append(hop.faults)
        self.note.append(note)

    def run(self, see: Callable[[int, Hop], None] | None = None, told: Told | None = None) -> None:
        """Walk until nothing new comes; TooMany above the setting's limit of states."""
        queue, limit = self._queue, self.ground.setting.states_max
        while queue:
            faults, depth, index = heapq.heappop(queue)
            if self.last[index] != NONE or (faults, depth) != (self.faults[index], self.depth[index]):
                continue
            self.expand(index, see)
            if len(self.nodes) > limit:
                raise TooMany(f"over {limit:,} states")
            if told is not None and index % TELL_EVERY == 0:
                told(len(self.nodes), len(self.target))
        self.complete = True


def first_node(ground: Ground, start: tuple[int, ...]) -> Node:
    """The state after START was asked for with those positions, known to the journal."""
    state = begin(ground.program, "proof")
    entry = tuple(lots * leg.bid for lots, leg in zip(start, ground.legs, strict=True))
    state, commands = step(ground.program, state, ev.Started(NOW, start, entry))
    return canonical(ground, state, obey(ground, new_world(start), commands))


def note_for(hop: Hop) -> Note:
    """What is kept of a hop."""
    return Note(hop.kind, hop.leg, hop.spent, hop.short, hop.sent, hop.calls)
