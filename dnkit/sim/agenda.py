"""What is still to happen in a run, in order: by time, then by `nth`, then by who asked first."""

import heapq
from collections.abc import Callable
from itertools import count
from typing import NamedTuple

from dnkit.model.events import Event
from dnkit.sim.scenario import UNSET, When

Happening = Callable[[int], Event | None]
NEVER = 2**63


class Due(NamedTuple):
    """Something that happens at `at_ns`: `happen(now)` moves the truth and gives what the bot hears of it.

    `asked_ns` is when it was asked for. `direct` is the answer on a call, which dies with the process that
    called; `fixed` has a time of the run in the script and survives it.
    """

    at_ns: int
    nth: int
    turn: int
    asked_ns: int
    direct: bool
    fixed: bool
    happen: Happening


class Agenda:
    """A heap of what is due."""

    def __init__(self) -> None:
        self._heap: list[Due] = []
        self._turns = count()

    def add(self, when: When, now: int, default_ns: int, happen: Happening, *, direct: bool = True) -> int:
        """Put something on; `default_ns` is its time where `when` says none. Returns its time."""
        at_ns = max(now, _time(when, now, default_ns))
        due = Due(at_ns, when.nth, next(self._turns), now, direct, when.at_ns != UNSET, happen)
        heapq.heappush(self._heap, due)
        return at_ns

    def head(self) -> tuple[int, int]:
        """Time and `nth` of what comes first; NEVER when there is nothing."""
        return self._heap[0][:2] if self._heap else (NEVER, 0)

    def pop(self) -> Due:
        """Take what comes first."""
        return heapq.heappop(self._heap)


def _time(when: When, now: int, default_ns: int) -> int:
    if when.at_ns != UNSET:
        return when.at_ns
    return default_ns if when.after_ns == UNSET else now + when.after_ns
