"""Runs a policy once or several times on one paper floor. Directions alternate, positions stay within one
clip.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Protocol

import msgspec

from dnkit.engine.state import State
from dnkit.engine.step import begin
from dnkit.journal.records import Claims, LegHeader, RunHeader
from dnkit.machine.program import LegSpec, Program
from dnkit.model.errors import DnkitError
from dnkit.model.events import Event
from dnkit.model.ids import RUN_ID_LENGTH
from dnkit.model.numbers import NS_PER_S
from dnkit.model.terms import PAPER, EndName, Intent
from dnkit.readers.claims import compare
from dnkit.readers.facts import gather
from dnkit.runtime import seeding
from dnkit.runtime.ready import NotReady, unready, words
from dnkit.runtime.run import Floor, PaperRun, RunResult

GAP_NS = 2 * NS_PER_S  # market time between two cycles, so that they do not meet the same resting orders
RUN_CALLS = 16  # to one venue: sweeps, reads, an order or two a leg, a cancel and a look-up
FIRST_GUESS_NS = 30 * NS_PER_S  # how long a cycle may take while none was seen
UNASKED: Mapping[str, Claims] = {}


class Listener(Protocol):
    """Is told what happens, for the display."""

    def note(self, text: str) -> None:
        """Something the user should know."""

    def began(self, run: PaperRun) -> None:
        """A run begins."""

    def stepped(self, event: Event, state: State) -> None:
        """A step was written."""

    def ended(self, result: RunResult) -> None:
        """A run has ended and was judged."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to run: the program and the same program with its legs' sides swapped, and what the header tells
    of it.

    `books` are the legs' books in the world and `book_names` what they are called; `alerts` are
    (occasion, level) pairs; `group` ties the cycles together; `claims` are what was proved, by the digest of
    the program.
    """

    program: Program
    turned: Program
    books: tuple[int, ...]
    book_names: tuple[str, ...]
    cycles: int = 1
    source: str = ""
    reason: str = ""
    params: tuple[tuple[str, str], ...] = ()
    alerts: tuple[tuple[str, str], ...] = ()
    group: str = ""
    claims: Mapping[str, Claims] = UNASKED


def run_cycles(
    floor: Floor, plan: Plan, listener: Listener, exit_code: Callable[[RunResult], int]
) -> Iterator[RunResult]:
    """One result per cycle. Stops early when the market data ends, when a stop was asked for, or when a run
    halts.
    """
    turned, longest = False, FIRST_GUESS_NS
    for cycle in range(1, plan.cycles + 1):
        if cycle > 1:
            _rest(floor)
        why = _hindrance(floor, plan, cycle, longest if cycle > 1 else 0)
        if why is not None:
            listener.note(f"{why}{plan.cycles - cycle + 1} of {plan.cycles} cycles were not started")
            return
        turned = _direction(floor, plan, turned) if cycle > 1 else False
        result = _one(floor, plan, plan.turned if turned else plan.program, cycle, listener, exit_code)
        yield result
        longest = max(longest if cycle > 1 else 0, result.ended_ns - result.began_ns)
        if result.stopped or result.trouble or not result.verified or floor.helm.leaving:
            return


def _hindrance(floor: Floor, plan: Plan, cycle: int, longest_ns: int) -> str | None:
    """Why a cycle cannot begin, "" where somebody asked for the end, None where it can. NotReady for the
    first one where an account is not fit for it.
    """
    if cycle > 1 and floor.helm.leaving:
        return ""
    if _out_of_time(floor, longest_ns):
        return "the market data ends: "
    wrong = unready(floor, plan.program, plan.books)
    if wrong and cycle == 1:
        raise NotReady(words(wrong))
    return f"{words(wrong)}: " if wrong else None


def _rest(floor: Floor) -> None:
    """Let a moment pass; while the operator pauses, until that is over; where a venue is down to its reserve,
    until a run's calls fit again.
    """
    floor.world.settle(GAP_NS)
    while floor.helm.paused and not floor.helm.leaving:
        floor.world.linger()
    low = [one for one in floor.traffic.values() if one.budget.is_low(floor.world.now())]
    while not floor.helm.leaving and not all(
        one.budget.has_room_for(RUN_CALLS, floor.world.now()) for one in low
    ):
        floor.world.settle(GAP_NS)


def _out_of_time(floor: Floor, wanted_ns: int) -> bool:
    world = floor.world
    return world.over or (world.end_ns is not None and world.now() + wanted_ns > world.end_ns)


def _direction(floor: Floor, plan: Plan, turned: bool) -> bool:
    """Whether the next cycle is the turned one: the other way round, or against what is held."""
    if plan.program.intent is not Intent.OPEN:
        return not turned
    first, book = plan.program.legs[0], floor.world.books[plan.books[0]]
    account = floor.house.account(first)
    if seeding.is_empty(first.instrument, account, (book.bid + book.ask) // 2):
        return not turned
    return account.lots * first.side > 0


def _one(
    floor: Floor,
    plan: Plan,
    program: Program,
    cycle: int,
    listener: Listener,
    exit_code: Callable[[RunResult], int],
) -> RunResult:
    _seed(floor, plan, program, listener)
    run_id = new_run_id(program.digest, cycle)
    header = header_of(floor, plan, program, cycle, run_id)
    state, alerts = begin(program, run_id), dict(plan.alerts)
    run = PaperRun(floor, header, program, state, plan.books, listener.stepped, alerts)
    listener.began(run)
    run.start()
    return carry_out(floor, (run,), listener, exit_code)[0]


def carry_out(
    floor: Floor, runs: Sequence[PaperRun], listener: Listener, exit_code: Callable[[RunResult], int]
) -> tuple[RunResult, ...]:
    """Move the world until every started run has ended, and close them."""
    try:
        floor.world.advance(lambda: all(run.over() for run in runs))
        if floor.world.over:
            listener.note("the market data ended meanwhile; its last books stood still until all was done")
        results = tuple(run.close(exit_code) for run in runs)
    except DnkitError as error:
        results = tuple(run.abandon(error) for run in runs)
        for run in runs:
            run_id = run.header.run_id
            listener.note(f"run {run_id} is cut off; mend the cause, then dnkit trade --resume {run_id}")
    for result in results:
        listener.ended(result)
        _tell_exceeded(floor, result)
        if result.ended.end is EndName.PROTECTED:
            listener.note("on paper the protective stop rests in this process only and ends with it")
    return results


def _tell_exceeded(floor: Floor, result: RunResult) -> None:
    """An alert for every bound that was claimed of a run and did not hold. The run is over by then, and what
    a faulty journal cannot tell is left to `dnkit report`.
    """
    run = None if result.trouble else floor.reader.run(result.run_id)
    if run is None or run.header.claims is None:
        return
    facts = gather(floor.reader, run)
    for row in compare(facts) if facts is not None else ():
        if row.exceeded:
            floor.pager.raise_alert(row.alert, result.run_id)


def _seed(floor: Floor, plan: Plan, program: Program, listener: Listener) -> None:
    """Empty paper accounts get the start this intent needs."""
    if floor.house.mode != PAPER:
        return
    mids = [_mid(floor, book) for book in plan.books]
    accounts = [floor.house.account(spec) for spec in program.legs]
    legs = zip(program.legs, accounts, mids, strict=True)
    if not all(seeding.is_empty(spec.instrument, account, mid) for spec, account, mid in legs):
        return
    starts = seeding.starts(program, mids)
    for start in starts:
        spec = program.legs[start.leg]
        seeded = floor.house.endow(spec, accounts[start.leg], start.lots, start.price)
        seeding.note(floor.journal, seeded, "seeded by trade")
    if starts:
        told = ", ".join(seeding.words(program.legs[start.leg], start) for start in starts)
        listener.note(f"the paper accounts were empty; they start with {told}")


def _mid(floor: Floor, book: int) -> int:
    seen = floor.world.books[book]
    if not seen.bid or not seen.ask:
        raise DnkitError(f"the market has no two-sided book of leg {book + 1} yet")
    return (seen.bid + seen.ask) // 2


def header_of(floor: Floor, plan: Plan, program: Program, cycle: int, run_id: str) -> RunHeader:
    """The header of one run of a plan."""
    return RunHeader(
        run_id=run_id,
        mode=floor.house.mode,
        market=floor.house.market,
        policy=program.name,
        started_ns=floor.world.now(),
        legs=leg_headers(program.legs, plan.book_names),
        wall_ns=time.time_ns(),
        source=plan.source,
        reason=plan.reason,
        params=plan.params,
        cycle=cycle,
        cycles=plan.cycles,
        group=plan.group,
        claims=plan.claims.get(program.digest),
    )


def leg_headers(legs: Sequence[LegSpec], books: Sequence[str]) -> tuple[LegHeader, ...]:
    """What a run's header tells of its legs."""
    return tuple(
        LegHeader(
            name=leg.name,
            venue=leg.instrument.venue,
            symbol=leg.instrument.symbol,
            side=leg.side,
            tick=leg.instrument.tick,
            lot=leg.instrument.lot,
            base=leg.instrument.base,
            quote=leg.instrument.quote,
            book=book,
        )
        for leg, book in zip(legs, books, strict=True)
    )


def new_run_id(digest: str, cycle: int) -> str:
    """An id no other run has: from the program, the wall clock, the process and the cycle."""
    seed = f"{digest}:{time.time_ns()}:{os.getpid()}:{cycle}"
    return blake2b(seed.encode(), digest_size=RUN_ID_LENGTH // 2).hexdigest()
