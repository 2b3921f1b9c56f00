"""Exit codes of runs, from how they ended and what the judge said."""

import signal

from dnkit.cli.exit_codes import ExitCode, of_end
from dnkit.model.terms import EndName, Risk
from dnkit.runtime.run import RunResult


def code_of(result: RunResult, signalled: int = 0) -> ExitCode:
    """Code of one run; `signalled` is the number of the signal that asked it to stop, 0 for none.

    What the venue's own book contradicts is unknown, whatever the run says. A journal that failed before
    anything was open is a matter of configuration; once something is open, the open risk is what counts.
    """
    if not result.verified:
        return ExitCode.UNKNOWN
    flat = result.ended.risk is Risk.FLAT or result.ended.end is EndName.FLAT
    if flat and result.stopped and signalled:
        return ExitCode.INTERRUPTED if signalled == signal.SIGINT else ExitCode.TERMINATED
    if flat and result.trouble and (result.ended.end is EndName.HALTED or not result.traded):
        return ExitCode.CONFIG
    return of_end(result.ended.end, result.ended.risk)
