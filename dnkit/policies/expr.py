"""The grammar of tests and facts: comparison, logic, arithmetic, abs, larger, smaller, unknown, `X is word`.

Every expression has a type: truth, money, coin, time, ratio or word. Adding or comparing unlike things is
an error with its place. Values are three-valued: what cannot be known is None, it stays None through every
operation that needs it, and a test that is None does not match. No text is ever executed.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

import msgspec

from dnkit.policies.units import NS_OF, number

TRUTH, MONEY, COIN, TIME, RATIO, WORD, ZERO = "truth", "money", "coin", "time", "ratio", "word", "zero"
FUNCTIONS = ("abs", "larger", "smaller", "unknown")
COMPARE = ("<", "<=", ">", ">=", "=", "!=")
NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_RANK = {
    "or": 1,
    "and": 2,
    "not": 3,
    "is": 4,
    **dict.fromkeys(COMPARE, 4),
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "negative": 7,
}

Value = Decimal | bool | tuple[str, ...] | None


class Expr(msgspec.Struct, frozen=True):
    """A parsed expression: `op` is number, name, literal, a function, an operator; `kind` its type;
    characters start..end."""

    op: str
    kind: str
    text: str
    parts: "tuple[Expr, ...]"
    start: int
    end: int


def guard_facts(legs: tuple[str, ...]) -> dict[str, str]:
    """Names and types a guard's expressions may use, for the legs of its policy."""
    each = {"notional": MONEY, "position": COIN, "price": MONEY, "entry": MONEY, "unrealised": MONEY}
    each |= {"liq_distance": RATIO, "funding": RATIO, "age": TIME}
    facts = {"clip": MONEY, "net": MONEY, "funding_spread": RATIO, "erosion": RATIO}
    return facts | {f"{name}_{leg}": kind for leg in legs for name, kind in each.items()}


def overlay_facts(legs: tuple[str, ...]) -> dict[str, str]:
    """Names and types an overlay's test may use."""
    facts = {"reason": WORD, "venue": WORD}
    for leg in legs:
        facts |= {f"{leg}.venue": WORD, f"{leg}.symbol": WORD, f"leg {leg} notional": MONEY}
    return facts


def render(expr: Expr, outer: int = 0) -> str:
    """Canonical text: single blanks, only the brackets that are needed.

    parse(render(x)) has the same text.
    """
    shown = _body(expr)
    return f"({shown})" if _RANK.get(expr.op, 9) < outer else shown


def _body(expr: Expr) -> str:
    if expr.op in FUNCTIONS:
        return f"{expr.op}({', '.join(render(one) for one in expr.parts)})"
    rank = _RANK.get(expr.op, 9)
    if expr.op == "not":
        return f"not {render(expr.parts[0], rank)}"
    if expr.op == "negative":
        return f"-{render(expr.parts[0], rank)}"
    if not expr.parts:
        return expr.text
    left = rank + 1 if rank == _RANK["is"] else rank
    return f"{render(expr.parts[0], left)} {expr.op} {render(expr.parts[1], rank + 1)}"


def evaluate(expr: Expr, values: Mapping[str, Value]) -> Value:
    """The value, or None where it cannot be known.

    A fact missing from `values` is unknown; words are tuples of words.
    """
    if expr.op == "number":
        return _literal(expr.text)
    if expr.op == "literal":
        return (expr.text,)
    if expr.op == "name":
        return values.get(expr.text)
    if expr.op == "unknown":
        return evaluate(expr.parts[0], values) is None
    parts = [evaluate(one, values) for one in expr.parts]
    if expr.op in ("and", "or"):
        return _connect(expr.op == "or", parts)
    if any(one is None for one in parts):
        return None
    return _DO[expr.op](parts)


def _connect(decisive: bool, parts: list[Value]) -> Value:
    """`or` is decided by one True, `and` by one False, whatever the other is."""
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


def _divide(parts: list[Value]) -> Value:
    top, bottom = _numbers(parts)
    return top / bottom if bottom else None


def _numbers(parts: list[Value]) -> list[Decimal]:
    return [one for one in parts if isinstance(one, Decimal)]


def _is(parts: list[Value]) -> bool:
    left, right = parts
    return isinstance(left, tuple) and isinstance(right, tuple) and right[0] in left


def _binary(do: Callable[[Decimal, Decimal], Value]) -> Callable[[list[Value]], Value]:
    return lambda parts: do(*_numbers(parts))


_DO: dict[str, Callable[[list[Value]], Value]] = {
    "not": lambda parts: not parts[0],
    "is": _is,
    "/": _divide,
    "+": _binary(lambda a, b: a + b),
    "-": _binary(lambda a, b: a - b),
    "*": _binary(lambda a, b: a * b),
    "<": _binary(lambda a, b: a < b),
    "<=": _binary(lambda a, b: a <= b),
    ">": _binary(lambda a, b: a > b),
    ">=": _binary(lambda a, b: a >= b),
    "=": _binary(lambda a, b: a == b),
    "!=": _binary(lambda a, b: a != b),
    "negative": lambda parts: -_numbers(parts)[0],
    "abs": lambda parts: abs(_numbers(parts)[0]),
    "larger": lambda parts: max(_numbers(parts)),
    "smaller": lambda parts: min(_numbers(parts)),
}


def _literal(text: str) -> Decimal:
    digits = re.match(rf"\$?({NUMBER})", text)
    amount = number(digits[1]) if digits else Decimal(0)
    unit = text[digits.end() :].strip() if digits else ""
    if unit in NS_OF:
        return amount * NS_OF[unit]
    return amount * {"%": Decimal("0.01"), "bps": Decimal("0.0001"), "bp": Decimal("0.0001")}.get(
        unit, Decimal(1)
    )
