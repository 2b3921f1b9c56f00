"""Parameters as quantities: which numbers of a guard's expressions come from a parameter with a range.

A policy holds the text with the values filled in. So it is read once more with a parameter at either end of
its range: the numbers that are one end there and the other end here are the parameter.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import NamedTuple

from msgspec.structs import replace

from dnkit.analysis.rules.regions import Free, number_of
from dnkit.analysis.rules.table import Texts, texts_of
from dnkit.policies.expr import Expr, render
from dnkit.policies.expr_parse import parse
from dnkit.policies.policy import Param, Policy, Rule

At = Callable[[Mapping[str, str]], Policy | None]
WHOLE = ("count", "word")  # what is not every number of its range
_Ends = list[tuple[Fraction, Fraction]]


class _Differs(Exception):
    """Two readings differ in more than a number."""


class Freed(NamedTuple):
    """A guard over its ranges: the expressions with parameters as names, what these may be, the rules with
    the shortest wait that a value gives, and the names of parameters that stay as they are.
    """

    texts: Texts
    free: Free
    rules: tuple[Rule, ...]
    fixed: tuple[str, ...]


def freed(policy: Policy, at: At) -> Freed:
    """The guard with every parameter free that can be; `at` reads it with parameters set (None: it does not
    read).
    """
    found = Freed(texts_of(policy), {}, policy.rules, ())
    for param in policy.params:
        low, high = (at({param.name: end}) if end else None for end in (param.low, param.high))
        try:
            if low is None or high is None:
                raise _Differs
            found = _with(found, param, low, high)
        except _Differs:
            found = found._replace(fixed=(*found.fixed, param.name))
    return found


def _with(found: Freed, param: Param, low: Policy, high: Policy) -> Freed:
    """With one more parameter free."""
    ends: _Ends = []
    name = f"${param.name}"
    texts = _marked_texts(found.texts, texts_of(low), texts_of(high), name, ends)
    if ends and (param.type in WHOLE or set(ends) != {(_number(param.low), _number(param.high))}):
        raise _Differs
    rules = zip(found.rules, low.rules, high.rules, strict=True)
    return found._replace(
        texts=texts,
        free={**found.free, name: ends[0]} if ends else found.free,
        rules=tuple(_sooner(*three) for three in rules),
    )


def _number(text: str) -> Fraction:
    return number_of(parse(text, {}))


def _sooner(rule: Rule, low: Rule, high: Rule) -> Rule:
    """The rule with the shortest wait of the three."""
    if (low.do, low.name) != (high.do, high.name):
        raise _Differs
    return replace(rule, for_checks=min(rule.for_checks, low.for_checks, high.for_checks))


def _marked_texts(base: Texts, low: Texts, high: Texts, name: str, ends: _Ends) -> Texts:
    facts = [
        (fact, _marked(here, below, above, name, ends))
        for (fact, here), (_, below), (_, above) in zip(base.facts, low.facts, high.facts, strict=True)
    ]
    tests = [
        here if here is None or below is None or above is None else _marked(here, below, above, name, ends)
        for here, below, above in zip(base.tests, low.tests, high.tests, strict=True)
    ]
    return Texts(tuple(facts), tuple(tests))


def _marked(base: Expr, low: Expr, high: Expr, name: str, ends: _Ends) -> Expr:
    """The expression with the name where the two differ; `ends` gets the numbers that stand there."""
    if render(low) == render(high):
        return base
    if low.op == high.op == "number":
        ends.append((number_of(low), number_of(high)))
        return replace(base, op="name", text=name)
    if (low.op, low.text, len(low.parts)) != (high.op, high.text, len(high.parts)):
        raise _Differs
    parts = zip(base.parts, low.parts, high.parts, strict=True)
    return replace(base, parts=tuple(_marked(*three, name, ends) for three in parts))
