"""What was asked of `trade` and what came of it: the data of the command, and its last line."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.figures import report_content, report_text
from dnkit.cli.picture import draw
from dnkit.cli.progress import judge_text
from dnkit.journal.reader import Reader
from dnkit.machine.program import LegSpec
from dnkit.model.numbers import NS_PER_S
from dnkit.model.terms import PAPER, EndName
from dnkit.runtime.run import RunResult
from dnkit.venues.judge import Verdict


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The command line of `trade`. `accept`: what adds risk may go unproven. `endpoint`: address of an
    exchange, "" for paper venues in this process; with `live`, which venue is where.
    """

    policy: str
    settings: tuple[str, ...] = ()
    reason: str = ""
    market: str = "synthetic"
    endpoint: str = ""
    seed: int = 1
    books: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    clips: tuple[str, ...] = ()
    speed: str = "max"
    cycles: int = 1
    loop: bool = False
    resume: str = ""
    report: bool = True
    svg: Path | None = None
    live: bool = False
    yes: bool = False
    accept: bool = False
    as_json: bool = False


class Outcome(msgspec.Struct, frozen=True):
    """What the runs of a command came to; `proofs` are those of its programs, for JSON."""

    results: tuple[RunResult, ...]
    notes: tuple[str, ...]
    code: ExitCode
    proofs: Sequence[Mapping[str, object]] = ()


def tell(asked: Asked, name: str, outcome: Outcome, reader: Reader) -> None:
    """The data of the command: report and verdict as text, or all of it as JSON."""
    first = outcome.results[0].run_id if outcome.results else ""
    with out.whoever_reads():
        _tell_data(asked, name, outcome, reader, first)
    if asked.svg is not None and first:
        draw(reader, first, asked.svg)
    out.say(last_line(name, outcome.results, outcome.code, out.mode_of(asked.live)))


def _tell_data(asked: Asked, name: str, outcome: Outcome, reader: Reader, first: str) -> None:
    if asked.as_json:
        content = {
            "policy": name,
            "market": asked.market,
            "exit_code": outcome.code,
            "verified": all_verified(outcome.results),
            "proofs": outcome.proofs,
            "cycles_wanted": asked.cycles,
            "cycles": [cycle_content(one) for one in outcome.results],
            "report": report_content(reader, first) if asked.report and first else None,
        }
        ok = outcome.code is ExitCode.OK
        out.envelope("trade/1", content, ok=ok, mode=out.mode_of(asked.live), warnings=outcome.notes)
    elif asked.report and first:
        out.data(report_text(reader, first))


def all_verified(results: Sequence[RunResult]) -> bool | None:
    """Whether the judge had nothing to say against any run; None when there was none."""
    return all(one.verified for one in results) if results else None


def cycle_content(result: RunResult) -> dict[str, object]:
    """One run as JSON content."""
    return {
        "run_id": result.run_id,
        "end": result.ended.end,
        "risk": result.ended.risk,
        "text": result.ended.text,
        "traded": result.traded,
        "verified": result.verified,
        "seconds": Decimal(result.ended_ns - result.began_ns) / NS_PER_S,
        "trouble": result.trouble,
        "legs": [
            _leg_content(spec, one) for spec, one in zip(result.program.legs, result.verdicts, strict=True)
        ],
    }


def _leg_content(spec: LegSpec, verdict: Verdict) -> dict[str, object]:
    return {
        "leg": spec.name,
        "venue": verdict.venue,
        "symbol": verdict.symbol,
        "position": spec.instrument.quantity(verdict.position),
        "orders_resting": verdict.resting,
        "findings": verdict.findings,
    }


def last_line(name: str, results: Sequence[RunResult], code: ExitCode, mode: str = PAPER) -> str:
    """Mode, policy, the judge's word on the last run, and the exit code."""
    if not results:
        return f"{mode.upper()}  {name}: nothing was run"
    count = len(results)
    good = sum(one.verified and one.ended.end is not EndName.HALTED for one in results)
    cycles = f"{good} of {count} cycles ended as intended and verified; " if count > 1 else ""
    return f"{mode.upper()}  {name}: {cycles}{judge_text(results[-1])} (exit {code.value})"
