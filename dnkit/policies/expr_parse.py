"""Text of an expression to a typed tree: recursive descent, one level of precedence a method, depth
bounded."""

import re
from collections.abc import Callable, Mapping
from typing import NoReturn

import msgspec

from dnkit.policies.expr import (
    COIN,
    COMPARE,
    FUNCTIONS,
    MONEY,
    NUMBER,
    RATIO,
    TIME,
    TRUTH,
    WORD,
    ZERO,
    Expr,
    render,
)
from dnkit.policies.unit_texts import show_number
from dnkit.policies.units import TextError, number, unknown_word

SYNTAX, TYPE, UNKNOWN_FACT = "DNK033", "DNK034", "DNK035"
DEPTH_MAX = 24
LENGTH_MAX = 1000  # blanks aside: the canonical text of an expression has its own, and no other characters

_RESERVED = ("and", "or", "not", "is", "leg", "otherwise", *FUNCTIONS)
_OF_PROGRAMMERS = {"&": "write `and`", "|": "write `or`", "!": "write `not`"}
_TOKEN = re.compile(
    rf"\s*(?:(?P<number>\$?{NUMBER}(?:\s?%|bps?\b|ms\b|[smh]\b|\s[A-Z][A-Z0-9]*\b)?)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)|(?P<mark><=|>=|!=|[-<>=+*/(),]))"
)


class _Token(msgspec.Struct, frozen=True):
    kind: str
    text: str
    start: int
    end: int


def parse(text: str, facts: Mapping[str, str], want: str = "") -> Expr:
    """Parse and type a text; `facts` gives name -> type. TextError with the characters at fault."""
    if len(text) > LENGTH_MAX and len("".join(text.split())) > LENGTH_MAX:
        raise TextError(f"an expression has at most {LENGTH_MAX} characters, blanks aside", code=SYNTAX)
    found = _Parser(text, facts).whole()
    if want and found.kind not in (want, ZERO if want != TRUTH else want):
        _wrong(f"`{text}` is {_a(found.kind)}, {_a(want)} is wanted", found)
    return found


class _Parser:
    """Recursive descent over the tokens, one level of precedence a method; depth is bounded."""

    def __init__(self, text: str, facts: Mapping[str, str]) -> None:
        self.text = text
        self.facts = facts
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0

    def whole(self) -> Expr:
        found = self._or()
        token = self.tokens[self.at]
        if token.kind != "end":
            self._stuck(token, "an operator or the end")
        return found

    def _or(self) -> Expr:
        return self._logic("or", self._and)

    def _and(self) -> Expr:
        return self._logic("and", self._not)

    def _logic(self, word: str, below: Callable[[], Expr]) -> Expr:
        left = below()
        while self._take(word):
            right = below()
            for one in (left, right):
                _need_truth(one, word)
            left = _join(word, TRUTH, left, right)
        return left

    def _not(self) -> Expr:
        start = self.tokens[self.at].start
        if not self._take("not"):
            return self._compare()
        self._deeper()
        part = self._not()
        self.depth -= 1
        _need_truth(part, "not")
        return Expr("not", TRUTH, "", (part,), start, part.end)

    def _compare(self) -> Expr:
        left = self._sum()
        token = self.tokens[self.at]
        if self._take("is"):
            return self._is(left)
        if token.kind != "mark" or token.text not in COMPARE:
            return left
        self.at += 1
        right = self._sum()
        found = _join(token.text, TRUTH, left, right)
        _need_same(found)
        following = self.tokens[self.at]
        if following.text in COMPARE:
            self._stuck(following, "one comparison at a time (join two with `and`)")
        return found

    def _is(self, left: Expr) -> Expr:
        if left.kind != WORD:
            _wrong(
                f"`{render(left)}` is {_a(left.kind)}; `is` asks for a word",
                left,
                "compare numbers with = < >",
            )
        token = self.tokens[self.at]
        if token.kind != "word" or token.text in _RESERVED:
            self._stuck(token, "a word after `is`")
        self.at += 1
        return _join("is", TRUTH, left, Expr("literal", WORD, token.text, (), token.start, token.end))

    def _sum(self) -> Expr:
        left = self._product()
        while self.tokens[self.at].text in ("+", "-"):
            op = self._next().text
            left = _join(op, "", left, self._product())
            left = msgspec.structs.replace(left, kind=_need_same(left))
        return left

    def _product(self) -> Expr:
        left = self._single()
        while self.tokens[self.at].text in ("*", "/"):
            op = self._next().text
            left = _join(op, "", left, self._single())
            left = msgspec.structs.replace(left, kind=_product_kind(left))
        return left

    def _single(self) -> Expr:
        self._deeper()
        token = self._next()
        if token.text == "-":
            part = self._single()
            _need_number(part)
            found = Expr("negative", part.kind, "", (part,), token.start, part.end)
        elif token.text == "(":
            inner = self._or()
            self._close()
            found = msgspec.structs.replace(inner)
        elif token.kind == "number":
            found = Expr(
                "number", _number_kind(token.text), _number_text(token.text), (), token.start, token.end
            )
        elif token.kind == "word":
            found = self._word(token)
        else:
            self._stuck(token, "a fact, a number or `(`")
        self.depth -= 1
        return found

    def _word(self, token: _Token) -> Expr:
        if token.text in FUNCTIONS:
            return self._call(token)
        name, end = token.text, token.end
        if name == "leg":
            name, end = self._leg(token)
        elif name in _RESERVED:
            self._stuck(token, "a fact or a number")
        if name not in self.facts:
            said = f"there is no fact `{name}`"
            raise unknown_word(said, name, self.facts, code=UNKNOWN_FACT, part=(token.start, end))
        return Expr("name", self.facts[name], name, (), token.start, end)

    def _leg(self, token: _Token) -> tuple[str, int]:
        leg, what = self._next(), self._next()
        if leg.kind != "word" or what.kind != "word":
            self._stuck(leg if leg.kind != "word" else what, "`leg NAME notional`")
        return f"leg {leg.text} {what.text}", what.end

    def _call(self, token: _Token) -> Expr:
        opening = self._next()
        if opening.text != "(":
            self._stuck(opening, f"`(` after {token.text}")
        parts = [self._or()]
        while self._take(","):
            parts.append(self._or())
        end = self._close()
        call = Expr(token.text, "", "", tuple(parts), token.start, end)
        return msgspec.structs.replace(call, kind=_call_kind(call))

    def _close(self) -> int:
        token = self._next()
        if token.text != ")":
            self._stuck(token, "`)`")
        return token.end

    def _take(self, text: str) -> bool:
        if self.tokens[self.at].text != text:
            return False
        self.at += 1
        return True

    def _next(self) -> _Token:
        token = self.tokens[self.at]
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            self._stuck(self.tokens[self.at], f"no more than {DEPTH_MAX} brackets in one another")

    def _stuck(self, token: _Token, wanted: str) -> NoReturn:
        what = "the expression ends here" if token.kind == "end" else f"`{token.text}` does not fit here"
        raise TextError(
            what, f"expected {wanted}", code=SYNTAX, part=(token.start, max(token.end, token.start + 1))
        )


def _tokens(text: str) -> tuple[_Token, ...]:
    found: list[_Token] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            said = f"`{text[start]}` does not belong in an expression"
            raise TextError(said, _OF_PROGRAMMERS.get(text[start], ""), code=SYNTAX, part=(start, start + 1))
        kind = str(match.lastgroup)
        found.append(_Token(kind, match[kind], match.start(kind), match.end(kind)))
        at = match.end()
    return (*found, _Token("end", "", len(text), len(text)))


def _join(op: str, kind: str, left: Expr, right: Expr) -> Expr:
    return Expr(op, kind, "", (left, right), left.start, right.end)


def _number_kind(text: str) -> str:
    if text.startswith("$"):
        return MONEY
    if text.endswith(("%", "bps", "bp")):
        return RATIO
    if text[-1] in "smh":
        return TIME
    if text[-1].isdigit() and " " not in text:
        return ZERO if number(text) == 0 else RATIO
    return COIN


def _number_text(text: str) -> str:
    digits = re.match(rf"(\$?)({NUMBER})\s?(.*)", text)
    if digits is None:
        return text
    gap = " " if digits[3] and digits[3][0].isupper() else ""
    return f"{digits[1]}{show_number(number(digits[2]))}{gap}{digits[3]}"


def _need_truth(expr: Expr, word: str) -> None:
    if expr.kind != TRUTH:
        _wrong(f"`{render(expr)}` is {_a(expr.kind)}; `{word}` joins things that are true or false", expr)


def _need_number(expr: Expr) -> None:
    if expr.kind in (TRUTH, WORD):
        _wrong(f"`{render(expr)}` is {_a(expr.kind)}, a number is wanted", expr)


def _need_same(expr: Expr) -> str:
    """Type common to the parts; a literal 0 fits every type."""
    kinds = []
    for one in expr.parts:
        _need_number(one)
        if one.kind != ZERO and one.kind not in kinds:
            kinds.append(one.kind)
    if len(kinds) > 1:
        _wrong(
            f"{_a(kinds[0])} and {_a(kinds[1])} cannot be put together with `{expr.op}`",
            expr,
            "give both the same unit",
        )
    return kinds[0] if kinds else ZERO


def _product_kind(expr: Expr) -> str:
    for one in expr.parts:
        _need_number(one)
    if expr.parts[0].kind == ZERO or (expr.op == "*" and expr.parts[1].kind == ZERO):
        return ZERO
    left, right = (RATIO if one.kind == ZERO else one.kind for one in expr.parts)
    if right == RATIO:
        return left
    if expr.op == "*" and left == RATIO:
        return right
    if expr.op == "/" and left == right:
        return RATIO
    _wrong(f"{_a(left)} {expr.op} {_a(right)} has no meaning here", expr)


def _call_kind(call: Expr) -> str:
    wanted = 1 if call.op in ("abs", "unknown") else 2
    if len(call.parts) != wanted and (wanted == 1 or len(call.parts) < wanted):
        words = "one thing" if wanted == 1 else "two things or more"
        raise TextError(f"{call.op} takes {words}", code=SYNTAX, part=(call.start, call.end))
    return TRUTH if call.op == "unknown" else _need_same(call)


def _a(kind: str) -> str:
    return {
        TRUTH: "true or false",
        MONEY: "money",
        COIN: "an amount of coin",
        TIME: "a time",
        RATIO: "a plain number",
    }.get(kind, f"a {kind}")


def _wrong(message: str, at: Expr, help: str = "") -> NoReturn:
    raise TextError(message, help, code=TYPE, part=(at.start, at.end))
