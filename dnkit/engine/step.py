"""The engine's public door: `begin`, `step`, `next_deadline_ns`.

Pure, total, bounded; time comes in with each event.

An event is absorbed (what do we know now?), then the run is moved on until nothing changes (what
follows from it?). The moving is judged by where things stand, not by how they came there, and its
length is bounded.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from dnkit.engine import answers, ends, guards, orders, phases, start
from dnkit.engine.exposure import is_hedged
from dnkit.engine.invariants import check
from dnkit.engine.ledger import book, live_order, retire
from dnkit.engine.sizing import slices_left
from dnkit.engine.state import Leg, Order, Stage, State
from dnkit.engine.turn import Turn
from dnkit.engine.verify import settle_answers
from dnkit.engine.wake import wake_ns
from dnkit.machine.orders import Life, News
from dnkit.machine.program import NO_LIMIT, Outcome, PhaseKind, Program, Target, TargetKind
from dnkit.model import events as ev
from dnkit.model.commands import Command
from dnkit.model.errors import BugError
from dnkit.model.terms import EndName, StopWhen

ORDER_PHASES = (PhaseKind.REST, PhaseKind.TAKE)
LEFT_HEDGED = Target(TargetKind.DONE, end=EndName.HEDGED, text="left hedged, as asked")
MOVES_MAX = 400  # far above what one event can set off; reaching it is a circle in the program


def begin(program: Program, run_id: str) -> State:
    """The state before anything happened. `run_id` is the root of all client order ids of the run."""
    return State(
        run_id=run_id,
        seq=0,
        now_ns=0,
        stage=Stage.START,
        phase=program.start,
        legs=(Leg(),) * len(program.legs),
        visits=(0,) * len(program.phases),
        dues=(0,) * len(program.scopes),
        wake_ns=0,
    )


def next_deadline_ns(state: State) -> int | None:
    """When to wake the run if nothing happens first; None once it has ended."""
    return state.wake_ns


def step(program: Program, state: State, event: ev.Event) -> tuple[State, tuple[Command, ...]]:
    """State and requests after an event. BugError when an invariant does not hold."""
    if isinstance(event, ev.OrderFilled):
        booked = _book_part_fill(program, state, event)
        if booked is not None:
            return booked, ()
    turn = Turn(program, state, max(event.at_ns, state.now_ns))
    ABSORB[type(event)](turn, event)
    if turn.state.stage is not Stage.END:
        _move_on(turn)
    after = replace(
        turn.state, seq=state.seq + 1, now_ns=turn.now, legs=tuple(turn.legs), wake_ns=wake_ns(turn)
    )
    check(program, state, after)
    return after, tuple(turn.commands)


def _book_part_fill(program: Program, state: State, event: ev.OrderFilled) -> State | None:
    """The state after a part fill that cannot move the run, or None: take the long way.

    Its order lives on, nothing is due, and the exposure limit is where it was. Most events of a busy run are
    of this kind. Only saves time; a test holds it against the long way.
    """
    index = event.leg
    leg, due, phase = state.legs[index], state.wake_ns, program.phases[state.phase]
    order = leg.order
    if order is None or order.n != event.order or event.cum >= order.lots:
        return None
    if order.life is not Life.WORKING or state.stage is not Stage.PHASE or due is None or event.at_ns >= due:
        return None
    if phase.kind not in ORDER_PHASES or phase.first_fill or phase.reprice_beyond != NO_LIMIT:
        return None
    if state.leave_hedged:
        return None
    now = max(event.at_ns, state.now_ns)
    legs = list(state.legs)
    legs[index] = book(
        program.legs[index], leg, event.order, event.cum, event.worth, event.fee, event.traded_ns or now
    )
    if guards.is_naked(program, program.scopes[phase.scope].limits, legs) is not (state.naked_ns > 0):
        return None
    after = replace(state, seq=state.seq + 1, now_ns=now, legs=tuple(legs))
    check(program, state, after)
    return after


# --- absorbing -----------------------------------------------------------------------------------


def _on_stop(turn: Turn, event: ev.StopAsked) -> None:
    """Go where the policy's `stop` leads; during START once the positions are known, not before.

    It leads out of every sub-policy: none of them has another word on how the run goes on.
    """
    if event.when is StopWhen.HEDGED:
        turn.update(leave_hedged=not turn.state.stop_asked)
        return
    turn.update(stop_asked=True, leave_hedged=False)
    if turn.state.stage is Stage.PHASE:
        _leave(turn, turn.program.stop_to)
    elif turn.state.stage is Stage.LEAVE and _goes_on(turn):
        turn.update(leave_to=turn.program.stop_to)
    if turn.state.stage in (Stage.LEAVE, Stage.SWEEP):
        turn.stand_in(turn.program.start)


def _on_pause(turn: Turn, _event: ev.PauseAsked) -> None:
    """What rests and would add risk is withdrawn, as if its time were up. What is sent from now on is refused
    outside, and a refusal is nothing new to a policy: so a paused run needs no state of its own.
    """
    if turn.state.stage is Stage.PHASE and turn.phase.kind is PhaseKind.REST:
        phases.withdraw_entries(turn)


def _on_flatten(turn: Turn, _event: ev.FlattenAsked) -> None:
    """Halt wherever the run stands: what is open is closed by a run whose only work that is."""
    if turn.state.stage not in (Stage.HALT, Stage.END):
        turn.update(stop_asked=True, leave_hedged=False)
        turn.stand_in(turn.program.start)
        _halt(turn, "flatten was asked for")


def _goes_on(turn: Turn) -> bool:
    """Whether the run is about to trade on: in a phase, or as its caller has it when a sub-policy halts."""
    leaving = turn.state.leave_to
    inside = turn.scope.halt_to is not None
    return leaving is not None and (leaving.kind is TargetKind.PHASE or inside)


def _doubted(order: Order) -> Order:
    """An order of which nothing is known any more: all counts of doubt begin anew."""
    return replace(order, life=Life.SENT, cancels=0, finds=0, absents=0, unsure_ns=0)


def _on_restart(turn: Turn, _event: ev.Restarted) -> None:
    """After a crash nothing is known of live orders: look each of them up, sweep, then go to `recover`. No
    word on a position from before it is a witness any more.
    """
    if turn.state.stage is Stage.END:
        return
    for index in range(len(turn.legs)):
        for slot in ("order", "stop"):
            order = getattr(turn.legs[index], slot)
            if order is not None and order.life < Life.OVER:
                turn.update_leg(index, **{slot: _doubted(order)})
                order = getattr(turn.legs[index], slot)
                orders.learn(turn, index, slot, order, News.ANSWER_LOST)
    if turn.state.stage is Stage.START:
        start.restart(turn)
        return
    for index in range(len(turn.legs)):
        turn.may_have_moved(index)
    if turn.state.stage in (Stage.PHASE, Stage.LEAVE):
        _leave(turn, _after_restart(turn))
        for index in range(len(turn.legs)):
            phases.ask_sweep(turn, index)
    else:
        ends.restart(turn)


def _after_restart(turn: Turn) -> Target:
    """Where a restarted run goes: on to the halt it was leaving for, to `stop` if that was asked, else to
    `recover`.
    """
    leaving = turn.state.leave_to
    if turn.state.stage is Stage.LEAVE and leaving is not None and leaving.kind is TargetKind.HALT:
        return leaving
    if turn.state.stop_asked:
        return turn.program.stop_to
    return Target(TargetKind.PHASE, phase=turn.program.recover)


def _nothing(_turn: Turn, _event: ev.Woken | ev.ResumeAsked) -> None:
    """That time passed is all the news."""


ABSORB: dict[type, Callable[[Turn, Any], None]] = {
    ev.Started: start.absorb,
    ev.Woken: _nothing,
    ev.BookRead: answers.hear_book,
    ev.BookMissing: answers.hear_no_book,
    ev.OrderAccepted: orders.absorb,
    ev.OrderRejected: orders.absorb,
    ev.OrderFilled: orders.absorb,
    ev.OrderEnded: orders.absorb,
    ev.CancelRefused: orders.absorb,
    ev.OrderFound: orders.absorb,
    ev.AnswerLost: orders.absorb,
    ev.PositionRead: answers.hear_position,
    ev.OrdersSwept: answers.hear_sweep,
    ev.AlertSent: answers.hear_alert,
    ev.StopAsked: _on_stop,
    ev.PauseAsked: _on_pause,
    ev.ResumeAsked: _nothing,
    ev.FlattenAsked: _on_flatten,
    ev.Restarted: _on_restart,
}


# --- moving on -----------------------------------------------------------------------------------


def _move_on(turn: Turn) -> None:
    """Work off what is due and follow where it leads.

    One look at a phase is enough until the run goes on to another (a test holds that against looking until
    nothing changes).
    """
    orders.check_overdue(turn)
    if turn.state.stage is Stage.PHASE:
        guards.watch_exposure(turn)
    for _ in range(MOVES_MAX):
        turn.went_on = False
        ADVANCE[turn.state.stage](turn)
        if not turn.went_on:
            return
    raise BugError(f"phase {turn.phase.name}: the program runs in a circle")


def _advance_start(turn: Turn) -> None:
    target = start.advance(turn)
    if target is None:
        return
    if target.kind is TargetKind.PHASE:
        guards.open_scope(turn, 0)
        if turn.state.stop_asked:
            target = turn.program.stop_to
    _follow(turn, target)


def _advance_phase(turn: Turn) -> None:
    target = guards.breach(turn)
    if target is not None:
        _leave(turn, target)
        return
    if turn.state.leave_hedged and is_hedged(turn.program, turn.legs):
        turn.stand_in(turn.program.start)
        _leave(turn, LEFT_HEDGED)
        return
    outcome = phases.advance(turn)
    if outcome is Outcome.HALT:
        _lose(turn)
    elif outcome is not None:
        _follow(turn, turn.phase.target(outcome))


def _lose(turn: Turn) -> None:
    """An order of a leg cannot be resolved: reduce what is healthy on a close, then halt, wherever the run
    stands.
    """
    turn.went_on = True
    healthy = any(leg.position and not leg.lost for leg in turn.legs)
    reduce = turn.program.reduce
    if reduce >= 0 and healthy and turn.state.visits[reduce] == 0:
        _enter(turn, reduce)
    else:
        _halt(turn, "order state unknown")


def _leave(turn: Turn, target: Target) -> None:
    turn.went_on = True
    phases.forget_answers(turn)
    turn.update(stage=Stage.LEAVE, leave_to=target, jobs=())


def _advance_leave(turn: Turn) -> None:
    """Cancel and confirm; only then go where the interruption leads, unless an order is lost."""
    gone = ends.withdraw_all(turn)
    for index in ends.every_leg(turn):
        stop = turn.legs[index].stop
        if stop is not None and stop.life is Life.OVER:
            turn.set_leg(index, retire(turn.legs[index], "stop"))
        leg = turn.legs[index]
        if leg.order is not None and leg.order.life is Life.OVER:
            turn.set_leg(index, retire(leg))
        elif leg.order is not None and leg.order.life is Life.LOST and not leg.lost:
            turn.update_leg(index, lost=True)
    answered = settle_answers(turn, ends.every_leg(turn))
    if gone and answered and turn.state.leave_to is not None:
        target = turn.state.leave_to
        turn.update(leave_to=None)
        if target == LEFT_HEDGED and not is_hedged(turn.program, turn.legs):
            # A fill overtook the cancels: out by the policy's own road.
            turn.update(stop_asked=True, leave_hedged=False)
            target = turn.program.stop_to
        if target.kind is not TargetKind.HALT and any(leg.lost for leg in turn.legs):
            _lose(turn)
        else:
            _follow(turn, target)


def _follow(turn: Turn, target: Target) -> None:
    turn.went_on = True
    if target.kind is TargetKind.PHASE:
        _enter(turn, target.phase)
    elif target.kind is TargetKind.HALT:
        _halt(turn, target.text)
    elif not _next_slice(turn, target):
        ends.begin_sweep(turn, target)


def _enter(turn: Turn, index: int) -> None:
    phase, visits = turn.stand_in(index), list(turn.state.visits)
    if visits[index] >= phase.visits:
        _follow(turn, phase.target(Outcome.EXHAUSTED))
        return
    visits[index] += 1
    phases.forget_answers(turn)
    turn.update(stage=Stage.PHASE, visits=tuple(visits), entered_ns=turn.now, jobs=())
    if phase.skip is not None:
        _follow(turn, phase.target(phase.skip))
    elif phase.kind is PhaseKind.RUN:
        _call(turn, phase.enters, phase.start)
    else:
        phases.begin(turn)


def _call(turn: Turn, scope: int, first: int) -> None:
    """Enter a sub-policy: its phases may be visited anew, its deadline starts."""
    visits = tuple(
        0 if phase.scope == scope else count
        for phase, count in zip(turn.program.phases, turn.state.visits, strict=True)
    )
    turn.update(visits=visits)
    guards.open_scope(turn, scope)
    _enter(turn, first)


def _halt(turn: Turn, why: str) -> None:
    """A halt inside a sub-policy is its caller's outcome unless an order is lost; else it ends the run."""
    caller = turn.scope.halt_to
    if caller is not None and not any(leg.lost for leg in turn.legs):
        phases.alert(turn, "warn", f"{turn.scope.name} halts: {why}")
        _follow(turn, caller)
        return
    if any(live_order(leg) for leg in turn.legs):
        _leave(turn, Target(TargetKind.HALT, text=why))
        return
    ends.begin_halt(turn, why)


def _next_slice(turn: Turn, target: Target) -> bool:
    """Start over for the next slice of the clip, if there is one, this slice got where it should, and nobody
    asked to stop.
    """
    program, state = turn.program, turn.state
    if program.slice_size is None or ends.is_leaving(state) or not ends.is_goal(target.end):
        return False
    if not slices_left(turn):
        return False
    turn.update(slice_no=state.slice_no + 1, visits=(0,) * len(state.visits))
    _enter(turn, program.start)
    return True


def _advance_sweep(turn: Turn) -> None:
    target = ends.advance_sweep(turn)
    if target is not None:
        _follow(turn, target)


def _nothing_left(_turn: Turn) -> None:
    """The run has ended; late facts only touch the ledger."""


ADVANCE: dict[Stage, Callable[[Turn], None]] = {
    Stage.START: _advance_start,
    Stage.PHASE: _advance_phase,
    Stage.LEAVE: _advance_leave,
    Stage.SWEEP: _advance_sweep,
    Stage.HALT: ends.advance_halt,
    Stage.END: _nothing_left,
}
