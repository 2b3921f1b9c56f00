"""A leg whose order is in doubt: no answer came, or its end was asked for. What may become of it concerns no
other leg, so it is walked through once and its ways out are used wherever the leg is found in the same doubt.

Every step of it is the engine's. A crash or a stop in the middle leads to where one before it leads: the
order's ages are forgotten, its fate is not.
"""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from dnkit.analysis.ground import Ground
from dnkit.analysis.hop import Hop, Node, hop_of, joined
from dnkit.analysis.moves import Here, Kind, leg_moves
from dnkit.analysis.world import LegWorld, with_leg
from dnkit.engine.state import Leg, Order, Stage
from dnkit.machine.orders import Life


class WayOut(NamedTuple):
    """The leg just before the move that ends the doubt, which of its moves that is, the hop up to there (None:
    there was nothing before), and how long it all takes.
    """

    leg: Leg
    side: LegWorld
    number: int
    before: Hop | None
    spent: int


class Doubts:
    """Ways out of every doubt met so far."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._known: dict[tuple[int, Leg, LegWorld, bool, int], tuple[WayOut, ...]] = {}

    def through(self, hop: Hop, left: int) -> Iterator[Hop]:
        """The hop itself, or all that may become of the doubt it leads into."""
        index = None if hop.node is None else doubtful(hop.node)
        if hop.node is None or index is None or hop.kind is Kind.DOWN:
            yield hop
            return
        for way in self._ways(index, hop.node, left - hop.faults):
            for out in self._leave(index, hop.node, way):
                whole = joined(hop if way.before is None else joined(hop, way.before), out)
                yield from self.through(whole, left)

    def _ways(self, index: int, node: Node, left: int) -> tuple[WayOut, ...]:
        state, world = node
        key = (index, state.legs[index], world.legs[index], world.down[index], left)
        if key not in self._known:
            self._known[key] = tuple(self._walk(index, node, left))
        return self._known[key]

    def _walk(self, index: int, node: Node, left: int) -> Iterator[WayOut]:
        """Follow the leg alone; the longest way to each of its states counts."""
        best: dict[tuple[Node, int], Hop | None] = {(node, 0): None}
        todo: list[tuple[Node, int]] = [(node, 0)]
        found: dict[object, WayOut] = {}
        while todo:
            here, used = key = todo.pop()
            before = best[key]
            for number, hop in self._alone(index, here, left - used):
                whole = hop if before is None else joined(before, hop)
                if not _goes_on(index, here, hop):
                    _keep(found, index, here, number, before, whole)
                    continue
                assert hop.node is not None
                after = (hop.node, used + hop.faults)
                known = best.get(after)
                if after not in best or (known is not None and known.spent < whole.spent):
                    best[after] = whole
                    todo.append(after)
        yield from found.values()

    def _alone(self, index: int, node: Node, left: int) -> Iterator[tuple[int, Hop]]:
        """The leg's own moves within the budget, by their number among all of them."""
        for number, move in enumerate(leg_moves(Here(self._ground, *node, index))):
            if left or move.kind is Kind.FREE:
                hop = hop_of(self._ground, node, move)
                if hop is not None:
                    yield number, hop

    def _leave(self, index: int, node: Node, way: WayOut) -> Iterator[Hop]:
        """The last move of the doubt, made by the engine on the whole state."""
        state, world = node
        legs = list(state.legs)
        legs[index] = way.leg
        last = (replace(state, legs=tuple(legs)), with_leg(world, index, way.side))
        for number, move in enumerate(leg_moves(Here(self._ground, *last, index))):
            if number == way.number:
                hop = hop_of(self._ground, last, move)
                if hop is not None:
                    yield hop


def _keep(
    found: dict[object, WayOut], index: int, here: Node, number: int, before: Hop | None, whole: Hop
) -> None:
    """Of ways out that leave the leg alike, at the same price, keep the longest."""
    node = whole.node
    left = whole.bug if node is None else (node[0].legs[index], node[1].legs[index])
    key = (left, whole.faults, whole.kind, whole.short)
    if key not in found or found[key].spent < whole.spent:
        state, world = here
        found[key] = WayOut(state.legs[index], world.legs[index], number, before, whole.spent)


def _goes_on(index: int, node: Node, hop: Hop) -> bool:
    """Whether the leg is still in doubt after the hop and nothing else has moved."""
    if hop.node is None or hop.kind is Kind.DOWN or doubtful(hop.node) != index:
        return False
    old, new = node[0], hop.node[0]
    same = old.stage is new.stage and old.phase == new.phase and old.jobs == new.jobs
    return same and all(one == index for one in _moved(node, hop.node))


def _moved(before: Node, after: Node) -> Iterator[int]:
    for index, (old, new) in enumerate(zip(before[0].legs, after[0].legs, strict=True)):
        if old != new or before[1].legs[index] != after[1].legs[index]:
            yield index


def doubtful(node: Node) -> int | None:
    """The first leg with an order in doubt, None where there is none or the run has not come to it yet."""
    state, world = node
    if state.stage not in (Stage.PHASE, Stage.LEAVE):
        return None
    if any(side.quests for side in world.legs):
        return None
    for index, (leg, side) in enumerate(zip(state.legs, world.legs, strict=True)):
        if any(_in_doubt(one, side) for one in (leg.order, leg.stop) if one is not None):
            return index
    return None


def _in_doubt(order: Order, side: LegWorld) -> bool:
    if order.life >= Life.OVER:
        return False
    if order.withdraw or order.life is Life.UNSURE:
        return True
    return order.due_ns > 0 and all(n != order.n for n, _ in side.calls)
