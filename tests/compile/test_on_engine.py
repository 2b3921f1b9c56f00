"""The shipped programs on the real engine and a scripted venue: good days, dead markets, naked legs."""

import pytest

from dnkit.machine.program import Program
from dnkit.model import commands as cm
from dnkit.model.numbers import NS_PER_S
from dnkit.model.terms import EndName, Intent, OrderType, Risk
from dnkit.policies.explain.worst import worst_case
from tests.compile.helpers import POLICIES, program_of, shipped
from tests.engine.harness import Reply, Venue, ioc_fills

PROGRAMS = [path.stem for path in POLICIES if path.stem != "funding_arb_guarded"]
CLOSES = ["close_two_phase", "pair_unwind_ioc_ladder"]
UNWINDS = ["emergency_unwind", "emergency_unwind_three_tier", "flatten"]
START_AND_END_NS = (
    5 * NS_PER_S
)  # positions and books before the first phase, sweeps and reads after the last one
OPENING = (Intent.OPEN, Intent.SINGLE)


def the_program(name: str, **more) -> Program:
    found = shipped(name)
    assert found is not None
    return program_of(found[1], **more)


def venue(program: Program, **more) -> Venue:
    """A venue with the position the policy expects to find: nothing, or its clip (hedged if two legs)."""
    made = Venue(program, **more)
    for index, leg in enumerate(program.legs):
        made.books[index] |= {"bid_lots": 10**7, "ask_lots": 10**7, "volume": 10**30}
        lot_money = made.touches[index] * leg.instrument.value
        clip = leg.clip.base // leg.instrument.lot_base or leg.clip.money // lot_money
        drift = 92 if program.intent is Intent.REBALANCE and index else 100
        made.truth[index] = 0 if program.intent in OPENING else leg.side * clip * drift // 100
    return made


def all_fill(order: cm.PlaceOrder) -> list[Reply]:
    """Everything fills at once, but a stop rests."""
    return [(1, "accepted", {})] if order.stop else [(1, "fill", {})]


def nothing_fills(order: cm.PlaceOrder) -> list[Reply]:
    """Resting orders rest, immediate ones meet nothing."""
    if order.type in (OrderType.IOC, OrderType.FOK, OrderType.MARKET):
        return [(1, "ended", {})]
    return [(1, "accepted", {})]


GOOD_DAY = {
    "open_post_only_hedge": EndName.HEDGED,
    "rebalance_small": EndName.HEDGED,
    "perps_baseline": EndName.PROTECTED,
    **dict.fromkeys([*CLOSES, *UNWINDS], EndName.FLAT),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_good_day_ends_where_the_policy_wants_to_be(name: str) -> None:
    run = venue(the_program(name), otherwise=all_fill)
    assert run.run().end is GOOD_DAY[name]
    assert len(run.sent) > 0


@pytest.mark.parametrize("name", PROGRAMS)
def test_takers_do_what_makers_could_not(name: str) -> None:
    """Nothing passive fills: opens stay idle, all else gets there by its ladders."""
    run = venue(the_program(name), otherwise=ioc_fills)
    wanted = EndName.IDLE if the_program(name).intent in OPENING else GOOD_DAY[name]
    assert run.run().end is wanted


@pytest.mark.parametrize("name", [*CLOSES, *UNWINDS, "rebalance_small"])
def test_a_dead_market_ends_in_an_honest_halt_with_bounded_orders(name: str) -> None:
    program = the_program(name)
    run = venue(program, otherwise=nothing_fills)
    end = run.run()
    assert end.end is EndName.HALTED
    assert end.risk in (Risk.UNHEDGED, Risk.HEDGED)
    worst = worst_case(program)
    assert len(run.sent) <= worst.orders
    assert run.now <= worst.longest_ns + START_AND_END_NS


@pytest.mark.parametrize("name", CLOSES)
def test_one_dead_leg_does_not_keep_the_other_open(name: str) -> None:
    run = venue(
        the_program(name), otherwise=lambda order: nothing_fills(order) if order.leg else all_fill(order)
    )
    end = run.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNHEDGED)
    assert run.truth[0] == 0


def test_an_open_that_cannot_hedge_gives_its_quote_leg_back() -> None:
    def hedge_is_dead(order: cm.PlaceOrder) -> list[Reply]:
        return nothing_fills(order) if order.leg else all_fill(order)

    run = venue(the_program("open_post_only_hedge"), otherwise=hedge_is_dead)
    assert run.run().end in (EndName.FLAT, EndName.HEDGED)
    assert run.truth == [0, 0]
    back = [order for order in run.sent if order.leg == 0][1:]
    assert back
    assert all(order.reduce_only for order in back)


def test_without_last_resort_no_market_order_leaves() -> None:
    program = the_program("open_post_only_hedge", settings={"last_resort": "none"})
    run = venue(program, otherwise=lambda order: nothing_fills(order) if order.leg else all_fill(order))
    run.run()
    assert all(order.type is not OrderType.MARKET for order in run.sent)


@pytest.mark.parametrize("name", [*CLOSES, *UNWINDS])
def test_every_order_of_a_close_carries_the_flag_wherever_the_venue_takes_it(name: str) -> None:
    program = the_program(name)
    run = venue(program, otherwise=ioc_fills)
    run.run()
    for order in run.sent:
        assert order.reduce_only == (order.type in program.legs[order.leg].flags)


def test_a_critical_reason_sends_no_passive_order() -> None:
    run = venue(the_program("close_two_phase", reason="LIQUIDATION_RISK"), otherwise=ioc_fills)
    assert run.run().end is EndName.FLAT
    assert {order.type for order in run.sent} == {OrderType.IOC}


def test_a_stop_that_cannot_be_placed_leads_out_of_the_position() -> None:
    def no_stops(order: cm.PlaceOrder) -> list[Reply]:
        return [(1, "rejected", {})] if order.stop else [(1, "fill", {})]

    run = venue(the_program("perps_baseline"), otherwise=no_stops)
    assert run.run().end is EndName.FLAT
    assert run.truth == [0]
    assert len([order for order in run.sent if order.stop]) == 3
