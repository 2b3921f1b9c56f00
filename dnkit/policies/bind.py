"""A tree of nodes to values by route, as the table of keys says.

Every mistake of a file is found in one pass.
"""

from collections.abc import Iterator
from typing import Any

from dnkit.policies.diagnostics import Diagnostic, Span, did_you_mean
from dnkit.policies.keys import CHILDREN, TABLE, Key, Route, child, key_of
from dnkit.policies.scalars import name, parse_key
from dnkit.policies.source import LIST, MAP, SCALAR, Node
from dnkit.policies.tree import REFERENCE
from dnkit.policies.units import TextError

SHOWN_KEYS = 12


class Bound:
    """What a file says: values, texts and places by route.

    A faulty value is left out of `values`; `found` says why.
    """

    def __init__(self) -> None:
        self.values: dict[Route, Any] = {}
        self.spans: dict[Route, Span] = {}
        self.nodes: dict[Route, Node] = {}
        self.found: list[Diagnostic] = []
        self.below: dict[Route, list[str | int]] = {}

    def of(self, *route: str | int) -> Any:
        """The value at a route; the default of its key where the file says nothing; None where there is
        no default."""
        if route in self.values:
            return self.values[route]
        key = key_of(route)
        return parse_key(key, key.default) if key is not None and key.default else None

    def has(self, *route: str | int) -> bool:
        """Whether the file says something at this route, right or wrong."""
        return route in self.spans

    def names(self, *route: str | int) -> tuple[str, ...]:
        """Names written under a map, in order."""
        return tuple(str(one) for one in self.below.get(route, ()))

    def count(self, *route: str | int) -> int:
        """Number of items of a list."""
        return len(self.below.get(route, ()))

    def place(self, *route: str | int) -> Span:
        """Place of a route, or of the nearest place above it that the file has."""
        while route not in self.spans and route:
            route = route[:-1]
        return self.spans[route]

    def say(self, code: str, message: str, span: Span, help: str = "", **more: Any) -> None:
        """Note a finding."""
        self.found.append(Diagnostic(code=code, message=message, span=span, help=help, **more))


def bind(root: Node) -> Bound:
    """Values, places and mistakes of a whole policy."""
    bound = Bound()
    start = root.span
    bound.spans[()] = Span(start.path, start.line, start.col, start.line, start.col + 1)
    _map(bound, root, (), "")
    return bound


def text_finding(error: TextError, node: Node) -> Diagnostic:
    """A TextError as a diagnostic at the node, at the very characters where it can."""
    span = node.part(*error.part) if error.part else node.span
    return Diagnostic(code=error.code, message=error.message, span=span, help=error.help)


def _map(bound: Bound, node: Node, route: Route, pattern: str) -> None:
    below = bound.below.setdefault(route, [])
    written: set[str] = set()
    for entry in node.entries:
        word = entry.key.text
        found = child(pattern, word)
        if found is None:
            _unknown_key(bound, word, entry.key, pattern)
            continue
        if found.endswith(".*") and not _good_name(bound, entry.key, found):
            continue
        written.add(word)
        below.append(word)
        bound.spans[(*route, word)] = entry.key.span
        _value(bound, entry.value, (*route, word), TABLE[found])
    _missing(bound, route, pattern, written)


def _good_name(bound: Bound, key: Node, pattern: str) -> bool:
    """A name the author chose; outcomes and parameters of another policy are looked at where they are
    used."""
    if pattern.startswith("phases.*."):
        return True
    try:
        name(key.text)
    except TextError as error:
        bound.found.append(text_finding(error, key))
        return False
    return True


def _unknown_key(bound: Bound, word: str, key: Node, pattern: str) -> None:
    known = [one for one in CHILDREN.get(pattern, {}) if one not in ("*", "#")]
    help_text = did_you_mean(word, known)
    if len(known) > SHOWN_KEYS and not help_text.startswith("did"):
        help_text = "the keys of the language are listed in docs/LANGUAGE.md"
    where = f" under `{pattern.replace('.*', '').replace('.#', '')}`" if pattern else ""
    bound.say("DNK103", f"there is no key `{word}`{where}", key.span, help_text)


def _missing(bound: Bound, route: Route, pattern: str, written: set[str]) -> None:
    for last, key in CHILDREN.get(pattern, {}).items():
        if key.required and last not in written:
            where = f"`{route[-1]}`" if route else "the policy"
            bound.say(
                "DNK104", f"{where} has no `{last}`", bound.place(*route), f"add `{last}:` - {key.meaning}"
            )


def _value(bound: Bound, node: Node, route: Route, key: Key) -> None:
    bound.nodes[route] = node
    if (node.kind == SCALAR and not node.text and not node.quoted) or (
        node.text in ("~", "null") and not node.quoted
    ):
        bound.say("DNK021", f"`{route[-1]}` has no value", bound.spans[route], f"{key.meaning}")
    elif key.path == "phases.*" and node.kind == SCALAR and node.text == "skip":
        bound.say(
            "DNK207",
            f"there is no phase `{route[-1]}` to skip",
            node.span,
            "`skip` goes with `extends` or `set`",
        )
    elif key.type == "tree":
        _expect(bound, node, route, MAP)
    elif key.many:
        _many(bound, node, route, key)
    elif key.type == "maps":
        _maps(bound, node, route, key)
    elif key.type in ("map", "names") or (node.kind == MAP and key.path in CHILDREN):
        if _expect(bound, node, route, MAP):
            _map(bound, node, route, key.path)
    elif _expect(bound, node, route, SCALAR):
        bound.spans[route] = node.span
        _scalar(bound, node, route, key)


def _scalar(bound: Bound, node: Node, route: Route, key: Key) -> None:
    try:
        bound.values[route] = parse_key(key, node.text)
    except TextError as error:
        _note(bound, error, node)


def _many(bound: Bound, node: Node, route: Route, key: Key) -> None:
    if not _expect(bound, node, route, LIST):
        return
    bound.spans[route] = node.span
    values = list(_items(bound, node, route, key))
    if len(values) == len(node.items):
        bound.values[route] = tuple(values)


def _items(bound: Bound, node: Node, route: Route, key: Key) -> Iterator[Any]:
    below = bound.below.setdefault(route, [])
    for index, item in enumerate(node.items):
        below.append(index)
        bound.spans[(*route, index)] = item.span
        bound.nodes[(*route, index)] = item
        if not _expect(bound, item, (*route, index), SCALAR):
            continue
        if not item.text and not item.quoted:
            bound.say("DNK021", "an item of the list is empty", item.span, "delete it")
            continue
        try:
            yield parse_key(key, item.text)
        except TextError as error:
            _note(bound, error, item)


def _note(bound: Bound, error: TextError, node: Node) -> None:
    """A `$name` that could not be filled in is told once, where parameters are looked at."""
    if not REFERENCE.search(node.text):
        bound.found.append(text_finding(error, node))


def _maps(bound: Bound, node: Node, route: Route, key: Key) -> None:
    if not _expect(bound, node, route, LIST):
        return
    below = bound.below.setdefault(route, [])
    for index, item in enumerate(node.items):
        below.append(index)
        start = item.span
        bound.spans[(*route, index)] = Span(start.path, start.line, start.col, start.line, start.col + 1)
        if _expect(bound, item, (*route, index), MAP):
            _map(bound, item, (*route, index), f"{key.path}.#")


def _expect(bound: Bound, node: Node, route: Route, kind: str) -> bool:
    if node.kind == kind:
        return True
    words = {MAP: "a map of keys", LIST: "a list in [ ]", SCALAR: "a single value"}
    what = f"`{route[-1]}`" if not isinstance(route[-1], int) else "an item of the list"
    said = f"{what} must be {words[kind]}, this is {words[node.kind]}"
    span = node.span if node.kind == SCALAR else bound.spans[route]
    bound.say("DNK020", said, span)
    return False
