"""Phases: entering one, moving it on, and its outcome from the joint state of the legs.

An outcome is read off the ledger, not off the way there: a late fill that finishes a spent leg counts as
done.
"""

from msgspec.structs import replace

from dnkit.engine import verify
from dnkit.engine.exposure import lowers_net
from dnkit.engine.jobs import ask_touch, begin_jobs, forget_due, progress, send, stop_job
from dnkit.engine.ledger import live_order, retire
from dnkit.engine.orders import withdraw
from dnkit.engine.placing import place
from dnkit.engine.pricing import CAP_DEFAULT, distance_ticks, entry_price
from dnkit.engine.sizing import remaining
from dnkit.engine.state import SETTLED, Answer, Job, JobStage
from dnkit.engine.turn import Turn
from dnkit.machine import program as pg
from dnkit.machine.orders import Life
from dnkit.machine.program import Outcome, PhaseKind
from dnkit.model.commands import SendAlert, SweepOrders
from dnkit.model.ids import order_key
from dnkit.model.numbers import MBPS_ONE, NS_PER_S
from dnkit.model.terms import Side

SWEEP_TRIES = 3
ALERT_WITHIN_NS = 2 * NS_PER_S


def begin(turn: Turn) -> None:
    """Start the phase that was just entered."""
    phase = turn.phase
    turn.update(jobs=(), timer_ns=turn.now + phase.for_ns, tries=0, step=0, alert_ok=0)
    if phase.kind in (PhaseKind.REST, PhaseKind.TAKE, PhaseKind.ARM):
        begin_jobs(turn)
    elif phase.kind is PhaseKind.VERIFY:
        verify.begin(turn)
    elif phase.kind is PhaseKind.CLEAR:
        _begin_clear(turn)
    elif phase.kind is PhaseKind.ALERT:
        alert(turn, phase.level, phase.text)


def alert(turn: Turn, level: str, text: str) -> None:
    """Ask for an alert and wait for it a bounded time."""
    number = turn.state.request + 1
    turn.commands.append(SendAlert(number, level, text))
    turn.update(request=number, alert_ok=0, timer_ns=turn.now + ALERT_WITHIN_NS)


def advance(turn: Turn) -> Outcome | None:
    """Move the phase on; its outcome once it has one."""
    kind = turn.phase.kind
    if kind is PhaseKind.REST:
        return _advance_rest(turn)
    if kind is PhaseKind.TAKE:
        return _advance_take(turn)
    if kind is PhaseKind.VERIFY:
        return verify.advance(turn)
    if kind is PhaseKind.ARM:
        return _advance_arm(turn)
    if kind is PhaseKind.CLEAR:
        return _advance_clear(turn)
    if kind is PhaseKind.ALERT:
        return _advance_alert(turn)
    return Outcome.ELAPSED if turn.now >= turn.state.timer_ns else None


def _advance_alert(turn: Turn) -> Outcome | None:
    if turn.state.alert_ok > 0:
        return Outcome.SENT
    if turn.state.alert_ok < 0 or turn.now >= turn.state.timer_ns:
        return Outcome.FAILED
    return None


def _move_jobs(turn: Turn) -> None:
    for slot in range(len(turn.state.jobs)):
        progress(turn, slot)
    _enter_together(turn)


def _enter_together(turn: Turn) -> None:
    """First orders go out for all legs or for none; later ones as each leg gets there."""
    jobs = turn.state.jobs
    if all(job.sent == 0 for job in jobs):
        if any(job.stage in (JobStage.LOOK, JobStage.PAUSE) for job in jobs):
            return
        if any(job.stage is JobStage.REFUSED for job in jobs):
            for slot, job in enumerate(jobs):
                if job.stage is JobStage.READY:
                    turn.update_job(slot, stage=JobStage.REFUSED)
            return
    for slot, job in enumerate(jobs):
        if job.stage is JobStage.READY:
            send(turn, slot)


def _advance_rest(turn: Turn) -> Outcome | None:
    _move_jobs(turn)
    if _rest_is_over(turn):
        for slot in range(len(turn.state.jobs)):
            stop_job(turn, slot)
    elif turn.phase.reprice_beyond != pg.NO_LIMIT:
        _reprice(turn)
    return _joint(turn, Outcome.PARTIAL)


def _rest_is_over(turn: Turn) -> bool:
    """Time is up, a first fill came where that is enough, or one leg is settled and the other still works."""
    jobs = turn.state.jobs
    if turn.now >= turn.state.timer_ns:
        return True
    if turn.phase.first_fill and any(turn.legs[job.leg].position != job.base for job in jobs):
        return True
    settled = sum(job.stage >= SETTLED for job in jobs)
    return 0 < settled < len(jobs)


def withdraw_entries(turn: Turn) -> None:
    """Bring to rest whatever of the phase would open, or leave the legs further apart than they are."""
    for slot, (plan, job) in enumerate(zip(turn.phase.jobs, turn.state.jobs, strict=True)):
        lots = remaining(turn, plan, job)
        if not plan.reduces and not lowers_net(turn.program, turn.legs, job.leg, lots):
            stop_job(turn, slot)


def _reprice(turn: Turn) -> None:
    """Look at the touch now and then; a resting order that is off by more than the tolerance is moved."""
    phase = turn.phase
    for slot, job in enumerate(turn.state.jobs):
        if job.stage is not JobStage.ORDER:
            continue
        order = turn.legs[job.leg].order
        works = order is not None and order.life is Life.WORKING
        if not works or job.moving or job.reprices >= phase.reprice_max:
            forget_due(turn, slot)
        elif job.due_ns == 0:
            turn.update_job(slot, due_ns=turn.now + phase.reprice_every_ns)
        elif job.due_ns <= turn.now:
            ask_touch(turn, slot)


def _advance_take(turn: Turn) -> Outcome | None:
    _move_jobs(turn)
    return _joint(turn, Outcome.SHORT)


def _joint(turn: Turn, some: Outcome) -> Outcome | None:
    """Outcome of a phase whose jobs are all settled; None while one still works."""
    jobs = turn.state.jobs
    if any(job.stage < SETTLED or live_order(turn.legs[job.leg]) for job in jobs):
        return None
    if any(job.stage is JobStage.LOST for job in jobs):
        return Outcome.HALT
    done = sum(_is_done(turn, slot, job) for slot, job in enumerate(jobs))
    if done == len(jobs):
        return Outcome.FILLED
    if done:
        return Outcome.FIRST
    return _short_outcome(turn, some)


def _short_outcome(turn: Turn, some: Outcome) -> Outcome:
    jobs = turn.state.jobs
    moved = any(turn.legs[job.leg].position != job.base for job in jobs)
    if not moved and any(job.stage is JobStage.REFUSED for job in jobs):
        return Outcome.REFUSED
    if some is Outcome.SHORT or moved:
        return some
    return Outcome.REJECTED if any(job.rejected for job in jobs) else Outcome.NONE


def _is_done(turn: Turn, slot: int, job: Job) -> bool:
    return remaining(turn, turn.phase.jobs[slot], job) == 0


# --- ARM: leave a protective stop behind ---------------------------------------------------------


def _advance_arm(turn: Turn) -> Outcome | None:
    job, plan = turn.state.jobs[0], turn.phase.jobs[0]
    order = turn.legs[job.leg].order
    if job.stage is JobStage.DONE:
        return Outcome.FAILED  # nothing to protect
    if job.stage is JobStage.READY:
        return _replace_stop(turn, plan, job)
    if order is None or order.life in (Life.SENT, Life.UNSURE, Life.CANCELLING):
        return None
    if order.life is Life.WORKING:
        turn.update_leg(job.leg, order=None, stop=order)
        return Outcome.ARMED
    if order.life is Life.LOST:
        turn.update_leg(job.leg, lost=True)
        return Outcome.HALT
    turn.set_leg(job.leg, retire(turn.legs[job.leg]))
    return _after_stop_refused(turn, plan, job)


def _replace_stop(turn: Turn, plan: pg.Job, job: Job) -> Outcome | None:
    """Place the stop, once an earlier one of the leg is over; one that still covers all of it is kept."""
    leg = turn.legs[job.leg]
    if leg.stop is None:
        return _send_stop(turn, plan, job)
    if verify.is_protected(leg):
        return Outcome.ARMED
    if leg.stop.life is Life.LOST:
        turn.update_leg(job.leg, lost=True)
        return Outcome.HALT
    if leg.stop.life is not Life.OVER:
        withdraw(turn, job.leg, "stop")
        return None
    turn.set_leg(job.leg, retire(leg, "stop"))
    return _send_stop(turn, plan, job)


def _after_stop_refused(turn: Turn, plan: pg.Job, job: Job) -> Outcome | None:
    if job.rejects + 1 >= plan.rejects:
        return Outcome.FAILED
    return _send_stop(turn, plan, turn.update_job(0, rejects=job.rejects + 1, stage=JobStage.READY))


def _send_stop(turn: Turn, plan: pg.Job, job: Job) -> Outcome | None:
    """Trigger on the losing side of the entry average; the limit lies through the trigger."""
    spec, leg = turn.program.legs[job.leg], turn.legs[job.leg]
    lots = remaining(turn, plan, job)
    side = Side.BUY if lots > 0 else Side.SELL
    entry = entry_price(leg, side)
    if lots == 0 or entry is None or plan.stop is None:
        return Outcome.FAILED
    trigger = entry + side * distance_ticks(entry, plan.stop, spec, up=False)
    through = sum(distance_ticks(trigger, rule, spec, up=False) for rule in plan.rungs)
    bound = turn.limits.concession_max
    gap = trigger * (CAP_DEFAULT if bound == pg.NO_LIMIT else bound) // MBPS_ONE
    price = trigger + side * (through if plan.rungs else gap)
    turn.update_job(0, stage=JobStage.ORDER, lots=lots, stop_price=trigger, price=price, sent=job.sent + 1)
    place(turn, plan, turn.state.jobs[0], plan.type)
    return None


# --- CLEAR: nothing of ours may rest on a leg ----------------------------------------------------


def _begin_clear(turn: Turn) -> None:
    index = turn.phase.jobs[0].leg
    withdraw(turn, index, "stop")
    turn.update_leg(index, answer=Answer.NONE)


def _advance_clear(turn: Turn) -> Outcome | None:
    index = turn.phase.jobs[0].leg
    verify.settle_answers(turn, (index,))
    leg = turn.legs[index]
    if leg.stop is not None:
        return _clear_stop(turn, index)
    if leg.answer is Answer.NONE:
        ask_sweep(turn, index)
    elif leg.answer is Answer.GOOD:
        turn.update_leg(index, answer=Answer.NONE)
        return Outcome.CLEAR
    elif leg.answer is Answer.BAD:
        turn.update(tries=turn.state.tries + 1)
        if turn.state.tries >= SWEEP_TRIES:
            turn.update_leg(index, answer=Answer.NONE)
            return Outcome.ERROR
        ask_sweep(turn, index)
    return None


def _clear_stop(turn: Turn, index: int) -> Outcome | None:
    leg = turn.legs[index]
    if leg.stop is not None and leg.stop.life is Life.OVER:
        turn.set_leg(index, retire(leg, "stop"))
        ask_sweep(turn, index)
    elif leg.stop is not None and leg.stop.life is Life.LOST:
        turn.update_leg(index, lost=True)
        return Outcome.HALT
    return None


def ask_sweep(turn: Turn, index: int) -> None:
    """List and cancel own open orders of a leg, except a protective stop that is kept."""
    spec, stop = turn.program.legs[index], turn.legs[index].stop
    turn.update_leg(index, found=0)
    keep = () if stop is None else (order_key(turn.state.run_id, spec.name, stop.n),)
    turn.commands.append(SweepOrders(index, turn.ask_leg(index), keep))


def forget_answers(turn: Turn) -> None:
    """Close every leg's open question before new ones are asked."""
    if all(leg.answer is Answer.NONE for leg in turn.legs):
        return
    for index, leg in enumerate(turn.legs):
        turn.set_leg(index, replace(leg, answer=Answer.NONE, pending=0, pending_ns=0))
