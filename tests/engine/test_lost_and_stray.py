"""An order nobody can resolve, and one nobody knew of: what follows when the run is on its way elsewhere."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from dnkit.engine.state import Stage
from dnkit.machine import program as pg
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.terms import EndName, FoundKind, Intent, OrderType, Risk, Side
from dnkit.runtime.run import RunResult
from tests.engine.harness import (
    BPS,
    Reply,
    S,
    Venue,
    done,
    halt,
    ioc_fills,
    leg,
    phase,
    phase_target,
    program,
)
from tests.engine.programs import (
    LIMITS,
    NO_LIMITS,
    close_pair,
    handed_over,
    open_hedged,
    take_job,
    unwind_one,
)

Plan = list[tuple[bool, int]]
NOBODY_KNOWS: list[Reply] = [(2, "found", {"found": FoundKind.ERROR})]
FILLS: list[Reply] = [(1, "accepted", {}), (500, "fill", {})]


def reasons(venue: Venue) -> list[str]:
    return [one.reason for one in venue.sent]


# --- lost on the way ----------------------------------------------------------------------------


def half_hedged(made: pg.Program, stop_ms: int = 600) -> Venue:
    """The quote is filled, the answer to the hedge is lost, the operator asks to stop."""
    venue = Venue(made, otherwise=ioc_fills, script={(0, 1): FILLS, (1, 1): [(300, "lost", {})]})
    venue.on_find[(1, 1)] = NOBODY_KNOWS
    venue.at(stop_ms, lambda: ev.StopAsked(venue.now, "ctrl-c"))
    return venue


def test_a_hedge_lost_while_the_run_stops_is_not_traded_against() -> None:
    """The hedge may still rest: giving the quote back could leave it naked."""
    venue = half_hedged(open_hedged(stop_to=phase_target(3)))
    end = venue.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNKNOWN)
    assert "order state unknown" in end.text
    assert reasons(venue) == ["quote#1", "hedge#1"]


def test_an_end_that_the_run_was_leaving_for_is_not_named_over_a_lost_order() -> None:
    end = half_hedged(open_hedged(stop_to=done(EndName.FLAT))).run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNKNOWN)
    assert "order state unknown" in end.text


def test_a_halt_that_the_run_was_leaving_for_keeps_its_words() -> None:
    end = half_hedged(open_hedged(stop_to=halt("enough"))).run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNKNOWN)
    assert "enough" in end.text


@pytest.mark.parametrize("crashes", [False, True], ids=["asked to stop", "crashed"])
@pytest.mark.parametrize("before", [False, True], ids=["lost on the way", "lost before"])
def test_a_close_that_lost_a_leg_reduces_the_other_and_halts(before: bool, crashes: bool) -> None:
    """Leg a is lost; with `before` while the cancel of leg b is still under way and the phase goes on."""
    venue = Venue(close_pair(stop_to=phase_target(1)), positions=[500, -500], otherwise=ioc_fills)
    venue.script[(0, 1)] = [(5, "lost", {})]
    venue.on_find[(0, 1)] = NOBODY_KNOWS
    venue.on_cancel[(1, 1)] = [(1_900, "cancel", {})]
    at_ms = 12_000 if before else 1_000
    venue.at(at_ms, lambda: ev.Restarted(venue.now) if crashes else ev.StopAsked(venue.now, "ctrl-c"))
    end = venue.run()
    told = next(line for line in venue.lines if isinstance(line[0], ev.StopAsked | ev.Restarted))
    assert (told[2].legs[0].lost, told[2].stage) == (before, Stage.LEAVE)
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNKNOWN)
    assert reasons(venue) == ["passive#1", "passive#1", "halt.reduce#1"]
    assert venue.truth == [500, 0], "the healthy leg is brought home"


def test_where_the_run_was_going_decides_and_not_the_policy_inside_which_it_stood() -> None:
    """The run leaves the inner policy for good: its caller's answer to a halt inside is not asked for."""
    venue = Venue(handed_over(), positions=[500, -500], otherwise=ioc_fills)
    venue.script[(0, 1)] = [(5, "lost", {})]
    venue.on_find[(0, 1)] = NOBODY_KNOWS
    venue.at(1_000, lambda: ev.StopAsked(venue.now, "ctrl-c"))
    end = venue.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNKNOWN)
    assert reasons(venue) == ["rest#1"]


# --- inside a sub-policy ------------------------------------------------------------------------

INNER_DEADLINE = pg.Limits(deadline_ns=3 * S)
STOPPED = halt("stopped")


def reducing(inner: pg.Limits = NO_LIMITS) -> pg.Program:
    """`handed_over` with the phase that brings the healthy legs of a close home."""
    made = handed_over(inner)
    jobs = tuple(take_job(index, pg.SizeKind.POSITION, reduces=True) for index in (0, 1))
    reduce = phase("reduce", pg.PhaseKind.TAKE, {}, jobs=jobs)
    return pg.with_digest(replace(made, phases=(*made.phases, reduce), reduce=len(made.phases)))


def held(made: pg.Program, **script: list[Reply]) -> Venue:
    """The run stands inside with an order out; `placed` and `cancel` say what becomes of it."""
    venue = Venue(made, positions=[500, -500], otherwise=ioc_fills)
    venue.script[(0, 1)] = script.get("placed", [(1, "accepted", {})])
    venue.on_cancel[(0, 1)] = script.get("cancel", [(1, "cancel", {})])
    venue.on_find[(0, 1)] = NOBODY_KNOWS
    return venue


def test_a_stop_inside_is_no_outcome_that_the_caller_trades_on() -> None:
    venue = held(handed_over(stop_to=STOPPED))
    venue.at(1_000, lambda: ev.StopAsked(venue.now, "ctrl-c"))
    end = venue.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.HEDGED)
    assert "stopped" in end.text
    assert reasons(venue) == ["rest#1"]


def test_a_stop_while_the_policy_inside_halts_for_a_reason_of_its_own_ends_the_run() -> None:
    venue = held(handed_over(INNER_DEADLINE, stop_to=STOPPED), cancel=[(1_500, "cancel", {})])
    venue.at(3_800, lambda: ev.StopAsked(venue.now, "ctrl-c"))
    assert "stopped" in venue.run().text
    assert reasons(venue) == ["rest#1"]


def test_a_stop_during_the_last_sweep_leaves_no_way_back_to_the_caller() -> None:
    venue = Strayed(handed_over(stop_to=STOPPED), [500, -500], {0: [(True, 1)]})
    venue.script[(0, 1)] = [(1, "fill", {})]
    sweep = venue._sweep

    def asked_to_stop(asked: cm.SweepOrders) -> ev.Event:
        if venue.state.stage is Stage.SWEEP:
            venue.feed(ev.StopAsked(venue.now, "ctrl-c"))
        return sweep(asked)

    venue._sweep = asked_to_stop  # type: ignore[method-assign]
    end = venue.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNHEDGED)
    assert "stray order found" in end.text
    assert reasons(venue) == ["rest#1"]


@pytest.mark.parametrize(
    ("made", "sent", "truth"),
    [(handed_over, ("rest#1",), (500, -500)), (reducing, ("rest#1", "reduce#1"), (500, 0))],
    ids=["nothing to reduce with", "the other leg is reduced"],
)
@pytest.mark.parametrize("leaves", [False, True], ids=["at work", "leaving for a halt of its own"])
def test_an_order_lost_inside_ends_the_run(
    made: Callable[..., pg.Program], sent: tuple[str, ...], truth: tuple[int, ...], leaves: bool
) -> None:
    if leaves:
        venue, sent, truth = held(made(INNER_DEADLINE), cancel=[(5, "lost", {})]), sent[:1], (500, -500)
    else:
        venue = held(made(), placed=[(5, "lost", {})])
    end = venue.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNKNOWN)
    assert (*reasons(venue),) == sent
    assert (*venue.truth,) == truth


def test_a_stop_order_that_cannot_be_cleared_away_is_lost_like_any_other() -> None:
    """Where clearing fails the policy closes the other leg; beside a stop that may fill it must not."""
    size, entry = pg.SizeKind.POSITION, pg.PriceRule(pg.Anchor.ENTRY, 1, 200 * BPS)
    arm = pg.Job(leg=0, size=size, type=OrderType.STOP, reduces=True, stop=entry)
    by_hand = dict.fromkeys(("clear", "error"), phase_target(2))
    phases = (
        phase("protect", pg.PhaseKind.ARM, {"armed": phase_target(1)}, jobs=(arm,)),
        phase("bail", pg.PhaseKind.CLEAR, by_hand, jobs=(pg.Job(leg=0, size=size, type=OrderType.IOC),)),
        phase("close", pg.PhaseKind.TAKE, {}, jobs=(take_job(1, size, reduces=True),)),
    )
    made = program(phases, (leg("a", Side.BUY), leg("b", Side.SELL)), Intent.REBALANCE, limits=LIMITS)
    entry_a, entry_b = 500 * 300_000, -500 * 300_000
    venue = Venue(made, positions=[500, -500], otherwise=ioc_fills, entry=(entry_a, entry_b))
    venue.on_cancel[(0, 1)] = [(5, "lost", {})]
    venue.on_find[(0, 1)] = NOBODY_KNOWS
    end = venue.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNKNOWN)
    assert reasons(venue) == ["protect#1"]


# --- strays -------------------------------------------------------------------------------------


class Strayed(Venue):
    """After START, sweeps of a leg answer as `plan` says, in turn; a stray that one finds had filled `part`
    lots that nobody told of.
    """

    def __init__(self, made: pg.Program, positions: list[int], plan: dict[int, Plan]) -> None:
        super().__init__(made, positions=positions, otherwise=ioc_fills)
        self.plan, self.part = plan, 0

    def _sweep(self, asked: cm.SweepOrders) -> ev.Event:
        planned = self.plan.get(asked.leg)
        if self.state.stage is Stage.START or not planned:
            return super()._sweep(asked)
        ok, found = planned.pop(0)
        self.truth[asked.leg] += self.part if found else 0
        return ev.OrdersSwept(self.now, asked.leg, asked.request, ok, found)

    def reads_after(self, stage: Stage) -> int:
        """Positions asked for from when that stage was first entered."""
        first = next(at for at, line in enumerate(self.lines) if line[2].stage is stage)
        return sum(isinstance(one, cm.ReadPosition) for line in self.lines[first:] for one in line[1])


BLIND: Plan = [(False, 0)] * 3  # the last sweep of a run fails as often as it may


def test_a_stray_is_a_stray_though_the_other_leg_could_not_be_listed() -> None:
    venue = Strayed(close_pair(), [500, -500], {0: [(False, 0)], 1: [(True, 1)]})
    end = venue.run()
    assert end.end is EndName.HALTED
    assert "stray order found" in end.text


@pytest.mark.parametrize(
    "plan",
    [
        [(True, 1)],
        [*BLIND, (True, 1)],
        [*BLIND, (False, 0), (True, 1)],
        [*BLIND, (True, 1), (True, 1)],
    ],
    ids=["last sweep", "first of the halt", "second of the halt", "both of the halt"],
)
@pytest.mark.parametrize("part", [0, 100], ids=["not filled", "filled in part"])
def test_a_stray_ends_what_the_venue_said_of_the_position_before(plan: Plan, part: int) -> None:
    """Ledger and venue agreed on flat before; what the stray did to that, only a new read can tell."""
    venue = Strayed(unwind_one(), [500], {0: list(plan)})
    venue.part = part
    end = venue.run()
    assert venue.plan == {0: []}
    assert end.end is EndName.HALTED
    assert end.risk is (Risk.UNKNOWN if part else Risk.FLAT)
    assert 1 <= venue.reads_after(Stage.HALT) <= 5


def test_a_push_from_before_the_stray_was_found_is_no_witness_after_it() -> None:
    venue = Strayed(unwind_one(), [500], {0: [(True, 1)]})
    venue.part = 100
    sweep = venue._sweep

    def then_an_old_push(asked: cm.SweepOrders) -> ev.Event:
        if venue.state.stage is Stage.SWEEP:
            old = venue.now - 1
            venue.at(1, lambda: ev.PositionRead(venue.now, 0, 0, 0, old))
        return sweep(asked)

    venue._sweep = then_an_old_push  # type: ignore[method-assign]
    assert venue.run().risk is Risk.UNKNOWN


def test_what_the_first_sweep_finds_makes_no_witness_of_the_first_read() -> None:
    venue = Venue(open_hedged())
    venue.swept[0] = [(True, 1)]
    venue.reads[0] = [0, *[300] * 12]
    assert venue.run().end is EndName.HALTED


@pytest.mark.parametrize(("part", "risk"), [(0, Risk.FLAT), (100, Risk.UNKNOWN)])
def test_a_halt_that_cannot_list_what_rests_reads_once_more(part: int, risk: Risk) -> None:
    """Ledger and venue agreed before; since then an order that nobody could list may have filled."""
    venue = Strayed(unwind_one(), [500], {0: [*BLIND, (False, 0), (False, 0)]})
    sweep = venue._sweep

    def fills_unseen(asked: cm.SweepOrders) -> ev.Event:
        venue.truth[0] += part if venue.plan[0] == [(False, 0)] else 0
        return sweep(asked)

    venue._sweep = fills_unseen  # type: ignore[method-assign]
    end = venue.run()
    assert (end.end, end.risk) == (EndName.HALTED, risk)
    assert venue.reads_after(Stage.HALT) >= 1


@pytest.mark.parametrize(
    ("reads", "risk"),
    [
        ((500,), Risk.UNHEDGED),
        ((200, 200, 500, 200, 500, 200), Risk.UNKNOWN),
        ((200, 200, 200, 200, 500, 500), Risk.UNKNOWN),
        ((200, 500, 500), Risk.UNHEDGED),
        ((200, 200, 200, 500, 500), Risk.UNHEDGED),
        ((200, 500, None, 500), Risk.UNHEDGED),
        ((200, 500, None, 200, 500), Risk.UNKNOWN),
    ],
    ids=str,
)
def test_after_a_read_that_differs_two_in_a_row_have_to_agree(
    reads: tuple[int | None, ...], risk: Risk
) -> None:
    venue = Strayed(unwind_one(stop_to=halt("enough")), [500], {})
    venue.at(500, lambda: ev.StopAsked(venue.now, "ctrl-c"))
    venue.reads[0] = [500, *reads]
    assert venue.run().risk is risk
    assert (venue.reads[0] == [], venue.reads_after(Stage.HALT)) == (len(reads) < 6, min(len(reads), 5))


class Late(Strayed):
    """The first sweep of `stage` is answered after its time, and found a stray that had filled 100 lots by
    then; a read tells what was true as it was asked for.
    """

    stage, slow, late_ms = Stage.HALT, True, 2_600

    def _answer(self, command: cm.Command) -> None:
        if isinstance(command, cm.SweepOrders) and self.slow and self.state.stage is self.stage:
            self.slow = False
            self.at(self.late_ms, lambda: self._found_late(command))
        elif isinstance(command, cm.ReadPosition):
            lots = self.truth[command.leg]
            read = ev.PositionRead(0, command.leg, command.request, lots, 0)
            self.at(300, lambda: replace(read, at_ns=self.now, as_of_ns=self.now))
        else:
            super()._answer(command)

    def _found_late(self, asked: cm.SweepOrders) -> ev.Event:
        self.truth[asked.leg] += 100
        return ev.OrdersSwept(self.now, asked.leg, asked.request, True, 1)


def test_a_late_answer_of_a_sweep_makes_no_witness_of_a_read_that_was_asked_for_before_it() -> None:
    venue = Late(unwind_one(stop_to=halt("enough")), [500], {})
    venue.at(500, lambda: ev.StopAsked(venue.now, "ctrl-c"))
    assert venue.run().risk is Risk.UNKNOWN


def test_a_stray_that_the_last_sweep_tells_of_late_is_a_stray() -> None:
    venue = Late(unwind_one(), [500], {})
    venue.stage, venue.late_ms = Stage.SWEEP, 2_505  # the second sweep is under way
    end = venue.run()
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNKNOWN)
    assert "stray order found" in end.text


def was_traded(venue: Venue) -> bool:
    ended = venue.run()
    return RunResult(
        run_id="run",
        program=venue.program,
        state=venue.state,
        ended=ended,
        trouble="",
        stopped=False,
        verdicts=(),
        began_ns=0,
        ended_ns=venue.now,
    ).traded


def test_a_stray_alone_is_no_trade_of_the_run() -> None:
    assert not was_traded(Strayed(open_hedged(), [0, 0], {0: [(True, 1)]}))
    assert was_traded(Strayed(unwind_one(), [500], {0: [(True, 1)]}))
