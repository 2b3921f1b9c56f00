"""What may be answered to a read: positions, sweeps, books."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from msgspec.structs import replace

from dnkit.analysis.canon import FILLED_LATELY, NOW
from dnkit.analysis.move import SILENCE_NS, Here, Kind, Move
from dnkit.analysis.order_moves import totals
from dnkit.analysis.proof import NONE
from dnkit.analysis.world import Fate, LegWorld, Quest, filled_to, with_order
from dnkit.engine.jobs import LOOK_EVERY_NS, LOOKS_MAX
from dnkit.engine.state import JobStage, Stage
from dnkit.machine.program import NO_LIMIT, Limits
from dnkit.model import events as ev
from dnkit.model.numbers import MBPS_ONE

PLENTY = 10**9
MUCH = 10**30


def quests(here: Here) -> Iterator[Move]:
    """Answers to the reads of the leg."""
    for quest in here.side.quests:
        kind, request, extra = quest
        side = replace(here.side, quests=tuple(one for one in here.side.quests if one != quest))
        if kind is Quest.POSITION:
            yield from _position(here, side, request)
        elif kind is Quest.SWEEP:
            yield from _sweep(here, side, request, extra)
        else:
            yield from _book(here, side, request)


def _failing(here: Here, failed: Move) -> Iterator[Move]:
    """A read that fails: for nothing where the venue is down, else as a slip, or because it goes down."""
    if here.is_down:
        yield failed
    else:
        yield replace(failed, kind=Kind.SLIP)
        yield here.fall(failed)


def _position(here: Here, side: LegWorld, request: int) -> Iterator[Move]:
    index = here.index

    def read(lots: int | None) -> ev.PositionRead:
        return ev.PositionRead(NOW, index, request, lots, NOW)

    yield from _failing(here, here.move("position read failed", read(None), side, spent=SILENCE_NS))
    if here.is_down:
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
        [(order, total) for total in totals(here, order)]
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
    """Positions that were true once, or that an empty list is read as; one between two fills among them."""
    leg = here.leg
    between = leg.position + here.ground.legs[here.index].chunk
    return tuple(one for one in dict.fromkeys((0, leg.start, leg.position, between)) if one != truth)


def _sweep(here: Here, side: LegWorld, request: int, kept: int) -> Iterator[Move]:
    index = here.index
    failed = ev.OrdersSwept(NOW, index, request, False, 0)
    yield from _failing(here, here.move("sweep failed", failed, side, spent=SILENCE_NS))
    if here.is_down:
        return
    stray = [one for one in side.orders if one.fate is Fate.LIVE and one.n != kept]
    for one in stray:
        side = with_order(side, replace(one, fate=Fate.SHUT))
    event = ev.OrdersSwept(NOW, index, request, True, len(stray))
    yield here.move(f"sweep: {len(stray)} found and cancelled", event, side)
    if stray:
        what = f"sweep unanswered, {len(stray)} cancelled"
        yield from _failing(here, here.move(what, failed, side, spent=SILENCE_NS))


def _book(here: Here, side: LegWorld, request: int) -> Iterator[Move]:
    missing = ev.BookMissing(NOW, here.index, request, "no book")
    failed = here.move("no book", missing, side, spent=SILENCE_NS)
    if here.is_down:
        yield _blind(here, failed)
        return
    yield from _failing(here, failed)
    plain = _good_book(here, request)
    if any(job.stage is JobStage.ORDER and job.leg == here.index for job in here.state.jobs):
        yield here.move("the touch moved", _moved(here, plain), side)
        return
    yield here.move("book read", plain, side)
    if not _is_awaited(here, request):
        return
    for worse in _worse_books(here, plain):
        refuses = worse.kind is Kind.FREE and worse.book.reach == PLENTY
        yield here.move(worse.what, worse.book, side, kind=worse.kind, refuses=refuses, short=worse.within)


def good_book(here: Here) -> Iterator[Move]:
    """The plain answer to the leg's read of its book, if one is asked."""
    for quest in here.side.quests:
        if quest[0] is Quest.BOOK:
            quests_left = tuple(one for one in here.side.quests if one != quest)
            yield here.move("book read", _good_book(here, quest[1]), replace(here.side, quests=quests_left))


def _blind(here: Here, failed: Move) -> Move:
    """The last of the looks that a venue which is down leaves unanswered one after another."""
    jobs, spent = list(here.state.jobs), failed.spent
    for slot, job in enumerate(jobs):
        if job.leg == here.index and job.stage is JobStage.LOOK:
            spent += (LOOKS_MAX - job.looks) * (SILENCE_NS + LOOK_EVERY_NS)
            jobs[slot] = replace(job, looks=LOOKS_MAX)
    return replace(failed, state=replace(here.state, jobs=tuple(jobs)), spent=spent)


def _is_awaited(here: Here, request: int) -> bool:
    """Whether anything still depends on that answer."""
    looks = (job for job in here.state.jobs if job.leg == here.index and job.stage is JobStage.LOOK)
    return here.state.stage is Stage.START or any(job.request == request for job in looks)


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


class _Worse(NamedTuple):
    """A book that is of less use. One that holds the quantity within `within` mbps is not like that."""

    what: str
    book: ev.BookRead
    kind: Kind = Kind.FREE
    within: int = NONE


def _worse_books(here: Here, book: ev.BookRead) -> Iterator[_Worse]:
    program = here.ground.program
    limits = program.scopes[program.phases[here.state.phase].scope].limits
    starting = here.state.stage is Stage.START
    if here.ground.refusable and not starting:
        yield _Worse("book refused by a limit", _refused(limits, book), within=MBPS_ONE)
        if limits.book_age_ns != NO_LIMIT:
            yield _Worse("book too old", replace(book, age_ns=limits.book_age_ns + 1), Kind.SLIP)
    within = program.impact_max if starting else limits.depth_within
    if within != NO_LIMIT:
        part = here.ground.legs[here.index].chunk
        yield _Worse("book holds a part", replace(book, reach=part), within=within)
        yield _Worse("book holds nothing", replace(book, reach=0), within=within)


def _refused(limits: Limits, book: ev.BookRead) -> ev.BookRead:
    """A book that breaks a limit without moving the mid."""
    if limits.spread_max != NO_LIMIT:
        by = book.ask * limits.spread_max // MBPS_ONE + 1
        return replace(book, bid=book.bid - by, ask=book.ask + by)
    if limits.depth_within != NO_LIMIT and not limits.depth_shrink:
        return replace(book, reach=0)
    return replace(book, bid_lots=1, ask_lots=1, volume=-1)
