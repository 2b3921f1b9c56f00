"""Paper accounts on disk: opened by one command, closed by the next.

One SQLite file in WAL mode. Every fill is one transaction that moves the account and adds a line to its tape,
so a killed process loses nothing and the tape always sums to the position. Amounts are Decimal text in coin
and quote currency, not lots and ticks: a changed grid in a capability file does not change what was stored.
Resting orders are not stored: they live in the process that placed them and end with it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Self

import msgspec

from dnkit.model.errors import DnkitError
from dnkit.model.numbers import from_pico, on_grid, to_pico
from dnkit.venues.account import Account, Holding, PaperFill, Store

LAYOUT = 1
BUSY_S = 5

_TABLES = """
CREATE TABLE account (
    market TEXT NOT NULL, venue TEXT NOT NULL, symbol TEXT NOT NULL,
    lot TEXT NOT NULL, tick TEXT NOT NULL,
    position TEXT NOT NULL, entry TEXT NOT NULL, realised TEXT NOT NULL, fees TEXT NOT NULL,
    seeded_by TEXT NOT NULL, updated_ns INTEGER NOT NULL, revision INTEGER NOT NULL,
    PRIMARY KEY (market, venue, symbol)
) WITHOUT ROWID;
CREATE TABLE tape (
    id INTEGER PRIMARY KEY,
    market TEXT NOT NULL, venue TEXT NOT NULL, symbol TEXT NOT NULL,
    at_ns INTEGER NOT NULL, quantity TEXT NOT NULL, price TEXT NOT NULL, fee TEXT NOT NULL,
    trade TEXT NOT NULL
);
CREATE INDEX tape_of_account ON tape (market, venue, symbol);
"""
_READ = "SELECT * FROM account"
_ONE = " WHERE market = ? AND venue = ? AND symbol = ?"


class AccountRow(msgspec.Struct, frozen=True):
    """One stored account: signed `position` in coin, its signed cost `entry`, totals in quote currency."""

    market: str
    venue: str
    symbol: str
    lot: Decimal
    tick: Decimal
    position: Decimal
    entry: Decimal
    realised: Decimal
    fees: Decimal
    seeded_by: str
    updated_ns: int
    revision: int

    @property
    def entry_price(self) -> Decimal | None:
        """Average price of the open position, None when flat."""
        return self.entry / self.position if self.position else None


class PaperAccounts:
    """The accounts of one state folder; one that another process changed is refused, not overwritten."""

    def __init__(self, path: Path) -> None:
        """Open or create the file; DnkitError when it cannot be used or was written by a newer dnkit."""
        self.path = path
        with self._explained("open"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)
            try:
                self._prepare()
            except (sqlite3.Error, DnkitError):
                self._db.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; accounts loaded from it can no longer be filled."""
        self._db.close()

    def load(self, market: str, venue: str, symbol: str, lot: Decimal, tick: Decimal) -> Account:
        """The account, flat when it is new; DnkitError when an open position was kept on another grid."""
        row = self.find(market, venue, symbol)
        return self._account(row, Account(market, venue, symbol, lot=lot, tick=tick))

    def seed(
        self,
        market: str,
        venue: str,
        symbol: str,
        lot: Decimal,
        tick: Decimal,
        *,
        lots: int,
        price: int,
        by: str,
        at_ns: int = 0,
    ) -> Account:
        """Give a flat account signed `lots` at `price` ticks, noting `by` whom; DnkitError when not flat."""
        row = self.find(market, venue, symbol)
        account = self._account(row, Account(market, venue, symbol, lot=lot, tick=tick))
        if account.lots:
            raise DnkitError(f"paper account {_name(account)} is not empty: it holds {account.lots * lot}")
        seeded = msgspec.structs.replace(account.holding, lots=lots, entry=lots * price)
        fill = PaperFill(at_ns=at_ns, lots=lots, price=price, fee=0, trade=f"seed by {by}")
        self._write(_row(account, seeded, fill, row.revision if row else 0, seeded_by=by), fill)
        return self.load(market, venue, symbol, lot, tick)

    def find(self, market: str, venue: str, symbol: str) -> AccountRow | None:
        """The stored account, None when there is none."""
        with self._explained("read"):
            found = self._db.execute(_READ + _ONE, (market, venue, symbol)).fetchone()
            return None if found is None else _parse(found)

    def all(self) -> tuple[AccountRow, ...]:
        """Every stored account, by market, venue and symbol."""
        with self._explained("read"):
            found = self._db.execute(_READ + " ORDER BY market, venue, symbol").fetchall()
            return tuple(_parse(row) for row in found)

    def taped(self, market: str, venue: str, symbol: str) -> Decimal:
        """The position told by the tape alone: the signed sum of every trade and seed, in coin."""
        with self._explained("read"):
            rows = self._db.execute("SELECT quantity FROM tape" + _ONE, (market, venue, symbol))
            return sum((Decimal(quantity) for (quantity,) in rows), Decimal(0))

    def fills(self, account: Account, beginning: str) -> tuple[PaperFill, ...]:
        """Trades on the account's tape whose name begins so (a run's, an order's), oldest first."""
        query = f"SELECT at_ns, quantity, price, fee, trade FROM tape{_ONE} AND trade LIKE ? ORDER BY id"
        with self._explained("read"):
            rows = self._db.execute(query, (account.market, account.venue, account.symbol, f"{beginning}%"))
            return tuple(
                PaperFill(
                    at_ns=at_ns,
                    lots=on_grid(Decimal(quantity), account.lot),
                    price=on_grid(Decimal(price), account.tick),
                    fee=to_pico(Decimal(fee)),
                    trade=trade,
                )
                for at_ns, quantity, price, fee, trade in rows
            )

    def reset(self, market: str, venue: str = "", symbol: str = "") -> int:
        """Forget the accounts of a market (venue, symbol) and their tape; answers how many there were."""
        where = " WHERE market = ? AND (? = '' OR venue = ?) AND (? = '' OR symbol = ?)"
        which = (market, venue, venue, symbol, symbol)
        with self._transaction():
            gone = self._db.execute("DELETE FROM account" + where, which).rowcount
            self._db.execute("DELETE FROM tape" + where, which)
        return gone

    def _account(self, row: AccountRow | None, blank: Account) -> Account:
        """`blank` with what the row holds, written through; DnkitError when that is on another grid."""
        if row is not None and row.position and (row.lot, row.tick) != (blank.lot, blank.tick):
            raise DnkitError(
                f"paper account {_name(blank)} holds {row.position} on the grid lot {row.lot}, "
                f"tick {row.tick}, but the venue's file now says lot {blank.lot}, tick {blank.tick}; "
                "close it with the old file or reset the account"
            )
        blank.holding = _holding(row, blank.lot, blank.tick)
        blank.store = self._writer(row.revision if row else 0)
        return blank

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._lay_tables()

    def _lay_tables(self) -> None:
        if self._layout() == LAYOUT:
            return
        with self._transaction():
            layout = self._layout()  # again: another process may have laid them while we waited
            if layout > LAYOUT:
                raise DnkitError(f"{self.path} was written by a newer dnkit (layout {layout})")
            if layout == 0:
                for statement in _TABLES.strip().rstrip(";").split(";"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {LAYOUT}")

    def _layout(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def _writer(self, revision: int) -> Store:
        """The write-through of one loaded account; it counts the revisions it wrote."""

        def store(account: Account, holding: Holding, fill: PaperFill) -> None:
            nonlocal revision
            self._write(_row(account, holding, fill, revision), fill)
            revision += 1

        return store

    def _write(self, row: tuple[str | int | None, ...], fill: PaperFill) -> None:
        """One transaction: the account at its next revision and one line of tape."""
        market, venue, symbol, lot, tick = (str(value) for value in row[:5])
        amounts = (fill.lots * Decimal(lot), fill.price * Decimal(tick), from_pico(fill.fee))
        with self._transaction():
            changed = self._db.execute(_UPSERT, row).rowcount
            if changed == 0:
                raise DnkitError(f"another process changed the paper account {market} / {venue} / {symbol}")
            self._db.execute(
                "INSERT INTO tape VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
                (market, venue, symbol, fill.at_ns, *map(_text, amounts), fill.trade),
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._explained("write"):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _explained(self, verb: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise DnkitError(f"cannot {verb} the paper accounts in {self.path}: {error}") from error


# A known account moves only while its revision (?12 is the next one) is the one we read, a new one only once.
_UPSERT = """INSERT INTO account
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, COALESCE(?10, ''), ?11, ?12
    WHERE ?12 = 1 OR EXISTS (SELECT 1 FROM account WHERE market = ?1 AND venue = ?2 AND symbol = ?3)
    ON CONFLICT (market, venue, symbol) DO UPDATE SET
        lot = ?4, tick = ?5, position = ?6, entry = ?7, realised = ?8, fees = ?9,
        seeded_by = COALESCE(?10, seeded_by), updated_ns = ?11, revision = ?12
    WHERE revision = ?12 - 1"""


def _row(
    account: Account, holding: Holding, fill: PaperFill, revision: int, *, seeded_by: str | None = None
) -> tuple[str | int | None, ...]:
    """The parameters of the upsert that follows `revision`; without `seeded_by` the stored word stays."""
    return (
        account.market,
        account.venue,
        account.symbol,
        _text(account.lot),
        _text(account.tick),
        _text(holding.lots * account.lot),
        _text(holding.entry * account.lot * account.tick),
        _text(from_pico(holding.realised)),
        _text(from_pico(holding.fees)),
        seeded_by,
        fill.at_ns,
        revision + 1,
    )


def _name(account: Account) -> str:
    return f"{account.market} / {account.venue} / {account.symbol}"


def _text(amount: Decimal) -> str:
    """Plain digits, never an exponent: the file is for people too."""
    return format(amount, "f")


def _parse(row: tuple[str, ...]) -> AccountRow:
    return msgspec.convert(dict(zip(AccountRow.__struct_fields__, row, strict=True)), AccountRow)


def _holding(row: AccountRow | None, lot: Decimal, tick: Decimal) -> Holding:
    """The stored amounts on the grid; a flat account has no entry, so any grid fits it."""
    if row is None:
        return Holding()
    return Holding(
        lots=on_grid(row.position, lot),
        entry=on_grid(row.entry, lot * tick),
        realised=to_pico(row.realised),
        fees=to_pico(row.fees),
    )
