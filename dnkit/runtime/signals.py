"""Ctrl+C, SIGTERM and a terminal that closes (SIGHUP) ask the run to end by its policy's stop rule; only the
third one leaves at once.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType

from dnkit.model.errors import DnkitError
from dnkit.runtime.helm import Helm

PATIENCE = 3
_HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class LeftAtOnce(DnkitError):
    """The run was left where it stood: what is open is not known to be right."""

    exit_code = 23


class Stopped:
    """What was asked: the signal's number, 0 while none came."""

    def __init__(self) -> None:
        self.number = 0
        self.count = 0


@contextmanager
def listening(helm: Helm, say: Callable[[str], None]) -> Iterator[Stopped]:
    """While inside, signals become a wish of the operator."""
    stopped = Stopped()

    def heard(number: int, _frame: FrameType | None) -> None:
        stopped.number = stopped.number or number
        stopped.count += 1
        if stopped.count >= PATIENCE:
            raise KeyboardInterrupt
        helm.inbox.put(partial(helm.signalled, signal.Signals(number).name))
        left = PATIENCE - stopped.count
        with suppress(RuntimeError):  # the signal may have come in the middle of a write to the same stream
            say(f"stopping: orders are cancelled and confirmed first ({left} more to leave at once)")

    before = {number: signal.signal(number, heard) for number in _HEARD}
    try:
        yield stopped
    except KeyboardInterrupt as error:
        raise LeftAtOnce(
            "left at once, before the run had ended: orders may rest and positions may be open. "
            "dnkit status names the run, dnkit trade --resume RUN brings it to its end"
        ) from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
