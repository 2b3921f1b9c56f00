"""`dnkit trade --tui`: the engine in a process of its own, and the screens that watch it."""

import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.outcome import Asked
from dnkit.cli.tui import Asked as Watch
from dnkit.cli.tui import tui
from dnkit.journal.errors import JournalError
from dnkit.journal.reader import LAST, Reader
from dnkit.runtime.folder import StateFolder, make_folder, state_folder
from dnkit.runtime.market import UsageError

FLAG = "--tui"
LINES_SHOWN = 40
KILLED = 128  # and the signal's number, as shells tell it


def trade_watched(asked: Asked) -> int:
    """Start the engine, show the screens. Answers the engine's exit code when it has ended by the time
    the user leaves, else 0: it goes on.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("--tui needs a terminal")
    folder = state_folder()
    make_folder(folder)
    log = folder.root / f"trade-{time.time_ns()}.log"
    newest = _newest(folder)
    engine = _start(words_of(sys.argv[1:], asked), log)
    watch = Watch(run=asked.resume or LAST, but="" if asked.resume else newest)
    tui(watch, partial(_said, engine, log))
    return _leave(engine, log)


def _said(engine: subprocess.Popen[bytes], log: Path) -> tuple[str, ...] | None:
    """What the engine has said so far; None once it is gone."""
    if engine.poll() is not None:
        return None
    return tuple(log.read_text(errors="replace").splitlines())


def words_of(words: Sequence[str], asked: Asked) -> list[str]:
    """The engine's command line: this one without --tui; in real time unless a speed was asked for."""
    own = [word for word in words if word != FLAG]
    paced = asked.endpoint or any(word.split("=")[0] == "--speed" for word in own)
    return own if paced else [*own, "--speed", "1"]


def _newest(folder: StateFolder) -> str:
    try:
        with Reader(folder.journal) as reader:
            return reader.run(LAST).header.run_id
    except JournalError:
        return ""


def _start(words: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """In a session of its own: neither Ctrl+C here nor a terminal that closes is meant for it."""
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "dnkit", *words],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def _leave(engine: subprocess.Popen[bytes], log: Path) -> int:
    code = engine.poll()
    if code is None:
        out.say(f"detached; the engine (process {engine.pid}) goes on. Its words are in {log}")
        out.say("dnkit tui watches it again, dnkit stop ends it.")
        return ExitCode.OK
    for line in log.read_text(errors="replace").splitlines()[-LINES_SHOWN:]:
        out.say(line)
    log.unlink()
    return code if code >= 0 else KILLED - code
