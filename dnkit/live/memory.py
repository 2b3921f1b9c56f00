"""What has to outlive the process: which id a venue knows an order of ours by, written before it is sent.

One SQLite file. A line is on the disk when `note` returns: an order that nobody remembers could not be told
from somebody else's.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dnkit.model.errors import DnkitError

_BUSY_S = 5
_TABLE = """CREATE TABLE IF NOT EXISTS sent (
    account TEXT NOT NULL, client_id TEXT NOT NULL, venue_id TEXT NOT NULL, at_ns INTEGER NOT NULL,
    PRIMARY KEY (account, venue_id)
) WITHOUT ROWID"""
_INDEX = "CREATE INDEX IF NOT EXISTS sent_by_client_id ON sent (account, client_id, at_ns)"


class Memory:
    """Orders of one `account` (a name that holds the venue); DnkitError when the file cannot be used."""

    def __init__(self, path: Path, account: str) -> None:
        self._path, self._account = path, account
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_S)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute(_TABLE)
            self._db.execute(_INDEX)

    def note(self, key: str, venue_id: str, at_ns: int) -> None:
        """The order of that client id goes by this id there; one that is sent again has another id each
        time.
        """
        with self._explained():
            self._db.execute(
                "INSERT OR REPLACE INTO sent VALUES (?, ?, ?, ?)", (self._account, key, venue_id, at_ns)
            )

    def venue_ids(self, key: str) -> tuple[str, ...]:
        """The venue's ids of an order of ours, the last first; none where it never left."""
        query = "SELECT venue_id FROM sent WHERE account = ? AND client_id = ? ORDER BY at_ns DESC"
        return tuple(self._rows(query, key))

    def key(self, venue_id: str) -> str:
        """Our client id of an order there, "" for one of somebody else."""
        query = "SELECT client_id FROM sent WHERE account = ? AND venue_id = ?"
        return next(iter(self._rows(query, venue_id)), "")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _rows(self, query: str, name: str) -> list[str]:
        with self._explained():
            return [text for (text,) in self._db.execute(query, (self._account, name))]

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise DnkitError(f"cannot use the memory of orders in {self._path}: {error}") from error
