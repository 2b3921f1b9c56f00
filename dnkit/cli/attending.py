"""What `trade` and `trade --resume` share around their runs: the operator is heard, and what he wants flat
gets flat before the command ends.
"""

from collections.abc import Callable, Iterable
from functools import partial

from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.exit_of import code_of, code_of_all, final, risk_of
from dnkit.cli.outcome import last_line
from dnkit.cli.places import Place
from dnkit.control.words import End
from dnkit.runtime.attend import Command, attended
from dnkit.runtime.flatten import flatten_rest
from dnkit.runtime.folder import state_folder
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.run import RunResult
from dnkit.runtime.signals import Stopped

Results = tuple[RunResult, ...]
CodeOf = Callable[[RunResult], int]


def carried_out(
    opened: Place, command: Command, runs: Callable[[CodeOf], Iterable[RunResult]]
) -> tuple[Results, ExitCode]:
    """Carry out the runs that `runs` makes, with an ear for the operator; all results in their order, those
    of a flatten last, and the exit code of the command.
    """
    floor, display = opened.floor, opened.display
    with attended(state_folder().root, floor, command, display.note) as stopped:
        code = partial(_code, stopped)
        results = tuple(runs(code))
        names, last = opened.book_names, final(results)
        flattened = tuple(flatten_rest(floor, command.legs, names, VenueFacts(), display, code, last))
        all_code = code_of_all(results, stopped.number, flattened)
        last = final(results, flattened)
        text = last_line(command.policy, last, all_code, floor.house.mode)
        floor.helm.end = End(exit_code=all_code, risk=risk_of(last), text=text)
    return (*results, *flattened), all_code


def _code(stopped: Stopped, result: RunResult) -> int:
    return code_of(result, stopped.number)
