"""What is true at the venues, counted from what they hold: no position, size or verdict of the engine's own.

Only conversions of units (how many lots an amount is) are shared with it, and what it was told of prices.
"""

from functools import cached_property

from msgspec.structs import replace

from dnkit.analysis.ground import Ground
from dnkit.analysis.hop import Node
from dnkit.analysis.world import LegWorld, Placed, reach
from dnkit.engine.exposure import amount_lots
from dnkit.engine.state import Leg
from dnkit.machine.program import SizeKind
from dnkit.model.numbers import plain

Span = tuple[int, int]  # lowest and highest
RATIO_ONE = 1_000


class Measures:
    """What stays the same in all states of a ground: the lots of each leg that do not count (`least` that its
    venue lets trade, `left` that the policy leaves alone), and which legs some phase sizes in a way.
    """

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.least = tuple(lattice.least for lattice in ground.legs)
        self.left = tuple(_left_alone(ground, index) for index in range(len(ground.legs)))

    @cached_property
    def clipped(self) -> frozenset[int]:
        """Legs that some phase trades up to the clip."""
        return self._sized(SizeKind.CLIP)

    @cached_property
    def evened(self) -> frozenset[int]:
        """Legs that some phase trades to even the pair out."""
        return self._sized(SizeKind.IMBALANCE)

    def _sized(self, kind: SizeKind) -> frozenset[int]:
        jobs = [job for phase in self.ground.program.phases for job in phase.jobs if job.size is kind]
        every = range(len(self.ground.legs))
        return frozenset(leg for job in jobs for leg in ((job.leg,) if job.leg >= 0 else every))


def _left_alone(ground: Ground, index: int) -> int:
    lattice, wanted = ground.legs[index], ground.program.scopes[0].limits.hedge_min
    leg = Leg(bid=lattice.bid, ask=lattice.ask, clip=lattice.whole, least=lattice.least)
    return max(lattice.least, amount_lots(ground.program.legs[index], leg, wanted))


class Truth:
    """One state, as the venues have it."""

    __slots__ = ("ground", "measures", "state", "world")

    def __init__(self, measures: Measures, node: Node) -> None:
        self.measures = measures
        self.ground = measures.ground
        self.state, self.world = node

    def name(self, index: int) -> str:
        return self.ground.program.legs[index].name

    def words(self, index: int, lots: int) -> str:
        """Signed lots of a leg, like `-0.2 ETH`."""
        instrument = self.ground.program.legs[index].instrument
        return f"{plain(instrument.quantity(lots))} {instrument.base}"

    def order_words(self, index: int, order: Placed) -> str:
        """An order and what is left of it, like `a gtc order on leg a to sell 0.2 ETH`."""
        way, lots = "buy" if order.side > 0 else "sell", self.words(index, order.lots - order.low)
        return f"a {order.type.value} order on leg {self.name(index)} to {way} {lots}"

    def kept(self, index: int) -> int:
        """Number of the stop that is meant to stay on a leg, 0 where there is none."""
        stop = self.state.legs[index].stop
        return 0 if stop is None else stop.n

    def reaches(self) -> tuple[Span, ...]:
        """Between what bounds each leg's position lies or may yet get."""
        return tuple(reach(side) for side in self.world.legs)

    def spans(self) -> tuple[Span, ...]:
        """Between what bounds each leg's position lies, if no kept stop fills any further."""
        return tuple(reach(self._without_stop(index)) for index in range(len(self.world.legs)))

    def _without_stop(self, index: int) -> LegWorld:
        side, kept = self.world.legs[index], self.kept(index)
        if not kept:
            return side
        return replace(side, orders=tuple(one for one in side.orders if one.n != kept))

    def told(self, index: int) -> Span:
        """Between what bounds the position lies that the fills told so far make: what an open order was seen
        to fill may not have been told.
        """
        side = self.world.legs[index]
        low = high = side.position
        for order in side.orders:
            back = -order.side * order.low
            low, high = low + min(0, back), high + max(0, back)
        return low, high

    def per_lot(self, index: int) -> int:
        """What one lot counts beside the other leg: picos of coin, or of weighed money at the last mid."""
        spec, lattice, leg = self.ground.program.legs[index], self.ground.legs[index], self.state.legs[index]
        if not self.ground.program.by_money:
            return spec.instrument.lot_base
        twice = leg.bid + leg.ask if leg.bid else lattice.bid + lattice.ask
        return max(1, twice * spec.instrument.value // 2 * spec.ratio // RATIO_ONE)

    def start(self, index: int) -> int:
        """Where the exposure of a leg is counted from, in lots."""
        return self.state.legs[index].start if self.ground.program.relative else 0

    def net(self, bounds: tuple[Span, ...]) -> Span:
        """Between what bounds the sum of all legs lies, in the unit of `per_lot`."""
        low = high = 0
        for index, (least, most) in enumerate(bounds):
            unit, start = self.per_lot(index), self.start(index)
            low, high = low + (least - start) * unit, high + (most - start) * unit
        return low, high

    def step(self) -> int:
        """The smallest step that can be traded on every leg, in the unit of `per_lot`."""
        return max(lots * self.per_lot(index) for index, lots in enumerate(self.measures.least))

    def tolerance(self) -> int:
        """Below this the legs count as hedged, in the unit of `per_lot`."""
        return max(lots * self.per_lot(index) for index, lots in enumerate(self.measures.left))
