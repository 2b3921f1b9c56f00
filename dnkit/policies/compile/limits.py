"""Limits as written -> Limits of a scope, and the tighter of two scopes."""

from msgspec.structs import replace

from dnkit.machine.program import NO_LIMIT, Amount, Limits
from dnkit.model.instrument import Instrument
from dnkit.policies.compile.units import largest, money_picos, to_amount, to_limit, to_money
from dnkit.policies.findings import Findings
from dnkit.policies.policy import Policy


def compile_limits(
    policy: Policy, instruments: tuple[Instrument, ...], closing: bool, findings: Findings
) -> Limits:
    """The policy's own limits; targets of deadline and max_unhedged are filled in by the caller, who knows
    the phases.
    """
    text = policy.limits
    spread = to_limit(text.max_spread, findings, ("limits", "max_spread"))
    return Limits(
        deadline_ns=text.deadline.after_ns if text.deadline else NO_LIMIT,
        spread_max=spread,
        concession_max=_concession(policy, findings),
        unhedged_max=_unhedged(policy, findings),
        unhedged_ns=text.max_unhedged.for_ns if text.max_unhedged else 0,
        hedge_min=_hedge_min(policy, instruments, closing, findings),
        depth_within=to_limit(text.depth.within, findings, ("limits", "depth")) if text.depth else NO_LIMIT,
        depth_shrink=text.depth.shrink if text.depth else True,
        depth_min=_depth_min(policy, findings),
        volume_min=_volume_min(policy, findings),
        volume_ns=text.min_volume.per_ns if text.min_volume else 0,
        book_age_ns=NO_LIMIT if policy.data.max_age_ns is None else policy.data.max_age_ns,
        stale_rest=policy.data.stale == "rest",
        stale_halt=policy.data.stale == "halt",
        forbid=text.forbid,
    )


def _concession(policy: Policy, findings: Findings) -> int:
    """The tightest of max_concession, max_slippage and collar: all three bound the price of one order
    against the touch.
    """
    text = policy.limits
    bounds = (
        to_limit(text.max_concession, findings, ("limits", "max_concession")),
        to_limit(text.max_slippage, findings, ("limits", "max_slippage")),
        to_limit(text.collar, findings, ("limits", "collar")),
    )
    return min((one for one in bounds if one != NO_LIMIT), default=NO_LIMIT)


def _unhedged(policy: Policy, findings: Findings) -> int:
    text = policy.limits.max_unhedged
    if text is None:
        return NO_LIMIT
    return to_money(text.amount, "max_unhedged", findings, ("limits", "max_unhedged"))


def _hedge_min(
    policy: Policy, instruments: tuple[Instrument, ...], closing: bool, findings: Findings
) -> Amount:
    parts = policy.limits.min_hedge
    if closing or not parts:  # a close trades down to what the venue lets trade, whatever the file says
        return Amount(venue_minimum=True)
    route = ("limits", "min_hedge")
    return largest(tuple(to_amount(one, instruments, findings, route) for one in parts))


def _depth_min(policy: Policy, findings: Findings) -> int:
    text = policy.limits.min_depth
    return NO_LIMIT if text is None else money_picos(text.amount, findings, ("limits", "min_depth"))


def _volume_min(policy: Policy, findings: Findings) -> int:
    text = policy.limits.min_volume
    return NO_LIMIT if text is None else money_picos(text.amount, findings, ("limits", "min_volume"))


def tighter(inner: Limits, outer: Limits) -> Limits:
    """Limits in force inside a sub-policy: for each the stricter of its own and its caller's. The deadline
    is its own.
    """
    unhedged = inner if _at_most(inner.unhedged_max, outer.unhedged_max) == inner.unhedged_max else outer
    volume = inner if inner.volume_min >= outer.volume_min else outer
    return replace(
        inner,
        spread_max=_at_most(inner.spread_max, outer.spread_max),
        concession_max=_at_most(inner.concession_max, outer.concession_max),
        unhedged_max=unhedged.unhedged_max,
        unhedged_ns=unhedged.unhedged_ns,
        unhedged_to=unhedged.unhedged_to,
        depth_within=_at_most(inner.depth_within, outer.depth_within),
        depth_shrink=inner.depth_shrink and outer.depth_shrink,
        depth_min=max(inner.depth_min, outer.depth_min),
        volume_min=volume.volume_min,
        volume_ns=volume.volume_ns,
        book_age_ns=_at_most(inner.book_age_ns, outer.book_age_ns),
        stale_rest=inner.stale_rest and outer.stale_rest,
        stale_halt=inner.stale_halt or outer.stale_halt,
        forbid=(*inner.forbid, *(one for one in outer.forbid if one not in inner.forbid)),
    )


def _at_most(one: int, other: int) -> int:
    if NO_LIMIT in (one, other):
        return max(one, other)
    return min(one, other)
