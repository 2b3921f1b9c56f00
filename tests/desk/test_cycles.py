"""Runs and cycles on real files: seeds, directions, the judge, the end of the data."""

import signal
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from dnkit.cli.exit_of import code_of, code_of_all
from dnkit.journal.verify import verify
from dnkit.model.events import StopAsked
from dnkit.model.numbers import NS_PER_S
from dnkit.model.terms import EndName, Side
from dnkit.runtime.cycles import Plan, run_cycles
from dnkit.runtime.ready import NotReady
from dnkit.runtime.run import Floor, RunResult
from tests.desk.floor import Quiet, floor_for, program

ALL = (
    "close_two_phase",
    "emergency_unwind",
    "emergency_unwind_three_tier",
    "flatten",
    "open_post_only_hedge",
    "pair_unwind_ioc_ladder",
    "perps_baseline",
    "rebalance_small",
)


def cycles(floor: Floor, name: str, count: int, listener: Quiet) -> list[RunResult]:
    """Run a shipped policy."""
    straight, turned = program(name), program(name, turned=True)
    places = tuple(range(len(straight.legs)))
    plan = Plan(
        program=straight,
        turned=turned,
        books=places,
        book_names=("still",) * len(places),
        cycles=count,
        group="g",
    )
    return list(run_cycles(floor, plan, listener, code_of))


@pytest.mark.parametrize("name", ALL)
def test_every_shipped_policy_ends_as_intended_and_verified(name: str, tmp_path: Path) -> None:
    with floor_for(program(name), tmp_path) as floor:
        (result,) = cycles(floor, name, 1, Quiet())
        assert result.ended.end is not EndName.HALTED, result.ended.text
        assert result.verified, result.verdicts
        assert verify(floor.reader, result.run_id).ok


@pytest.mark.parametrize(
    ("name", "shares"),
    [
        ("open_post_only_hedge", None),
        ("close_two_phase", (200, -200)),
        ("flatten", (185,)),
        ("rebalance_small", (200, -184)),
    ],
)
def test_an_empty_account_starts_as_the_intent_needs(
    name: str, shares: tuple[int, ...] | None, tmp_path: Path
) -> None:
    listener = Quiet()
    with floor_for(program(name), tmp_path) as floor:
        (result,) = cycles(floor, name, 1, listener)
        lots = [int(leg.start * spec.instrument.lot * 1000) for spec, leg in _legs(result)]
        assert lots == list(shares or (0, 0))
        assert bool(listener.notes) == bool(shares)


def _legs(result: RunResult) -> list:
    return list(zip(result.program.legs, result.state.legs, strict=True))


def test_a_position_left_by_one_command_is_closed_by_the_next(tmp_path: Path) -> None:
    opened = program("open_post_only_hedge")
    with floor_for(opened, tmp_path) as floor:
        (first,) = cycles(floor, "open_post_only_hedge", 1, Quiet())
    assert first.ended.end is EndName.HEDGED
    with floor_for(opened, tmp_path) as floor:
        (second,) = cycles(floor, "open_post_only_hedge", 1, Quiet())
        assert [leg.start for leg in second.state.legs] == [leg.position for leg in first.state.legs]


def test_directions_alternate_and_positions_stay_within_one_clip(tmp_path: Path) -> None:
    with floor_for(program("open_post_only_hedge"), tmp_path) as floor:
        results = cycles(floor, "open_post_only_hedge", 6, Quiet())
    assert [one.ended.end for one in results] == [EndName.HEDGED, EndName.FLAT] * 3
    assert [one.program.legs[0].side for one in results] == [Side.BUY, Side.SELL] * 3
    for one in results:
        assert all(abs(leg.position) <= leg.clip for leg in one.state.legs)


def test_a_close_is_seeded_anew_for_each_cycle(tmp_path: Path) -> None:
    listener = Quiet()
    with floor_for(program("close_two_phase"), tmp_path) as floor:
        results = cycles(floor, "close_two_phase", 4, listener)
    assert len(listener.notes) == 4
    assert all(one.ended.end is EndName.FLAT and one.traded and one.verified for one in results)
    starts = [one.state.legs[0].start for one in results]
    assert starts == [200, -200, 200, -200]


def test_cycles_that_do_not_fit_into_the_data_are_not_started(tmp_path: Path) -> None:
    listener = Quiet()
    with floor_for(program("close_two_phase"), tmp_path, end_s=60) as floor:
        results = cycles(floor, "close_two_phase", 20, listener)
    assert 0 < len(results) < 20
    assert all(one.verified and one.ended.end is EndName.FLAT for one in results)
    assert "were not started" in listener.notes[-1]


def test_a_run_that_outlives_the_data_still_ends_verified(tmp_path: Path) -> None:
    listener = Quiet()
    with floor_for(program("close_two_phase"), tmp_path, end_s=5) as floor:
        (result,) = cycles(floor, "close_two_phase", 1, listener)
        assert floor.world.over
    assert result.verified
    assert any("data ended" in one for one in listener.notes)


def interrupt(floor: Floor) -> None:
    """As a signal does it."""
    floor.helm.inbox.put(partial(floor.helm.signalled, "SIGINT"))


@pytest.mark.parametrize("step", [0, 3, 12, 16])
def test_a_stop_that_is_asked_for_is_passed_on_once_and_ends_the_run(step: int, tmp_path: Path) -> None:
    listener = Quiet()
    with floor_for(program("close_two_phase"), tmp_path) as floor:

        def count(_event: object, _state: object) -> None:
            listener.steps += 1
            if listener.steps == step:
                interrupt(floor)

        listener.stepped = count  # type: ignore[method-assign]
        if step == 0:
            interrupt(floor)
        (result,) = cycles(floor, "close_two_phase", 5, listener)
        stops = [line for line in floor.reader.lines(result.run_id) if isinstance(line.fact(), StopAsked)]
    assert len(stops) == 1
    assert result.stopped
    assert result.verified
    assert result.ended.end is EndName.FLAT, "a close that is stopped still ends flat"
    assert (code_of(result, 2), code_of(result, 15)) == (130, 143)


def test_the_judge_finds_a_fill_the_run_does_not_know_of(tmp_path: Path) -> None:
    with floor_for(program("open_post_only_hedge"), tmp_path) as floor:
        listener = Quiet()

        def meddle(_event: object, _state: object) -> None:
            listener.steps += 1
            if listener.steps == 8:
                listener.run.accounts[1].fill(Side.BUY, 3, 270_000, 0)

        listener.stepped = meddle  # type: ignore[method-assign]
        (result,) = cycles(floor, "open_post_only_hedge", 1, listener)
    assert not result.verified
    assert code_of(result) == 23


def test_time_passes_between_cycles(tmp_path: Path) -> None:
    with floor_for(program("close_two_phase"), tmp_path) as floor:
        first, second = cycles(floor, "close_two_phase", 2, Quiet())
    assert second.began_ns - first.ended_ns >= NS_PER_S


class Interrupting(Quiet):
    """Asks for a stop while the market moves on to the next cycle."""

    def __init__(self, floor: Floor) -> None:
        super().__init__()
        self.floor = floor

    def ended(self, result: RunResult) -> None:
        super().ended(result)
        self.floor.world.at(self.floor.world.now() + NS_PER_S, self.ask)

    def ask(self) -> None:
        interrupt(self.floor)


def test_a_stop_between_two_cycles_begins_no_other(tmp_path: Path) -> None:
    with floor_for(program("close_two_phase"), tmp_path) as floor:
        listener = Interrupting(floor)
        results = cycles(floor, "close_two_phase", 5, listener)
    assert len(results) == 1
    assert "4 of 5 cycles were not started" in listener.notes
    assert code_of_all(results, signal.SIGINT) == 130
    assert code_of_all([], signal.SIGTERM) == 143
    assert code_of_all(results) == 0


def test_what_adds_risk_is_not_begun_where_nobody_can_trade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with floor_for(program("open_post_only_hedge"), tmp_path) as floor:
        settle, book = floor.world.settle, floor.world.books[1].book

        def settled(span_ns: int) -> None:
            """Time passes, and nobody bids."""
            settle(span_ns)
            book.bid = 0

        book.bid = 0
        monkeypatch.setattr(floor.world, "settle", settled)
        with pytest.raises(NotReady, match="grvt says that it is not open for trading: one side of its book"):
            cycles(floor, "open_post_only_hedge", 1, Quiet())
        assert floor.reader.runs() == []


def test_a_later_cycle_that_is_not_begun_leaves_the_earlier_ones_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lowering(Quiet):
        """Somebody sets the leverage to zero once the first cycle is over."""

        def ended(self, result: RunResult) -> None:
            super().ended(result)
            facts = floor.house.facts
            monkeypatch.setattr(
                floor.house, "facts", lambda *asked: replace(facts(*asked), leverage=Decimal(0))
            )

    with floor_for(program("open_post_only_hedge"), tmp_path) as floor:
        listener = Lowering()
        (result,) = cycles(floor, "open_post_only_hedge", 3, listener)
    assert result.verified
    assert "the leverage of ETH_USDC_PERP on backpack is 0" in listener.notes[-1]
    assert listener.notes[-1].endswith("2 of 3 cycles were not started")
