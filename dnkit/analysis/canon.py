"""One form for all states that behave alike, so that they are explored once.

The explorer stands still at one moment, NOW. Every timer is kept as the time it lasts, numbers are counted
anew, and what the engine never looks at again is forgotten. Nothing that can decide a step is dropped.
"""

from typing import NamedTuple

from msgspec.structs import replace

from dnkit.analysis.ground import Ground
from dnkit.analysis.world import LegWorld, Quest, World
from dnkit.engine.orders import FIND_EVERY_NS, FINDS_MIN, doubt_budget
from dnkit.engine.state import SETTLED, Answer, Job, JobStage, Leg, Order, Stage, State
from dnkit.engine.verify import agrees
from dnkit.machine import program as pg
from dnkit.machine.orders import Life
from dnkit.machine.program import LegSpec, PhaseKind

NOW = 10**17  # further from zero than any time a policy can name
FILLED_LATELY, FILLED_LONG_AGO, TOLD, NEVER_TOLD = NOW - 2, 1, NOW - 1, 0
FAR = NOW + 10**16  # a deadline that has not come
MOVED = 10**15  # a job's base on a leg that has moved since
HALTING = "halts"  # why it does, the way there tells
TIMED = (PhaseKind.REST, PhaseKind.VERIFY, PhaseKind.WAIT, PhaseKind.ALERT)
FINDS_ALIKE = len(FIND_EVERY_NS)
MAP = dict[int, int]
KEPT: MAP = {n: n for n in range(1, 9)}  # numbers that are counted anew already


class _Context(NamedTuple):
    """What decides what of a leg still counts: START is under way, the phase compares prices or trades."""

    starting: bool
    priced: bool
    trading: bool


def canonical(
    ground: Ground, state: State, world: World, before: tuple[State, World] | None = None
) -> tuple[State, World]:
    """The same state of affairs in the form all its equals share. A leg that is the very one of `before`,
    which has that form, is left as it is.
    """
    starting = state.stage is Stage.START
    phase = ground.program.phases[state.phase]
    trading = state.stage is Stage.PHASE and phase.kind in (PhaseKind.TAKE, PhaseKind.REST)
    context = _Context(starting, phase.reprice_beyond != pg.NO_LIMIT, trading)
    same = before is not None and before[0].stage is state.stage and before[0].phase == state.phase
    legs, sides, asked = list(state.legs), list(world.legs), []
    for index, leg in enumerate(state.legs):
        side = world.legs[index]
        if same and before and leg is before[0].legs[index] and side is before[1].legs[index]:
            asked.append(KEPT)
            continue
        if world.down[index] and leg.order is not None and leg.order.life is Life.LOST:
            side = replace(side, calls=())  # nothing will be heard of it any more
        numbers, requests = _numbers(leg, side), _requests(side)
        asked.append(requests)
        sides[index] = _world_leg(side, numbers, requests)
        legs[index] = _leg(ground, index, leg, sides[index], numbers, requests, context)
    heard = _waits_for_alert(ground, state) and world.alert == state.request
    plain = _state(ground, state, tuple(legs), asked, heard=heard)
    return plain, World(tuple(sides), world.down, int(heard), world.alarmed)


def _waits_for_alert(ground: Ground, state: State) -> bool:
    kind = ground.program.phases[state.phase].kind
    return state.stage is Stage.PHASE and kind is PhaseKind.ALERT and state.alert_ok == 0


def _numbers(leg: Leg, side: LegWorld) -> MAP:
    """Order numbers that still mean something, counted from 1 in their order."""
    known = {one.n for one in (leg.order, leg.stop) if one is not None}
    if side.orders or side.calls:
        known |= {one.n for one in side.orders} | {n for n, _ in side.calls}
    return {n: index for index, n in enumerate(sorted(known), 1)}


def _requests(side: LegWorld) -> MAP:
    """Request numbers with an answer under way."""
    return {n: index for index, n in enumerate(sorted({one[1] for one in side.quests}), 1)}


def _world_leg(side: LegWorld, numbers: MAP, requests: MAP) -> LegWorld:
    orders, calls, quests = side.orders, side.calls, side.quests
    if orders:
        orders = tuple(one if numbers[one.n] == one.n else replace(one, n=numbers[one.n]) for one in orders)
    if calls:
        calls = tuple(sorted((numbers[n], call) for n, call in calls))
    if quests:
        quests = tuple(
            (kind, requests[n], numbers.get(extra, 0) if kind is Quest.SWEEP else 0)
            for kind, n, extra in quests
        )
    return LegWorld(side.position, orders, calls, quests)


def _leg(
    ground: Ground, index: int, leg: Leg, side: LegWorld, numbers: MAP, requests: MAP, context: _Context
) -> Leg:
    spec, starting, priced = ground.program.legs[index], context.starting, context.priced
    order = None if leg.order is None else _order(spec, leg.order, numbers, priced=priced)
    stop = None if leg.stop is None else _order(spec, leg.stop, numbers, priced=priced)
    open_orders = {one.n for one in side.orders}
    past = tuple(
        replace(one, n=numbers[one.n], worth=0, fee=0)
        for one in leg.past
        if one.n in numbers and numbers[one.n] in open_orders
    )
    agreed = agrees(leg)
    filled = 0 if leg.fill_ns == 0 else FILLED_LATELY if leg.fill_ns >= FILLED_LATELY else FILLED_LONG_AGO
    if context.trading and filled:
        # Whoever is not agreed on will have to be asked anew, and the venue may be behind again.
        filled = FILLED_LONG_AGO if agreed else FILLED_LATELY
    asked = leg.answer is Answer.ASKED
    booked = sum(one.side * one.cum for one in (leg.order, leg.stop) if one is not None)
    start = ground.starts[0][index] if ground.forgets and not starting else leg.start
    return replace(
        leg,
        start=start,
        settled=leg.position - start - booked,
        cash=0,
        bid=leg.bid and ground.legs[index].bid,
        ask=leg.ask and ground.legs[index].ask,
        fill_ns=filled,
        order=order,
        stop=stop,
        past=past,
        orders=len(numbers),
        requests=len(requests),
        pending=requests.get(leg.pending, 0) if asked else 0,
        pending_ns=FAR if asked else 0,
        found=min(leg.found, 1) if leg.answer is Answer.GOOD else 0,
        witness=leg.witness if agreed or starting else None,
        witness_ns=TOLD if agreed else NEVER_TOLD,
        first_witness=leg.first_witness if starting else None,
        reach=leg.reach if starting else 0,
    )


def _order(spec: LegSpec, order: Order, numbers: MAP, *, priced: bool) -> Order:
    """Ages of the doubt only count until what they are compared with is over."""
    n = numbers[order.n]
    if order.life is Life.LOST:
        return Order(n, order.life, order.side, order.type, order.lots, 0, 0, 0, order.cum, order.worth)
    waits = order.life < Life.OVER and order.due_ns > 0
    doubted, lag = order.life is Life.UNSURE, spec.lookup_lag_ns
    never_taken = not order.taken and order.cum == 0
    counts = never_taken and order.life in (Life.SENT, Life.CANCELLING, Life.UNSURE)
    # A working order's age is not kept: when doubt comes it may have been sent just now.
    sent_ns = max(order.sent_ns, NOW - lag) if order.sent_ns else NOW
    return replace(
        order,
        n=n,
        sent_ns=sent_ns if counts or doubted else 0,
        due_ns=order.due_ns if waits else 0,
        price=order.price if priced else 0,
        worth=0 if order.life is Life.OVER else order.worth,
        fee=0,
        unsure_ns=max(order.unsure_ns, NOW - doubt_budget(spec)) if doubted else 0,
        finds=min(order.finds, FINDS_ALIKE) if doubted else 0,
        absents=min(order.absents, FINDS_MIN) if doubted and counts else 0,
        taken=not never_taken,
    )


def _state(ground: Ground, state: State, legs: tuple[Leg, ...], asked: list[MAP], *, heard: bool) -> State:
    if state.stage is Stage.END:
        return replace(
            state,
            seq=1,
            now_ns=NOW,
            legs=legs,
            visits=(),
            dues=(),
            jobs=(),
            stop_asked=False,
            leave_hedged=False,
            **_QUIET,
        )
    in_phase, leaving = state.stage is Stage.PHASE, state.stage is Stage.LEAVE
    phase = ground.program.phases[state.phase]
    timed = not in_phase or phase.kind in TIMED
    closing = state.stage is Stage.HALT or (
        state.stage is Stage.SWEEP and ground.program.scopes[phase.scope].halt_to is None
    )
    return replace(
        state,
        seq=1,
        now_ns=NOW,
        phase=ground.program.start if closing else state.phase,
        legs=legs,
        visits=() if closing else _visits(ground, state),
        dues=() if closing else _dues(ground, state, phase.scope),
        jobs=_jobs(ground, phase, state, legs, asked),
        entered_ns=0,
        started_ns=0,
        timer_ns=state.timer_ns if timed and not leaving else 0,
        step=0 if leaving else state.step,
        tries=0 if leaving else min(state.tries, ground.tries),
        request=int(heard),
        halt=HALTING if state.halt else "",
        naked_ns=NOW if state.naked_ns and not closing else 0,
        stop_asked=state.stop_asked and not closing,
        leave_hedged=state.leave_hedged and not closing,
        wake_ns=None,
    )


def _visits(ground: Ground, state: State) -> tuple[int, ...]:
    """Counts of visits that can still decide anything."""
    ahead = ground.ahead[state.phase]
    if state.stage is Stage.START:
        return state.visits
    counts = ground.counted
    return tuple(n if index in ahead and index in counts else 0 for index, n in enumerate(state.visits))


def _dues(ground: Ground, state: State, scope: int) -> tuple[int, ...]:
    """Deadlines of this scope and its callers; a scope that is entered anew begins its own."""
    scopes, counts = ground.program.scopes, set()
    while scope >= 0:
        counts.add(scope)
        scope = scopes[scope].parent
    return tuple(FAR if due and index in counts else 0 for index, due in enumerate(state.dues))


def _jobs(
    ground: Ground, phase: pg.Phase, state: State, legs: tuple[Leg, ...], asked: list[MAP]
) -> tuple[Job, ...]:
    """The jobs; where each leg stood before is forgotten once no order of a take can be refused any more."""
    told = phase.kind is PhaseKind.TAKE and all(
        one.sent or one.stage in (JobStage.DONE, JobStage.SPENT, JobStage.LOST) for one in state.jobs
    )
    return tuple(
        _job(
            one,
            _base(plan, one, legs[one.leg], told=told),
            asked[one.leg],
            withdrawn=_is_withdrawn(legs[one.leg]),
        )
        for plan, one in zip(phase.jobs, state.jobs, strict=False)
    )


_QUIET = {
    "phase": 0,
    "entered_ns": 0,
    "timer_ns": 0,
    "step": 0,
    "tries": 0,
    "request": 0,
    "alert_ok": 0,
    "started_ns": 0,
    "naked_ns": 0,
    "leave_to": None,
    "halt": "",
    "wake_ns": None,
}


def _is_withdrawn(leg: Leg) -> bool:
    return leg.order is not None and leg.order.withdraw


def _base(plan: pg.Job, job: Job, leg: Leg, *, told: bool) -> int:
    """Where the leg stood; whether it moved since is all that counts, but for a fixed amount."""
    if plan.size is pg.SizeKind.FIXED:
        return job.base
    return leg.position if told or job.base == leg.position else MOVED


def _job(job: Job, base: int, requests: MAP, *, withdrawn: bool) -> Job:
    if job.stage >= SETTLED:
        return replace(
            job, base=base, rung=0, rejects=0, reprices=0, looks=0, request=0, due_ns=0, lots=0, price=0,
            stop_price=0,
            moving=False, sent=min(job.sent, 1), note="",
        )  # fmt: skip
    ready = job.stage is JobStage.READY
    leaving = withdrawn and not job.moving
    return replace(
        job,
        base=base,
        request=requests.get(job.request, 0),
        rejects=0 if leaving else job.rejects,
        rejected=False if leaving else job.rejected,
        lots=job.lots if ready else 0,
        price=job.price if ready else 0,
        stop_price=0,
        sent=min(job.sent, 1),
        note="",
    )
