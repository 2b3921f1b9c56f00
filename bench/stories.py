"""Real stories to measure with: paper runs of shipped policies, read back from their journal."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from dnkit.journal.reader import Reader
from dnkit.journal.replay import replay
from dnkit.machine.program import Program
from dnkit.model.commands import Command
from dnkit.model.events import Event

ROOT = Path(__file__).resolve().parent.parent
POLICIES = ("open_post_only_hedge", "close_two_phase")


class Story(msgspec.Struct, frozen=True):
    """One run: what came in, what went out, and the digest of the state after each step, in order."""

    policy: str
    run_id: str
    program: Program
    events: tuple[Event, ...]
    commands: tuple[tuple[Command, ...], ...]
    digests: tuple[str, ...]


def dnkit(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a dnkit command with a state folder of its own."""
    command = [sys.executable, "-m", "dnkit", *words]
    env = {**os.environ, "DNKIT_HOME": str(home), "NO_COLOR": "1"}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def record(folder: Path) -> tuple[Story, ...]:
    """Trade the policies on the synthetic market and read the runs back."""
    for policy in POLICIES:
        run = dnkit(folder, "trade", "--policy", policy, "--cycles", "4", "--no-report", "--json")
        if run.returncode:
            raise RuntimeError(f"trade {policy} ended with {run.returncode}: {run.stderr[-400:]}")
    with Reader(folder / "journal.db") as reader:
        return tuple(_story(reader, run_id) for run_id in (run.header.run_id for run in reader.runs()))


def _story(reader: Reader, run_id: str) -> Story:
    run = reader.run(run_id)
    steps = tuple(replay(reader, run))
    return Story(
        policy=run.program.name,
        run_id=run_id,
        program=run.program,
        events=tuple(one.event for one in steps),
        commands=tuple(one.commands for one in steps),
        digests=tuple(one.line.digest for one in steps),
    )
