"""Whole processes of short commands against `python -c pass`."""

import os
import subprocess
import sys
from pathlib import Path

from bench.measure import Row, alternate, seconds, skipped
from bench.stories import ROOT

PAIRS = 15
COMMANDS = {
    ("--version",): 2.8,
    ("lint", "policies/close_two_phase.yaml"): 9.0,
}  # goals: times a bare interpreter


def whole_process(command: list[str]) -> float:
    """Seconds of a whole process, from the folder of the project; CalledProcessError when it fails."""
    # Compiled modules are kept, as every installed program has them.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return seconds(lambda: subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True))


def run() -> list[Row]:
    """One row per command, of the installed console script."""
    script = Path(sys.executable).with_name("dnkit")
    return [_row(str(script), words, most) for words, most in COMMANDS.items()]


def _row(script: str, words: tuple[str, ...], most: float) -> Row:
    name = f"start-up: dnkit {' '.join(words)}"
    goal = f"at most {most} x"
    try:
        pairs = alternate(
            PAIRS,
            lambda: whole_process([script, *words]),
            lambda: whole_process([sys.executable, "-c", "pass"]),
        )
    except (OSError, subprocess.CalledProcessError) as error:
        return skipped(name, str(error), goal)
    mine, bare = (one * 1000 for one in pairs.medians)
    return Row(
        name=name,
        value=mine,
        unit="ms",
        against_name="python -c pass",
        against=bare,
        ratio=pairs.ratio,
        spread=pairs.spread,
        pairs=PAIRS,
        goal=goal,
        met=pairs.ratio <= most,
    )
