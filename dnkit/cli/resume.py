"""`dnkit trade --resume RUN`: a run whose process died goes on at its policy's `recover` phase."""

from collections.abc import Callable

import msgspec

from dnkit.cli import out
from dnkit.cli.attending import carried_out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.outcome import Asked, Outcome, tell
from dnkit.cli.places import Place, place, refuse_slips, where
from dnkit.journal.errors import RunNotFound
from dnkit.journal.reader import Reader
from dnkit.journal.records import Run
from dnkit.journal.replay import state_at
from dnkit.model.errors import DnkitError
from dnkit.runtime.attend import Command
from dnkit.runtime.cycles import carry_out
from dnkit.runtime.folder import StateFolder, state_folder
from dnkit.runtime.market import UsageError
from dnkit.runtime.markets import live_flags
from dnkit.runtime.run import PaperRun, RunResult
from dnkit.venues.local.exchange import MARKET


class RunEnded(DnkitError):
    """The run has an end already."""

    exit_code = ExitCode.NO_RUN


def resume(asked: Asked) -> int:
    """Run the command; answers the exit code."""
    out.announce(out.mode_of(asked.live), f"trade --resume {asked.resume} on {where(asked)}")
    refuse_slips(asked)
    folder = state_folder()
    known = _find(folder, asked.resume)
    books = asked.books or (() if asked.endpoint or asked.live else books_of(known))
    asked = msgspec.structs.replace(asked, books=books)
    with place(asked, known.program.legs, folder, resumed=True) as opened:
        run = _ours(opened.floor.reader.run(known.header.run_id), opened.floor.house.market)
        results, code = _resume(run, opened)
        notes = tuple(opened.display.notes)
        opened.display.close()
        tell(asked, run.header.policy, Outcome(results, notes, code), opened.floor.reader)
    return code


def _find(folder: StateFolder, run_id: str) -> Run:
    """The run of that name, without an end; RunNotFound or RunEnded."""
    if not folder.journal.exists():
        raise RunNotFound(f"there is no journal in {folder.root}, and no run {run_id}")
    with Reader(folder.journal) as reader:
        return _open(reader.run(run_id))


def _open(run: Run) -> Run:
    if run.end is not None:
        raise RunEnded(f"run {run.header.run_id} has ended ({run.end.end.value}) already")
    return run


def _ours(run: Run, market: str) -> Run:
    """The run once its accounts are ours: another engine may have ended it meanwhile, and it may have traded
    elsewhere.
    """
    refuse_elsewhere(run, market)
    return _open(run)


def refuse_elsewhere(run: Run, market: str) -> None:
    """UsageError for a run whose accounts are on another market."""
    if run.header.market != market:
        if flags := live_flags(run.header.market):
            raise UsageError(f"run {run.header.run_id} trades on {run.header.market}; give{flags}")
        flag = "--endpoint" if run.header.market.startswith(MARKET) else "--market"
        raise UsageError(f"run {run.header.run_id} trades on {run.header.market}; give that as {flag}")


def _resume(run: Run, opened: Place) -> tuple[tuple[RunResult, ...], ExitCode]:
    floor, display, header = opened.floor, opened.display, run.header
    state = state_at(floor.reader, run)
    floor.world.settle(max(0, state.now_ns - floor.world.now()))
    command = Command(group=header.group or header.run_id, policy=header.policy, legs=run.program.legs)

    def runs(code: Callable[[RunResult], int]) -> tuple[RunResult, ...]:
        places = range(len(run.program.legs))
        resumed = PaperRun(floor, header, run.program, state, places, display.stepped)
        display.began(resumed)
        resumed.restart()
        return carry_out(floor, (resumed,), display, code)

    return carried_out(opened, command, runs)


def books_of(run: Run) -> tuple[str, ...]:
    """The recorded books the run was on; none on the synthetic market."""
    recorded = [leg for leg in run.header.legs if leg.book and not leg.book.startswith("synthetic")]
    return tuple(f"{leg.name}={leg.book}" for leg in recorded)
