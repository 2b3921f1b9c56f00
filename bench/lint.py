"""Linting: a thousand files in one process against the YAML library alone, and the cold start of one file
against a script that only imports what such a tool is usually made of.
"""

import sys
import tempfile
from pathlib import Path

import yaml

from bench.measure import Row, alternate, seconds
from bench.startup import against_process, whole_process
from bench.stories import ROOT
from dnkit.cli.lint import Asked, Linter
from dnkit.runtime.library import PolicyText

FILES = 1000
PAIRS = 5
MS_A_FILE = 3.0
START_RATIO = 1.5
START_MS = 350.0
USUAL = """
import typer
import yaml
from pydantic import BaseModel


class Policy(BaseModel):
    policy: int
    name: str
"""


def run() -> list[Row]:
    """Both figures, and a peer's whole command on the same files."""
    with tempfile.TemporaryDirectory() as folder:
        paths = _files(Path(folder))
        return [_warm(paths), _cold(), _peer(paths)]


def _files(folder: Path) -> list[Path]:
    """A thousand policies, all different: the shipped ones under other names and with other numbers."""
    shipped = [one.read_text(encoding="utf-8") for one in sorted((ROOT / "policies").glob("*.yaml"))]
    paths = []
    for number in range(FILES):
        text = shipped[number % len(shipped)].replace("\nname: ", f"\nname: p{number}_", 1)
        path = folder / f"policy_{number:04}.yaml"
        path.write_text(text.replace("summary: ", f"summary: {number} ", 1), encoding="utf-8")
        paths.append(path)
    return paths


def _warm(paths: list[Path]) -> Row:
    """Milliseconds a file, reading from disk included, every rule on, warm."""
    linter = Linter(Asked(files=()))

    def lint_all() -> None:
        for path in paths:
            linter.linted(PolicyText(str(path), path.read_text(encoding="utf-8")))

    def parse_all() -> None:
        for path in paths:
            yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)

    pairs = alternate(PAIRS, lambda: seconds(lint_all), lambda: seconds(parse_all))
    mine, floor = (one * 1000 / len(paths) for one in pairs.medians)
    return Row(
        name=f"lint: {len(paths)} files in one process",
        value=mine,
        unit="ms a file",
        against_name="yaml.load of the same files with the C loader",
        against=floor,
        ratio=pairs.ratio,
        spread=pairs.spread,
        pairs=PAIRS,
        goal=f"under {MS_A_FILE:g} ms a file",
        met=mine < MS_A_FILE,
    )


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _cold() -> Row:
    """The whole process of `dnkit lint one.yaml`."""
    script = Path(sys.executable).with_name("dnkit")
    words = [str(script), "lint", "policies/close_two_phase.yaml"]
    return against_process(
        "lint: cold start of one file",
        lambda: whole_process(words),
        "a script that imports yaml, typer and pydantic and defines one model",
        lambda: whole_process([sys.executable, "-c", USUAL]),
        goal=f"at most {START_RATIO:g} x and {START_MS:g} ms",
        met=lambda mine, ratio: ratio <= START_RATIO and mine <= START_MS,
    )


def _peer(paths: list[Path]) -> Row:
    """A general YAML linter on the same files, which knows nothing of policies."""
    script = Path(sys.executable).with_name("dnkit")
    folder = str(paths[0].parent)
    relaxed = [sys.executable, "-m", "yamllint", "-d", "relaxed", "--no-warnings", folder]
    return against_process(
        f"lint: whole command on {len(paths)} files",
        lambda: whole_process([str(script), "lint", folder]),
        "yamllint, relaxed",
        lambda: whole_process(relaxed),
        goal="below it",
        met=lambda _mine, ratio: ratio < 1,
        pairs=3,
    )
