"""A terminal of our own for a program to draw on: read as it draws, or not read at all."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent
SIZE = (24, 80)
CHUNK = 1 << 16


class Terminal:
    """A program on a pty. Its output is read away by a thread, until `stall`."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
        usual = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        own = {**usual, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **env}
        self.began = time.perf_counter()
        self.child = subprocess.Popen(
            command, cwd=ROOT, env=own, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        self.seen = b""
        self._reading = True
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.child.kill()
        self.child.wait()
        self.stall()
        os.close(self._ours)

    def wait(self, text: str, patience_s: float = 60.0) -> float:
        """Seconds from the start of the program until it drew a text; RuntimeError when it does not."""
        end = self.began + patience_s
        while text.encode() not in self.seen:
            if time.perf_counter() > end or self.child.poll() is not None:
                raise RuntimeError(f"{text!r} was not drawn; the last was {self.seen[-300:]!r}")
            time.sleep(0.002)
        return time.perf_counter() - self.began

    def write(self, text: str) -> None:
        """Type something."""
        os.write(self._ours, text.encode())

    def stall(self) -> None:
        """Read no more: what the program draws from now on piles up."""
        self._reading = False
        self._thread.join(timeout=5)

    def _read(self) -> None:
        while self._reading:
            if not select.select((self._ours,), (), (), 0.05)[0]:
                continue
            try:
                self.seen += os.read(self._ours, CHUNK)
            except OSError:
                return  # the program is gone
