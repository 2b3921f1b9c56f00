"""Texts with units to exact values: times, distances, money, quantities, short forms of limits.

Every function takes the text of one scalar and returns a value, or raises TextError with what was expected,
the nearest right text, and which characters are at fault. Decimal only; times are nanoseconds; percents of
a price are bps. A bare number is refused wherever a dimension is wanted, and so is every sign: `inside` and
`through` say the direction, so that one text means the same for buys and for sells.
"""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NoReturn, TypeVar

from dnkit.policies.diagnostics import suggestion
from dnkit.policies.policy import Distance, Quantity, Size

NOT_UNDERSTOOD, OUT_OF_BOUNDS, MISSING_UNIT = "DNK030", "DNK031", "DNK022"

_Value = TypeVar("_Value")
_Other = TypeVar("_Other")

NS_OF = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_LONG_NAMES = {
    "ms": "msec millis",
    "s": "sec secs second seconds S",
    "m": "min mins minute minutes M",
    "h": "hour hours H",
}
_TIME_WORDS = {word: unit for unit, words in _LONG_NAMES.items() for word in words.split()}
TIME_MAX_NS = 7 * 24 * NS_OF["h"]
BPS_MAX = Decimal(1000)
TICKS_MAX = Decimal(10_000)
MONEY_MAX = Decimal(10**12)
COUNT_MAX = 1_000_000
DIGITS_MAX = 18

SIZE_WORDS = ("clip", "imbalance", "position", "missing")
ANCHORS = ("touch", "join", "mid", "mark", "break_even")

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_BARE = re.compile(_NUMBER)
_COUNT = re.compile(r"\d{1,3}(?:,\d{3})+|\d+")
_TIME = re.compile(rf"({_NUMBER}) ?([A-Za-zµ]+)")
_MONEY = re.compile(rf"\$({_NUMBER})")
_DISTANCE = re.compile(rf"({_NUMBER}) ?(bps?|%|ticks?)")
_PERCENT = re.compile(rf"({_NUMBER}) ?%")
_COIN = re.compile(rf"({_NUMBER}) (\d*[A-Za-z][A-Za-z0-9]{{0,11}})")
_SIGN = re.compile(r"[-+]")


class TextError(ValueError):
    """A text that is not what its key wants.

    `part` is (start, end) of the characters at fault, None for all of them; `code` is the diagnostic's;
    `meant` the known word that should stand in place of those characters.
    """

    def __init__(
        self,
        message: str,
        help: str = "",
        *,
        code: str = NOT_UNDERSTOOD,
        part: tuple[int, int] | None = None,
        meant: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.code = code
        self.part = part
        self.meant = meant

    @property
    def advice(self) -> str:
        """What to do, in words."""
        return f"did you mean `{self.meant}`?" if self.meant else self.help


def unknown_word(
    message: str,
    word: str,
    words: Iterable[str],
    *,
    code: str = NOT_UNDERSTOOD,
    part: tuple[int, int] | None = None,
) -> TextError:
    """The error for a word that is none of those known: with the nearest of them, else with all of them."""
    found = suggestion(word, words)
    return TextError(message, found.get("help", ""), code=code, part=part, meant=found.get("meant", ""))


def within(parse: Callable[[str], _Value], text: str, at: int) -> _Value:
    """Parse a piece of a longer text in which it starts at `at`; errors have their place in the longer
    one."""
    try:
        return parse(text)
    except TextError as error:
        start, end = error.part or (0, len(text))
        part = (start + at, end + at)
        raise TextError(error.message, error.help, code=error.code, part=part, meant=error.meant) from None


def number(text: str) -> Decimal:
    """`10,000.5` as a Decimal; the caller has matched its form. TextError when it is too long to be meant."""
    digits = text.replace(",", "")
    if len(digits) > DIGITS_MAX:
        raise TextError(f"`{text}` has more than {DIGITS_MAX} digits", code=OUT_OF_BOUNDS)
    return plain(Decimal(digits))


def plain(value: Decimal) -> Decimal:
    """The value without trailing zeros and without an exponent, so that equal amounts are equal texts."""
    whole = value.to_integral_value()
    return whole.quantize(Decimal(1)) if value == whole else value.normalize()


def parse_time(text: str) -> int:
    """`500ms`, `3s`, `2m`, `1h` -> nanoseconds."""
    found = _TIME.fullmatch(text)
    if found is None or found[2] not in NS_OF:
        _no_time(text, found)
    ns = number(found[1]) * NS_OF[found[2]]
    if ns != int(ns):
        raise TextError(f"`{text}` is finer than a nanosecond", code=OUT_OF_BOUNDS)
    if ns > TIME_MAX_NS:
        raise TextError(f"`{text}` is longer than 168h", code=OUT_OF_BOUNDS)
    return int(ns)


def _no_time(text: str, found: re.Match[str] | None) -> NoReturn:
    if found is not None and found[2] in _TIME_WORDS:
        raise TextError(f"`{found[2]}` is no unit of time", f"write `{found[1]}{_TIME_WORDS[found[2]]}`")
    if is_bare(text):
        why = f"`{text}m` lasts 60,000 times as long as `{text}ms`"
        raise _no_unit(text, why, f"a time: `{text}s`, `{text}ms`, `{text}m`")
    _refuse("a time such as 500ms, 3s, 2m or 1h", text)


def is_bare(text: str) -> bool:
    """Whether this is a number and nothing else."""
    return _BARE.fullmatch(text) is not None


def _no_unit(text: str, why: str, forms: str) -> TextError:
    """The error for a bare number: `why` says what a wrong guess would cost, `forms` what could be meant."""
    return TextError(f"`{text}` has no unit: {why}", f"write {forms}", code=MISSING_UNIT)


def no_distance_unit(text: str, after: str = "") -> TextError:
    """The same for a distance, with the words that follow it: ` from entry`."""
    units = ("bps", "%") if "." in text else ("bps", "%", " ticks")
    forms = ", ".join(f"`{text}{unit}{after}`" for unit in units)
    why = f"`{text}bps` is ${_times(text, 1)} per $10,000 traded, `{text}%` is ${_times(text, 100)}"
    return _no_unit(text, why, f"a distance: {forms}")


def _times(text: str, by: int) -> str:
    return f"{plain(number(text) * by):,f}"


def _refuse(wanted: str, text: str) -> NoReturn:
    """Say what was wanted."""
    if _SIGN.match(text):
        raise TextError(f"`{text}` has a sign", f"write {wanted}, without a sign", code=OUT_OF_BOUNDS)
    raise TextError(f"`{text}` is not understood", f"write {wanted}")


def parse_distance(text: str) -> Distance:
    """`5bps`, `0.05%`, `2 ticks`, `$0.50` -> Distance; percent becomes bps."""
    money = _MONEY.fullmatch(text)
    if money is not None:
        return Distance(number(money[1]), "money")
    found = _DISTANCE.fullmatch(text)
    if found is None:
        if is_bare(text):
            raise no_distance_unit(text)
        _refuse("a distance such as 5bps, 0.05%, 2 ticks or $0.50", text)
    amount, unit = number(found[1]), found[2]
    if unit.startswith("tick"):
        return Distance(_most(_whole(amount, text), TICKS_MAX, text, "10,000 ticks"), "ticks")
    bps = plain(amount * 100) if unit == "%" else amount
    return Distance(_most(bps, BPS_MAX, text, "1,000bps (10%)"), "bps")


def _whole(amount: Decimal, text: str) -> Decimal:
    if amount != amount.to_integral_value():
        raise TextError(f"`{text}` is not a whole number", "write a whole number")
    return amount


def _most(amount: Decimal, limit: Decimal, text: str, words: str) -> Decimal:
    if amount > limit:
        raise TextError(f"`{text}` is more than {words}", "check the unit", code=OUT_OF_BOUNDS)
    return amount


def parse_positive_distance(text: str) -> Distance:
    """A distance above zero."""
    distance = parse_distance(text)
    if distance.amount == 0:
        raise TextError(f"`{text}` is zero", "write a distance above zero", code=OUT_OF_BOUNDS)
    return distance


def parse_bps(text: str) -> Decimal:
    """`5bps` or `0.05%` -> basis points."""
    distance = parse_distance(text)
    if distance.unit != "bps":
        raise TextError(f"`{text}` is not in bps", "write a distance such as 5bps or 0.05%")
    return distance.amount


def parse_percent(text: str) -> Decimal:
    """`5%` -> Decimal(5); at most 100 %."""
    found = _PERCENT.fullmatch(text)
    if found is None:
        if is_bare(text):
            raise _no_unit(text, *_percents(text))
        _refuse("a percentage such as 5%", text)
    return _most(number(found[1]), Decimal(100), text, "100%")


def _percents(text: str) -> tuple[str, str]:
    """What a bare number may mean as a percentage, and what that would be; a fraction is likely a share."""
    if number(text) > 1:
        return f"`{text}%` of $10,000 is ${_times(text, 100)}", f"`{text}%`"
    share = _times(text, 100)
    why = f"`{text}%` of $10,000 is ${share}, `{share}%` is ${_times(text, 10_000)}"
    return why, f"`{share}%` or `{text}%`"


def parse_money(text: str) -> Decimal:
    """`$50`, `$50,000`, `$0.50` -> Decimal, above zero."""
    found = _MONEY.fullmatch(text)
    if found is None:
        if is_bare(text):
            raise _no_unit(text, f"{text} of a coin may be thousands of times `${text}`", f"`${text}`")
        _refuse("an amount of money such as $50", text)
    return _above_zero(_most(number(found[1]), MONEY_MAX, text, "$1,000,000,000,000"), text)


def _above_zero(amount: Decimal, text: str) -> Decimal:
    if amount == 0:
        raise TextError(f"`{text}` is zero", "write an amount above zero", code=OUT_OF_BOUNDS)
    return amount


def parse_count(text: str) -> int:
    """`3` -> 3. The only numbers without a unit."""
    if _COUNT.fullmatch(text) is None:
        _refuse("a whole number such as 3", text)
    return int(_most(number(text), Decimal(COUNT_MAX), text, f"{COUNT_MAX:,}"))


def parse_positive(text: str) -> int:
    """A count of at least 1."""
    count = parse_count(text)
    if count == 0:
        raise TextError("zero times is never", "write at least 1", code=OUT_OF_BOUNDS)
    return count


def parse_checks(text: str) -> int:
    """`3 checks` -> 3."""
    found = re.fullmatch(r"(\S+) checks?", text)
    if found is None:
        if is_bare(text):
            raise _no_unit(text, "a time would not act as checks do", f"`{text} checks`")
        _refuse("a number of checks such as `3 checks`", text)
    return parse_count(found[1])


def parse_ratio(text: str) -> Decimal:
    """A plain factor such as `1` or `0.5`, above zero and at most 1,000."""
    if not is_bare(text):
        _refuse("a plain factor such as 1 or 0.5", text)
    return _above_zero(_most(number(text), Decimal(1000), text, "1,000"), text)


def parse_quantity(text: str) -> Quantity:
    """`0.01 ETH`, `1 lot`, `5% of clip`, `$300`, `venue minimum` -> Quantity, above zero."""
    if text == "venue minimum":
        return Quantity(Decimal(0), "venue_minimum")
    if text.startswith("$"):
        return Quantity(parse_money(text), "money")
    if text.endswith(" of clip"):
        share = parse_percent(text.removesuffix(" of clip"))
        return Quantity(_above_zero(share, text), "percent")
    found = _COIN.fullmatch(text)
    if found is None:
        if is_bare(text):
            raise _no_unit(text, f"`${text}` and {text} of a coin may be thousands apart", _quantities(text))
        _refuse("a quantity such as 0.01 ETH, 1 lot, 5% of clip, $300 or venue minimum", text)
    amount = _above_zero(number(found[1]), text)
    if found[2] in ("lot", "lots"):
        return Quantity(_whole(amount, text), "lots")
    if not found[2].isupper():
        raise TextError(
            f"`{found[2]}` is no coin", f"write coins in capitals: `{found[1]} {found[2].upper()}`"
        )
    return Quantity(amount, "coin", found[2])


def _quantities(text: str) -> str:
    """What a bare number may mean; a fraction is likely a share, a whole number may be lots."""
    if number(text) < 1:
        return f"a quantity: `{text} ETH`, `${text}` or `{_times(text, 100)}% of clip`"
    return f"a quantity: `{text} ETH`, `${text}`, `{text}% of clip` or `{text} lots`"


def parse_clip(text: str) -> Quantity:
    """A quantity that stands by itself (not a share of the clip, not the venue's minimum)."""
    quantity = parse_quantity(text)
    if quantity.unit in ("percent", "venue_minimum"):
        raise TextError(f"`{text}` does not say how much", "write an amount such as 0.2 ETH or $500")
    return quantity


def parse_amounts(text: str) -> tuple[Quantity, ...]:
    """`larger of 5% of clip, 1 lot` or one quantity -> the quantities, the largest of which counts."""
    if not text.startswith("larger of"):
        if re.split(r"\s", text, maxsplit=1)[0] in ("larger", "largest", "max", "bigger"):
            raise TextError(f"`{text}` is not understood", "write `larger of 5% of clip, venue minimum`")
        return (parse_quantity(text),)
    parts = [
        (one.start(1), one[1])
        for one in re.finditer(r"\s*((?:[^,]|,(?=\d{3}))+),?", text[len("larger of") :])
    ]
    found = tuple(within(parse_quantity, part.strip(), len("larger of") + at) for at, part in parts)
    if len(found) < 2:
        said = "`larger of` compares two or more quantities"
        raise TextError(said, "write `larger of 5% of clip, venue minimum`")
    return found


def parse_size(text: str) -> Size:
    """`clip`, `imbalance`, `position`, `missing`, or a quantity."""
    if text in SIZE_WORDS:
        return Size(word=text)
    if re.fullmatch(r"[A-Za-z_]+", text):
        raise unknown_word(f"`{text}` is no size", text, SIZE_WORDS)
    return Size(amount=parse_quantity(text))


def parse_unhedged(text: str) -> tuple[Quantity, int]:
    """`$3000 for 30s` -> exposure and how long it may last (ns)."""
    if is_bare(text):
        raise _no_unit(text, "how much may be unhedged, and for how long?", f"`${text} for 30s`")
    return _two(text, " for ", "an exposure and a time such as `$3000 for 30s`", parse_clip, parse_time)


def parse_rate(text: str) -> tuple[int, int]:
    """`10 per 1s` -> calls and nanoseconds."""
    if is_bare(text):
        raise _no_unit(text, "calls in what time? too many get the account locked out", f"`{text} per 1s`")
    return _two(text, " per ", "a rate such as `10 per 1s`", parse_positive, parse_positive_time)


def parse_volume(text: str) -> tuple[Decimal, int]:
    """`$100,000 per 1m` -> money and nanoseconds."""
    if is_bare(text):
        raise _no_unit(text, "money in what time?", f"`${text} per 1m`")
    return _two(text, " per ", "a traded volume such as `$100,000 per 1m`", parse_money, parse_positive_time)


def parse_depth(text: str) -> tuple[Decimal, int]:
    """`$50,000 at level 1` -> money and number of levels."""
    if is_bare(text):
        raise _no_unit(text, "money in how many levels?", f"`${text} at level 1`")
    return _two(text, " at level ", "a depth such as `$50,000 at level 1`", parse_money, parse_positive)


def parse_positive_time(text: str) -> int:
    """A time above zero, in nanoseconds."""
    ns = parse_time(text)
    if ns == 0:
        raise TextError(f"`{text}` is no time at all", "write a time above zero", code=OUT_OF_BOUNDS)
    return ns


def _two(
    text: str,
    word: str,
    wanted: str,
    parse_first: Callable[[str], _Value],
    parse_second: Callable[[str], _Other],
) -> tuple[_Value, _Other]:
    """Two values with a word between them."""
    first, found, second = text.partition(word)
    if not found:
        raise TextError(f"`{text}` is not understood", f"write {wanted}")
    start = len(first) + len(word) + len(second) - len(second.lstrip())
    return within(parse_first, first.rstrip(), 0), within(parse_second, second.strip(), start)
