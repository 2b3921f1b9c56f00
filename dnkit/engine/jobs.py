"""What one leg does inside a phase that sends orders: look, price, place, draw the consequence.

LOOK -> (READY) -> ORDER -> LOOK ... -> DONE | SPENT | REFUSED | LOST. A job never sends before its last order
is over, and what it sends is what the ledger says remains.
"""

from dnkit.engine import pricing
from dnkit.engine.books import refusal, sized, within
from dnkit.engine.exposure import exposure
from dnkit.engine.ledger import retire
from dnkit.engine.orders import withdraw
from dnkit.engine.placing import place
from dnkit.engine.sizing import remaining, sign
from dnkit.engine.state import SETTLED, Job, JobStage, Order
from dnkit.engine.turn import Turn
from dnkit.machine import program as pg
from dnkit.machine.orders import Life
from dnkit.model.commands import ReadBook
from dnkit.model.events import BookRead
from dnkit.model.numbers import MBPS_ONE, NS_PER_MS
from dnkit.model.terms import OrderType, Side

LOOKS_MAX = 8  # looks at a bad book before giving up: 2 s at this pace
LOOK_EVERY_NS = 250 * NS_PER_MS
WAITING = (JobStage.PAUSE, JobStage.READY)


def pick_leg(turn: Turn, plan: pg.Job) -> int:
    """Index of the leg a job works on; the ledger decides on `smaller` and `missing` at entry."""
    if plan.leg >= 0:
        return plan.leg
    program, legs = turn.program, turn.legs
    if plan.leg == pg.PICK_MISSING:
        sizes = [
            abs(leg.position - leg.start) * 10**9 // max(1, leg.clip)
            if program.relative
            else abs(exposure(program, spec, leg))
            for spec, leg in zip(program.legs, legs, strict=True)
        ]
    else:
        sizes = [abs(exposure(program, spec, leg)) for spec, leg in zip(program.legs, legs, strict=True)]
    return sizes.index(min(sizes))


def begin_jobs(turn: Turn) -> None:
    """Set up the jobs: those with something to do ask for a book, or are ready where none is needed."""
    jobs = []
    for plan in turn.phase.jobs:
        index = pick_leg(turn, plan)
        leg = turn.legs[index]
        job = Job(leg=index, stage=JobStage.LOOK, base=leg.position)
        if leg.lost:
            job = Job(leg=index, stage=JobStage.LOST, base=leg.position)
        elif remaining(turn, plan, job) == 0:
            job = Job(leg=index, stage=JobStage.DONE, base=leg.position)
        jobs.append(job)
    turn.update(jobs=tuple(jobs))
    for slot, job in enumerate(jobs):
        if job.stage is JobStage.LOOK and turn.phase.kind is pg.PhaseKind.ARM:
            turn.update_job(slot, stage=JobStage.READY)
        elif job.stage is JobStage.LOOK:
            look(turn, slot)


def look(turn: Turn, slot: int) -> None:
    """Ask for the book of a job's leg, for the side and quantity that remain now."""
    plan, job = turn.phase.jobs[slot], turn.state.jobs[slot]
    lots = remaining(turn, plan, job)
    if lots == 0:
        turn.update_job(slot, stage=JobStage.DONE)
        return
    number, limits = turn.next_request(job.leg), turn.limits
    side = Side.BUY if lots > 0 else Side.SELL
    volume_ns = limits.volume_ns if limits.volume_min != pg.NO_LIMIT else 0
    turn.commands.append(
        ReadBook(job.leg, number, side, abs(lots), within(limits), volume_ns, limits.stale_rest)
    )
    due = turn.now + turn.program.legs[job.leg].answer_within_ns
    turn.update_job(slot, stage=JobStage.LOOK, request=number, due_ns=due)


def on_book(turn: Turn, slot: int, book: BookRead) -> None:
    """Price the job's next order on the book it asked for; READY, or the reason why not."""
    plan, job = turn.phase.jobs[slot], turn.state.jobs[slot]
    lots = remaining(turn, plan, job)
    if lots == 0:
        turn.update_job(slot, stage=JobStage.DONE)
        return
    refused = refusal(turn, plan, job, book, lots)
    if refused is not None:
        if refused.halts:
            turn.update(halt=refused.why)
        elif refused.bad_data:
            on_bad_book(turn, slot, refused.why)
        else:
            turn.update_job(slot, stage=_refused(job), note=refused.why)
        return
    _price(turn, slot, plan, job, book, lots)


def _refused(job: Job) -> JobStage:
    return JobStage.SPENT if job.sent else JobStage.REFUSED


def on_bad_book(turn: Turn, slot: int, why: str) -> None:
    """No usable book: look again a few times, then give the phase its refusal."""
    job = turn.state.jobs[slot]
    if job.looks >= LOOKS_MAX:
        turn.update_job(slot, stage=_refused(job), note=why)
        return
    turn.update_job(
        slot, stage=JobStage.PAUSE, looks=job.looks + 1, due_ns=turn.now + LOOK_EVERY_NS, note=why
    )


def _price(turn: Turn, slot: int, plan: pg.Job, job: Job, book: BookRead, lots: int) -> None:
    side = Side.BUY if lots > 0 else Side.SELL
    resting = turn.phase.kind is pg.PhaseKind.REST
    price = rest_price(turn, plan, job, book, side) if resting else take_price(turn, plan, job, book, side)
    size = lots if resting else sized(turn, book, lots, turn.legs[job.leg].least)
    if price is None or price <= 0 or size == 0:
        next_rung(turn, slot, "no price for this rung" if size else "no depth for this rung")
        return
    # A price is good for one look's time: a leg that waits longer for the other looks again.
    due = turn.now + LOOK_EVERY_NS
    turn.update_job(slot, stage=JobStage.READY, price=price, lots=size, due_ns=due)


def rest_price(turn: Turn, plan: pg.Job, job: Job, book: BookRead, side: Side) -> int | None:
    """Price of a resting order; None when its anchor is unknown.

    A post-only order stays inside the far touch; a plain limit may reach what its rule says.
    """
    spec, leg, rule = turn.program.legs[job.leg], turn.legs[job.leg], plan.rungs[0]
    if rule.anchor is pg.Anchor.BREAK_EVEN:
        price = pricing.break_even_price(turn.legs, turn.program.legs, job.leg, side)
        inside = pricing.far_touch(book, side) - side
        return None if price is None else pricing.less_aggressive(price, inside, side)
    if plan.type is OrderType.GTC and rule.toward > 0:
        return pricing.crossing_price(rule, book, side, spec, leg, turn.limits.concession_max)
    return pricing.passive_price(rule, book, side, spec, leg)


def take_price(turn: Turn, plan: pg.Job, job: Job, book: BookRead, side: Side) -> int | None:
    """Worst price of a rung, never past `max_concession`; None when its anchor is unknown.

    The marginal price of the quantity bounds it where that is less aggressive.
    """
    spec, leg, limit = turn.program.legs[job.leg], turn.legs[job.leg], turn.limits.concession_max
    if not plan.rungs:
        return pricing.capped_price(book, side, plan.cap, limit)
    rule = plan.rungs[job.rung]
    if rule.anchor is pg.Anchor.BREAK_EVEN:
        fair = pricing.break_even_price(turn.legs, turn.program.legs, job.leg, side)
        return None if fair is None else pricing.bounded(fair, book, side, limit)
    if rule.toward < 0:
        return pricing.passive_price(rule, book, side, spec, leg)
    price = pricing.crossing_price(rule, book, side, spec, leg, limit)
    if price is None or plan.type is OrderType.MARKET:
        return price
    return pricing.less_aggressive(price, book.marginal, side)


def next_rung(turn: Turn, slot: int, why: str = "") -> None:
    """Go on to the next rung, or be spent."""
    plan, job = turn.phase.jobs[slot], turn.state.jobs[slot]
    if job.rung + 1 < len(plan.rungs):
        turn.update_job(slot, rung=job.rung + 1, note=why)
        look(turn, slot)
    else:
        turn.update_job(slot, stage=JobStage.SPENT, note=why)


def send(turn: Turn, slot: int) -> None:
    """Place the order of a READY job; look again if a late fill made it too large while it waited."""
    plan, job = turn.phase.jobs[slot], turn.state.jobs[slot]
    left = remaining(turn, plan, job)
    if sign(job.lots) != sign(left) or abs(job.lots) > abs(left):
        look(turn, slot)
        return
    place(turn, plan, job, turn.program.legs[job.leg].sends(plan.type))
    turn.update_job(slot, stage=JobStage.ORDER, sent=job.sent + 1, looks=0, due_ns=0)


def progress(turn: Turn, slot: int) -> None:
    """Move one job on by what time and its order say."""
    job = turn.state.jobs[slot]
    if job.stage is JobStage.ORDER:
        order = turn.legs[job.leg].order
        if order is not None and order.life is Life.OVER:
            turn.set_leg(job.leg, retire(turn.legs[job.leg]))
            after_order(turn, slot, order)
        elif order is not None and order.life is Life.LOST:
            turn.update_leg(job.leg, lost=True)
            turn.update_job(slot, stage=JobStage.LOST)
    elif job.stage is JobStage.LOOK and job.due_ns <= turn.now:
        on_bad_book(turn, slot, "the book was not answered in time")
    elif job.stage in WAITING and 0 < job.due_ns <= turn.now:
        look(turn, slot)


def after_order(turn: Turn, slot: int, order: Order) -> None:
    """The job's order is over: done, another look, or spent. What remains is asked of the ledger."""
    plan, job = turn.phase.jobs[slot], turn.state.jobs[slot]
    if remaining(turn, plan, job) == 0:
        turn.update_job(slot, stage=JobStage.DONE)
    elif turn.phase.kind is pg.PhaseKind.TAKE:
        next_rung(turn, slot)
    elif order.withdraw:
        _after_withdrawal(turn, slot, job)
    elif order.cum >= order.lots:
        look(turn, slot)  # filled, but another leg's fill made more to do
    else:
        _after_reject(turn, slot, plan, job)


def _after_withdrawal(turn: Turn, slot: int, job: Job) -> None:
    if job.moving and turn.now < turn.state.timer_ns:
        turn.update_job(slot, moving=False, reprices=job.reprices + 1)
        look(turn, slot)
    else:
        turn.update_job(slot, stage=JobStage.SPENT)


def _after_reject(turn: Turn, slot: int, plan: pg.Job, job: Job) -> None:
    """Refused as a taker, expired or cancelled by the venue: re-price while rejects are left."""
    rejects = job.rejects + 1
    if rejects >= plan.rejects or turn.now >= turn.state.timer_ns:
        turn.update_job(slot, stage=JobStage.SPENT, rejects=rejects, rejected=True)
    else:
        turn.update_job(slot, rejects=rejects)
        look(turn, slot)


def stop_job(turn: Turn, slot: int) -> None:
    """Bring a job to rest: withdraw its order, or drop what it was about to do."""
    job = turn.state.jobs[slot]
    if job.stage is JobStage.ORDER:
        forget_due(turn, slot)
        withdraw(turn, job.leg)
    elif job.stage < SETTLED:
        turn.update_job(slot, stage=JobStage.SPENT)


def forget_due(turn: Turn, slot: int) -> None:
    """The job waits for its order alone, no longer for a look at the touch."""
    if turn.state.jobs[slot].due_ns:
        turn.update_job(slot, due_ns=0)


def ask_touch(turn: Turn, slot: int) -> None:
    """Ask for the book while the order goes on working, to see whether it should move."""
    job, limits = turn.state.jobs[slot], turn.limits
    order = turn.legs[job.leg].order
    if order is None:
        return
    number = turn.next_request(job.leg)
    turn.commands.append(ReadBook(job.leg, number, order.side, order.lots - order.cum, within(limits)))
    turn.update_job(slot, request=number, due_ns=turn.now + turn.phase.reprice_every_ns)


def on_touch(turn: Turn, slot: int, book: BookRead) -> None:
    """The touch was looked at: withdraw the order if its price is off by more than the tolerance."""
    plan, job = turn.phase.jobs[slot], turn.state.jobs[slot]
    order = turn.legs[job.leg].order
    if order is None or order.life is not Life.WORKING:
        return
    price = rest_price(turn, plan, job, book, order.side)
    tolerance = order.price * turn.phase.reprice_beyond // MBPS_ONE
    if price is not None and abs(price - order.price) > tolerance:
        turn.update_job(slot, moving=True)
        withdraw(turn, job.leg)
