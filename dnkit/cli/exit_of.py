"""Exit codes of runs, from how they ended and what the judge said."""

import signal
from collections.abc import Sequence

from dnkit.cli.exit_codes import ExitCode, of_end, worst
from dnkit.model.terms import EndName, Risk
from dnkit.runtime.run import RunResult

_RISKS = (Risk.FLAT, Risk.HEDGED, Risk.UNHEDGED, Risk.UNKNOWN)


def code_of(result: RunResult, signalled: int = 0) -> ExitCode:
    """Code of one run; `signalled` is the number of the signal that asked it to stop, 0 for none.

    What the venue's own book contradicts is unknown, whatever the run says. A journal that failed before
    anything was open is a matter of configuration; once something is open, the open risk is what counts.
    """
    if not result.verified:
        return ExitCode.UNKNOWN
    flat = result.is_flat
    if flat and result.stopped and signalled:
        return _signalled(signalled)
    if flat and result.trouble and (result.ended.end is EndName.HALTED or not result.traded):
        return ExitCode.CONFIG
    if result.stopped and signalled and result.ended.end is EndName.HEDGED:
        return ExitCode.HALTED_HEDGED  # it was not let go on, and something is open
    return of_end(result.ended.end, result.ended.risk)


def code_of_all(
    results: Sequence[RunResult], signalled: int = 0, flattened: Sequence[RunResult] = ()
) -> ExitCode:
    """Worst code of a command's runs. `flattened` are those that closed what the last of them had left: what
    is open is theirs to tell.

    A signal that came before the first or between two is told when nothing is open; without a signal at least
    one run was possible, or there was no market data.
    """
    last = final(results, flattened)
    codes = [code_of(one, signalled) for one in (*results[: -1 if flattened else None], *last)]
    halted = bool(results) and results[-1].ended.end is EndName.HALTED
    if flattened and halted and all(one.is_flat for one in last):
        codes.append(ExitCode.HALTED_FLAT)
    if signalled and all(one.is_flat for one in last):
        codes.append(_signalled(signalled))
    return worst(codes) if codes else ExitCode.VENUE


def final(results: Sequence[RunResult], flattened: Sequence[RunResult] = ()) -> tuple[RunResult, ...]:
    """The runs that tell what is open now: the last of the policy, or the last flatten of each account."""
    if not flattened:
        return tuple(results[-1:])
    return tuple({one.program.legs[0].instrument: one for one in flattened}.values())


def risk_of(results: Sequence[RunResult]) -> Risk:
    """The gravest of what these runs left open; what is not verified is unknown."""
    risks = (_risk(one) for one in results)
    return max(risks, key=_RISKS.index, default=Risk.FLAT)


def _risk(result: RunResult) -> Risk:
    if not result.verified:
        return Risk.UNKNOWN
    return Risk.FLAT if result.is_flat else result.ended.risk


def _signalled(number: int) -> ExitCode:
    return ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED
