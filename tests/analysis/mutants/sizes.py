"""How much, which way, of what type, at what price, on which book."""

from dnkit.engine import answers, books, phases, placing, pricing, sizing, start
from dnkit.machine import program as pg
from tests.analysis.mutants.mutant import Check, Mutant, Proof, line
from tests.analysis.mutants.shown import (
    amount,
    capped,
    generous,
    narrow,
)
from tests.compile import test_on_engine
from tests.engine import test_first_book, test_hostile, test_slips, test_stories
from tests.engine.programs import open_hedged, unwind_one
from tests.stories import test_incidents

MUTANTS = (
    Mutant(
        "wrong side",
        "orders buy where they should sell",
        line(placing.place, "job.lots > 0", "job.lots < 0"),
        Proof("P10", unwind_one, 0, 4),
    ),
    Mutant(
        "hedge on the wrong side",
        "what evens the legs out is traded the other way",
        line(sizing._wanted, "-sign(open_net)", "sign(open_net)"),
        Proof("P10", open_hedged, 0, 10),
    ),
    Mutant(
        "sized from the wish",
        "a quote asks for the clip whatever was filled of it",
        line(sizing._wanted, "(target - leg.position)", "(target - leg.start)"),
        Proof("P10", open_hedged, 0, 10),
    ),
    Mutant(
        "sized from the amount",
        "each rung asks for the whole amount again",
        line(sizing._wanted, "side * (leg.position - job.base)", "0"),
        Proof("P10", amount(250), 0, 6),
    ),
    Mutant(
        "through zero",
        "a reducing order may be larger than the position",
        line(sizing.remaining, "if plan.reduces:", "if False:"),
        Proof("P07", amount(750), 0, 4),
    ),
    Mutant(
        "reduce-only dropped",
        "no order carries the flag",
        line(placing.has_flag, "plan.reduces and kind in spec.flags", "False"),
        Proof("P09", unwind_one, 0, 4),
    ),
    Mutant(
        "reduce-only where it is refused",
        "the flag is sent with types for which the venue has none",
        line(placing.has_flag, "plan.reduces and kind in spec.flags", "plan.reduces"),
        Check(
            test_on_engine.test_every_order_of_a_close_carries_the_flag_wherever_the_venue_takes_it,
            ("emergency_unwind",),
        ),
    ),
    Mutant(
        "risk called none",
        "orders that add risk say that they add none",
        line(placing.place, "adds_risk=not plan.reduces", "adds_risk=False"),
        Check(test_hostile.test_promises_hold_whatever_the_venue_does, ("open", 0.0)),
    ),
    Mutant(
        "dust order",
        "what is too small to trade is sent all the same",
        line(sizing.remaining, "0 if abs(lots) < _least(turn, plan, leg) else lots", "lots"),
        Check(test_stories.test_a_residual_below_the_minimum_is_named_and_no_order),
    ),
    Mutant(
        "min hedge ignored",
        "the policy's min_hedge is taken to be the venue's minimum",
        line(start._sized, "hedge_min=hedge_min", "hedge_min=0"),
        Proof("P03", generous, 0, 39),
    ),
    Mutant(
        "min hedge left out of sizing",
        "a hedge is sent from the venue's minimum on",
        line(sizing._least, "max(leg.least, leg.hedge_min)", "leg.least"),
        Check(test_slips.test_what_is_below_min_hedge_is_left_alone_and_named, (99, 0)),
    ),
    Mutant(
        "deeper than the book",
        "an order is as large as what remains, whatever the book holds",
        line(
            books.sized,
            "limits.depth_within == pg.NO_LIMIT or not limits.depth_shrink or book.reach >= abs(lots)",
            "True",
        ),
        Check(test_slips.test_an_order_is_no_larger_than_what_the_book_holds_within_the_depth_limit),
    ),
    Mutant(
        "crossed book traded on",
        "a bid at or above the ask is a book like any other",
        line(books.is_two_sided, "0 < book.bid < book.ask", "0 < book.bid"),
        Check(test_slips.test_nothing_is_sent_on_a_book_that_cannot_be, (300_002, 300_000)),
    ),
    Mutant(
        "first book believed",
        "a first book needs nothing that speaks for its price",
        line(start.hear_book, "bool(agreeing) if mates else _is_known(before, book)", "True"),
        Check(test_first_book.test_a_first_book_far_off_makes_no_dust_of_a_leg_alone, (None,)),
    ),
    Mutant(
        "dust of the last book",
        "what counts as dust follows every book",
        line(answers.hear_book, "min(leg.least, ", "max(0, "),
        Check(test_first_book.test_a_lower_price_later_makes_no_dust_of_what_was_none),
    ),
    Mutant(
        "forbidden type",
        "an IOC is sent as a market order",
        line(
            pg.LegSpec.sends,
            "OrderType.IOC if type is OrderType.MARKET and not self.market_native else type",
            "OrderType.MARKET if type is OrderType.IOC else type",
        ),
        Proof("P08", unwind_one, 0, 6),
    ),
    Mutant(
        "market order where there is none",
        "a venue without market orders is sent one",
        line(pg.LegSpec.sends, "type is OrderType.MARKET and not self.market_native", "False"),
        Proof("P08", capped, 0, 4),
    ),
    Mutant(
        "past max_concession",
        "no rung is bounded by the policy's limit",
        line(pricing.bounded, "concession_max == NO_LIMIT", "True"),
        Proof("P15", narrow, 0, 8),
    ),
    Mutant(
        "market order without a cap",
        "a market order may go as far as one without any bound",
        line(pricing.capped_price, "if one != NO_LIMIT", "if False"),
        Proof("P15", capped, 0, 4),
    ),
    Mutant(
        "rounded the wrong way",
        "distances are rounded toward the aggressive side",
        line(
            pricing.distance_ticks,
            "ceil_div(numerator, denominator) if up else numerator // denominator",
            "numerator // denominator if up else ceil_div(numerator, denominator)",
        ),
        Check(test_incidents.test_trade_one_uneven_legs_each_close_their_own_position),
    ),
    Mutant(
        "wide book traded on",
        "a balanced pair trades whatever the spread",
        line(books._limit_refusal, "limits.spread_max != pg.NO_LIMIT and wide > limits.spread_max", "False"),
        Check(test_stories.test_a_wide_spread_refuses_a_balanced_close_but_not_a_naked_leg),
    ),
    Mutant(
        "naked leg refused",
        "a limit keeps a naked leg from getting out",
        line(books.refusal, "refused is None or relieves(turn, lots)", "refused is None"),
        Check(test_stories.test_a_wide_spread_refuses_a_balanced_close_but_not_a_naked_leg),
    ),
    Mutant(
        "one leg entered alone",
        "a leg is entered though the other one's book was refused",
        line(phases._enter_together, "any(job.stage is JobStage.REFUSED for job in jobs)", "False"),
        Check(test_stories.test_a_wide_spread_refuses_a_balanced_close_but_not_a_naked_leg),
    ),
    Mutant(
        "legs not awaited",
        "a leg is entered while the other one's book is still looked at",
        line(
            phases._enter_together,
            "any(job.stage in (JobStage.LOOK, JobStage.PAUSE) for job in jobs)",
            "False",
        ),
        Check(test_stories.test_one_bad_book_holds_back_both_legs),
    ),
)
