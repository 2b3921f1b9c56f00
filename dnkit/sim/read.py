"""Text of a scenario to its values. Every mistake is found in one pass, each at its place."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from dnkit.machine.program import LegSpec, Program
from dnkit.model.errors import DnkitError
from dnkit.policies import source
from dnkit.policies.diagnostics import Diagnostic, has_errors
from dnkit.policies.findings import first_of
from dnkit.policies.scalars import name
from dnkit.policies.source import MAP, SCALAR, Node
from dnkit.policies.units import TextError, parse_count, parse_positive_time, parse_time, unknown_word
from dnkit.sim.amounts import lots_of, picos, price_of, size_of, worth_of
from dnkit.sim.fields import Fields, Parse, no_value, one_of, pairs, scalar, spoken_of
from dnkit.sim.read_expect import ExpectReader
from dnkit.sim.read_orders import TIMES, OrderReader, one_word, read_scripts, turns, when_of
from dnkit.sim.scenario import (
    LATENCY_NS,
    UNSET,
    AlertTold,
    Book,
    Crash,
    Delivery,
    Down,
    Expect,
    PolicyRef,
    PositionTold,
    Scenario,
    Stop,
    SweepTold,
    Swept,
    Told,
    Turns,
    Wake,
    Want,
    When,
    Wish,
)

Compile = Callable[[PolicyRef], Program]
FIRST_LINE = "a scenario starts with `scenario: 1`"
UNKNOWN = "unknown"


class Read(msgspec.Struct, frozen=True):
    """A scenario, or None with errors among the diagnostics."""

    scenario: Scenario | None
    diagnostics: tuple[Diagnostic, ...]


def read_scenario(text: str, path: str, compile: Compile) -> Read:
    """Read one scenario; never raises for what the text says. `compile(policy)` gives the program of the
    policy it names; what that raises passes through.
    """
    root, found = source.read(text, path)
    if root is None:
        return Read(None, first_of(spoken_of(one, "scenario", FIRST_LINE) for one in found))
    reader = _Reader(Fields(path, found), root, compile)
    scenario = reader.read()
    failed = has_errors(reader.fields.found)
    return Read(None if failed else scenario, first_of(reader.fields.found))


class _Reader:
    def __init__(self, fields: Fields, root: Node, compile: Compile) -> None:
        self.fields = fields
        self.root = root
        self.compile = compile
        self.legs: tuple[LegSpec, ...] = ()

    def read(self) -> Scenario | None:
        """The scenario; None where it cannot even be known which policy runs."""
        head = self._head()
        program = self._program(head["policy"])
        if program is None:
            return None
        self.legs = program.legs
        return Scenario(program=program, **head, **self._body(program))

    def _program(self, policy: PolicyRef) -> Program | None:
        """The program; None where it is wrong already in which one it is."""
        try:
            return self.compile(policy) if policy.name else None
        except DnkitError:
            if has_errors(self.fields.found):
                return None
            raise

    def _head(self) -> dict[str, Any]:
        """What needs no program, and the check of all keys."""
        parts = {key: _later for key in (*_PARTS, "expect")}
        keys: dict[str, Parse] = {
            "scenario": scalar(_version),
            "name": scalar(name),
            "about": scalar(str),
            "policy": scalar(str),
            "set": self._settings,
            "reason": scalar(str),
            "clip": self._option,
            "symbols": self._option,
            "sides": self._option,
            "venues": self._option,
            "latency": scalar(parse_time),
            "crash": self._list(self._crash),
            "stop": self._list(self._stop),
            "operator": self._list(self._wish),
            "wakes": self._list(self._wake),
            "alerts": turns(self.fields, self._alert),
            **parts,
        }
        values = self.fields.map(self.root, keys, "scenario", "name", "about", "policy", "books", "expect")
        policy = PolicyRef(
            name=values.get("policy", ""),
            settings=values.get("set", ()),
            reason=values.get("reason", ""),
            clips=values.get("clip", ()),
            symbols=values.get("symbols", ()),
            sides=values.get("sides", ()),
            venues=values.get("venues", ()),
        )
        return {
            "policy": policy,
            "name": values.get("name", ""),
            "about": " ".join(values.get("about", "").split()),
            "latency_ns": values.get("latency", LATENCY_NS),
            "crashes": values.get("crash", ()),
            "stops": values.get("stop", ()),
            "wishes": values.get("operator", ()),
            "wakes": values.get("wakes", ()),
            "alerts": values.get("alerts", Turns()),
        }

    def _body(self, program: Program) -> dict[str, Any]:
        """What speaks of the legs of the program."""
        starts = self._by_leg("start", lambda spec: scalar(lots_of(spec)), 0)
        books = self._by_leg("books", lambda spec: self._list(self._book(spec)), ())
        self._check_books(books)
        orders = self.root.get("orders")
        return {
            "starts": starts,
            "ledger": self._ledger(starts),
            "entry": self._by_index("entry", lambda leg: scalar(self._entry(leg, starts[leg])), None),
            "books": books,
            "looks": self._by_leg("looks", lambda spec: turns(self.fields, self._book(spec)), Turns()),
            "positions": self._by_leg(
                "positions", lambda spec: turns(self.fields, self._position(spec)), Turns()
            ),
            "unasked": self._by_leg("unasked", lambda spec: self._list(self._position(spec)), ()),
            "sweeps": self._by_leg("sweeps", lambda _: turns(self.fields, self._sweep), Turns()),
            "downs": self._by_leg("down", lambda _: self._list(self._down), ()),
            "scripts": {} if orders is None else read_scripts(self.fields, orders, self.legs),
            **self._otherwise(),
            "expect": self._expect(program),
        }

    def _expect(self, program: Program) -> Expect:
        node = self.root.get("expect")
        return Expect() if node is None else ExpectReader(self.fields, program).read(node)

    def _by_leg(self, key: str, parse: Callable[[LegSpec], Parse], default: Any) -> tuple[Any, ...]:
        return self._by_index(key, lambda leg: parse(self.legs[leg]), default)

    def _by_index(self, key: str, parse: Callable[[int], Parse], default: Any) -> tuple[Any, ...]:
        node = self.root.get(key)
        names = [leg.name for leg in self.legs]
        values = {} if node is None else self.fields.by_name(node, names, parse)
        return tuple(values.get(index, default) for index in range(len(self.legs)))

    def _list(self, parse: Parse) -> Parse:
        return lambda node: self.fields.each(node, parse)

    # --- which policy ---

    def _settings(self, node: Node) -> tuple[tuple[str, str], ...]:
        if not self.fields.is_a(node, MAP):
            return ()
        return tuple((key, self.fields.parsed(value, scalar(str)) or "") for key, value in pairs(node))

    def _option(self, node: Node) -> tuple[str, ...]:
        """One text for all legs, or a text per leg."""
        if node.kind == SCALAR:
            return (str(scalar(str)(node)),)
        return tuple(f"{leg}={text}" for leg, text in self._settings(node))

    # --- the start ---

    def _ledger(self, starts: Sequence[int]) -> tuple[int | None, ...]:
        """What the journal knows: the truth, unless it is said otherwise."""

        def read(spec: LegSpec) -> Parse:
            return scalar(lambda text: UNKNOWN if text == UNKNOWN else lots_of(spec)(text))

        said = self._by_leg("ledger", read, None)
        pairs_ = zip(said, starts, strict=True)
        return tuple(None if lots == UNKNOWN else start if lots is None else lots for lots, start in pairs_)

    def _entry(self, leg: int, start: int) -> Callable[[str], int]:
        """An average price, or the money paid for the position (received: negative) -> ticks x lots."""
        spec = self.legs[leg]

        def read(text: str) -> int:
            if "$" in text:
                return worth_of(spec)(text)
            return price_of(spec)(text) * start

        return read

    # --- books ---

    def _book(self, spec: LegSpec) -> Parse:
        size, price = scalar(size_of(spec)), scalar(price_of(spec))
        keys: dict[str, Parse] = {
            **TIMES,
            "bid": price,
            "ask": price,
            "bid_size": size,
            "ask_size": size,
            "age": scalar(parse_time),
            "marginal": price,
            "reach": size,
            "volume": scalar(lambda text: UNKNOWN if text == UNKNOWN else picos(text)),
            "missing": lambda node: node.text or "no book",
            "silent": no_value,
        }

        def read(node: Node) -> Book:
            values = self.fields.map(node, keys)
            self._check_sides(node)
            volume = values.get("volume", UNSET)
            return Book(
                when=when_of(self.fields, node, values),
                bid=values.get("bid", 0),
                ask=values.get("ask", 0),
                bid_lots=values.get("bid_size", UNSET),
                ask_lots=values.get("ask_size", UNSET),
                age_ns=values.get("age", 0),
                marginal=values.get("marginal", UNSET),
                reach=values.get("reach", UNSET),
                volume=UNSET if volume == UNKNOWN else volume,
                unknown_volume=volume == UNKNOWN,
                missing=values.get("missing", ""),
                silent="silent" in values,
            )

        return read

    def _check_sides(self, node: Node) -> None:
        """Both sides, or none of them."""
        written = {key for key, _ in pairs(node)}
        for side, other in (("bid", "ask"), ("ask", "bid")):
            if side not in written and (other in written or not written & {"missing", "silent"}):
                self.fields.say("DNK104", f"`{side}` is missing", node, f"write `{side}: ...`")
                return

    def _check_books(self, books: Sequence[tuple[Book, ...]]) -> None:
        """Every leg has a book, and a later one says from when on it is there."""
        node = self.root.get("books") or self.root
        for spec, of_leg in zip(self.legs, books, strict=True):
            if node.get(spec.name) is None:
                self.fields.say("DNK104", f"leg {spec.name} has no book", node, "every leg needs one")
            for book in of_leg[1:]:
                if book.when.at_ns == UNSET:
                    place = node.get(spec.name) or node
                    said = f"a later book of leg {spec.name} does not say from when on it is there"
                    self.fields.say("DNK104", said, place, "write `at: 2s`")

    # --- answers about legs ---

    def _position(self, spec: LegSpec) -> Parse:
        lots = lots_of(spec)
        words = [one.value for one in Told if one is not Told.IS]

        def plain(node: Node) -> PositionTold:
            text: str = scalar(str)(node)
            if text in words:
                return PositionTold(Told(text))
            if text[:1].isalpha():
                raise unknown_word(f"`{text}` is not known here", text, words, code="DNK032")
            return PositionTold(Told.IS, lots=lots(text))

        def read(node: Node) -> PositionTold | None:
            if node.kind == SCALAR:
                return plain(node)
            keys = {**dict.fromkeys(words, no_value), "is": scalar(lots), "as_of": scalar(parse_time)}
            word, when, values = self._answer(node, keys, ("is", *words))
            as_of_ns = values.get("as_of", UNSET)
            return word and PositionTold(Told(word), when, values.get("is", 0), as_of_ns)

        return read

    def _sweep(self, node: Node) -> SweepTold | None:
        if node.kind == SCALAR:
            return SweepTold(scalar(one_of(Swept))(node))
        keys = {**dict.fromkeys((one.value for one in Swept), no_value), "found": scalar(parse_count)}
        word, when, values = self._answer(node, keys, tuple(one.value for one in Swept))
        return word and SweepTold(Swept(word), when, values.get("found", 0))

    def _alert(self, node: Node) -> AlertTold | None:
        if node.kind == SCALAR:
            return AlertTold(scalar(one_of(Delivery))(node))
        words = tuple(one.value for one in Delivery)
        word, when, _ = self._answer(node, dict.fromkeys(words, no_value), words)
        return word and AlertTold(Delivery(word), when)

    def _answer(
        self, node: Node, keys: dict[str, Parse], words: Sequence[str]
    ) -> tuple[Any, When, dict[str, Any]]:
        """The word, the time and all values of an answer's map."""
        values = self.fields.map(node, {**TIMES, **keys})
        return one_word(self.fields, node, words, values), when_of(self.fields, node, values), values

    def _otherwise(self) -> dict[str, Any]:
        """Orders without a script. Only shares of them can be said, so the reader of any leg will do."""
        node = self.root.get("otherwise")
        if node is None:
            return {}
        replies = OrderReader(self.fields, self.legs[0], shares=True).replies
        return self.fields.map(node, {"resting": replies, "taking": replies})

    # --- what else happens ---

    def _crash(self, node: Node) -> Crash:
        keys = {"at": scalar(parse_time), "down": scalar(parse_time), "nth": scalar(parse_count)}
        values = self.fields.map(node, keys, "at", "down")
        return Crash(values.get("at", 0), values.get("down", 0), values.get("nth", 0))

    def _stop(self, node: Node) -> Stop:
        keys = {"at": scalar(parse_time), "why": scalar(str), "nth": scalar(parse_count)}
        values = self.fields.map(node, keys, "at")
        return Stop(values.get("at", 0), values.get("why", "ctrl-c"), values.get("nth", 0))

    def _wish(self, node: Node) -> Wish:
        keys = {
            "at": scalar(parse_time),
            "wants": scalar(one_of(Want)),
            "why": scalar(str),
            "nth": scalar(parse_count),
        }
        values = self.fields.map(node, keys, "at", "wants")
        wants, why = values.get("wants", Want.PAUSE), values.get("why", "operator")
        return Wish(values.get("at", 0), wants, why, values.get("nth", 0))

    def _down(self, node: Node) -> Down:
        keys = {"from": scalar(parse_time), "for": scalar(parse_positive_time)}
        values = self.fields.map(node, keys, "from")
        return Down(values.get("from", 0), values.get("for", UNSET))

    def _wake(self, node: Node) -> Wake:
        keys = {"due": scalar(parse_time), "at": scalar(parse_time), "nth": scalar(parse_count)}
        values = self.fields.map(node, keys, "due", "at")
        return Wake(values.get("due", 0), values.get("at", 0), values.get("nth", 0))


_PARTS = (
    "start",
    "ledger",
    "entry",
    "books",
    "looks",
    "orders",
    "otherwise",
    "positions",
    "unasked",
    "sweeps",
    "down",
)


def _later(node: Node) -> Node:
    """Looked at when the program is known."""
    return node


def _version(text: str) -> int:
    if text != "1":
        raise TextError(f"scenario version `{text}` is not known", "write `scenario: 1`", code="DNK100")
    return 1
