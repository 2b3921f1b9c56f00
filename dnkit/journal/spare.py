"""What is kept for the day the disk is full: a reserve to give back, and a fallback file of plain lines."""

import fcntl
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec

from dnkit.journal.errors import explain
from dnkit.journal.records import AlertLine, Line, RunEnd

RESERVE_BYTES = 1 << 20
RESERVE_NAME = "journal.reserve"
FALLBACK_NAME = "journal.fallback.jsonl"


class FallbackEnd(msgspec.Struct, frozen=True, tag=True):
    """The end of a run as a fallback line."""

    run_id: str
    ended: RunEnd


Record = Line | AlertLine | FallbackEnd


class Reserve:
    """Space taken in advance. Released once, so that a full disk still takes the lines of getting out."""

    def __init__(self, folder: Path) -> None:
        """Take the space; JournalError when the disk does not have it."""
        self.path = folder / RESERVE_NAME
        try:
            if not self.path.exists() or self.path.stat().st_size < RESERVE_BYTES:
                self._take()
        except OSError as error:
            self.release()
            raise explain(self.path, error) from error

    def _take(self) -> None:
        with self.path.open("wb") as file:
            file.write(bytes(RESERVE_BYTES))
            file.flush()
            os.fsync(file.fileno())

    def release(self) -> bool:
        """Give the space back; False when there was none left to give."""
        try:
            self.path.unlink()
        except OSError:
            return False
        return True


class Fallback:
    """Append-only JSON lines beside the journal, or in the temporary folder when that is full too."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FALLBACK_NAME
        self._file: IO[bytes] | None = None

    @property
    def used(self) -> bool:
        """Whether this process has written here."""
        return self._file is not None

    def write(self, record: Record) -> None:
        """Append one record and hand it to the disk; JournalError when neither place takes it."""
        text = msgspec.json.encode(record) + b"\n"
        try:
            self._append(text)
        except OSError:  # no room, or another engine writes there
            try:
                self._move_away()
                self._append(text)
            except OSError as error:
                raise explain(self.path, error) from error

    def _append(self, text: bytes) -> None:
        if self._file is None:
            self._file = self.path.open("ab", buffering=0)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # another engine's: BlockingIOError
        start = self._file.seek(0, os.SEEK_END)
        if self._file.write(text) != len(text):
            self._file.truncate(start)
            raise OSError("only a part of the line could be written")
        os.fsync(self._file.fileno())

    def _move_away(self) -> None:
        self.close()
        handle, name = tempfile.mkstemp(prefix="dnkit-journal-", suffix=".jsonl")
        self.path = Path(name)
        self._file = os.fdopen(handle, "ab", buffering=0)

    def close(self) -> None:
        """Close the file if one is open."""
        if self._file is not None:
            self._file.close()
            self._file = None


def absorb(folder: Path, keep: Callable[[list[Record]], None]) -> None:
    """Hand the records of the folder's fallback file to `keep` and remove it.

    Nothing happens when there is none, or while another process still writes it.
    """
    path = folder / FALLBACK_NAME
    if not path.exists():
        return
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        lines = file.read().splitlines()
        records = _records(lines)
        keep(records)
        if len(records) < len(lines) - 1:  # more than a torn last line: somebody should look at it
            path.rename(path.with_suffix(".damaged"))
        else:
            path.unlink()


def _records(lines: list[bytes]) -> list[Record]:
    """Records in order, up to the first that cannot be read. A torn last line was never acknowledged."""
    records: list[Record] = []
    for line in lines:
        try:
            records.append(_decode(line))
        except msgspec.DecodeError:
            break
    return records


_decode = msgspec.json.Decoder(Record).decode
