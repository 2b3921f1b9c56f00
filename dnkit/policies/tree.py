"""Changes of a tree of nodes: merging a policy over its base, putting a value at a dotted path, filling
in `$name`."""

import re
from collections.abc import Mapping

from msgspec.structs import replace

from dnkit.policies.keys import TABLE, Key, Route, child
from dnkit.policies.source import MAP, SCALAR, Entry, Node

REFERENCE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")


def expanded(node: Node, pattern: str = "") -> Node:
    """The tree with every short form written out, so that maps can be merged: `60s` -> `{after: 60s}`."""
    key = TABLE.get(pattern)
    if key is not None and key.short and node.kind == SCALAR and node.text:
        return _long_form(node, key)
    entries = []
    for entry in node.entries:
        below = child(pattern, entry.key.text)
        entries.append(entry if below is None else Entry(entry.key, expanded(entry.value, below)))
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


def only(root: Node, name: str) -> Node:
    """The map with nothing but one of its keys."""
    return replace(root, entries=tuple(one for one in root.entries if one.key.text == name))


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
        return replace(root, entries=(*root.entries, Entry(replace(key, text=name, exact=False), new)))
    changed = (Entry(one.key, new) if one.key.text == name else one for one in root.entries)
    return replace(root, entries=tuple(changed))


def at(root: Node, path: tuple[str, ...]) -> Node | None:
    """The node at a path, or None."""
    node: Node | None = root
    for name in path:
        node = node.get(name) if node is not None else None
    return node


def references(node: Node) -> dict[str, Node]:
    """Names used as `$name` in the tree, each with the first scalar that uses it."""
    found: dict[str, Node] = {}
    for one in scalars(node):
        for match in REFERENCE.finditer(one.text):
            found.setdefault(match[1], one)
    return found


def scalars(node: Node) -> list[Node]:
    """All scalars of the tree that are values (keys are not)."""
    if node.kind == SCALAR:
        return [node]
    below = (*node.items, *(entry.value for entry in node.entries))
    return [scalar for one in below for scalar in scalars(one)]


def filled(node: Node, values: Mapping[str, str]) -> Node:
    """The tree with every `$name` replaced; names that are not known stay as they are."""
    if node.kind == SCALAR:
        return _filled_scalar(node, values)
    items = tuple(filled(one, values) for one in node.items)
    entries = tuple(Entry(one.key, filled(one.value, values)) for one in node.entries)
    return replace(node, items=items, entries=entries)


def _filled_scalar(node: Node, values: Mapping[str, str]) -> Node:
    text = REFERENCE.sub(lambda found: values.get(found[1], found[0]), node.text)
    return node if text == node.text else replace(node, text=text, exact=False)
