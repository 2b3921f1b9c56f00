"""Before opening: what an account must look like, judged on facts read from the venue. Unknown is wrong.

Nothing here keeps anybody from closing: these checks are of entries.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import Enum

import msgspec

from dnkit.engine.exposure import amount_lots, lots_min
from dnkit.engine.state import Leg
from dnkit.machine.program import LegSpec
from dnkit.model.numbers import NS_PER_MS, ceil_div, from_pico, plain

MARGIN_RATIO = (110, 100)  # what the venue asks for at its leverage, and a tenth on top
SKEW_MAX_NS = 1_000 * NS_PER_MS


class PositionMode(str, Enum):
    """How a venue holds a position: one net position a symbol, or a long and a short beside each other."""

    ONE_WAY = "one-way"
    HEDGE = "hedge"


class AccountFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of an account and its venue; None where it could not be read.

    `available` is in picos of the quote currency; `clock_ahead_ns` how far the venue's clock is ahead of
    ours; `status` is "" where the venue trades, else its own word (maintenance, post-only...);
    `can_withdraw` is of the key in use, None where the venue does not say.
    """

    venue: str
    symbol: str
    mode: PositionMode | None
    leverage: Decimal | None
    available: int | None
    clock_ahead_ns: int | None
    status: str | None
    can_withdraw: bool | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be opened there: `notional` in picos of the quote currency; `leverage_max` None where any
    will do.
    """

    notional: int
    leverage_max: Decimal | None = None
    mode: PositionMode = PositionMode.ONE_WAY


class Wrong(msgspec.Struct, frozen=True):
    """One thing that is wrong, in words, and what to do about it."""

    check: str
    text: str
    act: str


def wanted(spec: LegSpec, bid: int, ask: int) -> Wanted:
    """What a leg is to open, at these prices in ticks."""
    leg = Leg(bid=bid, ask=ask, least=lots_min(spec.instrument, bid, ask))
    return Wanted(notional=spec.instrument.notional(ask, amount_lots(spec, leg, spec.clip)))


def margin_wanted(notional: int, leverage: Decimal) -> int:
    """Picos of margin for a position at a leverage above zero, with a tenth on top, rounded up."""
    top, bottom = leverage.as_integer_ratio()
    return ceil_div(notional * MARGIN_RATIO[0] * bottom, MARGIN_RATIO[1] * top)


def preflight(facts: AccountFacts, wanted: Wanted) -> tuple[Wrong, ...]:
    """All that speaks against opening, in the order of the checks; nothing where all is well."""
    return tuple(wrong for check in CHECKS for wrong in check(facts, wanted))


def check_health(facts: AccountFacts, _wanted: Wanted) -> Iterator[Wrong]:
    """The venue trades."""
    if facts.status is None:
        yield _unread("health", facts, "its status")
    elif facts.status:
        text = f"{facts.venue} says that it is not open for trading: {facts.status}"
        yield Wrong("health", text, "wait until the venue's status page says that it trades")


def check_clock(facts: AccountFacts, _wanted: Wanted) -> Iterator[Wrong]:
    """Both clocks agree to a second: signatures, nonces and the age of data depend on it."""
    if facts.clock_ahead_ns is None:
        yield _unread("clock", facts, "its time")
    elif abs(facts.clock_ahead_ns) > SKEW_MAX_NS:
        ahead = facts.clock_ahead_ns > 0
        text = (
            f"the clock of {facts.venue} is {abs(facts.clock_ahead_ns) // NS_PER_MS} ms "
            f"{'ahead of' if ahead else 'behind'} ours, at most {SKEW_MAX_NS // NS_PER_MS} ms are allowed"
        )
        yield Wrong("clock", text, "set this machine's clock by NTP")


def check_mode(facts: AccountFacts, wanted: Wanted) -> Iterator[Wrong]:
    """The account holds positions the way the orders mean them."""
    if facts.mode is None:
        yield _unread("position mode", facts, "the position mode")
    elif facts.mode is not wanted.mode:
        text = f"{facts.venue} is in {facts.mode.value} mode, orders are made for {wanted.mode.value} mode"
        act = f"set the account to {wanted.mode.value} mode; the venue wants no position and no order then"
        yield Wrong("position mode", text, act)


def check_size(_facts: AccountFacts, wanted: Wanted) -> Iterator[Wrong]:
    """There is something to open."""
    if wanted.notional <= 0:
        yield Wrong("size", "the size to open is zero", "give a clip above the venue's minimum")


def check_leverage(facts: AccountFacts, wanted: Wanted) -> Iterator[Wrong]:
    """The leverage is a number above zero, and no more than is wanted."""
    where = f"the leverage of {facts.symbol} on {facts.venue}"
    if facts.leverage is None:
        yield _unread("leverage", facts, "the leverage")
    elif facts.leverage <= 0:
        text = f"{where} is {plain(facts.leverage)}"
        yield Wrong("leverage", text, "set it on the venue; at zero every margin is endless")
    elif wanted.leverage_max is not None and facts.leverage > wanted.leverage_max:
        text = f"{where} is {plain(facts.leverage)}, at most {plain(wanted.leverage_max)} is wanted"
        yield Wrong("leverage", text, "lower it on the venue: liquidation is nearer than planned")


def check_margin(facts: AccountFacts, wanted: Wanted) -> Iterator[Wrong]:
    """The free balance holds the margin at the account's leverage, and a tenth on top."""
    if facts.available is None:
        yield _unread("margin", facts, "the free balance")
    elif facts.leverage is not None and facts.leverage > 0:
        need = margin_wanted(wanted.notional, facts.leverage)
        if facts.available < need:
            text = (
                f"{facts.venue} has {plain(from_pico(facts.available))} free, "
                f"{plain(from_pico(need))} is needed at leverage {plain(facts.leverage)}"
            )
            yield Wrong("margin", text, "move money there, or give a smaller clip")


def check_rights(facts: AccountFacts, _wanted: Wanted) -> Iterator[Wrong]:
    """The key can trade and no more, as far as the venue tells."""
    if facts.can_withdraw:
        text = f"the key for {facts.venue} can withdraw"
        yield Wrong("key rights", text, "make a key there that may only read and trade")


def _unread(check: str, facts: AccountFacts, what: str) -> Wrong:
    text = f"{what} could not be read from {facts.venue}; unknown is not good enough to open"
    return Wrong(check, text, "see whether the venue answers and the key may read")


CHECKS: tuple[Callable[[AccountFacts, Wanted], Iterator[Wrong]], ...] = (
    check_health,
    check_clock,
    check_mode,
    check_size,
    check_leverage,
    check_margin,
    check_rights,
)
