"""A run of as many lines as asked for: the recorded one, with its venue telling positions again and again."""

import json
from pathlib import Path

from dnkit.engine.state import state_digest
from dnkit.engine.step import begin, step
from dnkit.journal.writer import Journal
from dnkit.model.events import PositionRead
from tests.tui.recording import recorded

STEP_NS = 10_000


def long_journal(folder: Path, lines: int) -> Path:
    """The journal's path. Every line is stepped by the real engine; every 500th has its checkpoint."""
    run, path = recorded(), folder / "journal.db"
    with Journal(path) as journal:
        journal.start_run(run.header, run.program)
        journal._database.execute("BEGIN")  # one commit for all: a recording is not what is tested
        state = begin(run.program, run.header.run_id)
        for number in range(lines):
            if number < 11:
                event = run.events[number]
            else:
                now = state.now_ns + STEP_NS
                leg = number % 2
                event = PositionRead(now, leg, 0, state.legs[leg].position, now)
            state, commands = step(run.program, state, event)
            journal.append(
                run.header.run_id, state.seq, state.now_ns, event, commands, state_digest(state), False, state
            )
        journal._database.execute("COMMIT")
    return path


def multiplied(path: Path, times: int) -> int:
    """Makes the run `times` as long by repeating its quiet lines in the file itself, checkpoints with
    them: for journals too long to be stepped in a test. Answers the number of lines.
    """
    import sqlite3

    database = sqlite3.connect(path)
    (last,) = database.execute("SELECT max(seq) FROM lines").fetchone()
    for turn in range(1, times):
        shift = turn * last
        database.execute(
            "INSERT INTO lines (run_id, seq, at_ns, event, commands, digest, prev, hash)"
            " SELECT run_id, seq + ?, at_ns, event, commands, digest, prev, hash FROM lines WHERE seq <= ?",
            (shift, last),
        )
    for seq, text in database.execute(
        "SELECT seq, state FROM checkpoints WHERE seq <= ?", (last,)
    ).fetchall():
        for turn in range(1, times):
            state = json.loads(text)
            state["seq"] = seq + turn * last
            database.execute(
                "INSERT OR REPLACE INTO checkpoints (run_id, seq, state) SELECT run_id, ?, ? FROM runs",
                (seq + turn * last, json.dumps(state, separators=(",", ":")).encode()),
            )
    database.commit()
    database.close()
    return int(last) * times
