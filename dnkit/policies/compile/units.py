"""Decimal amounts of a policy -> integers of the machine, exactly. What does not fit its grid is a finding,
never a rounding.
"""

from collections.abc import Callable
from decimal import Decimal

from msgspec.structs import replace

from dnkit.machine.program import NO_LIMIT, Amount, Anchor, PriceRule, Unit
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import MBPS_PER_BPS, on_grid, to_mbps, to_pico
from dnkit.policies.findings import Findings, Route
from dnkit.policies.policy import Distance, PriceText, Quantity

MBPS_PER_PERCENT = 100 * MBPS_PER_BPS
_TOWARD = {"at": 0, "inside": -1, "through": 1}


def to_limit(distance: Distance | None, findings: Findings, route: Route) -> int:
    """mbps of a limit; NO_LIMIT when there is none. Only bps and percent can be compared without a price."""
    if distance is None:
        return NO_LIMIT
    if distance.unit != "bps":
        text = f"{distance.amount} {distance.unit} cannot be compared with a book at any price"
        findings.error("DNK432", text, route, "write bps or %")
        return NO_LIMIT
    return _exact(distance.amount, to_mbps, "0.001 bps", findings, route)


def to_rule(price: PriceText, findings: Findings, route: Route) -> PriceRule:
    """A price as written -> a rule; ticks and money keep their unit, the engine knows the instrument."""
    rule = PriceRule(price.anchor, _TOWARD[price.direction])
    if price.distance is None:
        return rule
    return with_distance(rule, price.distance, findings, route)


def with_distance(rule: PriceRule, distance: Distance, findings: Findings, route: Route) -> PriceRule:
    """The rule at that distance from its anchor."""
    if distance.unit == "bps":
        amount = _exact(distance.amount, to_mbps, "0.001 bps", findings, route)
        return replace(rule, amount=amount, unit=Unit.MBPS)
    if distance.unit == "ticks":
        amount = _exact(distance.amount, _whole, "one tick", findings, route)
        return replace(rule, amount=amount, unit=Unit.TICKS)
    amount = _exact(distance.amount, to_pico, "10^-12", findings, route)
    return replace(rule, amount=amount, unit=Unit.MONEY)


def through_touch(mbps: int) -> PriceRule:
    """The rung `mbps` past the far touch."""
    return PriceRule(Anchor.TOUCH, 1, mbps, Unit.MBPS)


def to_amount(
    quantity: Quantity, instruments: tuple[Instrument, ...], findings: Findings, route: Route
) -> Amount:
    """An amount that each of the instruments can turn into lots. A coin must be the coin of all of them."""
    if quantity.unit == "venue_minimum":
        return Amount(venue_minimum=True)
    if quantity.unit == "percent":
        mbps = _exact(quantity.amount * MBPS_PER_PERCENT, _whole, "0.00001 %", findings, route)
        return Amount(clip_mbps=mbps)
    if quantity.unit == "lots":
        return Amount(lots=_exact(quantity.amount, _whole, "one lot", findings, route))
    if quantity.unit == "money":
        return Amount(money=_exact(quantity.amount, to_pico, "10^-12", findings, route))
    return _coin_amount(quantity, instruments, findings, route)


def _coin_amount(
    quantity: Quantity, instruments: tuple[Instrument, ...], findings: Findings, route: Route
) -> Amount:
    amount = f"{quantity.amount} {quantity.coin}"
    for one in instruments:
        if one.base != quantity.coin:
            findings.error(
                "DNK433",
                f"{amount} is no amount of {one.symbol} on {one.venue}, which trades {one.base}",
                route,
                f"write it in {one.base}, in money ($500), in lots or as `venue minimum`",
            )
            return Amount()
    base = _exact(quantity.amount, to_pico, "10^-12 coin", findings, route)
    for one in instruments:
        if base % one.lot_base:
            findings.error(
                "DNK431",
                f"{amount} is finer than the lot of {one.symbol} on {one.venue} ({one.lot}): "
                "the rest would never be traded",
                route,
                f"use a multiple of {one.lot} {one.base}",
            )
    return Amount(base=base)


def largest(parts: tuple[Amount, ...]) -> Amount:
    """The amount that is the largest of several: each kind of part at its largest."""
    return Amount(
        base=max((one.base for one in parts), default=0),
        money=max((one.money for one in parts), default=0),
        clip_mbps=max((one.clip_mbps for one in parts), default=0),
        lots=max((one.lots for one in parts), default=0),
        venue_minimum=any(one.venue_minimum for one in parts),
    )


def to_money(quantity: Quantity, what: str, findings: Findings, route: Route) -> int:
    """Picos of a limit that is compared in money."""
    if quantity.unit != "money":
        findings.error("DNK432", f"{what} is compared in money", route, "write it like $3000")
        return NO_LIMIT
    return _exact(quantity.amount, to_pico, "10^-12", findings, route)


def money_picos(amount: Decimal, findings: Findings, route: Route) -> int:
    """Picos of a plain amount of money."""
    return _exact(amount, to_pico, "10^-12", findings, route)


def _whole(amount: Decimal) -> int:
    return on_grid(amount, Decimal(1))


def _exact(
    amount: Decimal, convert: Callable[[Decimal], int], grid: str, findings: Findings, route: Route
) -> int:
    try:
        return convert(amount)
    except ValueError:
        findings.error("DNK431", f"{amount} is finer than {grid}", route, "round it to the grid")
        return 0
