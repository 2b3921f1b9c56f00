"""Whether a guard acts at first sight, and what it does when it cannot see."""

from collections.abc import Iterator

from dnkit.analysis.proof import Scene, Standing, Story, Verdict
from dnkit.analysis.rules.sheet import Case, Sheet
from dnkit.analysis.rules.table import KNOWN, UNKNOWN, Row, Table, Value, asked, kinds_in, truth
from dnkit.analysis.rules.words import broken, joined, named

TELLING = ("alert ", "halt")


def hasty(table: Table) -> Iterator[Verdict]:
    """A finding for each rule that acts on one look and does not say `at_once`."""
    for row in table.rows:
        if row.acts and not row.waits:
            scene = Scene(f"the first to match at one look: {row.do}", row.name, row.line)
            text = f"{named(row)} acts at first sight: one odd read is enough for `{row.do}`"
            yield Verdict(id="P26", standing=Standing.BROKEN, text=text, story=Story(0, (scene,), ()))


def blind(sheet: Sheet) -> Iterator[Verdict]:
    """A finding for each rule that trades because something is unknown: it is the first to match, and would
    not match if nothing were found to be unknown. For `otherwise` it is enough that something cannot be
    known.
    """
    for number, row in enumerate(sheet.table.rows):
        if not row.trades:
            continue
        cases = [case for case in sheet.cases.values() if case.first == number and _unseen(row, case)]
        if cases:
            case = next((one for one in cases if sheet.unknown(one)), cases[0])
            names = sheet.unknown(case) or ("a fact",)
            what = f"{joined(names)} {'is' if len(names) == 1 else 'are'} unknown"
            text = f"{named(row)} is the first to match because {what}, and does `{row.do}`"
            asks = [part.asks for part in asked(row.test)] or range(len(case.values))
            yield broken(sheet, text, case, asks, (number,), "P26")


def _unseen(row: Row, case: Case) -> bool:
    if row.test is None:
        return not case.known
    return truth(row.test, case.values, told=False) is not True


def told_of(sheet: Sheet) -> str:
    """In words: which rules speak up when a quantity that a rule which acts looks at is unknown, and for
    which quantities none does.
    """
    questions = sheet.table.questions
    names = {
        name: None
        for _, row in sheet.acting()
        for part in asked(row.test)
        for name, _ in kinds_in(questions[part.asks])
    }
    tellers = {name: _tellers(sheet, name) for name in sorted(names)}
    silent = [name for name, rows in tellers.items() if not rows]
    if not any(tellers.values()):
        return "no rule tells anybody that a fact is unknown" if names else "no rule looks at a fact"
    by_row: dict[str, list[str]] = {}
    for name, rows in tellers.items():
        for row in rows:
            by_row.setdefault(named(row), []).append(name)
    texts = [f"{row} tells when {joined(found, 'or')} is unknown" for row, found in by_row.items()]
    return "; ".join([*texts, f"none does for {joined(silent)}"] if silent else texts)


def _tellers(sheet: Sheet, name: str) -> list[Row]:
    """The rules that alert or halt whenever that quantity is unknown, whatever the others are."""
    values = list[Value]()
    for question in sheet.table.questions:
        hit = any(one == name for one, _ in kinds_in(question))
        values.append(None if question.right is not None else UNKNOWN if hit else KNOWN)
    rows = (row for _, row in sheet.acting() if row.do.startswith(TELLING))
    return [row for row in rows if row.test is None or truth(row.test, values)]
