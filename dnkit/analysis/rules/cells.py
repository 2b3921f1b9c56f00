"""All that a table can come to see: each set of answers to its questions that some quantities give, with an
example.

Questions that share no quantity are answered apart, and every answer of the one goes with every answer of the
others. Inside such a group each quantity is known or not, and each comparison is followed into every sign its
difference can have, given those before; what no quantities give is left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from dnkit.analysis.rules.polynomials import NEGATIVE, NOTHING, POSITIVE, Point, Poly
from dnkit.analysis.rules.regions import Free, Region, Unknown, all_ratios, gap, meet, ratios, whole
from dnkit.analysis.rules.solve import Undecided
from dnkit.analysis.rules.table import KNOWN, SIGNS, UNKNOWN, Question, Value, kinds_in

QUESTIONS_MAX = 32  # of a group: the work grows with the fourth power
UNKNOWN_MAX = 10  # quantities of a group that may be unknown
LOOKS_MAX = 20_000  # at cells, some of them more than once


class Cell(NamedTuple):
    """One set of answers of a group, in the order of its questions. `point` is an example of its quantities
    without those in `unknown`; it has unknown ones rather than a division by zero.
    """

    values: tuple[Value, ...]
    point: Point
    unknown: tuple[str, ...]


class Group(NamedTuple):
    """Questions (by number) that share quantities, and all their cells."""

    questions: tuple[int, ...]
    cells: tuple[Cell, ...]


def groups_of(questions: Sequence[Question], free: Free) -> tuple[Group, ...]:
    """The groups with their cells. Undecided where there are too many, or where one cannot be decided."""
    found = []
    for numbers, kinds in _apart(questions):
        if len(numbers) > QUESTIONS_MAX:
            raise Undecided(
                f"{len(numbers)} comparisons that depend on each other, at most {QUESTIONS_MAX} do"
            )
        cells = _cells([questions[one] for one in numbers], kinds, free)
        found.append(Group(numbers, tuple(cells)))
    return tuple(found)


def _apart(questions: Sequence[Question]) -> Iterable[tuple[tuple[int, ...], dict[str, str]]]:
    """Numbers of the questions of each group, and its quantities with their types."""
    groups: list[tuple[tuple[int, ...], dict[str, str]]] = []
    for number, question in enumerate(questions):
        numbers: tuple[int, ...] = (number,)
        kinds = dict(kinds_in(question))
        for other in [one for one in groups if one[1].keys() & kinds.keys()]:
            groups.remove(other)
            numbers, kinds = other[0] + numbers, other[1] | kinds
        groups.append((tuple(sorted(numbers)), dict(sorted(kinds.items()))))
    return groups


def _cells(questions: Sequence[Question], kinds: Mapping[str, str], free: Free) -> Iterable[Cell]:
    start = whole(kinds, free)
    found: dict[tuple[Value, ...], Cell] = {}
    looks = 0
    for unknown in _blindness(questions, [one for one in kinds if one not in free]):
        for values, region in _answers(questions, start, frozenset(unknown)):
            if values not in found or len(unknown) > 0 == len(found[values].unknown):
                point = {name: value for name, value in region.point.items() if name not in unknown}
                found[values] = Cell(values, point, unknown)
            looks += 1
            if looks > LOOKS_MAX:
                raise Undecided(f"{', '.join(kinds)} depend on each other in more than {LOOKS_MAX:,} ways")
    return found.values()


def _blindness(questions: Sequence[Question], names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Sets of unknown quantities, the smaller first; of those that make the same questions unknown, one."""
    if len(names) > UNKNOWN_MAX:
        raise Undecided(f"more than {UNKNOWN_MAX} quantities that depend on each other: {', '.join(names)}")
    of = [{name for name, _ in kinds_in(question)} for question in questions]
    seen = set()
    for size in range(len(names) + 1):
        for unknown in combinations(names, size):
            hit = tuple(not one.isdisjoint(unknown) for one in of)
            if hit not in seen:
                seen.add(hit)
                yield unknown


def _answers(
    questions: Sequence[Question], region: Region, unknown: Unknown
) -> Iterator[tuple[tuple[Value, ...], Region]]:
    """Every set of answers with those quantities unknown, some of them more than once."""
    if not questions:
        yield (), region
        return
    for value, narrower in _answer(questions[0], region, unknown):
        for values, narrowest in _answers(questions[1:], narrower, unknown):
            yield (value, *values), narrowest


def _answer(question: Question, region: Region, unknown: Unknown) -> Iterator[tuple[Value, Region]]:
    if question.right is None:
        for narrower, ratio in ratios(question.left, region, unknown):
            yield UNKNOWN if ratio is None else KNOWN, narrower
        return
    for narrower, sides in all_ratios((question.left, question.right), region, unknown):
        if sides is None:
            yield None, narrower
        else:
            yield from _compared(question, gap(*sides), narrower)


def _compared(question: Question, difference: Poly, region: Region) -> Iterator[tuple[Value, Region]]:
    for value in classes(question):
        for signs in (NEGATIVE, POSITIVE) if value == NEGATIVE | POSITIVE else (value,):
            narrower = meet(region, difference, signs)
            if narrower is not None:
                yield value, narrower


def classes(question: Question) -> tuple[int, ...]:
    """Sets of signs that no operator it is asked with tells apart."""
    found: dict[tuple[bool, ...], int] = {}
    for sign in (NEGATIVE, NOTHING, POSITIVE):
        key = tuple(bool(SIGNS[one] & sign) for one in question.used)
        found[key] = found.get(key, 0) | sign
    return tuple(found.values())
