"""`dnkit trade --resume RUN`: a run whose process died goes on at its policy's `recover` phase."""

from contextlib import closing
from functools import partial

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.exit_of import code_of
from dnkit.cli.outcome import Asked, Outcome, tell
from dnkit.cli.progress import make_display
from dnkit.journal.records import Run
from dnkit.journal.replay import state_at
from dnkit.model.errors import DnkitError
from dnkit.runtime.cycles import carry_out
from dnkit.runtime.floor import Stores, lay_floor, open_stores
from dnkit.runtime.folder import StateFolder, state_folder
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.market import UsageError, open_market, parse_market, parse_speed
from dnkit.runtime.run import PaperRun, RunResult
from dnkit.runtime.signals import Stopped, listening


class RunEnded(DnkitError):
    """The run has an end already."""

    exit_code = ExitCode.NO_RUN


def resume(asked: Asked) -> int:
    """Run the command; answers the exit code."""
    out.announce(out.PAPER, f"trade --resume {asked.resume} on {asked.market}")
    folder = state_folder()
    with open_stores(folder) as stores:
        run = stores.reader.run(asked.resume)
        if run.end is not None:
            raise RunEnded(f"run {run.header.run_id} has ended ({run.end.end.value}) already")
        result, code, notes = _resume(asked, run, stores, folder)
        tell(asked, run.header.policy, Outcome((result,), notes, code), stores.reader)
    return code


def _resume(
    asked: Asked, run: Run, stores: Stores, folder: StateFolder
) -> tuple[RunResult, ExitCode, tuple[str, ...]]:
    choice = parse_market(asked.market)
    if choice.name != run.header.market:
        raise UsageError(f"run {run.header.run_id} trades on {run.header.market}; give that as --market")
    legs, venues = run.program.legs, VenueFacts()
    books = asked.books or _books(run)
    instruments = {leg.name: leg.instrument for leg in legs}
    opened = open_market(choice, instruments, books, seed=asked.seed, loop=asked.loop, cache=folder.cache)
    with closing(make_display(quiet=asked.as_json, framed=not asked.as_json)) as display:
        speed = parse_speed(asked.speed)
        floor = lay_floor(stores, opened, venues, display.alert, speed=speed, seed=asked.seed)
        state = state_at(stores.reader, run)
        floor.world.settle(max(0, state.now_ns - floor.world.now()))
        places = range(len(legs))
        resumed = PaperRun(floor, run.header, run.program, state, places, display.stepped)
        display.began(resumed)
        with listening(floor.world, display.note) as stopped:
            resumed.restart()
            (result,) = carry_out(floor, (resumed,), display, partial(_code, stopped))
        return result, code_of(result, stopped.number), tuple(display.notes)


def _books(run: Run) -> tuple[str, ...]:
    """The recorded books the run was on; none on the synthetic market."""
    recorded = [leg for leg in run.header.legs if leg.book and not leg.book.startswith("synthetic")]
    return tuple(f"{leg.name}={leg.book}" for leg in recorded)


def _code(stopped: Stopped, result: RunResult) -> int:
    return code_of(result, stopped.number)
