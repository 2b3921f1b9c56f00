"""Verification finds every change to a run, and says where."""

import json
import sqlite3
from pathlib import Path

import pytest

from dnkit.engine.state import state_digest
from dnkit.journal import chain
from dnkit.journal.errors import RunNotFound
from dnkit.journal.export import COLUMNS, to_csv, to_jsonl
from dnkit.journal.reader import Reader
from dnkit.journal.replay import replay, state_at
from dnkit.journal.verify import Verdict, verify
from dnkit.journal.writer import CHECKPOINT_EVERY, Journal
from tests.journal.tiny_run import ScriptedVenue, drive

SCRIPT = {(0, 1): ["rest", "fill:300", "fill:700"], (1, 1): ["cross"], (1, 2): ["fill:400", "expire"]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        drive(journal, ScriptedVenue(SCRIPT))
    return path


def tamper(path: Path, statement: str, *values: object) -> Verdict:
    database = sqlite3.connect(path, isolation_level=None)
    changed = database.execute(statement, values).rowcount
    database.close()
    assert changed > 0
    with Reader(path) as reader:
        return verify(reader, "r1")


def found(verdict: Verdict) -> tuple[int, str]:
    assert verdict.difference is not None
    assert not verdict.ok
    return verdict.difference.seq, verdict.difference.what


def test_an_untouched_run_is_good(path: Path) -> None:
    with Reader(path) as reader:
        verdict = verify(reader, "r1")
        assert verdict.ok
        assert verdict.lines == reader.count("r1") > 20
        with pytest.raises(RunNotFound):
            verify(reader, "r2")


@pytest.mark.parametrize("seq", [1, 8, 15, 22])
def test_one_changed_byte_of_an_event_is_found_at_its_line(path: Path, seq: int) -> None:
    with Reader(path) as reader:
        event = list(reader.lines("r1"))[seq - 1].event
    digit = next(place for place, letter in enumerate(event) if letter in "123456789")
    changed = event[:digit] + str((int(event[digit]) + 1) % 10) + event[digit + 1 :]
    verdict = tamper(path, "UPDATE lines SET event = ? WHERE seq = ?", changed, seq)
    assert found(verdict) == (seq, "hash")
    assert verdict.lines == seq - 1


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("UPDATE lines SET commands = '[]' WHERE seq = 8", (8, "hash")),
        ("UPDATE lines SET digest = '0' WHERE seq = 8", (8, "hash")),
        ("UPDATE lines SET at_ns = at_ns + 1 WHERE seq = 8", (8, "hash")),
        ("UPDATE lines SET prev = '0' WHERE seq = 8", (8, "prev")),
        ("DELETE FROM lines WHERE seq = 8", (8, "gap")),
        ("DELETE FROM lines WHERE seq >= 20", (-1, "missing")),
        ("UPDATE runs SET header = replace(header, 'paper', 'livre')", (1, "prev")),
        ("UPDATE runs SET program = replace(program, 'cannot go on', 'cannot go in')", (0, "program")),
        ("UPDATE runs SET program = '{}'", (0, "program")),
        ("UPDATE runs SET closing = replace(closing, '\"exit_code\":0', '\"exit_code\":1')", (-1, "end")),
        ("UPDATE runs SET closing = '{}'", (-1, "end")),
    ],
)
def test_every_other_change_is_found_too(path: Path, statement: str, where: tuple[int, str]) -> None:
    assert found(tamper(path, statement)) == where


def rechain(path: Path, seq: int, **changes: str) -> Verdict:
    """Change a line and mend the chain behind it, as somebody who knows the chain would."""
    with Reader(path) as reader:
        lines = list(reader.lines("r1"))
    database = sqlite3.connect(path, isolation_level=None)
    prev = lines[seq - 1].prev
    for line in lines[seq - 1 :]:
        event = changes.get("event", line.event) if line.seq == seq else line.event
        commands = changes.get("commands", line.commands) if line.seq == seq else line.commands
        digest = changes.get("digest", line.digest) if line.seq == seq else line.digest
        own = chain.line_hash(prev, line.seq, line.at_ns, event, commands, digest)
        values = (event, commands, digest, prev, own, line.seq)
        database.execute(
            "UPDATE lines SET event = ?, commands = ?, digest = ?, prev = ?, hash = ? WHERE seq = ?", values
        )
        prev = own
    database.close()
    with Reader(path) as reader:
        return verify(reader, "r1")


def test_a_change_with_a_mended_chain_is_found_by_replaying(path: Path) -> None:
    with Reader(path) as reader:
        lines = list(reader.lines("r1"))
    commands = lines[7].commands.replace('"lots":1000', '"lots":1001')
    assert found(rechain(path, 8, commands=commands)) == (8, "commands")
    assert found(rechain(path, 8, commands=lines[7].commands, digest="0" * 16)) == (8, "digest")
    assert found(rechain(path, 8, digest=lines[7].digest, event="{}")) == (8, "event")
    more = lines[9].event.replace('"cum":300', '"cum":3000')
    assert found(rechain(path, 10, event=more))[0] in (8, 10)


def test_a_mended_chain_still_does_not_fit_the_end(path: Path) -> None:
    with Reader(path) as reader:
        last = list(reader.lines("r1"))[-1]
    verdict = rechain(path, last.seq, event=last.event.replace('"text":""', '"text":"x"'))
    assert found(verdict) == (-1, "missing")


def test_replay_gives_the_state_of_every_line(path: Path) -> None:
    with Reader(path) as reader:
        run = reader.run("r1")
        steps = list(replay(reader, run))
        assert [state_digest(one.after) for one in steps] == [one.line.digest for one in steps]
        assert state_at(reader, run) == steps[-1].after
        assert state_at(reader, run, 10) == steps[9].after


def test_a_stored_state_shortens_the_way_and_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        # Fills of one lot each: a long run.
        script = {(0, 1): ["rest", *["fill:1"] * 1_000], (1, 1): ["rest", *["fill:1"] * 1_000]}
        drive(journal, SlowVenue(script))
    with Reader(path) as reader:
        run = reader.run("r1")
        known = reader.checkpoint("r1")
        assert known is not None
        assert known[0] >= CHECKPOINT_EVERY
        assert verify(reader, "r1").ok
        assert state_at(reader, run, known[0] + 3) == list(replay(reader, run))[known[0] + 2].after
    seq = known[0]
    assert found(tamper(path, "UPDATE checkpoints SET state = x'00' WHERE seq = ?", seq)) == (
        seq,
        "checkpoint",
    )


class SlowVenue(ScriptedVenue):
    """The same venue with its fills one millisecond apart, so that they fit into a phase's patience."""

    step_ns = 1_000_000


def test_export_gives_every_line(path: Path) -> None:
    with Reader(path) as reader:
        lines = list(reader.lines("r1"))
    rows = [json.loads(row) for row in to_jsonl(lines)]
    assert [row["seq"] for row in rows] == [line.seq for line in lines]
    assert rows[7]["commands"][0]["kind"] == "PlaceOrder"
    assert rows[7]["hash"] == lines[7].hash
    table = list(to_csv(lines))
    assert table[0] == ",".join(COLUMNS)
    assert len(table) == len(lines) + 1
    assert table[8].startswith('r1,8,1040000000,BookRead,0,"{""type"":""BookRead""')
