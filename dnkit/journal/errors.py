"""What can go wrong with a journal, in words a user can act on."""

import errno
import sqlite3
from pathlib import Path

from dnkit.model.errors import DnkitError

_HELP = {
    "SQLITE_FULL": "the disk is full; free some space",
    "SQLITE_READONLY": "it is read-only; check the permissions of the file and its folder",
    "SQLITE_CANTOPEN": "it cannot be opened; check that the folder exists and may be written",
    "SQLITE_BUSY": "another program holds it locked; end that program or wait for it",
    "SQLITE_LOCKED": "another program holds it locked; end that program or wait for it",
    "SQLITE_CORRUPT": "it is damaged; move it away, and try `sqlite3 journal.db .recover` on it",
    "SQLITE_NOTADB": "it is not a journal; move it away or choose another state folder",
    "SQLITE_IOERR": "the disk reports an input/output error",
}
_OS_NAMES = {
    errno.ENOSPC: "SQLITE_FULL",
    errno.EDQUOT: "SQLITE_FULL",
    errno.EROFS: "SQLITE_READONLY",
    errno.EACCES: "SQLITE_READONLY",
}


class JournalError(DnkitError):
    """The journal cannot be written or read. Nothing that adds risk may be sent while this stands."""

    exit_code = 3


class DiskFull(JournalError):
    """There is no space left for another line."""


class RunNotFound(JournalError):
    """The journal knows no such run."""

    exit_code = 7


def explain(path: Path, error: sqlite3.Error | OSError) -> JournalError:
    """The error of the journal at `path` in words. Disk full is told apart (DiskFull)."""
    name = str(getattr(error, "sqlite_errorname", ""))
    if isinstance(error, OSError):
        name = _OS_NAMES.get(error.errno or 0, "")
    main = "_".join(name.split("_")[:2])
    cause = _HELP.get(main) or str(error)
    kind = DiskFull if main == "SQLITE_FULL" else JournalError
    detail = f" ({name})" if name and isinstance(error, sqlite3.Error) else ""
    return kind(f"journal {path}: {cause}{detail}")
