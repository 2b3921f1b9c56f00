"""Diagnostics: what is wrong, where, and how to mend it. Values and plain text; printing is the caller's.

Lines and columns count from 1, in characters; `end_col` is the column after the last character.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import msgspec

from dnkit.policies.codes import CODES, ERROR

WIDTH_MAX = 110
WORD_MAX, WORDS_MAX, LISTED_MAX = 60, 400, 40
FIRST_MEANING = "DNK020"  # codes below it are about the text as YAML


class Span(msgspec.Struct, frozen=True, order=True):
    """A stretch of a file, from (line, col) to just before (end_line, end_col)."""

    path: str
    line: int
    col: int
    end_line: int
    end_col: int

    def covers(self, line: int, col: int) -> bool:
        """Whether the place lies in the stretch."""
        return (self.line, self.col) <= (line, col) < (self.end_line, self.end_col)


class Related(msgspec.Struct, frozen=True):
    """A second place that belongs to the story, with a few words on why."""

    span: Span
    label: str


class Edit(msgspec.Struct, frozen=True):
    """Text to put in place of a span; empty text deletes it, an empty span inserts before it."""

    span: Span
    text: str


class Fix(msgspec.Struct, frozen=True):
    """A change that mends a finding. `title` says it in words: "write `hedge`".

    `safe` is never claimed by who proposes it: it is set where the file was loaded both ways and the policy
    was the same.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False


class Diagnostic(msgspec.Struct, frozen=True, kw_only=True):
    """One finding.

    `severity` is "error", "warning" or "info"; `help` says what to write instead ("" if there is nothing to
    say); `meant` is the known word that most likely should stand in place of the span.
    """

    code: str
    message: str
    span: Span
    severity: str = ERROR
    notes: tuple[str, ...] = ()
    help: str = ""
    related: tuple[Related, ...] = ()
    meant: str = ""
    fix: Fix | None = None

    @property
    def name(self) -> str:
        """The code's name in words."""
        return CODES[self.code].name

    @property
    def advice(self) -> str:
        """What to do, in words."""
        return f"did you mean `{self.meant}`?" if self.meant else self.help


def finding(code: str, message: str, span: Span, **more: Any) -> Diagnostic:
    """A finding with the severity of its code unless `more` says otherwise; `more` are fields of
    Diagnostic."""
    return Diagnostic(code=code, message=message, span=span, **{"severity": CODES[code].severity, **more})


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
    """The likeliest meant word, or "" when none is near. Case and `-` against `_` do not count.

    A text too long for a word is near to none, and only the first WORDS_MAX words are compared.
    """
    if len(word) > WORD_MAX:
        return ""
    from difflib import get_close_matches  # 5 ms, and wanted only when something is wrong already

    plain = {one.lower().replace("-", "_"): one for one in islice(words, WORDS_MAX) if len(one) <= WORD_MAX}
    found = get_close_matches(word.lower().replace("-", "_"), list(plain), n=1)
    return plain[found[0]] if found else ""


def suggestion(word: str, words: Iterable[str]) -> dict[str, str]:
    """The nearest word as `meant`, else the words there are as `help`: arguments of a Diagnostic."""
    known = tuple(islice(words, WORDS_MAX))
    near = nearest(word, known)
    if near:
        return {"meant": near}
    listed = ", ".join((*known[:LISTED_MAX], *(("...",) if len(known) > LISTED_MAX else ())))
    return {"help": f"known here: {listed}" if listed else ""}


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """The same as one text ("" when there are no words)."""
    found = suggestion(word, words)
    return f"did you mean `{found['meant']}`?" if "meant" in found else found["help"]


def render(diagnostic: Diagnostic, text: str, files: Mapping[str, str] | None = None) -> str:
    """Plain text of one diagnostic: headline, place, excerpt with a caret run, related places, notes, help.

    `text` is the text of the file the span points into; `files` (path -> text) gives excerpts of related
    files.
    """
    span = diagnostic.span
    texts = {**(files or {}), span.path: text}
    gutter = " " * len(str(max(one.line for one in (span, *(other.span for other in diagnostic.related)))))
    parts = [
        printable(f"{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}"),
        _place(span, gutter),
        *_excerpt(span, text, "^", "", gutter),
    ]
    for one in diagnostic.related:
        if one.span.path != span.path:
            parts.append(_place(one.span, gutter))
        parts += _excerpt(one.span, texts.get(one.span.path, ""), "-", one.label, gutter)
    return "\n".join((*parts, *(printable(f" {gutter} = {line}") for line in _remarks(diagnostic))))


def _place(span: Span, gutter: str) -> str:
    return printable(f" {gutter}--> {span.path}:{span.line}:{span.col}")


def _remarks(one: Diagnostic) -> Iterable[str]:
    """Notes, help, fix and the name of the rule, a line each."""
    yield from (f"note: {note}" for note in one.notes)
    if one.advice:
        yield f"help: {one.advice}"
    if one.fix is not None:
        yield f"fix: {one.fix.title} ({'--fix' if one.fix.safe else '--fix --unsafe-fixes'})"
    yield f"rule: {one.name}, told by `dnkit lint --explain {one.code}`"


def printable(text: str) -> str:
    """The text with every control or unassigned character shown as U+FFFD, so that no file can write to
    the terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def _excerpt(span: Span, text: str, mark: str, label: str, gutter: str) -> list[str]:
    lines = text.split("\n")
    if not 1 <= span.line <= len(lines):
        return []
    line = lines[span.line - 1].rstrip("\r")
    start = min(span.col - 1, len(line))
    end = span.end_col - 1 if span.end_line == span.line else len(line.rstrip())
    end = min(max(end, start + 1), max(len(line), start + 1))
    line, start, end = _window(line, start, end)
    run = " " * cells(line[:start]) + mark * max(1, cells(line[start:end]))
    return [
        f" {gutter} |",
        f" {span.line:>{len(gutter)}} | {printable(line)}".rstrip(),
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
