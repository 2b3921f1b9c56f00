"""What the command line may change in a policy: venue, symbol, side and clip of its legs; and the
turned-round policy.
"""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from dnkit.model.errors import DnkitError
from dnkit.model.terms import Side
from dnkit.policies.diagnostics import did_you_mean
from dnkit.policies.policy import LegText, Policy, Quantity
from dnkit.policies.units import TextError, parse_clip

_SIDES = {"buy": Side.BUY, "long": Side.BUY, "sell": Side.SELL, "short": Side.SELL}
_NONE: Mapping[str, str] = {}


class OptionError(DnkitError):
    """An option that cannot be meant so; the text names the option and says what to write."""

    exit_code = 2


def for_legs(option: str, texts: Sequence[str], legs: Sequence[str]) -> dict[str, str]:
    """`VALUE` (for all legs) or `LEG=VALUE` texts of an option -> value per leg. OptionError names the
    faulty one.

    A `LEG=VALUE` wins over a plain `VALUE`, wherever it stands.
    """
    plain = [text for text in texts if "=" not in text]
    if len(plain) > 1:
        raise OptionError(f"{option}: {plain[0]} and {plain[1]} are both given for all legs; write LEG=VALUE")
    found = dict.fromkeys(legs, plain[0]) if plain else {}
    named: dict[str, str] = {}
    for text in texts:
        leg, equals, value = text.partition("=")
        if not equals:
            continue
        if leg not in legs:
            raise OptionError(f"{option} {text}: there is no leg `{leg}`; {did_you_mean(leg, legs)}")
        if leg in named:
            raise OptionError(f"{option}: leg `{leg}` is given twice, {named[leg]} and {value}")
        named[leg] = value
    found |= named
    empty = [leg for leg, value in found.items() if not value.strip()]
    if empty:
        raise OptionError(f"{option}: leg `{empty[0]}` has an empty value")
    return found


def parse_side(option: str, text: str) -> Side:
    """`buy`, `long`, `sell`, `short` -> Side."""
    side = _SIDES.get(text.lower())
    if side is None:
        raise OptionError(f"{option} {text}: {did_you_mean(text, _SIDES)}")
    return side


def parse_sides(option: str, texts: Sequence[str], legs: Sequence[str]) -> dict[str, Side]:
    """Sides per leg. One plain value is the first leg's side; the second leg takes the other one."""
    plain = [text for text in texts if "=" not in text]
    if len(plain) == 1 and len(texts) == 1 and len(legs) > 1:
        first = parse_side(option, plain[0])
        return {leg: first if at == 0 else Side(-first) for at, leg in enumerate(legs)}
    return {leg: parse_side(option, text) for leg, text in for_legs(option, texts, legs).items()}


def parse_clips(option: str, texts: Sequence[str], legs: Sequence[str]) -> dict[str, Quantity]:
    """Clips per leg: `0.2 ETH`, `$500`, `3 lots`."""
    return {leg: _clip(option, text) for leg, text in for_legs(option, texts, legs).items()}


def _clip(option: str, text: str) -> Quantity:
    try:
        return parse_clip(text.strip())
    except TextError as error:
        raise OptionError(f"{option} {text}: {error.message}; {error.help}") from None


def apply(
    policy: Policy,
    *,
    symbols: Mapping[str, str] = _NONE,
    sides: Mapping[str, Side] | None = None,
    clips: Mapping[str, Quantity] | None = None,
    venues: Mapping[str, str] = _NONE,
) -> Policy:
    """The policy with values by leg name put in. A clip for a leg replaces `size.target` too: it is the
    wanted size.
    """

    def changed(leg: LegText) -> LegText:
        return replace(
            leg,
            venue=venues.get(leg.name, leg.venue),
            symbol=symbols.get(leg.name, leg.symbol),
            side=(sides or {}).get(leg.name, leg.side),
            clip=(clips or {}).get(leg.name, leg.clip),
        )

    return replace(policy, legs=tuple(changed(leg) for leg in policy.legs))


def flipped(policy: Policy) -> Policy:
    """The policy the other way round: every leg's side turned, defaults included. Twice gives back the same
    trade.
    """
    sides = {leg.name: leg.side or (Side.BUY if at == 0 else Side.SELL) for at, leg in enumerate(policy.legs)}
    return apply(policy, sides={name: Side(-side) for name, side in sides.items()})
