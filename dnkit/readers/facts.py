"""Facts of one run: what its journal says once, gathered in a single replay, for cost, report and story.

Mids are doubled (`mid2` = bid + ask, in ticks), because a mid may lie on half a tick.
"""

from collections import Counter

import msgspec

from dnkit.engine.books import is_sane, is_two_sided, spread
from dnkit.engine.exposure import exposure_per_lot, is_hedged, net, net_money
from dnkit.engine.state import JobStage, Leg, Stage, State
from dnkit.engine.verify import agrees
from dnkit.journal.reader import Reader
from dnkit.journal.records import Run
from dnkit.journal.replay import Step, replay
from dnkit.machine.orders import Life
from dnkit.machine.program import NO_LIMIT, PhaseKind, Program
from dnkit.model import commands as cmd
from dnkit.model import events as ev
from dnkit.model.numbers import MBPS_ONE, ceil_div
from dnkit.model.terms import BUILDING, EndKind, Intent, OrderType, Side

_STAGES = {
    Stage.START: "(start)",
    Stage.LEAVE: "(leaving)",
    Stage.SWEEP: "(last sweep)",
    Stage.HALT: "(halting)",
    Stage.END: "(end)",
}


class OrderFact(msgspec.Struct):
    """One order of the run and what became of it. Totals as the venue told them: lots, ticks x lots, picos.

    `due2` and `sent2` are the leg's doubled mids when the leg became due and when the order was sent.
    `maker_worth` and `maker_fee` are the parts of worth and fee that came from maker fills.
    """

    leg: int
    order: int
    side: Side
    type: OrderType
    lots: int
    price: int
    phase: str
    rung: int
    adds_risk: bool
    sent_ns: int
    due2: int
    sent2: int
    cum: int = 0
    worth: int = 0
    fee: int = 0
    maker_worth: int = 0
    maker_fee: int = 0
    first_fill_ns: int = 0
    last_fill_ns: int = 0
    cancelled: bool = False
    moved: bool = False


class LegMids(msgspec.Struct):
    """Doubled mids of a leg: at the run's first book, when it became due, and last seen; 0 while unseen."""

    first2: int = 0
    due2: int = 0
    last2: int = 0
    waits: bool = False


class RunFacts(msgspec.Struct):
    """What a run did. `phase_ns` is time per phase in order of entry, `unhedged_money_ns` is in picos x ns.

    `quote` is the leg whose order went out first (-1: no order), `last` the state at the end. `naked_ns` is
    the longest time unhedged at a stretch (of a single position: uncovered by a stop), `pay_up` per leg the
    farthest a price was past the far touch, in mbps; `exposed` and `exposed_of` are the net exposure where it
    was the largest part of the larger leg, and that leg.
    """

    run: Run
    last: State
    legs: list[LegMids]
    orders: list[OrderFact]
    quote: int = -1
    first_ns: int = 0
    last_ns: int = 0
    phase_ns: dict[str, int] = {}
    unhedged_ns: int = 0
    unhedged_money_ns: int = 0
    stretch_ns: int = 0
    naked_ns: int = 0
    pay_up: list[int] = []
    exposed: int = 0
    exposed_of: int = 1
    reprices: int = 0
    spread_refusals: int = 0
    verify_conflicts: int = 0
    rejects: Counter[str] = msgspec.field(default_factory=Counter)
    alerts: int = 0

    @property
    def first_fill_ns(self) -> int:
        """Moment of the first fill, 0 without one."""
        return min((one.first_fill_ns for one in self.orders if one.cum), default=0)

    @property
    def last_fill_ns(self) -> int:
        """Moment of the last fill, 0 without one."""
        return max((one.last_fill_ns for one in self.orders if one.cum), default=0)


def gather(reader: Reader, run: Run) -> RunFacts | None:
    """Replay a run and note its facts; None when it has no line yet."""
    facts: RunFacts | None = None
    for one in replay(reader, run):
        facts = facts or no_facts(run, one)
        note(facts, one)
    return facts


def no_facts(run: Run, first: Step) -> RunFacts:
    """What is known of a run before its `first` step is noted."""
    facts = RunFacts(run, first.after, [LegMids() for _ in run.program.legs], [])
    facts.first_ns = first.after.now_ns
    facts.pay_up = [0 for _ in run.program.legs]
    return facts


def place(run: Run, state: State) -> str:
    """Where a run stands: the name of its phase, or of the stage around the phases in brackets."""
    if state.stage is Stage.PHASE:
        return run.program.phases[state.phase].name
    return _STAGES[state.stage]


def note(facts: RunFacts, one: Step) -> None:
    """Take the next step in."""
    event = one.event
    _note_time(facts, one)
    _note_exposure(facts, one.after)
    if isinstance(event, ev.BookRead):
        _note_book(facts, one, event)
    elif isinstance(event, ev.OrderFilled | ev.OrderEnded | ev.OrderFound | ev.OrderRejected):
        _note_order(facts, event)
    for command in one.commands:
        _note_command(facts, one, command)
    facts.reprices += _moves(one)
    facts.verify_conflicts += _is_conflict(facts.run, one)
    facts.last, facts.last_ns = one.after, one.after.now_ns


def _note_time(facts: RunFacts, one: Step) -> None:
    """Time since the last step belongs to the state that lasted."""
    program, before = facts.run.program, one.before
    passed = one.after.now_ns - before.now_ns if before.seq else 0
    name = place(facts.run, before)
    facts.phase_ns[name] = facts.phase_ns.get(name, 0) + passed
    if passed and not is_hedged(program, before.legs):
        facts.unhedged_ns += passed
        facts.unhedged_money_ns += net_money(program, before.legs) * passed
    facts.stretch_ns = facts.stretch_ns + passed if _is_naked(program, before) else 0
    facts.naked_ns = max(facts.naked_ns, facts.stretch_ns)


def _is_naked(program: Program, state: State) -> bool:
    """Unhedged; a single position only as far as no stop covers it."""
    if program.intent is Intent.SINGLE:
        return any(abs(leg.position) - _covered(leg) >= leg.least for leg in state.legs)
    return not is_hedged(program, state.legs)


def _covered(leg: Leg) -> int:
    """Lots that a stop still covers, as far as the venue told."""
    stop = leg.stop
    return stop.lots - stop.cum if stop is not None and stop.taken and stop.life < Life.OVER else 0


def _note_exposure(facts: RunFacts, state: State) -> None:
    """The net exposure against the larger leg: what the run is to open, or what it found open."""
    program = facts.run.program
    open_now = abs(net(program, state.legs))
    if not open_now:
        return
    most = max(
        _at_stake(program, leg) * exposure_per_lot(program, spec, leg)
        for spec, leg in zip(program.legs, state.legs, strict=True)
    )
    if open_now * facts.exposed_of > facts.exposed * max(most, 1):
        facts.exposed, facts.exposed_of = open_now, max(most, 1)


def _at_stake(program: Program, leg: Leg) -> int:
    """Lots of a leg that may be open: what it found, where that counts, and what it is to open."""
    found = 0 if program.relative else abs(leg.start)
    return found + (leg.clip if program.intent in BUILDING else 0)


def _note_book(facts: RunFacts, one: Step, book: ev.BookRead) -> None:
    """Mids of books that were traded on. START goes by the last of its books: it may have doubted others."""
    leg, starting = one.before.legs[book.leg], one.before.stage is Stage.START
    if not (is_two_sided(book) if starting else is_sane(book, leg)):
        return
    mids = facts.legs[book.leg]
    mids.last2 = book.bid + book.ask
    if starting or not mids.first2:
        mids.first2 = mids.last2
    if mids.waits:
        mids.due2, mids.waits = mids.last2, False
    facts.spread_refusals += _is_too_wide(facts.run, one, book)


def _is_too_wide(run: Run, one: Step, book: ev.BookRead) -> bool:
    """Whether a balanced pair asked for this book, found the spread over its limit, and sent nothing."""
    program, before = run.program, one.before
    if before.stage is not Stage.PHASE or not is_hedged(program, before.legs):
        return False
    limit = program.scopes[program.phases[before.phase].scope].limits.spread_max
    looking = [job for job in before.jobs if job.stage is JobStage.LOOK]
    asked = any((job.leg, job.request) == (book.leg, book.request) for job in looking)
    sent = any(isinstance(command, cmd.PlaceOrder) and command.leg == book.leg for command in one.commands)
    return limit != NO_LIMIT and asked and not sent and spread(book) > limit


def _find(facts: RunFacts, leg: int, order: int) -> OrderFact | None:
    return next((one for one in reversed(facts.orders) if (one.leg, one.order) == (leg, order)), None)


def _note_order(
    facts: RunFacts, event: ev.OrderFilled | ev.OrderEnded | ev.OrderFound | ev.OrderRejected
) -> None:
    order = _find(facts, event.leg, event.order)
    if order is None:
        return
    if isinstance(event, ev.OrderRejected):
        facts.rejects[event.why.value] += 1
        return
    if isinstance(event, ev.OrderEnded) and event.why is EndKind.POST_ONLY_CROSS:
        facts.rejects[event.why.value] += 1
    if event.cum > order.cum:
        maker = event.maker if isinstance(event, ev.OrderFilled) else order.type is OrderType.POST_ONLY
        _note_fill(facts, order, event, maker=maker)


def _note_fill(
    facts: RunFacts, order: OrderFact, event: ev.OrderFilled | ev.OrderEnded | ev.OrderFound, *, maker: bool
) -> None:
    """Book what exceeds the totals so far, as the engine's ledger does."""
    if maker:
        order.maker_worth += event.worth - order.worth
        order.maker_fee += event.fee - order.fee
    order.cum, order.worth, order.fee = event.cum, event.worth, event.fee
    order.first_fill_ns = order.first_fill_ns or event.at_ns
    order.last_fill_ns = event.at_ns
    if facts.run.program.intent is Intent.OPEN and order.leg == facts.quote:
        for index, mids in enumerate(facts.legs):
            if index != order.leg and mids.due2 == 0:
                mids.waits = True


def _note_command(facts: RunFacts, one: Step, command: cmd.Command) -> None:
    if isinstance(command, cmd.PlaceOrder):
        mids = facts.legs[command.leg]
        facts.pay_up[command.leg] = max(facts.pay_up[command.leg], _pay_up(command, one.after))
        sent2 = mids.last2 or 2 * command.price
        facts.quote = command.leg if facts.quote < 0 else facts.quote
        phase, _, rung = command.reason.rpartition("#")
        facts.orders.append(
            OrderFact(
                leg=command.leg,
                order=command.order,
                side=command.side,
                type=command.type,
                lots=command.lots,
                price=command.price,
                phase=phase,
                rung=int(rung),
                adds_risk=command.adds_risk,
                sent_ns=one.after.now_ns,
                due2=mids.due2 or mids.first2 or sent2,
                sent2=sent2,
            )
        )
    elif isinstance(command, cmd.CancelOrder):
        order = _find(facts, command.leg, command.order)
        if order is not None:
            order.cancelled = True
            order.moved = any(job.leg == command.leg and job.moving for job in one.after.jobs)
    elif isinstance(command, cmd.SendAlert):
        facts.alerts += 1


def _pay_up(order: cmd.PlaceOrder, state: State) -> int:
    """How far the order may go past the far touch of the book it was priced on, in mbps, rounded up."""
    leg = state.legs[order.leg]
    far = leg.ask if order.side is Side.BUY else leg.bid
    if order.stop or not far:
        return 0
    return max(0, ceil_div(order.side * (order.price - far) * MBPS_ONE, far))


def _moves(one: Step) -> int:
    """Resting orders that were taken back in this step to be moved."""
    if one.before.entered_ns != one.after.entered_ns:
        return 0
    pairs = zip(one.before.jobs, one.after.jobs, strict=False)
    return sum(after.moving and not before.moving for before, after in pairs)


def _is_conflict(run: Run, one: Step) -> bool:
    """Whether a verify phase was left in this step while venue and ledger disagreed."""
    before, after = one.before, one.after
    phase = run.program.phases[before.phase]
    if before.stage is not Stage.PHASE or phase.kind is not PhaseKind.VERIFY:
        return False
    left = after.stage is not Stage.PHASE or after.phase != before.phase
    legs = [after.legs[index] for index in run.program.scopes[phase.scope].legs]
    return left and any(leg.witness is not None and not agrees(leg) for leg in legs)
