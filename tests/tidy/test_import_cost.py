"""What a command loads is what it needs: start-up time is decided by imports."""

import subprocess
import sys
from functools import cache

import pytest

from tests.tidy.source_tree import ROOT

HEAVY = ("ccxt", "websockets", "textual", "pyarrow", "numpy", "pydantic", "asyncio", "sqlite3")
SCREENS = ("typer", "click", "rich")


def loaded(*arguments: str) -> set[str]:
    """Top-level names that a Python process with these arguments imported, as its import log tells."""
    command = [sys.executable, "-X", "importtime", *arguments]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    rows = [line for line in run.stderr.splitlines() if line.startswith("import time:")]
    assert rows, "no import log"
    return {row.split("|")[2].strip().split(".")[0] for row in rows}


@cache
def bare() -> frozenset[str]:
    """What the interpreter of this environment loads for nothing."""
    return frozenset(loaded("-c", "pass"))


def test_the_import_log_shows_a_heavy_import() -> None:
    assert "asyncio" in loaded("-c", "import asyncio") - bare()


@pytest.mark.parametrize("module", ["dnkit.engine.step", "dnkit.machine.program", "dnkit.model.events"])
def test_the_core_stays_light(module: str) -> None:
    got = loaded("-c", f"import {module}") - bare()
    assert "dnkit" in got
    assert not got & {*HEAVY, *SCREENS, "yaml", "logging", "threading", "subprocess", "socket"}


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_the_front_door_loads_the_standard_library_only(option: str) -> None:
    got = loaded("-m", "dnkit", option) - bare() - {"dnkit", "__main__"}
    assert got <= sys.stdlib_module_names
    assert not got & {"asyncio", "decimal", "sqlite3", "argparse", "typing", "dataclasses"}


def test_lint_loads_no_screen_no_recording_and_no_exchange() -> None:
    got = loaded("-m", "dnkit", "lint", "policies/close_two_phase.yaml") - bare()
    assert "yaml" in got
    assert not got & {*HEAVY, *SCREENS}


@pytest.mark.parametrize("module", ["dnkit.cli.gate", "dnkit.cli.lint", "dnkit.cli.prove"])
def test_who_finds_a_proof_in_the_cache_loads_no_arrays(module: str) -> None:
    assert "numpy" not in loaded("-c", f"import {module}") - bare()
    assert "numpy" in loaded("-c", "import dnkit.analysis.prove")
