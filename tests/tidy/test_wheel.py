"""The wheel carries what the program needs, and works without the source tree around it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.tidy.source_tree import PACKAGE, ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the tree."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


def test_policies_and_venue_facts_are_in_it(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    policies = {f"dnkit/policies/library/{file.name}" for file in (ROOT / "policies").glob("*.yaml")}
    facts = {f"dnkit/venues/facts/{file.name}" for file in (PACKAGE / "venues" / "facts").glob("*.yaml")}
    assert len(policies) == 9
    assert facts
    templates = {f"dnkit/cli/templates/{file.name}" for file in (PACKAGE / "cli" / "templates").iterdir()}
    assert len(templates) == 6
    single = {"dnkit/py.typed", "dnkit/__main__.py", "dnkit/policies/library/policy.schema.json"}
    assert policies | facts | templates | single <= names
    assert not [name for name in names if name.startswith(("tests", "bench"))]


def test_a_policy_is_found_by_name_without_the_source_tree(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONSAFEPATH": "1"}
    place = [sys.executable, "-c", "import dnkit; print(dnkit.__file__)"]
    run = subprocess.run(place, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert str(tmp_path) in run.stdout
    explain = [sys.executable, "-m", "dnkit", "explain", "close_two_phase"]
    run = subprocess.run(explain, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "close_two_phase" in run.stdout
