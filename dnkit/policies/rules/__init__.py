"""Rules of `dnkit lint`, one file each: what reads and compiles, and should still not trade like that.

A rule is a module with a CODE of the table in `codes` and `check(subject)`; its file has the code's name.
"""

from collections.abc import Callable, Iterator

from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules import (
    acts_at_first_sight,
    assumed_clip,
    backoff_past_target,
    calls_above_rate,
    cancel_costs_a_query,
    check_past_target,
    clip_above_own_limit,
    closes_on_unknown,
    dead_man_switch_unused,
    deadline_below_lag,
    deadline_too_short,
    end_without_verify,
    exit_may_open,
    fok_as_last_resort,
    guard_never_pages,
    halts_when_stopped,
    legs_on_one_side,
    listed_twice,
    long_wait_while_naked,
    market_not_forbidden,
    min_hedge_one_sided,
    no_deadline,
    no_entry_filter,
    no_look_up,
    no_max_age,
    no_max_concession,
    no_max_spread,
    no_max_unhedged,
    no_min_hedge,
    no_way_to_goal,
    off_tick,
    order_below_minimum,
    other_name,
    outcome_falls_through,
    quiet_halt,
    recovers_at_first_verify,
    reduce_only_left_off,
    run_leg_not_named,
    runs_without_reason,
    same_spread_in_a_hurry,
    sample_too_small,
    stream_looser_than_quote,
    verify_goes_on,
    visits_too_few,
)
from dnkit.policies.rules.subject import Subject

Rule = Callable[[Subject], Iterator[Diagnostic]]

RULES: dict[str, Rule] = {
    one.CODE: one.check
    for one in (
        other_name,
        listed_twice,
        outcome_falls_through,
        no_way_to_goal,
        visits_too_few,
        recovers_at_first_verify,
        halts_when_stopped,
        run_leg_not_named,
        runs_without_reason,
        end_without_verify,
        verify_goes_on,
        closes_on_unknown,
        acts_at_first_sight,
        no_deadline,
        no_max_concession,
        no_max_unhedged,
        legs_on_one_side,
        exit_may_open,
        fok_as_last_resort,
        long_wait_while_naked,
        same_spread_in_a_hurry,
        no_min_hedge,
        off_tick,
        min_hedge_one_sided,
        assumed_clip,
        clip_above_own_limit,
        market_not_forbidden,
        deadline_too_short,
        backoff_past_target,
        check_past_target,
        sample_too_small,
        stream_looser_than_quote,
        calls_above_rate,
        no_max_spread,
        no_max_age,
        no_entry_filter,
        reduce_only_left_off,
        cancel_costs_a_query,
        no_look_up,
        dead_man_switch_unused,
        order_below_minimum,
        deadline_below_lag,
        quiet_halt,
        guard_never_pages,
    )
}


def judge(subject: Subject) -> tuple[Diagnostic, ...]:
    """What every rule finds in a policy."""
    return tuple(found for check in RULES.values() for found in check(subject))
