"""One parser for every type of the table of keys: text of a scalar -> value.

TextError says what was expected.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from dnkit.machine.program import TargetKind
from dnkit.model.terms import EndName
from dnkit.policies import prices, units
from dnkit.policies.keys import LEVELS, Key
from dnkit.policies.policy import Goto
from dnkit.policies.units import TextError, unknown_word, within

NAME_MAX = 40
TEXT_MAX = 2000
LENGTH_MAX = 240  # of everything but LONG
LONG = ("text", "expression", "target", "action", "scalar")
ACTIONS = ("run", "alert", "halt", "nothing")
ENDS = ("flat", "hedged", "protected", "idle")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LOOSE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def parse_key(key: Key, text: str) -> Any:
    """The value of one scalar (of one item, where the key wants a list)."""
    if len(text) > LENGTH_MAX and key.type not in LONG:
        said = f"`{text[: LENGTH_MAX // 4]}...` is too long: {len(text):,} characters"
        raise TextError(said, f"at most {LENGTH_MAX}", code=units.OUT_OF_BOUNDS)
    if key.type == "choice":
        return choice(text, key.choices)
    return PARSERS[key.type](text)


def choice(text: str, words: tuple[str, ...]) -> str:
    """One of the words."""
    if text not in words:
        raise unknown_word(f"`{text}` is not one of the words here", text, words, code="DNK032")
    return text


def name(text: str) -> str:
    """A name an author chose: small letters, digits and `_`, starting with a letter."""
    if not _NAME.fullmatch(text) or len(text) > NAME_MAX:
        near = re.sub(r"[^a-z0-9_]", "_", text.lower()).lstrip("_0123456789")[:NAME_MAX]
        raise TextError(
            f"`{text}` is no name",
            f"write small letters, digits and `_`{f': `{near}`' if near else ''}",
            code="DNK032",
        )
    return text


def target(text: str) -> Goto:
    """`hedge`, `done flat`, `halt hung leg` -> Goto; whether the phase exists is checked later."""
    first, _, rest = text.partition(" ")
    rest = rest.strip()
    if first == "halt":
        return Goto(TargetKind.HALT, text=rest)
    if first == "done":
        if rest == "halted":
            raise TextError("a halt is no intended end", "write `halt` and the reason")
        if rest not in ENDS:
            at = text.index(rest, len(first))
            part = (at, at + len(rest)) if rest else None
            raise unknown_word(f"`{text}` names no end", rest, ENDS, part=part)
        return Goto(TargetKind.DONE, end=EndName(rest))
    if not _LOOSE_NAME.fullmatch(text):
        raise TextError(f"`{text}` is no target", "write a phase, `done END` or `halt WORDS`")
    return Goto(TargetKind.PHASE, phase=text)


def show_target(goto: Goto) -> str:
    """The text of a target."""
    if goto.kind is TargetKind.PHASE:
        return goto.phase
    return f"done {goto.end.value}" if goto.kind is TargetKind.DONE else f"halt {goto.text}".rstrip()


def action(text: str) -> str:
    """`run POLICY`, `alert LEVEL`, `halt WORDS`, `nothing`."""
    first, _, rest = text.partition(" ")
    rest = rest.strip()
    at = text.index(rest, len(first))
    if first == "run" and rest:
        return f"run {within(name, rest, at)}"
    if first == "alert" and rest:
        return f"alert {within(_level, rest, at)}"
    if text == "nothing" or first == "halt":
        return text
    if first in ACTIONS:
        how = "write `run POLICY`, `alert LEVEL` or `nothing`"
        raise TextError(f"`{text}` is no action", how, code="DNK032")
    raise unknown_word(f"`{text}` is no action", first, ACTIONS, code="DNK032", part=(0, len(first)))


def _level(text: str) -> str:
    return choice(text, LEVELS)


def _version(text: str) -> int:
    if text != "1":
        raise TextError(f"language version `{text}` is not known", "write `policy: 1`", code="DNK100")
    return 1


def _bool(text: str) -> bool:
    if text not in ("true", "false"):
        near = text.lower() if text.lower() in ("true", "false") else ""
        raise TextError(f"`{text}` is neither true nor false", "write `true` or `false`", meant=near)
    return text == "true"


def _text(text: str) -> str:
    if len(text) > TEXT_MAX:
        raise TextError(f"a text has at most {TEXT_MAX} characters", code=units.OUT_OF_BOUNDS)
    if not text.strip():
        raise TextError("this text is empty", "say something")
    return text.strip()


def _word(text: str) -> str:
    if not text or re.search(r"\s", text) or len(text) > NAME_MAX * 3:
        raise TextError(f"`{text}` is not one word", "write one word, without blanks")
    return text


def _part(text: str) -> Any:
    quantity = units.parse_quantity(text)
    if quantity.unit == "venue_minimum":
        raise TextError(f"`{text}` does not say how much", "write an amount such as 0.2 ETH or 10% of clip")
    return quantity


PARSERS: Mapping[str, Callable[[str], Any]] = {
    "version": _version,
    "name": name,
    "text": _text,
    "word": _word,
    "scalar": _text,
    "expression": _text,
    "bool": _bool,
    "time": units.parse_time,
    "some_time": units.parse_positive_time,
    "distance": units.parse_distance,
    "some_distance": units.parse_positive_distance,
    "percent": units.parse_percent,
    "money": units.parse_money,
    "count": units.parse_count,
    "positive": units.parse_positive,
    "checks": units.parse_checks,
    "ratio": units.parse_ratio,
    "clip": units.parse_clip,
    "part": _part,
    "amounts": units.parse_amounts,
    "size": units.parse_size,
    "price": prices.parse_price,
    "rung": prices.parse_rung,
    "stop_distance": prices.parse_stop,
    "stop_limit": prices.parse_through_stop,
    "unhedged": units.parse_unhedged,
    "rate": units.parse_rate,
    "volume": units.parse_volume,
    "depth": units.parse_depth,
    "leg": _word,
    "rest_leg": _word,
    "target": target,
    "action": action,
}
