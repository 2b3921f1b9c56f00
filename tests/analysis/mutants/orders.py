"""One order: its cancel, its doubt, its fills, and the one beside it."""

from dnkit.engine import jobs, ledger, orders, phases, placing
from dnkit.machine.orders import Ask, Life, Move, News
from dnkit.model import events as ev
from dnkit.model.terms import FoundKind
from tests.analysis.mutants.mutant import OPEN, Check, Mutant, Proof, cells, entry, line, value
from tests.analysis.mutants.shown import (
    baseline,
    emergency_unwind,
    slow_look_up,
)
from tests.engine import test_doubt, test_last_word, test_slips, test_stories
from tests.engine.programs import open_hedged, unwind_one
from tests.props import test_shipped_policies

MUTANTS = (
    Mutant(
        "lost cancel",
        "a cancel is counted and no request leaves",
        line(orders._cancel, "turn.commands.append(", "len("),
        Check(test_stories.test_nobody_fills_and_the_ladder_closes_both_legs_at_once),
    ),
    Mutant(
        "forgotten order",
        "with its cancel sent an order counts as over",
        cells((Life.WORKING,), News.WITHDRAW, Move(Life.OVER, Ask.CANCEL)),
        Proof("P11", unwind_one, 0, 7),
    ),
    Mutant(
        "hasty cancel",
        "a cancel does not wait for the answer to the placement",
        cells((Life.SENT,), News.WITHDRAW, Move(Life.CANCELLING, Ask.CANCEL)),
        Check(test_stories.test_silence_is_doubt_after_the_answer_time_and_not_before),
    ),
    Mutant(
        "unknown taken as rejected",
        "an order whose answer is lost counts as over",
        cells(OPEN, News.ANSWER_LOST, Move(Life.OVER)),
        Proof("P12", unwind_one, 1, 8, crashes=True),
    ),
    Mutant(
        "silence taken as rejected",
        "an order that is not answered in time counts as over",
        cells(OPEN, News.OVERDUE, Move(Life.OVER)),
        Proof("P12", unwind_one, 1, 7),
    ),
    Mutant(
        "blind end taken as told",
        "an end without a total counts as one with it",
        line(orders.news_of, "event.cum >= 0 or order.cum >= order.lots", "True"),
        Proof("P12", emergency_unwind, 0, 8),
    ),
    Mutant(
        "absent believed at once",
        "the first look-up that knows no such order is the last word",
        line(
            orders._after_failure,
            "news is News.FOUND_ABSENT and never_there and asked_ns >= order.sent_ns + spec.lookup_lag_ns",
            "news is News.FOUND_ABSENT",
        ),
        Proof("P12", slow_look_up, 1, 8),
    ),
    Mutant(
        "absent inside the lag believed",
        "two look-ups that know no such order are enough, however early",
        line(orders._after_failure, " and asked_ns >= order.sent_ns + spec.lookup_lag_ns", ""),
        Check(test_stories.test_absent_is_a_final_word_only_after_the_venues_lag),
    ),
    Mutant(
        "taken order believed absent",
        "an order that the venue took may turn out never to have been there",
        line(orders._after_failure, "not order.taken and order.cum == 0 and ", ""),
        Check(test_last_word.test_an_order_the_venue_took_is_never_absent),
    ),
    Mutant(
        "acceptance forgotten",
        "what shows that the venue took an order is not kept",
        value(orders, "SHOWS_TAKEN", ()),
        Check(test_doubt.test_what_shows_during_a_doubt_that_the_venue_took_the_order_is_kept, ("accepted",)),
    ),
    Mutant(
        "late answer credited",
        "an answer counts for the newest look-up, whichever it was given to",
        line(orders._hear, " not in (0, order.finds)", " < 0"),
        Check(test_doubt.test_a_late_answer_belongs_to_the_look_up_it_was_given_to),
    ),
    Mutant(
        "duplicate taken as rejected",
        "an order that is refused because its id is known was never there",
        line(
            orders.news_of,
            "News.DUPLICATE if event.why is RejectKind.DUPLICATE else News.REJECTED",
            "News.REJECTED",
        ),
        Check(test_slips.test_an_order_that_is_refused_as_a_duplicate_is_looked_up),
    ),
    Mutant(
        "failed look-up taken as over",
        "a look-up that fails ends an order",
        entry(orders._FOUND, FoundKind.ERROR, News.FOUND_OVER),
        Proof("P12", emergency_unwind, 1, 11),
    ),
    Mutant(
        "failed look-up taken as absent",
        "a look-up that fails says that there is no such order",
        entry(orders._FOUND, FoundKind.ERROR, News.FOUND_ABSENT),
        Check(test_stories.test_an_order_nobody_can_resolve_halts_after_the_other_leg_is_reduced),
    ),
    Mutant(
        "missing deadline of an answer",
        "a placement may stay unanswered for ever",
        line(placing.place, "due_ns=turn.now + spec.answer_within_ns", "due_ns=0"),
        Proof("P01", unwind_one, 1, 6),
    ),
    Mutant(
        "doubt without end",
        "an order nobody can resolve is looked up for ever",
        line(orders._budget_over, "return order.finds", "return False and order.finds"),
        Check(test_stories.test_an_order_nobody_can_resolve_halts_after_the_other_leg_is_reduced),
    ),
    Mutant(
        "lost order taken as over",
        "a job goes on with an order that could not be resolved",
        line(jobs.progress, "order.life is Life.OVER", "order.life >= Life.OVER"),
        Proof("P06", open_hedged, 1, 14),
    ),
    Mutant(
        "second order while one lives",
        "a job goes on with an order that is still looked up",
        line(jobs.progress, "order.life is Life.OVER", "order.life >= Life.UNSURE"),
        Proof("P12", emergency_unwind, 0, 8),
    ),
    Mutant(
        "phase left too early",
        "a phase has its outcome while an order of it works",
        line(
            phases._joint,
            "job.stage < SETTLED or live_order(turn.legs[job.leg])",
            "job.stage < JobStage.ORDER",
        ),
        Proof("P11", unwind_one, 0, 5),
    ),
    Mutant(
        "stop overwritten",
        "a second stop is placed beside the first",
        line(phases._replace_stop, "if leg.stop is None:", "if True:"),
        Proof("P11", baseline, 1, 13, crashes=True),
    ),
    Mutant(
        "stop replaced too early",
        "the next stop does not wait for the end of the one before",
        line(phases._replace_stop, "leg.stop.life is not Life.OVER", "False"),
        Proof("P11", baseline, 1, 11, crashes=True),
    ),
    Mutant(
        "fill counted twice",
        "a report counts with all it tells, not with what is new",
        line(ledger._fill, "cum - known.cum", "cum"),
        Proof("P03", unwind_one, 0, 7),
    ),
    Mutant(
        "old report counted",
        "a report that tells less than is known takes fills back",
        line(ledger.book, "if cum <= order.cum:", "if cum == order.cum:"),
        Check(test_shipped_policies.test_a_repeated_or_late_fill_changes_nothing, ("close_two_phase",)),
    ),
    Mutant(
        "late fill dropped",
        "a fill of an order that is over is not counted",
        line(ledger._book_past, "if old.n == number and cum > old.cum:", "if False:"),
        Check(test_last_word.test_a_leg_that_waits_for_the_other_looks_again_when_a_late_fill_shrinks_it),
    ),
    Mutant(
        "fill during a cancel dropped",
        "no fill counts while a cancel is under way",
        line(
            orders.absorb,
            "event.cum > 0:",
            "event.cum > 0 and not (leg.order and leg.order.life is Life.CANCELLING):",
        ),
        Proof("P10", unwind_one, 0, 8),
    ),
    Mutant(
        "total of an end dropped",
        "what an order had filled when it ended is not counted",
        value(orders, "CARRIES_TOTALS", (ev.OrderFilled, ev.OrderFound)),
        Proof("P10", unwind_one, 0, 8),
    ),
    Mutant(
        "total of a look-up dropped",
        "what a look-up tells of fills is not counted",
        value(orders, "CARRIES_TOTALS", (ev.OrderFilled, ev.OrderEnded)),
        Proof("P10", emergency_unwind, 0, 11),
    ),
)
