"""The wall clock as a run's time, and an event loop that runs while somebody waits."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from dnkit.control.inbox import Inbox
from dnkit.desk.scheduler import Call
from dnkit.model.errors import BugError
from dnkit.model.numbers import NS_PER_S
from dnkit.runtime.clock import MarketClock

LOOK_S = 0.005  # between two looks at whether a run is over or somebody wants something
NAP_S = 0.05
T = TypeVar("T")


class WallTime:
    """Time of a run that others live in too: it has no end and waits for nobody.

    Everything happens in an event loop that runs in `advance`, `settle` and `wait_for` only. A failure in it
    comes out there, and nothing is done in it after that.
    """

    def __init__(self, clock: MarketClock) -> None:
        self.end_ns: int | None = None
        self.over = False
        self.messages = 0
        self.seams = 0
        self.inbox = Inbox()
        self._clock = clock
        self._failure: BaseException | None = None
        self._runner = asyncio.Runner()
        self._runner.get_loop().set_exception_handler(self._note_failure)

    def now(self) -> int:
        """The run's time as we know it, in nanoseconds."""
        return self._clock.now()

    def at(self, when_ns: int, call: Call) -> None:
        """Ask for a call at that time."""
        self._runner.get_loop().call_later(self._clock.wall_s(when_ns), self._unless_failed, call)

    def at_wall(self, when_ns: int, call: Call) -> None:
        """Ask for a call at that time of the monotonic clock."""
        wait_s = max(0, when_ns - time.monotonic_ns()) / NS_PER_S
        self._runner.get_loop().call_later(wait_s, self._unless_failed, call)

    def soon(self, call: Call) -> None:
        """Ask for a call now, from inside the loop. Calls of one moment keep their order."""
        self._runner.get_loop().call_soon(self._unless_failed, call)

    def advance(self, done: Callable[[], bool]) -> None:
        """Let the wall clock run until `done`."""
        self.wait_for(self._until(done))

    def settle(self, span_ns: int) -> None:
        """Let `span_ns` pass."""
        until_ns = self.now() + span_ns
        self.advance(lambda: self.now() >= until_ns)

    def linger(self) -> None:
        """Let a moment of ours pass."""
        until_s = time.monotonic() + NAP_S
        self.advance(lambda: time.monotonic() >= until_s)

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Do work in the loop, and whatever else falls due there meanwhile."""
        return self._runner.run(work)

    async def _until(self, done: Callable[[], bool]) -> None:
        while not done():
            self._tell_failure()
            self.inbox.work_off()
            await asyncio.sleep(LOOK_S)
        self._tell_failure()

    def _unless_failed(self, call: Call) -> None:
        if self._failure is None:
            call()

    def _note_failure(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What fails in the loop is kept for whoever waits."""
        self._failure = self._failure or context.get("exception") or BugError(context["message"])

    def _tell_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
