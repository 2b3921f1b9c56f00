"""The file of frequencies: YAML to rows and back, read as strictly as a policy.

    odds: 1
    source: 40 live runs in March
    frequencies:
      - {venue: nado, what: ioc, pay_up: 0bps..5bps, outcome: full, count: 61, took: {100ms: 50, 300ms: 11}}
      - {venue: nado, what: ioc, pay_up: 0bps..5bps, outcome: part, count: 9}

A row without `pay_up` tells of every pay-up. A band goes from above its first end to its last; `0bps..5bps`
has the 0 in it. `took` may be left out: times, rounded up, and how many of the count took that long.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from dnkit.analysis.odds.frequencies import ANY, OUTCOMES, PAYING, Frequencies, Row, What
from dnkit.model.numbers import from_mbps, plain, to_mbps
from dnkit.policies import source
from dnkit.policies.bind import near, text_finding
from dnkit.policies.diagnostics import Diagnostic, Span, has_errors
from dnkit.policies.findings import first_of
from dnkit.policies.scalars import choice, name
from dnkit.policies.source import LIST, MAP, SCALAR, Node, shown
from dnkit.policies.unit_texts import show_time
from dnkit.policies.units import TextError, parse_bps, parse_count, parse_positive, parse_time, within

FIRST_LINE = "a file of frequencies starts with `odds: 1`"
_BAND = re.compile(r"(.+?)\.\.(.+)")
_WHATS = tuple(one.value for one in What)
Parse = Callable[[Node], Any]


class FrequencyFile(msgspec.Struct, frozen=True):
    """What a file says: the frequencies (None on errors), and the findings in file order."""

    frequencies: Frequencies | None
    diagnostics: tuple[Diagnostic, ...]


def read_frequencies(text: str, path: str) -> FrequencyFile:
    """Read one file; `path` is only for the findings. Never raises for what a text contains."""
    root, found = source.read(text, path)
    if root is None:
        return FrequencyFile(None, first_of(_of_this_file(one) for one in found))
    reader = _Reader(list(found))
    frequencies = reader.read(root)
    failed = has_errors(reader.found)
    return FrequencyFile(None if failed else frequencies, first_of(reader.found))


def _of_this_file(one: Diagnostic) -> Diagnostic:
    """The same finding where it speaks of policies."""
    message = one.message.replace("a policy is", "a file of frequencies is")
    return replace(one, message=message, help=FIRST_LINE if "`policy: 1`" in one.help else one.help)


class _Reader:
    def __init__(self, found: list[Diagnostic]) -> None:
        self.found = found

    def read(self, root: Node) -> Frequencies:
        keys = {"odds": _scalar(_version), "source": _scalar(str), "frequencies": _list}
        values = self._map(root, keys, tuple(keys))
        rows = [(node, self._row(node)) for node in values.get("frequencies", ())]
        sound = [(node, row) for node, row in rows if row is not None]
        self._check(sound)
        return Frequencies(source=values.get("source", ""), rows=tuple(row for _, row in sound))

    def _row(self, node: Node) -> Row | None:
        keys = {
            "venue": _scalar(name),
            "what": _scalar(lambda text: What(choice(text, _WHATS))),
            "pay_up": _scalar(_band),
            "outcome": _scalar(str),
            "count": _scalar(parse_count),
            "took": self._took,
        }
        required = ("venue", "what", "outcome", "count")
        values = self._map(node, keys, required)
        if any(key not in values for key in required):
            return None
        low, high = values.pop("pay_up", (ANY, ANY))
        row = Row(**{**values, "took": values.get("took", ())}, low=low, high=high)
        return row if self._fits(node, row) else None

    def _took(self, node: Node) -> tuple[tuple[int, int], ...]:
        if node.kind != MAP:
            raise TextError("times with counts are wanted here", "write {100ms: 50}", code="DNK020")
        found = []
        for one in node.entries:
            ns = self._parsed(one.key, _scalar(parse_time))
            many = self._parsed(one.value, _scalar(parse_positive))
            found += [] if ns is None or many is None else [(ns, many)]
        return tuple(sorted(found))

    def _fits(self, node: Node, row: Row) -> bool:
        """Whether what the row says goes together."""
        words = OUTCOMES[row.what]
        told = node.get("outcome") or node
        if row.outcome not in words:
            said = f"`{shown(row.outcome)}` is no outcome of {row.what.value}"
            self._say("DNK032", said, told, **near(told, row.outcome, words))
        elif row.high != ANY and row.what not in PAYING:
            said = f"{row.what.value} has no pay-up: it pays nothing"
            self._say("DNK103", said, node.get("pay_up") or node, "leave `pay_up` out")
        elif row.took and sum(many for _, many in row.took) != row.count:
            said = f"`took` tells of {sum(many for _, many in row.took)}, `count` of {row.count}"
            self._say("DNK031", said, node.get("took") or node, "let the two agree, or leave `took` out")
        else:
            return True
        return False

    def _check(self, rows: list[tuple[Node, Row]]) -> None:
        """Every request has one sample at most, and every outcome one row in it."""
        known: list[Row] = []
        for node, row in rows:
            twin = next((one for one in known if one.band == row.band and one.outcome == row.outcome), None)
            other = next((one for one in known if _overlap(one, row)), None)
            if twin is not None:
                said = f"{_sample_words(row)} has `{row.outcome}` already"
                self._say("DNK119", said, node, "add the counts up in one row")
            elif other is not None:
                said = f"{_sample_words(row)} overlaps with {_sample_words(other)}"
                self._say("DNK031", said, node.get("pay_up") or node, "bands are the same or apart")
            known.append(row)
        self._check_empty(rows)

    def _check_empty(self, rows: list[tuple[Node, Row]]) -> None:
        for node, row in rows:
            if not any(one.count for _, one in rows if one.band == row.band):
                said = f"nothing was counted of {_sample_words(row)}"
                self._say("DNK031", said, node.get("count") or node, "leave these rows out")

    def _map(self, node: Node, keys: dict[str, Parse], required: tuple[str, ...]) -> dict[str, Any]:
        if node.kind != MAP:
            self._say("DNK020", "a map of keys is wanted here", node, f"write {{{required[0]}: ..., ...}}")
            return {}
        values = {}
        for entry in node.entries:
            parse = keys.get(entry.key.text)
            if parse is None:
                said = f"there is no key `{shown(entry.key.text)}` here"
                self._say("DNK103", said, entry.key, **near(entry.key, entry.key.text, keys))
            else:
                values[entry.key.text] = self._parsed(entry.value, parse)
        for key in required:
            if node.get(key) is None:
                self._say("DNK104", f"`{key}` is missing", node, f"write `{key}: ...`")
        return {key: value for key, value in values.items() if value is not None}

    def _parsed(self, node: Node, parse: Parse) -> Any:
        try:
            return parse(node)
        except TextError as error:
            self.found.append(text_finding(error, node))
        return None

    def _say(self, code: str, message: str, node: Node, help: str = "", meant: str = "") -> None:
        span = node.span
        if node.kind != SCALAR:
            span = Span(span.path, span.line, span.col, span.line, span.col + 1)
        self.found.append(Diagnostic(code=code, message=message, span=span, help=help, meant=meant))


def _scalar(parse: Callable[[str], Any]) -> Parse:
    def read(node: Node) -> Any:
        if node.kind != SCALAR or not node.text:
            raise TextError("a single value is wanted here", code="DNK020")
        return parse(node.text)

    return read


def _list(node: Node) -> tuple[Node, ...]:
    if node.kind != LIST or not node.items:
        raise TextError("a list of rows is wanted here", "start each with `- `", code="DNK020")
    return node.items


def _version(text: str) -> int:
    if text != "1":
        raise TextError(f"version `{shown(text)}` is not known", "write `odds: 1`", code="DNK100")
    return 1


def _band(text: str) -> tuple[int, int]:
    """`0bps..5bps` -> mbps from above the one to the other."""
    found = _BAND.fullmatch(text)
    if found is None:
        raise TextError(f"`{shown(text)}` is no band of pay-ups", "write it like 0bps..5bps")
    low, high = within(_mbps, found[1], 0), within(_mbps, found[2], found.start(2))
    if low >= high:
        said = f"`{shown(text)}` has nothing in it"
        raise TextError(said, "the second end is the larger one", code="DNK031")
    return low, high


def _mbps(text: str) -> int:
    try:
        return to_mbps(parse_bps(text))
    except ValueError as error:
        if isinstance(error, TextError):
            raise
        raise TextError(f"`{text}` is finer than 0.001bps", code="DNK031") from None


def _overlap(one: Row, other: Row) -> bool:
    """Whether two different bands tell of the same request."""
    if one.band[:2] != other.band[:2] or one.band == other.band:
        return False
    return ANY in (one.high, other.high) or (one.low < other.high and other.low < one.high)


def _sample_words(row: Row) -> str:
    return f"{row.venue} {row.what.value}{'' if row.high == ANY else f' at {_band_text(row)}'}"


def _band_text(row: Row) -> str:
    return f"{plain(from_mbps(row.low))}bps..{plain(from_mbps(row.high))}bps"


# --- and back -------------------------------------------------------------------------------------


def frequencies_text(frequencies: Frequencies) -> str:
    """The file of those frequencies, a row a line. read_frequencies gives them back."""
    rows = (f"  - {{{', '.join(_pairs(row))}}}" for row in frequencies.rows)
    head = ("odds: 1", f"source: {json.dumps(frequencies.source, ensure_ascii=False)}", "frequencies:")
    return "\n".join((*head, *rows)) + "\n"


def _pairs(row: Row) -> Iterator[str]:
    yield f"venue: {row.venue}"
    yield f"what: {row.what.value}"
    if row.high != ANY:
        yield f"pay_up: {_band_text(row)}"
    yield f"outcome: {row.outcome}"
    yield f"count: {row.count}"
    if row.took:
        yield f"took: {{{', '.join(f'{show_time(ns)}: {many}' for ns, many in row.took)}}}"
