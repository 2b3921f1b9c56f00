"""What may happen next: every answer, every silence, every timer, as the event the engine gets to hear.

Free moves are the market's right. A fault costs one unit of the budget: the venue, the network, the process
or the operator did what it should not. What a venue's capability file admits (a read behind by its position
lag, a look-up that does not know an order yet) is free.
"""

from collections.abc import Iterator
from enum import Enum
from itertools import product
from typing import NamedTuple

from msgspec.structs import replace

from dnkit.analysis.canon import FILLED_LATELY, FILLED_LONG_AGO, NOW
from dnkit.analysis.ground import Ground
from dnkit.analysis.proof import NONE
from dnkit.analysis.world import (
    RESTING,
    Call,
    Fate,
    LegWorld,
    Placed,
    Quest,
    World,
    answered,
    filled_to,
    most,
    order_of,
    with_leg,
    with_order,
    without_order,
)
from dnkit.engine.jobs import LOOK_EVERY_NS, LOOKS_MAX
from dnkit.engine.orders import FINDS_MIN, IMMEDIATE
from dnkit.engine.state import Answer, JobStage, Leg, Order, Stage, State
from dnkit.machine.orders import Life
from dnkit.machine.program import NO_LIMIT, Limits, Phase, PhaseKind
from dnkit.model import events as ev
from dnkit.model.numbers import MBPS_ONE, NS_PER_MS, NS_PER_S
from dnkit.model.terms import EndKind, FoundKind, OrderType, RejectKind

CALL_NS = 300 * NS_PER_MS  # a call that is answered
SILENCE_NS = 2 * NS_PER_S  # a call that is not
RESTART_NS = 5 * NS_PER_S
STOPPABLE = (Stage.START, Stage.PHASE, Stage.LEAVE)
PLENTY = 10**9
MUCH = 10**30


class Kind(Enum):
    """What sort of move it is; all but FREE cost one fault."""

    FREE = 0
    SLIP = 1  # a transient fault: rejected, lost, failed, wrong
    DOWN = 2  # a venue that stays down
    CRASH = 3
    STOP = 4  # the operator asks for the end


class Move(NamedTuple):
    """One thing that happens. `what` names it for the story, `leg` is whose clock it moves (-1: all), `spent`
    how long it takes at most, `refuses` says that it only counts if no order comes of it. `short` is the pay-up of an order that was not filled whole (NONE: no such
    order), `state` what the engine steps from.
    """

    what: str
    kind: Kind
    leg: int
    spent: int
    event: ev.Event | None
    world: World
    state: State
    short: int = NONE
    refuses: bool = False


class Here(NamedTuple):
    """Where moves are looked for."""

    ground: Ground
    state: State
    world: World
    index: int

    @property
    def side(self) -> LegWorld:
        """The leg's world."""
        return self.world.legs[self.index]

    @property
    def leg(self) -> Leg:
        """The leg as the engine knows it."""
        return self.state.legs[self.index]

    def move(self, what: str, event: ev.Event | None, side: LegWorld, **also: object) -> Move:
        """A move of this leg that is answered in time."""
        made = Move(
            what,
            Kind.FREE,
            self.index,
            CALL_NS,
            event,
            with_leg(self.world, self.index, side),
            self.state,
        )
        return made._replace(**also) if also else made

    def fall(self, move: Move) -> Move:
        """The same move, and the venue stays down from then on."""
        down = list(move.world.down)
        for index in self.ground.venues[self.index]:
            down[index] = True
        world = move.world._replace(down=tuple(down))
        return move._replace(what=f"{move.what}, and the venue stays down", kind=Kind.DOWN, world=world)


def moves(ground: Ground, state: State, world: World, left: int) -> Iterator[Move]:
    """Everything that may happen in a state within `left` more faults; nothing once the run has ended."""
    if state.stage is Stage.END:
        return
    reads_book = _reads_book(ground, state, world)
    if reads_book is not None:
        yield from affordable(_quests(reads_book), left)
        return
    yield from affordable(_of_legs(ground, state, world), left)
    yield from affordable(_alert(ground, state, world), left)
    yield from _run_timers(ground, state, world)
    if not left:
        return
    if ground.setting.crashes:
        yield from _crash(state, world)
    if ground.setting.stops and not state.stop_asked and state.stage in STOPPABLE:
        event = ev.StopAsked(NOW, "operator")
        yield Move("the operator asks to stop", Kind.STOP, -1, 0, event, world, state)


def affordable(found: Iterator[Move], left: int) -> Iterator[Move]:
    """Those moves the budget has room for."""
    return found if left else (one for one in found if one.kind is Kind.FREE)


def _of_legs(ground: Ground, state: State, world: World) -> Iterator[Move]:
    """Reads are heard leg by leg, as their order decides nothing; orders in any order."""
    for index, side in enumerate(world.legs):
        if side.quests:
            yield from _quests(Here(ground, state, world, index))
            if state.stage is Stage.LEAVE:
                return
            break
    for index in range(len(state.legs)):
        yield from leg_moves(Here(ground, state, world, index))


def leg_moves(here: Here) -> Iterator[Move]:
    """What may happen to one leg's orders."""
    yield from _calls(here)
    if not here.world.down[here.index]:
        yield from _notices(here)
    yield from _leg_timers(here)


def _reads_book(ground: Ground, state: State, world: World) -> Here | None:
    """The leg whose book was asked for. It is answered from memory before anything else is heard, as the desk
    does it; the market's freedom is in what the book says.
    """
    for index, side in enumerate(world.legs):
        if any(quest[0] is Quest.BOOK for quest in side.quests):
            return Here(ground, state, world, index)
    return None


# --- one order ------------------------------------------------------------------------------------


def _calls(here: Here) -> Iterator[Move]:
    for n, call in here.side.calls:
        if call is Call.PLACE:
            yield from _placement(here, n)
        elif call is Call.CANCEL:
            yield from _cancel(here, n)
        else:
            yield from _find(here, n)


def _placement(here: Here, n: int) -> Iterator[Move]:
    order = order_of(here.side, n)
    if order is None:
        return
    side = answered(here.side, n, Call.PLACE)
    lost = ev.AnswerLost(NOW, here.index, n)
    if not here.world.down[here.index]:
        yield from _placement_answered(here, order, side)
    for what, after, short in _unheard(side, order):
        fallen = here.move(f"placement lost, {what}", lost, after, spent=SILENCE_NS, short=short)
        if here.world.down[here.index]:
            yield fallen
        else:
            yield _silent(here, f"answer lost, {what}", after, short)
            yield here.fall(fallen)


def _unheard(side: LegWorld, order: Placed) -> Iterator[tuple[str, LegWorld, int]]:
    """How a placement may have gone that nobody tells of: (in words, the leg, its pay-up if it was not filled
    whole). An order that takes was filled whole, or any part of it was; how much, is left open.
    """
    yield "order never there", without_order(side, order.n), NONE
    if order.type in RESTING:
        yield "order at the venue", with_order(side, order._replace(fate=Fate.LIVE)), NONE
        return
    shut = order._replace(fate=Fate.SHUT, pay=NONE)
    yield "any part filled", with_order(side, shut), order.pay
    if order.pay != NONE:
        yield "all filled", filled_to(with_order(side, shut), shut, most(side, order)), NONE


def _silent(here: Here, what: str, after: LegWorld, short: int = NONE) -> Move:
    """No answer: the engine hears nothing, until its own deadline tells it."""
    return here.move(what, None, after, kind=Kind.SLIP, spent=0, short=short)


def _placement_answered(here: Here, order: Placed, side: LegWorld) -> Iterator[Move]:
    index, n = here.index, order.n
    gone = without_order(side, n)
    taken = ev.OrderAccepted(NOW, index, n)
    if order.type in RESTING:
        yield here.move("accepted", taken, with_order(side, order._replace(fate=Fate.LIVE)))
        yield _rejected(here, order, gone)
        return
    yield from _result(here, order, side)
    yield here.move("rejected", ev.OrderRejected(NOW, index, n, RejectKind.OTHER), gone, kind=Kind.SLIP)
    for what, after, short in _unheard(side, order):
        if order_of(after, n) is not None:
            yield here.move(f"accepted, result lost, {what}", taken, after, kind=Kind.SLIP, short=short)


def _rejected(here: Here, order: Placed, gone: LegWorld) -> Move:
    """A post-only order that would take is refused by right; any other refusal is a slip."""
    crosses = order.type is OrderType.POST_ONLY
    why = RejectKind.POST_ONLY_CROSS if crosses else RejectKind.OTHER
    return here.move(
        "rejected: would take" if crosses else "rejected",
        ev.OrderRejected(NOW, here.index, order.n, why),
        gone,
        kind=Kind.FREE if crosses else Kind.SLIP,
    )


def _result(here: Here, order: Placed, side: LegWorld) -> Iterator[Move]:
    """An order that takes: filled by any part at once, whole where the book reaches its price."""
    full = most(side, order)
    parts = (0, full) if order.type is OrderType.FOK else here.ground.legs[here.index].parts(full)
    for part in parts:
        gone = without_order(filled_to(side, order, part), order.n)
        short = order.pay if part < full else NONE
        yield here.move(f"filled {part} of {order.lots}", _ended(here, order, part), gone, short=short)


def _ended(here: Here, order: Placed, total: int, *, told: bool = True) -> ev.Event:
    """The venue's last word on an order with its total, or without where it does not tell."""
    worth = total * here.ground.legs[here.index].bid
    if total == order.lots:
        return ev.OrderFilled(NOW, here.index, order.n, total, worth, 0, False)
    cum = total if told else -1
    why = EndKind.EXPIRED if order.type in IMMEDIATE else EndKind.CANCELLED
    return ev.OrderEnded(NOW, here.index, order.n, why, cum, worth)


def _totals(here: Here, order: Placed) -> tuple[int, ...]:
    """What the order's total may be by now."""
    room = most(here.side, order) - order.low
    return tuple(order.low + part for part in here.ground.legs[here.index].parts(room))


def _cancel(here: Here, n: int) -> Iterator[Move]:
    order, index = order_of(here.side, n), here.index
    side = answered(here.side, n, Call.CANCEL)
    refused = ev.CancelRefused(NOW, index, n)
    lost = ev.AnswerLost(NOW, index, n)
    down = here.world.down[index]
    kept = side
    shut = side if order is None else with_order(side, order._replace(fate=Fate.SHUT))
    afters = [("not applied", kept)]
    if order is not None and order.fate is Fate.LIVE:
        afters.append(("applied", shut))
    if not down:
        if order is None or order.fate is not Fate.LIVE:
            yield here.move("too late to cancel", refused, side)
        else:
            yield from _cancelled(here, order, side, shut)
    for what, after in afters:
        fallen = here.move(f"cancel unanswered, {what}", lost, after, spent=SILENCE_NS)
        if down:
            yield fallen
        else:
            yield _silent(here, f"cancel unanswered, {what}", after)
            yield here.fall(fallen)


def _cancelled(here: Here, order: Placed, side: LegWorld, shut: LegWorld) -> Iterator[Move]:
    """Fills first, then cancelled; or all of it filled and the cancel too late."""
    told = here.ground.program.legs[here.index].cancel_cum
    for total in _totals(here, order):
        if total == order.lots or told:
            gone = without_order(filled_to(side, order, total), order.n)
            yield here.move(
                f"cancelled at {total} of {order.lots}" if total < order.lots else "filled before the cancel",
                _ended(here, order, total),
                gone,
            )
    if not told:
        yield here.move("cancelled, total not told", _ended(here, order, order.low, told=False), shut)


def _find(here: Here, n: int) -> Iterator[Move]:
    order, index = order_of(here.side, n), here.index
    side = answered(here.side, n, Call.FIND)
    failed = here.move(
        "look-up failed", ev.OrderFound(NOW, index, n, FoundKind.ERROR), side, spent=SILENCE_NS
    )
    if here.world.down[index]:
        yield _given_up(here, failed, n)
        return
    failed = _aged(failed, n)
    yield failed._replace(kind=Kind.SLIP)
    yield here.fall(failed)
    known = _known(here.leg, n)
    lag = here.ground.program.legs[index].lookup_lag_ns
    left = known.sent_ns + lag - NOW if known is not None and known.sent_ns else 0
    if order is None or left > 0:
        absent = ev.OrderFound(NOW, index, n, FoundKind.ABSENT)
        yield _unlisted(here.move("look-up: no such order", absent, side), n, left)
    if order is None:
        return
    if order.fate is Fate.LIVE:
        found = ev.OrderFound(NOW, index, n, FoundKind.LIVE, order.low, _worth(here, order.low))
        yield here.move("look-up: still working", found, side)
    elif order.fate is Fate.SHUT:
        yield from _found_over(here, order, side)


def _unlisted(move: Move, n: int, left: int) -> Move:
    """A look-up that knows no such order. Inside the venue's lag it is taken to know none until the lag is over:
    the look-ups in between would all say the same.
    """
    aged = _aged(move, n)
    if left <= CALL_NS:
        return aged
    later = _aged(move._replace(spent=left), n)
    order, slot = _known(later.state.legs[move.leg], n), "order"
    if order is None:
        return aged
    if later.state.legs[move.leg].stop is order:
        slot = "stop"
    asked = replace(order, due_ns=order.due_ns + left - CALL_NS)
    return later._replace(state=_with(later.state, move.leg, **{slot: asked}))


def _given_up(here: Here, failed: Move, n: int) -> Move:
    """The last of the look-ups that a venue which is down fails one after another."""
    spec, order = here.ground.program.legs[here.index], _known(here.leg, n)
    if order is None or order.life is not Life.UNSURE:
        return failed
    budget = spec.lookup_lag_ns + FINDS_MIN * spec.answer_within_ns
    slot = "order" if here.leg.order is order else "stop"
    tired = replace(_older(order, budget), finds=max(order.finds, FINDS_MIN))
    state = _with(here.state, here.index, **{slot: tired})
    return failed._replace(state=state, spent=budget + SILENCE_NS)


def _worth(here: Here, lots: int) -> int:
    return lots * here.ground.legs[here.index].bid


def _found_over(here: Here, order: Placed, side: LegWorld) -> Iterator[Move]:
    for total in _totals(here, order):
        found = ev.OrderFound(NOW, here.index, order.n, FoundKind.OVER, total, _worth(here, total))
        gone = without_order(filled_to(side, order, total), order.n)
        yield here.move(f"look-up: over at {total} of {order.lots}", found, gone)


def _notices(here: Here) -> Iterator[Move]:
    """Fills that the stream tells, and orders that the venue ends by itself."""
    for order in here.side.orders:
        if order.fate is Fate.SENT:
            continue
        for total in _totals(here, order):
            if total > order.low:
                yield _notice(here, order, total)
        if order.fate is Fate.LIVE:
            ended = ev.OrderEnded(
                NOW, here.index, order.n, EndKind.CANCELLED, order.low, _worth(here, order.low)
            )
            gone = without_order(here.side, order.n)
            yield here.move("ended by the venue", ended, gone, kind=Kind.SLIP, spent=0)


def _notice(here: Here, order: Placed, total: int) -> Move:
    event = ev.OrderFilled(NOW, here.index, order.n, total, _worth(here, total), 0, True)
    side = filled_to(here.side, order, total)
    if total == order.lots:
        side = without_order(side, order.n)
    return here.move(f"fill told: {total} of {order.lots}", event, side, spent=0)


def _known(leg: Leg, n: int) -> Order | None:
    for one in (leg.order, leg.stop):
        if one is not None and one.n == n:
            return one
    return None


# --- reads ----------------------------------------------------------------------------------------


def _quests(here: Here) -> Iterator[Move]:
    for quest in here.side.quests:
        kind, request, extra = quest
        side = here.side._replace(quests=tuple(one for one in here.side.quests if one != quest))
        if kind is Quest.POSITION:
            yield from _position(here, side, request)
        elif kind is Quest.SWEEP:
            yield from _sweep(here, side, request, extra)
        else:
            yield from _book(here, side, request)


def _failing(here: Here, failed: Move) -> Iterator[Move]:
    """A read that fails: for nothing where the venue is down, else as a slip, or because it goes down."""
    if here.world.down[here.index]:
        yield failed
    else:
        yield failed._replace(kind=Kind.SLIP)
        yield here.fall(failed)


def _position(here: Here, side: LegWorld, request: int) -> Iterator[Move]:
    index = here.index

    def read(lots: int | None) -> ev.PositionRead:
        return ev.PositionRead(NOW, index, request, lots, NOW)

    yield from _failing(here, here.move("position read failed", read(None), side, spent=SILENCE_NS))
    if here.world.down[index]:
        return
    for seen in _settled_positions(here, side):
        yield here.move(f"position read: {seen.position}", read(seen.position), seen)
        if here.state.stage is not Stage.START:
            lags = _may_lag(here)
            for old in _snapshots(here, seen.position):
                kind = Kind.FREE if lags else Kind.SLIP
                what = f"position read: {old}, {'behind' if lags else 'wrong'}"
                yield here.move(what, read(old), seen, kind=kind)


def _settled_positions(here: Here, side: LegWorld) -> Iterator[LegWorld]:
    """The leg for every position it may truly hold."""
    choices = [
        [(order, total) for total in _totals(here, order)]
        for order in side.orders
        if order.fate is not Fate.SENT
    ]
    for picked in product(*choices):
        seen = side
        for order, total in picked:
            seen = filled_to(seen, order, total)
        yield seen


def _may_lag(here: Here) -> bool:
    """Whether the venue's lag since the last fill is not over, as far as the engine can know."""
    return here.ground.program.legs[here.index].position_lag_ns > 0 and here.leg.fill_ns == FILLED_LATELY


def _snapshots(here: Here, truth: int) -> tuple[int, ...]:
    """Positions that were true once, or that an empty list is read as."""
    return tuple(one for one in dict.fromkeys((0, here.leg.start, here.leg.position)) if one != truth)


def _sweep(here: Here, side: LegWorld, request: int, kept: int) -> Iterator[Move]:
    index = here.index
    failed = ev.OrdersSwept(NOW, index, request, False, 0)
    yield from _failing(here, here.move("sweep failed", failed, side, spent=SILENCE_NS))
    if here.world.down[index]:
        return
    stray = [one for one in side.orders if one.fate is Fate.LIVE and one.n != kept]
    for one in stray:
        side = with_order(side, one._replace(fate=Fate.SHUT))
    event = ev.OrdersSwept(NOW, index, request, True, len(stray))
    yield here.move(f"sweep: {len(stray)} found and cancelled", event, side)


def _book(here: Here, side: LegWorld, request: int) -> Iterator[Move]:
    missing = ev.BookMissing(NOW, here.index, request, "no book")
    failed = here.move("no book", missing, side, spent=SILENCE_NS)
    if here.world.down[here.index]:
        yield _blind(here, failed)
        return
    yield from _failing(here, failed)
    plain = _good_book(here, request)
    if any(job.stage is JobStage.ORDER and job.leg == here.index for job in here.state.jobs):
        yield here.move("the touch moved", _moved(here, plain), side)
        return
    yield here.move("book read", plain, side)
    for what, event, kind in _worse_books(here, plain):
        yield here.move(what, event, side, kind=kind)


def _blind(here: Here, failed: Move) -> Move:
    """The last of the looks that a venue which is down leaves unanswered one after another."""
    jobs, spent = list(here.state.jobs), failed.spent
    for slot, job in enumerate(jobs):
        if job.leg == here.index and job.stage is JobStage.LOOK:
            spent += (LOOKS_MAX - job.looks) * (SILENCE_NS + LOOK_EVERY_NS)
            jobs[slot] = replace(job, looks=LOOKS_MAX)
    return failed._replace(state=replace(here.state, jobs=tuple(jobs)), spent=spent)


def _good_book(here: Here, request: int) -> ev.BookRead:
    lattice = here.ground.legs[here.index]
    return ev.BookRead(
        at_ns=NOW, leg=here.index, request=request, bid=lattice.bid, ask=lattice.ask, bid_lots=PLENTY,
        ask_lots=PLENTY, age_ns=0, marginal=0, reach=PLENTY, volume=MUCH,
    )  # fmt: skip


def _moved(here: Here, book: ev.BookRead) -> ev.BookRead:
    """A touch that left the working order behind by more than it may be off."""
    beyond = here.ground.program.phases[here.state.phase].reprice_beyond
    by = book.ask * max(0, beyond) // MBPS_ONE + 2
    return replace(book, bid=book.bid + by, ask=book.ask + by)


def _worse_books(here: Here, book: ev.BookRead) -> Iterator[tuple[str, ev.BookRead, Kind]]:
    phase = here.ground.program.phases[here.state.phase]
    limits = here.ground.program.scopes[phase.scope].limits
    starting = here.state.stage is Stage.START
    if here.ground.refusable and not starting:
        yield "book refused by a limit", _refused(limits, book), Kind.FREE
        if limits.book_age_ns != NO_LIMIT:
            yield "book too old", replace(book, age_ns=limits.book_age_ns + 1), Kind.SLIP
    reaches = limits.depth_within != NO_LIMIT
    if reaches or (starting and here.ground.program.impact_max != NO_LIMIT):
        yield "book holds a part", replace(book, reach=here.ground.legs[here.index].chunk), Kind.FREE
        yield "book holds nothing", replace(book, reach=0), Kind.FREE


def _refused(limits: Limits, book: ev.BookRead) -> ev.BookRead:
    """A book that breaks a limit without moving the mid."""
    if limits.spread_max != NO_LIMIT:
        by = book.ask * limits.spread_max // MBPS_ONE + 1
        return replace(book, bid=book.bid - by, ask=book.ask + by)
    if limits.depth_within != NO_LIMIT and not limits.depth_shrink:
        return replace(book, reach=0)
    return replace(book, bid_lots=1, ask_lots=1, volume=-1)


def _alert(ground: Ground, state: State, world: World) -> Iterator[Move]:
    if world.alert:
        for what, ok, kind in (("alert sent", True, Kind.FREE), ("alert failed", False, Kind.SLIP)):
            event = ev.AlertSent(NOW, world.alert, ok)
            yield Move(what, kind, -1, CALL_NS, event, world._replace(alert=0), state)


# --- time -----------------------------------------------------------------------------------------


def _leg_timers(here: Here) -> Iterator[Move]:
    """An order whose answer is overdue, a job that pauses, a look at the touch that is due."""
    waits_for = {n for n, _ in here.side.calls}
    for order in (here.leg.order, here.leg.stop):
        if order is not None and order.due_ns and order.n not in waits_for:
            yield _overdue(here, order)
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
    slot = "order" if here.leg.order is not None and here.leg.order.n == order.n else "stop"
    older = replace(_older(order, waited), due_ns=NOW)
    return _woken(here, "waited in vain", waited, _with(here.state, here.index, **{slot: older}))


def _older(order: Order, by: int) -> Order:
    return replace(
        order,
        sent_ns=order.sent_ns and order.sent_ns - by,
        unsure_ns=order.unsure_ns and order.unsure_ns - by,
        due_ns=order.due_ns and order.due_ns - by,
    )


def _aged(move: Move, n: int) -> Move:
    """The move from a state in which the order's doubt has lasted as long as the move takes."""
    leg = move.state.legs[move.leg]
    order = _known(leg, n)
    if order is None:
        return move
    slot = "order" if leg.order is order else "stop"
    return move._replace(state=_with(move.state, move.leg, **{slot: _older(order, move.spent)}))


def _with(state: State, index: int, **changes: object) -> State:
    legs = list(state.legs)
    legs[index] = replace(legs[index], **changes)
    return replace(state, legs=tuple(legs))


def _run_timers(ground: Ground, state: State, world: World) -> Iterator[Move]:
    """The phase's own clock, and the pauses between two tries around the phases."""
    if state.timer_ns <= NOW or state.stage is Stage.LEAVE:
        return
    phase = ground.program.phases[state.phase]
    if state.stage is not Stage.PHASE or (phase.kind is PhaseKind.VERIFY and state.step == 1):
        yield _next_try(ground, state, world, phase)
    elif phase.kind in (PhaseKind.REST, PhaseKind.WAIT) or (phase.kind is PhaseKind.ALERT):
        woken, due = ev.Woken(NOW), replace(state, timer_ns=NOW)
        yield Move("time is up", Kind.FREE, -1, state.timer_ns - NOW, woken, world, due)


def _next_try(ground: Ground, state: State, world: World, phase: Phase) -> Move:
    """Time for the next try. A venue that was behind is taken to be so until its lag is over, one that is down
    to fail every try: the tries in between would all read the same.
    """
    spent, tries, legs = state.timer_ns - NOW, state.tries, state.legs
    least = phase.tries if state.stage is Stage.PHASE else ground.tries
    lag = _lag_left(ground, state)
    if lag > spent:
        tries = max(tries, min(tries + lag // spent, least - 1))
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


# --- the process ----------------------------------------------------------------------------------


def _crash(state: State, world: World) -> Iterator[Move]:
    """The process dies and comes back. What was under way reached its venue or did not; nobody will tell."""
    for picked in product(*(tuple(_abandoned(leg)) for leg in world.legs)):
        after = world._replace(legs=tuple(leg for leg, _ in picked), alert=0)
        short = max(one for _, one in picked)
        event = ev.Restarted(NOW)
        yield Move("crash and restart", Kind.CRASH, -1, RESTART_NS, event, after, state, short)


def _abandoned(leg: LegWorld) -> Iterator[tuple[LegWorld, int]]:
    """Every way in which the requests under way may have ended at the venue, with the pay-up of an order that
    was not filled whole.
    """
    ways = [(leg._replace(calls=(), quests=()), NONE)]
    for n, call in leg.calls:
        ways = [
            (after, max(short, more)) for quiet, short in ways for after, more in _left_alone(quiet, n, call)
        ]
    yield from ways


def _left_alone(leg: LegWorld, n: int, call: Call) -> Iterator[tuple[LegWorld, int]]:
    order = order_of(leg, n)
    if order is not None and call is Call.PLACE:
        yield from ((after, short) for _, after, short in _unheard(leg, order))
        return
    yield leg, NONE
    if order is not None and call is Call.CANCEL and order.fate is Fate.LIVE:
        yield with_order(leg, order._replace(fate=Fate.SHUT)), NONE
