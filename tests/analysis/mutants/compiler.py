"""From the text of a policy to its program."""

from dnkit.machine import program as pg
from dnkit.model.terms import EndName
from dnkit.policies.compile import jobs as compile_jobs
from dnkit.policies.compile import legs as compile_legs
from dnkit.policies.compile import limits as compile_limits
from dnkit.policies.compile import phases as compile_phases
from dnkit.policies.compile import policy as compile_policy
from tests.analysis.mutants.mutant import Check, Mutant, Proof, entry, line
from tests.analysis.mutants.shown import (
    called,
    called_further,
    emergency_unwind,
    post_only_hedge,
)
from tests.compile import test_compile, test_shipped

MUTANTS = (
    Mutant(
        "reduces missing",
        "takes of a close may open",
        line(compile_jobs._take_job, "body.reduce_only or ground.closing", "False"),
        Proof("P09", called, 0, 8),
    ),
    Mutant(
        "wrong leg",
        "a job is put on the other leg",
        line(compile_jobs.Ground.leg, "return self.legs[name]", "return 1 - self.legs[name]"),
        Check(test_compile.test_sub_policy_is_inlined_with_its_ends_wired_to_the_caller),
    ),
    Mutant(
        "wrong leg inside",
        "a run policy gets the legs in order, not by name",
        line(
            compile_phases.Builder._legs,
            "{name: frame.ground.legs[ours] for name, ours in legs.items()}",
            "{name: at for at, name in enumerate(legs)}",
        ),
        Check(test_compile.test_sub_policy_is_inlined_with_its_ends_wired_to_the_caller),
    ),
    Mutant(
        "both legs on one side",
        "the second leg of a pair buys where nothing is said",
        line(compile_legs._leg, "Side.BUY if index == 0 else Side.SELL", "Side.BUY"),
        Check(test_compile.test_defaults_of_a_close),
    ),
    Mutant(
        "rungs in the wrong order",
        "a ladder begins with its last rung",
        line(compile_jobs.take_jobs, "enumerate(body.ladder)", "reversed(list(enumerate(body.ladder)))"),
        Check(test_compile.test_prices_keep_their_unit_and_direction),
    ),
    Mutant(
        "outcome wired to the next phase",
        "where an outcome is to lead is not read",
        line(compile_phases.Builder._then, "written.get(outcome, default)", "default"),
        Proof("P17", emergency_unwind),
    ),
    Mutant(
        "next phase off by one",
        "an outcome of which nothing is said leads to its own phase",
        line(compile_phases.Builder._then, "phase=at + 1", "phase=at"),
        Check(test_compile.test_missing_outcomes_lead_to_the_next_phase_and_too_many_visits_halt),
    ),
    Mutant(
        "forbidden type not handed on",
        "a run policy may use types that its caller forbids",
        line(
            compile_limits.tighter,
            "(*inner.forbid, *(one for one in outer.forbid if one not in inner.forbid))",
            "inner.forbid",
        ),
        Check(test_compile.test_a_type_that_the_caller_forbids_is_found_inside),
    ),
    Mutant(
        "limits not handed on",
        "a run policy pays what its own limits allow",
        line(
            compile_phases.Builder._limits,
            "tighter(limits, caller.ground.limits) if caller else limits",
            "limits",
        ),
        Proof("P15", called_further, 0, 8),
    ),
    Mutant(
        "looser of two limits",
        "of two limits the weaker one holds",
        line(compile_limits._at_most, "return min(one, other)", "return max(one, other)"),
        Check(test_compile.test_inside_a_sub_policy_the_tighter_limit_holds),
    ),
    Mutant(
        "ends inside swapped",
        "a run policy that ends flat answers as if it had halted",
        entry(compile_phases._ENDS, EndName.FLAT, pg.Outcome.HALT),
        Check(test_compile.test_sub_policy_is_inlined_with_its_ends_wired_to_the_caller),
    ),
    Mutant(
        "wrong size",
        "a hedge is as large as the clip",
        entry(compile_jobs._SIZES, "imbalance", pg.SizeKind.CLIP),
        Proof("P20", post_only_hedge, 0, 10),
    ),
    Mutant(
        "wrong goal",
        "a check looks for another end than it is to",
        line(compile_phases.Builder._with_body, "goal=body.goal", "goal=EndName.IDLE"),
        Proof("P20", emergency_unwind, 0, 3),
    ),
    Mutant(
        "market order without a worst price",
        "a market order needs no cap",
        line(compile_jobs._cap, "ground.limits.concession_max == NO_LIMIT and not body.ladder", "False"),
        Check(test_compile.test_market_without_any_bound_is_refused_even_when_built_by_hand),
    ),
    Mutant(
        "flags of the venue dropped",
        "no venue takes reduce-only",
        line(compile_legs._leg, "flags=venue.reduce_only", "flags=()"),
        Check(test_shipped.test_nado_keeps_reduce_only_off_what_refuses_it),
    ),
    Mutant(
        "no last reduction",
        "a close has no phase for a leg that is left over",
        line(compile_policy._reduce_phase, "scope.intent not in CLOSING", "True"),
        Check(test_shipped.test_close_has_the_added_reduce_phase_on_all_legs_inside_its_bounds),
    ),
    Mutant(
        "recovers at the start",
        "after a crash a policy begins anew",
        line(compile_policy._recover, "return next(looks, frame.order[0])", "return frame.order[0]"),
        Check(test_compile.test_defaults_of_a_close),
    ),
    Mutant(
        "deadline not compiled",
        "a policy's deadline is left out",
        line(
            compile_limits.compile_limits, "text.deadline.after_ns if text.deadline else NO_LIMIT", "NO_LIMIT"
        ),
        Check(test_compile.test_inside_a_sub_policy_the_tighter_limit_holds),
    ),
)
