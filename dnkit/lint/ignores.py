"""`# dnkit: ignore[CODE] why`: a comment that takes the findings of its line, or of the line below.

What guards the hedge (DNK3xx) and what stops a policy from being read or compiled cannot be ignored.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from dnkit.policies.bind import Bound
from dnkit.policies.codes import CODES, ERROR, SAFETY
from dnkit.policies.diagnostics import Diagnostic, Edit, Fix, Span, finding, suggestion
from dnkit.policies.rules import RULES

_COMMENT = re.compile(r"(?:^|(?<=\s))#\s*dnkit:\s*ignore\b(?:\[([^\]]*)\])?\s*(.*?)\s*$")
_WORD = re.compile(r"[^\s,]+")
_CODE_OF = {code.name: one for one, code in CODES.items()}


class Ignore(msgspec.Struct, frozen=True):
    """One comment: where it stands, the line it covers, the codes it names with their places, and why."""

    span: Span
    line: int
    words: tuple[tuple[str, Span], ...]
    reason: str

    def names(self, code: str) -> bool:
        """Whether it names this code, by number or by name."""
        return any(code_of(word) == code for word, _ in self.words)


class Silenced(msgspec.Struct, frozen=True):
    """A finding that a comment took, and the reason it gave."""

    finding: Diagnostic
    reason: str


class Sifted(msgspec.Struct, frozen=True):
    """Findings after the comments were heard: what is left (with what is wrong with the comments themselves),
    and what they took."""

    kept: tuple[Diagnostic, ...]
    silenced: tuple[Silenced, ...]


def code_of(word: str) -> str:
    """`DNK412` or `market-without-cap` -> the code; "" where there is none such."""
    return word if word in CODES else _CODE_OF.get(word, "")


def sift(
    found: Iterable[Diagnostic], bound: Bound, texts: Mapping[str, str], path: str, *, complete: bool
) -> Sifted:
    """Hear the comments of all files the findings point into. `complete` says that every rule was asked: only
    then can a comment of `path` be told to be of no use.
    """
    known = list(found)
    comments = [one for file, text in texts.items() for one in _comments(text, file, bound)]
    if not comments:
        return Sifted(tuple(known), ())
    kept, silenced, used = [], [], set()
    for one in known:
        by = next((ignore for ignore in comments if _covers(ignore, one)), None)
        used |= {by} if by else set()
        if by and by.reason and may_be_ignored(one):
            silenced.append(Silenced(one, by.reason))
        else:
            kept.append(one)
    told = [finding for ignore in comments if ignore.span.path == path for finding in _faults(ignore, known)]
    if complete:
        told += [_unused(one) for one in comments if one.span.path == path and _is_idle(one, used)]
    return Sifted((*kept, *told), tuple(silenced))


def may_be_ignored(one: Diagnostic) -> bool:
    """Whether a comment may take this finding."""
    if one.code.startswith((SAFETY, "DNK9")):
        return False
    return one.severity != ERROR or one.code in RULES


def _comments(text: str, path: str, bound: Bound) -> Iterator[Ignore]:
    """The comments of a file, in order."""
    if "dnkit:" not in text:
        return
    quoted = [node.span for node in bound.nodes.values() if node.quoted and node.span.path == path]
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        found = _COMMENT.search(line)
        if found is None or any(span.covers(number, found.start() + 1) for span in quoted):
            continue
        alone = not line[: found.start()].strip()
        words = tuple(
            (
                one[0],
                Span(path, number, found.start(1) + one.start() + 1, number, found.start(1) + one.end() + 1),
            )
            for one in _WORD.finditer(found[1] or "")
        )
        span = Span(path, number, found.start() + 1, number, len(line.rstrip()) + 1)
        yield Ignore(span, _below(lines, number) if alone else number, words, found[2])


def _below(lines: list[str], number: int) -> int:
    """The next line that is no comment and not empty."""
    for later in range(number + 1, len(lines) + 1):
        if lines[later - 1].strip() and not lines[later - 1].lstrip().startswith("#"):
            return later
    return number


def _covers(ignore: Ignore, one: Diagnostic) -> bool:
    here = (one.span.path, one.span.line) == (ignore.span.path, ignore.line)
    return here and ignore.names(one.code)


def _faults(ignore: Ignore, found: list[Diagnostic]) -> Iterator[Diagnostic]:
    """What is wrong with a comment itself."""
    if not ignore.words:
        yield finding(
            "DNK904", "the comment names no code", ignore.span, help="write `# dnkit: ignore[DNK440] why`"
        )
    for word, span in ignore.words:
        if not code_of(word):
            known = tuple(CODES if word[:3].upper() == "DNK" else _CODE_OF)
            yield finding("DNK904", f"there is no code `{word}`", span, **suggestion(word, known))
    if ignore.words and not ignore.reason:
        said = "the comment gives no reason, and ignores nothing until it does"
        codes = ", ".join(word for word, _ in ignore.words)
        yield finding("DNK901", said, ignore.span, help=f"write `# dnkit: ignore[{codes}] why it is safe`")
    for one in found:
        if _covers(ignore, one) and not may_be_ignored(one):
            yield _not_allowed(ignore, one)


def _not_allowed(ignore: Ignore, one: Diagnostic) -> Diagnostic:
    span = next(span for word, span in ignore.words if code_of(word) == one.code)
    why = (
        "it guards the hedge: what it lets through loses money unseen"
        if one.code.startswith(SAFETY)
        else "with it the policy cannot run at all"
    )
    return finding("DNK903", f"{one.code} cannot be ignored", span, help=f"mend the policy; {why}")


def _is_idle(ignore: Ignore, used: set[Ignore]) -> bool:
    """Whether a sound comment took nothing."""
    named = bool(ignore.words) and all(code_of(word) for word, _ in ignore.words)
    return named and bool(ignore.reason) and ignore not in used


def _unused(ignore: Ignore) -> Diagnostic:
    codes = ", ".join(word for word, _ in ignore.words)
    return finding(
        "DNK902",
        f"nothing on line {ignore.line} gives {codes}",
        ignore.span,
        help="delete the comment: it would hide the next such finding",
        fix=Fix("delete the comment", (Edit(ignore.span, ""),)),
    )
