"""What becomes of orders, from the text of a scenario: replies, scripts, orders that nobody scripts."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from dnkit.machine.program import LegSpec
from dnkit.model.terms import EndKind, RejectKind
from dnkit.policies.diagnostics import suggestion
from dnkit.policies.source import LIST, MAP, SCALAR, Node
from dnkit.policies.units import TextError, parse_count, parse_positive, parse_time, unknown_word
from dnkit.sim.amounts import part_of, picos, price_of, share, size_of, worth_of
from dnkit.sim.fields import Fields, Parse, flag, no_value, one_of, pairs, scalar
from dnkit.sim.scenario import EVERY, SOON, UNSET, UNTOLD, Reply, Script, Turns, When, Word

PLACED = (
    Word.ACCEPTED,
    Word.REJECTED,
    Word.FILLED,
    Word.REPEATED,
    Word.ENDED,
    Word.LOST,
    Word.SILENT,
)
CANCEL = (Word.ENDED, Word.TOO_LATE, Word.LOST, Word.SILENT)
FIND = (Word.LIVE, Word.OVER, Word.ABSENT, Word.ERROR, Word.LOST, Word.SILENT)
SECTIONS = ("placed", "cancel", "find")
SAY_MORE = {
    Word.REJECTED: "write why: `rejected: no_match`",
    Word.FILLED: "write how much: `filled: all`",
    Word.ENDED: "write how: `ended: cancelled`",
}
TIMES_MAX = 1_000
TIMES: Mapping[str, Parse] = {
    "after": scalar(parse_time),
    "at": scalar(parse_time),
    "nth": scalar(parse_count),
}


def when_of(fields: Fields, node: Node, values: Mapping[str, Any]) -> When:
    """The time of an answer from the values of its map."""
    if "after" in values and "at" in values:
        fields.say("DNK117", "`after` and `at` are both given", node, "keep one of them")
    if not values.keys() & TIMES.keys():
        return SOON
    return When(values.get("after", UNSET), values.get("at", UNSET), values.get("nth", 0))


def one_word(fields: Fields, node: Node, words: Sequence[str], values: Mapping[str, Any]) -> str | None:
    """The one word of an answer; a finding where there is none, or more than one."""
    said = [word for word in words if word in values]
    if len(said) == 1:
        return said[0]
    if said:
        fields.say("DNK117", f"`{said[0]}` and `{said[1]}` are both given", node, "keep one of them")
    elif len(values) == len(node.entries):  # else what is wrong with one of them is told
        fields.say("DNK104", "what happens is missing", node, f"one of {', '.join(words)}")
    return None


class OrderReader:
    """Reads replies about the orders of one leg; with `shares`, of all legs: no quantity and no price."""

    def __init__(self, fields: Fields, spec: LegSpec, *, shares: bool = False) -> None:
        self.fields = fields
        size = size_of(spec)
        self._words: dict[Word, Parse] = {
            **dict.fromkeys(Word, no_value),
            Word.REJECTED: scalar(one_of(RejectKind)),
            Word.ENDED: scalar(one_of(EndKind)),
            Word.FILLED: scalar(share if shares else part_of(spec)),
            Word.REPEATED: lambda node: scalar(size)(node) if node.text else UNSET,
        }
        self._options: dict[str, Parse] = {**TIMES, "told": flag, "arrived": flag, "late": flag}
        if not shares:
            self._options |= {
                "price": scalar(price_of(spec)),
                "for": scalar(worth_of(spec)),
                "fee": scalar(picos),
                "total": scalar(lambda text: UNTOLD if text == "untold" else size(text)),
                "traded": scalar(parse_time),
            }

    def script(self, node: Node) -> Script:
        """All of an order: `placed`, `cancel` and `find`, or what follows the placement alone."""
        if node.kind != MAP or not any(name in SECTIONS for name, _ in pairs(node)):
            return Script(self.replies(node))
        values = self.fields.map(
            node,
            {"placed": self.replies, "cancel": self._turns(CANCEL), "find": self._turns(FIND)},
        )
        return Script(values.get("placed"), values.get("cancel", Turns()), values.get("find", Turns()))

    def replies(self, node: Node) -> tuple[Reply, ...]:
        """What follows a placement."""
        return self.fields.each(node, self._reply(PLACED))

    def _turns(self, words: tuple[Word, ...]) -> Parse:
        return turns(self.fields, self._reply(words))

    def _reply(self, words: tuple[Word, ...]) -> Parse:
        def read(node: Node) -> Reply | None:
            return self._plain(node, words) if node.kind == SCALAR else self._long(node, words)

        return read

    def _plain(self, node: Node, words: tuple[Word, ...]) -> Reply:
        known = {one.value: one for one in words}
        if node.text not in known:
            raise unknown_word(f"`{node.text}` is not known here", node.text, known, code="DNK032")
        word = known[node.text]
        if word in SAY_MORE:
            raise TextError(f"`{word.value}` does not say all", SAY_MORE[word], code="DNK021")
        return Reply(word=word)

    def _long(self, node: Node, words: tuple[Word, ...]) -> Reply | None:
        keys = {**{one.value: self._words[one] for one in words}, **self._options}
        if Word.FILLED not in words:
            keys["filled"] = self._words[Word.FILLED]
        values = self.fields.map(node, keys)
        word = one_word(self.fields, node, [one.value for one in words], values)
        when = when_of(self.fields, node, values)
        if "price" in values and "for" in values:
            self.fields.say("DNK117", "`price` and `for` are both given", node, "keep one of them")
        if word is None:
            return None
        repeated = values.get("repeated", UNSET)
        return Reply(
            word=Word(word),
            when=when,
            reject=values.get("rejected"),
            end=values.get("ended"),
            part=values.get("filled"),
            price=values.get("price", UNSET),
            worth=values.get("for", UNSET),
            fee=values.get("fee"),
            total=values.get("total") if repeated == UNSET else repeated,
            told=values.get("told", True),
            arrived=values.get("arrived", True),
            late=values.get("late", False),
            traded_ns=values.get("traded", UNSET),
        )


def turns(fields: Fields, read: Parse) -> Parse:
    """A reader of answers in turn: a list has one for each request, or as many as its `times` say; a single
    value is for every one.
    """

    def read_turns(node: Node) -> Turns[Any]:
        if node.kind != LIST:
            return Turns(each=fields.parsed(node, read))
        found = [(fields.parsed(_once(one), read), _times(fields, one)) for one in node.items]
        return Turns(items=tuple(value for value, times in found for _ in range(times) if value is not None))

    return read_turns


def _times(fields: Fields, node: Node) -> int:
    written = node.get("times")
    return 1 if written is None else fields.parsed(written, scalar(_some_times)) or 1


def _some_times(text: str) -> int:
    times = parse_positive(text)
    if times > TIMES_MAX:
        raise TextError(f"`{text}` is more often than anything is asked for", f"at most {TIMES_MAX}")
    return times


def _once(node: Node) -> Node:
    """The answer without its `times`."""
    return replace(node, entries=tuple(one for one in node.entries if one.key.text != "times"))


def read_scripts(fields: Fields, node: Node, legs: Sequence[LegSpec]) -> dict[tuple[int, int], Script]:
    """`orders`: scripts by leg and number."""
    scripts: dict[tuple[int, int], Script] = {}
    if fields.is_a(node, MAP):
        for entry in node.entries:
            key = fields.parsed(entry.key, scalar(order_key_of(legs)))
            if key is not None:
                scripts[key] = OrderReader(fields, legs[key[0]]).script(entry.value)
    return scripts


def order_key_of(legs: Sequence[LegSpec]) -> Callable[[str], tuple[int, int]]:
    """Reader of an order's name: `a#1`, or `a` for all others of that leg."""
    names = [leg.name for leg in legs]

    def read(text: str) -> tuple[int, int]:
        name, hash, number = text.partition("#")
        if name not in names:
            found = suggestion(name, names)
            raise TextError(
                f"there is no leg `{name}`",
                found.get("help", ""),
                code="DNK102",
                part=(0, max(1, len(name))),
                meant=found.get("meant", ""),
            )
        return names.index(name), parse_positive(number) if hash else EVERY

    return read
