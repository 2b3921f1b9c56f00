"""Engine and compiler, broken on purpose: what is broken, and who sees it.

A mutant differs from the real thing in one spot of one function, as a slip would. Where orders, ends or paths
tell, a proof sees it, and the table says with how few faults and moves. Where they do not (prices inside the
book, facts of venues, reads that no venue gives) a test of the engine or the compiler does.
"""

import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from dnkit.analysis.prove import NAMES
from dnkit.engine import (
    books,
    ends,
    exposure,
    guards,
    jobs,
    ledger,
    orders,
    phases,
    placing,
    pricing,
    sizing,
    start,
    step,
    verify,
    wake,
)
from dnkit.machine import program as pg
from dnkit.machine.orders import Ask, Life, Move, News
from dnkit.machine.program import PhaseKind
from dnkit.model import events as ev
from dnkit.model.terms import EndName, FoundKind, Intent, OrderType, Side
from dnkit.policies.compile import jobs as compile_jobs
from dnkit.policies.compile import legs as compile_legs
from dnkit.policies.compile import limits as compile_limits
from dnkit.policies.compile import phases as compile_phases
from dnkit.policies.compile import policy as compile_policy
from tests.compile import test_compile, test_on_engine, test_shipped
from tests.compile.helpers import program_of, shipped
from tests.engine import programs, test_hostile, test_last_word, test_order_table, test_stories
from tests.engine.harness import BPS, S, done, leg, phase, phase_target, program
from tests.engine.programs import LIMITS, open_hedged, rest_job, take_job, unwind_one
from tests.props import test_shipped_policies
from tests.sim import test_shipped_scenarios
from tests.stories import test_incidents

Change = Callable[[pytest.MonkeyPatch], None]


class Proof(NamedTuple):
    """The property that breaks in a program, with the fewest faults and the fewest moves that takes. `steps`
    is None where no single state shows it.
    """

    id: str
    program: Callable[[], pg.Program]
    faults: int = 0
    steps: int | None = None
    crashes: bool = False


class Check(NamedTuple):
    """A test that fails, and what it is called with."""

    test: Callable[..., None]
    args: tuple[Any, ...] = ()


class Mutant(NamedTuple):
    """`what` says in plain words what is broken, `changes` break it."""

    name: str
    what: str
    changes: tuple[Change, ...]
    caught: Proof | Check


@contextmanager
def broken(mutant: Mutant) -> Iterator[None]:
    """Engine and compiler as the mutant has them."""
    with pytest.MonkeyPatch.context() as patch:
        for change in mutant.changes:
            change(patch)
        yield


def table() -> str:
    """One row per mutant: who catches it."""
    head = ("| mutant | caught by | faults | in steps |", "|---|---|---|---|")
    return "\n".join((*head, *(_row(one) for one in MUTANTS), ""))


def _row(mutant: Mutant) -> str:
    caught, what = mutant.caught, f"{mutant.name}: {mutant.what}"
    if isinstance(caught, Check):
        return f"| {what} | `{caught.test.__name__}` | | |"
    steps = "" if caught.steps is None else caught.steps
    return f"| {what} | {caught.id} {NAMES[caught.id].name} | {caught.faults} | {steps} |"


# --- how things are broken --------------------------------------------------------------------------


def line(function: Any, old: str, new: str) -> Change:
    """One spot of a function's text is another; all who hold the function run that."""

    def change(patch: pytest.MonkeyPatch) -> None:
        text = textwrap.dedent(inspect.getsource(function))
        assert text.count(old) == 1, f"{function.__name__} holds {text.count(old)} times: {old}"
        names = dict(function.__globals__)
        exec(compile(text.replace(old, new), "<mutant>", "exec"), names)
        patch.setattr(function, "__code__", names[function.__name__].__code__)

    return change


def value(where: Any, name: str, instead: Any) -> Change:
    """A module has another value under a name."""
    return lambda patch: patch.setattr(where, name, instead)


def entry(where: dict[Any, Any], key: Any, instead: Any) -> Change:
    """A dictionary has another entry."""
    return lambda patch: patch.setitem(where, key, instead)


def cells(lives: tuple[Life, ...], news: News, move: Move) -> Change:
    """An order's life goes another way."""
    rows = [list(row) for row in orders.TABLE]
    for life in lives:
        rows[life][news] = move
    return value(orders, "TABLE", tuple(tuple(row) for row in rows))


# --- what shows it ----------------------------------------------------------------------------------

OPEN = (Life.SENT, Life.WORKING, Life.CANCELLING, Life.UNSURE)


def emergency_unwind() -> pg.Program:
    return _shipped("emergency_unwind")


def post_only_hedge() -> pg.Program:
    return _shipped("open_post_only_hedge")


def baseline() -> pg.Program:
    return _shipped("perps_baseline")


def _shipped(name: str) -> pg.Program:
    found = shipped(name)
    assert found is not None
    return program_of(found[1])


def slow_look_up() -> pg.Program:
    """A venue that may not know an order for longer than it may leave it unanswered."""
    return unwind_one(legs=(leg("a", Side.BUY, lookup_lag_ns=5 * S),))


def narrow() -> pg.Program:
    """A ladder that would go further than its policy allows."""
    return unwind_one(limits=replace(LIMITS, concession_max=8 * BPS))


def capped() -> pg.Program:
    """A market order whose only bounds are its cap and the policy's."""
    return _one_take(take_job(0, pg.SizeKind.POSITION, (), type=OrderType.MARKET, cap=10 * BPS, reduces=True))


def amount(lots: int) -> Callable[[], pg.Program]:
    """A ladder for a fixed amount."""
    size = pg.SizeKind.FIXED
    return lambda: _one_take(take_job(0, size, amount=pg.Amount(lots=lots), reduces=True))


def _one_take(job: pg.Job) -> pg.Program:
    over = {"ok": done(EndName.FLAT)}
    take = phase("take", PhaseKind.TAKE, dict.fromkeys(("filled", "short"), phase_target(1)), jobs=(job,))
    phases = (take, programs.verify(EndName.FLAT, over, visits=1))
    return program(phases, (leg("a", Side.BUY),), Intent.UNWIND, limits=LIMITS, recover=1)


def idle_after_a_part() -> pg.Program:
    """Whatever the quote has filled, it is called idle."""
    idle = done(EndName.IDLE)
    quote = phase(
        "quote",
        PhaseKind.REST,
        dict.fromkeys(("filled", "partial", "none", "rejected"), idle),
        jobs=(rest_job(0, pg.SizeKind.CLIP),),
        for_ns=5 * S,
    )
    return program((quote,), (leg("a", Side.BUY),), Intent.SINGLE, limits=LIMITS)


def following() -> pg.Program:
    """Orders that follow the touch."""
    return test_hostile.followed(unwind_one)


def called() -> pg.Program:
    """A close that runs an unwind; nothing in the text says that orders only reduce."""
    return program_of(test_compile.OUTER, inner=test_compile.INNER)


def called_market() -> pg.Program:
    """An unwind with a market order, run by a close that forbids it."""
    inner = test_compile.INNER.replace("type: ioc, ladder: [5bps]", "type: market, cap: 5bps")
    return program_of(test_compile.OUTER, inner=inner)


def called_further() -> pg.Program:
    """An unwind that may pay more than the close that runs it."""
    outer = test_compile.OUTER.replace("max_concession: 20bps", "max_concession: 5bps")
    return program_of(outer, inner=test_compile.INNER.replace("[5bps]", "[10bps]"))


def scenario(name: str) -> tuple[Any, ...]:
    return (next(path for path in test_shipped_scenarios.PATHS if path.stem == name),)


# --- the table --------------------------------------------------------------------------------------

ORDERS = (
    Mutant(
        "lost cancel",
        "a cancel is counted and no request leaves",
        (line(orders._cancel, "turn.commands.append(", "len("),),
        Check(test_stories.test_nobody_fills_and_the_ladder_closes_both_legs_at_once),
    ),
    Mutant(
        "forgotten order",
        "with its cancel sent an order counts as over",
        (cells((Life.WORKING,), News.WITHDRAW, Move(Life.OVER, Ask.CANCEL)),),
        Proof("P11", unwind_one),
    ),
    Mutant(
        "hasty cancel",
        "a cancel does not wait for the answer to the placement",
        (
            line(
                orders.withdraw,
                "learn(turn, index, slot, order, News.WITHDRAW)",
                "turn.update_leg(index, **{slot: _cancel(turn, index, replace(order, life=Life.CANCELLING))})",
            ),
        ),
        Check(test_stories.test_silence_is_doubt_after_the_answer_time_and_not_before),
    ),
    Mutant(
        "unknown taken as rejected",
        "an order whose answer is lost counts as over",
        (cells(OPEN, News.ANSWER_LOST, Move(Life.OVER)),),
        Proof("P12", unwind_one, 1, crashes=True),
    ),
    Mutant(
        "silence taken as rejected",
        "an order that is not answered in time counts as over",
        (cells(OPEN, News.OVERDUE, Move(Life.OVER)),),
        Proof("P12", unwind_one, 1),
    ),
    Mutant(
        "blind end taken as told",
        "an end without a total counts as one with it",
        (line(orders.news_of, "event.cum >= 0 or order.cum >= order.lots", "True"),),
        Proof("P12", emergency_unwind),
    ),
    Mutant(
        "absent believed at once",
        "the first look-up that knows no such order is the last word",
        (line(orders._after_failure, "order.absents >= FINDS_MIN and asked", "asked"),),
        Proof("P12", slow_look_up, 1),
    ),
    Mutant(
        "absent inside the lag believed",
        "two look-ups that know no such order are enough, however early",
        (line(orders._after_failure, " and asked_ns >= order.sent_ns + spec.lookup_lag_ns", ""),),
        Check(test_stories.test_absent_is_a_final_word_only_after_the_venues_lag),
    ),
    Mutant(
        "taken order believed absent",
        "an order that the venue took may turn out never to have been there",
        (line(orders._after_failure, "not order.taken and order.cum == 0 and ", ""),),
        Check(test_last_word.test_an_order_the_venue_took_is_never_absent),
    ),
    Mutant(
        "failed look-up taken as over",
        "a look-up that fails ends an order",
        (entry(orders._FOUND, FoundKind.ERROR, News.FOUND_OVER),),
        Proof("P12", emergency_unwind, 1),
    ),
    Mutant(
        "failed look-up taken as absent",
        "a look-up that fails says that there is no such order",
        (entry(orders._FOUND, FoundKind.ERROR, News.FOUND_ABSENT),),
        Check(test_stories.test_an_order_nobody_can_resolve_halts_after_the_other_leg_is_reduced),
    ),
    Mutant(
        "no doubt about an IOC",
        "an IOC that was taken may owe its result for ever",
        (line(orders._settle, "life is Life.WORKING and order.type in IMMEDIATE", "False"),),
        Proof("P01", unwind_one, 1),
    ),
    Mutant(
        "missing deadline of an answer",
        "a placement may stay unanswered for ever",
        (line(placing.place, "due_ns=turn.now + spec.answer_within_ns", "due_ns=0"),),
        Proof("P01", unwind_one, 1),
    ),
    Mutant(
        "doubt without end",
        "an order nobody can resolve is looked up for ever",
        (line(orders._budget_over, "return order.finds", "return False and order.finds"),),
        Check(test_stories.test_an_order_nobody_can_resolve_halts_after_the_other_leg_is_reduced),
    ),
    Mutant(
        "lost order taken as over",
        "a job goes on with an order that could not be resolved",
        (line(jobs.progress, "order.life is Life.OVER", "order.life >= Life.OVER"),),
        Proof("P12", unwind_one, 1),
    ),
    Mutant(
        "second order while one lives",
        "a job goes on with an order that is still looked up",
        (line(jobs.progress, "order.life is Life.OVER", "order.life >= Life.UNSURE"),),
        Proof("P12", emergency_unwind),
    ),
    Mutant(
        "phase left too early",
        "a phase has its outcome while an order of it works",
        (
            line(
                phases._joint,
                "job.stage < SETTLED or live_order(turn.legs[job.leg])",
                "job.stage < JobStage.ORDER",
            ),
        ),
        Proof("P11", unwind_one),
    ),
    Mutant(
        "stop overwritten",
        "a second stop is placed beside the first",
        (line(phases._replace_stop, "if leg.stop is None:", "if True:"),),
        Proof("P11", baseline, 1, crashes=True),
    ),
    Mutant(
        "stop replaced too early",
        "the next stop does not wait for the end of the one before",
        (line(phases._replace_stop, "leg.stop.life is not Life.OVER", "False"),),
        Proof("P11", baseline, 1, crashes=True),
    ),
)
FILLS = (
    Mutant(
        "fill counted twice",
        "a report counts with all it tells, not with what is new",
        (line(ledger._fill, "cum - known.cum", "cum"),),
        Proof("P03", unwind_one),
    ),
    Mutant(
        "old report counted",
        "a report that tells less than is known takes fills back",
        (line(ledger.book, "if cum <= order.cum:", "if cum == order.cum:"),),
        Check(test_incidents.test_trade_two_eight_part_fills_are_summed_once_and_need_no_extra_hedge),
    ),
    Mutant(
        "late fill dropped",
        "a fill of an order that is over is not counted",
        (line(ledger._book_past, "if old.n == number and cum > old.cum:", "if False:"),),
        Check(test_last_word.test_a_leg_that_waits_for_the_other_looks_again_when_a_late_fill_shrinks_it),
    ),
    Mutant(
        "fill during a cancel dropped",
        "no fill counts while a cancel is under way",
        (
            line(
                orders.absorb,
                "event.cum > 0:",
                "event.cum > 0 and not (leg.order and leg.order.life is Life.CANCELLING):",
            ),
        ),
        Proof("P10", unwind_one),
    ),
    Mutant(
        "total of an end dropped",
        "what an order had filled when it ended is not counted",
        (value(orders, "CARRIES_TOTALS", (ev.OrderFilled, ev.OrderFound)),),
        Proof("P10", unwind_one),
    ),
    Mutant(
        "total of a look-up dropped",
        "what a look-up tells of fills is not counted",
        (value(orders, "CARRIES_TOTALS", (ev.OrderFilled, ev.OrderEnded)),),
        Proof("P10", emergency_unwind),
    ),
)
SIZES = (
    Mutant(
        "wrong side",
        "orders buy where they should sell",
        (line(placing.place, "job.lots > 0", "job.lots < 0"),),
        Proof("P10", unwind_one),
    ),
    Mutant(
        "hedge on the wrong side",
        "what evens the legs out is traded the other way",
        (line(sizing._wanted, "-sign(open_net)", "sign(open_net)"),),
        Proof("P10", open_hedged),
    ),
    Mutant(
        "sized from the wish",
        "a quote asks for the clip whatever was filled of it",
        (line(sizing._wanted, "(target - leg.position)", "(target - leg.start)"),),
        Proof("P10", open_hedged),
    ),
    Mutant(
        "sized from the amount",
        "each rung asks for the whole amount again",
        (line(sizing._wanted, "side * (leg.position - job.base)", "0"),),
        Proof("P10", amount(250)),
    ),
    Mutant(
        "through zero",
        "a reducing order may be larger than the position",
        (line(sizing.remaining, "if plan.reduces:", "if False:"),),
        Proof("P07", amount(750)),
    ),
    Mutant(
        "reduce-only dropped",
        "no order carries the flag",
        (line(placing.has_flag, "plan.reduces and kind in spec.flags", "False"),),
        Proof("P09", unwind_one),
    ),
    Mutant(
        "reduce-only where it is refused",
        "the flag is sent with types for which the venue has none",
        (line(placing.has_flag, "plan.reduces and kind in spec.flags", "plan.reduces"),),
        Check(
            test_on_engine.test_every_order_of_a_close_carries_the_flag_wherever_the_venue_takes_it,
            ("emergency_unwind",),
        ),
    ),
    Mutant(
        "risk called none",
        "orders that add risk say that they add none",
        (line(placing.place, "adds_risk=not plan.reduces", "adds_risk=False"),),
        Check(test_hostile.test_promises_hold_whatever_the_venue_does, ("open", 0.0)),
    ),
    Mutant(
        "dust order",
        "what is too small to trade is sent all the same",
        (line(sizing.remaining, "0 if abs(lots) < _least(turn, plan, leg) else lots", "lots"),),
        Check(test_stories.test_a_residual_below_the_minimum_is_named_and_no_order),
    ),
    Mutant(
        "forbidden type",
        "an IOC is sent as a market order",
        (
            line(
                pg.LegSpec.sends,
                "OrderType.IOC if type is OrderType.MARKET and not self.market_native else type",
                "OrderType.MARKET if type is OrderType.IOC else type",
            ),
        ),
        Proof("P08", unwind_one),
    ),
)
BOOKS = (
    Mutant(
        "past max_concession",
        "no rung is bounded by the policy's limit",
        (line(pricing.bounded, "concession_max == NO_LIMIT", "True"),),
        Proof("P15", narrow),
    ),
    Mutant(
        "market order without a cap",
        "a market order may go as far as one without any bound",
        (line(pricing.capped_price, "if one != NO_LIMIT", "if False"),),
        Proof("P15", capped),
    ),
    Mutant(
        "rounded the wrong way",
        "distances are rounded toward the aggressive side",
        (
            line(
                pricing.distance_ticks,
                "ceil_div(numerator, denominator) if up else numerator // denominator",
                "numerator // denominator if up else ceil_div(numerator, denominator)",
            ),
        ),
        Check(test_incidents.test_trade_one_uneven_legs_each_close_their_own_position),
    ),
    Mutant(
        "wide book traded on",
        "a balanced pair trades whatever the spread",
        (
            line(
                books._limit_refusal, "limits.spread_max != pg.NO_LIMIT and wide > limits.spread_max", "False"
            ),
        ),
        Check(test_stories.test_a_wide_spread_refuses_a_balanced_close_but_not_a_naked_leg),
    ),
    Mutant(
        "naked leg refused",
        "a limit keeps a naked leg from getting out",
        (line(books.refusal, "refused is None or relieves(turn, lots)", "refused is None"),),
        Proof("P17", post_only_hedge),
    ),
    Mutant(
        "one leg entered alone",
        "a leg is entered though the other one's book was refused",
        (line(phases._enter_together, "any(job.stage is JobStage.REFUSED for job in jobs)", "False"),),
        Check(test_stories.test_a_wide_spread_refuses_a_balanced_close_but_not_a_naked_leg),
    ),
    Mutant(
        "legs not awaited",
        "a leg is entered while the other one's book is still looked at",
        (
            line(
                phases._enter_together,
                "any(job.stage in (JobStage.LOOK, JobStage.PAUSE) for job in jobs)",
                "False",
            ),
        ),
        Check(test_stories.test_one_bad_book_holds_back_both_legs),
    ),
)
TIME = (
    Mutant(
        "visits not counted",
        "a phase may be entered for ever",
        (line(step._enter, "visits[index] += 1", "pass"),),
        Proof("P01", unwind_one),
    ),
    Mutant(
        "ladder reset",
        "after each order a ladder begins at its first rung again",
        (line(jobs.next_rung, "rung=job.rung + 1", "rung=0"),),
        Proof("P01", unwind_one),
    ),
    Mutant(
        "rejects not counted",
        "a quote that would take is placed anew for ever",
        (line(jobs._after_reject, "rejects = job.rejects + 1", "rejects = job.rejects"),),
        Proof("P01", unwind_one),
    ),
    Mutant(
        "moves of a quote not counted",
        "a quote follows the touch for ever",
        (line(jobs._after_withdrawal, "reprices=job.reprices + 1", "reprices=job.reprices"),),
        Proof("P01", following),
    ),
    Mutant(
        "first fill overlooked",
        "a quote that is to end at its first fill goes on",
        (line(phases._rest_is_over, "turn.phase.first_fill and", "False and"),),
        Check(test_stories.test_until_first_fill_ends_the_wait_at_the_first_fill),
    ),
    Mutant(
        "missing wake-up for an order",
        "nobody is woken when an answer is overdue",
        (line(wake.wake_ns, "order is not None and 0 < order.due_ns < first", "False"),),
        Proof("P01", unwind_one, 1),
    ),
    Mutant(
        "missing wake-up for a phase",
        "nobody is woken when a phase's time is up",
        (line(wake._in_phase, "turn.now < state.timer_ns < first and phase.kind in TIMED", "False"),),
        Check(test_stories.test_nobody_fills_and_the_ladder_closes_both_legs_at_once),
    ),
    Mutant(
        "missing wake-up for exposure",
        "nobody is woken when a leg was naked for too long",
        (line(wake._in_phase, "if state.naked_ns:", "if False:"),),
        Check(test_stories.test_too_much_exposure_for_too_long_goes_where_the_policy_says),
    ),
    Mutant(
        "read awaited for ever",
        "a question that is not answered in time stays open",
        (line(verify.settle_answers, "turn.now >= leg.pending_ns", "False"),),
        Check(test_shipped_policies.test_every_wait_ends, ("flatten",)),
    ),
    Mutant(
        "deadline never begins",
        "the policy's deadline is not set",
        (line(guards.open_scope, "turn.now + scope.limits.deadline_ns", "0"),),
        Check(test_stories.test_the_deadline_cancels_confirms_and_halts),
    ),
    Mutant(
        "deadline's target ignored",
        "a deadline halts where it should lead to a phase",
        (
            line(
                guards.breach,
                "turn.program.scopes[scope].limits.deadline_to or HALT_DEADLINE",
                "HALT_DEADLINE",
            ),
        ),
        Check(test_last_word.test_a_stop_while_leaving_for_a_phase_is_kept),
    ),
    Mutant(
        "clock of the exposure never starts",
        "nobody notes since when too much is open",
        (line(guards.watch_exposure, "naked_ns=turn.now if naked else 0", "naked_ns=0"),),
        Check(test_stories.test_too_much_exposure_for_too_long_goes_where_the_policy_says),
    ),
    Mutant(
        "interrupted without a cancel",
        "what interrupts a phase does not wait for the end of its orders",
        (line(step._advance_leave, "gone and answered and", "answered and"),),
        Proof("P11", unwind_one, 1, crashes=True),
    ),
    Mutant(
        "slices do not add up",
        "each slice ends where the first one did",
        (line(sizing.part_done, " * (turn.state.slice_no + 1)", ""),),
        Check(test_stories.test_slices_repeat_the_graph_until_the_clip_is_done),
    ),
    Mutant(
        "operator ignored",
        "a wish to stop is noted and nothing follows",
        (line(step._on_stop, "_leave(turn, turn.program.stop_to)", "pass"),),
        Check(test_shipped_scenarios.test_it_passes, scenario("ctrl_c")),
    ),
    Mutant(
        "crash forgets the order",
        "after a crash an open order is taken to be over",
        (
            line(
                step._on_restart,
                "turn.update_leg(index, **{slot: _doubted(order)})",
                "turn.set_leg(index, retire(turn.legs[index], slot)); continue",
            ),
        ),
        Proof("P12", unwind_one, 1, crashes=True),
    ),
    Mutant(
        "crash skips the look-up",
        "after a crash an open order is waited for, not looked up",
        (line(step._on_restart, "orders.learn(turn, index, slot, order, News.ANSWER_LOST)", "pass"),),
        Proof("P01", unwind_one, 1, crashes=True),
    ),
    Mutant(
        "crash skips recover",
        "after a crash the phase goes on as if nothing had been",
        (line(step._on_restart, "_leave(turn, _after_restart(turn))", "turn.update(timer_ns=turn.now)"),),
        Proof("P03", baseline, 1, crashes=True),
    ),
    Mutant(
        "crash skips the sweep",
        "after a crash nobody lists what rests",
        (line(step._on_restart, "phases.ask_sweep(turn, index)", "pass"),),
        Check(test_stories.test_after_a_crash_own_orders_are_looked_up_and_swept_before_recover),
    ),
    Mutant(
        "crash ends a halt",
        "a run that crashes on its way to a halt goes on",
        (line(step._after_restart, "return leaving", "pass"),),
        Check(test_last_word.test_a_restart_keeps_the_halt_the_run_was_leaving_for),
    ),
)
ENDS = (
    Mutant(
        "flat judged by the clip",
        "a leg with a whole clip open counts as flat",
        (line(exposure.is_flat, "abs(leg.position) < leg.least", "abs(leg.position) <= leg.clip"),),
        Proof("P03", unwind_one),
    ),
    Mutant(
        "hedged with a huge tolerance",
        "a thousand times what is left alone still counts as hedged",
        (line(exposure.tolerance, "max(leg.least, leg.hedge_min)", "1000 * max(leg.least, leg.hedge_min)"),),
        Proof("P03", open_hedged),
    ),
    Mutant(
        "tolerance of the easier leg",
        "what only the easier leg can trade is no longer left alone",
        (line(exposure.tolerance, "return max(", "return min("),),
        Check(test_stories.test_a_hedge_below_the_hedge_venues_minimum_is_left_alone_and_named),
    ),
    Mutant(
        "wrong end name",
        "the end that a phase names is not held against the ledger",
        (line(ends._end_as_intended, "_true_end(turn, target.end)", "target.end"),),
        Proof("P03", idle_after_a_part),
    ),
    Mutant(
        "hedged where it is flat",
        "an open that gave all back is called hedged",
        (line(ends._true_end, "EndName.FLAT if flat else end", "end"),),
        Check(test_stories.test_an_unhedgeable_fill_is_given_back_and_the_end_is_called_flat),
    ),
    Mutant(
        "sweep skipped",
        "a run ends without listing what rests",
        (line(ends.begin_sweep, "_sweep_all(turn)", "_begin_reads(turn)"),),
        Check(test_stories.test_a_stray_order_found_by_the_last_sweep_is_not_a_success),
    ),
    Mutant(
        "stray order ignored",
        "an order that the last sweep finds is no reason to halt",
        (line(ends._after_sweep, "any(leg.found for leg in turn.legs)", "False"),),
        Check(test_stories.test_a_stray_order_found_by_the_last_sweep_is_not_a_success),
    ),
    Mutant(
        "sweep takes the stop",
        "the last sweep cancels the stop that is to stay",
        (line(phases.ask_sweep, "() if stop is None else", "() if True else"),),
        Check(test_stories.test_a_stop_is_armed_kept_by_the_sweep_and_cleared_before_closing_by_hand),
    ),
    Mutant(
        "dead stop protects",
        "a stop that is gone still counts",
        (line(verify.is_protected, "stop is None or stop.life is not Life.WORKING", "stop is None"),),
        Proof("P03", baseline, 1),
    ),
    Mutant(
        "witness ignored",
        "nobody asks the venue whether the ledger is right",
        (
            line(
                verify.agrees,
                "leg.witness is None or leg.witness != leg.position or leg.witness_ns < leg.fill_ns",
                "False",
            ),
        ),
        Check(test_stories.test_a_liquidated_leg_is_not_called_flat_on_the_word_of_the_venue_alone),
    ),
    Mutant(
        "stale witness accepted",
        "a read of the start confirms an end",
        (line(verify.agrees, "leg.fill_ns > 0 or leg.answer is Answer.GOOD", "True"),),
        Check(test_last_word.test_an_idle_end_is_confirmed_by_the_venue_too),
    ),
    Mutant(
        "first read believed",
        "a position that the journal does not know is read once",
        (line(start._compare, "if leg.first_witness != leg.witness", "if False"),),
        Check(test_stories.test_an_unexpected_opening_position_needs_two_reads_a_lag_apart),
    ),
    Mutant(
        "conflict waved through",
        "books that disagree to the end are no conflict",
        (line(verify.advance, "Outcome.ERROR if silent else Outcome.CONFLICT", "Outcome.OK"),),
        Check(test_stories.test_a_late_read_is_lag_and_a_lasting_difference_is_a_conflict),
    ),
    Mutant(
        "lag taken for a conflict",
        "a venue is not given the time to catch up",
        (line(verify.is_lagging, "leg.fill_ns > 0 and", "False and"),),
        Check(test_stories.test_a_late_read_is_lag_and_a_lasting_difference_is_a_conflict),
    ),
    Mutant(
        "lag without end",
        "a venue that disagrees is waited for for ever",
        (
            line(
                verify.is_lagging, "turn.now < leg.fill_ns + turn.program.legs[index].position_lag_ns", "True"
            ),
        ),
        Proof("P01", baseline),
    ),
    Mutant(
        "halt without an alert",
        "a run halts and no human hears of it",
        (line(ends.begin_halt, 'turn.commands.append(SendAlert(number, "page", text))', "pass"),),
        Proof("P05", unwind_one),
    ),
    Mutant(
        "halt that knows",
        "a halt says what is open though an order was lost",
        (line(ends._may_rest, " or leg.lost", ""),),
        Proof("P03", unwind_one, 1),
    ),
    Mutant(
        "healthy leg left alone",
        "the halt for a lost order leaves the other leg open",
        (line(step._lose, "reduce >= 0", "False"),),
        Check(test_stories.test_an_order_nobody_can_resolve_halts_after_the_other_leg_is_reduced),
    ),
    Mutant(
        "lost leg traded on",
        "a phase with a lost order has an outcome like any other",
        (line(phases._joint, "any(job.stage is JobStage.LOST for job in jobs)", "False"),),
        Proof("P06", open_hedged, 1),
    ),
)
COMPILER = (
    Mutant(
        "reduces missing",
        "takes of a close may open",
        (line(compile_jobs._take_job, "body.reduce_only or ground.closing", "body.reduce_only"),),
        Proof("P09", called),
    ),
    Mutant(
        "wrong leg",
        "a job is put on the other leg",
        (line(compile_jobs.Ground.leg, "return self.legs[name]", "return 1 - self.legs[name]"),),
        Proof("P20", post_only_hedge),
    ),
    Mutant(
        "wrong leg inside",
        "a run policy gets the legs in order, not by name",
        (
            line(
                compile_phases.Builder._legs,
                "{name: frame.ground.legs[ours] for name, ours in legs.items()}",
                "{name: at for at, name in enumerate(legs)}",
            ),
        ),
        Check(test_compile.test_sub_policy_is_inlined_with_its_ends_wired_to_the_caller),
    ),
    Mutant(
        "both legs on one side",
        "the second leg of a pair buys where nothing is said",
        (line(compile_legs._leg, "Side.BUY if index == 0 else Side.SELL", "Side.BUY"),),
        Check(test_compile.test_defaults_of_a_close),
    ),
    Mutant(
        "rungs in the wrong order",
        "a ladder begins with its last rung",
        (line(compile_jobs.take_jobs, "enumerate(body.ladder)", "reversed(list(enumerate(body.ladder)))"),),
        Check(test_compile.test_prices_keep_their_unit_and_direction),
    ),
    Mutant(
        "outcome wired to the next phase",
        "where an outcome is to lead is not read",
        (line(compile_phases.Builder._then, "written.get(outcome, default)", "default"),),
        Proof("P17", emergency_unwind),
    ),
    Mutant(
        "next phase off by one",
        "an outcome of which nothing is said leads to its own phase",
        (line(compile_phases.Builder._then, "phase=at + 1", "phase=at"),),
        Check(test_compile.test_missing_outcomes_lead_to_the_next_phase_and_too_many_visits_halt),
    ),
    Mutant(
        "forbidden type not handed on",
        "a run policy may use types that its caller forbids",
        (
            line(
                compile_limits.tighter,
                "(*inner.forbid, *(one for one in outer.forbid if one not in inner.forbid))",
                "inner.forbid",
            ),
        ),
        Proof("P08", called_market),
    ),
    Mutant(
        "limits not handed on",
        "a run policy pays what its own limits allow",
        (
            line(
                compile_phases.Builder._limits,
                "tighter(limits, caller.ground.limits) if caller else limits",
                "limits",
            ),
        ),
        Proof("P15", called_further),
    ),
    Mutant(
        "looser of two limits",
        "of two limits the weaker one holds",
        (line(compile_limits._at_most, "return min(one, other)", "return max(one, other)"),),
        Check(test_compile.test_inside_a_sub_policy_the_tighter_limit_holds),
    ),
    Mutant(
        "ends inside swapped",
        "a run policy that ends flat answers as if it had halted",
        (entry(compile_phases._ENDS, EndName.FLAT, pg.Outcome.HALT),),
        Check(test_compile.test_sub_policy_is_inlined_with_its_ends_wired_to_the_caller),
    ),
    Mutant(
        "wrong size",
        "a hedge is as large as the clip",
        (entry(compile_jobs._SIZES, "imbalance", pg.SizeKind.CLIP),),
        Proof("P20", post_only_hedge),
    ),
    Mutant(
        "wrong goal",
        "a check looks for another end than it is to",
        (line(compile_phases.Builder._with_body, "goal=body.goal", "goal=EndName.IDLE"),),
        Proof("P20", emergency_unwind),
    ),
    Mutant(
        "market order without a worst price",
        "a market order needs no cap",
        (line(compile_jobs._cap, "ground.limits.concession_max == NO_LIMIT and not body.ladder", "False"),),
        Check(test_compile.test_market_without_any_bound_is_refused_even_when_built_by_hand),
    ),
    Mutant(
        "flags of the venue dropped",
        "no venue takes reduce-only",
        (line(compile_legs._leg, "flags=venue.reduce_only", "flags=()"),),
        Check(test_shipped.test_nado_keeps_reduce_only_off_what_refuses_it),
    ),
    Mutant(
        "no last reduction",
        "a close has no phase for a leg that is left over",
        (line(compile_policy._reduce_phase, "scope.intent not in CLOSING", "True"),),
        Check(test_shipped.test_close_has_the_added_reduce_phase_on_all_legs_inside_its_bounds),
    ),
    Mutant(
        "recovers at the start",
        "after a crash a policy begins anew",
        (line(compile_policy._recover, "return next(looks, frame.order[0])", "return frame.order[0]"),),
        Check(test_compile.test_defaults_of_a_close),
    ),
    Mutant(
        "deadline not compiled",
        "a policy's deadline is left out",
        (
            line(
                compile_limits.compile_limits,
                "text.deadline.after_ns if text.deadline else NO_LIMIT",
                "NO_LIMIT",
            ),
        ),
        Check(test_compile.test_inside_a_sub_policy_the_tighter_limit_holds),
    ),
)
MUTANTS = (*ORDERS, *FILLS, *SIZES, *BOOKS, *TIME, *ENDS, *COMPILER)
