"""A guard's rules as formulas over questions: comparisons of numbers, and whether something is unknown.

Facts that the policy defines are put in place of their names: what depends on the same quantities is seen to.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from dnkit.analysis.rules.polynomials import NEGATIVE, NOTHING, POSITIVE
from dnkit.analysis.rules.solve import Undecided
from dnkit.policies import expr
from dnkit.policies.check_guard import OTHERWISE
from dnkit.policies.diagnostics import Span
from dnkit.policies.expr import Expr, render
from dnkit.policies.expr_parse import parse
from dnkit.policies.keys import Route
from dnkit.policies.policy import Policy, Rule

SIGNS = {
    "<": NEGATIVE,
    "<=": NEGATIVE | NOTHING,
    "=": NOTHING,
    "!=": NEGATIVE | POSITIVE,
    ">=": NOTHING | POSITIVE,
    ">": POSITIVE,
}  # of left - right
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
PARTS_MAX, DEPTH_MAX = 4_000, 200  # of an expression with facts in place of their names
KNOWN, UNKNOWN = 8, 16  # answers to `unknown(...)`; a comparison is answered by signs

Value = int | None  # of a comparison: the signs its difference may have; None where it cannot be known


class Question(NamedTuple):
    """A comparison of two sides made of quantities, or `unknown(left)` where there is no right one. `side` is
    the left one as text, `said` the left side and `against` the right one as first written; `used` are the
    operators it is asked with.
    """

    left: Expr
    right: Expr | None
    side: str
    said: Expr
    against: Expr | None
    used: tuple[str, ...]


class Formula(NamedTuple):
    """`op` is and, or, not, unknown (it cannot be known whether its part is true), or ask: question number
    `asks` has an answer among `holds`. `text` as written.
    """

    op: str
    parts: "tuple[Formula, ...]" = ()
    asks: int = -1
    holds: int = 0
    text: str = ""


class Row(NamedTuple):
    """One rule. `test` is None for `otherwise`; line 0 is none of the policy's."""

    name: str
    test: Formula | None
    do: str
    waits: bool
    line: int

    @property
    def acts(self) -> bool:
        """Whether it does anything."""
        return self.do != "nothing"

    @property
    def trades(self) -> bool:
        """Whether it runs a policy."""
        return self.do.startswith("run ")


class Table(NamedTuple):
    """Rows in order of priority; `facts` are the policy's own with their types, as written."""

    rows: tuple[Row, ...]
    questions: tuple[Question, ...]
    facts: tuple[tuple[str, Expr], ...]


class Texts(NamedTuple):
    """The expressions of a policy, parsed; a test is None for `otherwise`."""

    facts: tuple[tuple[str, Expr], ...]
    tests: tuple[Expr | None, ...]


def texts_of(policy: Policy) -> Texts:
    """Facts and tests of a guard as its text has them."""
    types = expr.guard_facts(tuple(leg.name for leg in policy.legs))
    facts = []
    for name, text in policy.watch.facts if policy.watch else ():
        fact = parse(text, types)
        types[name] = fact.kind
        facts.append((name, fact))
    tests = (None if rule.when == OTHERWISE else parse(rule.when, types) for rule in policy.rules)
    return Texts(tuple(facts), tuple(tests))


def table_of(rules: Sequence[Rule], texts: Texts, spans: Mapping[Route, Span]) -> Table:
    """The table of those rules with those expressions; `spans` gives the lines. Undecided where facts of
    facts make an expression that is too large.
    """
    _measure(texts)
    written = dict[str, Expr]()
    for name, fact in texts.facts:
        written[name] = put_in(fact, written)
    maker = _Maker(dict(texts.facts), written)
    rows = []
    for number, (rule, test) in enumerate(zip(rules, texts.tests, strict=True)):
        place = spans.get(("rules", number, "when"))
        formula = None if test is None else maker.formula(test)
        waits = rule.at_once or rule.for_checks > 0
        rows.append(Row(rule.name, formula, rule.do, waits, place.line if place else 0))
    return Table(tuple(rows), tuple(maker.questions.values()), texts.facts)


def _measure(texts: Texts) -> None:
    """Undecided where facts put in place of their names make too much of an expression."""
    sizes: dict[str, tuple[int, int]] = {}
    for name, test in (*texts.facts, *(("", test) for test in texts.tests if test is not None)):
        count, depth = 0, 0
        open = [(test, 1)]
        while open:
            part, level = open.pop()
            more, below = sizes.get(part.text, (1, 1)) if part.op == "name" else (1, 1)
            count, depth = count + more, max(depth, level + below - 1)
            open += [(one, level + 1) for one in part.parts]
        if count > PARTS_MAX or depth > DEPTH_MAX:
            raise Undecided(f"an expression of {count:,} parts, {depth} of them in one another")
        sizes[name] = count, depth


def put_in(test: Expr, written: Mapping[str, Expr]) -> Expr:
    """The expression with facts in place of their names."""
    if test.op == "name":
        return written.get(test.text, test)
    return replace(test, parts=tuple(put_in(part, written) for part in test.parts))


def kinds_of(test: Expr) -> Iterator[tuple[str, str]]:
    """The names in it with their types, in order and as often as they stand there."""
    if test.op == "name":
        yield test.text, test.kind
    for part in test.parts:
        yield from kinds_of(part)


def kinds_in(question: Question) -> Iterator[tuple[str, str]]:
    """The quantities of a question with their types, as often as they stand there."""
    yield from kinds_of(question.left)
    if question.right is not None:
        yield from kinds_of(question.right)


class _Maker:
    """Makes formulas, and one question of all comparisons of the same two sides. `facts` are as written,
    `written` of quantities only.
    """

    def __init__(self, facts: Mapping[str, Expr], written: Mapping[str, Expr]) -> None:
        self.facts = facts
        self.written = written
        self.questions: dict[str, Question] = {}

    def formula(self, test: Expr) -> Formula:
        if test.op == "name":
            return self.formula(self.facts[test.text])._replace(text=test.text)
        if test.op in ("and", "or", "not") or test.parts[0].kind == expr.TRUTH:
            return Formula(test.op, tuple(self.formula(part) for part in test.parts), text=render(test))
        if test.op == "unknown":
            number = self._question(test.parts[0], None, test.op)
            return Formula("ask", (), number, UNKNOWN, render(test))
        left, right, op = *test.parts, test.op
        if not any(kinds_of(left)):
            left, right, op = right, left, _TURNED.get(op, op)
        return Formula("ask", (), self._question(left, right, op), SIGNS[op], render(test))

    def _question(self, left: Expr, right: Expr | None, op: str) -> int:
        """Its number."""
        one, other = put_in(left, self.written), right and put_in(right, self.written)
        side = render(one)
        key = f"{side} ? {render(other)}" if other else side
        found = self.questions.setdefault(key, Question(one, other, side, left, right, ()))
        if op not in found.used:
            self.questions[key] = found._replace(used=(*found.used, op))
        return list(self.questions).index(key)


def truth(formula: Formula, values: Sequence[Value], *, told: bool = True) -> bool | None:
    """Whether it holds where the questions have those answers; None where that cannot be known. Without
    `told` nothing is ever found to be unknown.
    """
    if formula.op == "ask":
        value = values[formula.asks]
        return None if value is None else bool(value & formula.holds) and (told or value != UNKNOWN)
    inner = [truth(part, values, told=told) for part in formula.parts]
    if formula.op == "unknown":
        return told and inner[0] is None
    if formula.op == "not":
        return None if inner[0] is None else not inner[0]
    decisive = formula.op == "or"
    if decisive in inner:
        return decisive
    return None if None in inner else not decisive


def asked(formula: Formula | None) -> Iterator[Formula]:
    """Its questions, in order; none of `otherwise`."""
    if formula is not None and formula.op == "ask":
        yield formula
    for part in formula.parts if formula is not None else ():
        yield from asked(part)
