"""Whether a run in real time stands where the explorer does, whatever the clock says."""

from typing import Any

from msgspec.structs import replace

from dnkit.analysis.canon import NOW
from dnkit.analysis.hop import Node
from dnkit.engine.state import Leg, Order, State
from dnkit.machine.orders import Life


def at_now(state: State, by: int) -> State:
    """The state with every time moved by so many nanoseconds, to the explorer's moment."""

    def moved(ns: int) -> int:
        return ns + by if ns else 0

    def order_at(order: Order | None) -> Order | None:
        return order and replace(
            order, sent_ns=moved(order.sent_ns), due_ns=moved(order.due_ns), unsure_ns=moved(order.unsure_ns)
        )

    legs = tuple(
        replace(
            leg,
            fill_ns=moved(leg.fill_ns),
            order=order_at(leg.order),
            stop=order_at(leg.stop),
            pending_ns=moved(leg.pending_ns),
            witness_ns=moved(leg.witness_ns),
        )
        for leg in state.legs
    )
    return replace(
        state,
        now_ns=NOW,
        legs=legs,
        dues=tuple(moved(due) for due in state.dues),
        jobs=tuple(replace(job, due_ns=moved(job.due_ns)) for job in state.jobs),
        timer_ns=moved(state.timer_ns),
        naked_ns=moved(state.naked_ns),
    )


def gist(node: Node) -> tuple[Any, ...]:
    """What a canonical node is as far as anyone can see it: without clocks, and counts of repetitions."""
    state, world = node
    ended = state.ended and (state.ended.end, state.ended.risk)
    return (
        (state.stage, state.phase, state.step, state.leave_to, state.halt != "", state.alert_ok),
        (state.slice_no, state.naked_ns > 0, state.stop_asked, state.leave_hedged, ended),
        tuple(map(_gist_leg, state.legs)),
        tuple(
            (job.leg, job.stage, job.rung, job.rejects, job.rejected, job.moving, job.sent)
            for job in state.jobs
        ),
        world.legs,
        world.down,
    )


def _gist_leg(leg: Leg) -> tuple[Any, ...]:
    known = (leg.position, leg.known, leg.lost, leg.answer)
    return (*known, _gist_order(leg.order), _gist_order(leg.stop))


def _gist_order(order: Order | None) -> tuple[Any, ...] | None:
    """That an order is not wanted any more decides nothing once it is lost."""
    if order is None:
        return None
    withdrawn = order.withdraw and order.life is not Life.LOST
    return (order.n, order.life, order.side, order.type, order.lots, order.cum, withdrawn, order.cancels)
