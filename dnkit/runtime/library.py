"""Finds policies and venue facts on the disk. A name is a path, a file in ./policies, or a packaged policy,
in that order.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from glob import glob
from pathlib import Path

import msgspec

from dnkit.model.capabilities import Capabilities
from dnkit.model.errors import DnkitError
from dnkit.policies.capability_file import CapabilityFile, read_capabilities
from dnkit.policies.diagnostics import Diagnostic, did_you_mean, has_errors, render
from dnkit.policies.source import read_bytes

_PACKAGE = Path(__file__).resolve().parent.parent
SUFFIX = ".yaml"
SUFFIXES = (SUFFIX, ".yml")
STDIN = "<stdin>"


class PolicyText(msgspec.Struct, frozen=True):
    """A policy file as read: the path as it should be shown, and its text."""

    path: str
    text: str


def packaged_folder() -> Path:
    """Where the shipped policies are: inside the package, or beside it in a source tree."""
    inside = _PACKAGE / "policies" / "library"
    return inside if inside.is_dir() else _PACKAGE.parent / "policies"


def packaged_names() -> tuple[str, ...]:
    """Names of the shipped policies, sorted."""
    return tuple(sorted(one.stem for one in packaged_folder().glob(f"*{SUFFIX}")))


def known_names() -> tuple[str, ...]:
    """Names that `read_policy` finds without a folder: those in ./policies and the shipped ones."""
    here = (one.stem for one in Path("policies").glob(f"*{SUFFIX}"))
    return tuple(sorted({*here, *packaged_names()}))


def read_policy(name: str) -> PolicyText:
    """The text of the policy of that name or path; DnkitError saying where it was looked for."""
    for path in _places(name):
        if path.is_file():
            return _read(path)
    help = did_you_mean(Path(name).stem, packaged_names())
    raise DnkitError(f"there is no policy `{name}`: not a file, not in ./policies, not packaged; {help}")


def policy_texts(name: str) -> tuple[PolicyText, ...]:
    """Every policy a name stands for: standard input for `-`, all of a folder or of a pattern, else the one
    that `read_policy` finds. DnkitError when there is none.
    """
    if name == "-":
        return (PolicyText(STDIN, _text(sys.stdin.buffer.read(), "standard input")),)
    path = Path(name)
    if path.is_dir():
        found = tuple(one for one in sorted(path.iterdir()) if one.suffix in SUFFIXES and one.is_file())
    elif "*" in name and not path.exists():
        found = tuple(Path(one) for one in sorted(glob(name, recursive=True)) if Path(one).is_file())
    else:
        return (read_policy(name),)
    if not found:
        raise DnkitError("there is no policy file there (*.yaml)")
    return tuple(_read(one) for one in found)


def write_policy(policy: PolicyText) -> None:
    """Put the text into its file: whole or not at all, with the rights the file had."""
    path = Path(policy.path).resolve()
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(policy.text.encode())
        beside.chmod(path.stat().st_mode & 0o777)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise DnkitError(f"cannot write {policy.path}: {error.strerror}") from error


def rule_page(code: str) -> str:
    """The page of a code; it lies inside the package, or in docs/rules of a source tree."""
    inside = _PACKAGE / "lint" / "pages"
    folder = inside if inside.is_dir() else _PACKAGE.parent / "docs" / "rules"
    return _read(folder / f"{code}.md").text


def conformance() -> Mapping[str, Mapping[str, str]]:
    """What each adapter was asked against its local exchange, and how it did, by venue and card."""
    text = _read(_PACKAGE / "venues" / "cards.json").text
    return msgspec.json.decode(text, type=dict[str, dict[str, str]])


def find_policy(name: str) -> tuple[str, str] | None:
    """(path, text) of another policy a file names, None when there is none."""
    try:
        found = read_policy(name)
    except DnkitError:
        return None
    return found.path, found.text


def _places(name: str) -> Iterator[Path]:
    yield Path(name)
    if "/" not in name:
        stem = name.removesuffix(SUFFIX)
        yield Path("policies") / f"{stem}{SUFFIX}"
        yield packaged_folder() / f"{stem}{SUFFIX}"


def _read(path: Path) -> PolicyText:
    try:
        return PolicyText(str(path), _text(path.read_bytes(), str(path)))
    except OSError as error:
        raise DnkitError(f"cannot read {path}: {error.strerror}") from error


def _text(data: bytes, where: str) -> str:
    text, found = read_bytes(data, where)
    if found:
        raise DnkitError(shown(found, {where: data.decode("utf-8", "replace")}))
    return text.removeprefix("\ufeff")


class VenueFacts(Mapping[str, Capabilities]):
    """Every venue there is a capability file of, by name. A file is read when it is first asked for."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or _PACKAGE / "venues" / "facts"
        self._files: dict[str, CapabilityFile] = {}

    def __getitem__(self, venue: str) -> Capabilities:
        found = self.file(venue).capabilities
        if found is None:
            raise KeyError(venue)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(one.stem for one in self._folder.glob(f"*{SUFFIX}")))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def file(self, venue: str) -> CapabilityFile:
        """The file of a venue with the source of each fact; KeyError when there is none, DnkitError when it
        is faulty.
        """
        if venue not in self._files:
            path = self._folder / f"{venue}{SUFFIX}"
            if "/" in venue or not path.is_file():
                raise KeyError(venue)
            text = _read(path).text
            found = read_capabilities(text, str(path))
            if has_errors(found.diagnostics):
                raise DnkitError(shown(found.diagnostics, {str(path): text}))
            self._files[venue] = found
        return self._files[venue]


def shown(diagnostics: tuple[Diagnostic, ...], texts: Mapping[str, str]) -> str:
    """All findings as text, each with its excerpt where the text is at hand."""
    return "\n".join(render(one, texts.get(one.span.path, ""), texts) for one in diagnostics)
