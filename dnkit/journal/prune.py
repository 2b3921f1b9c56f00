"""Takes old runs out of a journal, so that it does not grow for ever.

A run goes as a whole or stays as a whole: what is left still verifies. Runs without an end stay, and so does
the last word on each account, which the next run begins with. Every run goes in a transaction of its own, so
an engine that writes meanwhile waits for one run at most; the space goes back to the disk in small steps.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec

from dnkit.journal.errors import explain
from dnkit.journal.schema import open_to_read, open_to_write

STEP_PAGES = 256  # given back at a time

_OVERDUE = (
    "SELECT run_id FROM runs WHERE closing IS NOT NULL"
    " AND coalesce(json_extract(header, '$.wall_ns'), 0) < ?"
    " AND rowid NOT IN (SELECT rowid FROM runs ORDER BY rowid DESC LIMIT ?) ORDER BY rowid"
)
_FORGET = (
    "DELETE FROM ledgers WHERE run_id NOT IN (SELECT run_id FROM runs)"
    " AND id NOT IN (SELECT max(id) FROM ledgers GROUP BY mode, market, venue, symbol)"
)


class Pruned(msgspec.Struct, frozen=True):
    """How many runs and lines went, and how large the file is now, in bytes."""

    runs: int
    lines: int
    bytes: int


def overdue(path: Path, before_ns: int, newest: int) -> tuple[str, ...]:
    """Ids of ended runs that began before that moment of the wall clock and are not among the `newest` of
    all, oldest first. A run that knows no wall clock (a simulated one) counts as old.
    """
    try:
        with closing(open_to_read(path)) as database:
            rows = database.execute(_OVERDUE, (before_ns, newest))
            return tuple(run_id for (run_id,) in rows)
    except sqlite3.Error as error:
        raise explain(path, error) from error


def prune(path: Path, run_ids: tuple[str, ...], pause: Callable[[], None]) -> Pruned:
    """Take these runs out, with a `pause` after each step for others to get their turn. JournalError when it
    cannot be done.
    """
    lines = 0
    try:
        with closing(open_to_write(path)) as database:
            for run_id in run_ids:
                lines += _drop(database, run_id)
                pause()
            database.execute(_FORGET)
            _give_back(database, pause)
            database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        return Pruned(len(run_ids), lines, path.stat().st_size)
    except (sqlite3.Error, OSError) as error:
        raise explain(path, error) from error


def _drop(database: sqlite3.Connection, run_id: str) -> int:
    database.execute("BEGIN IMMEDIATE")
    try:
        lines = database.execute("DELETE FROM lines WHERE run_id = ?", (run_id,)).rowcount
        for table in ("checkpoints", "alerts", "runs"):
            database.execute(f"DELETE FROM {table} WHERE run_id = ?", (run_id,))
        database.execute("COMMIT")
    finally:
        if database.in_transaction:
            database.execute("ROLLBACK")
    return lines


def _give_back(database: sqlite3.Connection, pause: Callable[[], None]) -> None:
    """Free pages to the disk; a journal of a version before 0.3 keeps them and uses them again."""
    if not database.execute("PRAGMA auto_vacuum").fetchone()[0]:
        return
    while database.execute("PRAGMA freelist_count").fetchone()[0]:
        database.execute(f"PRAGMA incremental_vacuum({STEP_PAGES})").fetchall()
        pause()
