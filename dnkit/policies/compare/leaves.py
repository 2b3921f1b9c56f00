"""A policy as flat values: every key it says, by its dotted path, with the text that says it."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from dnkit.policies.bind import Bound, bind
from dnkit.policies.keys import CHILDREN, TABLE, Route, pattern_of
from dnkit.policies.policy import Policy
from dnkit.policies.render import render
from dnkit.policies.scalars import parse_key
from dnkit.policies.source import read

# What tells nothing of behaviour: words for readers, and what is in force elsewhere in the text already.
SILENT = (
    "policy",
    "name",
    "summary",
    "extends",
    "reason",
    "params",
    "reasons",
    "overlays",
    "targets",
    "rules.#.name",
    "rules.#.at_once",
)
Path = tuple[str, ...]


class Leaf(msgspec.Struct, frozen=True):
    """One value: the pattern of its key in the table, what it is, and how it is written."""

    pattern: str
    value: Any
    text: str


class Leaves:
    """All values of a policy by path; rules go by their names."""

    def __init__(self, found: Mapping[Path, Leaf]) -> None:
        self.found = dict(found)
        self._above = {path[:length] for path in found for length in range(1, len(path))}

    def has(self, path: Path) -> bool:
        """Whether the policy says this, or something below it."""
        return path in self.found or path in self._above

    def of(self, *path: str) -> Any:
        """The value at a path, None where nothing is said."""
        leaf = self.found.get(path)
        return leaf.value if leaf else None

    def below(self, path: Path) -> dict[Path, Leaf]:
        """All values under a path."""
        return {one: leaf for one, leaf in self.found.items() if one[: len(path)] == path}

    def default(self, path: Path, pattern: str) -> Leaf | None:
        """What a key that is not written means where the map it belongs to is."""
        key = TABLE.get(pattern)
        if key is None or not key.default or path[:-1] not in self._above:
            return None
        return Leaf(pattern, parse_key(key, key.default), key.default)


def leaves_of(policy: Policy) -> Leaves:
    """The values of a policy, as it is written out in full."""
    root, _ = read(render(policy), policy.name)
    assert root is not None, "a policy written out reads back"
    return Leaves(dict((*_written(bind(root)), *_orders(policy))))


def _written(bound: Bound) -> Iterator[tuple[Path, Leaf]]:
    for route, value in bound.values.items():
        pattern = pattern_of(route) or ""
        if not any(pattern == one or pattern.startswith(f"{one}.") for one in SILENT):
            yield _path(bound, route), Leaf(pattern, value, _text(bound, route))


def _path(bound: Bound, route: Route) -> Path:
    names = [str(one) for one in route]
    if route[0] == "rules":
        names[1] = bound.of("rules", route[1], "name")
    return tuple(names)


def _text(bound: Bound, route: Route) -> str:
    node = bound.nodes[route]
    return f"[{', '.join(one.text for one in node.items)}]" if node.items else node.text


def _orders(policy: Policy) -> Iterator[tuple[Path, Leaf]]:
    """Orders that count: the phase a run starts with, legs, rules."""
    if policy.phases:
        first = policy.phases[0].name
        yield ("start",), Leaf("start", first, first)
    for word, names in (("legs", policy.legs), ("rules", policy.rules)):
        order = tuple(one.name for one in names)
        yield (word, "order"), Leaf(f"{word}.order", order, ", ".join(order))


def whole(path: Path, pattern: str, other: Leaves) -> Path | None:
    """The largest thing around a path that `other` has nothing of, such as a phase or a limit of two keys."""
    words = pattern.split(".")
    for length in range(1, len(path)):
        if not other.has(path[:length]) and _is_thing(".".join(words[:length])):
            return path[:length]
    return None


def _is_thing(pattern: str) -> bool:
    """Whether the keys under a pattern only mean something together: one of them is required."""
    return pattern == "phases.*" or any(key.required for key in CHILDREN.get(pattern, {}).values())


def whole_text(leaves: Leaves, path: Path) -> str:
    """A thing in one line: the kind of a phase, or its keys."""
    inside = {one[len(path) :]: leaf.text for one, leaf in leaves.below(path).items()}
    if path[0] == "phases" and len(path) == 2:
        return kind_at(leaves, path)
    return "{" + ", ".join(f"{'.'.join(one)}: {text}" for one, text in inside.items()) + "}"


def kind_at(leaves: Leaves, phase: Path) -> str:
    """The kind of the phase at a path."""
    words = dict.fromkeys(one[2] for one in leaves.below(phase[:2]) if len(one) > 2)
    return next((one for one in words if one not in ("then", "visits", "skip", "with", "set")), "")
