"""Rules that can never be the first, and rules that contradict each other so that only their order decides.

Rules of a first-match table overlap all the time: the graver stands first and says from where on it acts, the
milder below it starts earlier and says no more. That is how such a table is read, and it is not told. Told is
a rule that says how far it goes (`> 5% and <= 15%`) where another with something else to do starts inside of
that band, goes on beyond it, and nobody starts where the band ends: one of the two texts is not true, and
which one depends on nothing but their order.
"""

from collections.abc import Iterator, Sequence

from dnkit.analysis.proof import Verdict
from dnkit.analysis.rules.clauses import Part, clauses_of, direction, side_of
from dnkit.analysis.rules.sheet import Case, Sheet, matches
from dnkit.analysis.rules.table import asked
from dnkit.analysis.rules.words import broken, joined, named, part_text


def shadowed(sheet: Sheet) -> Iterator[Verdict]:
    """The rules that are never the first to match. `otherwise` may be: it costs nothing."""
    firsts = {case.first for case in sheet.cases.values()}
    for number, row in enumerate(sheet.table.rows):
        if row.test is None or number in firsts:
            continue
        mine = [case for case in sheet.cases.values() if matches(row, case.values)]
        asks = sorted({part.asks for part in asked(row.test)})
        if not mine:
            case = next(iter(sheet.cases.values()))
            yield broken(sheet, f"{named(row)} can never match", case, asks, (number,))
            continue
        above = needed(sheet, mine, number)
        text = f"{named(row)} can never be the first to match: {taking(sheet, above)} all its cases"
        yield broken(sheet, text, mine[0], asks, (*above, number))


def needed(sheet: Sheet, cases: Sequence[Case], below: int) -> list[int]:
    """Rules above that number that together match all of the cases (which some of them do), none too many."""
    found = list(range(below))
    for one in range(below):
        fewer = [number for number in found if number != one]
        if all(any(matches(sheet.table.rows[n], case.values) for n in fewer) for case in cases):
            found = fewer
    return found


def taking(sheet: Sheet, rows: Sequence[int]) -> str:
    """Those rules as who takes something."""
    names = joined([named(sheet.table.rows[one]) for one in rows])
    return f"{names} {'takes' if len(rows) == 1 else 'take'}"


def overlaps(sheet: Sheet) -> Iterator[tuple[tuple[int, int], str, Verdict]]:
    """Pairs of rules that contradict each other, the fact they do so on, and the finding."""
    for one, row in sheet.acting():
        for other, rival in sheet.acting():
            if row.do == rival.do:
                continue
            found = next(_crossings(sheet, one, other), None)
            if found is not None:
                yield (one, other), side_of(sheet.table, found[1]), _overlap(sheet, one, other, *found)


def _crossings(sheet: Sheet, one: int, other: int) -> Iterator[tuple[Case, Part, Part]]:
    """A case that both match with nobody above them, where the first ends, and where the other starts."""
    for start, end in _bands(sheet, one):
        for part in _parts(sheet, other):
            if side_of(sheet.table, part) != side_of(sheet.table, end) or direction(part) != direction(start):
                continue
            if not _inside(sheet, part, start, end) or _starts_at(sheet, one, end):
                continue
            yield from (
                (case, end, part) for case in _both(sheet, one, other) if _within(case, start, end, part)
            )


def _bands(sheet: Sheet, number: int) -> Iterator[tuple[Part, Part]]:
    """Two parts of a clause that bound the same fact from opposite sides."""
    for clause in clauses_of(sheet.table.rows[number].test):
        for start in clause:
            for end in clause:
                same = side_of(sheet.table, start) == side_of(sheet.table, end)
                if same and direction(start) == -direction(end) != 0:
                    yield start, end


def _parts(sheet: Sheet, number: int) -> Iterator[Part]:
    for clause in clauses_of(sheet.table.rows[number].test):
        yield from clause


def _inside(sheet: Sheet, part: Part, start: Part, end: Part) -> bool:
    """Whether the part begins to hold between start and end, and holds beyond the end."""
    seen = {
        (start.true(case.values), end.true(case.values), part.true(case.values))
        for case in sheet.cases.values()
        if case.values[part.asks] is not None
    }
    return {(True, True, False), (True, True, True), (True, False, True)} <= seen


def _starts_at(sheet: Sheet, number: int, end: Part) -> bool:
    """Whether another rule that acts starts where the part ends."""
    return any(
        part.asks == end.asks and direction(part) == -direction(end)
        for other, _ in sheet.acting()
        if other != number
        for part in _parts(sheet, other)
    )


def _both(sheet: Sheet, one: int, other: int) -> Iterator[Case]:
    rows = sheet.table.rows
    for case in sheet.cases.values():
        if (
            case.first in (one, other)
            and matches(rows[one], case.values)
            and matches(rows[other], case.values)
        ):
            yield case


def _within(case: Case, *parts: Part) -> bool:
    return all(part.true(case.values) for part in parts)


def _overlap(sheet: Sheet, one: int, other: int, case: Case, end: Part, start: Part) -> Verdict:
    rows = sheet.table.rows
    first, second = sorted((one, other))
    text = (
        f"{named(rows[one])} goes as far as {part_text(sheet.table, end)}, {named(rows[other])} starts at "
        f"{part_text(sheet.table, start)}: between the two both match, and `{rows[first].do}` is done rather "
        f"than `{rows[second].do}` only because it stands first"
    )
    return broken(sheet, text, case, (end.asks, start.asks), (first, second))
