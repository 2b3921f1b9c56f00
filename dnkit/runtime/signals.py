"""Ctrl+C and SIGTERM ask the run to end by its policy's stop rule; only the third one leaves at once."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from dnkit.runtime.world import World

PATIENCE = 3


class Stopped:
    """What was asked: the signal's number, 0 while none came."""

    def __init__(self) -> None:
        self.number = 0
        self.count = 0


@contextmanager
def listening(world: World, say: Callable[[str], None]) -> Iterator[Stopped]:
    """While inside, signals become a stop that `world` passes on to its run."""
    stopped = Stopped()

    def heard(number: int, _frame: FrameType | None) -> None:
        stopped.number = stopped.number or number
        stopped.count += 1
        if stopped.count >= PATIENCE:
            raise KeyboardInterrupt
        world.stop_asked = world.stop_asked or signal.Signals(number).name
        left = PATIENCE - stopped.count
        say(f"stopping: orders are cancelled and confirmed first ({left} more to leave at once)")

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
