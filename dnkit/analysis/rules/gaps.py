"""Cases that no rule takes."""

from collections.abc import Iterator, Sequence

from dnkit.analysis.proof import Verdict
from dnkit.analysis.rules.sheet import NOBODY, Case, Sheet
from dnkit.analysis.rules.table import Value, asked
from dnkit.analysis.rules.words import broken, facts, joined, said

GAPS_MAX = 5  # that are told; the first is most often enough to see the rest
Box = dict[int, frozenset[Value]]  # answers to some of the questions


def gaps(sheet: Sheet) -> Iterator[Verdict]:
    """A finding for each set of cases that no rule takes, those with everything known first."""
    open = [case for case in sheet.cases.values() if case.first == NOBODY]
    open.sort(key=lambda case: not case.known)
    taken = [case for case in sheet.cases.values() if case.first != NOBODY]
    columns = zip(*(case.values for case in sheet.cases.values()), strict=True)
    answers = [tuple(dict.fromkeys(column)) for column in columns]
    for _ in range(GAPS_MAX):
        if open:
            box = _widest(open[0], taken, answers)
            yield _gap(sheet, open[0], box)
            open = [case for case in open if not _in(case, box)]


def _widest(case: Case, others: Sequence[Case], answers: Sequence[tuple[Value, ...]]) -> Box:
    """Answers that the case has and none of the others: no question can be left out, none of all its answers
    be added.
    """
    box: Box = {asks: frozenset([value]) for asks, value in enumerate(case.values)}
    for asks in tuple(box):
        fewer = {one: values for one, values in box.items() if one != asks}
        if not any(_in(other, fewer) for other in others):
            box = fewer
    for asks in box:
        for value in answers[asks]:
            more = {**box, asks: box[asks] | {value}}
            if not any(_in(other, more) for other in others):
                box = more
    return box


def _in(case: Case, box: Box) -> bool:
    return all(case.values[asks] in values for asks, values in box.items())


def _gap(sheet: Sheet, case: Case, box: Box) -> Verdict:
    texts = [said(sheet.table, asks, values) for asks, values in box.items()]
    where = f"where {joined(texts)}" if texts else "anything"
    rows = [number for number, row in sheet.acting() if any(part.asks in box for part in asked(row.test))]
    return broken(sheet, f"no rule takes the case {where}: {facts(sheet, case, box)}", case, box, rows)
