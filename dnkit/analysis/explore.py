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
from dnkit.analysis.hop import Hop, Node, hop_of, joined, patient
from dnkit.analysis.move import Here, Kind, Move
from dnkit.analysis.moves import LegMoves, crash, moves, of_run, reads_book
from dnkit.analysis.proof import NONE, TooMany
from dnkit.analysis.recall import Recall
from dnkit.analysis.world import new_world, obey
from dnkit.engine.state import Stage
from dnkit.engine.step import begin, step
from dnkit.model import events as ev

Told = Callable[[int, int], None]
READS = (ev.PositionRead, ev.OrdersSwept)
TELL_EVERY = 2_000


class Note(NamedTuple):
    """What an edge costs: see Hop. Equal notes are kept once. Hops of a state that differ in nothing but time
    and calls are one edge, with the most of each: no bound weighs one against the other.
    """

    kind: Kind
    leg: int
    spent: int
    short: int
    sent: tuple[tuple[int, int], ...]
    calls: tuple[int, ...]


Likeness = tuple[int, int, Kind, int, int, tuple[tuple[int, int], ...]]


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
        self._recall = Recall(ground)
        self._lasting: set[int] = set()  # by identity: hops that `_crashes` keeps
        self._shown: dict[int, tuple[int, Note]] = {}  # those of them that were linked
        self._between: dict[tuple[Node, int], tuple[Hop, ...]] = {}
        self._crashes: dict[object, tuple[Hop, ...]] = {}
        self._beside = SideBySide(ground, self._moves, self._doubts, self._recall)

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
        return self._hops(self.nodes[index], left)

    def _hops(self, node: Node, left: int) -> Iterator[Hop]:
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
        kept = self._recall.at(node, left)
        for number, move in enumerate(found):
            hop = self._recall.hop(kept, number, node, move)
            if hop is not None:
                yield from self._onward(hop, move, left)
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
            found = (hop for move in crash(state, world) for hop in self.follow(node, move, left))
            self._crashes[bare] = tuple(found)
            self._lasting.update(map(id, self._crashes[bare]))
        yield from self._crashes[bare]

    def follow(self, node: Node, move: Move, left: int) -> Iterator[Hop]:
        """Where a move leads; through what it leaves the run in that nobody else has a part in."""
        hop = hop_of(self.ground, node, move)
        if hop is not None:
            yield from self._onward(hop, move, left)

    def _onward(self, hop: Hop, move: Move, left: int) -> Iterator[Hop]:
        """The hop, through the doubt it leads a leg into, or the time in which a run waits for more."""
        outs: tuple[Hop, ...] = ()
        waits = hop.stays and not hop.commands and isinstance(move.event, READS)
        if hop.node is not None and waits and is_between(hop.node):
            outs = self._from_between(hop.node, left - hop.faults)
        if any(not out.faults for out in outs):
            yield from (joined(hop, out) for out in outs)
        else:
            yield from self._doubts.through(patient(self.ground, hop), move.leg, left)

    def _from_between(self, node: Node, left: int) -> tuple[Hop, ...]:
        key = node, left
        if key not in self._between:
            self._between[key] = tuple(self._hops(node, left))
        return self._between[key]

    def link_late(self, index: int, hop: Hop) -> None:
        """Add an edge that only a run which took long can go."""
        if hop.node is None:
            return
        hops = self.late.setdefault(index, [])
        target = self._reached(index, NONE - 1 - len(hops), hop)
        hops.append((target, hop.faults, self.note_of(note_for(hop))))

    def expand(self, index: int, see: Callable[[int, Hop], None] | None = None) -> None:
        """Add all edges of a state. `see(from, hop)` is shown each, but for crashes it was shown before."""
        edges: dict[Likeness, Note] = {}
        for number, hop in enumerate(self.hops(index, self.ground.setting.faults - self.faults[index])):
            if see is not None and id(hop) not in self._shown:
                see(index, hop)
            if hop.node is not None:
                target, note = self._linked(index, number, hop)
                like = likeness(target, hop.faults, note)
                edges[like] = merged(edges[like], note) if like in edges else note
        self.first[index] = len(self.target)
        for (target, cost, *_), note in edges.items():
            self.target.append(target)
            self.cost.append(cost)
            self.note.append(self.note_of(note))
        self.last[index] = len(self.target)

    def _linked(self, index: int, number: int, hop: Hop) -> tuple[int, Note]:
        """Where a hop leads, and its note."""
        known = self._shown.get(id(hop))
        if known is None:
            known = self._reached(index, number, hop), note_for(hop)
            if id(hop) in self._lasting:
                self._shown[id(hop)] = known
            return known
        target, faults, depth = known[0], self.faults[index] + hop.faults, self.depth[index] + len(hop.whats)
        if (faults, depth) < (self.faults[target], self.depth[target]):
            self._reached(index, number, hop)
        return known

    def _reached(self, index: int, number: int, hop: Hop) -> int:
        assert hop.node is not None, "a hop that the engine refused leads nowhere"
        faults, depth = self.faults[index] + hop.faults, self.depth[index] + len(hop.whats)
        return self._reach(hop.node, faults, depth, (index, number))

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


def is_between(node: Node) -> bool:
    """Whether the run stands between two answers to what it asked of all legs at once, or pauses before it
    asks again. Nothing is decided here: what may come is walked in one go from where it asked, crashes too.
    Inside a phase deadlines may fall due, and each such moment keeps a state.
    """
    state, world = node
    if state.stage is Stage.PHASE:
        return False
    if any(side.quests for side in world.legs):
        return not reads_book(world)
    return state.stage in (Stage.SWEEP, Stage.HALT) and state.timer_ns > NOW


def first_node(ground: Ground, start: tuple[int, ...]) -> Node:
    """The state after START was asked for with those positions, known to the journal."""
    state = begin(ground.program, "proof")
    entry = tuple(lots * leg.bid for lots, leg in zip(start, ground.legs, strict=True))
    state, commands = step(ground.program, state, ev.Started(NOW, start, entry))
    return canonical(ground, state, obey(ground, new_world(start), commands))


def note_for(hop: Hop) -> Note:
    """What is kept of a hop."""
    return Note(hop.kind, hop.leg, hop.spent, hop.short, hop.sent, hop.calls)


def likeness(target: int, cost: int, note: Note) -> Likeness:
    """What two hops of a state have in common that are one edge."""
    return target, cost, note.kind, note.leg, note.short, note.sent


def merged(one: Note, other: Note) -> Note:
    """The most time and calls of two such hops."""
    calls = tuple(map(max, one.calls, other.calls))
    return one._replace(spent=max(one.spent, other.spent), calls=calls)
