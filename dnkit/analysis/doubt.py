"""A leg whose order is in doubt: no answer came, or its end was asked for. What may become of it concerns no
other leg, so it is walked through once and its ways out are used wherever the leg is found in the same doubt.

Every step of it is the engine's. A crash or a stop in the middle leads to where one before it leads: the
order's ages are forgotten, its fate is not.
"""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from dnkit.analysis.ground import Ground
from dnkit.analysis.hop import Hop, Node, hop_of, joined, window_left
from dnkit.analysis.move import Here, Kind, Move, fallen
from dnkit.analysis.moves import LegMoves, affordable, moved_to
from dnkit.analysis.proof import NONE, TooMany
from dnkit.analysis.world import LegWorld
from dnkit.engine.state import Order, Stage, State
from dnkit.machine.orders import Life

WALK_MAX = 200  # far more than look-ups and cancels may be repeated


class WayOut(NamedTuple):
    """The move that ends the doubt, the hop up to there (None: there was nothing before), how long it all
    takes and how many faults.
    """

    move: Move
    before: Hop | None
    spent: int
    faults: int


class Doubts:
    """Ways out of every doubt met so far."""

    def __init__(self, ground: Ground, moves: LegMoves) -> None:
        self._ground = ground
        self._moves = moves
        self._known: dict[object, tuple[int, tuple[WayOut, ...]]] = {}
        self._outs: dict[tuple[Node, int, int], tuple[Hop, ...]] = {}

    def through(self, hop: Hop, leg: int, left: int) -> Iterator[Hop]:
        """The hop itself, or all that may become of the doubt it leads the leg into that moved. A doubt that
        another leg is in, or both, is left from a state of its own: many hops lead there.
        """
        doubts = () if hop.node is None else doubtful(hop.node)
        if hop.node is None or doubts != (leg,):
            yield hop
            return
        for out in self.out_of(hop.node, leg, left - hop.faults):
            yield joined(hop, out)

    def out_of(self, node: Node, index: int, left: int) -> tuple[Hop, ...]:
        """All that may become of a leg in doubt. Many states lead into the same doubt."""
        key = (node, index, left)
        if key not in self._outs:
            self._outs[key] = tuple(self._out_of(node, index, left))
        return self._outs[key]

    def _out_of(self, node: Node, index: int, left: int) -> Iterator[Hop]:
        """The last move of each way is made by the engine on the whole state."""
        here = Here(self._ground, *node, index)
        for way in self.ways(index, node, left):
            out = hop_of(self._ground, node, moved_after(here, way.before, way.move))
            if out is not None:
                yield out if way.before is None else joined(way.before, out)

    def ways(self, index: int, node: Node, left: int) -> tuple[WayOut, ...]:
        """The ways out of the doubt that leg is in, within so many more faults."""
        state, world = node
        leg, phase = state.legs[index], state.phase if state.stage is Stage.PHASE else NONE
        still = tuple(job.base == leg.position for job in state.jobs if job.leg == index)
        windowed = window_left(self._ground, state) > 0
        key = (index, leg, world.legs[index], world.down[index], phase, still, windowed, state.leave_hedged)
        known = self._known.get(key)
        if known is None or known[0] < left:
            # Those within fewer faults stay in their order: hops are told apart by their number.
            fewer, first = known or (NONE, ())
            more = (way for way in self._walk(index, node, left) if way.faults > fewer)
            known = self._known[key] = left, (*first, *more)
        return tuple(way for way in known[1] if way.faults <= left)

    def _walk(self, index: int, node: Node, left: int) -> Iterator[WayOut]:
        """Follow the leg alone; the longest way to each of its states counts."""
        best: dict[tuple[Node, int], Hop | None] = {(node, 0): None}
        todo: list[tuple[Node, int]] = [(node, 0)]
        found: dict[object, WayOut] = {}
        while todo:
            here, used = key = todo.pop()
            before = best[key]
            if before is not None and len(before.whats) > WALK_MAX:
                raise TooMany("what becomes of one order in doubt does not end")
            for move, hop in self._alone(index, here, left - used):
                whole = hop if before is None else joined(before, hop)
                if not _goes_on(index, here, hop):
                    _keep(found, index, move, before, whole)
                    continue
                assert hop.node is not None, "a hop that the engine refused leads nowhere"
                after = (hop.node, used + hop.faults)
                known = best.get(after)
                if after not in best or (known is not None and known.spent < whole.spent):
                    best[after] = whole
                    todo.append(after)
        yield from found.values()

    def _alone(self, index: int, node: Node, left: int) -> Iterator[tuple[Move, Hop]]:
        """The leg's own moves within the budget."""
        here = Here(self._ground, *node, index)
        for one in affordable(self._moves.of(here), left):
            move = moved_to(here, one)
            hop = hop_of(self._ground, node, move)
            if hop is not None:
                yield move, hop


def moved_after(here: Here, before: Hop | None, move: Move) -> Move:
    """The last move of what became of a leg in doubt; its venue may have gone down on the way there."""
    if before is not None and before.kind is Kind.DOWN:
        here = replace(here, world=fallen(here.ground, here.world, here.index))
    return moved_to(here, move)


def _keep(found: dict[object, WayOut], index: int, move: Move, before: Hop | None, whole: Hop) -> None:
    """Of ways out that leave the leg alike, at the same price, keep the longest."""
    node = whole.node
    left = whole.bug if node is None else (node[0].legs[index], node[1].legs[index])
    key = (left, whole.faults, whole.kind, whole.short)
    if key not in found or found[key].spent < whole.spent:
        found[key] = WayOut(move, before, whole.spent, whole.faults)


def _goes_on(index: int, node: Node, hop: Hop) -> bool:
    """Whether the leg is still in doubt after the hop and nothing else has moved."""
    if hop.node is None or index not in doubtful(hop.node):
        return False
    old, new = node[0], hop.node[0]
    same = old.stage is new.stage and old.phase == new.phase and (old.naked_ns > 0) is (new.naked_ns > 0)
    return same and _same_jobs(index, old, new) and all(one == index for one in _moved(node, hop.node))


def _same_jobs(index: int, old: State, new: State) -> bool:
    """Whether the jobs are the same, but for where the leg in doubt stood before its order filled a part."""
    if old.jobs == new.jobs or len(old.jobs) != len(new.jobs):
        return old.jobs == new.jobs
    pairs = zip(old.jobs, new.jobs, strict=True)
    return all(one == (replace(two, base=one.base) if two.leg == index else two) for one, two in pairs)


def _moved(before: Node, after: Node) -> Iterator[int]:
    for index, (old, new) in enumerate(zip(before[0].legs, after[0].legs, strict=True)):
        if old != new or before[1].legs[index] != after[1].legs[index]:
            yield index


def doubtful(node: Node) -> tuple[int, ...]:
    """The legs with an order in doubt; none while the run still lists its orders."""
    state, world = node
    if state.stage not in (Stage.PHASE, Stage.LEAVE) or any(side.quests for side in world.legs):
        return ()
    return tuple(
        index
        for index, (leg, side) in enumerate(zip(state.legs, world.legs, strict=True))
        if _in_doubt(leg.order, side) or _in_doubt(leg.stop, side)
    )


def _in_doubt(order: Order | None, side: LegWorld) -> bool:
    if order is None or order.life >= Life.OVER:
        return False
    if order.withdraw or order.life is Life.UNSURE:
        return True
    return order.due_ns > 0 and all(n != order.n for n, _ in side.calls)
