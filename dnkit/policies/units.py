"""Texts with units to exact values: times, distances, money, quantities, prices, short forms of limits.

Every function takes the text of one scalar and returns a value, or raises TextError with what was expected,
the nearest right text, and which characters are at fault. Decimal only; times are nanoseconds; percents of
a price are bps. A bare number is refused wherever a dimension is wanted, and so is every sign: `inside` and
`through` say the direction, so that one text means the same for buys and for sells.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import NoReturn

from dnkit.machine.program import Anchor
from dnkit.policies.policy import Distance, PriceText, Quantity, Size

NOT_UNDERSTOOD, OUT_OF_BOUNDS = "DNK030", "DNK031"

NS_OF = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
TIME_MAX_NS = 7 * 24 * NS_OF["h"]
BPS_MAX = Decimal(1000)
TICKS_MAX = Decimal(10_000)
MONEY_MAX = Decimal(10**12)
COUNT_MAX = 1_000_000
DIGITS_MAX = 18

SIZE_WORDS = ("clip", "imbalance", "position", "missing")
ANCHORS = ("touch", "join", "mid", "mark", "break_even")

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_COUNT = re.compile(r"\d{1,3}(?:,\d{3})+|\d+")
_TIME = re.compile(rf"({_NUMBER}) ?([A-Za-zµ]+)")
_MONEY = re.compile(rf"\$({_NUMBER})")
_DISTANCE = re.compile(rf"({_NUMBER}) ?(bps?|%|ticks?)")
_PERCENT = re.compile(rf"({_NUMBER}) ?%")
_COIN = re.compile(rf"({_NUMBER}) (\d*[A-Za-z][A-Za-z0-9]{{0,11}})")
_PRICE = re.compile(r"(.*\S)\s+(inside|through)\s+(\S+)")
_SIGN = re.compile(r"[-+]")


class TextError(ValueError):
    """A text that is not what its key wants.

    `start`..`end` are the characters at fault, `code` the diagnostic's.
    """

    def __init__(
        self, message: str, help: str = "", *, code: str = NOT_UNDERSTOOD, part: tuple[int, int] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.code = code
        self.part = part


def shifted(error: TextError, by: int, length: int) -> TextError:
    """The same error seen from a longer text in which the faulty text starts at `by`."""
    start, end = error.part or (0, length)
    return TextError(error.message, error.help, code=error.code, part=(start + by, end + by))


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
    words = {"sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m"}
    words |= {
        "minutes": "m",
        "hour": "h",
        "hours": "h",
        "msec": "ms",
        "millis": "ms",
        "S": "s",
        "M": "m",
        "H": "h",
    }
    if found is not None and found[2] in words:
        raise TextError(f"`{found[2]}` is no unit of time", f"write `{found[1]}{words[found[2]]}`")
    _refuse("a time such as 500ms, 3s, 2m or 1h", text, "s")


def _refuse(wanted: str, text: str, unit: str = "", before: str = "") -> NoReturn:
    """Say what was wanted; where only the unit is missing, say that."""
    if _SIGN.match(text):
        raise TextError(f"`{text}` has a sign", f"write {wanted}, without a sign", code=OUT_OF_BOUNDS)
    if re.fullmatch(_NUMBER, text) and (unit or before):
        raise TextError(f"`{text}` has no unit", f"write {wanted} (`{before}{text}{unit}`?)")
    raise TextError(f"`{text}` is not understood", f"write {wanted}")


def parse_distance(text: str) -> Distance:
    """`5bps`, `0.05%`, `2 ticks`, `$0.50` -> Distance; percent becomes bps."""
    money = _MONEY.fullmatch(text)
    if money is not None:
        return Distance(number(money[1]), "money")
    found = _DISTANCE.fullmatch(text)
    if found is None:
        _refuse("a distance such as 5bps, 0.05%, 2 ticks or $0.50", text, "bps")
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
        _refuse("a percentage such as 5%", text, "%")
    return _most(number(found[1]), Decimal(100), text, "100%")


def parse_money(text: str) -> Decimal:
    """`$50`, `$50,000`, `$0.50` -> Decimal, above zero."""
    found = _MONEY.fullmatch(text)
    if found is None:
        _refuse("an amount of money such as $50", text, before="$")
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
        _refuse("a number of checks such as `3 checks`", text, " checks")
    return parse_count(found[1])


def parse_ratio(text: str) -> Decimal:
    """A plain factor such as `1` or `0.5`, above zero and at most 1,000."""
    if re.fullmatch(_NUMBER, text) is None:
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
        _refuse("a quantity such as 0.01 ETH, 1 lot, 5% of clip, $300 or venue minimum", text, " lots", "")
    amount = _above_zero(number(found[1]), text)
    if found[2] in ("lot", "lots"):
        return Quantity(_whole(amount, text), "lots")
    if not found[2].isupper():
        raise TextError(
            f"`{found[2]}` is no coin", f"write coins in capitals: `{found[1]} {found[2].upper()}`"
        )
    return Quantity(amount, "coin", found[2])


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
    found = tuple(_at(parse_quantity, part.strip(), len("larger of") + at) for at, part in parts)
    if len(found) < 2:
        raise TextError(
            "`larger of` compares two or more quantities", "write `larger of 5% of clip, venue minimum`"
        )
    return found


def _at(parse: "Callable[[str], Quantity]", text: str, at: int) -> Quantity:
    try:
        return parse(text)
    except TextError as error:
        raise shifted(error, at, len(text)) from None


def parse_size(text: str) -> Size:
    """`clip`, `imbalance`, `position`, `missing`, or a quantity."""
    if text in SIZE_WORDS:
        return Size(word=text)
    if re.fullmatch(r"[A-Za-z_]+", text):
        from dnkit.policies.diagnostics import did_you_mean

        raise TextError(f"`{text}` is no size", did_you_mean(text, SIZE_WORDS))
    return Size(amount=parse_quantity(text))


def parse_price(text: str) -> PriceText:
    """`touch`, `join`, `mid`, `mark`, `break_even`, or a distance `inside` or `through` one of them."""
    if text in ANCHORS:
        return PriceText(Anchor(text))
    found = _PRICE.fullmatch(text)
    if found is None:
        _no_price(text)
    anchor = _anchor(found[3], found.start(3))
    distance = _distance_at(found[1])
    if distance.amount == 0:
        return PriceText(anchor)
    return PriceText(anchor, found[2], distance)


def parse_rung(text: str) -> PriceText:
    """A price, or a bare distance, which means through the touch; `0bps` is the touch itself."""
    if re.match(rf"\$?{_NUMBER}", text) and not _PRICE.fullmatch(text):
        distance = parse_distance(text)
        return PriceText(Anchor.TOUCH, "through", distance) if distance.amount else PriceText(Anchor.TOUCH)
    return parse_price(text)


def _distance_at(text: str) -> Distance:
    try:
        return parse_distance(text)
    except TextError as error:
        raise shifted(error, 0, len(text)) from None


def _anchor(word: str, at: int) -> Anchor:
    if word in ANCHORS:
        return Anchor(word)
    from dnkit.policies.diagnostics import did_you_mean

    part = (at, at + len(word))
    raise TextError(f"`{word}` is no price to measure from", did_you_mean(word, ANCHORS), part=part)


def _no_price(text: str) -> NoReturn:
    wanted = (
        "a price: touch, join, mid, mark, break_even, or such as `1 tick inside touch`, `5bps through touch`"
    )
    if _SIGN.match(text):
        raise TextError(
            f"`{text}` has a sign",
            "say `inside` (passive) or `through` (aggressive) instead",
            code=OUT_OF_BOUNDS,
        )
    if _DISTANCE.fullmatch(text) or _MONEY.fullmatch(text):
        raise TextError(
            f"`{text}` does not say from where",
            f"write `{text} inside touch` (passive) or `{text} through touch`",
        )
    if re.fullmatch(r"\w+", text):
        _anchor(text, 0)
    raise TextError(f"`{text}` is no price", f"write {wanted}")


def parse_stop(text: str) -> Distance:
    """`2% from entry` -> the distance of a stop from the entry average, above zero."""
    if not text.endswith(" from entry"):
        raise TextError(f"`{text}` does not say from where", "write the distance so: `2% from entry`")
    return parse_positive_distance(text.removesuffix(" from entry").rstrip())


def parse_through_stop(text: str) -> Distance:
    """`10bps through stop` -> how far past the trigger the limit of a stop order lies."""
    if not text.endswith(" through stop"):
        raise TextError(f"`{text}` does not say from where", "write the distance so: `10bps through stop`")
    return parse_distance(text.removesuffix(" through stop").rstrip())


def parse_unhedged(text: str) -> tuple[Quantity, int]:
    """`$3000 for 30s` -> exposure and how long it may last (ns)."""
    amount, duration = _two(text, " for ", "an exposure and a time such as `$3000 for 30s`")
    return parse_clip(amount), parse_time(duration)


def parse_rate(text: str) -> tuple[int, int]:
    """`10 per 1s` -> calls and nanoseconds."""
    calls, span = _two(text, " per ", "a rate such as `10 per 1s`")
    return parse_positive(calls), _some_time(span)


def parse_volume(text: str) -> tuple[Decimal, int]:
    """`$100,000 per 1m` -> money and nanoseconds."""
    amount, span = _two(text, " per ", "a traded volume such as `$100,000 per 1m`")
    return parse_money(amount), _some_time(span)


def parse_depth(text: str) -> tuple[Decimal, int]:
    """`$50,000 at level 1` -> money and number of levels."""
    amount, level = _two(text, " at level ", "a depth such as `$50,000 at level 1`")
    return parse_money(amount), parse_positive(level)


def parse_positive_time(text: str) -> int:
    """A time above zero, in nanoseconds."""
    return _some_time(text)


def _some_time(text: str) -> int:
    ns = parse_time(text)
    if ns == 0:
        raise TextError(f"`{text}` is no time at all", "write a time above zero", code=OUT_OF_BOUNDS)
    return ns


def _two(text: str, word: str, wanted: str) -> tuple[str, str]:
    first, found, second = text.partition(word)
    if not found:
        raise TextError(f"`{text}` is not understood", f"write {wanted}")
    return first.strip(), second.strip()
