"""`--select` and `--ignore`: which codes are told."""

from collections.abc import Sequence

import msgspec

from dnkit.lint.ignores import code_of
from dnkit.model.errors import DnkitError
from dnkit.policies.codes import CODES
from dnkit.policies.diagnostics import did_you_mean


class UnknownCode(DnkitError):
    """A word that is no code, no name of one and no beginning of one."""

    exit_code = 2


class Selection(msgspec.Struct, frozen=True):
    """Beginnings of codes: `select` keeps those (all when empty), `ignore` takes out; the longer one wins."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def wants(self, code: str) -> bool:
        """Whether findings of this code are told."""
        taken = _longest(self.select, code) if self.select else 0
        return taken >= 0 and taken >= _longest(self.ignore, code)


def _longest(words: tuple[str, ...], code: str) -> int:
    """Length of the longest word the code begins with, -1 for none."""
    return max((len(word) for word in words if code.startswith(word)), default=-1)


def parse_selection(select: Sequence[str], ignore: Sequence[str]) -> Selection:
    """Lists of codes, their names or beginnings such as `DNK4`, with commas or one by one."""
    return Selection(_codes("--select", select), _codes("--ignore", ignore))


def _codes(option: str, texts: Sequence[str]) -> tuple[str, ...]:
    words = (word.strip() for text in texts for word in text.split(","))
    return tuple(_code(option, word) for word in words if word)


def _code(option: str, word: str) -> str:
    if found := code_of(word):
        return found
    if any(code.startswith(word.upper()) for code in CODES):
        return word.upper()
    names = (*CODES, *(one.name for one in CODES.values()))
    raise UnknownCode(f"{option} {word}: no code begins so; {did_you_mean(word, names)}")
