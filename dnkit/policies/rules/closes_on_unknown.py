"""A guard that closes because it cannot see.

Each test is looked at with a fact it asks `unknown(...)` about being unknown. Every other comparison may come
out either way, so a truth has the values it may take, each beside the one it would have if `unknown(...)` did
not hold: the rule acts on not knowing where the first is true and the second is not. `otherwise` does so
where a fact that the rules above ask for may be unknown and none of them is sure to take that.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

import msgspec

from dnkit.model.terms import CLOSING
from dnkit.policies import expr
from dnkit.policies.check_guard import OTHERWISE
from dnkit.policies.compile.frame import policy_of
from dnkit.policies.compile.guard import GuardRule, GuardTable
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.expr_parse import parse
from dnkit.policies.rules.subject import Subject

CODE = "DNK303"
HELP = "write `do: alert page` for what is unknown: it is not unhedged"
HELP_OTHERWISE = "ask `unknown(...)` in a rule above that alerts: what is unknown is not unhedged"
Names = dict[str, None]
Pair = tuple[bool | None, bool | None]
EITHER: tuple[Pair, ...] = ((True, True), (False, False))


class _Facts(msgspec.Struct, frozen=True):
    """Types of all facts; of those the guard names itself the expression, the facts of the venues it stands
    on, and which of them it asks about."""

    types: dict[str, str]
    tests: dict[str, expr.Expr]
    names: dict[str, Names]
    asked: dict[str, Names]


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A finding for each rule that runs a close, an unwind or a flatten because a fact is unknown."""
    if subject.guard is None:
        return
    facts, rules = _facts(subject.guard), subject.guard.rules
    for number, rule in enumerate(rules):
        if _closes(subject, rule) and _acts_blind(rules[:number], rule, facts):
            yield _finding(subject, number, rule)


def _facts(table: GuardTable) -> _Facts:
    """Read in the order of the file: a fact may be made of those above it."""
    facts = _Facts(expr.guard_facts(tuple(leg.name for leg in table.legs)), {}, {}, {})
    for name, text in table.facts:
        test = parse(text, facts.types)
        facts.names[name], facts.asked[name] = _names(test, facts), _asked(test, facts)
        facts.types[name], facts.tests[name] = test.kind, test
    return facts


def _closes(subject: Subject, rule: GuardRule) -> bool:
    if rule.act != "run":
        return False
    policy, _ = policy_of(subject.library(rule.object))
    return policy is not None and policy.intent in CLOSING


def _names(test: expr.Expr, facts: _Facts) -> Names:
    """The facts of the venues an expression stands on."""
    if test.op == "name":
        return facts.names.get(test.text, {test.text: None})
    return {name: None for part in test.parts for name in _names(part, facts)}


def _asked(test: expr.Expr, facts: _Facts) -> Names:
    """The same for what stands in its `unknown(...)`."""
    if test.op == "unknown":
        return _names(test, facts)
    if test.op == "name":
        return facts.asked.get(test.text, {})
    return {name: None for part in test.parts for name in _asked(part, facts)}


def _acts_blind(above: Sequence[GuardRule], rule: GuardRule, facts: _Facts) -> bool:
    if rule.when == OTHERWISE:
        return _falls_through([parse(one.when, facts.types) for one in above], facts)
    return _on_unknown(rule.when, facts)


def _falls_through(tests: Sequence[expr.Expr], facts: _Facts) -> bool:
    """Whether it may be that none of the tests holds when a fact of theirs is unknown: one, or all."""
    names = dict.fromkeys(name for test in tests for name in _names(test, facts))
    return any(
        all(any(now is not True for now, _ in _comes_to(test, facts, missing)) for test in tests)
        for missing in _missing(names)
    )


def _on_unknown(when: str, facts: _Facts) -> bool:
    """Whether the test can hold because what it asks about is unknown: one fact of it, or all."""
    test = parse(when, facts.types)
    return any(
        now is True and otherwise is not True
        for missing in _missing(_asked(test, facts))
        for now, otherwise in _comes_to(test, facts, missing)
    )


def _missing(names: Iterable[str]) -> list[tuple[str, ...]]:
    """What may be unknown: all of the facts at once, or each alone."""
    every = tuple(names)
    return [every, *((one,) for one in every)] if every else []


def _comes_to(test: expr.Expr, facts: _Facts, missing: tuple[str, ...]) -> tuple[Pair, ...]:
    """The values of a test while those facts are unknown."""
    return _outcomes(test, facts, missing, _known(facts, missing))


def _known(facts: _Facts, missing: tuple[str, ...]) -> dict[str, tuple[Pair, ...]]:
    """What the truths among the guard's own facts come to."""
    known: dict[str, tuple[Pair, ...]] = {}
    for name, test in facts.tests.items():
        if test.kind == expr.TRUTH:
            known[name] = _outcomes(test, facts, missing, known)
    return known


def _outcomes(
    test: expr.Expr, facts: _Facts, missing: tuple[str, ...], known: Mapping[str, tuple[Pair, ...]]
) -> tuple[Pair, ...]:
    """The values a truth may take, each beside the one it would have if nothing were `unknown(...)`."""
    if test.op == "name":
        return known[test.text]
    if test.op in ("not", "and", "or"):
        return _combined(test.op, [_outcomes(part, facts, missing, known) for part in test.parts])
    blind = any(name in missing for name in _names(test, facts))
    if test.op == "unknown":
        return ((blind, False),)
    return ((None, None),) if blind else EITHER


def _combined(op: str, parts: list[tuple[Pair, ...]]) -> tuple[Pair, ...]:
    if op == "not":
        return tuple((_not(now), _not(otherwise)) for now, otherwise in parts[0])
    found = ((_join(op, a, b), _join(op, c, d)) for (a, c), (b, d) in product(*parts))
    return tuple(dict.fromkeys(found))


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _join(op: str, one: bool | None, other: bool | None) -> bool | None:
    decisive = op == "or"
    if decisive in (one, other):
        return decisive
    return None if None in (one, other) else not decisive


def _finding(subject: Subject, number: int, rule: GuardRule) -> Diagnostic:
    message = (
        f"`{rule.name}` runs `{rule.object}` because a fact is unknown: a venue that does not answer "
        f"costs a hedged position of {subject.stake} a leg"
    )
    return subject.finding(
        CODE,
        message,
        *("rules", number, "when"),
        help=HELP_OTHERWISE if rule.when == OTHERWISE else HELP,
        related=(subject.related("this closes", "rules", number, "do"),),
    )
