"""Time by the wall with an event loop in it: the loop runs while somebody waits, and at no other moment."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from dnkit.control.inbox import Inbox
from dnkit.desk.scheduler import Call
from dnkit.model.errors import BugError
from dnkit.runtime.clock import MarketClock

LOOK_S = 0.005  # between two looks at whether a run is over or somebody wants something
NAP_S = 0.05
T = TypeVar("T")


class LoopedTime:
    """Everything happens in `advance`, `settle`, `linger` and `run`. A failure in the loop comes out there,
    and nothing is done after it.
    """

    def __init__(self, clock: MarketClock) -> None:
        self.inbox = Inbox()
        self.clock = clock
        self._failure: BaseException | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._runner = asyncio.Runner()
        self._runner.get_loop().set_exception_handler(self._note_failure)

    def close(self) -> None:
        """Let go of the loop."""
        self._runner.close()

    @property
    def failed(self) -> bool:
        """Whether something in the loop has failed and nobody was told yet."""
        return self._failure is not None

    def now(self) -> int:
        """Nanoseconds on the run's clock."""
        return self.clock.now()

    def at(self, when_ns: int, call: Call) -> None:
        """Ask for a call at that time."""
        self.later(self.clock.wall_s(when_ns), call)

    def later(self, wait_s: float, call: Call) -> None:
        """Ask for a call after so many seconds of ours."""
        self._runner.get_loop().call_later(wait_s, self._unless_failed, call)

    def soon(self, call: Call) -> None:
        """Ask for a call next; calls of one moment keep their order."""
        self._runner.get_loop().call_soon(self._unless_failed, call)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done beside the rest; what fails in it is a failure of the loop."""
        task = self._runner.get_loop().create_task(work)
        self._tasks.add(task)  # a loop holds its tasks only weakly
        task.add_done_callback(self._done)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end."""
        return self._runner.run(work)

    def advance(self, done: Callable[[], bool]) -> None:
        """Let the wall clock run until `done`."""
        self.run(self._until(done))

    def settle(self, span_ns: int) -> None:
        """Let `span_ns` pass."""
        until_ns = self.now() + span_ns
        self.advance(lambda: self.now() >= until_ns)

    def linger(self) -> None:
        """Let a moment of ours pass."""
        until_s = time.monotonic() + NAP_S
        self.advance(lambda: time.monotonic() >= until_s)

    async def _until(self, done: Callable[[], bool]) -> None:
        while not done():
            self._tell_failure()
            self.inbox.work_off()
            await asyncio.sleep(LOOK_S)
        self._tell_failure()

    def _unless_failed(self, call: Call) -> None:
        if self._failure is None:
            call()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failure = self._failure or task.exception()

    def _note_failure(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What fails in the loop is kept for whoever waits; nothing is done after that."""
        self._failure = self._failure or context.get("exception") or BugError(context["message"])

    def _tell_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
