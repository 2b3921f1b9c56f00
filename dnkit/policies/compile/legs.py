"""Legs as written -> LegSpec: symbol, side, clip and what the venue can do."""

from collections.abc import Mapping
from decimal import Decimal

from msgspec.structs import replace

from dnkit.machine.program import Amount, LegSpec
from dnkit.model.capabilities import Capabilities
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import PICO, on_grid
from dnkit.model.terms import CLOSING, Intent, OrderType, Side
from dnkit.policies.compile.units import to_amount
from dnkit.policies.findings import Findings
from dnkit.policies.policy import LegText, Policy, Quantity, SizeText
from dnkit.policies.unit_texts import show_quantity

Venues = Mapping[str, Capabilities]
DEFAULT_CLIP = Amount(money=500 * PICO)  # only ever seeds a paper account: a close trades what is open


def compile_legs(policy: Policy, venues: Venues, findings: Findings) -> tuple[LegSpec, ...] | None:
    """Every leg, in file order; None when one of them has no venue or no symbol."""
    specs = [_leg(policy, index, leg, venues, findings) for index, leg in enumerate(policy.legs)]
    found = tuple(one for one in specs if one is not None)
    return found if len(found) == len(specs) else None


def resolve(leg: LegText, venues: Venues, findings: Findings) -> tuple[Capabilities, Instrument] | None:
    """The venue's facts and the instrument of a leg, or None with a finding."""
    venue = venues.get(leg.venue)
    if venue is None:
        route = ("legs", leg.name, "venue")
        advice = findings.near(route, leg.venue, venues)
        findings.error("DNK501", f"no facts are known of venue `{leg.venue}`", route, **advice)
        return None
    symbol = leg.symbol or venue.default_symbol
    instrument = venue.instrument(symbol)
    if instrument is None:
        route = ("legs", leg.name, "symbol")
        advice = findings.near(route, symbol, (one.symbol for one in venue.symbols))
        findings.error("DNK502", f"{leg.venue} has no symbol `{symbol}`", route, **advice)
        return None
    return venue, instrument


def _leg(policy: Policy, index: int, leg: LegText, venues: Venues, findings: Findings) -> LegSpec | None:
    found = resolve(leg, venues, findings)
    if found is None:
        return None
    venue, instrument = found
    return LegSpec(
        name=leg.name,
        instrument=instrument,
        side=leg.side or (Side.BUY if index == 0 else Side.SELL),
        clip=_clip(policy, leg, instrument, findings),
        flags=venue.reduce_only,
        market_native=OrderType.MARKET in venue.types,
        cancel_cum=venue.cancel_cum,
        position_stream=venue.position_stream,
        answer_within_ns=venue.answer_within_ns,
        lookup_lag_ns=venue.lookup_lag_ns,
        position_lag_ns=venue.position_lag_ns,
        ratio=_ratio(leg, findings),
    )


def _clip(policy: Policy, leg: LegText, instrument: Instrument, findings: Findings) -> Amount:
    quantity = leg.clip or policy.clip
    if policy.size is not None and leg.clip is None:
        quantity = _stepped(policy.size, findings)
    if quantity is None:
        if policy.intent not in CLOSING and policy.intent is not Intent.GUARD:
            message = f"leg `{leg.name}` has no clip: how much is to be traded?"
            findings.error(
                "DNK430", message, ("legs", leg.name), "write `clip: $500` in the policy, or give --clip"
            )
        return DEFAULT_CLIP
    route = ("legs", leg.name, "clip") if leg.clip else ("size", "target") if policy.size else ("clip",)
    if quantity.unit in ("percent", "venue_minimum"):
        findings.error(
            "DNK430", "a clip is an amount: coin, money or lots", route, "write it like `0.2 ETH` or `$500`"
        )
        return DEFAULT_CLIP
    if quantity.unit == "coin" and quantity.coin != instrument.base and policy.intent in CLOSING:
        clip = f"{quantity.amount} {quantity.coin}"
        text = f"the clip of {clip} is left aside: leg `{leg.name}` trades {instrument.base}"
        findings.warning("DNK433", text, route, "an empty paper account is filled with $500; or give --clip")
        return DEFAULT_CLIP
    amount = to_amount(quantity, (instrument,), findings, route)
    _check_minimum(quantity, amount, leg, instrument, findings)
    return amount


def _stepped(size: SizeText, findings: Findings) -> Quantity:
    """The target, rounded down to the step."""
    target, step = size.target, size.step
    if step is None:
        return target
    if (step.unit, step.coin) != (target.unit, target.coin):
        text = "`step` is in another unit than `target`: one is no multiple of the other"
        findings.error("DNK432", text, ("size", "impact", "step"), "write both in coin, or both in money")
        return target
    if step.amount > target.amount:
        text = "`step` is larger than `target`: nothing would be left to trade"
        findings.error("DNK431", text, ("size", "impact", "step"), "write a smaller step")
        return target
    return replace(target, amount=target.amount // step.amount * step.amount)


def _check_minimum(
    quantity: Quantity, amount: Amount, leg: LegText, instrument: Instrument, findings: Findings
) -> None:
    least = instrument.lots_min * instrument.lot_base
    too_small = 0 < amount.base < least or 0 < amount.lots < instrument.lots_min
    if too_small or 0 < amount.money < instrument.notional_min:
        minimum = instrument.quantity(instrument.lots_min)
        least_value = f"{Decimal(instrument.notional_min) / PICO} {instrument.quote}"
        message = (
            f"the clip of leg `{leg.name}` ({show_quantity(quantity)}) is below what {instrument.venue} lets "
            f"trade, {minimum} {instrument.base} and {least_value}: every order of it would be refused"
        )
        findings.error("DNK434", message, ("legs", leg.name), "raise the clip")


def _ratio(leg: LegText, findings: Findings) -> int:
    try:
        return on_grid(leg.ratio, Decimal("0.001"))
    except ValueError:
        findings.error(
            "DNK431", f"ratio {leg.ratio} is finer than 0.001", ("legs", leg.name, "ratio"), "round it"
        )
        return 1000
