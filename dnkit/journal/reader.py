"""Reader: looks at a journal, also while a run is being written. It cannot write."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from dnkit.engine.state import State
from dnkit.journal.errors import JournalError, RunNotFound, explain
from dnkit.journal.records import AlertLine, Ledger, Line, Run, RunEnd, RunHeader
from dnkit.journal.schema import open_to_read
from dnkit.machine.program import Program
from dnkit.model.alerts import Alert

LAST = "last"
_PAGE = 2_000
_RUN = "SELECT header, program, closing FROM runs"


class Reader:
    """Read-only view of `journal.db`. JournalError when there is none or it is damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = open_to_read(path)

    def __enter__(self) -> "Reader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def runs(self, *, limit: int = 100, group: str = "") -> list[Run]:
        """Runs, newest first, at most `limit`; with `group` all runs of that command, oldest first."""
        if group:
            rows = self._all(f"{_RUN} WHERE group_id = ? ORDER BY rowid", group)
        else:
            rows = self._all(f"{_RUN} ORDER BY rowid DESC LIMIT ?", limit)
        return [self._make(row) for row in rows]

    def run(self, run_id: str) -> Run:
        """One run by its id, or the newest for "last". RunNotFound when there is none."""
        if run_id == LAST:
            rows = self._all(f"{_RUN} ORDER BY rowid DESC LIMIT 1")
        else:
            rows = self._all(f"{_RUN} WHERE run_id = ?", run_id)
        if not rows:
            raise RunNotFound(f"journal {self.path}: there is no run {run_id}")
        return self._make(rows[0])

    def unfinished(self) -> list[Run]:
        """Runs without an end: still going, or cut off by a crash. Newest first."""
        return [self._make(row) for row in self._all(f"{_RUN} WHERE closing IS NULL ORDER BY rowid DESC")]

    def lines(self, run_id: str, after_seq: int = 0) -> Iterator[Line]:
        """Lines of a run behind `after_seq`, in order. Ask again with the last seq seen to follow a run."""
        query = (
            "SELECT run_id, seq, at_ns, event, commands, digest, prev, hash FROM lines"
            " WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?"
        )
        while page := self._all(query, run_id, after_seq, _PAGE):
            for row in page:
                yield Line(*row)
            after_seq = page[-1][1]

    def count(self, run_id: str) -> int:
        """Number of lines of a run."""
        total: int = self._all("SELECT count(*) FROM lines WHERE run_id = ?", run_id)[0][0]
        return total

    def last_seq(self, run_id: str) -> int:
        """Number of the last line of a run, 0 while it has none. Does not look at the lines before it."""
        found: int | None = self._all("SELECT max(seq) FROM lines WHERE run_id = ?", run_id)[0][0]
        return found or 0

    def checkpoint(self, run_id: str, up_to: int | None = None) -> tuple[int, State] | None:
        """The newest stored state at or before line `up_to` (None: of all) with its seq, if there is one."""
        query = "SELECT seq, state FROM checkpoints WHERE run_id = ? AND seq <= ? ORDER BY seq DESC LIMIT 1"
        rows = self._all(query, run_id, 2**62 if up_to is None else up_to)
        return (rows[0][0], _state(rows[0][1])) if rows else None

    def checkpoints(self, run_id: str) -> list[tuple[int, bytes]]:
        """All stored states of a run, encoded, with their seq."""
        return self._all("SELECT seq, state FROM checkpoints WHERE run_id = ? ORDER BY seq", run_id)

    def last_ledger(self, mode: str, market: str, venue: str, symbol: str) -> tuple[int, int | None] | None:
        """Lots and entry cost that the newest ended run (or note) left on an account, if known."""
        query = (
            "SELECT lots, entry FROM ledgers WHERE mode = ? AND market = ? AND venue = ? AND symbol = ?"
            " ORDER BY id DESC LIMIT 1"
        )
        rows = self._all(query, mode, market, venue, symbol)
        return (rows[0][0], rows[0][1]) if rows and rows[0][0] is not None else None

    def ledgers(self, mode: str) -> list[Ledger]:
        """The newest ledger of every account of that mode, by market, venue and symbol."""
        query = (
            "SELECT market, venue, symbol, lots, entry FROM ledgers WHERE id IN"
            " (SELECT max(id) FROM ledgers WHERE mode = ? GROUP BY market, venue, symbol)"
            " ORDER BY market, venue, symbol"
        )
        return [Ledger(*row) for row in self._all(query, mode)]

    def alerts(self, run_id: str) -> list[AlertLine]:
        """Alerts of a run in the order of time; none in a journal of a version before 0.3."""
        if not self._all("SELECT 1 FROM sqlite_master WHERE name = 'alerts'"):
            return []
        query = "SELECT at_ns, code, severity, text, act FROM alerts WHERE run_id = ? ORDER BY id"
        return [AlertLine(run_id, at_ns, Alert(*alert)) for at_ns, *alert in self._all(query, run_id)]

    def texts(self, run_id: str) -> tuple[str, str, str | None]:
        """Header, program and end (None while there is none) of a run exactly as stored."""
        rows = self._all(f"{_RUN} WHERE run_id = ?", run_id)
        if not rows:
            raise RunNotFound(f"journal {self.path}: there is no run {run_id}")
        header, program, closing = rows[0]
        return header, program, closing

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _all(self, query: str, *values: object) -> list[Any]:
        try:
            return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise explain(self.path, error) from error

    def _make(self, row: tuple[str, str, str | None]) -> Run:
        header, program, closing = row
        try:
            return Run(_header(header), _program(program), None if closing is None else _end(closing))
        except msgspec.DecodeError as error:
            raise JournalError(f"journal {self.path}: the record of a run is damaged: {error}") from error


_header = msgspec.json.Decoder(RunHeader).decode
_program = msgspec.json.Decoder(Program).decode
_end = msgspec.json.Decoder(RunEnd).decode
_state = msgspec.json.Decoder(State).decode
