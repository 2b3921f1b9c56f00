"""One engine at a time per account and symbol: two would share a position and not know each other's orders.

A lock is a file in the state folder that its holder keeps open. The system frees it when a process dies, so a
lock never outlives its engine and none has to be broken by hand.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dnkit.model.errors import DnkitError


class Busy(DnkitError):
    """Another engine trades the same account, or a run on it was left unfinished."""

    exit_code = 9


@contextmanager
def held(places: Mapping[Path, str], who: str) -> Iterator[None]:
    """Hold all lock files while inside; Busy when another process has one of them.

    `places` say in words what the holder of each file does ("trades X"), `who` is what others are told of us.
    """
    with ExitStack() as stack:
        for path, does in sorted(places.items()):
            stack.enter_context(_held(path, does, who))
        yield


@contextmanager
def _held(path: Path, does: str, who: str) -> Iterator[None]:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DnkitError(f"cannot lock {path}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(handle, 200, 0).decode(errors="replace").strip()
            raise Busy(f"{holder or 'another process'} {does}; wait for it to end") from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()} ({who})\n".encode(), 0)
        yield
    finally:
        os.close(handle)
