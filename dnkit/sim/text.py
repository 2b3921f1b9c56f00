"""Trees of texts to YAML as the reader of scenarios takes it, and amounts back to their texts."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from dnkit.machine.program import LegSpec
from dnkit.model.numbers import NS_PER_MS, NS_PER_S, from_pico, plain
from dnkit.policies.yaml_text import traps_in

WIDTH = 110
Tree = dict[str, Any]
_PLAIN = re.compile(r"(?:-?[$\d]|[A-Za-z_/])(?:[^\s,\[\]{}:#\"'&*!|>%@`]|[:#](?=\w)|% ?| (?=\w))*")


def yaml_of(tree: Tree) -> str:
    """The text of nested maps and lists of texts: in brackets where it fits on a line. A key in
    brackets whose value is None stands alone."""
    return "".join(f"{line}\n" for line in _lines(tree, ""))


def _lines(tree: Tree, indent: str) -> Iterator[str]:
    for key, value in tree.items():
        line = f"{indent}{_word(key)}: {_flow(value)}"
        if isinstance(value, str) or (len(line) <= WIDTH and not _is_deep(value)):
            yield line
        elif isinstance(value, dict):
            yield f"{indent}{_word(key)}:"
            yield from _lines(value, f"{indent}  ")
        else:
            yield f"{indent}{_word(key)}:"
            yield from (f"{indent}  - {_flow(one)}" for one in value)


def _is_deep(value: Any) -> bool:
    """Whether there is something in it that holds something that holds more."""
    below = value.values() if isinstance(value, dict) else value
    return any(isinstance(one, dict | list) and _holds_more(one) for one in below)


def _holds_more(value: Any) -> bool:
    below = value.values() if isinstance(value, dict) else value
    return any(isinstance(one, dict | list) for one in below)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(_pair(key, one) for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _word(value)


def _pair(key: str, value: Any) -> str:
    return _word(key) if value is None else f"{_word(key)}: {_flow(value)}"


def _word(text: str) -> str:
    """Plain where every YAML reader sees the same text, else in double quotes."""
    plain_too = _PLAIN.fullmatch(text) and not text.endswith(" ") and not traps_in(text)
    return text if plain_too else json.dumps(text, ensure_ascii=False)


def moment(ns: int) -> str:
    """A time in `s`, below a second in `ms`."""
    if 0 < ns < NS_PER_S:
        return f"{plain(Decimal(ns) / NS_PER_MS)}ms"
    return f"{plain(Decimal(ns) / NS_PER_S)}s"


def quantity(spec: LegSpec, lots: int) -> str:
    """`-0.9 SOL`."""
    return f"{plain(spec.instrument.quantity(lots))} {spec.instrument.base}" if lots else "0"


def price(spec: LegSpec, ticks: int) -> str:
    """`3120.1`."""
    return f"{spec.instrument.price(ticks):f}"


def worth(spec: LegSpec, ticklots: int) -> str:
    """`$600.02`."""
    return _money(plain(spec.instrument.tick * spec.instrument.lot * ticklots))


def money(picos: int) -> str:
    """The same of picos."""
    return _money(plain(from_pico(picos)))


def _money(digits: str) -> str:
    return f"-${digits[1:]}" if digits.startswith("-") else f"${digits}"
