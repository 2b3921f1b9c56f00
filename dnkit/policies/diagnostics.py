"""Diagnostics: what is wrong, where, and how to mend it. Values and plain text; printing is the caller's.

Lines and columns count from 1, in characters; `end_col` is the column after the last character.
"""

import unicodedata
from collections.abc import Iterable, Mapping

import msgspec

from dnkit.policies.codes import CODES

ERROR = "error"
WARNING = "warning"
INFO = "info"
WIDTH_MAX = 110
FIRST_MEANING = "DNK020"  # codes below it are about the text as YAML


class Span(msgspec.Struct, frozen=True, order=True):
    """A stretch of a file, from (line, col) to just before (end_line, end_col)."""

    path: str
    line: int
    col: int
    end_line: int
    end_col: int


class Related(msgspec.Struct, frozen=True):
    """A second place that belongs to the story, with a few words on why."""

    span: Span
    label: str


class Diagnostic(msgspec.Struct, frozen=True, kw_only=True):
    """One finding.

    `severity` is "error", "warning" or "info"; `help` says what to write instead ("" if there is nothing to
    say).
    """

    code: str
    message: str
    span: Span
    severity: str = ERROR
    notes: tuple[str, ...] = ()
    help: str = ""
    related: tuple[Related, ...] = ()

    @property
    def name(self) -> str:
        """The code's name in words."""
        return CODES[self.code]


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """True when one of them is an error (warnings and infos do not stop a policy)."""
    return any(one.severity == ERROR for one in diagnostics)


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """By place, then code. Repeats go, and so does what merely follows from a YAML trap at the same place."""
    unique = dict.fromkeys(diagnostics)
    traps = {_start(one): one.code for one in unique if one.code < FIRST_MEANING}
    kept = [one for one in unique if one.code < FIRST_MEANING or _start(one) not in traps]
    return tuple(sorted(kept, key=lambda one: (one.span, one.code, one.message)))


def _start(one: Diagnostic) -> tuple[str, int, int]:
    return one.span.path, one.span.line, one.span.col


def nearest(word: str, words: Iterable[str]) -> str:
    """The likeliest meant word, or "" when none is near. Case and `-` against `_` do not count."""
    from difflib import get_close_matches  # 5 ms, and wanted only when something is wrong already

    plain = {one.lower().replace("-", "_"): one for one in words}
    found = get_close_matches(word.lower().replace("-", "_"), list(plain), n=1)
    return plain[found[0]] if found else ""


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Help text: the nearest word, else the list of the words there are ("" when there are none)."""
    known = tuple(words)
    near = nearest(word, known)
    if near:
        return f"did you mean `{near}`?"
    return f"known here: {', '.join(known)}" if known else ""


def render(diagnostic: Diagnostic, text: str, files: Mapping[str, str] | None = None) -> str:
    """Plain text of one diagnostic: headline, excerpt with a caret run, related places, notes, help.

    `text` is the text of the file the span points into; `files` (path -> text) gives excerpts of related
    files.
    """
    span = diagnostic.span
    where = f"{span.path}:{span.line}:{span.col}"
    head = f"{where}: {diagnostic.severity} {diagnostic.code}: {diagnostic.message} [{diagnostic.name}]"
    texts = {**(files or {}), span.path: text}
    parts = [printable(head), *_excerpt(span, text, "^", "")]
    for one in diagnostic.related:
        if one.span.path != span.path:
            parts.append(printable(f"  --> {one.span.path}:{one.span.line}:{one.span.col}"))
        parts += _excerpt(one.span, texts.get(one.span.path, ""), "-", one.label)
    parts += [printable(f"  = note: {note}") for note in diagnostic.notes]
    if diagnostic.help:
        parts.append(printable(f"  = help: {diagnostic.help}"))
    return "\n".join(parts)


def printable(text: str) -> str:
    """The text with every control or unassigned character shown as U+FFFD, so that no file can write to
    the terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def _excerpt(span: Span, text: str, mark: str, label: str) -> list[str]:
    lines = text.split("\n")
    if not 1 <= span.line <= len(lines):
        return []
    line = lines[span.line - 1].rstrip("\r")
    start = min(span.col - 1, len(line))
    end = span.end_col - 1 if span.end_line == span.line else len(line.rstrip())
    end = min(max(end, start + 1), max(len(line), start + 1))
    line, start, end = _window(line, start, end)
    gutter = " " * len(str(span.line))
    run = " " * cells(line[:start]) + mark * max(1, cells(line[start:end]))
    return [
        f" {gutter} |",
        f" {span.line} | {printable(line)}",
        f" {gutter} | {run} {label}".rstrip(),
    ]


def _window(line: str, start: int, end: int) -> tuple[str, int, int]:
    if len(line) <= WIDTH_MAX:
        return line, start, end
    left = max(0, start - WIDTH_MAX // 3)
    cut = line[left : left + WIDTH_MAX]
    return cut, start - left, min(end - left, len(cut))


def cells(text: str) -> int:
    """Terminal cells the text takes: wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_cell(one) for one in text)


def _cell(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
