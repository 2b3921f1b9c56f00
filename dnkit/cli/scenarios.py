"""`dnkit test`: runs scenarios and tells which are not as they should be."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import msgspec

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.scenario_files import Outcome, Results, run_all, scenario_paths
from dnkit.model.errors import DnkitError
from dnkit.model.numbers import NS_PER_S, plain

MARKS = {"passed": ".", "failed": "F", "error": "E"}
WIDTH = 80


class NoMatch(DnkitError):
    """No scenario has the wanted word in its name."""

    exit_code = ExitCode.USAGE


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says."""

    paths: tuple[str, ...] = ()
    word: str = ""
    first_only: bool = False
    verbose: bool = False
    from_run: str = ""
    as_json: bool = False


def run_scenarios(asked: Asked) -> int:
    """Run the command: 0 when all passed, 1 when one failed, 3 when a file could not be read or run."""
    if asked.from_run:
        from dnkit.cli.from_run import print_scenario

        return print_scenario(asked.from_run)
    paths = _chosen(asked)
    results = run_all(paths, first_only=asked.first_only)
    if asked.as_json:
        out.envelope("test/1", content(results), ok=results.code is ExitCode.OK)
    else:
        for line in _lines(results, verbose=asked.verbose):
            out.data(line)
    return results.code


def _chosen(asked: Asked) -> list[Path]:
    paths = list(scenario_paths(asked.paths))
    chosen = [path for path in paths if asked.word.lower() in str(path).lower()]
    if not chosen:
        raise NoMatch(f"-k {asked.word}: none of {len(paths)} scenarios has that in its path")
    return chosen


# --- for people ----------------------------------------------------------------------------------


def _lines(results: Results, *, verbose: bool) -> Iterator[str]:
    yield from _one_each(results.outcomes) if verbose else _dots(results.outcomes)
    yield ""
    for word, title in (("error", "ERRORS"), ("failed", "FAILURES")):
        found = [one for one in results.outcomes if one.word == word]
        if found:
            yield f" {title} ".center(WIDTH, "=")
            for one in found:
                yield from _told(one)
    yield f" {_summary(results)} ".center(WIDTH, "=")


def _one_each(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for one in outcomes:
        yield f"{one.path} {one.word.upper()}{_end(one)}"


def _end(outcome: Outcome) -> str:
    if outcome.ran is None or outcome.ran.ended is None:
        return ""
    orders, seconds = len(outcome.ran.orders()), run_seconds(outcome)
    return f"  {outcome.ran.ended.end.value} after {seconds}s, {orders} order{'s' if orders != 1 else ''}"


def _dots(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for folder, of_folder in groupby(outcomes, key=lambda one: str(Path(one.path).parent)):
        yield f"{folder} {''.join(MARKS[one.word] for one in of_folder)}"


def _told(outcome: Outcome) -> Iterator[str]:
    yield f"{outcome.name} ({outcome.path})"
    if outcome.ran is None:
        yield from (f"  {line}" for line in outcome.error.splitlines())
    else:
        yield f"  {outcome.ran.scenario.about}"
    for unmet in outcome.unmet:
        expected, got = (_hung(text) for text in (unmet.expected, unmet.got))
        yield f"  {unmet.what}: expected {expected}"
        yield f"  {' ' * len(unmet.what)}  got      {got}"
    if outcome.ran is not None:
        yield "  story:"
        yield from (f"    {line}" for line in outcome.story())
    yield ""


def _hung(text: str) -> str:
    return text.replace("\n", "\n      ")


def _summary(results: Results) -> str:
    errors = results.count("error")
    counts = {word: results.count(word) for word in ("failed", "passed")}
    counts["error" if errors == 1 else "errors"] = errors
    words = [f"{count} {word}" for word, count in counts.items() if count]
    return f"{', '.join(words)} in {results.seconds:.2f}s"


# --- for programs --------------------------------------------------------------------------------


def run_seconds(outcome: Outcome) -> str:
    """How long the run took on its own clock."""
    return plain(Decimal(outcome.ran.now) / NS_PER_S) if outcome.ran is not None else "0"


def content(results: Results) -> dict[str, object]:
    """What `--json` tells."""
    return {
        "passed": results.count("passed"),
        "failed": results.count("failed"),
        "errors": results.count("error"),
        "seconds": f"{results.seconds:.3f}",
        "scenarios": [_row(one) for one in results.outcomes],
    }


def _row(outcome: Outcome) -> dict[str, object]:
    ran = outcome.ran
    ended = ran.ended if ran is not None else None
    return {
        "file": outcome.path,
        "name": outcome.name,
        "about": ran.scenario.about if ran is not None else None,
        "policy": ran.scenario.policy.name if ran is not None else None,
        "outcome": outcome.word,
        "end": ended.end if ended is not None else None,
        "risk": ended.risk if ended is not None else None,
        "text": ended.text if ended is not None else None,
        "seconds": run_seconds(outcome) if ran is not None else None,
        "orders": len(ran.orders()) if ran is not None else None,
        "unmet": outcome.unmet,
        "story": list(outcome.story()) if outcome.unmet else [],
        "error": outcome.error,
    }
