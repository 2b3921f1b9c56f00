"""Text to a tree of nodes that keep their text and their place.

YAML is read as events only: no value is ever converted by the YAML library, so `010`, `1:30`, `no` and
`1_000` are seen as written and refused with the reason, instead of turning into 8, 90, False and 1000.
"""

from typing import Any, NoReturn

import msgspec
import yaml

from dnkit.policies.diagnostics import Diagnostic, Related, Span
from dnkit.policies.yaml_text import BAD, DEPTH_MAX, TRAP_STARTS, characters, no_character, syntax, traps_in

NODES_MAX = 10_000  # keys and values; a large policy has some hundreds
SCALAR_MAX = 4096
SHOWN_MAX = 60

MAP, LIST, SCALAR = "map", "list", "scalar"
QUOTES = ("'", '"')

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of the file. `kind` is "map", "list" or "scalar"; `quoted` scalars are always text.

    `exact` says that the characters of `text` stand in the file one by one, so that a part of it has a place;
    `flow` that a list or map is written in brackets.
    """

    kind: str
    span: Span
    text: str = ""
    quoted: bool = False
    exact: bool = False
    flow: bool = False
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
        self.stack: list[tuple[Any, list[Node]]] = []  # what is open, with what came before it
        self.top: list[Node] = []  # what the innermost of them holds so far
        self.documents = 0
        self.count = 0

    def build(self, text: str) -> Node | None:
        handlers = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.DocumentStartEvent: self._document,
            yaml.AliasEvent: self._alias,
        }
        loader = _LOADER(text)
        while (event := loader.get_event()) is not None:
            handler = handlers.get(type(event))
            if handler is not None:
                handler(event)
        return self._checked_root()

    def _document(self, event: Any) -> None:
        self.documents += 1
        if event.version or event.tags:
            self._say(
                "DNK019", "YAML directives are not used here", event, "delete the line that starts with %"
            )
        if self.documents > 1:
            raise _Stop(
                self._diagnostic("DNK009", "a second document starts here", event, "one policy a file")
            )

    def _alias(self, event: Any) -> None:
        self._say("DNK006", f"alias `*{shown(event.anchor)}`", event, "write the value out")
        self._count(event)
        self.top.append(Node(kind=SCALAR, span=self._span(event), text="alias", quoted=True))

    def _open(self, event: Any) -> None:
        self._refuse_extras(event)
        self._count(event)
        if len(self.stack) >= DEPTH_MAX:
            raise _Stop(
                self._diagnostic("DNK017", f"nested more than {DEPTH_MAX} deep", event, "write it flatter")
            )
        self.stack.append((event, self.top))
        self.top = []

    def _count(self, event: Any) -> None:
        self.count += 1
        if self.count > NODES_MAX:
            said = f"more than {NODES_MAX:,} keys and values"
            raise _Stop(self._diagnostic("DNK016", said, event, "part the policy"))

    def _checked_root(self) -> Node | None:
        root = self.top[0] if self.top else None
        help_text = "a policy starts with `policy: 1`"
        if root is None or (root.kind == SCALAR and not root.text and not root.quoted):
            self._add_found("DNK015", "the file is empty", Span(self.path, 1, 1, 1, 2), help_text)
            return None
        if root.kind != MAP:
            said = f"a policy is a map of keys, this is a {'list' if root.kind == LIST else 'single text'}"
            self._add_found("DNK010", said, root.span, help_text)
            return None
        return root

    def _scalar(self, event: Any) -> None:
        text, style = event.value, event.style
        if event.anchor is not None or event.tag is not None:
            self._refuse_extras(event)
        self._count(event)
        start, end = event.start_mark, event.end_mark
        line, col, end_line, end_col = start.line + 1, start.column + 1, end.line + 1, end.column + 1
        span = Span(self.path, line, col, end_line, end_col)
        if len(text) > SCALAR_MAX:
            self._stop_at(f"a value of {len(text):,} characters; the limit is {SCALAR_MAX:,}", span)
        if style:
            exact = line == end_line and style in QUOTES and end_col - col == len(text) + 2
            self._check_escapes(event)
        else:
            exact = line == end_line and end_col - col == len(text)
            if text[:1] in TRAP_STARTS:
                self._check_traps(text, span)
        self.top.append(Node(kind=SCALAR, span=span, text=text, quoted=bool(style), exact=exact))

    def _stop_at(self, message: str, span: Span) -> NoReturn:
        raise _Stop(Diagnostic(code="DNK016", message=message, span=span))

    def _check_escapes(self, event: Any) -> None:
        if event.style == '"' and (BAD.search(event.value) is not None or "\t" in event.value):
            said = "an escape in this text stands for a control character"
            self._say("DNK004", said, event, "write it without")

    def _check_traps(self, text: str, span: Span) -> None:
        trap = traps_in(text)
        if trap is not None:
            self._add_found(trap[0], trap[1], span, trap[2])

    def _close(self, end: Any) -> None:
        (event, outer), children = self.stack.pop(), self.top
        start, last = event.start_mark, end.end_mark
        span = Span(self.path, start.line + 1, start.column + 1, last.line + 1, last.column + 1)
        flow = bool(event.flow_style)
        if isinstance(event, yaml.SequenceStartEvent):
            outer.append(Node(kind=LIST, span=span, flow=flow, items=tuple(children)))
        else:
            entries = tuple(self._unique(children[::2], children[1::2]))
            outer.append(Node(kind=MAP, span=span, flow=flow, entries=entries))
        self.top = outer

    def _unique(self, keys: list[Node], values: list[Node]) -> list[Entry]:
        seen: dict[str, Node] = {}
        entries = []
        for key, value in zip(keys, values, strict=True):
            if key.kind != SCALAR or (not key.text and not key.quoted):
                self._add_found(
                    "DNK018",
                    "a key must be a word",
                    key.span,
                    "put the text in quotes, or see whether a `{` or `[` is too many",
                )
            elif key.text == "<<" and not key.quoted:
                self._add_found("DNK008", "merge key `<<`", key.span, "use `extends:` or write the keys out")
            elif key.text in seen:
                self._twice(key, seen[key.text])
            else:
                seen[key.text] = key
                entries.append(Entry(key, value))
        return entries

    def _twice(self, key: Node, first: Node) -> None:
        self.found.append(
            Diagnostic(
                code="DNK002",
                message=f"key `{shown(key.text)}` is written twice",
                span=key.span,
                related=(Related(first.span, "first written here"),),
                help="delete one of the two",
            )
        )

    def _refuse_extras(self, event: Any) -> None:
        if event.anchor is not None:
            said = f"anchor `&{shown(event.anchor)}`"
            self._say("DNK006", said, event, "write the value out where it is used")
        if event.tag is not None:
            said = f"tag `{shown(event.tag.replace('tag:yaml.org,2002:', '!!'))}`"
            self._say("DNK007", said, event, "delete the tag; quotes make a text")

    def _span(self, event: Any) -> Span:
        start, end = event.start_mark, event.end_mark
        return Span(self.path, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def _diagnostic(self, code: str, message: str, event: Any, help_text: str) -> Diagnostic:
        return Diagnostic(code=code, message=message, span=self._span(event), help=help_text)

    def _say(self, code: str, message: str, event: Any, help_text: str) -> None:
        self.found.append(self._diagnostic(code, message, event, help_text))

    def _add_found(self, code: str, message: str, span: Span, help_text: str) -> None:
        self.found.append(Diagnostic(code=code, message=message, span=span, help=help_text))


def shown(text: str) -> str:
    """A text for a message, cut where it is longer than anyone would read."""
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}..."
