"""The one folder dnkit keeps its state in."""

import os
from pathlib import Path

import msgspec

from dnkit.model.errors import DnkitError

VARIABLE = "DNKIT_HOME"
_HELP = f"set {VARIABLE} to a folder of yours"


class StateFolder(msgspec.Struct, frozen=True):
    """Where the journal, the paper accounts, the locks and the cache of packed recordings live."""

    root: Path

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.root / "journal.db"

    @property
    def accounts(self) -> Path:
        """The file of the paper accounts."""
        return self.root / "paper.db"

    @property
    def cache(self) -> Path:
        """Folder of packed recordings; may be deleted at any time."""
        return self.root / "cache"

    @property
    def exchange(self) -> Path:
        """Folder of the paper exchange that is given none."""
        return self.root / "exchange"

    @property
    def keys(self) -> Path:
        """File of secrets; the user's alone."""
        return self.root / "keys.yaml"

    @property
    def live_orders(self) -> Path:
        """What venues call the orders we sent."""
        return self.root / "live-orders.db"

    def lock(self, market: str, venue: str, symbol: str) -> Path:
        """Held by the one engine that trades this account."""
        return self.root / "locks" / f"{'.'.join(map(_quoted, (market, venue, symbol)))}.lock"


def _quoted(text: str) -> str:
    return "".join(one if one.isalnum() or one in "-_" else f"%{ord(one):x}" for one in text)


def state_folder() -> StateFolder:
    """The folder of this user, or the one `DNKIT_HOME` names. It is not made here. DnkitError tells of one
    that cannot be looked into: an empty answer would say that nothing is open.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return _seen(Path(named).expanduser())
    from platformdirs import user_state_dir  # the common case of tests and services does without

    return _seen(Path(user_state_dir("dnkit")))


def _seen(root: Path) -> StateFolder:
    try:
        os.listdir(root)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise DnkitError(f"the state folder {root} cannot be read: {error.strerror}; {_HELP}") from error
    return StateFolder(root)


def make_folder(folder: StateFolder) -> None:
    """Make it and its folder of locks, or say in words why that cannot be done (DnkitError)."""
    try:
        (folder.root / "locks").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DnkitError(
            f"the state folder {folder.root} cannot be made: {error.strerror}; {_HELP}"
        ) from error
