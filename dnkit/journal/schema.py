"""Tables and views of `journal.db`, and how it is opened.

Everything a human may want is text or integer, so the `sqlite3` tool reads it: `SELECT * FROM fills`.
Kind and leg of a line are computed from its event, so they cannot disagree with it.
"""

import os
import sqlite3
from pathlib import Path

from dnkit.journal.errors import JournalError, explain

VERSION = 2
BUSY_S = 5
CHECKPOINT_PAGES = 500  # of the WAL, before it is folded into the database
WAL_BYTES = (CHECKPOINT_PAGES + 12) * (4_096 + 24)

TABLES = """
CREATE TABLE IF NOT EXISTS runs (
  run_id TEXT PRIMARY KEY, started_ns INTEGER NOT NULL, mode TEXT NOT NULL, market TEXT NOT NULL,
  policy TEXT NOT NULL, digest TEXT NOT NULL, group_id TEXT NOT NULL,
  header TEXT NOT NULL, program TEXT NOT NULL,
  ended_ns INTEGER, "end" TEXT, risk TEXT, exit_code INTEGER, text TEXT, closing TEXT
);
CREATE TABLE IF NOT EXISTS lines (
  run_id TEXT NOT NULL, seq INTEGER NOT NULL, at_ns INTEGER NOT NULL,
  event TEXT NOT NULL, commands TEXT NOT NULL,
  digest TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL,
  kind TEXT GENERATED ALWAYS AS (json_extract(event, '$.type')) VIRTUAL,
  leg INTEGER GENERATED ALWAYS AS (json_extract(event, '$.leg')) VIRTUAL,
  PRIMARY KEY (run_id, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS checkpoints (
  run_id TEXT NOT NULL, seq INTEGER NOT NULL, state BLOB NOT NULL, PRIMARY KEY (run_id, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledgers (
  id INTEGER PRIMARY KEY, run_id TEXT NOT NULL, mode TEXT NOT NULL, market TEXT NOT NULL, venue TEXT NOT NULL,
  symbol TEXT NOT NULL, lots INTEGER, entry INTEGER, note TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS alerts (
  id INTEGER PRIMARY KEY, run_id TEXT NOT NULL, at_ns INTEGER NOT NULL,
  code TEXT NOT NULL, severity TEXT NOT NULL, text TEXT NOT NULL, act TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS ledgers_of_account ON ledgers (mode, market, venue, symbol, id);
CREATE INDEX IF NOT EXISTS alerts_of_run ON alerts (run_id);
CREATE VIEW IF NOT EXISTS orders AS
  SELECT l.run_id, l.seq, l.at_ns, json_extract(c.value, '$.leg') AS leg,
    json_extract(r.header, '$.legs[' || json_extract(c.value, '$.leg') || '].symbol') AS symbol,
    json_extract(c.value, '$.order') AS "order", json_extract(c.value, '$.key') AS client_id,
    iif(json_extract(c.value, '$.side') > 0, 'buy', 'sell') AS side, json_extract(c.value, '$.type') AS type,
    json_extract(c.value, '$.lots') AS lots, json_extract(c.value, '$.price') AS price_ticks,
    json_extract(c.value, '$.reduce_only') AS reduce_only, json_extract(c.value, '$.adds_risk') AS adds_risk,
    json_extract(c.value, '$.reason') AS reason
  FROM lines l JOIN runs r USING (run_id), json_each(l.commands) c
  WHERE json_extract(c.value, '$.kind') = 'PlaceOrder';
CREATE VIEW IF NOT EXISTS fills AS
  SELECT l.run_id, l.seq, l.at_ns, l.leg, json_extract(r.header, '$.legs[' || l.leg || '].symbol') AS symbol,
    json_extract(l.event, '$.order') AS "order", json_extract(l.event, '$.cum') AS filled_lots,
    json_extract(l.event, '$.worth') AS worth_ticks_x_lots, json_extract(l.event, '$.fee') AS fee_picos,
    json_extract(l.event, '$.maker') AS maker
  FROM lines l JOIN runs r USING (run_id) WHERE l.kind = 'OrderFilled';
"""


def open_to_write(path: Path) -> sqlite3.Connection:
    """Connection for the one writer of this process, tables made. JournalError when that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)
        try:
            _prepare(database, path)
        except (sqlite3.Error, OSError, JournalError):
            database.close()
            raise
    except (sqlite3.Error, OSError) as error:
        raise explain(path, error) from error
    return database


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    version = _version(database, path)
    if version == 0:  # a new file: what is pruned of it later can give its space back
        database.execute("PRAGMA auto_vacuum = INCREMENTAL")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    database.execute("BEGIN IMMEDIATE")  # fails now, not at the first line, when the file may not be written
    if version < VERSION:
        for statement in TABLES.split(";\n"):
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {VERSION}")
    database.execute("COMMIT")
    database.execute("BEGIN IMMEDIATE")
    _grow_wal(path.with_name(f"{path.name}-wal"))
    database.execute("ROLLBACK")


def _grow_wal(path: Path) -> None:
    """Fill the WAL up with zeros to the size it may get before it is used again from its start.

    A commit into space that a file has already is one write to the disk; one that makes the file longer waits
    for the file system's own records too, which takes twice as long. Zeros behind the last frame are no frame
    to SQLite. The caller holds the write lock, so nobody else is adding frames.
    """
    with path.open("r+b") as wal:
        missing = WAL_BYTES - wal.seek(0, os.SEEK_END)
        if missing > 0:
            wal.write(bytes(missing))
            wal.flush()
            os.fsync(wal.fileno())


def open_to_read(path: Path) -> sqlite3.Connection:
    """Connection that cannot write. JournalError when there is no journal or it cannot be read."""
    if not path.is_file():
        raise JournalError(f"journal {path}: there is none yet; it is made by the first run")
    try:
        return _connect(f"{path.resolve().as_uri()}?{_how_to_read(path)}", path)
    except sqlite3.Error as error:
        raise explain(path, error) from error


def _how_to_read(path: Path) -> str:
    """Where the folder cannot be written SQLite finds no place for its index; without a WAL it needs none."""
    alone = not path.with_name(f"{path.name}-wal").exists()
    return "immutable=1" if alone and not os.access(path.parent, os.W_OK) else "mode=ro"


def _connect(address: str, path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_S)
    try:
        _version(database, path)
    except (sqlite3.Error, JournalError):
        database.close()
        raise
    return database


def _version(database: sqlite3.Connection, path: Path) -> int:
    version: int = database.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise JournalError(f"journal {path}: made by a newer dnkit (format {version}; this one: {VERSION})")
    return version
