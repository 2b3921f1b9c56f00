"""Reads maps and lists of a scenario strictly: what is not known is a finding at its place."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar

from msgspec.structs import replace

from dnkit.policies.bind import near, text_finding
from dnkit.policies.diagnostics import Diagnostic, Span
from dnkit.policies.source import LIST, MAP, SCALAR, Node, shown
from dnkit.policies.units import TextError, unknown_word

Parse = Callable[[Node], Any]
Texts = Callable[[str], Any]
_Word = TypeVar("_Word", bound=Enum)
SHAPES = {MAP: "a map of keys", LIST: "a list", SCALAR: "a single value"}


class Fields:
    """Collects what is wrong; what is right comes back as values."""

    def __init__(self, path: str, found: Sequence[Diagnostic] = ()) -> None:
        self.path = path
        self.found = list(found)

    def map(self, node: Node, keys: Mapping[str, Parse], *required: str) -> dict[str, Any]:
        """Values by key. An unknown key, a missing one and a value that cannot be read are findings."""
        if not self.is_a(node, MAP):
            return {}
        values = {}
        for entry in node.entries:
            parse = keys.get(entry.key.text)
            if parse is None:
                self.unknown(entry.key, keys)
                continue
            value = self.parsed(entry.value, parse)
            if value is not None:
                values[entry.key.text] = value
        for key in required:
            if node.get(key) is None:
                self.say("DNK104", f"`{key}` is missing", node, f"write `{key}: ...`")
        return values

    def by_name(self, node: Node, names: Sequence[str], parse: Callable[[int], Parse]) -> dict[int, Any]:
        """Values by the index of a name, such as a leg's; `parse(index)` reads one."""
        keys = {name: parse(index) for index, name in enumerate(names)}
        values = self.map(node, keys)
        return {names.index(name): value for name, value in values.items()}

    def parsed(self, node: Node, parse: Parse) -> Any:
        """The value of a node; None with a finding where it has none."""
        try:
            return parse(node)
        except TextError as error:
            if node.kind == SCALAR:
                self.found.append(text_finding(error, node))
            else:
                self.say(error.code, error.message, node, error.advice)
        return None

    def each(self, node: Node, parse: Parse) -> tuple[Any, ...]:
        """The values of a list, or of the one value that stands in place of a list."""
        nodes = node.items if node.kind == LIST else (node,)
        values = (self.parsed(one, parse) for one in nodes)
        return tuple(value for value in values if value is not None)

    def is_a(self, node: Node, kind: str) -> bool:
        """Whether it has that shape; a finding where not."""
        if node.kind != kind:
            self.say("DNK020", f"{SHAPES[kind]} is wanted here, this is {SHAPES[node.kind]}", node)
        return node.kind == kind

    def unknown(self, key: Node, known: Mapping[str, Any] | Sequence[str]) -> None:
        """Note a key that there is not."""
        said = f"there is no key `{shown(key.text)}` here"
        self.say("DNK103", said, key, **near(key, key.text, known))

    def say(self, code: str, message: str, node: Node, help: str = "", meant: str = "") -> None:
        """Note a finding."""
        span = node.span
        if node.kind != SCALAR:
            span = Span(span.path, span.line, span.col, span.line, span.col + 1)
        self.found.append(Diagnostic(code=code, message=message, span=span, help=help, meant=meant))


def spoken_of(one: Diagnostic, what: str, first_line: str) -> Diagnostic:
    """The same finding where it speaks of policies and is about a `what`, which starts with `first_line`."""
    message = one.message.replace("a policy", f"a {what}")
    return replace(one, message=message, help=first_line if "`policy: 1`" in one.help else one.help)


def scalar(parse: Texts) -> Parse:
    """A reader of one text."""

    def read(node: Node) -> Any:
        if node.kind != SCALAR:
            raise TextError(f"a single value is wanted here, this is {SHAPES[node.kind]}", code="DNK020")
        if not node.text and not node.quoted:
            raise TextError("there is no value here", code="DNK021")
        return parse(node.text)

    return read


def no_value(node: Node) -> bool:
    """For keys that say all by being there."""
    if node.kind != SCALAR or node.text:
        raise TextError("this key takes no value", "leave the value out", code="DNK020")
    return True


def flag(node: Node) -> bool:
    """`true` or `false`."""
    word: str = scalar(str)(node)
    if word not in ("true", "false"):
        raise TextError(f"`{word}` is neither true nor false", "write `true` or `false`")
    return word == "true"


def one_of(kind: type[_Word]) -> Texts:
    """A reader of one word of a closed list."""
    words = {one.value: one for one in kind}

    def read(text: str) -> _Word:
        if text not in words:
            raise unknown_word(f"`{text}` is not one of the words here", text, words, code="DNK032")
        return words[text]

    return read


def pairs(node: Node) -> Iterator[tuple[str, Node]]:
    """The entries of a map."""
    return ((entry.key.text, entry.value) for entry in node.entries)
