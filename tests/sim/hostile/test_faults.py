"""Every kind of fault occurs, and does what its row says."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from dnkit.cli.simulating import PROFILES, profile_of
from dnkit.model import events as ev
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.sim.hostile.campaign import simulate
from dnkit.sim.hostile.faults import KINDS, Draw, Fault, Luck, Per
from dnkit.sim.hostile.line import Line
from dnkit.sim.hostile.world import World
from tests.sim.hostile.worlds import machine_names, only, ran, setting

HEDGE = "open_post_only_hedge"
CLOSE = "close_two_phase"


def events(world: World) -> list[ev.Event]:
    """What the engine heard, in order."""
    from dnkit.sim.hostile.bot import event_of

    return [event_of(one.event) for one in world.bot.lines]


def met(policy: str, fault: Fault, percent: int = 100, seeds: int = 6) -> list[World]:
    """Runs in which the kind occurred."""
    found = [ran(only(policy, fault, percent=percent), seed) for seed in range(seeds)]
    return [one for one in found if one.luck.met[fault]]


@pytest.mark.parametrize("fault", list(Fault))
def test_it_occurs_and_violates_nothing(fault: Fault) -> None:
    percent = 15 if KINDS[fault].per in (Per.REQUEST, Per.LINE) else 60
    occurred = False
    faults = (fault, Fault.VENUE_GONE) if fault is Fault.LOST_ALERT else (fault,)
    for policy in (HEDGE, CLOSE):
        for seed in range(10):
            world = ran(only(policy, *faults, percent=percent), seed)
            occurred = occurred or world.luck.met[fault] > 0
            assert world.referee.violations == []
    assert occurred


def test_a_lost_request_is_looked_up_and_repeated() -> None:
    worlds = met(HEDGE, Fault.LOST_REQUEST, 30)
    assert any(isinstance(one, ev.AnswerLost) for world in worlds for one in events(world))


def test_rejects_come_in_a_row() -> None:
    rejected = [
        [one for one in events(world) if isinstance(one, ev.OrderRejected | ev.OrderEnded)]
        for world in met(HEDGE, Fault.POST_ONLY_REJECT)
    ]
    assert max(len(one) for one in rejected) >= 2


def test_a_thin_book_fills_in_part() -> None:
    ended = [
        one
        for world in met(CLOSE, Fault.THIN_BOOK)
        for one in events(world)
        if isinstance(one, ev.OrderEnded)
    ]
    assert any(one.why.value == "expired" for one in ended)


def test_margin_is_refused_only_to_what_adds_risk() -> None:
    worlds = met(HEDGE, Fault.MARGIN)
    assert worlds
    assert all(world.state.ended and world.state.ended.end.value == "idle" for world in worlds)
    assert met(CLOSE, Fault.MARGIN) == []


def test_a_duplicate_changes_nothing() -> None:
    for seed in range(6):
        plain = simulate(setting(CLOSE, "", "calm"), seed)
        twice = simulate(only(CLOSE, Fault.DUPLICATE), seed)
        assert (plain.end, plain.cost, plain.requests) == (twice.end, twice.cost, twice.requests)


def test_a_venue_that_is_gone_ends_the_run_in_a_halt_that_says_so() -> None:
    worlds = [one for one in met(CLOSE, Fault.VENUE_GONE, seeds=20) if one.is_down(0) and one.is_down(1)]
    ends = {one.state.ended.end.value for one in worlds if one.state.ended}
    assert "halted" in ends
    assert all(one.ended_ns - one.began_ns < 120 * NS_PER_S for one in worlds)


def test_a_stream_that_is_down_for_long_is_told_of() -> None:
    worlds = met(HEDGE, Fault.VENUE_GONE, seeds=20)
    told = [(at, world) for world in worlds for at, one in world.alerts if one.code == "STREAM_DOWN"]
    assert told
    assert all(at - min(map(start_of, world.lines)) > 29 * NS_PER_S for at, world in told)


def start_of(line: Line) -> int:
    """When a venue went away for good."""
    return max((begin for begin, _ in line.weather.down), default=2**62)


def test_a_silent_book_is_read_by_another_way() -> None:
    helped = 0
    for world in met(HEDGE, Fault.SILENT_STREAM, seeds=20):
        weather = world.lines[1].weather
        books = [one for one in events(world) if isinstance(one, ev.BookRead) and one.leg == 1]
        for before, after in pairwise(books):
            since = weather.mute_since(after.at_ns)
            silent = since == weather.mute_since(before.at_ns) < after.at_ns
            helped += silent and before.age_ns > 2 * NS_PER_S and after.age_ns < NS_PER_S
    assert helped


def test_an_old_position_is_as_old_as_drawn() -> None:
    ages = [
        one.at_ns - one.as_of_ns
        for world in met(HEDGE, Fault.OLD_POSITION, seeds=12)
        for one in events(world)
        if isinstance(one, ev.PositionRead) and one.request and one.lots is not None
    ]
    assert max(ages) > 2 * NS_PER_S
    assert max(ages) < 66 * NS_PER_S


def test_what_adds_risk_does_not_begin_where_an_account_is_not_fit_for_it() -> None:
    worlds = met(HEDGE, Fault.CLOCK_SKEW, percent=20, seeds=40)
    kept = [world for world in worlds if world.unready]
    for world in worlds:
        skews = [abs(line.weather.skew_ns) for line in world.lines]
        assert bool(world.unready) is (max(skews) > NS_PER_S)
    assert len(worlds) > len(kept) > 0
    assert all(not world.bot.lines and "the clock of" in world.unready for world in kept)
    outcome = simulate(only(HEDGE, Fault.CLOCK_SKEW, percent=20), kept[0].seed)
    assert (outcome.end, outcome.violations) == ("not begun", ())
    assert not any(world.unready for world in met(CLOSE, Fault.CLOCK_SKEW)), "a way out is never kept back"


def test_skewed_stamps_are_never_of_the_future() -> None:
    stamped = [
        (one.at_ns, one.traded_ns)
        for world in met(CLOSE, Fault.CLOCK_SKEW, seeds=12)
        for one in events(world)
        if isinstance(one, ev.OrderFilled)
    ]
    assert all(traded <= at for at, traded in stamped)
    assert any(at - traded > 500 * NS_PER_MS for at, traded in stamped)


def test_a_liquidated_leg_is_seen_in_the_truth() -> None:
    worlds = met(CLOSE, Fault.LIQUIDATION, seeds=30)
    assert worlds
    assert all(any(line.exchange.liquidated_ns for line in world.lines) for world in worlds)


def test_a_bad_print_is_far_off() -> None:
    worlds = met(HEDGE, Fault.BAD_PRINT, seeds=12)
    books = [one for world in worlds for one in events(world) if isinstance(one, ev.BookRead)]
    assert any(one.bid < 10_000 for one in books)
    assert all(world.books[0].bid > 100_000 for world in worlds)


def test_a_killed_process_goes_on_from_its_lines() -> None:
    worlds = met(HEDGE, Fault.KILL, 15)
    assert max(one.bot.deaths for one in worlds) >= 2
    for world in worlds:
        heard = events(world)
        returns = sum(isinstance(one, ev.Restarted) for one in heard)
        assert returns <= world.bot.deaths
        assert world.replay_differs() == ""


def test_a_journal_that_does_not_replay_is_noticed() -> None:
    world = ran(setting(HEDGE, "", "calm"), 1)
    world.bot.lines[4] = replace(world.bot.lines[4], digest="0" * 16)
    assert "line 5" in world.replay_differs()


def test_shipped_profiles_name_every_kind() -> None:
    names = sorted(one.stem for one in PROFILES.glob("*.yaml"))
    assert names == ["calm", "rough", "swarm"]
    assert set(profile_of("rough").rates) == set(profile_of("swarm").rates) == set(Fault)
    assert profile_of("calm").rates == {}


def test_a_swarm_draws_some_kinds_at_rates_of_its_own() -> None:
    whole = profile_of("swarm")
    assert whole.draw is Draw.SOME
    drawn = [Luck(whole, seed).rates for seed in range(40)]
    assert {fault for rates in drawn for fault in rates} == set(Fault)
    assert all(rate.ppm <= whole.rates[fault].ppm for rates in drawn for fault, rate in rates.items())
    assert len({tuple(rates) for rates in drawn}) > 30
    assert drawn[3] == Luck(whole, 3).rates


def test_a_seed_is_the_same_run_again_and_others_are_others() -> None:
    again = {(one, simulate(setting(HEDGE), one).digest) for one in range(5) for _ in range(2)}
    assert len(again) == 5
    assert len({digest for _, digest in again}) > 3


def test_what_ran_before_does_not_matter() -> None:
    of = setting(CLOSE, "", "rough")
    alone = simulate(of, 7)
    for seed in (13, 2, 7 + 48):
        simulate(of, seed)
    assert simulate(of, 7) == alone


def test_every_machine_is_run() -> None:
    assert len(machine_names()) >= 9
