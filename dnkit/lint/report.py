"""What a lint found in one file and in all of them: the value every format shows."""

from collections.abc import Mapping

import msgspec

from dnkit.lint.ignores import Silenced
from dnkit.policies.codes import ERROR, INFO, WARNING
from dnkit.policies.diagnostics import Diagnostic

LEVELS = (INFO, WARNING, ERROR)


class Linted(msgspec.Struct, frozen=True):
    """One file: what is told, what comments took, and the texts of all files the findings point into."""

    path: str
    found: tuple[Diagnostic, ...]
    silenced: tuple[Silenced, ...]
    texts: Mapping[str, str]


class Report(msgspec.Struct, frozen=True):
    """All files in the order they were read. `unreadable` says which could not be, and why; findings from
    `fail_level` on make the command fail.
    """

    files: tuple[Linted, ...]
    unreadable: tuple[str, ...]
    fail_level: str

    @property
    def found(self) -> tuple[Diagnostic, ...]:
        """The findings of all files."""
        return tuple(one for file in self.files for one in file.found)

    @property
    def failed(self) -> bool:
        """Whether a finding is grave enough."""
        return any(fails(one, self.fail_level) for one in self.found)

    def count(self, severity: str) -> int:
        """Number of findings of a severity."""
        return sum(one.severity == severity for one in self.found)


def fails(one: Diagnostic, fail_level: str) -> bool:
    """Whether a finding is as grave as the level or graver."""
    return LEVELS.index(one.severity) >= LEVELS.index(fail_level)
