"""What other repositories take from here: the pre-commit hook, the GitHub action, the workflow of `init`.

Their fields are those that the documents of pre-commit and of GitHub ask for; their commands are run.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.policies.editor import seen
from tests.tidy.source_tree import PACKAGE, ROOT

POLICY = (ROOT / "policies" / "flatten.yaml").read_text()
(HOOK,) = seen((ROOT / ".pre-commit-hooks.yaml").read_text())
ACTION = seen((ROOT / "action.yml").read_text())
WORKFLOW = seen((PACKAGE / "cli" / "templates" / "policies.yml").read_text())
STEPS = {one.get("name", one.get("uses")): one for one in ACTION["runs"]["steps"]}
BAD = POLICY.replace("ladder: [5bps", "laddr: [5bps")
IDLE = "params:\n  idle: {type: time, default: 1s}\n"
WARNED = POLICY.replace("limits:\n", f"{IDLE}limits:\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "good.yaml").write_text(POLICY)
    return tmp_path


def shell(script: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a script as a runner does, with bash to the first error; `dnkit` and `python` are this tree's."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    full = {**os.environ, "PATH": path, **env}
    return subprocess.run(
        command, cwd=cwd, env=full, capture_output=True, text=True, check=False, timeout=120
    )


def lint(cwd: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """The step `Lint` with inputs; the others have their defaults."""
    defaults = {name: one["default"] for name, one in ACTION["inputs"].items()}
    inputs = {**defaults, **{name.replace("_", "-"): text for name, text in given.items()}}
    env = {}
    for name, value in STEPS["Lint"]["env"].items():
        found = re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", value)
        assert found
        env[name] = inputs[found[1]]
    return shell(STEPS["Lint"]["run"], cwd, **env)


def test_the_hook_has_what_pre_commit_wants() -> None:
    assert {"id", "name", "entry", "language"} <= set(HOOK)
    assert (HOOK["id"], HOOK["language"], HOOK["types"]) == ("dnkit-lint", "python", ["yaml"])
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert HOOK["entry"].split()[0] in scripts


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("policies/a.yaml", True),
        ("desk/policies/a.yml", True),
        ("a.policy.yaml", True),
        ("deep/a.policy.yml", True),
        (".github/workflows/policies.yml", False),
        ("old_policies/a.yaml", False),
        ("a.yaml", False),
        ("policy.yaml", False),
    ],
)
def test_the_hook_looks_at_policies_alone(path: str, meant: bool) -> None:
    assert (re.search(HOOK["files"], path) is not None) == meant


@pytest.mark.parametrize(("text", "code"), [(POLICY, 0), (BAD, 1)])
def test_the_hook_runs_on_the_files_it_is_given(text: str, code: int, folder: Path) -> None:
    (folder / "policies" / "other.yaml").write_text(text)
    done = shell(f"{HOOK['entry']} policies/good.yaml policies/other.yaml", folder)
    assert done.returncode == code, done.stderr
    assert "2 files" in done.stderr


def test_the_action_has_what_github_wants() -> None:
    assert {"name", "description", "runs", "inputs"} <= set(ACTION)
    assert ACTION["runs"]["using"] == "composite"
    assert set(ACTION["inputs"]) == {"files", "fail-level", "select", "ignore", "sarif"}
    assert all(isinstance(one["description"], str) and "default" in one for one in ACTION["inputs"].values())
    for step in ACTION["runs"]["steps"]:
        assert ("run" in step) != ("uses" in step)
        assert "run" not in step or step["shell"] == "bash"


@pytest.mark.parametrize("document", [ACTION, WORKFLOW], ids=["action", "workflow"])
def test_no_script_holds_an_expression_and_every_action_has_a_version(document: dict[str, Any]) -> None:
    runs = document.get("runs") or document["jobs"]["lint"]
    scripts = [step["run"] for step in runs["steps"] if "run" in step]
    used = [step["uses"] for step in runs["steps"] if "uses" in step]
    assert scripts
    assert not [one for one in scripts if "${{" in one]
    assert all(re.fullmatch(r"[\w-]+/[\w/-]+@v\d+", one) for one in used)


def test_every_input_is_used() -> None:
    told = json.dumps(ACTION["runs"])
    assert [name for name in ACTION["inputs"] if f"inputs.{name} " not in told] == []


def test_the_action_installs_from_its_own_path(tmp_path: Path) -> None:
    """Into a folder of its own, with what is installed already, so that nothing is downloaded."""
    target = tmp_path / "site"
    quiet = {
        "PIP_TARGET": str(target),
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_NO_INDEX": "1",
    }
    done = shell(STEPS["Install dnkit"]["run"], tmp_path, GITHUB_ACTION_PATH=str(ROOT), **quiet)
    assert done.returncode == 0, done.stderr
    assert (target / "dnkit" / "cli" / "lint.py").is_file()
    assert (target / "dnkit" / "cli" / "templates" / "open.yaml").is_file()


def test_a_clean_folder_passes(folder: Path) -> None:
    done = lint(folder)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_a_finding_is_an_annotation_and_fails(folder: Path) -> None:
    (folder / "policies" / "bad.yaml").write_text(BAD)
    done = lint(folder)
    assert done.returncode == 1
    assert "::error " in done.stdout
    assert "file=policies/bad.yaml,line=" in done.stdout
    assert lint(folder, files="policies/g*.yaml").returncode == 0


def test_levels_and_codes_reach_the_command(folder: Path) -> None:
    (folder / "policies" / "idle.yaml").write_text(WARNED)
    codes = [
        lint(folder, **given).returncode
        for given in (
            {},
            {"fail_level": "warning"},
            {"fail_level": "warning", "ignore": "DNK110"},
            {"fail_level": "warning", "select": "DNK110"},
            {"fail_level": "warning", "select": "DNK0"},
            {"fail_level": "loud"},
        )
    ]
    assert codes == [0, 1, 0, 1, 0, 2]


def test_files_may_be_many_on_lines_of_their_own(folder: Path) -> None:
    (folder / "a.policy.yaml").write_text(POLICY)
    done = lint(folder, files="policies\na.policy.yaml\n")
    assert done.returncode == 0
    assert "2 files" in done.stderr
    assert lint(folder, files="policies nowhere.yaml").returncode == 3


def test_the_sarif_file_is_written_also_when_something_is_found(folder: Path) -> None:
    (folder / "policies" / "bad.yaml").write_text(BAD)
    done = lint(folder, sarif="out file.sarif")
    assert done.returncode == 1
    report = json.loads((folder / "out file.sarif").read_text())
    assert report["version"] == "2.1.0"
    assert report["runs"][0]["results"]
    upload = STEPS["Upload to code scanning"]
    assert "inputs.sarif != ''" in upload["if"]
    assert upload["with"]["sarif_file"] == "${{ inputs.sarif }}"


@pytest.mark.parametrize(
    "text", ["$(touch evil)", "`touch evil`", "; touch evil", "'; touch evil #", "-h", 'a"b']
)
@pytest.mark.parametrize("where", ["files", "fail_level", "select", "ignore"])
def test_an_input_is_never_run(text: str, where: str, folder: Path) -> None:
    lint(folder, **{where: text})
    assert sorted(one.name for one in folder.iterdir()) == ["policies"]


def test_the_workflow_of_init_passes_on_what_init_writes(tmp_path: Path) -> None:
    for template in ("open", "close", "unwind", "guard", "single"):
        assert shell(f"dnkit init --template {template}", tmp_path).returncode == 0
    assert seen((tmp_path / ".github" / "workflows" / "policies.yml").read_text()) == WORKFLOW
    assert {"push", "pull_request"} == set(WORKFLOW["on"])
    assert WORKFLOW["permissions"] == {"contents": "read"}
    install, check = [step["run"] for step in WORKFLOW["jobs"]["lint"]["steps"] if "run" in step]
    assert install == "python -m pip install dnkit"
    done = shell(check, tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout
    assert "5 files" in done.stderr
