"""Simulated time: a heap of calls in nanoseconds. Calls of one instant run in the order of asking."""

from collections.abc import Callable
from heapq import heappop, heappush

NEVER = 2**63 - 1  # later than any time there is

Call = Callable[[], None]


class Scheduler:
    """Own time. It moves only when `run_due` is told to, and never back."""

    def __init__(self, now_ns: int = 0) -> None:
        self.now_ns = now_ns
        self._heap: list[tuple[int, int, Call]] = []
        self._asked = 0

    def at(self, when_ns: int, call: Call) -> None:
        """Run `call` when time reaches `when_ns`; what lies in the past runs at the present moment."""
        self._asked += 1
        heappush(self._heap, (max(when_ns, self.now_ns), self._asked, call))

    def next_at(self) -> int:
        """Time of the next call in nanoseconds, NEVER when nothing is asked for."""
        return self._heap[0][0] if self._heap else NEVER

    def run_due(self, until_ns: int) -> None:
        """Run every call up to and at `until_ns`, then stand there. Calls may ask for more calls."""
        heap = self._heap
        while heap and heap[0][0] <= until_ns:
            when, _, call = heappop(heap)
            self.now_ns = when
            call()
        self.now_ns = max(self.now_ns, until_ns)
