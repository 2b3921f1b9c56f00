"""Promises that every shipped policy keeps, whatever the venue does: sizes, sides, flags, prices, ends."""

from random import Random

import pytest

from dnkit.engine import step as door
from dnkit.engine.state import Stage
from dnkit.engine.step import begin, step
from dnkit.engine.turn import Turn
from dnkit.machine.program import Program
from dnkit.model import events as ev
from dnkit.model.numbers import NS_PER_S
from dnkit.model.terms import Intent
from tests.compile.helpers import program_of, shipped
from tests.engine.harness import MS
from tests.engine.hostile import Hostile, judge_end

NAMES = (
    "open_post_only_hedge",
    "close_two_phase",
    "emergency_unwind",
    "emergency_unwind_three_tier",
    "pair_unwind_ioc_ladder",
    "perps_baseline",
    "rebalance_small",
    "flatten",
)
OPENING = (Intent.OPEN, Intent.SINGLE)
SEEDS = range(60)
MID = 300_000


def shipped_program(name: str) -> Program:
    found = shipped(name)
    assert found is not None
    return program_of(found[1])


def opening_positions(program: Program) -> list[int]:
    """What the policy expects to find: nothing, its clip hedged, or a clip that has drifted."""
    if program.intent in OPENING:
        return [0] * len(program.legs)
    found = []
    for index, leg in enumerate(program.legs):
        money = MID * leg.instrument.value
        clip = leg.clip.base // leg.instrument.lot_base or leg.clip.money // money
        drift = 80 if program.intent is Intent.REBALANCE and index else 100
        found.append(leg.side * clip * drift // 100)
    return found


def told(name: str, seed: int, faults: float) -> Hostile:
    program = shipped_program(name)
    venue = Hostile(program, opening_positions(program), seed, faults)
    venue.run(limit_s=3_000)
    return venue


@pytest.mark.parametrize("faults", [0.0, 0.1, 0.3], ids=["calm", "rough", "foul"])
@pytest.mark.parametrize("name", NAMES)
def test_orders_fit_the_ledger_and_ends_are_true(name: str, faults: float) -> None:
    """Every order moves its leg toward the target, within what the ledger says remains, at most
    max_concession from the touch, flagged reduce-only wherever the venue takes it; no leg of a close
    passes through zero; nothing is called flat that is not."""
    for seed in SEEDS:
        venue = told(name, seed, faults)
        end = venue.state.ended
        assert end is not None
        where = f"{name}, seed {seed}, faults {faults}: {end}"
        assert not venue.order_checks, f"{where}: {venue.order_checks}"
        judge_end(venue, end, where)
        if venue.program.intent in (Intent.CLOSE, Intent.UNWIND, Intent.FLATTEN):
            starts = opening_positions(venue.program)
            crossed = [now * then < 0 for now, then in zip(venue.truth, starts, strict=True)]
            assert not any(crossed), f"{where}: passed through zero: {venue.truth}"


@pytest.mark.parametrize("name", NAMES)
def test_a_repeated_or_late_fill_changes_nothing(name: str) -> None:
    """Each fill report is told again later, out of order: positions, orders and the end stay the same."""
    dice = Random(name)
    for seed in range(8):
        venue = told(name, seed, 0.1)
        state, repeats = begin(venue.program, "run"), []
        for event, asked, after in venue.lines:
            state, again = step(venue.program, state, event)
            assert again == asked
            if isinstance(event, ev.OrderFilled):
                repeats.append(event)
            for old in dice.sample(repeats, min(2, len(repeats))):
                late = type(old)(
                    **{**{name: getattr(old, name) for name in old.__struct_fields__}, "at_ns": event.at_ns}
                )
                state, more = step(venue.program, state, late)
                assert more == (), f"seed {seed}: a repeated fill asked for {more}"
            assert [one.position for one in state.legs] == [one.position for one in after.legs]
            assert state.ended == after.ended


@pytest.mark.parametrize("name", NAMES)
def test_one_look_is_enough(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine looks at a phase once an event; looking until nothing changes gives the same states."""
    for seed in range(30):
        venue = told(name, seed, 0.15)
        with monkeypatch.context() as patch:
            patch.setattr(door, "_move_on", look_until_nothing_changes)
            state = begin(venue.program, "run")
            for event, asked, after in venue.lines:
                state, again = step(venue.program, state, event)
                assert (state, again) == (after, asked), f"seed {seed}: {event}"


def look_until_nothing_changes(turn: Turn) -> None:
    """The slow way to move a run on."""
    door.orders.check_overdue(turn)
    if turn.state.stage is Stage.PHASE:
        door.guards.watch_exposure(turn)
    for _ in range(door.MOVES_MAX):
        before = turn.changes
        door.ADVANCE[turn.state.stage](turn)
        if turn.changes == before:
            return
    raise AssertionError("it runs in a circle")


@pytest.mark.parametrize("name", NAMES)
def test_every_wait_ends(name: str) -> None:
    """With a venue that never answers at all, every run comes to an honest end by its own deadlines."""
    program = shipped_program(name)
    state = begin(program, "run")
    state, _ = step(program, state, ev.Started(0, (None,) * len(program.legs), (None,) * len(program.legs)))
    for _ in range(2_000):
        if state.ended is not None:
            break
        assert state.wake_ns is not None
        state, _ = step(program, state, ev.Woken(state.wake_ns))
    assert state.ended is not None
    assert state.ended.risk.value == "unknown"
    assert state.now_ns < 600 * NS_PER_S
    assert state.now_ns > 100 * MS
