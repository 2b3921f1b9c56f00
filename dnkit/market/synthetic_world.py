"""What all legs of the synthetic market share: the fair price of every coin, and the mood."""

from collections.abc import Sequence
from math import exp, sqrt
from random import Random

import msgspec

from dnkit.market.profiles import MARKET_SHARE, MARKET_SHARE_OTHERS, Profile
from dnkit.market.synthetic_leg import Leg

MOVE_P99_SIGMA = 4.6  # the 1 s move at the 99th percentile, in standard deviations of a second
MOOD_SIGMA, MOOD_S = 0.35, 6.0  # how uneven the moves are over time, and how long a mood lasts
MOOD_EVERY_S = 0.1
MOOD_MAX = 6.0
# Prices do not creep: they stand, then all move at once. That is why an order at the touch may stay untouched
# for seconds and two legs still move together.
PULSE_S, PULSE_EVERY_S = 0.4, 2.4  # how long a pulse lasts on average, and the quiet before the next
QUIET = 0.1  # strength of moves between pulses, against the long run
PULSE_SHARE = PULSE_S / (PULSE_S + PULSE_EVERY_S)
PULSE = sqrt((1 - (1 - PULSE_SHARE) * QUIET**2) / PULSE_SHARE)  # so that the mean square is one
NOISE_FADE_S = 1.0
BUSY_QUIET, BUSY_PULSE = 0.8, 2.2  # trades between and in pulses, against the long run
BURST_BPS = (5.0, 40.0)
BURST_MOOD = 1.2
BURST_WIDE, BURST_WIDE_S = 4.0, 2.0


class Regime(msgspec.Struct, frozen=True, kw_only=True):
    """What a regime does to the profiles. Seconds between events are averages, 0 for never."""

    wide: float = 1.0
    moves: float = 1.0
    top: float = 1.0
    burst_every_s: float = 0.0
    silence_every_s: float = 0.0


class World:
    """Fair prices of the coins, in bps from their start, and the mood that all share."""

    def __init__(
        self, rng: Random, coins: Sequence[str], profiles: Sequence[Profile], regime: Regime
    ) -> None:
        self._rng = rng
        self._names = sorted(set(coins))
        self._coin = [self._names.index(one) for one in coins]
        self._fair = [0.0] * len(self._names)
        self._sigma = [_sigma(one, coins, profiles) * regime.moves for one in self._names]
        shares = [MARKET_SHARE.get(one, MARKET_SHARE_OTHERS) for one in self._names]
        self._loads = [(share, sqrt(1 - share * share)) for share in shares]
        self._now_s = 0.0
        self._drift = 0.0
        self._mood_at = 0.0
        self._burst_every_s = regime.burst_every_s
        self._burst_at = rng.expovariate(1 / regime.burst_every_s) if regime.burst_every_s else float("inf")
        self._wide_until = 0.0
        self.mood = 1.0
        self._pulse = QUIET
        self._pulse_at = 0.0

    def move_to(self, now_s: float) -> None:
        """Let every coin's price run on."""
        step = sqrt(now_s - self._now_s) * self.mood * self._pulse
        self._now_s = now_s
        gauss = self._rng.gauss
        market = gauss(0.0, step)
        for at, (share, own) in enumerate(self._loads):
            self._fair[at] += self._sigma[at] * (share * market + own * gauss(0.0, step))
        if now_s >= self._mood_at:
            self._turn()
        if now_s >= self._pulse_at:
            self._beat()
        if now_s >= self._burst_at:
            self._burst()

    def fair(self, leg: Leg, now_s: float) -> float:
        """The fair price of a leg: its coin's, and the noise of its venue."""
        coin = self._coin[leg.leg]
        passed = now_s - leg.noise_s
        leg.noise_s = now_s
        drawn = self._rng.gauss(
            0.0, leg.profile.noise * self._sigma[coin] * self.mood * self._pulse * sqrt(passed)
        )
        leg.noise = leg.noise * exp(-passed / NOISE_FADE_S) + drawn
        return self._fair[coin] + leg.noise

    @property
    def widen(self) -> float:
        """What spreads are multiplied with now."""
        return BURST_WIDE if self._now_s < self._wide_until else 1.0

    @property
    def business(self) -> float:
        """What trade rates are multiplied with now."""
        return (1 + self.mood) / 2 * (BUSY_QUIET if self._pulse == QUIET else BUSY_PULSE)

    def _turn(self) -> None:
        """The mood drifts; its mean square stays one, so that moves keep their size in the long run."""
        self._mood_at = self._now_s + MOOD_EVERY_S
        fade = MOOD_EVERY_S / MOOD_S
        self._drift += -self._drift * fade + MOOD_SIGMA * sqrt(2 * fade) * self._rng.gauss(0.0, 1.0)
        self.mood = min(MOOD_MAX, exp(self._drift - MOOD_SIGMA**2))

    def _beat(self) -> None:
        """A pulse begins or ends."""
        quiet = self._pulse != QUIET
        self._pulse = QUIET if quiet else PULSE
        lasts = PULSE_EVERY_S if quiet else PULSE_S
        self._pulse_at = self._now_s + self._rng.expovariate(1 / lasts)

    def _burst(self) -> None:
        """A jump of many basis points, wide spreads and a hot mood after it."""
        self._burst_at = self._now_s + self._rng.expovariate(1 / self._burst_every_s)
        size = self._rng.uniform(*BURST_BPS) * self._rng.choice((-1, 1))
        self._fair = [one + size for one in self._fair]
        self._drift += BURST_MOOD
        self._wide_until = self._now_s + BURST_WIDE_S


def _sigma(coin: str, coins: Sequence[str], profiles: Sequence[Profile]) -> float:
    """Bps per root second of a coin, the noise of its venues taken off: the mean over its legs."""
    moves = [
        profile.move_p99 / sqrt(1 + profile.noise**2)
        for one, profile in zip(coins, profiles, strict=True)
        if one == coin
    ]
    return sum(moves) / len(moves) / MOVE_P99_SIGMA
