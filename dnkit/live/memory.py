"""What has to outlive the process: which id a venue knows an order of ours by, written before it is sent.

One SQLite file. A line outlives the process when `note` returns: an order that nobody remembers could not be
told from somebody else's. It reaches the disk while the order is under way, for to wait for that takes longer
than all the rest, and waking the thread that does it would hold the order up too. A power cut in this moment
leaves an order that the journal knows and the venue shows as foreign; the position then contradicts the
ledger, which no run ends over.
"""

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from dnkit.model.errors import DnkitError

SAVE_S = 0.001  # the order has left by then
_BUSY_S = 5
CLOSED = -1
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
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute(_TABLE)
            self._db.execute(_INDEX)
            self._log = os.open(f"{path}-wal", os.O_RDWR | os.O_CREAT, 0o600)
        self._saver = ThreadPoolExecutor(max_workers=1)
        self._saving: Future[None] | None = None
        self._due: asyncio.TimerHandle | None = None

    def note(self, key: str, venue_id: str, at_ns: int) -> None:
        """The order of that client id goes by this id there; one that is sent again has another id each
        time. Within a running loop. DnkitError too when the line before could not be brought to the disk.
        """
        with self._explained():
            if self._saving is not None and self._saving.done():
                self._saving.result()
            self._db.execute(
                "INSERT OR REPLACE INTO sent VALUES (?, ?, ?, ?)", (self._account, key, venue_id, at_ns)
            )
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(SAVE_S, self._save)

    def _save(self) -> None:
        self._due = None
        self._saving = self._saver.submit(os.fsync, self._log)

    def venue_ids(self, key: str) -> tuple[str, ...]:
        """The venue's ids of an order of ours, the last first; none where it never left."""
        query = "SELECT venue_id FROM sent WHERE account = ? AND client_id = ? ORDER BY at_ns DESC"
        return tuple(self._rows(query, key))

    def key(self, venue_id: str) -> str:
        """Our client id of an order there, "" for one of somebody else."""
        query = "SELECT client_id FROM sent WHERE account = ? AND venue_id = ?"
        return next(iter(self._rows(query, venue_id)), "")

    def close(self) -> None:
        """Let go of the file; all of it is on the disk then. Again is nothing."""
        if self._due is not None:
            self._due.cancel()
            self._save()
        self._saver.shutdown()
        self._db.close()
        if self._log != CLOSED:
            os.close(self._log)
            self._log = CLOSED

    def _rows(self, query: str, name: str) -> list[str]:
        with self._explained():
            return [text for (text,) in self._db.execute(query, (self._account, name))]

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise DnkitError(f"cannot use the memory of orders in {self._path}: {error}") from error
