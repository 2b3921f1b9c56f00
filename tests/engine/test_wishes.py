"""What an operator may want of a run: to pause, to leave once hedged, to have everything closed."""

import pytest

from dnkit.engine.state import Stage
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.terms import EndName, Risk, StopWhen
from tests.engine.harness import Venue, ioc_fills, phase_target
from tests.engine.programs import close_pair, handed_over, open_hedged, unwind_one

QUOTE = (0, 1)


def cancels(venue: Venue) -> list[int]:
    return [one.leg for one in venue.asked if isinstance(one, cm.CancelOrder)]


def stop_hedged(venue: Venue) -> ev.StopAsked:
    return ev.StopAsked(venue.now, "operator", StopWhen.HEDGED)


# --- pause ---------------------------------------------------------------------------------------


def test_a_pause_withdraws_a_resting_entry_and_hedges_what_it_had_filled() -> None:
    venue = Venue(open_hedged(), otherwise=ioc_fills)
    venue.script[QUOTE] = [(1, "accepted", {}), (500, "fill", {"lots": 200})]
    venue.at(1_000, lambda: ev.PauseAsked(venue.now, "operator"))
    end = venue.run()
    paused = next(one for one in venue.lines if isinstance(one[0], ev.PauseAsked))
    assert [type(one) for one in paused[1]] == [cm.CancelOrder]
    assert end.end is EndName.HEDGED
    assert venue.truth == [200, -200]


def test_a_pause_leaves_a_resting_hedge_alone() -> None:
    venue = Venue(open_hedged())
    venue.script[QUOTE] = [(1, "accepted", {}), (100, "fill", {})]
    venue.script[1, 1] = [(1, "accepted", {}), (2_000, "fill", {})]
    venue.at(1_000, lambda: ev.PauseAsked(venue.now, "operator"))
    assert venue.run().end is EndName.HEDGED
    assert cancels(venue) == []


@pytest.mark.parametrize("at_ms", [5, 100, 2_000, 15_500])
def test_a_pause_holds_up_nothing_that_closes(at_ms: int) -> None:
    venue, calm = (Venue(close_pair(), positions=[500, -500], otherwise=ioc_fills) for _ in range(2))
    venue.at(at_ms, lambda: ev.PauseAsked(venue.now, "operator"))
    venue.at(at_ms + 1, lambda: ev.ResumeAsked(venue.now, "operator"))
    assert venue.run() == calm.run()
    assert venue.asked == calm.asked


def test_an_entry_that_moves_when_paused_is_not_replaced_once_its_time_is_over() -> None:
    """The withdrawal of a pause is final for the phase: the run goes on as if the window were over."""
    venue = Venue(open_hedged(), otherwise=ioc_fills)
    venue.at(1_000, lambda: ev.PauseAsked(venue.now, "operator"))
    assert venue.run().end is EndName.IDLE
    assert len(venue.sent) == 1
    assert venue.now < 2_000_000_000, "nobody waited for the window"


# --- stop hedged ---------------------------------------------------------------------------------


def test_a_run_leaves_at_the_next_moment_at_which_it_is_hedged() -> None:
    """0.2 of the quote are filled, its rest is resting; once the hedge is in, nothing is waited for."""
    venue = Venue(open_hedged(), otherwise=ioc_fills)
    venue.script[QUOTE] = [(1, "accepted", {}), (4_000, "fill", {"lots": 200})]
    venue.at(4_500, lambda: stop_hedged(venue))
    end = venue.run()
    assert (end.end, venue.truth) == (EndName.HEDGED, [200, -200])


def test_a_close_that_is_even_leaves_at_once_with_its_orders_cancelled() -> None:
    venue = Venue(close_pair(), positions=[500, -500])
    venue.at(2_000, lambda: stop_hedged(venue))
    end = venue.run()
    assert (end.end, end.risk) == (EndName.HEDGED, Risk.HEDGED)
    assert "as asked" in end.text
    assert sorted(cancels(venue)) == [0, 1]
    assert not any(one["live"] for one in venue.orders.values())


def test_a_fill_that_overtakes_the_cancel_sends_it_out_by_its_own_road() -> None:
    """Even at the moment of leaving, uneven once the cancels are confirmed."""
    venue = Venue(close_pair(stop_to=phase_target(1)), positions=[500, -500], otherwise=ioc_fills)
    venue.on_cancel[QUOTE] = [(1, "fill", {"lots": 300}), (2, "cancel", {})]
    venue.at(2_000, lambda: stop_hedged(venue))
    assert venue.run().end is EndName.FLAT
    assert venue.truth == [0, 0]


def test_a_stop_now_takes_the_place_of_a_stop_once_hedged_and_not_the_other_way_round() -> None:
    for wishes in (("hedged", "now"), ("now", "hedged")):
        venue = Venue(close_pair(stop_to=phase_target(1)), positions=[500, -500], otherwise=ioc_fills)
        for index, when in enumerate(wishes):
            wish = ev.StopAsked(0, "operator", StopWhen(when))
            venue.at(5 + index, lambda wish=wish: wish)  # type: ignore[misc]
        assert venue.run().end is EndName.FLAT, wishes


def test_it_leaves_hedged_out_of_a_sub_policy_too() -> None:
    venue = Venue(handed_over(), positions=[500, -500])
    venue.at(2_000, lambda: stop_hedged(venue))
    assert venue.run().end is EndName.HEDGED


def test_a_part_fill_that_makes_it_even_is_looked_at() -> None:
    """Both legs rest; the fill that evens them out is a part fill of a working order."""
    venue = Venue(close_pair(), positions=[500, -500])
    venue.script[QUOTE] = [(1, "accepted", {}), (1_000, "fill", {"lots": 200})]
    venue.script[1, 1] = [(1, "accepted", {}), (3_000, "fill", {"lots": 200})]
    venue.at(2_000, lambda: stop_hedged(venue))
    end = venue.run()
    assert (end.end, venue.truth) == (EndName.HEDGED, [300, -300])
    assert venue.now < 4_000_000_000


def test_a_crash_keeps_in_mind_that_it_is_to_leave_hedged() -> None:
    venue = Venue(close_pair(), positions=[500, -500], otherwise=ioc_fills)
    venue.script[QUOTE] = [(1, "accepted", {}), (1_000, "fill", {"lots": 200})]
    venue.at(2_000, lambda: stop_hedged(venue))
    venue.at(2_500, lambda: ev.Restarted(venue.now))
    assert venue.run().end in (EndName.HEDGED, EndName.FLAT)
    assert venue.state.leave_hedged


# --- flatten -------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_ms", [1, 5, 15, 500, 2_000, 15_100, 20_000])
def test_to_flatten_a_run_halts_wherever_it_stands_with_nothing_left_resting(at_ms: int) -> None:
    venue = Venue(open_hedged())
    venue.script[QUOTE] = [(1, "accepted", {}), (1_000, "fill", {"lots": 300})]
    venue.at(at_ms, lambda: ev.FlattenAsked(venue.now, "operator"))
    end = venue.run()
    if any(isinstance(one[0], ev.FlattenAsked) for one in venue.lines):
        assert end.end is EndName.HALTED
        assert "flatten" in end.text
        assert end.risk in (Risk.FLAT, Risk.UNHEDGED) or at_ms < 40, "during START nothing is known yet"
    assert not any(one["live"] for one in venue.orders.values())


def test_to_flatten_cancels_first_and_sends_no_order() -> None:
    venue = Venue(close_pair(), positions=[500, -500], otherwise=ioc_fills)
    venue.at(2_000, lambda: ev.FlattenAsked(venue.now, "operator"))
    end = venue.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.HEDGED)
    assert len(venue.sent) == 2
    assert sorted(cancels(venue)) == [0, 1]


def test_to_flatten_leads_out_of_a_sub_policy_whose_caller_takes_halts_for_outcomes() -> None:
    venue = Venue(handed_over(), positions=[500, -500])
    venue.at(2_000, lambda: ev.FlattenAsked(venue.now, "operator"))
    assert venue.run().end is EndName.HALTED
    assert len(venue.sent) == 1, "the caller's way on is not taken"


def test_to_flatten_a_run_that_halts_already_changes_nothing() -> None:
    venue = Venue(unwind_one(), positions=[500])
    venue.reads[0] = [500, 500, None, None, None, None, None, None]
    venue.at(1, lambda: ev.FlattenAsked(venue.now, "operator"))

    def again() -> ev.FlattenAsked:
        assert venue.state.stage is Stage.HALT
        return ev.FlattenAsked(venue.now, "operator")

    venue.at(2, again)
    assert venue.run().end is EndName.HALTED
    assert sum(isinstance(one, cm.SendAlert) for one in venue.asked) == 1
