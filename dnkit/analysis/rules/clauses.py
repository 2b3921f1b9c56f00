"""A test as a choice of clauses, each of them parts that must all hold."""

from itertools import product
from math import prod
from typing import NamedTuple

from dnkit.analysis.rules.polynomials import ANY, NEGATIVE, NOTHING, POSITIVE
from dnkit.analysis.rules.table import KNOWN, UNKNOWN, Formula, Table, Value

CLAUSES_MAX = 64


class Part(NamedTuple):
    """Question number `asks` has an answer among `holds`."""

    asks: int
    holds: int

    def true(self, values: tuple[Value, ...]) -> bool:
        """Whether it is known to hold."""
        value = values[self.asks]
        return value is not None and bool(value & self.holds)


Clause = tuple[Part, ...]


def clauses_of(test: Formula | None) -> tuple[Clause, ...]:
    """The clauses of a test; none where there are too many, or where it asks whether a truth is unknown."""
    found = None if test is None else _clauses(test, False)
    return tuple(dict.fromkeys(found or ()))


def _clauses(test: Formula, negated: bool) -> list[Clause] | None:
    if test.op == "ask":
        every = KNOWN | UNKNOWN if test.holds == UNKNOWN else ANY
        return [(Part(test.asks, every & ~test.holds if negated else test.holds),)]
    if test.op == "not":
        return _clauses(test.parts[0], not negated)
    found = [_clauses(part, negated) for part in test.parts]
    if test.op == "unknown" or None in found:
        return None
    sides = [side for side in found if side is not None]
    if (test.op == "or") != negated:
        return [clause for side in sides for clause in side]
    if prod(len(side) for side in sides) > CLAUSES_MAX:
        return None
    return [tuple(dict.fromkeys(part for clause in one for part in clause)) for one in product(*sides)]


def direction(part: Part) -> int:
    """1 where it bounds its left side from below, -1 from above, 0 where it does neither."""
    if part.holds in (POSITIVE, POSITIVE | NOTHING):
        return 1
    return -1 if part.holds in (NEGATIVE, NEGATIVE | NOTHING) else 0


def side_of(table: Table, part: Part) -> str:
    """What the part bounds: the left side of its comparison in quantities."""
    return table.questions[part.asks].side
