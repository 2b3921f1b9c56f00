"""What is called done, and on whose word."""

from dnkit.engine import answers, ends, exposure, phases, start, step, verify
from dnkit.model.terms import Risk
from tests.analysis.mutants.mutant import Check, Mutant, Proof, both, line
from tests.analysis.mutants.shown import (
    baseline,
    emergency_unwind,
    idle_after_a_part,
)
from tests.engine import test_last_word, test_lost_and_stray, test_slips, test_stories
from tests.engine.programs import handed_over, open_hedged, unwind_one

LATE = (
    test_lost_and_stray.test_a_late_answer_of_a_sweep_makes_no_witness_of_a_read_that_was_asked_for_before_it
)
IN_A_ROW = test_lost_and_stray.test_after_a_read_that_differs_two_in_a_row_have_to_agree

MUTANTS = (
    Mutant(
        "flat judged by the clip",
        "a leg with a whole clip open counts as flat",
        line(exposure.is_flat, "abs(leg.position) < leg.least", "abs(leg.position) <= leg.clip"),
        Proof("P03", unwind_one, 0, 23),
    ),
    Mutant(
        "hedged with a huge tolerance",
        "a thousand times what is left alone still counts as hedged",
        line(exposure.tolerance, "max(leg.least, leg.hedge_min)", "1000 * max(leg.least, leg.hedge_min)"),
        Proof("P03", open_hedged, 0, 27),
    ),
    Mutant(
        "tolerance of the easier leg",
        "what only the easier leg can trade is no longer left alone",
        line(exposure.tolerance, "return max(", "return min("),
        Check(test_stories.test_a_hedge_below_the_hedge_venues_minimum_is_left_alone_and_named),
    ),
    Mutant(
        "end without a word",
        "a run ends and does not say how",
        line(ends.finish, "ended=last, ", ""),
        Proof("P02", unwind_one, 0, 8),
    ),
    Mutant(
        "end with an order left",
        "a phase does not wait for its orders, and nobody sweeps before the end",
        both(
            line(
                phases._joint,
                "job.stage < SETTLED or live_order(turn.legs[job.leg])",
                "job.stage < JobStage.ORDER",
            ),
            line(ends.begin_sweep, "_sweep_all(turn)", "_begin_reads(turn)"),
        ),
        Proof("P04", idle_after_a_part, 0, 7),
    ),
    Mutant(
        "wrong end name",
        "the end that a phase names is not held against the ledger",
        line(ends._end_as_intended, "_true_end(turn, target.end)", "target.end"),
        Proof("P03", idle_after_a_part, 0, 10),
    ),
    Mutant(
        "hedged where it is flat",
        "an open that gave all back is called hedged",
        line(ends._true_end, "EndName.FLAT if flat else end", "end"),
        Check(test_stories.test_an_unhedgeable_fill_is_given_back_and_the_end_is_called_flat),
    ),
    Mutant(
        "sweep skipped",
        "a run ends without listing what rests",
        line(ends.begin_sweep, "_sweep_all(turn)", "_begin_reads(turn)"),
        Check(test_stories.test_a_stray_order_found_by_the_last_sweep_is_not_a_success),
    ),
    Mutant(
        "stray order ignored",
        "an order that the last sweep finds is no reason to halt",
        line(ends.advance_sweep, "any(leg.found for leg in turn.legs)", "False"),
        Check(test_stories.test_a_stray_order_found_by_the_last_sweep_is_not_a_success),
    ),
    Mutant(
        "stray order forgotten",
        "an order found on one leg is looked for again where the other leg could not be listed",
        line(
            ends.advance_sweep,
            "any(leg.found for leg in turn.legs)",
            "all(leg.answer is Answer.GOOD for leg in turn.legs) and any(leg.found for leg in turn.legs)",
        ),
        Check(test_lost_and_stray.test_a_stray_is_a_stray_though_the_other_leg_could_not_be_listed),
    ),
    Mutant(
        "read before a stray believed",
        "what a stray order may have filled is not asked for",
        line(answers.hear_sweep, "turn.may_have_moved(event.leg)", "pass"),
        Check(test_lost_and_stray.test_a_push_from_before_the_stray_was_found_is_no_witness_after_it),
    ),
    Mutant(
        "read before a late stray believed",
        "a read that was asked for before a stray was told of stays a witness",
        line(answers.hear_sweep, "turn.update_leg(event.leg, doubt=verify.TWICE)", "pass"),
        Check(LATE),
    ),
    Mutant(
        "sweep takes the stop",
        "the last sweep cancels the stop that is to stay",
        line(phases.ask_sweep, "() if stop is None else", "() if True else"),
        Check(test_stories.test_a_stop_is_armed_kept_by_the_sweep_and_cleared_before_closing_by_hand),
    ),
    Mutant(
        "dead stop protects",
        "a stop that is gone still counts",
        line(verify.is_protected, "stop is None or stop.life is not Life.WORKING", "stop is None"),
        Proof("P03", baseline, 1, 12),
    ),
    Mutant(
        "witness ignored",
        "nobody asks the venue whether the ledger is right",
        line(verify.agrees, "leg.doubt or not equals(leg, leg.witness, leg.witness_ns)", "False"),
        Check(test_stories.test_a_liquidated_leg_is_not_called_flat_on_the_word_of_the_venue_alone),
    ),
    Mutant(
        "stale witness accepted",
        "a read of the start confirms an end",
        line(verify.agrees, "leg.fill_ns > 0 or leg.answer is Answer.GOOD", "True"),
        Check(test_last_word.test_an_idle_end_is_confirmed_by_the_venue_too),
    ),
    Mutant(
        "read before a fill believed",
        "a read of a moment before the last fill confirms an end",
        line(verify.equals, " and as_of_ns >= leg.fill_ns", ""),
        Check(test_slips.test_a_read_of_a_moment_before_the_last_fill_confirms_nothing),
    ),
    Mutant(
        "older read believed",
        "the read that comes last counts, whatever moment it is of",
        line(
            answers.hear_position,
            "(leg.witness is None or event.as_of_ns >= leg.witness_ns)",
            "True",
        ),
        Check(
            test_slips.test_the_read_of_the_latest_moment_counts_in_whatever_order_they_come,
            (((0, 30), (200, 20), (500, 10)),),
        ),
    ),
    Mutant(
        "first read believed",
        "a position that the journal does not know is read once",
        line(start._compare, "if leg.first_witness != leg.witness", "if False"),
        Check(test_stories.test_an_unexpected_opening_position_needs_two_reads_a_lag_apart),
    ),
    Mutant(
        "conflict waved through",
        "books that disagree to the end are no conflict",
        line(verify.advance, "Outcome.ERROR if silent else Outcome.CONFLICT", "Outcome.OK"),
        Check(test_stories.test_a_late_read_is_lag_and_a_lasting_difference_is_a_conflict),
    ),
    Mutant(
        "lag taken for a conflict",
        "a venue is not given the time to catch up",
        line(verify.is_lagging, "leg.fill_ns > 0 and", "False and"),
        Check(test_stories.test_a_late_read_is_lag_and_a_lasting_difference_is_a_conflict),
    ),
    Mutant(
        "lag without end",
        "a venue that disagrees is waited for for ever",
        line(verify.is_lagging, "turn.now < leg.fill_ns + turn.program.legs[index].position_lag_ns", "True"),
        Check(test_stories.test_a_late_read_is_lag_and_a_lasting_difference_is_a_conflict),
    ),
    Mutant(
        "halt without an alert",
        "a run halts and no human hears of it",
        line(ends.begin_halt, 'turn.commands.append(SendAlert(number, "page", text))', "pass"),
        Proof("P05", unwind_one, 0, 23),
    ),
    Mutant(
        "halt that knows",
        "a halt says what is open though an order was lost",
        line(ends._may_rest, " or leg.lost", ""),
        Proof("P03", emergency_unwind, 2, 14),
    ),
    Mutant(
        "one read outweighs many",
        "a halt that found the books apart goes by the first read that agrees",
        line(verify.agrees, "leg.doubt or ", ""),
        Check(IN_A_ROW, ((200, 200, 500, 200, 500, 200), Risk.UNKNOWN)),
    ),
    Mutant(
        "one read counts twice",
        "one read that agrees ends all doubt",
        line(verify.doubted, "max(0, leg.doubt - is_new)", "0"),
        Check(IN_A_ROW, ((200, 500, None, 200, 500), Risk.UNKNOWN)),
    ),
    Mutant(
        "a repeated word counts",
        "the same read told twice ends all doubt",
        line(verify.doubted, "as_of_ns > leg.witness_ns", "True"),
        Check(test_slips.test_the_same_read_told_twice_is_one_read, (20, False)),
    ),
    Mutant(
        "halt by an old read",
        "a halt that cannot list what rests goes by what it read before",
        line(ends._after_halt_sweep, "turn.may_have_moved(index)", "pass"),
        Check(
            test_lost_and_stray.test_a_halt_that_cannot_list_what_rests_reads_once_more, (100, Risk.UNKNOWN)
        ),
    ),
    Mutant(
        "healthy leg left alone",
        "the halt for a lost order leaves the other leg open",
        line(step._lose, "reduce >= 0", "False"),
        Check(test_stories.test_an_order_nobody_can_resolve_halts_after_the_other_leg_is_reduced),
    ),
    Mutant(
        "lost inside, traded on",
        "the caller of a policy that lost an order goes on as after any halt",
        line(step._halt, " and not any(leg.lost for leg in turn.legs)", ""),
        Check(
            test_lost_and_stray.test_an_order_lost_inside_ends_the_run,
            (handed_over, ("rest#1",), (500, -500), False),
        ),
    ),
    Mutant(
        "lost leg traded on",
        "a phase with a lost order has an outcome like any other",
        line(phases._joint, "any(job.stage is JobStage.LOST for job in jobs)", "False"),
        Proof("P06", open_hedged, 1, 13),
    ),
)
