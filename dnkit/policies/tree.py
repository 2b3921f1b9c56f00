"""Changes of a tree of nodes: merging a policy over its base, putting a value at a dotted path, filling
in `$name`."""

import re
from collections.abc import Callable, Iterator, Mapping
from operator import is_

from msgspec.structs import replace

from dnkit.policies.diagnostics import Span
from dnkit.policies.keys import TABLE, Key, Route, child
from dnkit.policies.source import MAP, SCALAR, Entry, Node

_TOWARD_SHORT = frozenset(
    path.rsplit(".", cut)[0] for path, key in TABLE.items() if key.short for cut in range(path.count(".") + 1)
)
SETTINGS_PATH = "--set"  # the path of places that stand on the command line
REFERENCE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")


def expanded(node: Node, pattern: str = "") -> Node:
    """The tree with every short form written out, so that maps can be merged: `60s` -> `{after: 60s}`."""
    key = TABLE.get(pattern)
    if key is not None and key.short and node.kind == SCALAR and node.text:
        return _long_form(node, key)
    return with_values(node, lambda entry: _expanded_below(entry, pattern))


def _expanded_below(entry: Entry, pattern: str) -> Node:
    below = child(pattern, entry.key.text)
    return expanded(entry.value, below) if below in _TOWARD_SHORT else entry.value


def with_values(node: Node, change: Callable[[Entry], Node]) -> Node:
    """A map with its values changed; the very same node, or entry, where nothing changes."""
    entries = []
    for entry in node.entries:
        value = change(entry)
        entries.append(entry if value is entry.value else Entry(entry.key, value))
    if all(map(is_, entries, node.entries)):
        return node
    return replace(node, entries=tuple(entries))


def _long_form(node: Node, key: Key) -> Node:
    """A map in place of the text; a text of two values that cannot be parted stays, to be told of later."""
    texts = node.text.split(f" {key.short[-1]} ") if len(key.short) > 1 else [node.text]
    if len(texts) != len(key.short):
        return node
    entries, at = [], 0
    for name, text in zip(key.short, texts, strict=True):
        start = node.text.index(text.strip(), at) if text.strip() else at
        at = start + len(text.strip())
        value = replace(
            node, text=text.strip(), span=node.part(start, at), quoted=node.quoted and not node.exact
        )
        entries.append(Entry(Node(kind=SCALAR, span=value.span, text=name), value))
    return Node(kind=MAP, span=node.span, entries=tuple(entries))


def merged(base: Node, over: Node, route: Route = ()) -> Node:
    """`over` on `base`: maps by key, deep; anything else replaces.

    `phases.x: skip` marks the phase instead.
    """
    if is_skip(route, over) and base.kind == MAP:
        return skipped(base, over)
    if base.kind != MAP or over.kind != MAP:
        return over
    entries = {entry.key.text: entry for entry in base.entries}
    for entry in over.entries:
        old = entries.get(entry.key.text)
        value = merged(old.value, entry.value, (*route, entry.key.text)) if old is not None else entry.value
        entries[entry.key.text] = Entry(entry.key, value)
    return replace(over, entries=tuple(entries.values()))


def is_skip(route: Route, node: Node) -> bool:
    """Whether this is the `skip` of `phases.x: skip`."""
    return len(route) == 2 and route[0] == "phases" and node.kind == SCALAR and node.text == "skip"


def skipped(phase: Node, word: Node) -> Node:
    """The phase with `skip: true` at the place of the word."""
    entry = Entry(replace(word, text="skip"), replace(word, text="true", exact=False))
    return replace(phase, entries=(*(one for one in phase.entries if one.key.text != "skip"), entry))


def without(root: Node, *names: str) -> Node:
    """The map without some of its keys."""
    return replace(root, entries=tuple(one for one in root.entries if one.key.text not in names))


def part_of(key: Node, path: Route, index: int) -> Span:
    """Place of one part of a dotted path that is written as one key."""
    start = sum(len(str(one)) + 1 for one in path[:index])
    return key.part(start, start + len(str(path[index])))


def put(root: Node, path: tuple[str, ...], value: Node, key: Node, route: Route = ()) -> Node:
    """The tree with `value` at a path; maps on the way are made where they are missing."""
    name, rest = path[0], path[1:]
    here = (*route, name)
    old = root.get(name)
    if rest:
        inside = old if old is not None and old.kind == MAP else Node(kind=MAP, span=key.span)
        new = put(inside, rest, value, key, here)
    elif old is not None and (is_skip(here, value) or value.kind == MAP):
        new = merged(old, value, here)
    else:
        new = value
    if old is None:
        word = replace(key, text=name, span=part_of(key, (*route, *path), len(route)), quoted=False)
        return replace(root, entries=(*root.entries, Entry(word, new)))
    changed = (Entry(one.key, new) if one.key.text == name else one for one in root.entries)
    return replace(root, entries=tuple(changed))


def at(root: Node, path: tuple[str, ...]) -> Node | None:
    """The node at a path, or None."""
    node: Node | None = root
    for name in path:
        node = node.get(name) if node is not None else None
    return node


def references(node: Node) -> Iterator[tuple[Node, re.Match[str]]]:
    """Every `$name` in a value of the tree (keys are none), with the scalar it stands in."""
    if "$" in node.text:
        for match in REFERENCE.finditer(node.text):
            yield node, match
    for item in node.items:
        yield from references(item)
    for entry in node.entries:
        yield from references(entry.value)


class Filler:
    """Fills in `$name` everywhere but in the declarations of the parameters; unknown names stay as they are.

    An entry that was filled before is the same entry again, so that trees that share entries go on sharing
    them.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.known: dict[int, tuple[Entry, Entry]] = {}

    def filled(self, root: Node) -> Node:
        """The tree with the values in it."""
        if not self.values:
            return root
        entries = (one if one.key.text == "params" else self._entry(one) for one in root.entries)
        return replace(root, entries=tuple(entries))

    def _entry(self, entry: Entry) -> Entry:
        known = self.known.get(id(entry))
        if known is None:
            value = self._node(entry.value)
            known = entry, entry if value is entry.value else Entry(entry.key, value)
            self.known[id(entry)] = known
        return known[1]

    def _node(self, node: Node) -> Node:
        if node.kind == SCALAR:
            return self._scalar(node) if "$" in node.text else node
        items = tuple(self._node(one) for one in node.items)
        entries = tuple(self._entry(one) for one in node.entries)
        same = all(map(is_, items, node.items)) and all(map(is_, entries, node.entries))
        return node if same else replace(node, items=items, entries=entries)

    def _scalar(self, node: Node) -> Node:
        text = REFERENCE.sub(lambda found: self.values.get(found[1], found[0]), node.text)
        return node if text == node.text else replace(node, text=text, exact=False)
