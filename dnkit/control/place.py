"""Where the sockets of running commands are: one a command, in a folder that only its owner may enter."""

import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dnkit.model.errors import DnkitError

SUFFIX = ".sock"
ADDRESS_MAX = 100  # bytes; systems take 104 or 108
CONNECT_S = 1.0
STALE_S = 60  # a dead socket that old is nobody's who is just about to listen


def control_folder(root: Path) -> Path:
    """The folder of the sockets of a state folder."""
    return root / "control"


def socket_path(root: Path, group: str) -> Path:
    """The socket of a command."""
    return control_folder(root) / f"{group}{SUFFIX}"


def sockets(root: Path) -> list[Path]:
    """All there are, dead ones too."""
    return sorted(control_folder(root).glob(f"*{SUFFIX}"))


def connect(path: Path) -> socket.socket:
    """A connection; OSError when nobody listens there."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.settimeout(CONNECT_S)
    try:
        with _reachable(path) as address:
            made.connect(address)
    except OSError:
        made.close()
        raise
    return made


def listen(path: Path) -> socket.socket:
    """A socket that listens there, 0600; DnkitError when that cannot be."""
    try:
        _make_private(path.parent)
        _sweep(path.parent)
        path.unlink(missing_ok=True)  # the locks of its accounts are ours, so whose it was is dead
        return _bound(path)
    except OSError as error:
        raise DnkitError(f"the socket {path} cannot be made: {error.strerror or error}") from error


def _bound(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _reachable(path) as address:
            made.bind(address)
        path.chmod(0o600)
        made.listen()
    except OSError:
        made.close()
        raise
    return made


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    seen = folder.lstat()
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.geteuid():
        raise DnkitError(f"{folder} is not a folder of yours; no socket is made there")
    folder.chmod(0o700)


def _sweep(folder: Path) -> None:
    """Remove what killed commands left."""
    for path in folder.glob(f"*{SUFFIX}"):
        with suppress(FileNotFoundError):
            old = time.time() - path.stat().st_mtime > STALE_S
            if old and _is_dead(path):
                path.unlink()


def _is_dead(path: Path) -> bool:
    try:
        connect(path).close()
    except ConnectionRefusedError:
        return True
    except OSError:  # busy, or not ours: no sign of death
        return False
    return False


@contextmanager
def _reachable(path: Path) -> Iterator[str]:
    """The path as an address. One that is too long for that is reached through its folder (on Linux)."""
    if len(os.fsencode(path)) < ADDRESS_MAX:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
