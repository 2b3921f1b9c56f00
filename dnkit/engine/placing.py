"""The one place where an order is made, with everything that must be true of it asserted first."""

from msgspec.structs import replace

from dnkit.engine.sizing import remaining, sign
from dnkit.engine.state import Job, Order
from dnkit.engine.turn import Turn
from dnkit.machine import program as pg
from dnkit.machine.orders import Life
from dnkit.model.commands import PlaceOrder
from dnkit.model.errors import BugError
from dnkit.model.ids import order_key
from dnkit.model.terms import OrderType, Side


def place(turn: Turn, plan: pg.Job, job: Job, kind: OrderType) -> None:
    """Send `job.lots` at `job.price`, reduce-only wherever the venue takes the flag for this type."""
    spec, leg = turn.program.legs[job.leg], turn.legs[job.leg]
    _check(turn, plan, job, kind)
    number = leg.orders + 1
    side = Side.BUY if job.lots > 0 else Side.SELL
    turn.commands.append(
        PlaceOrder(
            leg=job.leg,
            order=number,
            key=order_key(turn.state.run_id, spec.name, number),
            side=side,
            type=kind,
            lots=abs(job.lots),
            price=job.price,
            stop=job.stop_price,
            reduce_only=has_flag(plan, spec, kind),
            adds_risk=not plan.reduces,
            reason=f"{turn.phase.name}#{job.rung + 1}",
        )
    )
    order = Order(
        n=number,
        life=Life.SENT,
        side=side,
        type=kind,
        lots=abs(job.lots),
        price=job.price,
        sent_ns=turn.now,
        due_ns=turn.now + spec.answer_within_ns,
    )
    turn.set_leg(job.leg, replace(leg, order=order, orders=number))


def _check(turn: Turn, plan: pg.Job, job: Job, kind: OrderType) -> None:
    leg, left = turn.legs[job.leg], remaining(turn, plan, job)
    where = f"{turn.phase.name} on leg {turn.program.legs[job.leg].name}"
    if leg.order is not None:
        raise BugError(f"{where}: one live order a leg, and order {leg.order.n} is not over")
    if job.lots == 0 or sign(job.lots) != sign(left) or abs(job.lots) > abs(left):
        raise BugError(f"{where}: {job.lots} lots is not within the {left} that the ledger says remain")
    if plan.reduces and (abs(job.lots) > abs(leg.position) or sign(job.lots) == sign(leg.position)):
        raise BugError(f"{where}: a reducing order of {job.lots} lots does not fit position {leg.position}")
    if kind in turn.limits.forbid or (plan.type is OrderType.MARKET and plan.type in turn.limits.forbid):
        raise BugError(f"{where}: type {kind.value} is forbidden")
    if job.price <= 0:
        raise BugError(f"{where}: price {job.price} is not a price")


def has_flag(plan: pg.Job, spec: pg.LegSpec, kind: OrderType) -> bool:
    """Whether an order of this job and type carries reduce-only on that venue."""
    return plan.reduces and kind in spec.flags
