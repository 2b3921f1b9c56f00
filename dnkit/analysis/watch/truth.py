"""What is true at the venues, counted from what they hold: no position, size or verdict of the engine's own.

Only conversions of units (how many lots an amount is) are shared with it, and what it was told of prices.
"""

import msgspec

from dnkit.analysis.ground import Ground
from dnkit.analysis.hop import Node
from dnkit.analysis.world import LegWorld, reach
from dnkit.engine.exposure import amount_lots
from dnkit.engine.state import Leg, State
from dnkit.machine.program import SizeKind
from dnkit.model.numbers import plain

Span = tuple[int, int]  # lowest and highest
RATIO_ONE = 1_000


def amount(ground: Ground, index: int, lots: int) -> str:
    """Signed lots of a leg in words, like `-0.2 ETH`."""
    instrument = ground.program.legs[index].instrument
    return f"{plain(instrument.quantity(lots))} {instrument.base}"


def kept_stop(state: State, index: int) -> int:
    """Number of the stop that is meant to stay on a leg, 0 where there is none."""
    stop = state.legs[index].stop
    return 0 if stop is None else stop.n


def without_stop(state: State, side: LegWorld, index: int) -> LegWorld:
    """The leg as if its kept stop did not fill any more."""
    kept = kept_stop(state, index)
    if not kept:
        return side
    return msgspec.structs.replace(side, orders=tuple(one for one in side.orders if one.n != kept))


def spans(node: Node) -> tuple[Span, ...]:
    """Between what bounds each leg's true position lies; a kept stop stays as it is."""
    state, world = node
    return tuple(reach(without_stop(state, side, index)) for index, side in enumerate(world.legs))


def told_spans(node: Node) -> tuple[Span, ...]:
    """Between what bounds the position of each leg lies that was told so far: what open orders were seen to
    fill may not have been told.
    """
    return tuple(_told(side) for side in node[1].legs)


def _told(side: LegWorld) -> Span:
    low = high = side.position
    for order in side.orders:
        back = -order.side * order.low
        low, high = low + min(0, back), high + max(0, back)
    return low, high


def per_lot(ground: Ground, state: State, index: int) -> int:
    """What one lot of a leg counts beside the other leg: picos of coin, or of weighed money at the mid told."""
    spec, lattice, leg = ground.program.legs[index], ground.legs[index], state.legs[index]
    if not ground.program.by_money:
        return spec.instrument.lot_base
    twice = leg.bid + leg.ask if leg.bid else lattice.bid + lattice.ask
    return max(1, twice * spec.instrument.value // 2 * spec.ratio // RATIO_ONE)


def started(ground: Ground, state: State, index: int) -> int:
    """Where exposure of a leg is counted from."""
    return state.legs[index].start if ground.program.relative else 0


def net_span(ground: Ground, state: State, bounds: tuple[Span, ...]) -> Span:
    """Between what bounds the sum of all legs lies, in the unit of `per_lot`."""
    low = high = 0
    for index, (least, most) in enumerate(bounds):
        unit, start = per_lot(ground, state, index), started(ground, state, index)
        low, high = low + (least - start) * unit, high + (most - start) * unit
    return low, high


class Measures(msgspec.Struct, frozen=True):
    """Lots that do not count, leg by leg: `least` the venue lets trade, `left` that the policy leaves alone."""

    least: tuple[int, ...]
    left: tuple[int, ...]

    def smallest(self, ground: Ground, state: State) -> int:
        """The smallest step that can be traded on every leg, in the unit of `per_lot`."""
        return max(lots * per_lot(ground, state, index) for index, lots in enumerate(self.least))

    def tolerance(self, ground: Ground, state: State) -> int:
        """Below this the legs count as hedged, in the unit of `per_lot`."""
        return max(lots * per_lot(ground, state, index) for index, lots in enumerate(self.left))


def measures(ground: Ground) -> Measures:
    """The measures of a ground, at its fixed book."""
    least = tuple(lattice.least for lattice in ground.legs)
    wanted = ground.program.scopes[0].limits.hedge_min
    left = tuple(
        max(
            lattice.least,
            amount_lots(
                spec, Leg(bid=lattice.bid, ask=lattice.ask, clip=lattice.whole, least=lattice.least), wanted
            ),
        )
        for spec, lattice in zip(ground.program.legs, ground.legs, strict=True)
    )
    return Measures(least, left)


def legs_sized(ground: Ground, kind: SizeKind) -> frozenset[int]:
    """Legs for which some phase sizes an order that way."""
    found: set[int] = set()
    for phase in ground.program.phases:
        for job in phase.jobs:
            if job.size is kind:
                found |= {job.leg} if job.leg >= 0 else set(range(len(ground.legs)))
    return frozenset(found)
