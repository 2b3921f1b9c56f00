"""`python -m bench.watcher ROOT OUT SECONDS`: the screens on this terminal for a while, with a clock on
their loop.

Writes what they used: seconds of CPU and of wall time, and how late their loop was (ms, each time it was
asked).
"""

import asyncio
import resource
import sys
import time
from pathlib import Path

import msgspec

from dnkit.tui.app import Screens
from dnkit.tui.keys import Keys
from dnkit.tui.link import Link
from dnkit.tui.session import Session

WARM_S = 2.0
ASK_S = 0.005


class Used(msgspec.Struct):
    """What a stretch of watching took."""

    cpu_s: float
    wall_s: float
    late_ms: list[float]
    rows: int


class Measured(Screens):
    """The screens, leaving by themselves after a while."""

    used: Used | None = None
    seconds = 5.0

    def on_mount(self) -> None:
        """Begin to measure once all is warm."""
        super().on_mount()
        self.run_worker(self._measure())

    async def _measure(self) -> None:
        await asyncio.sleep(WARM_S)
        late: list[float] = []
        cpu, wall, rows = _cpu(), time.perf_counter(), self.pane.drawn
        while time.perf_counter() - wall < self.seconds:
            asked = time.perf_counter()
            await asyncio.sleep(ASK_S)
            late.append((time.perf_counter() - asked - ASK_S) * 1_000)
        self.used = Used(_cpu() - cpu, time.perf_counter() - wall, late, self.pane.drawn - rows)
        self.exit(0)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Watch, and write down what it took."""
    root, out, seconds, screen = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    session, engine = Session(root / "journal.db"), Link(root)
    hands = Keys(session, engine)
    hands.show(screen)
    app = Measured(hands, theme="safe")
    app.seconds = seconds
    app.run()
    engine.close()
    session.close()
    if app.used is not None:
        out.write_bytes(msgspec.json.encode(app.used))


if __name__ == "__main__":
    main()
