"""A tree of nodes to values by route, as the table of keys says.

Every mistake of a file is found in one pass.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from dnkit.machine.program import PhaseKind
from dnkit.policies.diagnostics import Diagnostic, Span, finding
from dnkit.policies.findings import FOUND_MAX
from dnkit.policies.keys import CHILDREN, Key, Route, key_of
from dnkit.policies.scalars import name, parse_key
from dnkit.policies.source import LIST, MAP, SCALAR, Entry, Node, shown
from dnkit.policies.tree import REFERENCE
from dnkit.policies.units import TextError, unknown_word

SHOWN_KEYS = 12
ITEMS_MAX = 200  # entries of a map whose keys the author chooses, and items of a list
PARTS_DEPTH = 2  # routes such as ("phases", "quote") are taken over as a whole
_NO_KEYS: Mapping[str, Key] = {}
_REQUIRED = {path: [key for key in below.values() if key.required] for path, below in CHILDREN.items()}
_Piece = TypeVar("_Piece")


class Graph(msgspec.Struct, frozen=True):
    """`leads` has the phases each phase can lead to, in file order; `roots` the phases a run may start or go
    on with."""

    leads: Mapping[str, tuple[str, ...]]
    roots: tuple[str, ...]


class Bound:
    """What a file says: values, texts and places by route.

    A faulty value is left out of `values`; `found` says why. `keys` has the place of the key of each route
    that ends in one, `below` what is written under a map or list; `graph` and `kinds` are for `flow` to keep,
    `parts` for the next tree that is much the same.
    """

    def __init__(self) -> None:
        self.values: dict[Route, Any] = {}
        self.spans: dict[Route, Span] = {}
        self.keys: dict[Route, Span] = {}
        self.nodes: dict[Route, Node] = {}
        self.found: list[Diagnostic] = []
        self.below: dict[Route, list[str | int]] = {}
        self.graph: Graph | None = None
        self.kinds: dict[str, PhaseKind | None] = {}
        self.parts: dict[Route, tuple[Entry, Bound]] | None = None

    def of(self, *route: str | int) -> Any:
        """The value at a route; the default of its key where the file says nothing; None where there is
        no default."""
        return self.values[route] if route in self.values else _default(route)

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

    def key_place(self, route: Route) -> Span:
        """Place of the key a route ends in, or of the nearest key above it; the file's first key at last."""
        while route not in self.keys and route:
            route = route[:-1]
        return self.keys[route] if route else next(iter(self.keys.values()), self.spans[()])

    def say(self, code: str, message: str, span: Span, help: str = "", **more: Any) -> None:
        """Note a finding."""
        self.found.append(Diagnostic(code=code, message=message, span=span, help=help, **more))

    @property
    def is_full(self) -> bool:
        """Whether so much is wrong that looking for what was meant is no longer worth the time."""
        return len(self.found) >= FOUND_MAX

    def near(self, node: Node, word: str, words: Iterable[str]) -> dict[str, Any]:
        """`near`, as long as it is worth the time."""
        return {} if self.is_full else near(node, word, words)

    def absorb(self, part: "Bound") -> None:
        """Take over all that a part says."""
        self.values.update(part.values)
        self.spans.update(part.spans)
        self.keys.update(part.keys)
        self.nodes.update(part.nodes)
        self.below.update(part.below)
        self.found += part.found
        if self.parts is not None and part.parts:
            self.parts.update(part.parts)

    def finding(self, code: str, message: str, *route: str | int, **more: Any) -> Diagnostic:
        """`finding` at a route's value."""
        return finding(code, message, self.place(*route), **more)


def bind(root: Node, like: Bound | None = None) -> Bound:
    """Values, places and mistakes of a whole policy. With `like`, what that has of the very same entries is
    taken over."""
    bound = Bound()
    start = root.span
    bound.nodes[()] = root
    bound.spans[()] = Span(start.path, start.line, start.col, start.line, start.col + 1)
    bound.parts = None if like is None else {}
    _map(bound, root, (), "", like)
    return bound


def bind_key(root: Node, name: str) -> Bound:
    """The same of one key of the policy alone."""
    bound = Bound()
    for entry in root.entries:
        if entry.key.text == name:
            _entry(bound, entry, (name,), CHILDREN[""][name], None)
    return bound


@lru_cache(maxsize=4096)
def _default(route: Route) -> Any:
    key = key_of(route)
    return parse_key(key, key.default) if key is not None and key.default else None


def text_finding(error: TextError, node: Node, *, brief: bool = False) -> Diagnostic:
    """A TextError as a diagnostic at the node, at the very characters where it can; `brief` leaves out what
    to do."""
    span = node.part(*error.part) if error.part else node.span
    more = {} if brief else advice(error, node)
    return Diagnostic(code=error.code, message=error.message, span=span, **more)


def advice(error: TextError, node: Node) -> dict[str, Any]:
    """What a TextError advises, as arguments of a Diagnostic at the node.

    A word that does not stand in the file as it is read, such as one that came through `$name`, cannot be
    replaced there: the word that was meant is told as help.
    """
    return {"help": error.help, "meant": error.meant} if node.exact else {"help": error.advice}


def near(node: Node, word: str, words: Iterable[str]) -> dict[str, Any]:
    """The same for a word of the node that is none of those known."""
    return advice(unknown_word("", word, words), node)


def _map(bound: Bound, node: Node, route: Route, pattern: str, like: Bound | None = None) -> None:
    below = bound.below.setdefault(route, [])
    children = CHILDREN.get(pattern, _NO_KEYS)
    chosen = children.get("*")
    entries = _cut(bound, node.entries, route) if chosen is not None else node.entries
    for entry in entries:
        word = entry.key.text
        key = children.get(word, chosen)
        if key is None:
            _unknown_key(bound, entry, node, pattern)
        elif key is not chosen or _good_name(bound, entry.key, pattern):
            below.append(word)
            _entry(bound, entry, (*route, word), key, like)
    for key in _REQUIRED.get(pattern, ()):
        _required(bound, route, key, below)


def _entry(bound: Bound, entry: Entry, route: Route, key: Key, like: Bound | None) -> None:
    """One `key: value`; where it is the same as before, what was found then is taken over."""
    if like is None or len(route) > PARTS_DEPTH:
        bound.spans[route] = bound.keys[route] = entry.key.span
        _value(bound, entry.value, route, key, None)
        return
    known = like.parts.get(route) if like.parts is not None else None
    part = known[1] if known is not None and known[0] is entry else _part(entry, route, key, like)
    bound.absorb(part)
    if bound.parts is not None:
        bound.parts[route] = (entry, part)


def _part(entry: Entry, route: Route, key: Key, like: Bound) -> Bound:
    part = Bound()
    part.parts = {}
    part.spans[route] = part.keys[route] = entry.key.span
    _value(part, entry.value, route, key, like)
    return part


def _cut(bound: Bound, written: Sequence[_Piece], route: Route) -> Sequence[_Piece]:
    """What is written under a route, as far as it is looked at: no policy has use for more."""
    if len(written) <= ITEMS_MAX:
        return written
    said = f"`{_last_name(route)}` holds {len(written):,} entries; the limit is {ITEMS_MAX}"
    bound.say("DNK016", said, bound.place(*route), "part the policy")
    return written[:ITEMS_MAX]


def _last_name(route: Route) -> str:
    return next((one for one in reversed(route) if isinstance(one, str)), "the policy")


def _good_name(bound: Bound, key: Node, pattern: str) -> bool:
    """A name the author chose; outcomes and parameters of another policy are looked at where they are
    used."""
    if pattern.startswith("phases.*"):
        return True
    try:
        name(key.text)
    except TextError as error:
        bound.found.append(text_finding(error, key, brief=bound.is_full))
        return False
    return True


def _unknown_key(bound: Bound, entry: Entry, node: Node, pattern: str) -> None:
    """Told with the nearest key that is not written yet and could hold such a value."""
    word, below = entry.key.text, CHILDREN.get(pattern, _NO_KEYS)
    more = {} if bound.is_full else _other_key(entry, node, below)
    if not more.get("meant") and len(below) > SHOWN_KEYS:
        more = {"help": "the keys of the language are listed in docs/LANGUAGE.md"}
    where = f" under `{pattern.replace('.*', '').replace('.#', '')}`" if pattern else ""
    cost = "limit nothing" if pattern.startswith("limits") else "do nothing"
    said = f"there is no key `{shown(word)}`{where}: it would {cost}"
    bound.say("DNK103", said, entry.key.span, **more)


def _other_key(entry: Entry, node: Node, below: Mapping[str, Key]) -> dict[str, Any]:
    written = {one.key.text for one in node.entries}
    known = {name: key for name, key in below.items() if name != "*"}
    free = [name for name, key in known.items() if name not in written and _fits(key, entry.value)]
    return near(entry.key, entry.key.text, free or known)


def _fits(key: Key, value: Node) -> bool:
    """Whether a value of this shape may stand under a key."""
    if value.kind == MAP:
        return key.path in CHILDREN or key.type == "tree"
    if value.kind == LIST:
        return key.many or key.type == "maps"
    return not key.many and (key.type not in ("map", "names", "maps", "tree") or bool(key.short))


def _required(bound: Bound, route: Route, key: Key, below: list[str | int]) -> None:
    last = key.path.rpartition(".")[2]
    if last not in below:
        where = f"`{route[-1]}`" if route else "the policy"
        said = f"{where} has no `{last}`"
        bound.say("DNK104", said, bound.place(*route), f"add `{last}: ...`, {_lower(key)}")


def _lower(key: Key) -> str:
    """What a key means, to go on with in the middle of a line."""
    return key.meaning[0].lower() + key.meaning[1:].rstrip(".")


def _value(bound: Bound, node: Node, route: Route, key: Key, like: Bound | None) -> None:
    bound.nodes[route] = node
    if (node.kind == SCALAR and not node.text and not node.quoted) or (
        node.text in ("~", "null") and not node.quoted
    ):
        bound.say("DNK021", f"`{route[-1]}` has no value", bound.spans[route], f"it is for: {_lower(key)}")
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
            _map(bound, node, route, key.path, like)
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
    for index, item in enumerate(_cut(bound, node.items, route)):
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
        bound.found.append(text_finding(error, node, brief=bound.is_full))


def _maps(bound: Bound, node: Node, route: Route, key: Key) -> None:
    if not _expect(bound, node, route, LIST):
        return
    below = bound.below.setdefault(route, [])
    for index, item in enumerate(_cut(bound, node.items, route)):
        below.append(index)
        start = item.span
        bound.nodes[(*route, index)] = item
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
    bound.say("DNK020", said, span, f"write `[{node.text}]`" if (kind, node.kind) == (LIST, SCALAR) else "")
    return False
