"""Runs the command as a user does: a process of its own, its two streams apart."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 600  # the first command of a session that trades a policy proves it


class Done(msgspec.Struct, frozen=True):
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON object it must be."""
        return json.loads(self.out)


def dnkit(*words: str, cwd: Path = ROOT, module: str = "dnkit", **env: str) -> Done:
    """Run `dnkit WORDS`, or another module in its place; nobody sits at a terminal."""
    import os

    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)
