"""Calls from other threads and from signals, for the thread on which the engine runs."""

from collections import deque
from collections.abc import Callable


class Inbox:
    """`put` may be called from anywhere, `work_off` from the engine's thread only, between two steps."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    @property
    def news(self) -> bool:
        """Whether anything waits."""
        return bool(self._waiting)

    def put(self, call: Callable[[], None]) -> None:
        """Have it called soon."""
        self._waiting.append(call)

    def work_off(self) -> None:
        """Call what waits, in the order of its coming."""
        while self._waiting:
            self._waiting.popleft()()
