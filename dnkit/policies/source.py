"""Text to a tree of nodes that keep their text and their place.

YAML is read as events only: no value is ever converted by the YAML library, so `010`, `1:30`, `no` and
`1_000` are seen as written and refused with the reason, instead of turning into 8, 90, False and 1000.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import yaml

from dnkit.policies.diagnostics import Diagnostic, Related, Span
from dnkit.policies.yaml_text import BAD, characters, no_character, syntax, traps_in

DEPTH_MAX = 32

MAP, LIST, SCALAR = "map", "list", "scalar"

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of the file. `kind` is "map", "list" or "scalar"; `quoted` scalars are always text.

    `exact` says that the characters of `text` stand in the file one by one, so that a part of it has a place.
    """

    kind: str
    span: Span
    text: str = ""
    quoted: bool = False
    exact: bool = False
    entries: "tuple[Entry, ...]" = ()
    items: "tuple[Node, ...]" = ()

    def get(self, key: str) -> "Node | None":
        """The value under a key of a map; None when there is none (or this is no map)."""
        for entry in self.entries:
            if entry.key.text == key:
                return entry.value
        return None

    def part(self, start: int, end: int) -> Span:
        """Place of text[start:end]; the whole scalar where single characters have no exact place."""
        if not self.exact:
            return self.span
        first = self.span.col + (1 if self.quoted else 0)
        end = max(end, start + 1)
        return Span(self.span.path, self.span.line, first + start, self.span.line, first + end)


class Entry(msgspec.Struct, frozen=True):
    """One `key: value` of a map."""

    key: Node
    value: Node


class _Stop(Exception):
    """The text cannot be read any further; the diagnostic says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def read_bytes(data: bytes, path: str) -> tuple[str, tuple[Diagnostic, ...]]:
    """Decode a file. Returns the text ("" on failure) and the diagnostic for bytes that are not UTF-8."""
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line = before.count("\n") + 1
        col = len(before) - (before.rfind("\n") + 1) + 1
        bad = f"byte 0x{data[error.start]:02x} is not UTF-8"
        span = Span(path, line, col, line, col + 1)
        return "", (Diagnostic(code="DNK003", message=bad, span=span, help="save the file as UTF-8"),)


def read(text: str, path: str) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """The tree of a policy text (its root is a map), or None with the diagnostics that say why not."""
    text = text.removeprefix("\ufeff")
    found = list(characters(text, path))
    if found:
        return None, tuple(found)
    builder = _Builder(path)
    try:
        root = builder.build(text)
    except _Stop as stop:
        return None, (*builder.found, stop.diagnostic)
    except yaml.YAMLError as error:
        return None, (*builder.found, syntax(error, text, path))
    except (UnicodeError, ValueError) as error:  # `\ud800` or `\UFFFFFFFF` inside quotes: no such character
        return None, (*builder.found, no_character(text, path, str(error)))
    return root, tuple(builder.found)


class _Builder:
    """Nodes from events, with a stack of its own (no recursion, so depth cannot break it)."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.found: list[Diagnostic] = []
        self.stack: list[tuple[Any, list[Node]]] = []
        self.root: Node | None = None

    def build(self, text: str) -> Node | None:
        documents = 0
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                self._document(event, documents)
            elif isinstance(event, yaml.AliasEvent):
                self._say("DNK006", f"alias `*{event.anchor}`", event, "write the value out")
                self._add(Node(kind=SCALAR, span=self._span(event), text="alias", quoted=True))
            elif isinstance(event, yaml.ScalarEvent):
                self._refuse_extras(event)
                self._add(self._scalar(event))
            elif isinstance(event, yaml.CollectionStartEvent):
                self._open(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._add(self._close(event))
        return self._checked_root()

    def _document(self, event: Any, count: int) -> None:
        if event.version or event.tags:
            self._say(
                "DNK019", "YAML directives are not used here", event, "delete the line that starts with %"
            )
        if count > 1:
            raise _Stop(
                self._diagnostic("DNK009", "a second document starts here", event, "one policy a file")
            )

    def _open(self, event: Any) -> None:
        self._refuse_extras(event)
        if len(self.stack) >= DEPTH_MAX:
            raise _Stop(self._diagnostic("DNK017", f"nested more than {DEPTH_MAX} deep", event, ""))
        self.stack.append((event, []))

    def _checked_root(self) -> Node | None:
        root = self.root
        if root is None or (root.kind == SCALAR and not root.text and not root.quoted):
            span = Span(self.path, 1, 1, 1, 2)
            self.found.append(
                Diagnostic(
                    code="DNK015",
                    message="the file is empty",
                    span=span,
                    help="a policy starts with `policy: 1`",
                )
            )
            return None
        if root.kind != MAP:
            said = f"a policy is a map of keys, this is a {'list' if root.kind == LIST else 'single text'}"
            self.found.append(
                Diagnostic(
                    code="DNK010", message=said, span=root.span, help="a policy starts with `policy: 1`"
                )
            )
            return None
        return root

    def _scalar(self, event: Any) -> Node:
        quoted = event.style in ("'", '"', "|", ">")
        node = Node(
            kind=SCALAR,
            span=self._span(event),
            text=event.value,
            quoted=quoted,
            exact=self._is_exact(event),
        )
        bad = BAD.search(event.value)
        if bad is not None or "\t" in event.value:
            self._say(
                "DNK004", "an escape in this text stands for a control character", event, "write it without"
            )
        if not quoted:
            trap = traps_in(event.value)
            if trap is not None:
                self._add_found(trap[0], trap[1], node.span, trap[2])
        return node

    def _is_exact(self, event: Any) -> bool:
        start, end = event.start_mark, event.end_mark
        quotes = 2 if event.style in ("'", '"') else 0
        if event.style in ("|", ">") or start.line != end.line:
            return False
        return int(end.column - start.column) == len(event.value) + quotes

    def _close(self, end: Any) -> Node:
        start, children = self.stack.pop()
        span = Span(
            self.path,
            start.start_mark.line + 1,
            start.start_mark.column + 1,
            end.end_mark.line + 1,
            end.end_mark.column + 1,
        )
        if isinstance(start, yaml.SequenceStartEvent):
            return Node(kind=LIST, span=span, items=tuple(children))
        pairs = zip(children[::2], children[1::2], strict=True)
        return Node(
            kind=MAP, span=span, entries=tuple(self._unique(Entry(key, value) for key, value in pairs))
        )

    def _unique(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        seen: dict[str, Entry] = {}
        for entry in entries:
            key = entry.key
            if key.kind != SCALAR or (not key.text and not key.quoted):
                self._add_found("DNK018", "a key must be a word", key.span, "")
            elif key.text == "<<" and not key.quoted:
                self._add_found("DNK008", "merge key `<<`", key.span, "use `extends:` or write the keys out")
            elif key.text in seen:
                first = Related(seen[key.text].key.span, "first written here")
                said = f"key `{key.text}` is written twice"
                self.found.append(
                    Diagnostic(
                        code="DNK002",
                        message=said,
                        span=key.span,
                        related=(first,),
                        help="delete one of the two",
                    )
                )
            else:
                seen[key.text] = entry
                yield entry

    def _add(self, node: Node) -> None:
        if self.stack:
            self.stack[-1][1].append(node)
        else:
            self.root = node

    def _refuse_extras(self, event: Any) -> None:
        if event.anchor is not None:
            self._say("DNK006", f"anchor `&{event.anchor}`", event, "write the value out where it is used")
        if event.tag is not None:
            self._say("DNK007", f"tag `{event.tag}`", event, "delete the tag; quotes make a text")

    def _span(self, event: Any) -> Span:
        start, end = event.start_mark, event.end_mark
        return Span(self.path, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def _diagnostic(self, code: str, message: str, event: Any, help_text: str) -> Diagnostic:
        return Diagnostic(code=code, message=message, span=self._span(event), help=help_text)

    def _say(self, code: str, message: str, event: Any, help_text: str) -> None:
        self.found.append(self._diagnostic(code, message, event, help_text))

    def _add_found(self, code: str, message: str, span: Span, help_text: str) -> None:
        self.found.append(Diagnostic(code=code, message=message, span=span, help=help_text))
