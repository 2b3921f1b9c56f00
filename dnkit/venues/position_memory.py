"""What a position read may still show: the positions of the last while, and how old the next read is."""

from collections import deque
from hashlib import blake2b

from dnkit.model.numbers import NS_PER_MS

READ_LAG_MAX_NS = 500 * NS_PER_MS


class PositionMemory:
    """Positions by time, as far back as `lag_ns`.

    With `whole` every read is `lag_ns` old; otherwise each has an age of its own between 0 and the smaller of
    `lag_ns` and 500 ms, which follows from `seed` and the count of reads alone.
    """

    def __init__(self, now_ns: int, lots: int, lag_ns: int, *, whole: bool, seed: str) -> None:
        self._lag_ns = lag_ns
        self._whole = whole
        self._seed = seed
        self._reads = 0
        self._known: deque[tuple[int, int]] = deque()
        self.begin(now_ns, lots)

    def begin(self, now_ns: int, lots: int) -> None:
        """Nothing is known of the time before."""
        self._known = deque([(now_ns, lots)])

    def note(self, now_ns: int, lots: int) -> None:
        """The position is `lots` now."""
        if self._known[-1][1] != lots:
            self._known.append((now_ns, lots))
        while len(self._known) > 1 and self._known[1][0] <= now_ns - self._lag_ns:
            self._known.popleft()

    def read(self, now_ns: int) -> tuple[int, int]:
        """(as of, lots) of the next read; never from before this memory began."""
        as_of = max(now_ns - self._next_age_ns(), self._known[0][0])
        return as_of, next(lots for at_ns, lots in reversed(self._known) if at_ns <= as_of)

    def _next_age_ns(self) -> int:
        if self._whole:
            return self._lag_ns
        self._reads += 1
        drawn = blake2b(f"{self._seed}:{self._reads}".encode(), digest_size=8).digest()
        return int.from_bytes(drawn) % (min(self._lag_ns, READ_LAG_MAX_NS) + 1)
