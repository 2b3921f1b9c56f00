"""`dnkit diff OLD NEW`: what changed in the behaviour of a policy, loosened limits first."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.settings import parse_settings
from dnkit.model.errors import DnkitError
from dnkit.policies.compare.marks import Mark
from dnkit.policies.compare.policies import (
    SAME_BEHAVIOUR,
    SAME_MACHINE,
    Comparison,
    Ground,
    Side,
    classes_named,
    compare,
    reasons_named,
)
from dnkit.policies.compare.rows import Row
from dnkit.runtime.library import PolicyText, VenueFacts, policy_texts, read_policy
from dnkit.runtime.prepare import Checked, PolicyInvalid, Shelf, check

FORMATS = ("text", "json")
WIDTH = 80
NOTHING = "-"
_RED, _PLAIN = "\x1b[1;31m", "\x1b[0m"


class BadWords(DnkitError):
    """Flags or arguments that cannot be meant so."""

    exit_code = ExitCode.USAGE


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says."""

    old: str
    new: str
    settings: tuple[str, ...] = ()
    reason: str = ""
    format: str = "text"
    exit_code: bool = False


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A row as it is printed: with the reasons it is there for, none where it always is."""

    where: str
    old: str | None
    new: str | None
    mark: Mark
    reasons: tuple[str, ...]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer."""

    old: str
    new: str
    verdict: str
    same_machine: bool
    looser: int
    rows: tuple[Told, ...]
    bounds: tuple[Told, ...]


def diff(asked: Asked) -> int:
    """Compare two policies; 0 when nothing is looser, 1 when something is, 3 when one of them has errors.

    With `exit_code` any change of behaviour is 1.
    """
    if asked.format not in FORMATS:
        raise BadWords(f"--format {asked.format}: write {' or '.join(FORMATS)}")
    if asked.old == asked.new == "-":
        raise BadWords("only one of the two can come from standard input")
    found = _difference(asked, tuple(_source(name) for name in (asked.old, asked.new)))
    code = _code(found, any_change=asked.exit_code)
    if asked.format == "json":
        out.envelope("diff/1", found, ok=code == ExitCode.OK)
    else:
        out.data(text_of(found))
    return code


def _source(name: str) -> PolicyText:
    return policy_texts(name)[0] if name == "-" else read_policy(name)


def _code(found: Difference, *, any_change: bool) -> ExitCode:
    other = found.verdict not in (SAME_MACHINE, SAME_BEHAVIOUR) or bool(found.bounds)
    return ExitCode.FINDINGS if found.looser or (any_change and other) else ExitCode.OK


def _difference(asked: Asked, sources: Sequence[PolicyText]) -> Difference:
    """Compare as asked for, and without `--reason` for every reason that the files name as well."""
    reader = _Reader(sources, parse_settings(asked.settings))
    plain = reader.compared(asked.reason)
    files = [one.bound for one in reader.checked(asked.reason)]
    named = () if asked.reason else reasons_named(*files)
    classes = classes_named(*files)
    more = {reason: reader.compared(reason) for reason in named}
    rows = _told(plain.rows, {reason: one.rows for reason, one in more.items()}, classes)
    bounds = _told(plain.bounds, {reason: one.bounds for reason, one in more.items()}, classes)
    return Difference(
        old=sources[0].path,
        new=sources[1].path,
        verdict=_verdict(plain, more.values()),
        same_machine=all(one.same_machine for one in (plain, *more.values())),
        looser=sum(row.mark is Mark.LOOSER for row in (*rows, *bounds)),
        rows=rows,
        bounds=bounds,
    )


def _verdict(plain: Comparison, more: Iterable[Comparison]) -> str:
    """The least equal of all."""
    order = (SAME_MACHINE, SAME_BEHAVIOUR)
    found = [one.verdict for one in (plain, *more)]
    return max(found, key=lambda one: order.index(one) if one in order else len(order))


class _Reader:
    """The two policies for any reason; what was checked once is kept."""

    def __init__(self, sources: Sequence[PolicyText], settings: Mapping[str, str]) -> None:
        self.sources = sources
        self.settings = settings
        self.venues = VenueFacts()
        self.shelf = Shelf()
        self.known: dict[str, tuple[Checked, ...]] = {}

    def checked(self, reason: str) -> tuple[Checked, ...]:
        """Both, checked; PolicyInvalid with the findings of every one that has errors."""
        if reason not in self.known:
            found = tuple(
                check(one, self.venues, settings=self.settings, reason=reason, shelf=self.shelf)
                for one in self.sources
            )
            wrong = [one.told for one in found if not one.ok]
            if wrong:
                raise PolicyInvalid("\n".join(wrong))
            self.known[reason] = found
        return self.known[reason]

    def compared(self, reason: str) -> Comparison:
        """Both, compared for a reason."""
        old, new = (_side(one) for one in self.checked(reason))
        return compare(old, new, Ground(self.venues, self.shelf.plain, self.shelf.configured))


def _side(checked: Checked) -> Side:
    if checked.policy is None or checked.compiled is None:
        raise PolicyInvalid("there is nothing to compare")
    return Side(checked.policy, checked.program, checked.compiled.guard)


def _told(
    plain: Sequence[Row], more: Mapping[str, Sequence[Row]], classes: Mapping[str, Sequence[str]]
) -> tuple[Told, ...]:
    """Rows that are always there, then those that only some reasons bring."""
    found: dict[Row, list[str]] = {row: [] for row in plain}
    for reason, rows in more.items():
        for row in rows:
            if row not in plain:
                found.setdefault(row, []).append(reason)
    return tuple(
        Told(where=row.where, old=row.old, new=row.new, mark=row.mark, reasons=_short(reasons, classes))
        for row, reasons in found.items()
    )


def _short(reasons: Sequence[str], classes: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The reasons without those that a class among them stands for as a whole."""
    meant = [words for name, words in classes.items() if name in reasons and set(words) <= set(reasons)]
    return tuple(one for one in reasons if not any(one in words for words in meant))


def text_of(found: Difference) -> str:
    """What a human reads: the answer in one line, what is looser, everything else."""
    rows = (*found.rows, *found.bounds)
    looser = [row for row in rows if row.mark is Mark.LOOSER]
    other = [row for row in rows if row.mark is not Mark.LOOSER]
    sections = (*_sections(looser, _loud("LOOSER"), rows), *_sections(other, "Other differences", rows))
    return "\n\n".join((_first_line(found), *sections))


def _first_line(found: Difference) -> str:
    rows = (*found.rows, *found.bounds)
    if not rows:
        same = found.verdict == SAME_MACHINE
        return "the same machine" if same else "the same behaviour, phases in another order"
    if found.verdict == SAME_BEHAVIOUR and not found.bounds:
        return "the same behaviour, other names"
    counts = ((mark, sum(row.mark is mark for row in rows)) for mark in Mark)
    told = ", ".join(f"{count} {mark.value}" for mark, count in counts if count)
    return f"{told} (no difference to the machine)" if found.same_machine else told


def _sections(rows: Sequence[Told], heading: str, every: Sequence[Told]) -> Iterable[str]:
    """One section for what always differs, then one for each set of reasons."""
    for reasons in sorted({row.reasons for row in rows}):
        lines = [line for row in rows if row.reasons == reasons for line in _lines(row, every)]
        after = f" for reason {', '.join(reasons)}" if reasons else ""
        yield "\n".join((heading + after, *lines))


def _lines(row: Told, every: Sequence[Told]) -> list[str]:
    """A row on one line, or with its texts below where it is wider than the page."""
    wide = min(max(len(one.where) for one in every), WIDTH // 2)
    old, new = (NOTHING if text is None else text for text in (row.old, row.new))
    head = f"  {row.mark.value:<8}  {row.where:<{wide}}"
    line = f"{head}  {old} -> {new}" if (old, new) != (NOTHING, NOTHING) else head.rstrip()
    if len(line) <= WIDTH:
        return [line]
    return [head.rstrip(), *_wrapped(old, "from"), *_wrapped(new, "to")]


def _wrapped(text: str, word: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"{'':12}{word:<6}",
        subsequent_indent=" " * 18,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _loud(word: str) -> str:
    """In red, where standard output is a terminal that wants it."""
    return f"{_RED}{word}{_PLAIN}" if out.in_colour() else word
