"""Flatten: one single-leg run of the packaged policy per open position, side by side, after a plan that can
be read; once an operator asked a running command for it, again and again until nothing is open.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec

from dnkit.engine.step import begin
from dnkit.journal.records import Claims
from dnkit.machine.program import NO_LIMIT, LegSpec, Program
from dnkit.market.leg_book import LegBook
from dnkit.model.errors import DnkitError
from dnkit.model.numbers import MBPS_ONE, NS_PER_S, ceil_div, from_pico
from dnkit.model.terms import Risk, Side
from dnkit.runtime.cycles import UNASKED, Listener, Plan, carry_out, header_of, new_run_id
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.prepare import LegOptions, read_and_check, way_out
from dnkit.runtime.run import Floor, PaperRun, RunResult
from dnkit.venues.accounts import AccountRow

POLICY = "flatten"
AGAIN_NS, AGAIN_MAX_NS = 5 * NS_PER_S, 60 * NS_PER_S


class PlanRow(msgspec.Struct, frozen=True, kw_only=True):
    """What flattening one position would do. `bound` is the worst price, `cost` against mid with fees, None
    when the shown book does not hold the position inside the bound; `dust` says that the venue does not let
    it be traded.
    """

    venue: str
    symbol: str
    position: Decimal
    base: str
    quote: str
    side: str
    bid: Decimal
    ask: Decimal
    bound: Decimal
    cost: Decimal | None
    fees: Decimal
    dust: bool


def program_for(row: AccountRow, venues: VenueFacts) -> Program:
    """The flatten policy aimed at one account."""
    return program_at(row.venue, row.symbol, row.position > 0, venues)


def program_at(venue: str, symbol: str, long: bool, venues: VenueFacts) -> Program:
    """The flatten policy aimed at a symbol of a venue."""
    options = LegOptions(symbols=(symbol,), sides=("long" if long else "short",), venues=(venue,))
    return way_out(read_and_check(POLICY, venues, options=options))


def plan_row(row: AccountRow, program: Program, book: LegBook) -> PlanRow:
    """The plan for one position on the book as it is now; DnkitError without a two-sided book."""
    instrument, concession = program.legs[0].instrument, program.scopes[0].limits.concession_max
    if not book.bid or not book.ask:
        raise DnkitError(f"there is no two-sided book of {row.symbol} on {row.venue}")
    if concession == NO_LIMIT:
        raise DnkitError(f"policy {POLICY} bounds no price: it needs limits.max_concession")
    lots = instrument.to_lots_down(abs(row.position))
    side = Side.SELL if row.position > 0 else Side.BUY
    bound = _bound(book, side, concession)
    worth = _worth(book, side, lots, bound)
    mid2 = book.bid + book.ask
    against_mid = None if worth is None else side * (2 * worth - lots * mid2) * instrument.value // 2
    fees = instrument.fee(worth if worth is not None else lots * bound, maker=False)
    return PlanRow(
        venue=row.venue,
        symbol=row.symbol,
        position=row.position,
        base=instrument.base,
        quote=instrument.quote,
        side=side.name.lower(),
        bid=instrument.price(book.bid),
        ask=instrument.price(book.ask),
        bound=instrument.price(bound),
        cost=None if against_mid is None else from_pico(against_mid + fees),
        fees=from_pico(fees),
        dust=not instrument.tradable(mid2 // 2, lots),
    )


def _bound(book: LegBook, side: Side, concession: int) -> int:
    """The worst price of the deepest rung, on the safe side of rounding."""
    if side is Side.BUY:
        return book.ask * (MBPS_ONE + concession) // MBPS_ONE
    return ceil_div(book.bid * (MBPS_ONE - concession), MBPS_ONE)


def _worth(book: LegBook, side: Side, lots: int, bound: int) -> int | None:
    """Sum of price x lots of taking `lots` up to `bound`; None when the shown book does not hold them."""
    worth = 0
    for price, size in book.levels(side):
        if lots == 0 or (price - bound) * side > 0:
            break
        taken = min(lots, size)
        worth, lots = worth + taken * price, lots - taken
    return None if lots else worth


def run_all(
    floor: Floor,
    programs: Mapping[int, Program],
    book_names: Sequence[str],
    listener: Listener,
    exit_code: Callable[[RunResult], int],
    claims: Mapping[str, Claims] = UNASKED,
    group: str = "",
) -> tuple[RunResult, ...]:
    """Flatten every position at once: the program of number i trades book i. `claims` as in `Plan`."""
    group, runs = group or new_run_id(POLICY, 0), []
    for index, (book, program) in enumerate(programs.items()):
        plan = Plan(
            program=program,
            turned=program,
            books=(book,),
            book_names=(book_names[book],),
            cycles=len(programs),
            source=POLICY,
            group=group,
            claims=claims,
        )
        run_id = new_run_id(program.digest, index + 1)
        header = header_of(floor, plan, program, index + 1, run_id)
        run = PaperRun(floor, header, program, begin(program, run_id), plan.books, listener.stepped)
        listener.began(run)
        run.start()
        runs.append(run)
    return carry_out(floor, runs, listener, exit_code)


def flatten_rest(
    floor: Floor,
    legs: Sequence[LegSpec],
    book_names: Sequence[str],
    venues: VenueFacts,
    listener: Listener,
    exit_code: Callable[[RunResult], int],
    last: Sequence[RunResult] = (),
) -> Iterator[RunResult]:
    """Close whatever a command's `last` runs left on these legs, one book each, if the operator wants all
    flat.

    What cannot be closed, or not be looked at, is tried again with growing waits, as long as no signal puts
    an end to it: nobody who asked for flat is served by an engine that gives up.
    """
    sure = bool(last) and all(one.verified and one.ended.risk is not Risk.UNKNOWN for one in last)
    left, wait_ns = set(range(len(legs))), AGAIN_NS
    while left and floor.helm.wants_flat:
        try:
            programs = _programs(floor, legs, left, venues, sure=sure)
            results = run_all(floor, programs, book_names, listener, exit_code)
        except DnkitError as error:
            listener.note(f"cannot flatten now: {error}")
        else:
            yield from results
            ended = zip(programs, results, strict=True)
            left, sure = {leg for leg, one in ended if not (one.verified and one.is_flat)}, False
        if floor.helm.released or not left:
            return
        listener.note(f"not flat yet; tried again in {wait_ns // NS_PER_S} s")
        floor.world.settle(wait_ns)
        wait_ns = min(2 * wait_ns, AGAIN_MAX_NS)


def _programs(
    floor: Floor, legs: Sequence[LegSpec], left: Iterable[int], venues: VenueFacts, *, sure: bool
) -> dict[int, Program]:
    """A program for each leg that holds anything; where nobody is `sure` what is held, for each leg."""
    held = {leg: floor.house.account(legs[leg]).lots for leg in left}
    return {
        leg: program_at(legs[leg].instrument.venue, legs[leg].instrument.symbol, lots > 0, venues)
        for leg, lots in held.items()
        if lots or not sure
    }
