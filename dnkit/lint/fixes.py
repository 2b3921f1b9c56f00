"""Fixes: which finding has one, whether it is safe, and how it is put into the text.

A fix is safe when the file, loaded before and after, means the same policy. A number that limits risk is
never written by a fix: what it should be only the author knows.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec
from msgspec.structs import replace

from dnkit.policies.bind import Bound
from dnkit.policies.diagnostics import Diagnostic, Edit, Fix, Span
from dnkit.policies.keys import key_of
from dnkit.policies.policy import Policy

ROUNDS = 10  # a fix may bring the next finding to light; this many times it is followed

Meaning = Callable[[str], Policy | None]


class Mended(msgspec.Struct, frozen=True):
    """A text after its fixes, and how many were put in."""

    text: str
    count: int


def with_fixes(found: Iterable[Diagnostic], bound: Bound | None) -> tuple[Diagnostic, ...]:
    """The findings, where a word was likely meant with that as a fix; no fix writes a number that limits
    risk."""
    return tuple(_with_fix(one, bound) for one in found)


def _with_fix(one: Diagnostic, bound: Bound | None) -> Diagnostic:
    fix = one.fix
    if fix is None and one.meant and not one.span.path.startswith("--"):  # an option is no file
        fix = Fix(f"write `{one.meant}`", (Edit(one.span, one.meant),))
    if fix is None or any(_limits_risk(edit, bound) for edit in fix.edits):
        return one if one.fix is None else replace(one, fix=None)
    return replace(one, fix=fix)


def _limits_risk(edit: Edit, bound: Bound | None) -> bool:
    """Whether an edit puts digits where a key stands that a change can loosen."""
    if bound is None or not any(character.isdigit() for character in edit.text):
        return False
    routes = (route for route, span in bound.spans.items() if _overlap(span, edit.span))
    return any((key := key_of(route)) is not None and bool(key.tight) for route in routes)


def proved(found: Iterable[Diagnostic], text: str, path: str, meaning: Meaning) -> tuple[Diagnostic, ...]:
    """The findings with each fix marked safe that leaves the policy of this text as it is."""
    known = tuple(found)
    if not any(_is_ours(one, path) for one in known):
        return known
    before = meaning(text)
    return tuple(_proved(one, text, path, before, meaning) for one in known)


def _is_ours(one: Diagnostic, path: str) -> bool:
    return one.fix is not None and all(edit.span.path == path for edit in one.fix.edits)


def _proved(one: Diagnostic, text: str, path: str, before: Policy | None, meaning: Meaning) -> Diagnostic:
    if one.fix is None or not _is_ours(one, path) or before is None:
        return one
    return replace(one, fix=replace(one.fix, safe=meaning(applied(text, one.fix.edits)) == before))


def mended(text: str, path: str, find: Callable[[str], tuple[Diagnostic, ...]], *, unsafe: bool) -> Mended:
    """Put in every fix that may be, again and again until none is left. `find(text)` gives the findings with
    their fixes proved."""
    count = 0
    for _ in range(ROUNDS):
        fixes = [
            one.fix
            for one in find(text)
            if one.fix is not None and _is_ours(one, path) and (one.fix.safe or unsafe)
        ]
        chosen = _apart(fixes)
        if not chosen:
            break
        text = applied(text, [edit for fix in chosen for edit in fix.edits])
        count += len(chosen)
    return Mended(text, count)


def _apart(fixes: Sequence[Fix]) -> list[Fix]:
    """The fixes in order, without those that touch what an earlier one touches."""
    chosen: list[Fix] = []
    for fix in fixes:
        taken = [edit.span for one in chosen for edit in one.edits]
        if not any(_overlap(edit.span, span) for edit in fix.edits for span in taken):
            chosen.append(fix)
    return chosen


def _overlap(one: Span, other: Span) -> bool:
    if one.path != other.path:
        return False
    return (one.line, one.col) <= (other.end_line, other.end_col) and (other.line, other.col) <= (
        one.end_line,
        one.end_col,
    )


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits put in, from the last to the first."""
    starts = _starts(text)
    for edit in sorted(edits, key=lambda one: one.span, reverse=True):
        span = edit.span
        start, end = starts[span.line - 1] + span.col - 1, starts[span.end_line - 1] + span.end_col - 1
        if not edit.text:
            start, end = _with_its_neighbours(text, start, end)
        text = text[:start] + edit.text + text[end:]
    return text


def _starts(text: str) -> list[int]:
    """Offset of every line."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return starts


def _with_its_neighbours(text: str, start: int, end: int) -> tuple[int, int]:
    """What goes along with a deleted piece: the comma beside it, blanks before it, a line left empty."""
    after = end
    while text[after : after + 1] == " ":
        after += 1
    if text[after : after + 1] == ",":
        after += 1
        while text[after : after + 1] == " ":
            after += 1
        return start, after
    before = start
    while before and text[before - 1] == " ":
        before -= 1
    if before and text[before - 1] == ",":
        return before - 1, end
    if (not before or text[before - 1] == "\n") and text[after : after + 1] in ("\n", ""):
        return before, min(after + 1, len(text))
    return (before, end) if text[after : after + 1] in ("\n", "") else (start, end)
