"""Parameters: declarations are checked, settings are checked against them, and the values in force are
found."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from dnkit.policies import units
from dnkit.policies.bind import Bound, near, text_finding
from dnkit.policies.diagnostics import Diagnostic, Related
from dnkit.policies.policy import Param, Quantity
from dnkit.policies.scalars import PARSERS
from dnkit.policies.source import Node
from dnkit.policies.units import TextError

_TYPES: Mapping[str, Callable[[str], Any]] = {
    "time": units.parse_time,
    "percent": units.parse_percent,
    "bps": units.parse_bps,
    "money": units.parse_money,
    "count": units.parse_count,
    "word": PARSERS["word"],
    "quantity": units.parse_quantity,
}


def parameters(
    bound: Bound, settings: Mapping[str, Node]
) -> tuple[tuple[Param, ...], tuple[Diagnostic, ...]]:
    """Parameters in the order of the file with their values in force, and what is wrong with them.

    A faulty setting leaves the default in force, so that the rest of the file can still be checked.
    """
    reader = _Reader(bound)
    found = [
        reader.one(name, settings.get(name)) for name in bound.names("params") if bound.has("params", name)
    ]
    return tuple(one for one in found if one is not None), tuple(reader.found)


class _Reader:
    def __init__(self, bound: Bound) -> None:
        self.bound = bound
        self.found: list[Diagnostic] = []

    def one(self, name: str, setting: Node | None) -> Param | None:
        bound, here = self.bound, ("params", name)
        kind, default = bound.values.get((*here, "type")), bound.values.get((*here, "default"))
        if kind is None or default is None:
            return None
        low, high = self._range(name, kind)
        choices = bound.of(*here, "choices") or ()
        param = Param(
            name=name, type=kind, default=default, value=default, low=low, high=high, choices=choices
        )
        for index, one in enumerate(choices):
            self._typed(kind, bound.nodes[(*here, "choices", index)], one)
        if not self._allowed(param, bound.nodes[(*here, "default")]):
            return None
        stated = bound.nodes[(*here, "value")] if (*here, "value") in bound.values else None
        for node in (stated, setting):
            if node is not None and self._allowed(param, node):
                param = replace(param, value=node.text)
        return param

    def _range(self, name: str, kind: str) -> tuple[str, str]:
        node = self.bound.nodes.get(("params", name, "range"))
        if node is None or ("params", name, "range") not in self.bound.values:
            return "", ""
        low, dots, high = (part.strip() for part in node.text.partition(".."))
        if not dots or not low or not high or kind == "word":
            why = (
                "a word has `choices`, no `range`"
                if kind == "word"
                else "write the smallest and the largest: `1s..10s`"
            )
            self._say("DNK107", f"`{node.text}` is no range of {kind}", node, why)
            return "", ""
        values = [self._typed(kind, node, part) for part in (low, high)]
        if None in values:
            return "", ""
        if not _between(values[0], values[0], values[1]):
            self._say(
                "DNK107",
                f"the range `{node.text}` is empty",
                node,
                "write the smaller one first, in one unit",
            )
            return "", ""
        return low, high

    def _allowed(self, param: Param, node: Node) -> bool:
        """Type, range and choices of a value; a finding where it breaks one."""
        value = self._typed(param.type, node, node.text)
        if value is None:
            return False
        if param.choices and node.text not in param.choices:
            advice = near(node, node.text, param.choices)
            self._outside(param, node, f"is not one of {', '.join(param.choices)}", **advice)
            return False
        if param.low and not _between(_TYPES[param.type](param.low), value, _TYPES[param.type](param.high)):
            self._outside(param, node, f"is outside {param.low}..{param.high}")
            return False
        return True

    def _outside(self, param: Param, node: Node, words: str, help: str = "", meant: str = "") -> None:
        route = ("params", param.name, "choices" if param.choices else "range")
        where = (Related(self.bound.spans[route], "allowed here"),)
        said = f"{param.name} `{node.text}` {words}"
        self.found.append(
            Diagnostic(code="DNK106", message=said, span=node.span, related=where, help=help, meant=meant)
        )

    def _typed(self, kind: str, node: Node, text: str) -> Any:
        try:
            return _TYPES[kind](text)
        except TextError as error:
            self.found.append(text_finding(TextError(error.message, error.advice, code=error.code), node))
            return None

    def _say(self, code: str, message: str, node: Node, help: str) -> None:
        self.found.append(Diagnostic(code=code, message=message, span=node.span, help=help))


def _between(low: Any, value: Any, high: Any) -> bool:
    if isinstance(value, Quantity):
        if (low.unit, low.coin) != (value.unit, value.coin) or (high.unit, high.coin) != (
            value.unit,
            value.coin,
        ):
            return False
        return bool(low.amount <= value.amount <= high.amount)
    return bool(low <= value <= high)
