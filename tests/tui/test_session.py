"""Which run is shown, and whether its engine is called silent."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from dnkit.journal.writer import Journal
from dnkit.model.alerts import BUDGET_LOW
from dnkit.tui.session import Session
from dnkit.tui.view.scene import ENDED, LIVE, REPLAY
from tests.tui.recording import GROUP, RUN_ID, Recorded, journal_of, recorded, written
from tests.tui.scenes import LINKED

SECOND = 1_000_000_000


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.db") as made:
        yield made


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = Session(tmp_path / "journal.db")
    yield made
    made.close()


def run_of(name: str, group: str = GROUP) -> Recorded:
    """The recorded run under another name."""
    found = recorded()
    return replace(found, header=replace(found.header, run_id=name, group=group))


def put(journal: Journal, name: str, group: str = GROUP, lines: int | None = None) -> None:
    for _ in written(journal, run_of(name, group), lines=lines):
        pass


def shown(session: Session, wall_s: int) -> str:
    session.poll(wall_s * SECOND)
    return session.scene.trail.run_id if session.scene.trail is not None else ""


def test_a_run_that_goes_on_is_stayed_with(journal: Journal, session: Session) -> None:
    put(journal, "first", lines=11)
    assert shown(session, 1) == "first"
    put(journal, "other", "another command", lines=11)
    assert shown(session, 2) == "first"


def test_after_a_run_comes_the_next_of_its_command(journal: Journal, session: Session) -> None:
    put(journal, "first")
    assert shown(session, 1) == "first"
    assert session.scene.moment.way == ENDED
    put(journal, "next")
    put(journal, "other", "another command", lines=11)
    assert shown(session, 2) == "next"


def test_between_two_cycles_another_command_is_not_looked_at(journal: Journal, session: Session) -> None:
    put(journal, "first")
    assert shown(session, 1) == "first"
    session.scene.word = LINKED
    put(journal, "other", "another command", lines=11)
    assert shown(session, 2) == "first"
    session.scene.word = replace(LINKED, linked=False)
    assert shown(session, 3) == "other"


def test_the_runs_of_a_flatten_are_followed(journal: Journal, session: Session) -> None:
    put(journal, "first")
    assert shown(session, 1) == "first"
    session.scene.word = replace(LINKED, flattening=True)
    put(journal, "closing", "its own", lines=11)
    assert shown(session, 2) == "closing"


def test_a_run_that_is_named_stays(tmp_path: Path, journal: Journal) -> None:
    put(journal, "first", lines=11)
    named = Session(tmp_path / "journal.db", "first")
    put(journal, "next", lines=11)
    assert shown(named, 1) == "first"
    assert named.scene.moment.way == LIVE
    named.close()


def test_the_run_before_an_engine_s_own_is_not_shown(tmp_path: Path, journal: Journal) -> None:
    put(journal, "old")
    waiting = Session(tmp_path / "journal.db", but="old")
    assert shown(waiting, 1) == ""
    put(journal, "new", lines=5)
    assert shown(waiting, 2) == "new"
    waiting.close()


def test_alerts_of_all_cycles_are_shown_and_stay_acknowledged(journal: Journal, session: Session) -> None:
    put(journal, "first")
    journal.note_alert("first", 1, BUDGET_LOW.raised("one"))
    shown(session, 1)
    session.scene.acked |= set(session.scene.alerts)
    put(journal, "next", lines=5)
    journal.note_alert("next", 2, BUDGET_LOW.raised("two"))
    shown(session, 2)
    shown(session, 3)
    assert [one.alert.text for one in session.scene.alerts] == ["one", "two"]
    assert session.scene.unacked == 1


def test_an_engine_that_speaks_is_not_silent(journal: Journal, session: Session) -> None:
    put(journal, "first", lines=12)
    shown(session, 1)
    session.alive(30 * SECOND)
    shown(session, 31)
    assert session.scene.moment.silent_ns == 0
    shown(session, 33)
    assert session.scene.moment.silent_ns == 32 * SECOND


def test_a_run_that_was_cut_off_long_ago_is_silent_at_once(tmp_path: Path) -> None:
    path = journal_of(tmp_path, lines=12)
    for one in tmp_path.glob("journal.db*"):
        os.utime(one, (1_000_000_000, 1_000_000_000))
    session = Session(path)
    assert shown(session, 1) == RUN_ID
    assert session.scene.stale
    session.close()


def test_a_journal_that_is_damaged_is_told_and_not_died_of(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"no journal" * 1_000)
    session = Session(tmp_path / "journal.db")
    assert shown(session, 1) == ""
    session.close()


def test_an_ended_run_that_is_opened_is_played_and_then_followed_again(
    journal: Journal, session: Session
) -> None:
    put(journal, "first")
    put(journal, "second")
    assert shown(session, 1) == "second"
    session.open(session.scene.runs[1], 2 * SECOND)
    assert shown(session, 3) == "first"
    assert session.scene.moment.way == REPLAY
    session.follow(4 * SECOND)
    assert session.scene.moment.way == ENDED
