"""Cases that only `otherwise` takes although the rules on both sides of them act.

A table that ends with `otherwise` has no gap: whoever writes `do: nothing` for all else may mean it. So it is
told only where the table contradicts itself. A rule starts to act at some value of a fact, and stops as
another fact made of the same quantities goes on (the bigger the gap of the legs, the bigger is what is
missing); a second rule starts later on the same fact, and acts as far out as that; and what lies between the
two is left alone. A rule of its own that does nothing says that it is meant.
"""

from collections.abc import Iterator
from typing import NamedTuple

from dnkit.analysis.proof import Verdict
from dnkit.analysis.rules.clauses import Clause, Part, clauses_of, direction, side_of
from dnkit.analysis.rules.sheet import Case, Sheet, matches
from dnkit.analysis.rules.words import broken, facts, named, part_text


class _Step(NamedTuple):
    """The numbers of two rules; where the first starts and stops, and where the second starts. `group` is the
    number of the group of all three.
    """

    one: int
    other: int
    clause: Clause
    start: Part
    stop: Part
    later: Part
    group: int


def holes(sheet: Sheet) -> Iterator[Verdict]:
    """A finding for each end of a rule beyond which `otherwise` does nothing, as told above."""
    last = len(sheet.table.rows) - 1
    if sheet.table.rows[last].test is not None or sheet.table.rows[last].acts:
        return
    idle = [case for case in sheet.cases.values() if case.first == last and case.known]
    told: set[tuple[int, int]] = set()  # the same hole is seen from both of its sides
    for step in _steps(sheet):
        silent = _silent(sheet, step, idle)
        fresh = [case for cell, case in silent.items() if (step.group, cell) not in told]
        if fresh:
            told |= {(step.group, cell) for cell in silent}
            yield _hole(sheet, step, fresh[0])


def _steps(sheet: Sheet) -> Iterator[_Step]:
    for one, row in sheet.acting():
        for clause in clauses_of(row.test):
            for start in clause:
                for stop in clause:
                    group = sheet.group_of(start.asks)
                    if direction(stop) != -direction(start) or group != sheet.group_of(stop.asks):
                        continue
                    for other, later in _starts(sheet, start):
                        if other != one:
                            yield _Step(one, other, clause, start, stop, later, group)


def _starts(sheet: Sheet, start: Part) -> Iterator[tuple[int, Part]]:
    """The rules that start on the same side of the same fact, and where."""
    for number, row in sheet.acting():
        for clause in clauses_of(row.test):
            for part in clause:
                same = side_of(sheet.table, part) == side_of(sheet.table, start)
                if same and direction(part) == direction(start) != 0:
                    yield number, part


def _silent(sheet: Sheet, step: _Step, idle: list[Case]) -> dict[int, Case]:
    """By their cell in the group, cases in which nothing is done, all that the first rule asks holds but
    where it stops, and the second has not started, though it does farther out.
    """
    near = {case.cells[step.group]: case for case in idle if _past(case, step)}
    beyond = {case.cells[step.group]: case for case in sheet.cases.values() if _beyond(sheet, case, step)}
    return {
        cell: case
        for cell, case in near.items()
        if any(_as_far(sheet, step.stop, case, other) for other in beyond.values())
    }


def _past(case: Case, step: _Step) -> bool:
    ends = all(part.true(case.values) != (part == step.stop) for part in step.clause)
    return ends and not step.later.true(case.values)


def _beyond(sheet: Sheet, case: Case, step: _Step) -> bool:
    rows = sheet.table.rows
    if not case.known or not rows[case.first].acts:
        return False
    starts = step.start.true(case.values) and step.later.true(case.values)
    return starts and matches(rows[step.other], case.values)


def _as_far(sheet: Sheet, stop: Part, case: Case, other: Case) -> bool:
    """Whether the other case is not nearer to where the rule stops, by all that is asked about that fact."""
    side = side_of(sheet.table, stop)
    return all(
        (_rank(other.values[asks]) - _rank(case.values[asks])) * direction(stop) <= 0
        for asks, question in enumerate(sheet.table.questions)
        if question.right is not None and side_of(sheet.table, Part(asks, 0)) == side
    )


def _rank(signs: int | None) -> int:
    """The lowest of the signs: of two answers to a question the greater one has the higher."""
    return (signs or 0) & -(signs or 0)


def _hole(sheet: Sheet, step: _Step, case: Case) -> Verdict:
    table = sheet.table
    asks = (step.start.asks, step.stop.asks)
    text = (
        f"nothing is done where {part_text(table, step.start)} and not {part_text(table, step.stop)}: "
        f"{named(table.rows[step.one])} stops there, {named(table.rows[step.other])} starts later, "
        f"{named(table.rows[case.first])} takes it: {facts(sheet, case, asks)}"
    )
    return broken(sheet, text, case, asks, (*sorted((step.one, step.other)), case.first))
