"""Texts of prices to values: an anchor and how far from it, on which side. Signs are refused: `inside` and
`through` say the direction, so that one text means the same for buys and for sells.
"""

import re
from typing import NoReturn

from dnkit.machine.program import Anchor
from dnkit.policies.policy import Distance, PriceText
from dnkit.policies.units import (
    ANCHORS,
    OUT_OF_BOUNDS,
    TextError,
    is_bare,
    no_distance_unit,
    parse_distance,
    parse_positive_distance,
    unknown_word,
    within,
)

_PRICE = re.compile(r"(.*\S)\s+(inside|through)\s+(\S+)")


def parse_price(text: str) -> PriceText:
    """`touch`, `join`, `mid`, `mark`, `break_even`, or a distance `inside` or `through` one of them."""
    if text in ANCHORS:
        return PriceText(Anchor(text))
    found = _PRICE.fullmatch(text)
    if found is None:
        _no_price(text)
    anchor = _anchor(found[3], found.start(3))
    distance = within(parse_distance, found[1], 0)
    if distance.amount == 0:
        return PriceText(anchor)
    return PriceText(anchor, found[2], distance)


def parse_rung(text: str) -> PriceText:
    """A price, or a bare distance, which means through the touch; `0bps` is the touch itself."""
    if re.match(r"\$?\d", text) and not _PRICE.fullmatch(text):
        distance = parse_distance(text)
        return PriceText(Anchor.TOUCH, "through", distance) if distance.amount else PriceText(Anchor.TOUCH)
    return parse_price(text)


def _anchor(word: str, at: int) -> Anchor:
    if word in ANCHORS:
        return Anchor(word)
    part = (at, at + len(word))
    raise unknown_word(f"`{word}` is no price to measure from", word, ANCHORS, part=part)


def _no_price(text: str) -> NoReturn:
    wanted = (
        "a price: touch, join, mid, mark, break_even, or such as `1 tick inside touch`, `5bps through touch`"
    )
    if text[:1] in ("-", "+"):
        raise TextError(
            f"`{text}` has a sign",
            "say `inside` (passive) or `through` (aggressive) instead",
            code=OUT_OF_BOUNDS,
        )
    if _is_distance(text):
        raise TextError(
            f"`{text}` does not say from where",
            f"write `{text} inside touch` (passive) or `{text} through touch`",
        )
    if is_bare(text):
        raise no_distance_unit(text, " inside touch")
    if re.fullmatch(r"\w+", text):
        _anchor(text, 0)
    raise TextError(f"`{text}` is no price", f"write {wanted}")


def parse_stop(text: str) -> Distance:
    """`2% from entry` -> the distance of a stop from the entry average, above zero."""
    if not text.endswith(" from entry"):
        if is_bare(text):
            raise no_distance_unit(text, " from entry")
        raise TextError(f"`{text}` does not say from where", "write the distance so: `2% from entry`")
    return within(parse_positive_distance, text.removesuffix(" from entry").rstrip(), 0)


def parse_through_stop(text: str) -> Distance:
    """`10bps through stop` -> how far past the trigger the limit of a stop order lies."""
    if not text.endswith(" through stop"):
        if is_bare(text):
            raise no_distance_unit(text, " through stop")
        raise TextError(f"`{text}` does not say from where", "write the distance so: `10bps through stop`")
    return within(parse_distance, text.removesuffix(" through stop").rstrip(), 0)


def _is_distance(text: str) -> bool:
    try:
        parse_distance(text)
    except TextError:
        return False
    return True
