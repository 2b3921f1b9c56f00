"""A venue's capability file -> Capabilities, with every fact's source kept beside it.

Each fact is a map `{is: VALUE, source: TEXT, seen_live: true|false}`; `symbols` holds grid, minimum and
fees per symbol. Every fact must be there: a fact left out is a finding, never a default.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

import msgspec

from dnkit.model.capabilities import Capabilities
from dnkit.model.instrument import Instrument, make_instrument
from dnkit.model.numbers import to_mbps
from dnkit.model.terms import OrderType, PostOnlyCross
from dnkit.policies import source
from dnkit.policies.bind import advice, near
from dnkit.policies.diagnostics import Diagnostic, Span, has_errors
from dnkit.policies.findings import first_of
from dnkit.policies.source import MAP, SCALAR, Node
from dnkit.policies.units import TextError, parse_money, parse_rate, parse_time, unknown_word

DEADMAN = ("none", "cancel_all_after", "cancel_on_disconnect", "schedule_cancel")
NO_MATCH = ("rejected", "cancelled", "expired")
_FACT_KEYS = ("is", "source", "seen_live")
_SYMBOL_KEYS = (
    "coin",
    "quote",
    "tick",
    "lot",
    "quantity_min",
    "notional_min",
    "maker_fee",
    "taker_fee",
    "source",
    "seen_live",
)
_DECIMAL = re.compile(r"\d+(\.\d+)?")
_FEE = re.compile(r"(-?\d+(?:\.\d+)?)bps?")
_Word = TypeVar("_Word", bound=Enum)


class Fact(msgspec.Struct, frozen=True):
    """One fact as the file tells it: its text, where it comes from, and whether anyone here ever saw it
    live.
    """

    name: str
    text: str
    source: str
    seen_live: bool


class CapabilityFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says: the capabilities (None on errors), its facts and the findings in file order."""

    capabilities: Capabilities | None
    facts: tuple[Fact, ...]
    diagnostics: tuple[Diagnostic, ...]


def read_capabilities(text: str, path: str) -> CapabilityFile:
    """Read one capability file; `path` is only for the findings. Never raises for what a text contains."""
    root, found = source.read(text, path)
    if root is None:
        return CapabilityFile(capabilities=None, facts=(), diagnostics=first_of(found))
    reader = _Reader(path, list(found))
    capabilities = reader.read(root)
    failed = has_errors(reader.found)
    return CapabilityFile(
        capabilities=None if failed else capabilities,
        facts=tuple(reader.facts),
        diagnostics=first_of(reader.found),
    )


class _Reader:
    def __init__(self, path: str, found: list[Diagnostic]) -> None:
        self.path = path
        self.found = found
        self.facts: list[Fact] = []

    def read(self, root: Node) -> Capabilities | None:
        self._known(root, ("venue", "default_symbol", "symbols", "client_id", *_FACTS), "DNK511")
        values: dict[str, Any] = {}
        for name, (fields, parse) in _FACTS.items():
            answer = self._fact(root, name, parse)
            if answer is not None:
                values |= zip(fields, answer if len(fields) > 1 else (answer,), strict=True)
        self._fact(root, "client_id", lambda node: node.text)
        venue = self._text(root, "venue")
        symbols = self._symbols(root, venue)
        default = self._text(root, "default_symbol")
        if symbols and default not in {one.symbol for one in symbols}:
            self._say(
                "DNK512",
                f"default symbol `{default}` is not among the symbols",
                root.get("default_symbol") or root,
            )
        if has_errors(self.found):
            return None
        return Capabilities(
            venue=venue,
            default_symbol=default,
            symbols=symbols,
            source=f"{len({one.source for one in self.facts})} sources in the capability file of {venue}",
            seen_live=all(one.seen_live for one in self.facts),
            **values,
        )

    def _fact(self, root: Node, name: str, parse: Callable[[Node], Any]) -> Any:
        node = root.get(name)
        if node is None:
            self._say(
                "DNK510", f"the fact `{name}` is missing", root, f"write `{name}: {{is: ..., source: ...}}`"
            )
            return None
        if node.kind != MAP:
            self._say(
                "DNK512", f"`{name}` is not a fact", node, "write {is: VALUE, source: TEXT, seen_live: false}"
            )
            return None
        self._known(node, _FACT_KEYS, "DNK511")
        self._note(name, node)
        value = node.get("is")
        if value is None:
            self._say("DNK510", f"the fact `{name}` has no value", node, "write `is: VALUE`")
            return None
        return self._parsed(value, parse)

    def _note(self, name: str, node: Node) -> None:
        """Keep the fact with its source; both source and seen_live must be told."""
        value, told = node.get("is"), node.get("source")
        if told is None or not told.text:
            self._say(
                "DNK510", f"where is `{name}` known from?", node, "write `source: TEXT`, or `source: assumed`"
            )
        seen = self._child(node, "seen_live", _boolean)
        text = "" if value is None else value.text or ", ".join(one.text for one in value.items)
        self.facts.append(Fact(name, text, told.text if told else "", bool(seen)))

    def _symbols(self, root: Node, venue: str) -> tuple[Instrument, ...]:
        node = root.get("symbols")
        if node is None or node.kind != MAP or not node.entries:
            self._say("DNK510", "the file lists no symbols", node or root, "write `symbols:`")
            return ()
        found = (self._symbol(venue, entry.key.text, entry.value) for entry in node.entries)
        return tuple(one for one in found if one is not None)

    def _symbol(self, venue: str, symbol: str, node: Node) -> Instrument | None:
        if node.kind != MAP:
            self._say("DNK512", f"symbol `{symbol}` is not a map", node)
            return None
        self._known(node, _SYMBOL_KEYS, "DNK511")
        self._note(symbol, node)
        values = {
            "base": self._child(node, "coin", _word),
            "quote": self._child(node, "quote", _word),
            "tick": self._child(node, "tick", _step),
            "lot": self._child(node, "lot", _step),
            "quantity_min": self._child(node, "quantity_min", _decimal),
            "notional_min": self._child(node, "notional_min", lambda one: parse_money(one.text)),
            "maker_fee": self._child(node, "maker_fee", _fee),
            "taker_fee": self._child(node, "taker_fee", _fee),
        }
        if any(value is None for value in values.values()):
            return None
        made: Instrument | None = self._parsed(
            node, lambda _: make_instrument(venue=venue, symbol=symbol, **values)
        )
        return made

    def _child(self, node: Node, key: str, parse: Callable[[Node], Any]) -> Any:
        child = node.get(key)
        if child is None:
            self._say("DNK510", f"`{key}` is missing", node, f"write `{key}: ...`")
            return None
        return self._parsed(child, parse)

    def _parsed(self, node: Node, parse: Callable[[Node], Any]) -> Any:
        try:
            return parse(node)
        except TextError as error:
            self._say("DNK512", error.message, node, **advice(error, node))
        except ValueError as error:
            self._say("DNK512", str(error), node)
        return None

    def _text(self, root: Node, key: str) -> str:
        return self._child(root, key, _word) or ""

    def _known(self, node: Node, keys: tuple[str, ...], code: str) -> None:
        for entry in node.entries:
            if entry.key.text not in keys:
                said = f"unknown key `{entry.key.text}`"
                self._say(code, said, entry.key, **near(entry.key, entry.key.text, keys))

    def _say(self, code: str, message: str, node: Node, help: str = "", meant: str = "") -> None:
        span = self._place(node)
        self.found.append(Diagnostic(code=code, message=message, span=span, help=help, meant=meant))

    def _place(self, node: Node) -> Span:
        if node.kind == SCALAR:
            return node.span
        first = node.span
        return Span(first.path, first.line, first.col, first.line, first.col + 1)


def _word(node: Node) -> str:
    if node.kind != SCALAR or not node.text:
        raise TextError("a word is wanted here")
    return node.text


def _one_of(node: Node, words: tuple[str, ...]) -> str:
    if node.text not in words:
        raise unknown_word(f"`{node.text}` is not known here", node.text, words)
    return node.text


def _enum(kind: type[_Word]) -> Callable[[Node], _Word]:
    return lambda node: kind(_one_of(node, tuple(one.value for one in kind)))


def _boolean(node: Node) -> bool:
    return _one_of(node, ("true", "false")) == "true"


def _types(node: Node) -> tuple[OrderType, ...]:
    if node.kind == SCALAR:
        raise TextError("a list of order types is wanted here", "write [post_only, gtc, ioc]")
    return tuple(_enum(OrderType)(item) for item in node.items)


def _decimal(node: Node) -> Decimal:
    if not _DECIMAL.fullmatch(node.text):
        raise TextError(f"`{node.text}` is not a plain number", "write it like 0.001")
    return Decimal(node.text)


def _step(node: Node) -> Decimal:
    step = _decimal(node)
    if step == 0:
        raise TextError("a grid step is above zero", "write it like 0.001")
    return step


def _fee(node: Node) -> int:
    found = _FEE.fullmatch(node.text)
    if not found:
        raise TextError(
            f"`{node.text}` is no fee", "write it in basis points: 3.5bps, or -0.5bps for a rebate"
        )
    return to_mbps(Decimal(found[1]))


def _time(node: Node) -> int:
    return parse_time(node.text)


# Fact -> (fields of Capabilities, parser of its value).
_FACTS: dict[str, tuple[tuple[str, ...], Callable[[Node], Any]]] = {
    "types": (("types",), _types),
    "reduce_only": (("reduce_only",), _types),
    "post_only_cross": (("post_only_cross",), _enum(PostOnlyCross)),
    "find_by_client_id": (("find_by_client_id",), _boolean),
    "duplicate_id_rejected": (("duplicate_id_rejected",), _boolean),
    "cancel_cum": (("cancel_cum",), _boolean),
    "ioc_result": (("ioc_result",), _boolean),
    "ioc_no_match": (("ioc_no_match_rejected",), lambda node: _one_of(node, NO_MATCH) == "rejected"),
    "position_stream": (("position_stream",), _boolean),
    "latency": (("latency_ns",), _time),
    "answer_within": (("answer_within_ns",), _time),
    "lookup_lag": (("lookup_lag_ns",), _time),
    "position_lag": (("position_lag_ns",), _time),
    "funding_interval": (("funding_interval_ns",), _time),
    "rate": (("rate_calls", "rate_window_ns"), lambda node: parse_rate(node.text)),
    "deadman": (("deadman",), lambda node: _one_of(node, DEADMAN)),
}
