"""A run is read as the engine wrote it, from its start or from a checkpoint, forwards and back."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dnkit.engine.state import State
from dnkit.engine.step import begin
from dnkit.journal.reader import Reader
from dnkit.journal.replay import state_at
from dnkit.journal.writer import Journal
from dnkit.model.events import Woken
from dnkit.readers.facts import gather
from dnkit.tui.session import Session
from dnkit.tui.view.scene import LIVE, moment_of
from dnkit.tui.view.trail import RECENT, WHOLE, Trail
from tests.tui.long_run import long_journal
from tests.tui.recording import RUN_ID, journal_of, recorded

LINES = 12_000


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with Reader(journal_of(tmp_path)) as found:
        yield found


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal of one long run."""
    return long_journal(tmp_path_factory.mktemp("long"), LINES)


def test_the_state_of_every_line_is_the_replayed_one(reader: Reader) -> None:
    trail = Trail(reader, reader.run(RUN_ID))
    seen: list[State] = []
    while trail.advance(most=1):
        seen.append(trail.state)
    assert seen == [state_at(reader, trail.run, seq) for seq in range(1, len(recorded().events) + 1)]


def test_any_line_can_be_gone_to_from_any_other(reader: Reader) -> None:
    trail = Trail(reader, reader.run(RUN_ID))
    for seq in (12, 3, 23, 1, 22, 12):
        trail.seek(seq)
        assert trail.seq == seq
        assert trail.state == state_at(reader, trail.run, seq)
        assert trail.rows[-1].seq == seq


def test_the_facts_are_those_of_the_report(reader: Reader) -> None:
    run = reader.run(RUN_ID)
    trail = Trail(reader, run)
    trail.advance(most=999)
    facts = gather(reader, run)
    assert facts is not None
    assert trail.facts == facts


def test_phases_are_jumped_to_both_ways(reader: Reader) -> None:
    trail = Trail(reader, reader.run(RUN_ID))
    trail.advance(1)
    met = []
    while trail.seq < trail.last_seq():
        trail.seek(trail.jump(1))
        met.append(trail.seq)
    assert met == [7, 15, 18, 19, 23]
    back = []
    while trail.seq > 1:
        trail.seek(trail.jump(-1))
        back.append(trail.seq)
    assert back == [19, 18, 15, 7, 1]


def test_a_long_run_is_read_from_a_checkpoint(long: Path) -> None:
    with Reader(long) as reader:
        trail = Trail(reader, reader.run("last"))
        trail.open_near(trail.last_seq())
        assert RECENT <= LINES - trail.seq <= RECENT + 500
        assert trail.since > 1
        trail.advance(most=LINES)
        assert trail.seq == LINES
        assert trail.state == state_at(reader, trail.run)
        trail.seek(5_000)
        assert trail.state == state_at(reader, trail.run, 5_000)
        trail.seek(10)
        assert (trail.seq, trail.since) == (10, 1)
        assert WHOLE < LINES


def test_the_first_screen_of_a_long_run_does_not_wait_for_all_of_it(long: Path) -> None:
    start = time.perf_counter()
    session = Session(long)
    session.poll(time.monotonic_ns())
    passed = time.perf_counter() - start
    assert session.scene.trail is not None
    assert session.scene.trail.seq == LINES
    session.close()
    assert passed < 2.0


def test_a_reader_never_holds_the_writer_up(tmp_path: Path) -> None:
    path = journal_of(tmp_path, lines=12)
    session = Session(path)
    session.poll(1)
    with Journal(path) as journal, closing(sqlite3.connect(path, timeout=0)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
        state = begin(recorded().program, RUN_ID)
        assert session.scene.trail is not None
        state = session.scene.trail.state
        assert state.wake_ns is not None
        journal.append(RUN_ID, 13, state.now_ns, Woken(state.now_ns), (), "", False)
    session.close()


def test_the_clock_of_a_run_stands_where_the_engine_is_due(reader: Reader) -> None:
    trail = Trail(reader, reader.run(RUN_ID))
    trail.advance(11)
    trail.seek(11)
    state = trail.state
    assert state.wake_ns is not None
    rest = state.wake_ns - state.now_ns
    assert moment_of(trail, LIVE, 0, rest // 2).now_ns == state.now_ns + rest // 2
    late = moment_of(trail, LIVE, 0, rest + 1_000_000_000)
    assert (late.now_ns, late.silent_ns) == (state.wake_ns, 0)
    dead = moment_of(trail, LIVE, 0, rest + 3_000_000_000)
    assert (dead.now_ns, dead.silent_ns) == (state.wake_ns, rest + 3_000_000_000)
