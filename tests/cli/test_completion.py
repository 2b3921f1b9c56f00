"""Completion as a shell asks for it, and that it offers what the commands take."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dnkit.cli import explain, flags
from dnkit.cli.lint import BY_FILE, WHOLE
from dnkit.lint.report import LEVELS
from tests.cli.command import ROOT


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("li", "lint"),
        ("lint --format s", "sarif"),
        ("lint --fail-level w", "warning"),
        ("lint --explain market-w", "market-without-cap"),
        ("lint --select DNK3,DNK412", "DNK3,DNK412"),
        ("explain emergency_unwind_", "emergency_unwind_three_tier"),
        ("trade --policy flat", "flatten"),
        ("init --template sin", "single"),
        ("init --venues aster,nad", "aster,nado"),
        ("flatten --venue na", "nado"),
        ("simulate flatten --faults sw", "swarm"),
    ],
)
def test_the_shell_is_offered_words(words: str, offered: str) -> None:
    asked = {"COMP_WORDS": f"dnkit {words}", "COMP_CWORD": str(len(words.split()))}
    done = subprocess.run(
        [Path(sys.executable).with_name("dnkit")],
        cwd=ROOT,
        env={**os.environ, "_DNKIT_COMPLETE": "complete_bash", **asked},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [offered], done.stderr


def test_what_is_offered_is_what_is_taken() -> None:
    assert {*flags.LINT_FORMATS.split("|")} == {*BY_FILE, *WHOLE}
    assert flags.SEVERITIES.split("|") == [*reversed(LEVELS)]
    assert {*flags.EXPLAIN_FORMATS.split("|")} == {*explain.FORMS, explain.JSON}
    templates = (ROOT / "dnkit" / "cli" / "templates").glob("*.yaml")
    assert {*flags.TEMPLATES.split("|")} == {one.stem for one in templates}
