"""Journal: the one writer. Every step is written here before any of its commands leaves.

Two classes of line. Durable ones (the commands add risk) are on the disk when `append` returns, so they
survive a power cut. All else, begin and end of a run too, is with the operating system: it survives a crash
of the process, and reaches the disk with the next durable line or when the journal is closed. So a power cut
may leave a run that seems cut off, never an order that added risk and that the journal does not know.
Neither a cancel nor a reducing order waits for a disk.

When the disk is full, durable lines are refused at once. The others may use the reserve, then a fallback
file: getting out of a position is never stopped by the record of it. `trouble` tells that this has begun.
"""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import msgspec

from dnkit.engine.state import State
from dnkit.journal import chain
from dnkit.journal.errors import DiskFull, JournalError, RunNotFound, explain
from dnkit.journal.records import AlertLine, Line, Position, RunEnd, RunHeader
from dnkit.journal.schema import open_to_write
from dnkit.journal.spare import Fallback, FallbackEnd, Record, Reserve, absorb
from dnkit.machine.program import Program
from dnkit.model.alerts import Alert
from dnkit.model.commands import Command
from dnkit.model.errors import BugError
from dnkit.model.events import Event
from dnkit.model.terms import EndName, Risk

CHECKPOINT_EVERY = 500  # lines between two stored states

_INSERT_RUN = (
    "INSERT INTO runs (run_id, started_ns, mode, market, policy, digest, group_id, header, program)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_LINE = (
    "INSERT INTO lines (run_id, seq, at_ns, event, commands, digest, prev, hash)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_KEEP_LINE = _INSERT_LINE.replace("INSERT", "INSERT OR IGNORE")
_INSERT_STATE = "INSERT OR REPLACE INTO checkpoints (run_id, seq, state) VALUES (?, ?, ?)"
_INSERT_LEDGER = (
    "INSERT INTO ledgers (run_id, mode, market, venue, symbol, lots, entry, note)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_ALERT = "INSERT INTO alerts (run_id, at_ns, code, severity, text, act) VALUES (?, ?, ?, ?, ?, ?)"
_END_RUN = (
    'UPDATE runs SET ended_ns = ?, "end" = ?, risk = ?, exit_code = ?, text = ?, closing = ? WHERE run_id = ?'
)


class _Tip(NamedTuple):
    """Last line of a run: what the next one is chained to."""

    seq: int
    at_ns: int
    hash: str


class Journal:
    """Writer of `journal.db` at `path`; the folder is made if need be. One per process, closed at the end.

    Everything raises JournalError (DiskFull for want of space) with a text for the user.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trouble = ""
        self._full_sync = False
        self._tips: dict[str, _Tip] = {}
        self._fallback = Fallback(path.parent)
        self._database = open_to_write(path)
        try:
            self._reserve = Reserve(path.parent)
            absorb(path.parent, self._keep)
        except (JournalError, OSError) as error:
            self._database.close()
            raise error if isinstance(error, JournalError) else explain(path, error) from error

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    @property
    def fallback_path(self) -> Path | None:
        """The file that lines go to because the journal takes none, or None while it does."""
        return self._fallback.path if self._fallback.used else None

    def start_run(self, header: RunHeader, program: Program) -> None:
        """Record that a run begins; on the disk with its first durable line. A second time is an error."""
        text, body = chain.encode(header), chain.encode(program)
        group = header.group or header.run_id
        start = (header.run_id, header.started_ns, header.mode, header.market, header.policy)
        row = (*start, program.digest, group, text, body)
        self._write_risk(lambda: self._execute(_INSERT_RUN, row), full=False)
        self._tips[header.run_id] = _Tip(0, header.started_ns, chain.genesis(text, body))

    def append(
        self,
        run_id: str,
        seq: int,
        at_ns: int,
        event: Event,
        commands: tuple[Command, ...],
        state_digest: str,
        durable: bool,
        state: State | None = None,
    ) -> None:
        """Write one step, before its commands are carried out. `seq` counts from 1 without gaps.

        `durable`: a command adds risk, so the line must be on the disk first. With `state` (after the step)
        a checkpoint is stored now and then. Raises JournalError when a durable line cannot be written, or
        another one nowhere at all.
        """
        tip = self._tips.get(run_id) or self._load_tip(run_id)
        if seq != tip.seq + 1:
            raise BugError(f"line {seq} of run {run_id} does not follow line {tip.seq}")
        fact, requests = chain.encode_step(event, commands)
        own = chain.line_hash(tip.hash, seq, at_ns, fact, requests, state_digest)
        row = (run_id, seq, at_ns, fact, requests, state_digest, tip.hash, own)
        if durable:
            self._write_risk(lambda: self._execute(_INSERT_LINE, row))
        else:
            self._write_spare(lambda: self._execute(_INSERT_LINE, row), lambda: Line(*row))
        self._tips[run_id] = _Tip(seq, at_ns, own)
        if state is not None and seq % CHECKPOINT_EVERY == 0:
            self._checkpoint(run_id, seq, state)

    def end_run(
        self,
        run_id: str,
        end: EndName,
        risk: Risk,
        exit_code: int,
        text: str,
        positions: tuple[Position, ...] = (),
    ) -> None:
        """Record how a run ended and the ledger it leaves per leg."""
        tip = self._tips.get(run_id) or self._load_tip(run_id)
        bare = RunEnd(
            end=end,
            risk=risk,
            exit_code=exit_code,
            text=text,
            ended_ns=tip.at_ns,
            positions=positions,
            seq=tip.seq,
            tip=tip.hash,
        )
        ended = msgspec.structs.replace(bare, seal=chain.seal(bare))
        record = FallbackEnd(run_id, ended)
        self._write_spare(lambda: self._end_together(run_id, ended), lambda: record)
        self._tips.pop(run_id, None)

    def note_ledger(
        self,
        *,
        mode: str,
        market: str,
        venue: str,
        symbol: str,
        lots: int | None,
        entry: int | None,
        note: str,
    ) -> None:
        """Record a position that no run brought about (a paper seed or reset). None: forget it."""
        row = ("", mode, market, venue, symbol, lots, entry, note)
        self._write_risk(lambda: self._execute(_INSERT_LEDGER, row))

    def note_alert(self, run_id: str, at_ns: int, alert: Alert) -> None:
        """Record an alert that a human was told."""
        line = AlertLine(run_id, at_ns, alert)
        self._write_spare(lambda: self._alert(line), lambda: line)

    def close(self) -> None:
        """Let go of the files."""
        self._fallback.close()
        self._database.close()

    def _execute(self, statement: str, values: tuple[object, ...]) -> None:
        self._database.execute(statement, values)

    def _sync(self, full: bool) -> None:
        """Choose whether a commit waits for the disk."""
        if full is not self._full_sync:
            self._database.execute(f"PRAGMA synchronous = {'FULL' if full else 'NORMAL'}")
            self._full_sync = full

    def _write_risk(self, write: Callable[[], None], *, full: bool = True) -> None:
        if self.trouble:
            raise JournalError(f"nothing that adds risk is begun any more: {self.trouble}")
        try:
            self._sync(full)
            write()
        except sqlite3.Error as error:
            failure = explain(self.path, error)
            self.trouble = str(failure)
            raise failure from error

    def _write_spare(self, write: Callable[[], None], record: Callable[[], Record]) -> None:
        if self._fallback.used:
            self._fallback.write(record())
            return
        try:
            self._sync(False)
            write()
        except sqlite3.Error as error:
            failure = explain(self.path, error)
            self.trouble = self.trouble or str(failure)
            if not (isinstance(failure, DiskFull) and self._reserve.release() and self._retry(write)):
                self._fallback.write(record())

    def _retry(self, write: Callable[[], None]) -> bool:
        try:
            write()
        except sqlite3.Error:
            return False
        return True

    def _together(self, write: Callable[[], None]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            write()
            self._database.execute("COMMIT")
        finally:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")

    def _checkpoint(self, run_id: str, seq: int, state: State) -> None:
        # A checkpoint only saves readers time: without room for it the run goes on.
        with suppress(sqlite3.Error):
            self._sync(False)
            self._execute(_INSERT_STATE, (run_id, seq, msgspec.json.encode(state)))

    def _end_together(self, run_id: str, ended: RunEnd) -> None:
        self._together(lambda: self._end(run_id, ended))

    def _end(self, run_id: str, ended: RunEnd) -> None:
        columns = (ended.ended_ns, ended.end.value, ended.risk.value, ended.exit_code, ended.text)
        self._execute(_END_RUN, (*columns, chain.encode(ended), run_id))
        header = self._header(run_id)
        for position in ended.positions:
            leg = header.legs[position.leg]
            account = (run_id, header.mode, header.market, leg.venue, leg.symbol)
            self._execute(_INSERT_LEDGER, (*account, position.lots, position.entry, ended.end.value))

    def _alert(self, line: AlertLine) -> None:
        self._execute(_INSERT_ALERT, (line.run_id, line.at_ns, *msgspec.structs.astuple(line.alert)))

    def _keep(self, records: list[Record]) -> None:
        """Bring records of a fallback file home."""
        try:
            self._together(lambda: self._keep_all(records))
        except sqlite3.Error as error:
            raise explain(self.path, error) from error

    def _keep_all(self, records: list[Record]) -> None:
        for record in records:
            if isinstance(record, Line):
                self._execute(_KEEP_LINE, msgspec.structs.astuple(record))
            elif isinstance(record, AlertLine):
                self._alert(record)
            else:
                self._end(record.run_id, record.ended)

    def _header(self, run_id: str) -> RunHeader:
        (text,) = self._run("header", run_id)
        return msgspec.json.decode(text, type=RunHeader)

    def _load_tip(self, run_id: str) -> _Tip:
        """Where an unfinished run of an earlier process stands."""
        started_ns, header, program, closing = self._run("started_ns, header, program, closing", run_id)
        if closing is not None:
            raise JournalError(f"journal {self.path}: run {run_id} has ended; nothing can be added to it")
        query = "SELECT seq, at_ns, hash FROM lines WHERE run_id = ? ORDER BY seq DESC LIMIT 1"
        last = self._one(query, run_id)
        return _Tip(*last) if last else _Tip(0, started_ns, chain.genesis(header, program))

    def _run(self, columns: str, run_id: str) -> tuple[Any, ...]:
        row = self._one(f"SELECT {columns} FROM runs WHERE run_id = ?", run_id)
        if row is None:
            raise RunNotFound(f"journal {self.path}: there is no run {run_id}")
        return row

    def _one(self, query: str, run_id: str) -> tuple[Any, ...] | None:
        try:
            row: tuple[Any, ...] | None = self._database.execute(query, (run_id,)).fetchone()
        except sqlite3.Error as error:
            raise explain(self.path, error) from error
        return row
