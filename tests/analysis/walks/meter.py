"""What a walk cost, by the venues' own truth: time, orders, pay-up, exposure."""

from msgspec.structs import replace

from dnkit.analysis.ground import Ground
from dnkit.engine.exposure import amount_lots, net, net_money, tolerance
from dnkit.engine.state import Leg
from dnkit.model import commands as cm
from dnkit.model.numbers import MBPS_ONE, ceil_div
from dnkit.model.terms import RESTING, Intent


class Meter:
    """`orders` and `concession` (the farthest past the touch, in mbps) are by leg, `naked_ns` is the longest
    time without a break in which the pair was naked (a single leg: more than its live stops would close),
    `unhedged` the most net exposure in picos of money, `unhedged_ns` the longest time of it above
    `max_unhedged`.
    """

    def __init__(self, ground: Ground, starts: tuple[int, ...], began_ns: int) -> None:
        self._ground = ground
        self._starts = starts
        self._still = _still_legs(ground)
        self._naked_since = self._over_since = 0
        self._limit = ground.program.scopes[0].limits.unhedged_max
        self._began_ns = began_ns
        self.time_ns = self.naked_ns = self.unhedged_ns = self.unhedged = 0
        self.orders = [0] * len(starts)
        self.concession = [0] * len(starts)
        self.moved(began_ns, starts, (0,) * len(starts))

    def asked(self, command: cm.Command, touch: tuple[int, int]) -> None:
        """A request went out; `touch` is what the engine saw last of the leg's book."""
        if isinstance(command, cm.PlaceOrder):
            self.orders[command.leg] += 1
            if command.type not in RESTING:
                far = touch[1] if command.side > 0 else touch[0]
                paid = ceil_div(command.side * (command.price - far) * MBPS_ONE, far)
                self.concession[command.leg] = max(self.concession[command.leg], paid)

    def moved(self, now: int, positions: tuple[int, ...], covered: tuple[int, ...]) -> None:
        """The true positions are these from now on, and so many lots of each live stops would close."""
        program = self._ground.program
        base = self._starts if program.relative else (0,) * len(positions)
        legs = tuple(
            replace(leg, position=lots - start)
            for leg, lots, start in zip(self._still, positions, base, strict=True)
        )
        money = net_money(program, legs)
        self.unhedged = max(self.unhedged, money)
        naked = abs(net(program, legs)) >= tolerance(program, legs)
        if program.intent is Intent.SINGLE:
            trio = zip(legs, positions, covered, strict=True)
            naked = any(abs(lots) - stops >= leg.least for leg, lots, stops in trio)
        over = self._limit >= 0 and len(legs) > 1 and money > self._limit
        self._close(now)
        self._naked_since = (self._naked_since or now) if naked else 0
        self._over_since = (self._over_since or now) if over else 0

    def end(self, now: int) -> None:
        """The run is over."""
        self.time_ns = now - self._began_ns
        self._close(now)

    def _close(self, now: int) -> None:
        if self._naked_since:
            self.naked_ns = max(self.naked_ns, now - self._naked_since)
        if self._over_since:
            self.unhedged_ns = max(self.unhedged_ns, now - self._over_since)


def _still_legs(ground: Ground) -> tuple[Leg, ...]:
    """Legs as a run knows them at the fixed touch."""
    least = ground.program.scopes[0].limits.hedge_min
    legs = [Leg(bid=one.bid, ask=one.ask, least=one.least, clip=one.whole) for one in ground.legs]
    return tuple(
        replace(leg, hedge_min=amount_lots(spec, leg, least))
        for spec, leg in zip(ground.program.legs, legs, strict=True)
    )
