"""What remains to be traded, always from the fill ledger. Only here the side of an order is decided."""

from dnkit.engine.exposure import amount_lots, exposure_per_lot, net
from dnkit.engine.state import Job, Leg
from dnkit.engine.turn import Turn
from dnkit.machine import program as pg
from dnkit.model.terms import Intent

OPENING = (Intent.OPEN, Intent.REBALANCE, Intent.SINGLE)


def sign(amount: int) -> int:
    """-1, 0 or 1."""
    return (amount > 0) - (amount < 0)


def clip_lots(spec: pg.LegSpec, leg: Leg) -> int:
    """Lots of the policy's clip on a leg at the mid last seen."""
    return amount_lots(spec, leg, spec.clip)


def part_done(turn: Turn, spec: pg.LegSpec, leg: Leg, whole: int) -> int:
    """How many of `whole` lots the slices up to the present one cover."""
    size = turn.program.slice_size
    if size is None:
        return whole
    return min(whole, amount_lots(spec, leg, size) * (turn.state.slice_no + 1))


def goal_position(turn: Turn, index: int) -> int:
    """Where a close wants the leg at the end of the present slice: zero, or part of the way there."""
    spec, leg = turn.program.legs[index], turn.legs[index]
    if turn.program.slice_size is None:
        return 0
    whole = abs(leg.start)
    return sign(leg.start) * (whole - part_done(turn, spec, leg, whole))


def slices_left(turn: Turn) -> bool:
    """Whether the clip (or on a close: the position) is not yet covered by the slices done so far."""
    if turn.program.relative:
        pairs = zip(turn.program.legs, turn.legs, strict=True)
        return any(part_done(turn, spec, leg, leg.clip) < leg.clip for spec, leg in pairs)
    return any(goal_position(turn, index) != 0 for index in range(len(turn.legs)))


def remaining(turn: Turn, plan: pg.Job, job: Job) -> int:
    """Signed lots the job still has to trade on its leg (positive buys); 0 where there is only dust."""
    spec, leg = turn.program.legs[job.leg], turn.legs[job.leg]
    lots = _wanted(turn, plan, job, spec, leg)
    if plan.reduces:
        lots = toward_zero(leg.position, lots)
    return 0 if abs(lots) < _least(turn, plan, leg) else lots


def _wanted(turn: Turn, plan: pg.Job, job: Job, spec: pg.LegSpec, leg: Leg) -> int:
    kind = plan.size
    if kind is pg.SizeKind.POSITION:
        return goal_position(turn, job.leg) - leg.position
    if kind is pg.SizeKind.IMBALANCE:
        open_net = net(turn.program, turn.legs)
        return -sign(open_net) * (abs(open_net) // exposure_per_lot(turn.program, spec, leg))
    if kind is pg.SizeKind.CLIP:
        target = leg.start + spec.side * part_done(turn, spec, leg, leg.clip)
        return spec.side * max(0, spec.side * (target - leg.position))
    side = -sign(job.base) if plan.reduces else spec.side
    moved = side * (leg.position - job.base)
    return side * max(0, amount_lots(spec, leg, plan.amount) - moved)


def toward_zero(position: int, lots: int) -> int:
    """As much of `lots` as brings `position` toward zero without passing through it."""
    if position > 0:
        return max(-position, min(lots, 0))
    return min(-position, max(lots, 0))


def _least(turn: Turn, plan: pg.Job, leg: Leg) -> int:
    """Below this many lots nothing is sent: the venue's minimum, or `min_hedge` for an open's imbalance."""
    if plan.size is pg.SizeKind.IMBALANCE and turn.scope.intent in OPENING:
        return max(leg.least, leg.hedge_min)
    return leg.least
