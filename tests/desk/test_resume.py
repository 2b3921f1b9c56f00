"""A run cut off after any line is brought to its end: the venues' books and the ledger agree again."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dnkit.cli.exit_of import code_of
from dnkit.engine.state import State
from dnkit.journal.replay import state_at
from dnkit.journal.verify import verify
from dnkit.model.events import Event
from dnkit.model.terms import EndName
from dnkit.runtime.cycles import carry_out
from dnkit.runtime.run import Floor, PaperRun, RunResult
from tests.desk.floor import Quiet, floor_for, program
from tests.desk.test_cycles import cycles


class Dying(Quiet):
    """Dies at a step, after its line was written and its requests were sent."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.step = step

    def stepped(self, _event: Event, _state: State) -> None:
        self.steps += 1
        if self.steps == self.step:
            raise KeyboardInterrupt


def resume(floor: Floor, listener: Quiet) -> RunResult:
    """Bring the unfinished run to its end."""
    (run,) = floor.reader.unfinished()
    state = state_at(floor.reader, run)
    floor.world.settle(max(0, state.now_ns - floor.world.now()))
    places = range(len(run.program.legs))
    resumed = PaperRun(floor, run.header, run.program, state, places, listener.stepped)
    listener.began(resumed)
    resumed.restart()
    (result,) = carry_out(floor, (resumed,), listener, code_of)
    return result


@pytest.mark.parametrize("name", ["close_two_phase", "open_post_only_hedge", "emergency_unwind"])
@pytest.mark.parametrize("step", range(1, 30))
def test_a_run_cut_off_anywhere_can_be_resumed(name: str, step: int, tmp_path: Path) -> None:
    with floor_for(program(name), tmp_path) as floor:
        try:
            cycles(floor, name, 1, Dying(step))
        except KeyboardInterrupt:
            pass
        else:
            assert floor.reader.unfinished() == []
            return
    with floor_for(program(name), tmp_path) as floor:
        result = resume(floor, Quiet())
        assert result.verified, (result.ended, result.verdicts)
        assert result.ended.end is not EndName.HALTED, result.ended.text
        assert verify(floor.reader, result.run_id).ok
        assert floor.reader.unfinished() == []


def test_fills_that_no_line_tells_of_are_found_again(tmp_path: Path) -> None:
    """The venue filled, the process died before it heard: the look-up by client id tells the total."""
    with floor_for(program("close_two_phase"), tmp_path) as floor:
        (first,) = cycles(floor, "close_two_phase", 1, Quiet())
        assert first.traded
    with closing(sqlite3.connect(tmp_path / "journal.db")) as database, database:
        (told,) = database.execute("SELECT min(seq) FROM lines WHERE kind = 'OrderFilled'").fetchone()
        database.execute("DELETE FROM lines WHERE seq >= ?", (told,))
        database.execute("DELETE FROM ledgers WHERE run_id != ''")
        database.execute("UPDATE runs SET closing = NULL")
    with floor_for(program("close_two_phase"), tmp_path) as floor:
        result = resume(floor, Quiet())
    assert result.ended.end is EndName.FLAT
    assert result.verified


def test_what_was_asked_before_the_crash_still_counts(tmp_path: Path) -> None:
    name = "close_two_phase"
    with floor_for(program(name), tmp_path) as floor:
        with pytest.raises(KeyboardInterrupt):
            cycles(floor, name, 1, Dying(9))
        used = [one.budget.calls - one.budget.room(floor.world.now()) for one in floor.traffic.values()]
        (run,) = floor.reader.unfinished()
        floor.traffic.clear()
        resumed = PaperRun(
            floor, run.header, run.program, state_at(floor.reader, run), range(2), Quiet().stepped
        )
        resumed.restart()
        after = [one.budget.calls - one.budget.room(floor.world.now()) for one in floor.traffic.values()]
    assert sum(used) > 0
    assert all(now > before for now, before in zip(after, used, strict=True))
