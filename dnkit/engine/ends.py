"""How a run ends: the last sweep before an end is named, and the halt with its account of what is open."""

from dnkit.engine.exposure import is_flat, is_hedged
from dnkit.engine.ledger import live_order
from dnkit.engine.orders import withdraw
from dnkit.engine.phases import SWEEP_TRIES, ask_sweep, forget_answers
from dnkit.engine.sizing import slices_left
from dnkit.engine.state import Answer, Leg, Stage, State
from dnkit.engine.turn import Turn
from dnkit.engine.verify import agrees, ask, is_met, settle_answers, tries_after
from dnkit.machine import program as pg
from dnkit.machine.orders import Life
from dnkit.model.commands import EndRun, SendAlert
from dnkit.model.errors import BugError
from dnkit.model.numbers import NS_PER_MS, plain
from dnkit.model.terms import EndName, Risk

SWEEP, READ = range(2)
READ_TRIES = 5
EVERY_NS = 500 * NS_PER_MS


def begin_sweep(turn: Turn, target: pg.Target) -> None:
    """An intended end was reached: list own open orders once more, and have the venue confirm the positions;
    only then is it the end.
    """
    turn.update(stage=Stage.SWEEP, leave_to=target, step=SWEEP, tries=0, timer_ns=0, jobs=())
    _sweep_all(turn)


def _sweep_all(turn: Turn) -> None:
    forget_answers(turn)
    for index in range(len(turn.legs)):
        ask_sweep(turn, index)


def advance_sweep(turn: Turn) -> pg.Target | None:
    """Ends the run when nothing of ours rests and the venue agrees; a halt when it is otherwise or cannot be
    told.
    """
    if turn.state.timer_ns:
        if turn.now < turn.state.timer_ns:
            return None
        turn.update(timer_ns=0)
        _ask_again(turn)
    if not settle_answers(turn, every_leg(turn)):
        return None
    if any(leg.found for leg in turn.legs):
        return pg.Target(pg.TargetKind.HALT, text="stray order found")
    return _after_sweep(turn) if turn.state.step == SWEEP else _after_last_read(turn)


def _ask_again(turn: Turn) -> None:
    if turn.state.step == SWEEP:
        _sweep_all(turn)
        return
    ask(turn, every_leg(turn))


def _after_sweep(turn: Turn) -> pg.Target | None:
    if any(leg.answer is Answer.BAD for leg in turn.legs):
        return _again(turn, "cannot list open orders", turn.state.tries + 1, SWEEP_TRIES)
    _begin_reads(turn)
    return None


def _begin_reads(turn: Turn) -> None:
    """A clean sweep is no witness of a position: forget it, then read where no fresh word stands."""
    forget_answers(turn)
    turn.update(step=READ, tries=0)
    ask(turn, every_leg(turn))
    turn.went_on = True  # every leg may be agreed on already


def _after_last_read(turn: Turn) -> pg.Target | None:
    open_legs = [index for index in every_leg(turn) if not agrees(turn.legs[index])]
    if not open_legs:
        return _end_as_intended(turn)
    return _again(turn, "books disagree at the end", tries_after(turn, open_legs), READ_TRIES)


def _again(turn: Turn, why: str, tries: int, tries_max: int) -> pg.Target | None:
    """Ask once more a little later, or halt with the reason."""
    if tries >= tries_max:
        return pg.Target(pg.TargetKind.HALT, text=why)
    turn.update(tries=tries, timer_ns=turn.now + EVERY_NS)
    return None


def _end_as_intended(turn: Turn) -> pg.Target | None:
    target = turn.state.leave_to
    if target is None:
        raise BugError("an end without a target")
    end = _true_end(turn, target.end)
    if end is None:
        return pg.Target(pg.TargetKind.HALT, text=f"a late fill contradicts the end {target.end.value}")
    finish(turn, end, risk_of(turn), target.text)
    return None


def _true_end(turn: Turn, end: EndName) -> EndName | None:
    """The end's honest name from the ledger, or None when a fill came after the last check."""
    program, legs = turn.program, turn.legs
    flat = all(is_flat(leg) for leg in legs)
    if end is EndName.IDLE:
        if all(leg.position == leg.start for leg in legs):
            return end
        if turn.state.slice_no == 0:
            return None
        end = EndName.HEDGED  # earlier slices were traded; the last one found nothing to do
    if end is EndName.FLAT and is_leaving(turn.state) and slices_left(turn):
        end = EndName.FLAT if flat else EndName.HEDGED  # asked to stop between two slices
    if end is EndName.PROTECTED and flat:
        end = EndName.FLAT  # the stop was filled meanwhile: it did what it was for
    if end is EndName.FLAT:
        return end if flat else None
    if end is EndName.HEDGED:
        return (EndName.FLAT if flat else end) if is_hedged(program, legs) else None
    return end if is_met(turn, end, every_leg(turn)) else None


def begin_halt(turn: Turn, why: str) -> None:
    """Stop for good: tell a human, sweep own orders, take a last look at the positions."""
    text = f"{turn.program.name} halts: {why}; {describe(turn)}"
    number = turn.state.request + 1
    turn.commands.append(SendAlert(number, "page", text))
    turn.update(stage=Stage.HALT, halt=why, step=SWEEP, tries=0, timer_ns=0, request=number, jobs=())
    _sweep_all(turn)


def restart(turn: Turn) -> None:
    """After a crash all of it anew: the sweep, and of a halt the alert, which may not have left before."""
    target = turn.state.leave_to
    if turn.state.stage is Stage.HALT:
        begin_halt(turn, turn.state.halt)
    elif target is not None:
        begin_sweep(turn, target)


def advance_halt(turn: Turn) -> None:
    """Best effort to the end: two sweeps, then reads until ledger and venue agree or the tries and the lag
    are over.
    """
    if turn.state.timer_ns:
        if turn.now < turn.state.timer_ns:
            return
        turn.update(timer_ns=0)
        _ask_again(turn)
    if not settle_answers(turn, every_leg(turn)):
        return
    if turn.state.step == SWEEP:
        _after_halt_sweep(turn)
    else:
        _after_halt_read(turn)


def _after_halt_sweep(turn: Turn) -> None:
    clean = all(leg.answer is Answer.GOOD and not leg.found for leg in turn.legs)
    if not clean and turn.state.tries == 0:
        turn.update(tries=1, timer_ns=turn.now + EVERY_NS)
        return
    for index in every_leg(turn):
        if turn.legs[index].answer is Answer.BAD:
            turn.may_have_moved(index)  # nobody could list what rests there
    _begin_reads(turn)


def _after_halt_read(turn: Turn) -> None:
    open_legs = [index for index in every_leg(turn) if not agrees(turn.legs[index])]
    if not open_legs:
        finish(turn, EndName.HALTED, risk_of(turn), turn.state.halt)
    elif _again(turn, turn.state.halt, tries_after(turn, open_legs), READ_TRIES):
        finish(turn, EndName.HALTED, Risk.UNKNOWN, turn.state.halt)


def risk_of(turn: Turn) -> Risk:
    """What the ledger says is open; UNKNOWN while an order of ours could not be resolved."""
    program, legs = turn.program, turn.legs
    if any(_may_rest(leg) for leg in legs):
        return Risk.UNKNOWN
    if all(is_flat(leg) for leg in legs):
        return Risk.FLAT
    if len(legs) > 1 and is_hedged(program, legs):
        return Risk.HEDGED
    return Risk.UNHEDGED


def _may_rest(leg: Leg) -> bool:
    return live_order(leg) is not None or leg.lost or not leg.known


def finish(turn: Turn, end: EndName, risk: Risk, why: str) -> None:
    """Say how it ended and what is left."""
    text = "; ".join(part for part in (why, describe(turn)) if part)
    last = EndRun(end, risk, text)
    turn.commands.append(last)
    turn.update(stage=Stage.END, ended=last, timer_ns=0)


def describe(turn: Turn) -> str:
    """Positions, residuals and orders that may rest, in words."""
    parts = []
    for spec, leg in zip(turn.program.legs, turn.legs, strict=True):
        amount = plain(spec.instrument.quantity(leg.position)) if leg.known else "unknown"
        word = "residual" if leg.position and is_flat(leg) else "position"
        parts.append(f"leg {spec.name} {word} {amount} {spec.instrument.base}")
        if leg.stop is not None and leg.stop.life is Life.WORKING:
            parts.append(f"stop {leg.stop.n} of leg {spec.name} is kept")
        for order in (leg.order, leg.stop):
            if order is not None and order.life not in (Life.OVER, Life.WORKING):
                parts.append(f"order {order.n} of leg {spec.name} may rest")
    return ", ".join(parts)


def is_leaving(state: State) -> bool:
    """Whether somebody wants the run to end, now or once it is hedged."""
    return state.stop_asked or state.leave_hedged


def is_goal(end: EndName) -> bool:
    """Whether an end means that the policy's work was done (idle and halted do not)."""
    return end in (EndName.FLAT, EndName.HEDGED, EndName.PROTECTED)


def every_leg(turn: Turn) -> tuple[int, ...]:
    """Indexes of all legs."""
    return tuple(range(len(turn.legs)))


def withdraw_all(turn: Turn) -> bool:
    """Ask for the end of every working order (protective stops stay); whether none is left alive."""
    for index in every_leg(turn):
        withdraw(turn, index)
    return all(live_order(leg) is None for leg in turn.legs)
