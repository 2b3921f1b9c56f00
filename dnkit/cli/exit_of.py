"""Exit codes of runs, from how they ended and what the judge said."""

import signal
from collections.abc import Sequence

from dnkit.cli.exit_codes import ExitCode, of_end, worst
from dnkit.model.terms import EndName, Risk
from dnkit.runtime.run import RunResult


def code_of(result: RunResult, signalled: int = 0) -> ExitCode:
    """Code of one run; `signalled` is the number of the signal that asked it to stop, 0 for none.

    What the venue's own book contradicts is unknown, whatever the run says. A journal that failed before
    anything was open is a matter of configuration; once something is open, the open risk is what counts.
    """
    if not result.verified:
        return ExitCode.UNKNOWN
    flat = _is_flat(result)
    if flat and result.stopped and signalled:
        return _signalled(signalled)
    if flat and result.trouble and (result.ended.end is EndName.HALTED or not result.traded):
        return ExitCode.CONFIG
    return of_end(result.ended.end, result.ended.risk)


def code_of_all(results: Sequence[RunResult], signalled: int = 0) -> ExitCode:
    """Worst code of a command's runs. A signal that came before the first or between two is told when nothing
    is open; without a signal at least one run was possible, or there was no market data.
    """
    codes = [code_of(one, signalled) for one in results]
    if signalled and (not results or _is_flat(results[-1])):
        codes.append(_signalled(signalled))
    return worst(codes) if codes else ExitCode.VENUE


def _is_flat(result: RunResult) -> bool:
    return result.ended.risk is Risk.FLAT or result.ended.end is EndName.FLAT


def _signalled(number: int) -> ExitCode:
    return ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED
