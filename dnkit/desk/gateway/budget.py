"""Calls to one venue in a moving window, with a part that only risk-reducing calls may use.

A bucket that refills lets up to twice its size through in one window (its full size, then what flows in); the
moments of the last calls are kept instead, so that no window of the venue's length ever holds more calls than
the venue takes, wherever it begins.
"""

from collections import deque
from enum import IntEnum

RESERVE = (2, 5)  # of the calls: kept from entries; a fifth of the calls is kept for acts alone
LAST = (1, 5)


class Use(IntEnum):
    """What a call is for. The higher, the more of the budget it may use, and the sooner it leaves."""

    ENTRY = 0  # an order that adds risk
    READ = 1  # a position
    NEED = 2  # a position that a way out cannot go on without
    ACT = 3  # a cancel, a sweep, a look-up of an order in doubt, an order that brings risk down


class Budget:
    """At most `calls` in any `window_ns`. `kept` is by use how many calls it must leave to the ones above."""

    __slots__ = ("_held_ns", "_left", "calls", "kept", "window_ns")

    def __init__(self, calls: int, window_ns: int) -> None:
        self.calls = calls
        self.window_ns = window_ns
        self.kept = (calls * RESERVE[0] // RESERVE[1], calls * LAST[0] // LAST[1], 0, 0)
        self._left: deque[int] = deque()
        self._held_ns = 0

    def room(self, now: int) -> int:
        """Calls that fit at this moment, the kept ones included."""
        left, gone = self._left, now - self.window_ns
        while left and left[0] <= gone:
            left.popleft()
        return self.calls - len(left)

    def has_room(self, use: Use, now: int) -> bool:
        """Whether a call may leave now."""
        return now >= self._held_ns and self.room(now) > self.kept[use]

    def take(self, use: Use, now: int) -> bool:
        """Count a call that leaves now; False, and nothing counted, where it may not."""
        if not self.has_room(use, now):
            return False
        self._left.append(now)
        return True

    def recall(self, left_ns: int, now: int) -> None:
        """Count a call that left earlier, of a process that is no more. Oldest first, before any other."""
        if left_ns > now - self.window_ns:
            self._left.append(left_ns)

    def opens_ns(self, use: Use, now: int) -> int:
        """When the next call may leave if nothing else does before."""
        over = self.kept[use] + 1 - self.room(now)
        free_ns = self._left[over - 1] + self.window_ns if over > 0 else now
        return max(free_ns, self._held_ns)

    def hold(self, until_ns: int) -> None:
        """The venue said "too many": nothing leaves before."""
        self._held_ns = max(self._held_ns, until_ns)

    def is_low(self, now: int) -> bool:
        """Whether only the reserve is left."""
        return not self.has_room(Use.ENTRY, now)

    def has_room_for(self, calls: int, now: int) -> bool:
        """Whether so many calls leave the reserve alone, or as many as there ever can be."""
        wanted = min(calls, self.calls - self.kept[Use.ENTRY])
        return now >= self._held_ns and self.room(now) >= self.kept[Use.ENTRY] + wanted
