"""How much is open: exposure, imbalance, tolerances. Pure arithmetic over legs."""

from collections.abc import Sequence

from dnkit.engine.state import Leg
from dnkit.machine.program import Amount, LegSpec, Program
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import MBPS_ONE, ceil_div

RATIO_ONE = 1_000


def money_per_lot(spec: LegSpec, leg: Leg) -> int:
    """Picos of money of one lot at mid, 0 while no book was seen."""
    return (leg.bid + leg.ask) * spec.instrument.value // 2


def exposure(program: Program, spec: LegSpec, leg: Leg) -> int:
    """Signed exposure of a leg: picos of coin, or picos of weighed money where legs differ in coin."""
    lots = leg.position - leg.start if program.relative else leg.position
    return lots * exposure_per_lot(program, spec, leg)


def net(program: Program, legs: Sequence[Leg]) -> int:
    """Sum of exposures: zero means hedged. Looked at after every fill, so one coin has a short way."""
    if program.by_money:
        return sum(exposure(program, spec, leg) for spec, leg in zip(program.legs, legs, strict=True))
    total = 0
    for spec, leg in zip(program.legs, legs, strict=True):
        lots = leg.position - leg.start if program.relative else leg.position
        total += lots * spec.instrument.lot_base
    return total


def net_money(program: Program, legs: Sequence[Leg]) -> int:
    """Absolute net exposure in picos of money at the mids last seen; the dearer leg's price counts."""
    amount = abs(net(program, legs))
    if program.by_money or amount == 0:
        return amount
    most = 0
    for spec, leg in zip(program.legs, legs, strict=True):
        most = max(
            most, amount * (leg.bid + leg.ask) * spec.instrument.value // (2 * spec.instrument.lot_base)
        )
    return most


def exposure_per_lot(program: Program, spec: LegSpec, leg: Leg) -> int:
    """Exposure of one lot, in the unit of `exposure`; at least 1 so that it can divide."""
    if program.by_money:
        return max(1, money_per_lot(spec, leg) * spec.ratio // RATIO_ONE)
    return spec.instrument.lot_base


def lots_min(instrument: Instrument, bid: int, ask: int) -> int:
    """The fewest lots the venue lets trade at the mid of that touch."""
    at_mid = (bid + ask) * instrument.value
    by_money = ceil_div(2 * instrument.notional_min, at_mid) if at_mid else 0
    return max(1, instrument.lots_min, by_money)


def amount_lots(spec: LegSpec, leg: Leg, amount: Amount) -> int:
    """Whole lots of an amount on a leg (rounded down): the largest of its parts."""
    per_lot = money_per_lot(spec, leg)
    return max(
        amount.lots,
        amount.base // spec.instrument.lot_base,
        amount.money // per_lot if per_lot else 0,
        leg.clip * amount.clip_mbps // MBPS_ONE,
        leg.least if amount.venue_minimum else 0,
    )


def lowers_net(program: Program, legs: Sequence[Leg], index: int, lots: int) -> bool:
    """Whether trading signed `lots` on a leg leaves the legs with less net exposure than they have."""
    now = net(program, legs)
    return abs(now + lots * exposure_per_lot(program, program.legs[index], legs[index])) < abs(now)


def is_flat(leg: Leg) -> bool:
    """Whether the ledger's position is below what the venue lets trade."""
    return abs(leg.position) < leg.least


def tolerance(program: Program, legs: Sequence[Leg]) -> int:
    """Net exposure that is left alone: below the smallest tradable step, or `min_hedge`, of the harder leg.

    The harder leg decides: a residual that the hedge leg cannot trade would otherwise halt a sound pair.
    """
    return max(
        max(leg.least, leg.hedge_min) * exposure_per_lot(program, spec, leg)
        for spec, leg in zip(program.legs, legs, strict=True)
    )


def is_hedged(program: Program, legs: Sequence[Leg]) -> bool:
    """Whether what is open nets to less than the tolerance."""
    return abs(net(program, legs)) < tolerance(program, legs)
