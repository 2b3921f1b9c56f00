"""Peak memory of a run and of one four times as long: flat means the ratio stays near one."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.measure import Row, alternate, skipped
from bench.stories import ROOT

SHORT = 5
PAIRS = 3
GOAL = 1.05
KIB_PER_MIB = 1024 if sys.platform != "darwin" else 1024 * 1024


def _peak_mib(cycles: int) -> float:
    """Peak resident memory of one trade of that many cycles on the synthetic market, in MiB."""
    command = [sys.executable, "-m", "dnkit", "trade", "--policy", "open_post_only_hedge"]
    command += ["--cycles", str(cycles), "--no-report", "--json"]
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "DNKIT_HOME": str(Path(home))}
        child = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"trade of {cycles} cycles ended with {child.returncode}")
    return usage.ru_maxrss / KIB_PER_MIB


def run() -> list[Row]:
    """One row: four times the length against the length."""
    name = f"memory: peak of a run of {4 * SHORT} cycles"
    try:
        pairs = alternate(PAIRS, lambda: _peak_mib(4 * SHORT), lambda: _peak_mib(SHORT))
    except RuntimeError as error:
        return [skipped(name, str(error))]
    return [
        Row(
            name=name,
            value=pairs.medians[0],
            unit="MiB",
            against_name=f"{SHORT} cycles",
            against=pairs.medians[1],
            ratio=pairs.ratio,
            spread=pairs.spread,
            pairs=PAIRS,
            goal=f"flat: at most {GOAL} x for four times the length",
            met=pairs.ratio <= GOAL,
        )
    ]
