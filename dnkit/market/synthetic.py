"""The embedded market: seeded, endless, two or more legs whose prices move together as real ones do.

Every coin has one fair price, in basis points from its start. It moves with the whole market and on its own;
how hard, changes slowly and for all at once. A venue is off the coin's price by a small noise of its own that
fades. Legs speak at random moments; what they say is in `synthetic_leg`, how often and how much in
`profiles`.

The regime `hard` has wider spreads, thinner touches, stronger moves, bursts of many basis points and venues
that fall silent for a while.
"""

from collections.abc import Iterator, Sequence
from heapq import heapify, heapreplace
from math import inf
from random import Random

from msgspec import structs

from dnkit.market.feed import Grid, Message
from dnkit.market.profiles import find_profile
from dnkit.market.synthetic_leg import Leg
from dnkit.market.synthetic_world import Regime, World
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import NS_PER_S

QUOTE, TRADE = 0, 1
SILENCE_S = (15.0, 60.0)

REGIMES = {
    "calm": Regime(),
    "hard": Regime(wide=2.5, moves=1.8, top=0.4, burst_every_s=90.0, silence_every_s=400.0),
}


class SyntheticMarket:
    """`legs` are (instrument, profile name); prices and sizes come in the instrument's own ticks and lots.

    The same seed, legs and regime make the same stream. ValueError for a profile or regime that does not
    exist.
    """

    def __init__(
        self, seed: int, legs: Sequence[tuple[Instrument, str]], regime: str = "calm", start_ns: int = 0
    ) -> None:
        if regime not in REGIMES:
            raise ValueError(f"no regime {regime}; there are {', '.join(REGIMES)}")
        self.grids = tuple(
            Grid(name=f"{one.venue}:{one.symbol}", tick=one.tick, lot=one.lot) for one, _ in legs
        )
        self.start_ns = start_ns
        self.end_ns: int | None = None
        self._seed = f"{seed}:{regime}"
        self._legs = tuple(legs)
        self._regime = REGIMES[regime]
        self._profiles = [find_profile(name, one.base) for one, name in legs]

    def messages(self) -> Iterator[Message]:
        """Every message of every leg in time order, for ever; each call begins anew."""
        rng = Random(self._seed)
        regime = self._regime
        legs = [
            Leg(at, one, structs.replace(profile, top_usd=profile.top_usd * regime.top), regime.wide, rng)
            for at, ((one, _), profile) in enumerate(zip(self._legs, self._profiles, strict=True))
        ]
        for leg in legs:
            yield from leg.opening(self.start_ns)
        coins = [one.base for one, _ in self._legs]
        world = World(rng, coins, self._profiles, regime)
        yield from _play(rng, legs, world, regime, self.start_ns)


def _play(rng: Random, legs: Sequence[Leg], world: World, regime: Regime, start_ns: int) -> Iterator[Message]:
    """Let the legs speak, each at moments of its own, time running from 0 in seconds."""
    quiet = [_Silence(rng, regime) for _ in legs]
    due = [(0.0, leg.leg, kind) for leg in legs for kind in (QUOTE, TRADE)]
    heapify(due)
    while True:
        now, at, kind = due[0]
        leg = legs[at]
        awake = quiet[at].until(now)
        if awake > now:
            heapreplace(due, (awake, at, kind))
            continue
        world.move_to(now)
        fair, at_ns = world.fair(leg, now), start_ns + int(now * NS_PER_S)
        if kind == QUOTE:
            rate = leg.profile.changes - leg.profile.trades
            yield from leg.quote(at_ns, now, fair, world.widen)
        else:
            rate = leg.profile.trades * world.business
            yield from leg.trade(at_ns, fair)
        heapreplace(due, (now + rng.expovariate(rate), at, kind))


class _Silence:
    """When a venue says nothing at all."""

    def __init__(self, rng: Random, regime: Regime) -> None:
        self._rng = rng
        self._every_s = regime.silence_every_s
        self._begins, self._ends = inf, 0.0
        self._plan(0.0)

    def until(self, now_s: float) -> float:
        """When the venue speaks again: `now_s` itself outside a silence."""
        if now_s < self._begins:
            return now_s
        if now_s >= self._ends:
            self._plan(now_s)
            return now_s
        return self._ends

    def _plan(self, now_s: float) -> None:
        if self._every_s:
            self._begins = now_s + self._rng.expovariate(1 / self._every_s)
            self._ends = self._begins + self._rng.uniform(*SILENCE_S)
