"""What only time does: answers overdue, pauses over, windows closed, deadlines."""

from collections.abc import Iterator

from msgspec.structs import replace

from dnkit.analysis.canon import FILLED_LATELY, FILLED_LONG_AGO, NOW
from dnkit.analysis.ground import Ground
from dnkit.analysis.move import SILENCE_NS, Here, Kind, Move, older, with_known
from dnkit.analysis.order_moves import is_untold
from dnkit.analysis.world import Quest, World, with_leg, with_order
from dnkit.engine.state import Answer, JobStage, Order, Stage, State
from dnkit.machine.program import Phase, PhaseKind
from dnkit.model import events as ev


def overdue(here: Here) -> Iterator[Move]:
    """An order whose answer does not come."""
    waits_for = {n for n, _ in here.side.calls}
    for order in (here.leg.order, here.leg.stop):
        if order is not None and order.due_ns and order.n not in waits_for:
            yield _overdue(here, order)


def job_timers(here: Here) -> Iterator[Move]:
    """A job that pauses, a look at the touch that is due."""
    for slot, job in enumerate(here.state.jobs):
        if job.leg == here.index and _job_is_due(here, slot):
            yield _woken(here, "time to look again", job.due_ns - NOW, _jobs_due(here.state, slot))


def _job_is_due(here: Here, slot: int) -> bool:
    job = here.state.jobs[slot]
    if job.stage is JobStage.PAUSE:
        return True
    if job.stage is not JobStage.ORDER or not job.due_ns:
        return False
    return not any(quest[0] is Quest.BOOK for quest in here.side.quests)


def _jobs_due(state: State, slot: int) -> State:
    jobs = list(state.jobs)
    jobs[slot] = replace(jobs[slot], due_ns=NOW)
    return replace(state, jobs=tuple(jobs))


def _woken(here: Here, what: str, spent: int, state: State) -> Move:
    return Move(what, Kind.FREE, here.index, spent, ev.Woken(NOW), here.world, state)


def _overdue(here: Here, order: Order) -> Move:
    """The order's own deadline: its ages grow by what was waited."""
    waited = order.due_ns - NOW
    due = replace(older(order, waited), due_ns=NOW)
    return _woken(here, "waited in vain", waited, with_known(here.state, here.index, due))


def run_timers(ground: Ground, state: State, world: World) -> Iterator[Move]:
    """The phase's own clock, and the pauses between two tries around the phases."""
    if state.timer_ns <= NOW or state.stage is Stage.LEAVE:
        return
    phase = ground.program.phases[state.phase]
    if state.stage is not Stage.PHASE or (phase.kind is PhaseKind.VERIFY and state.step == 1):
        following = _next_try(ground, state, world, phase)
        quiet = _with_the_lost(state, world)
        what = f"{following.what}, and the stream kept silent"
        yield following if quiet is world else replace(following, what=what, kind=Kind.SLIP, world=quiet)
    elif phase.kind in (PhaseKind.REST, PhaseKind.WAIT) or (phase.kind is PhaseKind.ALERT):
        woken, due = ev.Woken(NOW), replace(state, timer_ns=NOW)
        yield Move("time is up", Kind.FREE, -1, state.timer_ns - NOW, woken, world, due)


def _with_the_lost(state: State, world: World) -> World:
    """The world in which the fills that show in a position, and should have been told by now, are not told
    any more. What is lost once is no new fault at the next try.
    """
    for index, leg in enumerate(state.legs):
        for order in world.legs[index].orders:
            if is_untold(leg, order) and not order.mute and not world.down[index]:
                side = with_order(world.legs[index], replace(order, mute=True))
                world = with_leg(world, index, side)
    return world


def _next_try(ground: Ground, state: State, world: World, phase: Phase) -> Move:
    """Time for the next try. A venue that was behind is taken to be so until its lag is over, one that is
    down to fail every try: the tries in between would all read the same.
    """
    spent, tries, legs = state.timer_ns - NOW, state.tries, state.legs
    least = phase.tries if state.stage is Stage.PHASE else ground.tries
    lag = _lag_left(ground, state)
    if lag > spent:
        spent = lag
        legs = tuple(replace(leg, fill_ns=min(leg.fill_ns, FILLED_LONG_AGO)) for leg in legs)
    if any(world.down[index] and leg.answer is Answer.BAD for index, leg in enumerate(state.legs)):
        spent += max(0, least - 1 - tries) * (state.timer_ns - NOW + SILENCE_NS)
        tries = max(tries, least - 1)
    due = replace(state, timer_ns=NOW, tries=tries, legs=legs)
    return Move("time for the next try", Kind.FREE, -1, spent, ev.Woken(NOW), world, due)


def _lag_left(ground: Ground, state: State) -> int:
    """The longest position lag that may still explain a leg on which venue and ledger differ; 0 for none."""
    lags = [
        spec.position_lag_ns
        for spec, leg in zip(ground.program.legs, state.legs, strict=True)
        if leg.fill_ns == FILLED_LATELY and leg.witness != leg.position
    ]
    return max(lags, default=0)


def late(ground: Ground, state: State, world: World) -> Iterator[tuple[int, Move]]:
    """What happens only to a run that took long: (scope, its deadline falls due), (-1, too much exposure for
    too long). Whether enough time can have passed is the caller's to say.
    """
    if state.stage is not Stage.PHASE:
        return
    scope = ground.program.phases[state.phase].scope
    if state.dues[scope]:
        dues = (*state.dues[:scope], NOW, *state.dues[scope + 1 :])
        due = replace(state, dues=dues)
        yield scope, Move("the deadline falls due", Kind.FREE, -1, 0, ev.Woken(NOW), world, due)
    if state.naked_ns:
        limit = ground.program.scopes[scope].limits.unhedged_ns
        due = replace(state, naked_ns=NOW - limit)
        yield -1, Move("unhedged for too long", Kind.FREE, -1, 0, ev.Woken(NOW), world, due)
