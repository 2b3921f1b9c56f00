"""Old runs go as a whole, everything that is needed later stays, and the space goes back to the disk."""

import sqlite3
import threading
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from dnkit.journal.prune import Pruned, overdue, prune
from dnkit.journal.reader import Reader
from dnkit.journal.records import RunHeader
from dnkit.journal.verify import verify
from dnkit.journal.writer import Journal
from dnkit.model.alerts import HALT
from dnkit.model.numbers import NS_PER_S
from tests.cli.command import dnkit
from tests.journal.tiny_run import ScriptedVenue, drive, make_header, make_program

EVER = 2**63 - 1


def nothing() -> None:
    """Nobody waits."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def fill(path: Path, runs: int) -> None:
    """Ended runs r1 to r{runs} of the wall clock's seconds 1 to {runs}, an alert each."""
    with Journal(path) as journal:
        for number in range(1, runs + 1):
            drive(journal, ScriptedVenue({}), run_id=f"r{number}", wall_ns=number * NS_PER_S)
            journal.note_alert(f"r{number}", number, HALT.raised("why"))


def counts(path: Path) -> dict[str, int]:
    """Rows by table."""
    with closing(sqlite3.connect(path)) as database:
        tables = ("runs", "lines", "checkpoints", "alerts")
        return {name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}


def test_which_runs_are_old(path: Path) -> None:
    fill(path, 6)
    assert overdue(path, 4 * NS_PER_S, 0) == ("r1", "r2", "r3")
    assert overdue(path, 4 * NS_PER_S, 4) == ("r1", "r2")
    assert overdue(path, EVER, 5) == ("r1",)
    assert overdue(path, EVER, 6) == ()


def test_a_run_without_an_end_is_never_old(path: Path) -> None:
    fill(path, 2)
    with Journal(path) as journal:
        header = make_header(run_id="cut-off", wall_ns=1)
        journal.start_run(header, make_program())
        assert overdue(path, EVER, 0) == ("r1", "r2")


def test_a_run_goes_as_a_whole_and_the_others_still_verify(path: Path) -> None:
    fill(path, 4)
    before = counts(path)
    pruned = prune(path, ("r1", "r3"), nothing)
    assert (pruned.runs, pruned.lines) == (2, before["lines"] // 2)
    assert counts(path) == {name: count // 2 for name, count in before.items()}
    with Reader(path) as reader:
        assert [one.header.run_id for one in reader.runs()] == ["r4", "r2"]
        assert verify(reader, "r2").ok
        assert verify(reader, "r4").ok


def test_the_last_word_on_an_account_stays(path: Path) -> None:
    with Journal(path) as journal:
        drive(journal, ScriptedVenue({}), run_id="old", wall_ns=1)
        account = last_account(path)
        assert account is not None
    prune(path, ("old",), nothing)
    assert counts(path)["runs"] == 0
    assert last_account(path) == account
    fill(path, 2)
    prune(path, ("r1", "r2"), nothing)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT DISTINCT run_id FROM ledgers").fetchall() == [("r2",)]


def last_account(path: Path) -> tuple[int, int | None] | None:
    header: RunHeader = make_header()
    leg = header.legs[0]
    with Reader(path) as reader:
        return reader.last_ledger(header.mode, header.market, leg.venue, leg.symbol)


def test_the_space_goes_back_to_the_disk(path: Path) -> None:
    fill(path, 24)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    full = path.stat().st_size
    assert prune(path, overdue(path, EVER, 2), nothing).bytes < full / 3


def test_a_journal_without_that_layout_is_pruned_all_the_same(path: Path) -> None:
    fill(path, 3)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("PRAGMA auto_vacuum = NONE")
        database.execute("VACUUM")
    assert prune(path, ("r1",), nothing).runs == 1
    with Reader(path) as reader:
        assert verify(reader, "r2").ok


def test_an_engine_writes_meanwhile(path: Path) -> None:
    fill(path, 12)
    told: list[Pruned] = []
    old, pause = overdue(path, EVER, 0), partial(time.sleep, 0.001)
    pruning = threading.Thread(target=lambda: told.append(prune(path, old, pause)))
    with Journal(path) as journal:
        pruning.start()
        for number in range(8):
            drive(journal, ScriptedVenue({}), run_id=f"new{number}", wall_ns=10**18)
        pruning.join()
        assert not journal.trouble
    assert told[0].runs == 12
    with Reader(path) as reader:
        assert len(reader.runs()) == 8
        assert all(verify(reader, f"new{number}").ok for number in range(8))


def test_the_command(state_folder: Path) -> None:
    assert dnkit("journal", "prune").code == 7
    assert dnkit("trade", "--policy", "emergency_unwind", "--cycles", "3").code == 0
    assert dnkit("journal", "prune", "--json").json["data"]["runs"] == 0
    assert dnkit("journal", "prune", "--days", "0", "--keep", "1").code == 8, "nobody can be asked"
    done = dnkit("journal", "prune", "--days", "0", "--keep", "1", "--yes", "--json")
    assert done.json["data"]["runs"] == 2
    assert dnkit("journal", "verify", "last").code == 0
    assert dnkit("trade", "--policy", "emergency_unwind").code == 0, "what the accounts hold is still known"
