"""Scenario files: where they are, which policy each runs, and what comes of it."""

import re
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec

from dnkit.cli.exit_codes import ExitCode
from dnkit.machine.program import Program
from dnkit.model.errors import DnkitError
from dnkit.policies.diagnostics import did_you_mean, has_errors
from dnkit.runtime.library import (
    SUFFIX,
    SUFFIXES,
    PolicyText,
    VenueFacts,
    packaged_folder,
    read_policy,
    shown,
)
from dnkit.runtime.prepare import LegOptions, Shelf, check, program_of
from dnkit.sim.judge import Unmet, judge
from dnkit.sim.read import read_scenario
from dnkit.sim.run import Ran, run
from dnkit.sim.scenario import PolicyRef, Scenario
from dnkit.sim.tell import tell

FOLDER = "scenarios"
HERE = Path("policies") / FOLDER
_SCENARIO = re.compile(r"^(scenario|expect):", re.MULTILINE)  # either, so that a slip in one hides no test


class NoScenario(DnkitError):
    """There is no scenario where one was asked for."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one file: `ran` and what is `unmet` of it, or why it could not be run."""

    path: str
    name: str
    ran: Ran | None = None
    unmet: tuple[Unmet, ...] = ()
    error: str = ""

    @property
    def word(self) -> str:
        """`passed`, `failed` or `error`."""
        if self.ran is None:
            return "error"
        return "failed" if self.unmet else "passed"

    def story(self) -> Iterator[str]:
        """What happened, a line each; nothing where it was not run."""
        return iter(()) if self.ran is None else tell(self.ran)


def shipped_folder() -> Path:
    """Where the shipped scenarios are."""
    return packaged_folder() / FOLDER


def known_names() -> tuple[str, ...]:
    """Names that stand for a scenario: of those in ./policies/scenarios and of the shipped ones."""
    folders = (HERE, shipped_folder())
    return tuple(sorted({one.stem for folder in folders for one in folder.glob(f"*{SUFFIX}")}))


def scenario_paths(names: Sequence[str]) -> Iterator[Path]:
    """The files that names stand for: a file, all scenarios under a folder, or the name of one. None: those
    in ./policies/scenarios, or else the shipped ones. NoScenario where there is none.
    """
    if not names:
        yield from _under(HERE if HERE.is_dir() else shipped_folder())
    for name in names:
        path = Path(name)
        if path.is_dir():
            yield from _under(path)
        else:
            yield path if path.is_file() else _named(name)


def _under(folder: Path) -> list[Path]:
    files = sorted(one for one in folder.rglob("*") if one.suffix in SUFFIXES and one.is_file())
    found = [one for one in files if _SCENARIO.search(one.read_text("utf-8", "replace"))]
    if not found:
        raise NoScenario(f"there is no scenario under {folder}: a file with `scenario: 1`")
    return found


def _named(name: str) -> Path:
    for folder in (HERE, shipped_folder()):
        path = folder / f"{name.removesuffix(SUFFIX)}{SUFFIX}"
        if path.is_file():
            return path
    raise NoScenario(f"there is no scenario `{name}`; {did_you_mean(Path(name).stem, known_names())}")


class Library:
    """Programs of the policies that scenarios name, each compiled once."""

    def __init__(self) -> None:
        self._venues = VenueFacts()
        self._shelf = Shelf()
        self._programs: dict[tuple[str, PolicyRef], Program] = {}

    def program(self, folder: Path, policy: PolicyRef) -> Program:
        """The program of a policy that a scenario in `folder` names; DnkitError when it may not run."""
        text = _policy_text(folder, policy.name)
        key = (text.path, policy)
        if key not in self._programs:
            self._programs[key] = program_of(
                check(
                    text,
                    self._venues,
                    settings=dict(policy.settings),
                    reason=policy.reason,
                    options=LegOptions(policy.symbols, policy.sides, policy.clips, policy.venues),
                    shelf=self._shelf,
                )
            )
        return self._programs[key]

    def scenario(self, path: Path) -> Scenario:
        """The scenario of a file; DnkitError with every mistake in it."""
        text = read_policy(str(path)).text
        read = read_scenario(text, str(path), partial(self.program, path.parent))
        if read.scenario is None or has_errors(read.diagnostics):
            raise DnkitError(shown(read.diagnostics, {str(path): text}))
        return read.scenario

    def outcome(self, path: Path) -> Outcome:
        """Run one file and judge it."""
        try:
            scenario = self.scenario(path)
        except DnkitError as error:
            return Outcome(path=str(path), name=path.stem, error=str(error))
        ran = run(scenario)
        return Outcome(path=str(path), name=scenario.name, ran=ran, unmet=judge(ran))


def _policy_text(folder: Path, name: str) -> PolicyText:
    """A policy beside the scenarios, in the folder above them, or found as `trade` finds it."""
    for path in (folder / name, folder.parent / f"{name}{SUFFIX}", folder / f"{name}{SUFFIX}"):
        if path.is_file():
            return read_policy(str(path))
    return read_policy(name)


class Results(msgspec.Struct, frozen=True):
    """What came of all files, and how long it took in seconds."""

    outcomes: tuple[Outcome, ...]
    seconds: float

    def count(self, word: str) -> int:
        """How many are `passed`, `failed` or `error`."""
        return sum(one.word == word for one in self.outcomes)

    @property
    def code(self) -> ExitCode:
        """CONFIG when a file could not be run, FINDINGS when one failed."""
        if self.count("error"):
            return ExitCode.CONFIG
        return ExitCode.FINDINGS if self.count("failed") else ExitCode.OK


def run_all(paths: Sequence[Path], *, first_only: bool = False) -> Results:
    """Run files in order; with `first_only` up to the first that is not as it should be."""
    began, library, outcomes = time.perf_counter(), Library(), []
    for path in paths:
        outcomes.append(library.outcome(path))
        if first_only and outcomes[-1].word != "passed":
            break
    return Results(tuple(outcomes), time.perf_counter() - began)
