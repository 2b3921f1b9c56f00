"""`dnkit`, but killed at a line of its journal: `python -m tests.recovery.dying LINE WHEN WORDS...`.

LINE counts the lines this process writes, from 1. WHEN is `before` the line is written (the news in it is
lost), `after` (written, nothing of it sent) or a number of milliseconds after that (sent, answers on their
way). The kill is a real SIGKILL: nothing is tidied up.
"""

import os
import signal
import sys
import threading
from typing import Any

from dnkit.__main__ import main
from dnkit.journal.writer import Journal
from dnkit.runtime import floor


class DyingJournal(Journal):
    """A journal whose process does not survive one of its lines."""

    line = 0
    when = ""
    written = 0

    def append(self, *args: Any, **kwargs: Any) -> None:
        DyingJournal.written += 1
        here = DyingJournal.written == DyingJournal.line
        if here and DyingJournal.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        super().append(*args, **kwargs)
        if here and DyingJournal.when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        elif here:
            threading.Timer(int(DyingJournal.when) / 1_000, os.kill, (os.getpid(), signal.SIGKILL)).start()


if __name__ == "__main__":
    DyingJournal.line, DyingJournal.when = int(sys.argv[1]), sys.argv[2]
    sys.argv = ["dnkit", *sys.argv[3:]]
    floor.__dict__["Journal"] = DyingJournal
    main()
