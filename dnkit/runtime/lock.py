"""One trading command at a time per state folder: two would share accounts and not know of each other's
orders.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dnkit.model.errors import DnkitError


class Busy(DnkitError):
    """Another trading command is at work in the same state folder, or left a run unfinished."""

    exit_code = 9


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock file while inside; Busy when another process has it. The system frees it when a process
    dies.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DnkitError(f"cannot lock {path}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(handle, 32, 0).decode(errors="replace").strip()
            raise Busy(
                f"another dnkit command is trading (process {holder or 'unknown'}); wait for it to end"
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
