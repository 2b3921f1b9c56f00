"""The texts of the language as regular expressions that both Python and JavaScript read the same way.

Editors judge a value by these; `scalars` and `units` judge it for good. A pattern knows units, words, zero
and most bounds. It does not know that a number may have too many digits or be finer than a nanosecond.
"""

from collections.abc import Iterable, Mapping

from dnkit.policies.keys import LEVELS
from dnkit.policies.scalars import ENDS, NAME_MAX
from dnkit.policies.units import ANCHORS, BPS_MAX, COUNT_MAX, NS_OF, SIZE_WORDS, TICKS_MAX, TIME_MAX_NS

PERCENT_MAX = 100
RATIO_MAX = 1000
_WHOLE = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)"
_FRACTION = r"(?:\.[0-9]+)?"
_NO_FRACTION = r"(?:\.0+)?"
_NUMBER = f"{_WHOLE}{_FRACTION}"
_NO_MORE = r"(?!\.?[0-9]|,)"
_ZERO = rf"[0,]+{_NO_FRACTION}(?!\.?[0-9]|,[0-9]{{3}})"
_ABOVE_ZERO = f"(?!{_ZERO})"


def _words(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(words)})"


def _up_to(most: int, fraction: str = _FRACTION) -> str:
    """A number from zero to `most`, with or without commas and leading zeros.

    The look-ahead holds the form, so that behind it commas may be read as nothing.
    """
    digits = str(most)
    lower = [rf"(?:[0-9],?){{0,{len(digits) - 1}}}"]
    for at, digit in enumerate(digits):
        lowest = 0 if at else 1
        if int(digit) > lowest:
            below = [*digits[:at], f"[{lowest}-{int(digit) - 1}]"]
            lower.append(f"{',?'.join(below)}(?:,?[0-9]){{{len(digits) - at - 1}}}")
    exact = f"{',?'.join(digits)}{fraction and _NO_FRACTION}{_NO_MORE}"
    return f"(?={_NUMBER}{_NO_MORE})[0,]*(?:{exact}|{_words(lower)}{fraction})"


def _time() -> str:
    units = (f"{_up_to(TIME_MAX_NS // ns)} ?{unit}" for unit, ns in NS_OF.items())
    return _words(units)


_COUNT = _up_to(COUNT_MAX, fraction="")
_SHARE = f"{_up_to(PERCENT_MAX)} ?%"
_BPS = _words((f"{_up_to(int(BPS_MAX))} ?bps?", f"{_up_to(int(BPS_MAX) // 100)} ?%"))
_DISTANCE = _words((rf"\${_NUMBER}", _BPS, f"{_up_to(int(TICKS_MAX), _NO_FRACTION)} ?ticks?"))
_SOME_DISTANCE = rf"(?!\$?{_ZERO}){_DISTANCE}"
_SOME_TIME = f"{_ABOVE_ZERO}{_time()}"
_POSITIVE = f"{_ABOVE_ZERO}{_COUNT}"
_MONEY = rf"\${_ABOVE_ZERO}{_NUMBER}"
_PART_OF_CLIP = f"{_ABOVE_ZERO}{_SHARE} of clip"
_LOTS = f"{_ABOVE_ZERO}{_WHOLE}{_NO_FRACTION} lots?"
_COIN = f"{_ABOVE_ZERO}{_NUMBER} [0-9]*[A-Z][A-Z0-9]{{0,11}}"
_CLIP = _words((_MONEY, _LOTS, _COIN))
_PART = _words((_CLIP, _PART_OF_CLIP))
_QUANTITY = _words(("venue minimum", _PART))
_COMMA = r",+(?![0-9]{3})"  # before three digits it belongs to a number
_PRICE = _words((*ANCHORS, rf"{_DISTANCE}\s+(?:inside|through)\s+{_words(ANCHORS)}"))

NAME = rf"[a-z][a-z0-9_]{{0,{NAME_MAX - 1}}}"
WORD = r"\S+"
TEXT = r"[\s\S]*\S[\s\S]*"
_PHASE = r"(?!(?:done|halt)$)[A-Za-z][A-Za-z0-9_-]*"
_HALT = r"halt(?: [\s\S]*)?"

PATTERNS: Mapping[str, str] = {
    "version": "1",
    "name": NAME,
    "text": TEXT,
    "word": WORD,
    "scalar": TEXT,
    "expression": TEXT,
    "bool": "true|false",
    "time": _time(),
    "some_time": _SOME_TIME,
    "distance": _DISTANCE,
    "some_distance": _SOME_DISTANCE,
    "bps": _BPS,
    "percent": _SHARE,
    "money": _MONEY,
    "count": _COUNT,
    "positive": _POSITIVE,
    "checks": f"{_COUNT} checks?",
    "ratio": f"{_ABOVE_ZERO}{_up_to(RATIO_MAX)}",
    "clip": _CLIP,
    "part": _PART,
    "quantity": _QUANTITY,
    "amounts": rf"{_QUANTITY}|larger of\s*{_QUANTITY}(?:\s*{_COMMA}\s*{_QUANTITY})+,?",
    "size": _words((*SIZE_WORDS, _QUANTITY)),
    "price": _PRICE,
    "rung": _words((_DISTANCE, _PRICE)),
    "stop_distance": rf"{_SOME_DISTANCE}\s* from entry",
    "stop_limit": rf"{_DISTANCE}\s* through stop",
    "unhedged": rf"{_CLIP}\s* for \s*{_time()}",
    "rate": rf"{_POSITIVE}\s* per \s*{_SOME_TIME}",
    "volume": rf"{_MONEY}\s* per \s*{_SOME_TIME}",
    "depth": rf"{_MONEY}\s* at level \s*{_POSITIVE}",
    "leg": WORD,
    "rest_leg": WORD,
    "target": rf"{_HALT}|done\s+{_words(ENDS)}\s*|{_PHASE}",
    "action": rf"run\s+{NAME}\s*|alert\s+{_words(LEVELS)}\s*|nothing|{_HALT}",
}
