"""START: before any order, sweep leftovers of our own, learn the positions, see the books.

An opening quantity needs two witnesses: the journal's ledger and the venue's read, or two reads a lag budget
apart. So does a first price: it decides the clip and what counts as dust, and all later books are held
against it.
"""

from msgspec.structs import replace

from dnkit.engine.books import is_near, is_two_sided, within
from dnkit.engine.exposure import amount_lots, lots_min
from dnkit.engine.phases import ask_sweep, forget_answers
from dnkit.engine.sizing import OPENING, clip_lots
from dnkit.engine.state import Answer, Leg
from dnkit.engine.turn import Turn
from dnkit.engine.verify import settle_answers
from dnkit.machine import program as pg
from dnkit.model.commands import ReadBook, ReadPosition
from dnkit.model.errors import BugError
from dnkit.model.events import BookRead, Started
from dnkit.model.numbers import NS_PER_MS
from dnkit.model.terms import EndName

SWEEP, READ, LAG, AGAIN, BOOKS = range(5)
TRIES_MAX = 5
FAILURES = (
    "cannot list own orders",
    "cannot read positions",
    "",
    "cannot read positions",
    "no book to go by",
)
EVERY_NS = 500 * NS_PER_MS
APART_NS = 2_500 * NS_PER_MS  # two looks so far apart are no one bad print


def absorb(turn: Turn, event: Started) -> None:
    """Take over what the journal knows of the legs and ask for the sweep."""
    for index, (known, cost) in enumerate(zip(event.ledger, event.entry, strict=True)):
        turn.update_leg(index, first_witness=known, entry=cost)
    turn.update(started_ns=turn.now, entered_ns=turn.now)
    _ask(turn, SWEEP)


def restart(turn: Turn) -> None:
    """Begin START anew after a crash; no order had gone out yet.

    Once reads were compared, the first of two may be from before the crash: then it takes two new ones.
    """
    for index in range(len(turn.legs)):
        turn.update_leg(index, witness=None)
        if turn.state.step > READ:
            turn.update_leg(index, first_witness=None)
    _fresh(turn)
    _ask(turn, SWEEP)


def _ask(turn: Turn, step: int) -> None:
    """Put the questions of a step to every leg that has not answered it well."""
    turn.update(step=step, timer_ns=0)
    for index, leg in enumerate(turn.legs):
        if leg.answer is Answer.GOOD:
            continue
        if step == SWEEP:
            ask_sweep(turn, index)
        elif step == BOOKS:
            _ask_book(turn, index)
        else:
            turn.commands.append(ReadPosition(index, turn.ask_leg(index)))


def _ask_book(turn: Turn, index: int) -> None:
    program, limits = turn.program, turn.program.scopes[0].limits
    spec, leg = program.legs[index], turn.legs[index]
    depth = within(limits) if program.impact_max == pg.NO_LIMIT else program.impact_max
    lots = max(1, clip_lots(spec, leg))
    turn.commands.append(
        ReadBook(index, turn.ask_leg(index), spec.side, lots, depth, limits.volume_ns, limits.stale_rest)
    )


def hear_book(turn: Turn, book: BookRead) -> None:
    """Take in a book; it is a good answer once something else speaks for its price."""
    if not is_two_sided(book):
        turn.settle_leg(book.leg, book.request, good=False)
        return
    spec, before = turn.program.legs[book.leg], turn.legs[book.leg]
    least = lots_min(spec.instrument, book.bid, book.ask)
    turn.update_leg(book.leg, bid=book.bid, ask=book.ask, least=least, reach=book.reach)
    mates = [index for index in range(len(turn.legs)) if _is_mate(turn.program, book.leg, index)]
    agreeing = [index for index in mates if _is_priced_like(turn, book.leg, index)]
    good = bool(agreeing) if mates else _is_known(before, book)
    turn.settle_leg(book.leg, book.request, good=good)
    for index in agreeing:
        if turn.legs[index].answer is Answer.BAD:
            turn.update_leg(index, answer=Answer.GOOD)


def _is_mate(program: pg.Program, index: int, other: int) -> bool:
    """Whether another leg trades the same coin."""
    one, two = program.legs[index].instrument, program.legs[other].instrument
    return index != other and one.base == two.base


def _is_priced_like(turn: Turn, index: int, other: int) -> bool:
    """Whether two legs' last books have the same price of a coin."""
    (one, here), (two, there) = ((turn.program.legs[at].instrument, turn.legs[at]) for at in (index, other))
    return is_near(
        (here.bid + here.ask) * one.value * two.lot_base, (there.bid + there.ask) * two.value * one.lot_base
    )


def _is_known(leg: Leg, book: BookRead) -> bool:
    """Whether the price is the one that the position was entered at, or that of the book before."""
    twice = book.bid + book.ask
    if is_near(twice, leg.bid + leg.ask):
        return True
    return bool(leg.entry) and is_near(twice * abs(leg.position), 2 * abs(leg.entry or 0))


def advance(turn: Turn) -> pg.Target | None:
    """Move START on; the first phase when all is known, an end or a halt when it cannot be, else None."""
    state = turn.state
    if state.timer_ns:
        if turn.now < state.timer_ns:
            return None
        _ask(turn, AGAIN if state.step == LAG else state.step)
        return None
    if not settle_answers(turn, tuple(range(len(state.legs)))):
        return None
    if any(leg.answer is Answer.BAD for leg in turn.legs):
        return _retry(turn, FAILURES[state.step])
    return _next(turn)


def _retry(turn: Turn, why: str) -> pg.Target | None:
    tries = turn.state.tries + 1
    if tries >= TRIES_MAX:
        return pg.Target(pg.TargetKind.HALT, text=why)
    apart = turn.state.step == BOOKS and any(_rests_on_price(turn, leg) for leg in turn.legs)
    turn.update(tries=tries, timer_ns=turn.now + (APART_NS if apart else EVERY_NS))
    return None


def _rests_on_price(turn: Turn, leg: Leg) -> bool:
    """Whether much rests on a price that nothing else speaks for: how much to open, or that what is open is
    too little to trade. Getting out of the rest cannot wait.
    """
    if leg.answer is not Answer.BAD or not leg.bid:
        return False
    return turn.program.intent in OPENING or 0 < abs(leg.position) < leg.least


def _next(turn: Turn) -> pg.Target | None:
    step = turn.state.step
    if step == SWEEP:
        _fresh(turn)
        _ask(turn, READ)
    elif step == READ:
        return _compare(turn)
    elif step == AGAIN:
        return _compare_again(turn)
    else:
        return _sized(turn)
    return None


def _fresh(turn: Turn) -> None:
    forget_answers(turn)
    turn.update(tries=0)


def _compare(turn: Turn) -> pg.Target | None:
    """Legs whose read equals the journal's ledger are known; the others are read again a lag budget later."""
    doubted = [index for index, leg in enumerate(turn.legs) if leg.first_witness != leg.witness]
    if not doubted:
        _open_books(turn)
        return None
    for index in doubted:
        turn.update_leg(index, first_witness=turn.legs[index].witness, entry=None, answer=Answer.NONE)
    lag = max(turn.program.legs[index].position_lag_ns for index in doubted)
    turn.update(step=LAG, tries=0, timer_ns=turn.now + max(lag, EVERY_NS))
    return None


def _compare_again(turn: Turn) -> pg.Target | None:
    for index, leg in enumerate(turn.legs):
        if leg.first_witness != leg.witness:
            turn.update_leg(index, first_witness=leg.witness, answer=Answer.NONE)
    if any(leg.answer is Answer.NONE for leg in turn.legs):
        target = _retry(turn, "positions do not settle: books disagree")
        if target is None:
            turn.update(step=LAG)
        return target
    _open_books(turn)
    return None


def _open_books(turn: Turn) -> None:
    for index, leg in enumerate(turn.legs):
        position = leg.witness
        if position is None:
            raise BugError("an opening position nobody read")
        entry = 0 if position == 0 else leg.entry
        turn.update_leg(index, position=position, start=position, entry=entry, known=True)
    _fresh(turn)
    _ask(turn, BOOKS)


def _sized(turn: Turn) -> pg.Target:
    """Fix the clip in lots at the mid just seen, and check it against the book where the policy says so."""
    for index, leg in enumerate(turn.legs):
        spec = turn.program.legs[index]
        clip = replace(leg, clip=clip_lots(spec, leg))
        if turn.program.impact_max != pg.NO_LIMIT and turn.program.intent in OPENING:
            clip = replace(clip, clip=_within_impact(turn.program.size_mode, clip))
            if clip.clip < clip.least:
                return pg.Target(pg.TargetKind.DONE, end=EndName.IDLE, text="clip does not fit the book")
        hedge_min = amount_lots(spec, clip, turn.program.scopes[0].limits.hedge_min)
        turn.set_leg(index, replace(clip, hedge_min=hedge_min))
    forget_answers(turn)
    return pg.Target(pg.TargetKind.PHASE, phase=turn.program.start)


def _within_impact(mode: pg.SizeMode, leg: Leg) -> int:
    """The clip the size mode allows: all of it where the book reaches that far or the mode is aggressive."""
    if leg.reach >= leg.clip or mode is pg.SizeMode.AGGRESSIVE:
        return leg.clip
    return 0 if mode is pg.SizeMode.STRICT else leg.reach
