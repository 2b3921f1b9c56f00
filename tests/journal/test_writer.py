"""The journal keeps what was appended, in order, chained, and readable by the standard tools."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from dnkit.engine.step import begin
from dnkit.journal.chain import genesis
from dnkit.journal.errors import JournalError, RunNotFound
from dnkit.journal.reader import Reader
from dnkit.journal.records import Position
from dnkit.journal.verify import verify
from dnkit.journal.writer import CHECKPOINT_EVERY, Journal
from dnkit.model.alerts import HALT
from dnkit.model.errors import BugError
from dnkit.model.events import Woken
from dnkit.model.terms import EndName, Risk
from tests.journal.tiny_run import ScriptedVenue, drive, make_header, make_program


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


def test_a_run_is_read_back_as_it_was_written(path: Path) -> None:
    with Journal(path) as journal, Reader(path) as reader:
        state = drive(journal, ScriptedVenue({}), params=(("hedge_for", "3s"),))
        run = reader.run("last")
        assert run.header == make_header(params=(("hedge_for", "3s"),))
        assert run.program == make_program()
        assert run.end is not None
        assert (run.end.end, run.end.risk, run.end.seq) == (EndName.HEDGED, Risk.HEDGED, state.seq)
        lines = list(reader.lines("r1"))
        assert [line.seq for line in lines] == list(range(1, state.seq + 1))
        header, program, _ = reader.texts("r1")
        assert lines[0].prev == genesis(header, program)
        assert all(later.prev == earlier.hash for earlier, later in pairwise(lines))
        assert list(reader.lines("r1", after_seq=5)) == lines[5:]


def test_alerts_are_kept_in_order_beside_the_lines(path: Path) -> None:
    with Journal(path) as journal, Reader(path) as reader:
        drive(journal, ScriptedVenue({}))
        journal.note_alert("r1", 5, HALT.raised("why"))
        journal.note_alert("r2", 6, HALT.raised("another"))
        journal.note_alert("r1", 7, HALT.raised("why not", "warn"))
        told = [(one.at_ns, one.alert.severity, str(one.alert)) for one in reader.alerts("r1")]
        assert told == [(5, "page", "HALT why"), (7, "warn", "HALT why not")]
        assert reader.alerts("r1")[0].alert.act == HALT.act
        assert verify(reader, "r1").ok


def test_a_journal_of_an_earlier_version_has_no_alerts_and_gets_room_for_them(path: Path) -> None:
    with Journal(path) as journal:
        drive(journal, ScriptedVenue({}))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DROP TABLE alerts")
        database.execute("PRAGMA user_version = 1")
    with Reader(path) as reader:
        assert reader.alerts("r1") == []
    with Journal(path) as journal, Reader(path) as reader:
        journal.note_alert("r1", 5, HALT.raised("why"))
        assert len(reader.alerts("r1")) == 1


def test_lines_show_while_the_run_goes_on(path: Path) -> None:
    with Journal(path) as journal, Reader(path) as reader:
        journal.start_run(make_header(), make_program())
        for seq in (1, 2, 3):
            journal.append("r1", seq, seq, Woken(seq), (), "00", durable=seq == 2)
            assert [line.seq for line in reader.lines("r1", seq - 1)] == [seq]
        assert [run.header.run_id for run in reader.unfinished()] == ["r1"]
        journal.end_run("r1", EndName.IDLE, Risk.FLAT, 0, "")
        assert reader.unfinished() == []


def test_a_gap_is_a_bug_and_an_unknown_run_an_error(path: Path) -> None:
    with Journal(path) as journal:
        journal.start_run(make_header(), make_program())
        with pytest.raises(BugError, match="line 2 of run r1 does not follow line 0"):
            journal.append("r1", 2, 5, Woken(5), (), "00", durable=False)
        with pytest.raises(RunNotFound, match="no run r9") as caught:
            journal.append("r9", 1, 5, Woken(5), (), "00", durable=False)
        assert caught.value.exit_code == 7


def test_a_run_begun_twice_is_refused(path: Path) -> None:
    with Journal(path) as journal:
        journal.start_run(make_header(), make_program())
        with pytest.raises(JournalError, match="UNIQUE"):
            journal.start_run(make_header(), make_program())


def test_an_ended_run_takes_no_more_lines(path: Path) -> None:
    with Journal(path) as journal:
        state = drive(journal, ScriptedVenue({}))
        with pytest.raises(JournalError, match="has ended"):
            journal.append("r1", state.seq + 1, 5, Woken(5), (), "00", durable=False)


def test_another_process_goes_on_where_a_run_was_cut_off(path: Path) -> None:
    with Journal(path) as journal:
        journal.start_run(make_header(), make_program())
        journal.append("r1", 1, 7, Woken(7), (), "00", durable=True)
    with Journal(path) as journal, Reader(path) as reader:
        journal.append("r1", 2, 8, Woken(8), (), "01", durable=False)
        first, second = reader.lines("r1")
        assert second.prev == first.hash


def test_the_ledger_of_an_account_is_that_of_its_newest_end_or_note(path: Path) -> None:
    account = ("paper", "synthetic:calm", "aster", "ETH-PERP")
    with Journal(path) as journal, Reader(path) as reader:
        assert reader.last_ledger(*account) is None
        drive(journal, ScriptedVenue({}))
        assert reader.last_ledger(*account) == (1_000, 49_999_000)
        assert reader.last_ledger("live", *account[1:]) is None
        journal.start_run(make_header("r2"), make_program())
        assert reader.last_ledger(*account) == (1_000, 49_999_000), "a run that has not ended tells nothing"
        journal.end_run("r2", EndName.HALTED, Risk.UNHEDGED, 22, "why", (Position(0, -40, None),))
        assert reader.last_ledger(*account) == (-40, None)
        names = dict(zip(("mode", "market", "venue", "symbol"), account, strict=True))
        journal.note_ledger(**names, lots=5, entry=250, note="seeded")
        assert reader.last_ledger(*account) == (5, 250)
        journal.note_ledger(**names, lots=None, entry=None, note="reset")
        assert reader.last_ledger(*account) is None


def test_runs_of_one_command_stay_together(path: Path) -> None:
    with Journal(path) as journal, Reader(path) as reader:
        for number in (1, 2, 3):
            drive(journal, ScriptedVenue({}), f"r{number}", group="g" if number > 1 else "", cycle=number)
        assert [run.header.run_id for run in reader.runs()] == ["r3", "r2", "r1"]
        assert [run.header.run_id for run in reader.runs(limit=1)] == ["r3"]
        assert [run.header.run_id for run in reader.runs(group="g")] == ["r2", "r3"]
        assert [run.header.run_id for run in reader.runs(group="r1")] == ["r1"]


def test_plain_sql_reads_orders_and_fills(path: Path) -> None:
    with Journal(path) as journal:
        drive(journal, ScriptedVenue({(1, 1): ["cross"]}))
    with closing(sqlite3.connect(path)) as database:
        orders = database.execute(
            "SELECT leg, symbol, client_id, side, type, lots, reason FROM orders"
        ).fetchall()
        assert orders == [
            (0, "ETH-PERP", "r1-quote-1", "buy", "post_only", 1_000, "quote#1"),
            (1, "ETH-PERP", "r1-hedge-1", "sell", "post_only", 1_000, "hedge_passive#1"),
            (1, "ETH-PERP", "r1-hedge-2", "sell", "ioc", 1_000, "hedge#1"),
        ]
        fills = database.execute('SELECT leg, "order", filled_lots, maker FROM fills').fetchall()
        assert fills == [(0, 1, 1_000, 1), (1, 2, 1_000, 0)]
        kinds = database.execute("SELECT kind, leg FROM lines WHERE seq IN (1, 2) ORDER BY seq").fetchall()
        assert kinds == [("Started", None), ("OrdersSwept", 0)]
        row = database.execute('SELECT mode, policy, "end", exit_code, header FROM runs').fetchone()
        assert row[:4] == ("paper", "tiny_open", "hedged", 0)
        assert json.loads(row[4])["legs"][0]["tick"] == "0.01"


def test_checkpoints_are_stored_now_and_then(path: Path) -> None:
    state = begin(make_program(), "r1")
    with Journal(path) as journal, Reader(path) as reader:
        journal.start_run(make_header(), make_program())
        for seq in range(1, 2 * CHECKPOINT_EVERY + 10):
            marked = msgspec.structs.replace(state, seq=seq)
            journal.append("r1", seq, seq, Woken(seq), (), "00", durable=False, state=marked)
        late = reader.checkpoint("r1")
        assert late is not None
        assert late == (2 * CHECKPOINT_EVERY, msgspec.structs.replace(state, seq=2 * CHECKPOINT_EVERY))
        early = reader.checkpoint("r1", 2 * CHECKPOINT_EVERY - 1)
        assert early is not None
        assert early[0] == CHECKPOINT_EVERY
        assert reader.checkpoint("r1", CHECKPOINT_EVERY - 1) is None


KILLED = """
import os, signal, sys
from pathlib import Path
from dnkit.journal.writer import Journal
from dnkit.model.events import Woken
from tests.journal.tiny_run import make_header, make_program
journal = Journal(Path(sys.argv[1]))
journal.start_run(make_header(), make_program())
for seq in range(1, 1001):
    journal.append("r1", seq, seq, Woken(seq), (), "00", durable=seq % 100 == 0)
    if seq == 777:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_loses_no_line_of_either_class(path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    with Reader(path) as reader:
        assert [line.seq for line in reader.lines("r1")] == list(range(1, 778))


def test_two_writers_share_a_journal(path: Path) -> None:
    with Journal(path) as one, Journal(path) as two, Reader(path) as reader:
        one.start_run(make_header("r1"), make_program())
        two.start_run(make_header("r2"), make_program())
        for seq in range(1, 600):
            one.append("r1", seq, seq, Woken(seq), (), "00", durable=False)
            two.append("r2", seq, seq, Woken(seq), (), "00", durable=seq % 50 == 0)
        assert reader.count("r1") == reader.count("r2") == 599
        tips = [list(reader.lines(run))[-1].seq for run in ("r1", "r2")]
        assert tips == [599, 599]


def test_the_record_survives_closing_and_opening_again(path: Path) -> None:
    with Journal(path) as journal:
        drive(journal, ScriptedVenue({}))
    with Journal(path), Reader(path) as reader:
        assert verify(reader, "r1").ok
