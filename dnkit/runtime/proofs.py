"""Proofs on the disk, so that the same machine is proved once. A file that is damaged, foreign or of another
engine is no proof; one that cannot be written is made anew next time. Nothing here stops a command.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

from dnkit import __version__
from dnkit.runtime.folder import StateFolder

VARIABLE = "DNKIT_PROOFS"
FILES_MAX = 200  # more than one desk has in use; the oldest go first
_PACKAGE = Path(__file__).resolve().parent.parent
DECIDES = (  # all that the prover imports: what is proved, and the words it is told in
    "model",
    "machine",
    "engine",
    "analysis",
    "market/profiles.py",
    "policies/explain",
    "policies/policy.py",
    "policies/codes.py",
    "policies/diagnostics.py",
    "policies/units.py",
    "policies/unit_texts.py",
)
_SUFFIX = ".json"
T = TypeVar("T")


class Kept(msgspec.Struct, frozen=True):
    """A file: the key it was written under, and the proof as JSON."""

    key: str
    proof: msgspec.Raw


def proofs_folder(folder: StateFolder) -> Path:
    """Where proofs are kept: in the state folder, or in the one `DNKIT_PROOFS` names (to be shared by jobs of
    a CI; what is in it is looked up by the digests of program and engine).
    """
    named = os.environ.get(VARIABLE)
    return Path(named).expanduser() if named else folder.root / "proofs"


@cache
def engine_digest() -> str:
    """Digest of the version and of every source file that decides what is proved (hex of BLAKE2b-128)."""
    digest = hashlib.blake2b(__version__.encode(), digest_size=16)
    for name in DECIDES:
        place = _PACKAGE / name
        for file in [place] if place.is_file() else sorted(place.rglob("*.py")):
            digest.update(f"\n{file.relative_to(_PACKAGE)}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def key_of(program: str, setting: object) -> str:
    """The key of a proof: digest of the program, of the engine, and of the setting."""
    text = f"{program}\n{engine_digest()}\n{msgspec.json.encode(setting).decode()}"
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def recall(place: Path, key: str, kind: type[T]) -> T | None:
    """The proof kept under that key, None where there is none that can be trusted."""
    try:
        kept = msgspec.json.decode((place / f"{key}{_SUFFIX}").read_bytes(), type=Kept)
        return msgspec.json.decode(kept.proof, type=kind) if kept.key == key else None
    except (OSError, msgspec.DecodeError):
        return None


def keep(place: Path, key: str, proof: msgspec.Struct) -> bool:
    """Write a proof, whole or not at all, and let the oldest go. Whether it was written."""
    content = msgspec.json.encode(Kept(key, msgspec.Raw(msgspec.json.encode(proof))))
    beside = place / f".{key}.{os.getpid()}"
    try:
        place.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        beside.replace(place / f"{key}{_SUFFIX}")
    except OSError:
        with suppress(OSError):
            beside.unlink()
        return False
    _prune(place)
    return True


def _prune(place: Path) -> None:
    ages = sorted(_ages(place), reverse=True)
    for _, file in ages[FILES_MAX:]:
        with suppress(OSError):
            file.unlink()


def _ages(place: Path) -> Iterator[tuple[int, Path]]:
    """When each file was written; one that another process takes away meanwhile is not told of."""
    for file in place.glob(f"*{_SUFFIX}"):
        with suppress(OSError):
            yield file.stat().st_mtime_ns, file
