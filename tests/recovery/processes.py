"""An exchange and its traders as processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60
Run = Callable[[Sequence[str], Path], subprocess.CompletedProcess[str]]


class Site(msgspec.Struct, frozen=True):
    """A running exchange: its address and process, its folder, and the traders' state folder."""

    address: str
    pid: int
    folder: Path
    home: Path


def start(words: Sequence[str], home: Path, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    """A command as a process; `words` are what follows `python -m`."""
    return subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DNKIT_HOME": str(home)},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(words: Sequence[str], home: Path) -> subprocess.CompletedProcess[str]:
    """The same to its end."""
    process = start(words, home)
    try:
        told, said = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, told, said)


@contextmanager
def nursery(home: Path) -> Iterator[Run]:
    """Something like `run` that forks commands from a process which has their modules already."""
    process = start(("tests.recovery.nursery",), home, stdin=subprocess.PIPE)
    streams = [str(home / name) for name in ("nursery.out", "nursery.err")]

    def run_there(words: Sequence[str], home: Path) -> subprocess.CompletedProcess[str]:
        assert process.stdin is not None
        assert process.stdout is not None
        home.mkdir(parents=True, exist_ok=True)
        asked = {"words": list(words), "home": [str(home)], "streams": streams}
        process.stdin.write(f"{json.dumps(asked)}\n")
        process.stdin.flush()
        code = int(process.stdout.readline())
        told, said = (Path(one).read_text() for one in streams)
        return subprocess.CompletedProcess(words, code, told, said)

    home.mkdir(parents=True, exist_ok=True)
    try:
        yield run_there
    finally:
        process.kill()
        process.communicate()


@contextmanager
def exchange(
    root: Path, *, speed: str, listed: Sequence[str], for_s: int, seed: int = 1, venue: str = ""
) -> Iterator[Site]:
    """An exchange that lives as long as the block; with `venue` it speaks that venue's wire."""
    folder, home = root / "exchange", root / "home"
    words = ["dnkit", "exchange", "--json", "--speed", speed, "--for", str(for_s), "--dir", str(folder)]
    words += ["--venue", venue] if venue else []
    process = start([*words, "--seed", str(seed), *(w for one in listed for w in ("--list", one))], home)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"no exchange: {process.communicate()[1]}")
        yield Site(json.loads(line)["data"]["address"], process.pid, folder, home)
        assert process.poll() is None, f"the exchange ended: {process.communicate()[1]}"
        process.terminate()
        assert process.wait(timeout=PATIENCE_S) == 0, "an exchange that is asked to stop stops well"
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE_S)
