"""Whole processes of short commands against `python -c pass`."""

import os
import subprocess
import sys
from collections.abc import Callable
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
    return against_process(
        f"start-up: dnkit {' '.join(words)}",
        lambda: whole_process([script, *words]),
        "python -c pass",
        lambda: whole_process([sys.executable, "-c", "pass"]),
        goal=f"at most {most} x",
        met=lambda _mine, ratio: ratio <= most,
    )


def against_process(
    name: str,
    mine: Callable[[], float],
    other_name: str,
    other: Callable[[], float],
    *,
    goal: str,
    met: Callable[[float, float], bool],
    pairs: int = PAIRS,
) -> Row:
    """A whole process against another one, in milliseconds; `met(mine, ratio)` says whether the goal is."""
    try:
        taken = alternate(pairs, mine, other)
    except (OSError, subprocess.CalledProcessError) as error:
        return skipped(name, str(error), goal)
    value, against = (one * 1000 for one in taken.medians)
    return Row(
        name=name,
        value=value,
        unit="ms",
        against_name=other_name,
        against=against,
        ratio=taken.ratio,
        spread=taken.spread,
        pairs=pairs,
        goal=goal,
        met=met(value, taken.ratio),
    )
