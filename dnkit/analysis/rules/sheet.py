"""Every case a table can meet, with the row that is the first to match."""

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import NamedTuple

from dnkit.analysis.rules.cells import Group, groups_of
from dnkit.analysis.rules.polynomials import Point
from dnkit.analysis.rules.regions import Free
from dnkit.analysis.rules.solve import Undecided
from dnkit.analysis.rules.table import UNKNOWN, Row, Table, Value, truth

CASES_MAX = 200_000
NOBODY = -1  # no row matches


class Case(NamedTuple):
    """One set of answers to all questions: the number of its cell in each group, the answers, and the row
    that is the first to match.
    """

    cells: tuple[int, ...]
    values: tuple[Value, ...]
    first: int

    @property
    def known(self) -> bool:
        """Whether all questions have an answer, and nothing is asked that is unknown."""
        return None not in self.values and UNKNOWN not in self.values


class Sheet(NamedTuple):
    """A table with all its cases by their cells."""

    table: Table
    groups: tuple[Group, ...]
    cases: dict[tuple[int, ...], Case]

    def point(self, case: Case) -> Point:
        """An example of the case: the quantities that are known in it."""
        cells = [group.cells[one] for group, one in zip(self.groups, case.cells, strict=True)]
        return {name: value for cell in cells for name, value in cell.point.items()}

    def unknown(self, case: Case) -> tuple[str, ...]:
        """The quantities that are unknown in that example."""
        cells = [group.cells[one] for group, one in zip(self.groups, case.cells, strict=True)]
        return tuple(name for cell in cells for name in cell.unknown)

    def group_of(self, asks: int) -> int:
        """The number of the group of a question."""
        return next(n for n, group in enumerate(self.groups) if asks in group.questions)

    def acting(self) -> Iterator[tuple[int, Row]]:
        """The rows that do something, with their numbers."""
        return ((number, row) for number, row in enumerate(self.table.rows) if row.acts)


def sheet_of(table: Table, free: Free) -> Sheet:
    """All cases of a table. Undecided where there are too many, or where it cannot be told what there is."""
    groups = groups_of(table.questions, free)
    count = prod(len(group.cells) for group in groups)
    if count > CASES_MAX:
        raise Undecided(f"{count:,} cases, the limit is {CASES_MAX:,}")
    cases = {}
    for cells in product(*(range(len(group.cells)) for group in groups)):
        values: list[Value] = [None] * len(table.questions)
        for group, one in zip(groups, cells, strict=True):
            for question, value in zip(group.questions, group.cells[one].values, strict=True):
                values[question] = value
        first = next((n for n, row in enumerate(table.rows) if matches(row, values)), NOBODY)
        cases[cells] = Case(cells, tuple(values), first)
    return Sheet(table, groups, cases)


def matches(row: Row, values: list[Value] | tuple[Value, ...]) -> bool:
    """Whether the row matches, whoever is first."""
    return row.test is None or truth(row.test, values) is True
