"""A venue that answers 429, and an account whose budget others have used up: the way out goes on inside the
reserve, entries stop first.
"""

import pytest

from dnkit.machine.program import Program
from dnkit.model.terms import EndName
from dnkit.sim.hostile.faults import Fault
from dnkit.sim.hostile.world import Setting, World
from tests.sim.hostile.worlds import only, setting

OUT = (
    "emergency_unwind",
    "emergency_unwind_three_tier",
    "flatten",
    "pair_unwind_ioc_ladder",
    "close_two_phase",
)
SEEDS = range(8)
RESERVE = 20  # percent of the calls: neither entries nor reads of other runs ever use more than the rest


def used_up(of: Setting, seed: int, percent: int) -> World:
    """A world in which others have just made so many percent of the calls that each venue takes."""
    world = World(of, seed)
    world.bot._asked += [
        (world.began_ns - 1, leg)
        for leg in first_legs(of.program)
        for _ in range(of.capabilities[of.program.legs[leg].instrument.venue].rate_calls * percent // 100)
    ]
    world.run()
    return world


def first_legs(program: Program) -> list[int]:
    """A leg of each venue."""
    venues = [leg.instrument.venue for leg in program.legs]
    return [venues.index(venue) for venue in dict.fromkeys(venues)]


def calls_within_budget(world: World, percent: int) -> bool:
    """Whether what left in the first window fits what others have left of it."""
    limits = [world._capabilities[leg.instrument.venue] for leg in world.program.legs]
    room = sum(one.rate_calls * (100 - percent) // 100 for one in {one.venue: one for one in limits}.values())
    return world.ended_ns - world.began_ns > min(one.rate_window_ns for one in limits) or (
        world.referee.requests <= room
    )


@pytest.mark.parametrize("policy", OUT)
def test_an_unwind_finishes_inside_the_reserve(policy: str) -> None:
    for seed in SEEDS:
        world = used_up(setting(policy, "", "calm"), seed, 100 - RESERVE)
        assert world.state.ended is not None
        assert world.state.ended.end is EndName.FLAT
        assert calls_within_budget(world, 100 - RESERVE)
        assert world.referee.violations == []


@pytest.mark.parametrize("policy", OUT)
def test_an_unwind_goes_on_through_429(policy: str) -> None:
    met = 0
    for seed in SEEDS:
        world = used_up(only(policy, Fault.RATE_LIMIT, percent=25), seed, 60)
        assert world.state.ended is not None
        assert world.state.ended.end is EndName.FLAT, world.state.ended.text
        assert world.referee.violations == []
        told = {alert.code for _, alert in world.alerts}
        assert world.luck.met[Fault.RATE_LIMIT] == 0 or told == {"BUDGET_LOW"}
        met += world.luck.met[Fault.RATE_LIMIT]
    assert met >= len(SEEDS)


def test_entries_stop_first() -> None:
    """Where only the reserve is left an open sends no order, and a human hears why; an unwind is not kept."""
    for seed in SEEDS:
        world = used_up(setting("open_post_only_hedge", "", "calm"), seed, 60)
        assert world.state.ended is not None
        assert world.state.ended.end is EndName.IDLE
        assert world.referee.positions() == world.starting()
        assert {alert.code for _, alert in world.alerts} == {"BUDGET_LOW"}
        assert world.referee.violations == []
