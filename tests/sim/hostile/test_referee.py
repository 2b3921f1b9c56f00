"""Every rule about orders and positions fires on what breaks it, and on nothing else."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from dnkit.engine.step import begin
from dnkit.model.commands import FindOrder, PlaceOrder, SendAlert
from dnkit.model.terms import OrderType, Side
from dnkit.sim.hostile.world import World
from tests.sim.hostile.worlds import setting

SOUND = {
    "close_two_phase": PlaceOrder(
        0, 1, "k-a-1", Side.SELL, OrderType.IOC, 200, 270_000, 0, True, False, "finish#1"
    ),
    "open_post_only_hedge": PlaceOrder(
        0, 1, "k-quote-1", Side.BUY, OrderType.POST_ONLY, 200, 270_000, 0, False, True, "quote#1"
    ),
}


def world(policy: str) -> World:
    """A world in which nothing has happened yet."""
    return World(setting(policy, "", "calm"), 0)


def rules(policy: str, **values: object) -> list[str]:
    """The rules that an order breaks which is sound but for these values."""
    one = world(policy)
    one.referee.sent(replace(SOUND[policy], **values))
    return [found.rule for found in one.referee.violations]


@pytest.mark.parametrize("policy", SOUND)
def test_a_sound_order_breaks_nothing(policy: str) -> None:
    assert rules(policy) == []


def test_types() -> None:
    assert rules("close_two_phase", type=OrderType.FOK) == ["allowed types"]
    assert rules("open_post_only_hedge", type=OrderType.MARKET) == ["allowed types"]


def test_reduce_only() -> None:
    assert rules("close_two_phase", reduce_only=False) == ["reduce-only"]


def test_size() -> None:
    assert rules("close_two_phase", lots=201) == ["no order above what remains"]
    assert rules("close_two_phase", side=Side.BUY) == ["no order above what remains"]
    assert rules("open_post_only_hedge", lots=230) == ["no order above what remains"]


def test_price() -> None:
    assert rules("close_two_phase", price=2_700) == ["no price off a bad print"]
    assert rules("close_two_phase", price=27_000_000) == ["no price off a bad print"]


def test_one_order_a_leg() -> None:
    one = world("open_post_only_hedge")
    sound = SOUND["open_post_only_hedge"]
    one.lines[0].exchange.work(replace(sound, price=260_000))
    one.referee.sent(replace(sound, order=2, key="k-quote-2"))
    assert [found.rule for found in one.referee.violations] == ["one order a leg"]


def test_budget() -> None:
    one = world("open_post_only_hedge")
    facts = setting("open_post_only_hedge").capabilities[one.program.legs[0].instrument.venue]
    for _ in range(facts.rate_calls):
        one.referee.sent(FindOrder(0, 1, "k"))
    assert one.referee.violations == []
    one.referee.sent(FindOrder(0, 1, "k"))
    assert [found.rule for found in one.referee.violations] == ["request budget"]


@pytest.mark.parametrize(
    ("policy", "lots", "rule"),
    [
        ("close_two_phase", -200, ""),
        ("close_two_phase", -201, "never through zero"),
        ("close_two_phase", 1, "never through zero"),
        ("open_post_only_hedge", 200, ""),
        ("open_post_only_hedge", 230, "exposure bound"),
        ("rebalance_small", 1, ""),
    ],
)
def test_positions(policy: str, lots: int, rule: str) -> None:
    one = world(policy)
    account = one.lines[0].exchange.account
    account.fill(Side.BUY if lots > 0 else Side.SELL, abs(lots), 270_000, 0)
    one.lines[0].look()
    assert [found.rule for found in one.referee.violations] == ([rule] if rule else [])


def test_a_rebalance_does_not_overshoot() -> None:
    one = world("rebalance_small")
    leg = one.lines[1].exchange
    spec = one.program.legs[1].instrument
    leg.account.fill(Side(one.program.legs[1].side), spec.to_lots_down(Decimal("0.1")), 270_000, 0)
    one.lines[1].look()
    assert [found.rule for found in one.referee.violations] == ["exposure bound"]


def test_a_run_that_finds_no_end() -> None:
    one = world("close_two_phase")
    one.stuck = "no end after 3600 s"
    one.referee.at_end()
    one.referee.after()
    assert [found.rule for found in one.referee.violations] == ["every wait ends"]


def test_only_a_page_is_an_alarm() -> None:
    one = world("close_two_phase")
    one.referee.alerted(SendAlert(1, "warn", "x"))
    assert one.referee.alarms == 0
    one.referee.alerted(SendAlert(2, "page", "x"))
    assert one.referee.alarms == 1
    assert one.state == begin(one.program, "simulated")
