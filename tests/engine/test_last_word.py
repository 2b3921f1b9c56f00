"""The last word of a run: ends need witnesses, doubts need looking up, wishes are kept."""

from msgspec.structs import replace

from dnkit.engine.state import Stage
from dnkit.engine.step import step
from dnkit.machine import program as pg
from dnkit.machine.orders import Life
from dnkit.machine.program import PhaseKind as Kind
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.terms import EndName, FoundKind, Intent, OrderType, Risk, Side
from tests.engine.harness import S, Venue, done, ioc_fills, leg, phase, phase_target, program
from tests.engine.programs import LIMITS, close_pair, open_hedged, take_job, unwind_one, verify

SIZE = pg.SizeKind.POSITION


def straight_to_flat() -> pg.Program:
    """A program that names its end without a verify of its own."""
    take = take_job(0, SIZE, reduces=True)
    phases = (phase("take", Kind.TAKE, {"filled": done(EndName.FLAT)}, jobs=(take,)),)
    return program(phases, (leg("a", Side.BUY),), Intent.UNWIND, limits=LIMITS)


def test_an_end_without_a_verify_still_asks_the_venue() -> None:
    venue = Venue(straight_to_flat(), positions=[500], otherwise=ioc_fills)
    assert venue.run().end is EndName.FLAT
    filled = next(at for at, line in enumerate(venue.lines) if isinstance(line[0], ev.OrderFilled))
    assert any(isinstance(one, cm.ReadPosition) for line in venue.lines[filled:] for one in line[1])
    lying = Venue(straight_to_flat(), positions=[500], otherwise=ioc_fills)
    lying.reads[0] = [500] + [200] * 40
    end = lying.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNKNOWN)


def test_an_idle_end_is_confirmed_by_the_venue_too() -> None:
    venue = Venue(open_hedged())
    venue.reads[0] = [0, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300]
    assert venue.run().end is EndName.HALTED


def protect() -> pg.Program:
    arm = pg.Job(
        leg=0,
        size=SIZE,
        type=OrderType.STOP,
        reduces=True,
        rejects=2,
        stop=pg.PriceRule(pg.Anchor.ENTRY, 1, 200_000),
    )
    phases = (
        phase("protect", Kind.ARM, {"armed": phase_target(1)}, jobs=(arm,)),
        verify(EndName.PROTECTED, {"ok": done(EndName.PROTECTED)}, visits=1),
    )
    return program(phases, (leg("a", Side.BUY),), Intent.SINGLE)


def test_a_stop_that_ends_during_the_last_sweep_protects_nothing() -> None:
    venue = Venue(protect(), positions=[500], entry=(500 * 300_000,))
    sweep = venue._sweep

    def stop_ends_first(asked: cm.SweepOrders) -> ev.Event:
        if venue.state.stage is Stage.SWEEP:
            venue.at(1, lambda: venue.fact((0, 1), "ended"))
            return sweep(asked)
        return sweep(asked)

    venue._sweep = stop_ends_first  # type: ignore[method-assign]
    venue.reads[0] = [500, 500, None, 500]
    end = venue.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNHEDGED)


def test_a_stop_order_without_a_limit_has_room_behind_its_trigger() -> None:
    venue = Venue(protect(), positions=[500], entry=(500 * 300_000,))
    venue.run()
    assert venue.sent[0].stop == 294_000
    assert venue.sent[0].price == 294_000 - 2_940, "one per cent, where the policy names no limit"


def test_clear_asks_again_when_listing_fails() -> None:
    bail = pg.Job(leg=0, size=SIZE, type=OrderType.IOC)
    phases = (
        phase("bail", Kind.CLEAR, {"clear": phase_target(1)}, jobs=(bail,)),
        verify(EndName.FLAT, {"ok": done(EndName.FLAT)}, visits=1),
    )
    made = program(phases, (leg("a", Side.BUY),), Intent.UNWIND)
    venue = Venue(made, positions=[0])
    venue.swept[0] = [(True, 0), (False, 0), (False, 0), (True, 0)]
    assert venue.run().end is EndName.FLAT
    blind = Venue(made, positions=[0])
    blind.swept[0] = [(True, 0), (False, 0), (False, 0), (False, 0), (True, 0), (True, 0)]
    assert "bail error" in blind.run().text


def test_an_order_the_venue_took_is_never_absent() -> None:
    """Accepted, filled in part unseen, cancelled without a total, then unknown to the look-up."""
    script = {(0, 1): [(1, "accepted", {}), (300, "lost_fill", {"lots": 200})]}
    venue = Venue(unwind_one(), positions=[500], otherwise=ioc_fills, script=script)
    venue.on_cancel[(0, 1)] = [(1, "cancel", {"blind": True})]
    venue.on_find[(0, 1)] = [(2, "found", {"found": FoundKind.ABSENT})]
    end = venue.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNKNOWN)
    assert [one.reason for one in venue.sent] == ["maker#1"], "nothing is sized while the total is unknown"


def test_a_restart_looks_up_even_what_was_looked_up_before() -> None:
    venue = Venue(unwind_one(), positions=[500], otherwise=ioc_fills, script={(0, 1): [(5, "lost", {})]})
    venue.on_find[(0, 1)] = [(2, "found", {"found": FoundKind.ERROR})]
    venue.at(3000, lambda: ev.Restarted(venue.now))
    venue.run()
    restart = next(at for at, line in enumerate(venue.lines) if isinstance(line[0], ev.Restarted))
    assert any(isinstance(one, cm.FindOrder) for one in venue.lines[restart][1])
    assert venue.lines[restart][2].legs[0].order.life is Life.UNSURE  # type: ignore[union-attr]


def test_a_stop_while_leaving_for_a_phase_is_kept() -> None:
    limits = replace(LIMITS, deadline_ns=3 * S, deadline_to=phase_target(1))
    venue = Venue(close_pair(limits=limits), positions=[500, -500], otherwise=ioc_fills)
    venue.on_cancel[(0, 1)] = [(1500, "cancel", {})]
    venue.at(4000, lambda: ev.StopAsked(venue.now, "ctrl-c"))
    end = venue.run()
    assert end.end is EndName.HALTED
    assert "stopped" in end.text
    assert {one.type for one in venue.sent} == {OrderType.POST_ONLY}


def test_a_restart_keeps_the_halt_the_run_was_leaving_for() -> None:
    limits = replace(LIMITS, deadline_ns=3 * S, deadline_to=None)
    venue = Venue(close_pair(limits=limits), positions=[500, -500], otherwise=ioc_fills)
    venue.on_cancel[(0, 1)] = [(1500, "cancel", {})]
    venue.at(4000, lambda: ev.Restarted(venue.now))
    end = venue.run()
    assert "deadline" in end.text
    assert {one.type for one in venue.sent} == {OrderType.POST_ONLY}


def test_a_position_nobody_read_is_called_unknown() -> None:
    venue = Venue(close_pair(), positions=[500, -500])
    venue.reads[0] = [None] * 40
    assert "leg a position unknown ETH" in venue.run().text


def test_without_a_lag_an_unexpected_position_still_needs_two_reads() -> None:
    venue = Venue(unwind_one(), positions=[500], otherwise=ioc_fills)
    venue.reads[0] = [499, 500, 500]
    venue.feed(ev.Started(0, (None,), (None,)))
    started = venue.state
    reads = [ev.PositionRead(at, 0, 0, lots, at) for at, lots in ((1, 499),)]
    assert started.stage is Stage.START and reads
    state, _ = step(venue.program, started, reads[0])
    assert state.stage is Stage.START


def test_a_leg_that_waits_for_the_other_looks_again_when_a_late_fill_shrinks_it() -> None:
    """Leg a is priced and waits for leg b's book; a fill of an older order of leg a arrives meanwhile."""
    made = close_pair()
    venue = Venue(made, positions=[500, -500], otherwise=ioc_fills)
    venue.on_cancel[(0, 1)] = [(1, "cancel", {})]
    book = venue._book
    held: list[cm.ReadBook] = []

    def slow_b(asked: cm.ReadBook) -> ev.Event | None:
        finishing = venue.program.phases[venue.state.phase].name == "finish"
        if asked.leg == 1 and finishing and not held:
            held.append(asked)
            late = ev.OrderFilled(venue.now, 0, 1, 100, 100 * 300_001, 0, True)
            venue.truth[0] -= 100
            venue.at(50, lambda: replace(late, at_ns=venue.now))
            venue.at(100, lambda: book(asked))
            return None
        return book(asked)

    venue._book = slow_b  # type: ignore[method-assign, assignment]
    assert venue.run().end is EndName.FLAT
    assert [one.lots for one in venue.sent if one.leg == 0 and one.type is OrderType.IOC] == [400]
