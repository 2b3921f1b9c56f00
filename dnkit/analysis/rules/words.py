"""Cases, parts and rows in plain words."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from dnkit.analysis.proof import Scene, Standing, Story, Verdict
from dnkit.analysis.rules.clauses import Part
from dnkit.analysis.rules.polynomials import ANY
from dnkit.analysis.rules.sheet import Case, Sheet, matches
from dnkit.analysis.rules.table import (
    SIGNS,
    UNKNOWN,
    Formula,
    Question,
    Row,
    Table,
    Value,
    kinds_in,
    kinds_of,
    truth,
)
from dnkit.policies import expr
from dnkit.policies.expr import render
from dnkit.policies.unit_texts import show_money, show_number, show_time

DIGITS = 6  # of a value that is told


def joined(texts: Sequence[str], word: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {word} {texts[-1]}"


def counted(number: int, word: str) -> str:
    """`1 case`, `1,200 cases`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def named(row: Row) -> str:
    """The row by its name and line."""
    return f"`{row.name}` (line {row.line})" if row.line else f"`{row.name}`"


def part_text(table: Table, part: Part) -> str:
    """A part of a test, such as `missing < 20%`."""
    return said(table, part.asks, [part.holds])


def said(table: Table, asks: int, values: Iterable[Value]) -> str:
    """That a question has one of those answers, such as "`missing < 20%`" or "not `liq < 5%`"."""
    question = table.questions[asks]
    left, answers = render(question.said), tuple(values)
    if question.against is None:
        return f"`{left}` is {'unknown' if UNKNOWN in answers else 'known'}"
    signs = sum(value or 0 for value in answers)
    right = render(question.against)
    if signs in (0, ANY):
        return f"`{left}` {'can' if signs else 'cannot'} be compared with {right}"
    negated = None in answers
    holds = ANY & ~signs if negated else signs
    operator = next(op for op, one in SIGNS.items() if one == holds)
    return f"{'not ' if negated else ''}`{left} {operator} {right}`"


def told(sheet: Sheet, case: Case, asks: Iterable[int]) -> str:
    """The case by what those questions look at: `imbalance 10% (notional_a $100, notional_b $90)`."""
    questions = [sheet.table.questions[one] for one in asks]
    kinds = dict(pair for question in questions for pair in kinds_in(question))
    values, looked = _values(sheet, case), _looked(sheet, case, questions)
    below = [_shown(name, kind, values) for name, kind in sorted(kinds.items()) if name not in looked]
    return f"{', '.join(looked.values())} ({', '.join(below)})" if below else ", ".join(looked.values())


def facts(sheet: Sheet, case: Case, asks: Iterable[int]) -> str:
    """The same without what the facts are made of."""
    return ", ".join(_looked(sheet, case, [sheet.table.questions[one] for one in asks]).values())


def _looked(sheet: Sheet, case: Case, questions: Sequence[Question]) -> dict[str, str]:
    """The names that stand in the questions as written, each with its value."""
    values = _values(sheet, case)
    sides = [side for one in questions for side in (one.said, one.against) if side is not None]
    kinds = {name: kind for side in sides for name, kind in kinds_of(side)}
    return {name: _shown(name, kind, values) for name, kind in kinds.items()}


def _values(sheet: Sheet, case: Case) -> dict[str, expr.Value]:
    """What the language makes of the example of the case: quantities and facts by name."""
    values: dict[str, expr.Value] = {name: _decimal(value) for name, value in sheet.point(case).items()}
    for name, fact in sheet.table.facts:
        values[name] = expr.evaluate(fact, values)
    return values


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _shown(name: str, kind: str, values: Mapping[str, expr.Value]) -> str:
    value = values.get(name)
    if not isinstance(value, Decimal):
        return f"{name} unknown"
    if kind == expr.TIME:
        return f"{name} {show_time(int(value))}"
    value = Decimal(f"{value * 100 if kind == expr.RATIO else value:.{DIGITS}g}")
    if kind == expr.MONEY:
        return f"{name} {show_money(value)}"
    return f"{name} {show_number(value)}{'%' if kind == expr.RATIO else ''}"


def broken(
    sheet: Sheet, text: str, case: Case, asks: Iterable[int], rows: Iterable[int], id: str = "P25"
) -> Verdict:
    """A finding with its story: the case, then what each of those rows makes of it."""
    table = sheet.table
    scenes = [Scene(told(sheet, case, asks), "", 0)]
    scenes += [_scene(sheet, case, number, table.rows[number]) for number in rows]
    unknown = tuple(f"{name}=unknown" for name in sheet.unknown(case))
    known = (f"{name}={_decimal(value):f}" for name, value in sheet.point(case).items())
    return Verdict(
        id=id, standing=Standing.BROKEN, text=text, story=Story(0, tuple(scenes), (*known, *unknown))
    )


def _scene(sheet: Sheet, case: Case, number: int, row: Row) -> Scene:
    if row.test is not None and not matches(row, case.values):
        return Scene(f"does not match: {_why_not(row.test, case)}", row.name, row.line)
    first = "the first to match" if case.first == number else "matches too, and is not the first"
    return Scene(f"{first}: {row.do}", row.name, row.line)


def _why_not(test: Formula, case: Case) -> str:
    """The first of its parts that is not true."""
    parts = test.parts if test.op == "and" else (test,)
    failed = next(part for part in parts if truth(part, case.values) is not True)
    what = "is not true" if truth(failed, case.values) is False else "cannot be known"
    return f"`{failed.text}` {what}"
