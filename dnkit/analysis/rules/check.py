"""P25 and P26 of a guard's rule table.

P25: some rule takes every case, each rule can be the first to match, each comparison decides something, and
no two rules contradict each other. P26: a rule that acts waits for more than one look or says `at_once`, and
none trades because something is unknown.

The facts of the venues are taken to be independent of each other, which allows more than markets do. Facts
that the policy makes of them are not: what is made of the same ones is decided together, exactly.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from dnkit.analysis.proof import Standing, Verdict
from dnkit.analysis.rules.gaps import gaps
from dnkit.analysis.rules.holes import holes
from dnkit.analysis.rules.limits import idle
from dnkit.analysis.rules.order import overlaps, shadowed
from dnkit.analysis.rules.ranges import At, freed
from dnkit.analysis.rules.sheet import Sheet, sheet_of
from dnkit.analysis.rules.solve import Undecided
from dnkit.analysis.rules.table import Texts, table_of, texts_of
from dnkit.analysis.rules.unknowns import blind, hasty, told_of
from dnkit.analysis.rules.words import counted, joined
from dnkit.policies.diagnostics import Span
from dnkit.policies.keys import Route
from dnkit.policies.policy import Param, Policy

P25, P26 = "P25", "P26"
CORNERS_MAX = 4  # parameters whose ends are all combined

Spans = Mapping[Route, Span]
_Verdicts = tuple[Verdict, ...]


def check_rules(policy: Policy, *, spans: Spans | None = None, at: At | None = None) -> tuple[Verdict, ...]:
    """Every finding about the rules of a guard as a verdict of its own; one that says what was looked at
    where an id has none; () for a policy without rules.

    `spans` are those of its text, for lines. `at` reads the policy with parameters set (None where that
    cannot be): with it, everything is decided for all values of the ranges. Never raises: what is not decided
    is OPEN. A story has the case first, then what the rules make of it; its moves are the quantities,
    `name=value` in units of one or `name=unknown`.
    """
    if not policy.rules:
        return ()
    try:
        sheet = sheet_of(table_of(policy.rules, texts_of(policy), spans or {}), {})
        found = [*_grave(sheet), *_useless(sheet)]
        ranges = _over_ranges(policy, spans or {}, at) if at and policy.params else _Ranges(())
    except Undecided as error:
        undecided = (Verdict(id=id, standing=Standing.OPEN, text=str(error)) for id in (P25, P26))
        bare = Texts((), (None,) * len(policy.rules))
        return (*hasty(table_of(policy.rules, bare, spans or {})), *undecided)
    missed = {P25, P26} - {one.id for one in found}
    found += [one for one in ranges.found if one.id in missed]
    return tuple(sorted((*found, *_clean(sheet, found, ranges)), key=lambda one: one.id))


class _Ranges(NamedTuple):
    """What was found over the ranges of parameters, how far these went, and what is useless at their ends."""

    found: _Verdicts
    scope: str = ""
    ends: str = ""


def _grave(sheet: Sheet) -> Iterator[Verdict]:
    """What is wrong where there is such a case."""
    yield from gaps(sheet)
    yield from holes(sheet)
    yield from (verdict for *_, verdict in overlaps(sheet))
    yield from hasty(sheet.table)
    yield from blind(sheet)


def _useless(sheet: Sheet) -> Iterator[Verdict]:
    """What is wrong where there is no case."""
    yield from shadowed(sheet)
    told = frozenset((number, fact) for pair, fact, _ in overlaps(sheet) for number in pair)
    yield from idle(sheet, told)


def _over_ranges(policy: Policy, spans: Spans, at: At) -> _Ranges:
    guard = freed(policy, at)
    params = [one for one in policy.params if f"${one.name}" in guard.free]
    table = table_of(guard.rules, guard.texts, spans)
    try:
        found = tuple(_grave(sheet_of(table, guard.free)))
        ends = "; ".join(_at_ends(params, spans, at))
    except Undecided as error:
        return _Ranges(tuple(hasty(table)), f"for the values in force only: {error}")
    values = [f"${one.name} from {one.low} to {one.high}" for one in params]
    fixed = [f"${one}" for one in guard.fixed]
    scope = [f"for every {joined(values)}"] if values else []
    scope += [f"with {joined(fixed)} as in force"] if fixed else []
    return _Ranges(found, ", ".join(scope), ends)


def _at_ends(params: Sequence[Param], spans: Spans, at: At) -> Iterator[str]:
    """What is of no use at some ends of the ranges, though it is within them."""
    if len(params) > CORNERS_MAX:
        return
    for ends in product(*((one.low, one.high) for one in params)):
        there = at({one.name: end for one, end in zip(params, ends, strict=True)})
        if there is None:
            continue
        sheet = sheet_of(table_of(there.rules, texts_of(there), spans), {})
        texts = [one.text for one in _useless(sheet)]
        if texts:
            values = joined([f"${one.name} {end}" for one, end in zip(params, ends, strict=True)])
            yield f"at {values} {'; '.join(texts)}"


def _clean(sheet: Sheet, found: Sequence[Verdict], ranges: _Ranges) -> Iterator[Verdict]:
    """In words what was looked at, for each id without a finding."""
    broken = {one.id for one in found}
    scope = f", {ranges.scope}" if ranges.scope else ""
    if P25 not in broken:
        asked = counted(len(sheet.table.questions), "comparison")
        text = (
            f"{counted(len(sheet.cases), 'case')} of {asked}: a rule takes each, each rule can be the first, "
            f"each comparison decides, no two rules contradict each other{scope}"
        )
        text = f"{text}; {ranges.ends}" if ranges.ends else text
        yield Verdict(id=P25, standing=Standing.HOLDS, text=text)
    if P26 not in broken:
        unseen = counted(sum(not case.known for case in sheet.cases.values()), "case")
        text = (
            f"each rule that acts waits or says at_once, and in {unseen} with something unknown none trades "
            f"because of that{scope}; {told_of(sheet)}"
        )
        yield Verdict(id=P26, standing=Standing.HOLDS, text=text)
