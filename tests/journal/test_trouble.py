"""A journal that cannot be written says so before risk is added, and still lets a run get out."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from dnkit.engine.step import begin
from dnkit.journal import spare
from dnkit.journal.errors import DiskFull, JournalError
from dnkit.journal.reader import Reader
from dnkit.journal.records import AlertLine, Position
from dnkit.journal.spare import FALLBACK_NAME, RESERVE_BYTES, RESERVE_NAME
from dnkit.journal.verify import verify
from dnkit.journal.writer import CHECKPOINT_EVERY, Journal
from dnkit.model.alerts import HALT
from dnkit.model.events import StopAsked, Woken
from dnkit.model.terms import EndName, Risk
from tests.journal.tiny_run import ScriptedVenue, drive, make_header, make_program

LONG = "x" * 3_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 8 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)]
    made = subprocess.run(mount, capture_output=True, check=False)
    if made.returncode:
        pytest.skip("no right to mount a small disk here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill_up(disk: Path, leave: int = 0) -> None:
    """Take all the space that is left, except `leave` bytes."""
    with (disk / "filler").open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4_096)) == 4_096:
                pass
        except OSError:
            pass
        file.truncate(file.tell() - leave)


def append_until_trouble(journal: Journal, seq: int = 0) -> int:
    while not journal.trouble:
        seq += 1
        journal.append("r1", seq, seq, StopAsked(seq, LONG), (), "00", durable=False)
    return seq


def append_until_fallback(journal: Journal) -> int:
    seq = append_until_trouble(journal)
    while journal.fallback_path is None:
        seq += 1
        journal.append("r1", seq, seq, StopAsked(seq, LONG), (), "00", durable=False)
    return seq


def test_no_journal_without_room_for_it(small_disk: Path) -> None:
    fill_up(small_disk, leave=1_000_000)
    with pytest.raises(DiskFull, match="the disk is full; free some space"):
        Journal(small_disk / "journal.db")


def test_on_a_full_disk_risk_is_refused_and_the_way_out_is_still_recorded(small_disk: Path) -> None:
    path = small_disk / "journal.db"
    with Journal(path) as journal, Reader(path) as reader:
        journal.start_run(make_header(), make_program())
        assert (small_disk / RESERVE_NAME).stat().st_size == RESERVE_BYTES
        fill_up(small_disk)
        seq = append_until_trouble(journal)
        assert "the disk is full" in journal.trouble
        assert not (small_disk / RESERVE_NAME).exists(), "the reserve was given back"
        assert journal.fallback_path is None
        with pytest.raises(JournalError, match=r"nothing that adds risk is begun any more: .*disk is full"):
            journal.append("r1", seq + 1, 1, Woken(1), (), "00", durable=True)
        for more in range(1, 101):
            journal.append("r1", seq + more, more, Woken(more), (), "00", durable=False)
        assert journal.fallback_path is None, "the reserve holds a hundred lines"
        assert reader.count("r1") == seq + 100
        journal.end_run("r1", EndName.HALTED, Risk.FLAT, 20, "disk full", (Position(0, 0, 0),))
        assert reader.run("r1").end is not None


def test_a_durable_line_that_meets_the_full_disk_leaves_the_reserve_alone(small_disk: Path) -> None:
    with Journal(small_disk / "journal.db") as journal:
        journal.start_run(make_header(), make_program())
        fill_up(small_disk)
        with pytest.raises(DiskFull, match="the disk is full"):
            for seq in range(1, 2_000):
                journal.append("r1", seq, seq, StopAsked(seq, LONG), (), "00", durable=True)
        assert journal.trouble
        assert (small_disk / RESERVE_NAME).exists()


def test_when_the_reserve_is_used_up_lines_go_to_a_fallback_file_and_come_home_later(
    small_disk: Path,
) -> None:
    path = small_disk / "journal.db"
    with Journal(path) as journal:
        journal.start_run(make_header(), make_program())
        fill_up(small_disk)
        seq = append_until_fallback(journal)
        assert seq < 2_000
        (small_disk / "filler").unlink()
        for _ in range(20):
            seq += 1
            journal.append("r1", seq, seq, Woken(seq), (), "00", durable=False)
        journal.end_run("r1", EndName.HALTED, Risk.UNHEDGED, 22, "disk full", (Position(1, -7, None),))
        with Reader(path) as reader:
            assert reader.count("r1") < seq - 19
            assert reader.run("r1").end is None
        away = journal.fallback_path
    if away.parent != small_disk:  # the full disk took no byte, so the temporary folder was used
        (small_disk / FALLBACK_NAME).write_bytes(away.read_bytes())
        away.unlink()
    with Journal(path), Reader(path) as reader:
        lines = list(reader.lines("r1"))
        assert [line.seq for line in lines] == list(range(1, seq + 1))
        assert all(later.prev == earlier.hash for earlier, later in pairwise(lines))
        end = reader.run("r1").end
        assert end is not None
        assert (end.exit_code, end.tip) == (22, lines[-1].hash)
        assert reader.last_ledger("paper", "synthetic:calm", "lighter", "ETH-PERP") == (-7, None)
        assert not (small_disk / FALLBACK_NAME).exists()


def test_a_whole_run_by_way_of_the_fallback_verifies(tmp_path: Path) -> None:
    """Every line and the end of a run come from the fallback file; nothing is lost."""
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        drive(journal, ScriptedVenue({}))
        with Reader(path) as reader:
            lines, end = list(reader.lines("r1")), reader.run("r1").end
    assert end is not None
    other = tmp_path / "other"
    with Journal(other / "journal.db") as journal:
        journal.start_run(make_header(), make_program())
    fallback = spare.Fallback(other)
    for line in lines:
        fallback.write(line)
    fallback.write(spare.FallbackEnd("r1", end))
    fallback.close()
    with Journal(other / "journal.db"), Reader(other / "journal.db") as reader:
        assert verify(reader, "r1").ok
        assert reader.run("r1").end == end


def test_a_fallback_file_in_use_is_left_to_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        drive(journal, ScriptedVenue({}))
        with Reader(path) as reader:
            line = next(reader.lines("r1"))
    busy = spare.Fallback(tmp_path)
    busy.write(line)
    with Journal(path):
        assert (tmp_path / FALLBACK_NAME).exists()
    busy.close()
    with Journal(path):
        assert not (tmp_path / FALLBACK_NAME).exists()


def test_a_torn_last_line_of_the_fallback_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        journal.start_run(make_header(), make_program())
        journal.append("r1", 1, 1, Woken(1), (), "00", durable=False)
        with Reader(path) as reader:
            line = next(reader.lines("r1"))
    fallback = spare.Fallback(tmp_path)
    fallback.write(line)
    fallback.close()
    with (tmp_path / FALLBACK_NAME).open("ab") as file:
        file.write(b'{"type":"Line","run_id":"r1","se')
    with Journal(path), Reader(path) as reader:
        assert reader.count("r1") == 1


def test_an_alert_goes_to_the_fallback_file_and_comes_home_too(small_disk: Path) -> None:
    path = small_disk / "journal.db"
    with Journal(path) as journal:
        journal.start_run(make_header(), make_program())
        fill_up(small_disk)
        append_until_fallback(journal)
        (small_disk / "filler").unlink()
        journal.note_alert("r1", 7, HALT.raised("no room"))
        kept = journal.fallback_path
    if kept.parent == small_disk:
        with Journal(path), Reader(path) as reader:
            assert reader.alerts("r1") == [AlertLine("r1", 7, HALT.raised("no room"))]
    else:
        assert "no room" in kept.read_text()


def test_a_missing_checkpoint_stops_nothing(small_disk: Path) -> None:
    """Without room a stored state is left out, and the lines go on."""
    path = small_disk / "journal.db"
    state = replace(begin(make_program(), "r1"), halt="x" * RESERVE_BYTES)
    with Journal(path) as journal:
        journal.start_run(make_header(), make_program())
        fill_up(small_disk)
        seq = append_until_trouble(journal)
        while seq % CHECKPOINT_EVERY:
            seq += 1
            journal.append("r1", seq, seq, StopAsked(seq, LONG), (), "00", durable=False, state=state)
        with Reader(path) as reader:
            assert reader.checkpoint("r1") is None


@pytest.mark.parametrize("what", ["text", "sqlite"])
def test_a_file_that_is_no_journal_is_named(tmp_path: Path, what: str) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"hello" * 1_000 if what == "text" else b"SQLite format 3\0" + b"\xff" * 8_000)
    with pytest.raises(JournalError, match=r"journal .*journal\.db: it is (not a journal|damaged)") as caught:
        Journal(path)
    assert caught.value.exit_code == 3
    with pytest.raises(JournalError, match=r"it is (not a journal|damaged)"), Reader(path) as reader:
        reader.runs()


def test_a_path_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "journal.db", tmp_path):
        with pytest.raises(JournalError, match="journal "):
            Journal(path)
    with pytest.raises(JournalError, match="there is none yet"):
        Reader(tmp_path / "nowhere" / "journal.db")


def test_a_read_only_disk_is_refused_at_once(small_disk: Path) -> None:
    path = small_disk / "journal.db"
    with Journal(path) as journal:
        drive(journal, ScriptedVenue({}))
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(JournalError, match=r"read-only|cannot be opened"):
        Journal(path)
    with Reader(path) as reader:
        assert verify(reader, "r1").ok, "looking needs no right to write"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_the_right_to_write(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(JournalError, match=r"cannot be opened|read-only"):
        Journal(tmp_path / "journal.db")


def test_a_locked_journal_is_an_error_and_not_a_lost_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dnkit.journal.schema.BUSY_S", 0.05)
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        journal.start_run(make_header(), make_program())
        hog = sqlite3.connect(path, isolation_level=None)
        hog.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="another program holds it locked"):
            journal.append("r1", 1, 1, Woken(1), (), "00", durable=True)
        journal.append("r1", 1, 1, Woken(1), (), "00", durable=False)
        assert journal.fallback_path == tmp_path / FALLBACK_NAME
        hog.execute("ROLLBACK")
        hog.close()
    with Journal(path), Reader(path) as reader:
        assert reader.count("r1") == 1


def test_a_journal_of_a_newer_dnkit_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    for opens in (Journal, Reader):
        with pytest.raises(JournalError, match="newer dnkit"):
            opens(path)


def test_a_fallback_file_that_is_damaged_inside_is_kept_for_a_look(tmp_path: Path) -> None:
    """What lies before the damage is taken home; what lies behind it is not thrown away."""
    with Journal(tmp_path / "journal.db") as journal:
        drive(journal, ScriptedVenue({}))
        with Reader(tmp_path / "journal.db") as reader:
            lines = list(reader.lines("r1"))
    other = tmp_path / "other"
    with Journal(other / "journal.db") as journal:
        journal.start_run(make_header(), make_program())
    fallback = spare.Fallback(other)
    for line in lines[:4]:
        fallback.write(line)
    fallback.close()
    kept = (other / FALLBACK_NAME).read_bytes().splitlines()
    (other / FALLBACK_NAME).write_bytes(b"\n".join((kept[0], b"{", *kept[2:])) + b"\n")
    with Journal(other / "journal.db"), Reader(other / "journal.db") as reader:
        assert reader.count("r1") == 1
    damaged = list(other.glob("*.damaged"))
    assert [one.read_bytes().count(b"\n") for one in damaged] == [4]
    assert not (other / FALLBACK_NAME).exists()
