"""The import contract holds, every folder has its floor, and the contract sees a break when there is one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy.source_tree import PACKAGE, ROOT

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"
BREAKS = {
    "a clock in the engine": ("engine/planted.py", "import time\n", "no clock"),
    "the engine reading policies": ("engine/planted.py", "import dnkit.policies.policy\n", "floors"),
    "YAML in the machine": ("machine/planted.py", "import yaml\n", "YAML"),
    "a venue that writes the journal": ("venues/planted.py", "import dnkit.journal\n", "Venues"),
    "a folder without a floor": ("attic/__init__.py", "", "floors"),
}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter in a folder that holds pyproject.toml and the package."""
    command = [sys.executable, "-c", LINT, "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_contract_holds() -> None:
    run = lint_imports(ROOT)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "0 broken" in run.stdout


@pytest.mark.parametrize("name", BREAKS)
def test_the_contract_sees_a_break(name: str, tmp_path: Path) -> None:
    where, text, contract = BREAKS[name]
    shutil.copytree(PACKAGE, tmp_path / "dnkit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    planted = tmp_path / "dnkit" / where
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(text)
    run = lint_imports(tmp_path)
    assert run.returncode != 0
    said = run.stdout + run.stderr
    assert contract in said
    assert "attic" in said or "planted" in said
