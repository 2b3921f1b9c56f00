"""Comparisons that decide nothing.

A comparison of a rule decides something if the rule is the first to match in some case, and no longer is
where nothing is changed but that the comparison comes out differently. What only repeats where a rule above
ends (`<= 15%` below a rule for `> 15%`) decides in that sense and is welcome. So is one that comes out either
way where all hangs on it: its limit may lie where rules above it are the first, but it is one. A part
`not unknown(...)` beside a comparison of the same fact is as harmless: only comparisons are looked at.
"""

from collections.abc import Iterator, Mapping

from dnkit.analysis.proof import Verdict
from dnkit.analysis.rules.cells import Cell, Group
from dnkit.analysis.rules.clauses import Part, side_of
from dnkit.analysis.rules.order import needed, taking
from dnkit.analysis.rules.polynomials import ANY
from dnkit.analysis.rules.sheet import Case, Sheet
from dnkit.analysis.rules.table import UNKNOWN, Formula, asked, truth
from dnkit.analysis.rules.words import broken, named

Skip = frozenset[tuple[int, str]]  # rules and facts that are told of already
Near = Mapping[int, list[int]]  # cells of a group that differ from one in nothing but one question


def idle(sheet: Sheet, skip: Skip) -> Iterator[Verdict]:
    """A finding for each comparison of a rule that decides nothing."""
    near: dict[int, Near] = {}
    for number, row in enumerate(sheet.table.rows):
        mine = [case for case in sheet.cases.values() if case.first == number]
        parts = {part.asks: part for part in _compared(row.test)}
        for asks, part in parts.items():
            if asks not in near:
                near[asks] = _neighbours(sheet, asks)
            told = not mine or (number, side_of(sheet.table, Part(asks, part.holds))) in skip
            if not told and not any(_decides(sheet, case, asks, near[asks]) for case in mine):
                yield from _idle(sheet, number, part, mine[0])


def _compared(test: Formula | None) -> Iterator[Formula]:
    """The comparisons of a test, without those of which only is asked whether they are known."""
    if test is not None and test.op == "ask" and test.holds != UNKNOWN:
        yield test
    for part in test.parts if test is not None and test.op != "unknown" else ():
        yield from _compared(part)


def _neighbours(sheet: Sheet, asks: int) -> Near:
    group = sheet.groups[sheet.group_of(asks)]
    moving = _moving(group, group.questions.index(asks))
    alike: dict[tuple[object, ...], list[int]] = {}
    keys = [_still(cell, moving) for cell in group.cells]
    for number, key in enumerate(keys):
        alike.setdefault(key, []).append(number)
    return {
        number: [other for other in alike[key] if other != number]
        for number, key in enumerate(keys)
        if _all_known(group.cells[number], moving)
    }


def _moving(group: Group, place: int) -> frozenset[int]:
    """The places of the question and of those that are the same in other words: the one's answer gives the
    other's.
    """
    return frozenset(
        other
        for other in range(len(group.questions))
        if _same({(cell.values[place], cell.values[other]) for cell in group.cells})
    )


def _same(pairs: set[tuple[int | None, int | None]]) -> bool:
    known = {pair for pair in pairs if None not in pair}
    return len(known) == len({one for one, _ in known}) == len({other for _, other in known})


def _still(cell: Cell, moving: frozenset[int]) -> tuple[object, ...]:
    """What may not change: all other answers, and which of these are known."""
    return tuple(value is None if place in moving else (value,) for place, value in enumerate(cell.values))


def _all_known(cell: Cell, places: frozenset[int]) -> bool:
    return all(cell.values[place] is not None for place in places)


def _decides(sheet: Sheet, case: Case, asks: int, near: Near) -> bool:
    group = sheet.group_of(asks)
    cells = case.cells
    return any(
        sheet.cases[*cells[:group], other, *cells[group + 1 :]].first != case.first
        for other in near.get(cells[group], ())
    )


def _idle(sheet: Sheet, number: int, part: Formula, case: Case) -> Iterator[Verdict]:
    """The finding, unless the part comes out either way where all hangs on it."""
    row = sheet.table.rows[number]
    hinges = [one for one in sheet.cases.values() if row.test and _hinges(row.test, part, one)]
    ways = {_holds(part, one) for one in hinges if not 0 <= one.first < number}
    if len(ways) > 1:
        return
    never = f"can never be {'false' if True in ways else 'true'} where it counts"
    taken = [one for one in hinges if _holds(part, one) not in ways]
    because = "the rest of the rule leaves no other case"
    if taken:
        because = f"{taking(sheet, needed(sheet, taken, number))} every other case"
    text = f"`{part.text}` of {named(row)} {never if ways else 'decides nothing'}: {because}"
    yield broken(sheet, text, case, [one.asks for one in asked(row.test)], (number,))


def _holds(part: Formula, case: Case) -> bool:
    return bool((case.values[part.asks] or 0) & part.holds)


def _hinges(test: Formula, part: Formula, case: Case) -> bool:
    """Whether the rule matches if the part holds, and does not if it does not."""
    if case.values[part.asks] is None:
        return False
    values = list(case.values)
    values[part.asks] = part.holds
    held = truth(test, values)
    values[part.asks] = ANY & ~part.holds
    return held is True and truth(test, values) is not True
