"""What is counted, what is waited for, and what cuts in."""

from dnkit.engine import ends, guards, jobs, phases, sizing, start, step, verify, wake
from dnkit.machine import program as pg
from tests.analysis.mutants.mutant import Check, Mutant, Proof, line
from tests.analysis.mutants.shown import (
    baseline,
    following,
    hurried,
    scenario,
)
from tests.engine import test_last_word, test_lost_and_stray, test_restart, test_slips, test_stories
from tests.engine.programs import unwind_one
from tests.props import test_shipped_policies
from tests.sim import test_shipped_scenarios

MUTANTS = (
    Mutant(
        "visits not counted",
        "a phase may be entered for ever",
        line(step._enter, "visits[index] += 1", "pass"),
        Proof("P01", unwind_one, 0, 5),
    ),
    Mutant(
        "ladder reset",
        "after each order a ladder begins at its first rung again",
        line(jobs.next_rung, "rung=job.rung + 1", "rung=0"),
        Proof("P01", unwind_one, 0, 6),
    ),
    Mutant(
        "rejects not counted",
        "a quote that would take is placed anew for ever",
        line(jobs._after_reject, "rejects = job.rejects + 1", "rejects = job.rejects"),
        Proof("P01", unwind_one, 0, 4),
    ),
    Mutant(
        "moves of a quote not counted",
        "a quote follows the touch for ever",
        line(jobs._after_withdrawal, "reprices=job.reprices + 1", "reprices=job.reprices"),
        Proof("P01", following, 0, 4),
    ),
    Mutant(
        "first fill overlooked",
        "a quote that is to end at its first fill goes on",
        line(phases._rest_is_over, "turn.phase.first_fill and", "False and"),
        Check(test_stories.test_until_first_fill_ends_the_wait_at_the_first_fill),
    ),
    Mutant(
        "missing wake-up for an order",
        "nobody is woken when an answer is overdue",
        line(wake.wake_ns, "order is not None and 0 < order.due_ns < first", "False"),
        Proof("P01", unwind_one, 1, 6, crashes=True),
    ),
    Mutant(
        "missing wake-up for a phase",
        "nobody is woken when a phase's time is up",
        line(wake._in_phase, "turn.now < state.timer_ns < first and phase.kind in TIMED", "False"),
        Check(test_stories.test_nobody_fills_and_the_ladder_closes_both_legs_at_once),
    ),
    Mutant(
        "missing wake-up for exposure",
        "nobody is woken when a leg was naked for too long",
        line(wake._in_phase, "if state.naked_ns:", "if False:"),
        Check(test_stories.test_too_much_exposure_for_too_long_goes_where_the_policy_says),
    ),
    Mutant(
        "read awaited for ever",
        "a question that is not answered in time stays open",
        line(verify.settle_answers, "turn.now >= leg.pending_ns", "False"),
        Check(test_shipped_policies.test_every_wait_ends, ("flatten",)),
    ),
    Mutant(
        "silence taken as a read",
        "a question that is not answered in time counts as answered",
        line(verify.settle_answers, "answer=Answer.BAD", "answer=Answer.GOOD"),
        Check(test_shipped_policies.test_every_wait_ends, ("flatten",)),
    ),
    Mutant(
        "deadline never begins",
        "the policy's deadline is not set",
        line(guards.open_scope, "turn.now + scope.limits.deadline_ns", "0"),
        Check(test_stories.test_the_deadline_cancels_confirms_and_halts),
    ),
    Mutant(
        "missing wake-up for a deadline",
        "nobody is woken when the policy's time is up",
        line(wake._in_phase, "0 < due < first", "False"),
        Check(test_slips.test_the_run_wakes_up_for_its_deadline),
    ),
    Mutant(
        "caller's deadline ignored",
        "a run policy has all the time that it gives itself",
        line(guards.open_scope, "scope.parent >= 0 and dues[scope.parent]", "False"),
        Check(test_slips.test_inside_a_policy_the_deadline_of_its_caller_holds_too, (pg.NO_LIMIT, 3)),
    ),
    Mutant(
        "alert awaited for ever",
        "a phase that alerts goes on only once it was answered",
        line(
            phases._advance_alert,
            "turn.state.alert_ok < 0 or turn.now >= turn.state.timer_ns",
            "turn.state.alert_ok < 0",
        ),
        Check(test_slips.test_an_alert_that_nobody_answers_has_failed_after_two_seconds),
    ),
    Mutant(
        "deadline's target ignored",
        "a deadline halts where it should lead to a phase",
        line(
            guards.breach, "turn.program.scopes[scope].limits.deadline_to or HALT_DEADLINE", "HALT_DEADLINE"
        ),
        Proof("P17", hurried),
    ),
    Mutant(
        "deadline again and again",
        "a deadline that led to a phase falls due in it once more",
        line(guards.breach, "turn.update(dues=(*state.dues[:scope], 0, *state.dues[scope + 1 :]))", "pass"),
        Proof("P17", hurried),
    ),
    Mutant(
        "clock of the exposure never starts",
        "nobody notes since when too much is open",
        line(guards.watch_exposure, "naked_ns=turn.now if naked else 0", "naked_ns=0"),
        Check(test_stories.test_too_much_exposure_for_too_long_goes_where_the_policy_says),
    ),
    Mutant(
        "interrupted without a cancel",
        "what interrupts a phase does not wait for the end of its orders",
        line(step._advance_leave, "gone and answered and", "answered and"),
        Proof("P11", unwind_one, 1, 8, crashes=True),
    ),
    Mutant(
        "lost order left behind",
        "a run that is stopped goes where it was to go, whatever became of its orders",
        line(
            step._advance_leave,
            "target.kind is not TargetKind.HALT and any(leg.lost for leg in turn.legs)",
            "False",
        ),
        Check(test_lost_and_stray.test_a_hedge_lost_while_the_run_stops_is_not_traded_against),
    ),
    Mutant(
        "slices do not add up",
        "each slice ends where the first one did",
        line(sizing.part_done, " * (turn.state.slice_no + 1)", ""),
        Check(test_stories.test_slices_repeat_the_graph_until_the_clip_is_done),
    ),
    Mutant(
        "operator ignored",
        "a wish to stop is noted and nothing follows",
        line(step._on_stop, "_leave(turn, turn.program.stop_to)", "pass"),
        Check(test_shipped_scenarios.test_it_passes, scenario("ctrl_c")),
    ),
    Mutant(
        "stopped inside, traded on",
        "a stop inside a sub-policy is an outcome of it",
        line(step._on_stop, "turn.stand_in(turn.program.start)", "pass"),
        Check(test_lost_and_stray.test_a_stop_inside_is_no_outcome_that_the_caller_trades_on),
    ),
    Mutant(
        "crash forgets nothing read",
        "what was read before a crash confirms an end after it",
        line(step._on_restart, "turn.may_have_moved(index)", "pass"),
        Check(test_restart.test_no_end_stands_on_what_was_read_before_the_crash, (test_restart.is_sweeping,)),
    ),
    Mutant(
        "crash keeps the first read",
        "of two reads of an opening position one may be from before a crash",
        line(start.restart, "turn.state.step > READ", "False"),
        Check(test_restart.test_an_opening_position_takes_two_reads_after_the_crash, (0,)),
    ),
    Mutant(
        "crash loses the page",
        "a halt that crashes does not tell a human once more",
        line(ends.restart, "begin_halt(turn, turn.state.halt)", "turn.update(tries=0, timer_ns=turn.now)"),
        Check(test_restart.test_a_halt_pages_again_after_a_crash),
    ),
    Mutant(
        "crash forgets the order",
        "after a crash an open order is taken to be over",
        line(
            step._on_restart,
            "turn.update_leg(index, **{slot: _doubted(order)})",
            "turn.set_leg(index, retire(turn.legs[index], slot)); continue",
        ),
        Proof("P12", unwind_one, 1, 8, crashes=True),
    ),
    Mutant(
        "crash skips the look-up",
        "after a crash an open order is waited for, not looked up",
        line(step._on_restart, "orders.learn(turn, index, slot, order, News.ANSWER_LOST)", "pass"),
        Proof("P01", unwind_one, 1, 7, crashes=True),
    ),
    Mutant(
        "crash skips recover",
        "after a crash the phase goes on as if nothing had been",
        line(step._on_restart, "_leave(turn, _after_restart(turn))", "turn.update(timer_ns=turn.now)"),
        Proof("P03", baseline, 1, 13, crashes=True),
    ),
    Mutant(
        "crash skips the sweep",
        "after a crash nobody lists what rests",
        line(step._on_restart, "phases.ask_sweep(turn, index)", "pass"),
        Check(test_stories.test_after_a_crash_own_orders_are_looked_up_and_swept_before_recover),
    ),
    Mutant(
        "crash ends a halt",
        "a run that crashes on its way to a halt goes on",
        line(step._after_restart, "return leaving", "pass"),
        Check(test_last_word.test_a_restart_keeps_the_halt_the_run_was_leaving_for),
    ),
)
