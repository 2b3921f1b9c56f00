"""What `flatten` is asked, and what it tells: the plan before, the results after."""

from collections.abc import Iterator, Sequence

import msgspec

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.gate import Passed
from dnkit.cli.outcome import all_verified, cycle_content, last_line
from dnkit.model.numbers import plain
from dnkit.runtime.flatten import PlanRow
from dnkit.runtime.run import RunResult

PAPER_NOTE = "No orders of ours are left to cancel: paper orders end with the command that placed them."


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The command line of `flatten`: of a run, or of a venue."""

    run: str = ""
    endpoint: str = ""
    venue: str = ""
    symbol: str = ""
    market: str = ""
    books: tuple[str, ...] = ()
    seed: int = 1
    speed: str = "max"
    dry_run: bool = False
    yes: bool = False
    paper: bool = False
    live: bool = False
    timeout_s: int = 0
    as_json: bool = False


def mode_of(asked: Asked) -> str:
    """Live or paper."""
    return out.LIVE if asked.live else out.PAPER


def nothing(asked: Asked) -> int:
    """Tell that nothing is open."""
    if asked.as_json:
        _print_json(asked, (), Passed(), (), ExitCode.OK)
    out.say(f"{mode_of(asked).upper()}  nothing to flatten on {asked.venue}")
    return ExitCode.OK


def close(
    asked: Asked,
    plan: tuple[PlanRow, ...],
    passed: Passed,
    results: tuple[RunResult, ...],
    code: ExitCode,
    foreign: Sequence[str] = (),
) -> int:
    """Tell what was done; `foreign` are orders of others, left alone."""
    if asked.as_json:
        with out.whoever_reads():
            _print_json(asked, plan, passed, results, code, foreign)
    for result in results:
        out.say(last_line(f"flatten {asked.venue}", (result,), code, mode_of(asked)))
    if asked.dry_run:
        out.say(f"{mode_of(asked).upper()}  dry run: nothing was sent")
    return code


def _print_json(
    asked: Asked,
    plan: tuple[PlanRow, ...],
    passed: Passed,
    results: tuple[RunResult, ...],
    code: ExitCode,
    foreign: Sequence[str] = (),
) -> None:
    content = {
        "venue": asked.venue,
        "exit_code": code,
        "verified": all_verified(results),
        "dry_run": asked.dry_run,
        "plan": plan,
        "proofs": passed.content,
        "foreign_orders": foreign,
        "results": [cycle_content(one) for one in results],
    }
    ok = code is ExitCode.OK
    out.envelope("flatten/1", content, ok=ok, mode=mode_of(asked), warnings=passed.warnings)


def plan_text(plan: tuple[PlanRow, ...], note: str) -> str:
    """The plan as a table, with what it does not say for itself."""
    headers = ("symbol", "position", "do", "bid", "ask", "worst price", "cost", "fees")
    return "\n".join((out.table(headers, [_cells(one) for one in plan]), *_notes(plan, note)))


def _cells(one: PlanRow) -> tuple[str, ...]:
    prices = (plain(one.bid), plain(one.ask), plain(one.bound))
    cost = "unknown" if one.cost is None else f"{plain(round(one.cost, 4))} {one.quote}"
    do = "nothing" if one.dust else one.side
    return (one.symbol, f"{plain(one.position)} {one.base}", do, *prices, cost, plain(round(one.fees, 4)))


def _notes(plan: tuple[PlanRow, ...], note: str) -> Iterator[str]:
    yield "Every order is reduce-only, none goes beyond the worst price; cost is against mid, fees in it."
    yield note
    for one in plan:
        if one.dust:
            yield f"{one.symbol}: below the venue's minimum, it cannot be traded and stays."
        elif one.cost is None:
            yield f"{one.symbol}: the book shows too little up to the worst price; a part may stay open."
