"""The memory of orders: what it is told outlives the process, and a disk that fails is told."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dnkit.live.memory import SAVE_S, Memory
from dnkit.model.errors import DnkitError

DIES = """
import asyncio, os, signal, sys
from pathlib import Path
from dnkit.live.memory import Memory
async def dies():
    memory = Memory(Path(sys.argv[1]), "venue:account")
    memory.note("key-1", "0x01", 1)
    memory.note("key-1", "0x02", 2)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(dies())
"""


async def noted(memory: Memory, key: str, venue_id: str) -> None:
    """Note it, and wait until it is on the disk."""
    memory.note(key, venue_id, 1)
    await asyncio.sleep(20 * SAVE_S)
    memory._saver.submit(int).result(10)


def test_it_may_be_closed_again(tmp_path: Path) -> None:
    async def story() -> None:
        memory = Memory(tmp_path / "memory.db", "venue:account")
        memory.note("key-1", "0x01", 1)
        memory.close()
        assert memory._saving is not None, "what was due is saved first"
        assert memory._saving.done()
        memory.close()

    asyncio.run(story())


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
    asyncio.run(noted(memory, "key-1", "0x01"))
    with pytest.raises(DnkitError, match="cannot use the memory of orders"):
        asyncio.run(noted(memory, "key-2", "0x02"))
    memory._log = log
    memory.close()
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(log)
