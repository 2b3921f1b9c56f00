"""Every text file: no address of a package index, no path of one machine, no talk of how it was made."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.tidy.source_tree import ROOT

SKIPPED = {"__pycache__", "dist", "build"}
BINARY = {".parquet", ".png", ".db", ".gz", ".whl"}

# Each pattern is broken in two so that this file does not hold what it forbids.
FORBIDDEN = {
    "address of a package index": r"py"
    r"pi\.(org|io)|python"
    r"hosted|/opt/"
    r"py"
    r"pi|--(extra-)?index"
    r"-url[ =]\S",
    "place to find packages": r"--find" r"-links[ =]\S",
    "path of one machine": r"(?<![\w.$)}*-])/(wo" r"rk|ro" r"ot|ho" r"me|Us" r"ers)/[\w.]",
    "how it was made": r"(?i)\b(cla"
    r"ude|anthro"
    r"pic|chat"
    r"gpt|copi"
    r"lot|language mod"
    r"el|ai assis"
    r"tant)\b",
    "number of an issue": r"(?i)\bissue" r"s? #?\d",
}


@cache
def texts() -> tuple[Path, ...]:
    """Files git knows or would add; without git, all files outside of hidden and build folders."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        files = [ROOT / name for name in run.stdout.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        files = [file for file in ROOT.rglob("*") if not _is_made(file.relative_to(ROOT).parts[:-1])]
    return tuple(sorted(file for file in files if file.is_file() and file.suffix not in BINARY))


def _is_made(folders: tuple[str, ...]) -> bool:
    return any(one in SKIPPED or (one.startswith(".") and one != ".ci") for one in folders)


def hits(pattern: str, file: Path) -> list[str]:
    """`path:line` of each line of a file that matches."""
    lines = file.read_text(errors="replace").splitlines()
    return [f"{file}:{n}: {line.strip()[:80]}" for n, line in enumerate(lines, 1) if re.search(pattern, line)]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_text_holds(what: str) -> None:
    found = [hit for file in texts() for hit in hits(FORBIDDEN[what], file)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("address of a package index", "--index" + "-url https://x"),
        ("address of a package index", "see py" + "pi.org/project/x"),
        ("place to find packages", "--find" + "-links /opt/x"),
        ("path of one machine", "cd /ro" + "ot/x"),
        ("path of one machine", "'/wo" + "rk/main'"),
        ("how it was made", "Written by Cla" + "ude"),
        ("number of an issue", "see issue" + " 12"),
    ],
)
def test_the_pattern_finds(what: str, line: str, tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_text(f"fine\n{line}\n")
    assert len(hits(FORBIDDEN[what], file)) == 1


def test_the_package_and_the_lock_file_are_looked_at() -> None:
    names = {str(file.relative_to(ROOT)) for file in texts()}
    assert {"requirements.lock", "dnkit/__init__.py", "pyproject.toml", "README.md"} <= names


def test_the_lock_file_pins_and_hashes_everything() -> None:
    text = (ROOT / "requirements.lock").read_text()
    pins = re.findall(
        r"^[a-z0-9][\w.-]*==\S+(?: ; [^\\]+)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.M
    )
    entries = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(pins) == len(entries) > 20
