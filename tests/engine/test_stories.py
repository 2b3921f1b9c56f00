"""Stories of one run each: what happens to the orders, what the engine asks for, where it ends."""

import pytest
from msgspec.structs import replace

from dnkit.engine.state import JobStage, Stage
from dnkit.engine.step import begin, step
from dnkit.machine import program as pg
from dnkit.machine.program import PhaseKind as Kind
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.errors import BugError
from dnkit.model.terms import EndName, FoundKind, Intent, OrderType, RejectKind, Risk, Side
from tests.engine.harness import (
    BPS,
    MS,
    S,
    Venue,
    done,
    halt,
    ioc_fills,
    leg,
    phase,
    phase_target,
    program,
    rung,
)
from tests.engine.programs import LIMITS, close_pair, open_hedged, rest_job, take_job, unwind_one, verify


def sent(venue: Venue) -> list[tuple[str, str, int]]:
    return [(one.reason, one.side.name, one.lots) for one in venue.sent]


def test_both_legs_fill_passively_and_end_flat() -> None:
    fills = [(1, "accepted", {}), (900, "fill", {})]
    venue = Venue(close_pair(), positions=[500, -500], script={(0, 1): fills, (1, 1): fills})
    end = venue.run()
    assert (end.end, end.risk) == (EndName.FLAT, Risk.FLAT)
    assert sent(venue) == [("passive#1", "SELL", 500), ("passive#1", "BUY", 500)]
    assert all(one.reduce_only for one in venue.sent)


def test_nobody_fills_and_the_ladder_closes_both_legs_at_once() -> None:
    venue = Venue(close_pair(), positions=[500, -500], otherwise=ioc_fills)
    assert venue.run().end is EndName.FLAT
    finish = [one for one in venue.sent if one.type is OrderType.IOC]
    assert [(one.leg, one.lots) for one in finish] == [(0, 500), (1, 500)]
    cancels = [one for one in venue.asked if isinstance(one, cm.CancelOrder)]
    assert len(cancels) == 2, "both resting orders are cancelled and confirmed first"


def test_a_fill_during_the_cancel_is_counted_and_not_traded_again() -> None:
    """R59: the cancel of leg a loses the race against a fill of 200."""
    venue = Venue(close_pair(), positions=[500, -500], otherwise=ioc_fills)
    venue.on_cancel[(0, 1)] = [(1, "fill", {"lots": 200}), (2, "cancel", {"blind": True})]
    assert venue.run().end is EndName.FLAT
    assert ("finish#1", "SELL", 300) in sent(venue)
    assert any(isinstance(one, cm.FindOrder) for one in venue.asked), "a blind cancel is looked up"


def test_a_full_fill_that_beats_the_cancel_needs_no_more_orders() -> None:
    venue = Venue(close_pair(), positions=[500, -500], otherwise=ioc_fills)
    venue.on_cancel[(0, 1)] = [(1, "fill", {}), (2, "cancel", {})]
    assert venue.run().end is EndName.FLAT
    assert [one for one in sent(venue) if one[1] == "SELL"] == [("passive#1", "SELL", 500)]


def test_a_lost_answer_is_looked_up_and_never_sent_twice() -> None:
    venue = Venue(
        unwind_one(),
        positions=[500],
        otherwise=ioc_fills,
        script={(0, 1): [(5, "lost_fill", {}), (9, "lost", {})]},
    )
    assert venue.run().end is EndName.FLAT
    assert sent(venue) == [("maker#1", "SELL", 500)]
    assert any(isinstance(one, cm.FindOrder) for one in venue.asked)


def test_silence_is_doubt_after_the_answer_time_and_not_before() -> None:
    venue = Venue(
        unwind_one(), positions=[500], otherwise=ioc_fills, script={(0, 1): [(1500, "accepted", {})]}
    )
    assert venue.run().end is EndName.FLAT
    assert not any(isinstance(one, cm.FindOrder) for one in venue.asked)
    silent = Venue(
        unwind_one(), positions=[500], otherwise=ioc_fills, script={(0, 1): [(9000, "accepted", {})]}
    )
    assert silent.run().end is EndName.FLAT
    assert any(isinstance(one, cm.FindOrder) for one in silent.asked)


def test_an_order_nobody_can_resolve_halts_after_the_other_leg_is_reduced() -> None:
    venue = Venue(
        close_pair(), positions=[500, -500], otherwise=ioc_fills, script={(0, 1): [(5, "lost", {})]}
    )
    venue.on_find[(0, 1)] = [(2, "found", {"found": FoundKind.ERROR})]
    end = venue.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNKNOWN)
    assert "order state unknown" in end.text or "leg lost" in end.text
    assert venue.truth == [500, 0], "the healthy leg is brought home"
    assert ("halt.reduce#1", "BUY", 500) in sent(venue)


def test_absent_is_a_final_word_only_after_the_venues_lag() -> None:
    program_ = unwind_one(legs=(leg("a", Side.BUY, lookup_lag_ns=10 * S),))
    venue = Venue(
        program_, positions=[500], otherwise=ioc_fills, script={(0, 1): [(0, "vanish", {}), (5, "lost", {})]}
    )
    venue.on_find[(0, 1)] = [(2, "found", {"found": FoundKind.ABSENT})]
    assert venue.run().end is EndName.FLAT
    second = [line for line in venue.lines if any(isinstance(one, cm.PlaceOrder) for one in line[1])][1]
    assert second[0].at_ns >= 10 * S


def test_three_rejects_are_borne_and_the_ladder_takes_over() -> None:
    reject = [(2, "rejected", {"why": RejectKind.POST_ONLY_CROSS})]
    script = {(0, n): reject for n in (1, 2, 3)}
    venue = Venue(close_pair(), positions=[500, -500], otherwise=ioc_fills, script=script)
    assert venue.run().end is EndName.FLAT
    assert [one[0] for one in sent(venue) if one[1] == "SELL"] == ["passive#1"] * 3 + ["finish#1"]


def test_the_quote_fills_in_parts_and_the_hedge_matches_the_ledger() -> None:
    quote = [
        (1, "accepted", {}),
        (500, "fill", {"lots": 120}),
        (700, "fill", {"lots": 80}),
        (705, "report", {"cum": 120}),
    ]
    venue = Venue(open_hedged(), otherwise=ioc_fills, script={(0, 1): quote})
    assert venue.run().end is EndName.HEDGED
    assert venue.truth == [200, -200]
    assert ("cross#1", "SELL", 200) in sent(venue)


def test_an_unhedgeable_fill_is_given_back_and_the_end_is_called_flat() -> None:
    quote = [(1, "accepted", {}), (500, "fill", {})]

    def hedge_never(order: cm.PlaceOrder) -> list[tuple[int, str, dict[str, object]]]:
        if order.leg == 1:
            return [(2, "rejected", {"why": RejectKind.MARGIN})]
        return ioc_fills(order)

    venue = Venue(open_hedged(), otherwise=hedge_never, script={(0, 1): quote})
    assert venue.run().end is EndName.FLAT
    assert venue.truth == [0, 0]
    assert venue.sent[-1].reason == "back_out#1"
    assert venue.sent[-1].reduce_only


def test_a_wide_spread_refuses_a_balanced_close_but_not_a_naked_leg() -> None:
    """R136: 0.5 % is fine, 2.5 % refuses while both legs stand; the naked leg gets out all the same."""
    limits = pg.Limits(concession_max=500 * BPS, spread_max=200 * BPS)
    wide = {"bid": 300_000, "ask": 307_600, "bid_lots": 100, "ask_lots": 10_000}
    program_ = close_pair(limits=limits)
    venue = Venue(program_, positions=[500, -500], otherwise=ioc_fills)
    venue.books[0] = wide
    end = venue.run()
    assert end.end is EndName.HALTED and end.risk is Risk.HEDGED
    assert venue.sent == []
    naked = Venue(program_, positions=[500, 0], otherwise=ioc_fills)
    naked.books[0] = wide
    assert naked.run().end is EndName.FLAT


def test_an_old_book_is_looked_at_again_or_halts_the_run_as_the_policy_says() -> None:
    old = {"bid": 300_000, "ask": 300_002, "bid_lots": 10_000, "ask_lots": 10_000, "age_ns": 5 * S}
    patient = pg.Limits(concession_max=50 * BPS, book_age_ns=S)
    held = Venue(close_pair(limits=patient), positions=[500, -500], otherwise=ioc_fills)
    held.books[0] = old
    held.at(900, lambda: held.books.__setitem__(0, {**old, "age_ns": 0}))
    assert held.run().end is EndName.FLAT
    strict = replace(patient, stale_halt=True)
    halted = Venue(close_pair(limits=strict), positions=[500, -500], otherwise=ioc_fills)
    halted.books[0] = old
    end = halted.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.HEDGED)
    assert "book is 5000 ms old" in end.text
    assert halted.sent == []
    naked = Venue(close_pair(limits=strict), positions=[500, 0], otherwise=ioc_fills)
    naked.books[0] = old
    assert naked.run().end is EndName.FLAT, "a naked leg gets out all the same"


def test_one_bad_book_holds_back_both_legs() -> None:
    venue = Venue(close_pair(), positions=[500, -500], otherwise=ioc_fills)
    start = venue.run
    venue.books[1] = {"bid": 300_000, "ask": 300_002, "bid_lots": 1, "ask_lots": 1}
    good = venue.books[1]

    def blind_then_good(asked: cm.ReadBook, real=venue._book):  # type: ignore[no-untyped-def]
        venue.books[1] = good if venue.now > 1 * S or venue.state.stage is Stage.START else {}
        return real(asked)

    venue._book = blind_then_good  # type: ignore[method-assign]
    assert start().end is EndName.FLAT
    first_two = [line[0].at_ns for line in venue.lines for one in line[1] if isinstance(one, cm.PlaceOrder)][
        :2
    ]
    assert first_two[0] == first_two[1] > 1 * S


def test_a_late_read_is_lag_and_a_lasting_difference_is_a_conflict() -> None:
    lag = close_pair(
        legs=(leg("a", Side.BUY, position_lag_ns=3 * S), leg("b", Side.SELL, position_lag_ns=3 * S))
    )
    venue = Venue(lag, positions=[500, -500], otherwise=ioc_fills)
    venue.reads[0] = [500, 500, 500, 500, 500, 500, 500]
    assert venue.run().end is EndName.FLAT, "seven old answers inside the lag are no conflict"
    wrong = Venue(close_pair(), positions=[500, -500], otherwise=ioc_fills)
    wrong.reads[0] = [500] + [100] * 30
    end = wrong.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNKNOWN)
    assert "conflict" in end.text


def test_a_liquidated_leg_is_not_called_flat_on_the_word_of_the_venue_alone() -> None:
    """Two witnesses: the venue says zero, our ledger says 500."""
    venue = Venue(
        close_pair(), positions=[500, -500], otherwise=lambda order: [(1, "accepted", {}), (3, "ended", {})]
    )
    venue.reads[0], venue.reads[1] = [500] + [0] * 40, [-500] + [0] * 40
    end = venue.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNKNOWN)


def test_unknown_positions_stop_the_run_before_any_order() -> None:
    venue = Venue(close_pair(), positions=[500, -500], otherwise=ioc_fills)
    venue.reads[0] = [None] * 40
    end = venue.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNKNOWN)
    assert venue.sent == []


def test_an_unexpected_opening_position_needs_two_reads_a_lag_apart() -> None:
    legs = (leg("a", Side.BUY, position_lag_ns=20 * S),)
    venue = Venue(unwind_one(legs=legs), positions=[500], otherwise=ioc_fills)
    state = venue.state
    venue.truth = [500]
    venue.feed(ev.Started(0, (None,), (None,)))
    assert state.seq == 0 and venue.state.stage is Stage.START
    reads = []
    while venue.state.stage is Stage.START:
        wake = venue.state.wake_ns
        assert wake is not None
        if venue._queue and venue._queue[0][0] <= wake:
            import heapq

            venue.now, _, make = heapq.heappop(venue._queue)
            event = make()
            assert event is not None
            reads.append(event) if isinstance(event, ev.PositionRead) else None
            venue.feed(event)
        else:
            venue.now = wake
            venue.feed(ev.Woken(wake))
    assert len(reads) == 2
    assert reads[1].at_ns - reads[0].at_ns >= 20 * S


def test_the_deadline_cancels_confirms_and_halts() -> None:
    venue = Venue(
        close_pair(limits=pg.Limits(deadline_ns=5 * S, concession_max=50 * BPS)), positions=[500, -500]
    )
    end = venue.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.HEDGED)
    assert "deadline" in end.text
    assert not any(one["live"] for one in venue.orders.values())


def test_too_much_exposure_for_too_long_goes_where_the_policy_says() -> None:
    limits = pg.Limits(
        unhedged_max=300 * 10**12, unhedged_ns=2 * S, unhedged_to=phase_target(3), concession_max=50 * BPS
    )
    quote = [(1, "accepted", {}), (100, "fill", {})]
    venue = Venue(
        open_hedged(limits=limits),
        otherwise=lambda order: [(1, "accepted", {})] if order.leg else ioc_fills(order),
    )
    venue.script[(0, 1)] = quote
    end = venue.run()
    assert end.end is EndName.FLAT
    naked = next(line[0].at_ns for line in venue.lines if isinstance(line[0], ev.OrderFilled))
    back_out = next(
        line[0].at_ns
        for line in venue.lines
        for one in line[1]
        if isinstance(one, cm.PlaceOrder) and one.reason == "back_out#1"
    )
    assert 2 * S <= back_out - naked < 3 * S


def test_a_residual_below_the_minimum_is_named_and_no_order() -> None:
    """R131: 0.021 is below this venue's 0.05."""
    small = (
        leg("a", Side.BUY, instrument=_minimum("0.05")),
        leg("b", Side.SELL, instrument=_minimum("0.05")),
    )
    venue = Venue(close_pair(legs=small), positions=[21, 0], otherwise=ioc_fills)
    end = venue.run()
    assert (end.end, end.risk) == (EndName.FLAT, Risk.FLAT)
    assert venue.sent == []
    assert "residual 0.021" in end.text


def _minimum(quantity: str):  # type: ignore[no-untyped-def]
    from tests.engine.harness import instrument

    return instrument(minimum=quantity)


def test_a_hedge_below_the_hedge_venues_minimum_is_left_alone_and_named() -> None:
    """The quote fills 0.021, the hedge venue takes 0.05 at least: no order, no halt, the residual is told."""
    legs = (leg("quote", Side.BUY), leg("hedge", Side.SELL, instrument=_minimum("0.05")))
    venue = Venue(open_hedged(legs=legs), otherwise=ioc_fills)
    venue.script[(0, 1)] = [(1, "accepted", {}), (900, "fill", {"lots": 21})]
    end = venue.run()
    assert end.end is EndName.HEDGED
    assert [one.leg for one in venue.sent] == [0]
    assert "0.021" in end.text


def test_a_stop_during_the_start_waits_until_the_positions_are_known() -> None:
    venue = Venue(close_pair(), positions=[500, -500], otherwise=ioc_fills)
    venue.at(5, lambda: ev.StopAsked(venue.now, "ctrl-c"))
    end = venue.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.HEDGED), "not unknown: the positions were read first"
    assert venue.sent == []


def test_a_stray_order_found_by_the_last_sweep_is_not_a_success() -> None:
    venue = Venue(unwind_one(), positions=[500], otherwise=ioc_fills)
    venue.swept[0] = [(True, 0), (True, 1)]
    assert venue.run().end is EndName.HALTED


def test_an_operators_stop_cancels_and_confirms_first() -> None:
    venue = Venue(close_pair(), positions=[500, -500])
    venue.at(2000, lambda: ev.StopAsked(venue.now, "ctrl-c"))
    end = venue.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.HEDGED)
    assert not any(one["live"] for one in venue.orders.values())


def test_after_a_crash_own_orders_are_looked_up_and_swept_before_recover() -> None:
    venue = Venue(close_pair(), positions=[500, -500], otherwise=ioc_fills)
    venue.script[(0, 1)] = [(1, "accepted", {}), (1500, "lost_fill", {"lots": 150})]
    venue.at(2000, lambda: ev.Restarted(venue.now))
    assert venue.run().end is EndName.FLAT
    restart = next(index for index, line in enumerate(venue.lines) if isinstance(line[0], ev.Restarted))
    kinds = [type(one).__name__ for one in venue.lines[restart][1]]
    assert kinds.count("FindOrder") == 2 and kinds.count("SweepOrders") == 2
    assert venue.truth == [0, 0]


def test_slices_repeat_the_graph_until_the_clip_is_done() -> None:
    sliced = close_pair(slice_size=pg.Amount(base=200 * 10**9))
    venue = Venue(sliced, positions=[500, -500], otherwise=ioc_fills)
    assert venue.run().end is EndName.FLAT
    assert [one.lots for one in venue.sent if one.leg == 0 and one.type is OrderType.IOC] == [200, 200, 100]


def test_until_first_fill_ends_the_wait_at_the_first_fill() -> None:
    base = close_pair()
    first = pg.Phase(
        **{**{name: getattr(base.phases[0], name) for name in pg.Phase.__struct_fields__}, "first_fill": True}
    )
    program_ = program((first, *base.phases[1:]), base.legs, Intent.CLOSE, limits=LIMITS, reduce=3, recover=2)
    venue = Venue(program_, positions=[500, -500], otherwise=ioc_fills)
    venue.script[(0, 1)] = [(1, "accepted", {}), (700, "fill", {"lots": 10})]
    assert venue.run().end is EndName.FLAT
    assert venue.now < 5 * S


def test_break_even_is_passed_over_while_the_entry_is_unknown() -> None:
    at_cost = pg.PriceRule(pg.Anchor.BREAK_EVEN)
    size = pg.SizeKind.POSITION
    phases = (
        phase(
            "cost",
            Kind.TAKE,
            dict.fromkeys(("filled", "short", "refused"), phase_target(1)),
            jobs=(pg.Job(leg=0, size=size, type=OrderType.IOC, rungs=(at_cost, rung(10)), reduces=True),),
        ),
        verify(EndName.FLAT, {"ok": done(EndName.FLAT)}, visits=1),
    )
    made = program(phases, (leg("a", Side.BUY),), Intent.UNWIND, limits=LIMITS)
    unknown = Venue(made, positions=[500], otherwise=ioc_fills, entry=(None,))
    assert unknown.run().end is EndName.FLAT
    assert [one.reason for one in unknown.sent] == ["cost#2"]
    known = Venue(made, positions=[500], otherwise=ioc_fills, entry=(500 * 299_800,))
    assert known.run().end is EndName.FLAT
    assert known.sent[0].reason == "cost#1"
    assert known.sent[0].price == 299_950, "entry 299,800 plus 5 bps of fee, rounded up"


def test_a_stop_is_armed_kept_by_the_sweep_and_cleared_before_closing_by_hand() -> None:
    entry = pg.PriceRule(pg.Anchor.ENTRY, 1, 200 * BPS)
    size = pg.SizeKind.POSITION
    arm = pg.Job(
        leg=0,
        size=size,
        type=OrderType.STOP_LIMIT,
        rungs=(pg.PriceRule(pg.Anchor.STOP, 1, 10 * BPS),),
        reduces=True,
        rejects=2,
        stop=entry,
    )

    def built(goal: EndName) -> pg.Program:
        phases = (
            phase("protect", Kind.ARM, {"armed": phase_target(1)}, jobs=(arm,)),
            verify(goal, {"ok": done(goal), "short": phase_target(2)}, visits=2),
            phase(
                "bail",
                Kind.CLEAR,
                {"clear": phase_target(3)},
                jobs=(pg.Job(leg=0, size=size, type=OrderType.IOC),),
            ),
            phase("close", Kind.TAKE, {"filled": phase_target(1)}, jobs=(take_job(0, size, reduces=True),)),
        )
        return program(phases, (leg("a", Side.BUY),), Intent.SINGLE, limits=LIMITS)

    kept = Venue(built(EndName.PROTECTED), positions=[500], otherwise=ioc_fills, entry=(500 * 300_000,))
    assert kept.run().end is EndName.PROTECTED
    assert (kept.sent[0].stop, kept.sent[0].price) == (294_000, 293_706)
    assert [one["live"] for one in kept.orders.values()] == [True], "the stop is kept"
    bailed = Venue(built(EndName.FLAT), positions=[500], otherwise=ioc_fills, entry=(500 * 300_000,))
    assert bailed.run().end is EndName.FLAT
    cancel = next(index for index, one in enumerate(bailed.asked) if isinstance(one, cm.CancelOrder))
    close = next(
        index
        for index, one in enumerate(bailed.asked)
        if isinstance(one, cm.PlaceOrder) and one.reason == "close#1"
    )
    assert cancel < close


def test_a_resting_order_moves_when_the_touch_has_moved_far_enough() -> None:
    base = open_hedged().phases[0]
    quote = pg.Phase(
        **{
            **{name: getattr(base, name) for name in pg.Phase.__struct_fields__},
            "reprice_beyond": 2 * BPS,
            "reprice_every_ns": S,
            "reprice_max": 2,
        }
    )
    made = program(
        (quote, *open_hedged().phases[1:]), open_hedged().legs, Intent.OPEN, limits=LIMITS, recover=4
    )
    venue = Venue(made)
    venue.at(
        1500,
        lambda: venue.books.__setitem__(0, {"bid": 300_400, "ask": 300_402, "bid_lots": 1, "ask_lots": 1}),
    )
    assert venue.run().end is EndName.IDLE
    assert [one.price for one in venue.sent] == [300_001, 300_401]


def test_phases_that_lead_in_a_circle_without_time_are_refused_as_a_bug() -> None:
    phases = (
        phase("a", Kind.WAIT, {"elapsed": phase_target(0), "exhausted": phase_target(0)}, for_ns=0, visits=1),
    )
    made = program(phases, (leg("a", Side.BUY),), Intent.UNWIND)
    with pytest.raises((BugError, RecursionError)):
        Venue(made, positions=[0]).run()


def test_settled_job_stages_come_last() -> None:
    assert [one for one in JobStage if one >= JobStage.DONE] == [
        JobStage.DONE,
        JobStage.SPENT,
        JobStage.REFUSED,
        JobStage.LOST,
    ]


def test_step_is_pure() -> None:
    venue = Venue(close_pair(), positions=[500, -500], otherwise=ioc_fills)
    venue.run()
    state = begin(venue.program, "run")
    for event, asked, after in venue.lines:
        again = step(venue.program, state, event)
        assert again == step(venue.program, state, event) == (after, asked)
        state = again[0]


def test_a_second_passive_hedge_phase_is_skipped_when_nothing_is_left() -> None:
    rest = rest_job(0, pg.SizeKind.POSITION, reduces=True)
    phases = (
        phase("passive", Kind.REST, {"filled": phase_target(1)}, jobs=(rest,), for_ns=S),
        verify(EndName.FLAT, {"ok": done(EndName.FLAT)}, visits=1),
    )
    venue = Venue(program(phases, (leg("a", Side.BUY),), Intent.CLOSE), positions=[0])
    assert venue.run().end is EndName.FLAT
    assert venue.sent == []


def test_halt_words_reach_the_end() -> None:
    phases = (phase("wait", Kind.WAIT, {"elapsed": halt("that is enough")}, for_ns=30 * MS),)
    end = Venue(program(phases, (leg("a", Side.BUY),), Intent.UNWIND), positions=[0]).run()
    assert "that is enough" in end.text
    assert end.risk is Risk.FLAT
