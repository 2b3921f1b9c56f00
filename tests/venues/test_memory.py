"""The memory of orders: what it is told outlives the process, and a disk that fails is told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dnkit.live.memory import Memory
from dnkit.model.errors import DnkitError

DIES = """
import os, signal, sys
from pathlib import Path
from dnkit.live.memory import Memory
memory = Memory(Path(sys.argv[1]), "venue:account")
memory.note("key-1", "0x01", 1)
memory.note("key-1", "0x02", 2)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_noted_outlives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    done = subprocess.run([sys.executable, "-c", DIES, str(path)], check=False, timeout=60)
    assert done.returncode == -9
    memory = Memory(path, "venue:account")
    assert memory.venue_ids("key-1") == ("0x02", "0x01")
    assert (memory.key("0x01"), memory.key("0x03")) == ("key-1", "")
    memory.close()


def test_a_line_that_does_not_reach_the_disk_is_told_with_the_next(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory.db", "venue:account")
    log, memory._log = memory._log, os.dup(memory._log)
    os.close(memory._log)
    memory.note("key-1", "0x01", 1)
    memory._saver.submit(int).result(10)
    with pytest.raises(DnkitError, match="cannot use the memory of orders"):
        memory.note("key-2", "0x02", 2)
    memory._log = log
    memory.close()
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(log)
