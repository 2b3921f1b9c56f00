"""Market time by the wall: so many seconds of market in one of ours, never back."""

import time
from decimal import Decimal

from dnkit.model.numbers import NS_PER_S


class MarketClock:
    """Runs from `origin_ns` on at `speed`."""

    def __init__(self, origin_ns: int, speed: Decimal) -> None:
        self.speed = speed
        self._times, self._per = speed.as_integer_ratio()
        self._origin_ns, self._wall_ns = origin_ns, time.monotonic_ns()

    def now(self) -> int:
        """Nanoseconds of market time."""
        return self._origin_ns + (time.monotonic_ns() - self._wall_ns) * self._times // self._per

    def hear(self, at_ns: int) -> None:
        """Somebody who knows says that it is `at_ns` at least."""
        self._origin_ns += max(0, at_ns - self.now())

    def wall_s(self, until_ns: int) -> float:
        """Seconds of ours until then, 0 for what is past."""
        return max(0, until_ns - self.now()) * self._per / self._times / NS_PER_S
