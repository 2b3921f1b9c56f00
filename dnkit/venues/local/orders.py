"""The exchange's book of all orders it ever took, on disk: whoever wants the truth asks here, not a trader.

One SQLite file in WAL mode, one row an order, written at the moment something became of it. Rows are plain
enough for the `sqlite3` tool: `SELECT * FROM orders WHERE state = 'live'`.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec

from dnkit.model.commands import PlaceOrder
from dnkit.model.errors import DnkitError
from dnkit.venues.paper_order import PaperOrder

LIVE, REFUSED = "live", "refused"
_BUSY_S = 5
_FACTS = "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
_TABLE = """CREATE TABLE IF NOT EXISTS orders (
    account TEXT NOT NULL, venue TEXT NOT NULL, symbol TEXT NOT NULL, client_id TEXT NOT NULL,
    state TEXT NOT NULL, side INTEGER NOT NULL, type TEXT NOT NULL, lots INTEGER NOT NULL,
    filled INTEGER NOT NULL, worth INTEGER NOT NULL, reduce_only INTEGER NOT NULL,
    placed_ns INTEGER NOT NULL, asked TEXT NOT NULL,
    PRIMARY KEY (account, venue, symbol, client_id)
) WITHOUT ROWID"""
_WRITE = f"INSERT OR REPLACE INTO orders VALUES ({', '.join('?' * 13)})"
_OF_LISTING = "WHERE account = ? AND venue = ? AND symbol = ?"
_asked = msgspec.json.Decoder(PlaceOrder).decode


class Orders:
    """The file of one exchange; DnkitError when it cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._explained():
            self._db = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_S)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = OFF")  # outlives us; a power cut may take the last
            self._db.execute(_TABLE)
            self._db.execute(_FACTS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def write(self, account: str, venue: str, symbol: str, order: PaperOrder) -> None:
        """What has become of an order."""
        asked = order.asked
        text = msgspec.json.encode(asked).decode()
        name = (account, venue, symbol, asked.key)
        figures = (asked.lots, order.cum, order.worth, asked.reduce_only, order.since_ns)
        with self._explained():
            self._db.execute(
                _WRITE, (*name, _state(order), int(asked.side), asked.type.value, *figures, text)
            )

    def past(self, account: str, venue: str, symbol: str) -> tuple[PlaceOrder, ...]:
        """Orders an earlier exchange process took, oldest first. What rested then is cancelled by now."""
        where = (account, venue, symbol)
        with self._explained():
            self._db.execute(
                f"UPDATE orders SET state = 'cancelled' {_OF_LISTING} AND state = ?", (*where, LIVE)
            )
            query = f"SELECT asked FROM orders {_OF_LISTING} AND state != ? ORDER BY placed_ns, client_id"
            rows = self._db.execute(query, (*where, REFUSED))
            return tuple(_asked(text) for (text,) in rows)

    def fact(self, name: str) -> str | None:
        """What the exchange noted about itself, None if nothing."""
        with self._explained():
            row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
            return None if row is None else str(row[0])

    def note(self, name: str, value: str) -> None:
        """Keep a fact about the exchange (its name, its clock)."""
        with self._explained():
            self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise DnkitError(f"cannot use the exchange's orders in {self.path}: {error}") from error


def _state(order: PaperOrder) -> str:
    if order.refused is not None:
        return REFUSED
    return LIVE if order.ended is None else order.ended.value
