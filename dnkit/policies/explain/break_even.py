"""Post or cross: how often a passive order must fill for posting to beat crossing at once.

Counted from the far touch, crossing at once costs the taker fee f_t. A passive order priced better by c costs
f_m - c + m when it fills, m being what the market moves against it after the fill; when it does not fill and
is crossed after the wait, it costs f_t + a, a being what the market moves away meanwhile. Posting is the
better one where the share of fills is above

    p* = a / (c + f_t - f_m - m + a)

Fees are those of the instrument. Everything else is an assumption, named in `ASSUMED`. Integers only: mbps
and nanoseconds.
"""

from collections.abc import Iterable
from math import isqrt

import msgspec

from dnkit.machine.program import (
    Anchor,
    LegSpec,
    Outcome,
    Phase,
    PhaseKind,
    PriceRule,
    Program,
    TargetKind,
    Unit,
)
from dnkit.model.numbers import NS_PER_S, ceil_div
from dnkit.model.terms import OrderType
from dnkit.policies.explain.words import show_bps
from dnkit.policies.explain.worst import legs_of, possible
from dnkit.policies.unit_texts import show_time

DRIFT_MBPS = 1_070  # in a root second: 60 % a year over the root of its 31,536,000 seconds
MARKOUT_MBPS = 1_000
SPREAD_MBPS = 1_000
ASSUMED = (
    f"a volatility of 60% a year, {show_bps(DRIFT_MBPS)} times the root of the seconds waited",
    f"{show_bps(MARKOUT_MBPS)} against a maker after its fill",
    f"a spread of {show_bps(SPREAD_MBPS)} where a price is not measured from the far touch",
)
_FROM_FAR = {
    Anchor.TOUCH: 0,
    Anchor.JOIN: SPREAD_MBPS,
    Anchor.MID: SPREAD_MBPS // 2,
    Anchor.MARK: SPREAD_MBPS // 2,
}


class BreakEven(msgspec.Struct, frozen=True, kw_only=True):
    """One leg of a phase that rests an order; figures are mbps.

    `nearer` is c, `drift` a, `markout` m. `pays` is "above" (the share of fills must be above `drift` /
    `over`, `percent` is that rounded up), "always", "never" or "unknown" (no price to tell c by). `left_out`
    names what c leaves out, `crosses` tells whether the policy takes liquidity when nothing filled.
    """

    phase: str
    leg: str
    maker_fee: int
    taker_fee: int
    nearer: int
    markout: int
    drift: int
    over: int
    pays: str
    percent: int
    left_out: str
    crosses: bool


def break_evens(program: Program) -> tuple[BreakEven, ...]:
    """The figures of every phase that rests an order, a row for each leg it may fall on."""
    return tuple(
        _figures(program, phase, program.legs[leg], job.rungs[0], job.type)
        for phase in program.phases
        if phase.kind is PhaseKind.REST and phase.skip is None
        for job in phase.jobs
        for leg in legs_of(program, phase, job)
    )


def _figures(program: Program, phase: Phase, leg: LegSpec, price: PriceRule, type: OrderType) -> BreakEven:
    maker, taker = leg.instrument.maker_fee, leg.instrument.taker_fee
    nearer, left_out = _nearer(price)
    drift = drift_mbps(phase.for_ns)
    gain = nearer + taker - maker - MARKOUT_MBPS
    pays = _pays(gain, drift)
    if price.anchor not in _FROM_FAR or (type is OrderType.GTC and nearer <= 0 and not left_out):
        pays = "unknown"
    return BreakEven(
        phase=phase.name,
        leg=leg.name,
        maker_fee=maker,
        taker_fee=taker,
        nearer=nearer,
        markout=MARKOUT_MBPS,
        drift=drift,
        over=gain + drift,
        pays=pays,
        percent=ceil_div(100 * drift, gain + drift) if pays == "above" else 0,
        left_out=left_out,
        crosses=_crosses(program, phase),
    )


def drift_mbps(wait_ns: int) -> int:
    """What the price is assumed to move in that time, rounded down to an mbp."""
    return isqrt(DRIFT_MBPS * DRIFT_MBPS * wait_ns // NS_PER_S)


def _pays(gain: int, drift: int) -> str:
    if gain <= 0:
        return "never"
    return "above" if drift else "always"


def _nearer(price: PriceRule) -> tuple[int, str]:
    """How much nearer than the far touch a price is, and what of it is not known without a price."""
    base = _FROM_FAR.get(price.anchor, 0)
    if price.toward == 0 or price.unit is Unit.MBPS:
        return base - price.toward * price.amount, ""
    return base, "the tick" if price.unit is Unit.TICKS and price.amount == 1 else "its distance"


def _crosses(program: Program, phase: Phase) -> bool:
    """Whether what did not fill may be taken before anything else rests."""
    waiting, seen = [phase.target(Outcome.NONE)], {-1: None}
    while waiting:
        target = waiting.pop()
        if target.kind is not TargetKind.PHASE or target.phase in seen:
            continue
        seen[target.phase] = None
        here = program.phases[target.phase]
        if here.kind is PhaseKind.TAKE and here.skip is None:
            return True
        if here.kind is not PhaseKind.REST:
            waiting += [to for outcome, to in here.then if possible(here, outcome)]
    return False


def break_even_lines(program: Program) -> Iterable[str]:
    """One sentence a row; legs of a phase with the same figures share one."""
    shared: dict[BreakEven, list[str]] = {}
    for one in break_evens(program):
        shared.setdefault(msgspec.structs.replace(one, leg=""), []).append(one.leg)
    for one, legs in shared.items():
        wait = next(phase.for_ns for phase in program.phases if phase.name == one.phase)
        where = "" if legs == [one.phase] else f" on {' or '.join(legs)}"
        yield f"{one.phase}{where}: {_sentence(one, show_time(wait))}"


def _sentence(one: BreakEven, wait: str) -> str:
    if one.pays == "unknown":
        return "not told, its price is not measured from the far touch, or crosses by itself."
    fees = f"fees {_number(one.maker_fee)} / {show_bps(one.taker_fee)}"
    left = f", {one.left_out} left out" if one.left_out else ""
    known = (
        f"({fees}, {_nearness(one)}{left}, a move of {show_bps(ceil_div(one.drift, 100) * 100)} in {wait})"
    )
    if one.pays == "never" and one.left_out:
        least = show_bps(one.drift - one.over)
        return f"posting beats crossing at once only where {one.left_out} is worth more than {least} {known}."
    if one.pays == "never":
        return f"posting never beats crossing at once {known}."
    if one.pays == "always":
        return f"posting always beats crossing at once, it loses no time {known}."
    said = f"a maker fill must come in more than {one.percent}% of tries to beat crossing at once {known}."
    return said if one.crosses else f"{said} Here nothing is crossed when it does not fill."


def _nearness(one: BreakEven) -> str:
    return f"{show_bps(one.nearer)} inside the far touch" if one.nearer else "at the far touch"


def _number(mbps: int) -> str:
    return show_bps(mbps).split(" ")[0]


def assumed_line() -> str:
    """What the figures assume, in one sentence."""
    return f"Fees are maker / taker, of the venue's facts. Assumed: {'; '.join(ASSUMED)}."
