"""A venue that does its worst, from a seed: the promises of the engine hold whatever it does.

Judged from outside, by the venue's truth: orders move toward the target and never past it, nothing is
called flat or hedged that is not, and a run that cannot tell says so.
"""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from dnkit.machine import program as pg
from dnkit.model.terms import OrderType, Side
from tests.engine.harness import ALL_TYPES, S, Venue, leg
from tests.engine.hostile import Hostile, judge_end
from tests.engine.programs import close_pair, open_hedged, unwind_one

SEEDS = range(250)
NO_FLAG_RESTING = (OrderType.IOC, OrderType.FOK)


def flagless(name: str, side: Side) -> pg.LegSpec:
    """A venue that takes reduce-only on IOC and FOK only and tells no total with a cancel."""
    return leg(name, side, flags=NO_FLAG_RESTING, cancel_cum=False, position_lag_ns=3 * S)


def followed(make: Callable[[], pg.Program]) -> pg.Program:
    """The same program with resting orders that follow the touch and end at their first fill."""
    base = make()
    phases = tuple(
        replace(
            one, reprice_beyond=1000, reprice_every_ns=S // 2, reprice_max=4, first_fill=one.name == "passive"
        )
        if one.kind is pg.PhaseKind.REST
        else one
        for one in base.phases
    )
    return pg.with_digest(replace(base, phases=phases))


CASES: dict[str, tuple[Callable[[], pg.Program], list[int]]] = {
    "close": (close_pair, [500, -500]),
    "close, uneven": (close_pair, [523, -500]),
    "close, no flag on resting orders": (
        lambda: close_pair(legs=(flagless("a", Side.BUY), flagless("b", Side.SELL))),
        [500, -500],
    ),
    "open": (open_hedged, [0, 0]),
    "open on top": (open_hedged, [200, -200]),
    "unwind": (unwind_one, [500]),
    "close, following the touch": (lambda: followed(close_pair), [500, -500]),
    "open, following the touch": (lambda: followed(open_hedged), [0, 0]),
    "close in slices": (lambda: close_pair(slice_size=pg.Amount(base=10**11)), [500, -500]),
    "open in slices": (lambda: open_hedged(slice_size=pg.Amount(base=10**11)), [0, 0]),
}


@pytest.mark.parametrize("faults", [0.0, 0.08, 0.3], ids=["calm", "rough", "foul"])
@pytest.mark.parametrize("case", CASES)
def test_promises_hold_whatever_the_venue_does(case: str, faults: float) -> None:
    make, positions = CASES[case]
    program = make()
    ends: dict[str, int] = {}
    for seed in SEEDS:
        venue = Hostile(program, list(positions), seed, faults)
        end = venue.run()
        where = f"seed {seed}: {end}"
        assert not venue.order_checks, f"{where}: {venue.order_checks}"
        judge_sides(venue, positions, where)
        judge_end(venue, end, where)
        ends[end.end.value] = ends.get(end.end.value, 0) + 1
    if faults == 0.0 and "slices" not in case:
        assert set(ends) <= {"flat", "hedged", "idle"} or (
            "halted" in ends and ends["halted"] < len(SEEDS) * 2 // 5
        )


def judge_sides(venue: Venue, start: list[int], where: str) -> None:
    """No leg of a close passes through zero; a hedge never exceeds what it hedges."""
    if venue.program.intent.value in ("close", "unwind"):
        for index, first in enumerate(start):
            assert venue.truth[index] * first >= 0, f"{where}: leg {index} passed zero: {venue.truth}"
    else:
        moved = [now - then for now, then in zip(venue.truth, start, strict=True)]
        assert 0 <= moved[0] <= 500, f"{where}: quote beyond the clip {moved}"
        assert -500 <= moved[1] <= 0, f"{where}: hedge on the wrong side {moved}"
        assert abs(moved[1]) <= 500


def test_all_types_take_the_flag_by_default() -> None:
    assert set(close_pair().legs[0].flags) == set(ALL_TYPES)


@pytest.mark.parametrize("case", ["close", "open", "unwind"])
def test_the_short_way_of_part_fills_is_the_long_way(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events that cannot move a run are not tried; trying them all the same gives equal states and
    requests."""
    from dnkit.engine import step as door

    make, positions = CASES[case]
    program = make()
    for seed in range(40):
        venue = Hostile(program, list(positions), seed, 0.15)
        venue.run()
        with monkeypatch.context() as patch:
            patch.setattr(door, "_book_part_fill", lambda _program, _state, _event: None)
            state = door.begin(program, "run")
            for event, asked, after in venue.lines:
                state, again = door.step(program, state, event)
                assert (state, again) == (after, asked), f"seed {seed}: {event}"
