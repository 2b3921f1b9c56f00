"""What an account holds and did, from the exchange's own files and nothing else."""

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import msgspec

Listed = tuple[str, str]


class Truth(msgspec.Struct, frozen=True):
    """`positions` in coin by (venue, symbol); `course` the positions after each fill; `live` client ids that
    rest or were never ended.
    """

    positions: dict[Listed, Decimal]
    course: tuple[dict[Listed, Decimal], ...]
    live: tuple[str, ...]


def truth_of(folder: Path, account: str) -> Truth:
    """Read it."""
    held: dict[Listed, Decimal] = {}
    course = [dict(held)]
    with closing(_open(folder / "accounts.db")) as accounts:
        tape = "SELECT venue, symbol, quantity FROM tape WHERE market = ? ORDER BY id"
        for venue, symbol, quantity in accounts.execute(tape, (account,)):
            held[venue, symbol] = held.get((venue, symbol), Decimal(0)) + Decimal(quantity)
            course.append(dict(held))
        rows = accounts.execute("SELECT venue, symbol, position FROM account WHERE market = ?", (account,))
        positions = {(venue, symbol): Decimal(position) for venue, symbol, position in rows}
    with closing(_open(folder / "orders.db")) as orders:
        query = "SELECT client_id FROM orders WHERE account = ? AND state = 'live' ORDER BY client_id"
        live = tuple(key for (key,) in orders.execute(query, (account,)))
    return Truth(positions, tuple(course), live)


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5)
