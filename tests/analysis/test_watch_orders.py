"""Orders, and the watch as a whole: what each safety property says when the step that keeps it is missing."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import dnkit.engine
from dnkit.analysis.deadlines import add_late
from dnkit.analysis.explore import Graph
from dnkit.analysis.ground import Ground, lay_ground
from dnkit.analysis.properties import PROPERTIES, SAFETY
from dnkit.analysis.watch import BUGS, Broken, Watch
from dnkit.engine import ends, invariants, jobs, placing, step
from dnkit.engine.ledger import retire
from dnkit.engine.sizing import sign
from dnkit.engine.state import Job, Stage
from dnkit.engine.turn import Turn
from dnkit.machine import program as pg
from dnkit.model.commands import PlaceOrder
from dnkit.model.terms import OrderType, Side
from tests.analysis.variants import NO_CANCEL, NO_REDUCE_ONLY, Variant, small, story, watched, without
from tests.compile.helpers import program_of, shipped
from tests.engine.harness import S, leg, phase, phase_target
from tests.engine.programs import open_hedged, take_job, unwind_one

# --- orders -----------------------------------------------------------------------------------------------


def _unchecked(*_: Any) -> None:
    """Nothing of what must be true of an order is looked at."""


def _one_lot_more(turn: Turn, plan: pg.Job, job: Job, kind: OrderType) -> None:
    placing.place(turn, plan, replace(job, lots=job.lots + sign(job.lots)), kind)


def _as_fok(turn: Turn, plan: pg.Job, job: Job, _kind: OrderType) -> None:
    placing.place(turn, plan, job, OrderType.FOK)


UNCHECKED: Variant = ((placing, "_check", _unchecked),)
ONE_LOT_MORE: Variant = ((jobs, "place", _one_lot_more),)
AS_FOK: Variant = ((jobs, "place", _as_fok),)
HALF = pg.Amount(base=25 * 10**10)


def in_parts(size: pg.SizeKind, **values: Any) -> pg.Program:
    """An unwind whose ladder trades that size instead."""
    program = unwind_one()
    ladder = replace(program.phases[1], jobs=(take_job(0, size, reduces=True, **values),))
    return replace(program, phases=(program.phases[0], ladder, program.phases[2]))


SIZED = {
    "position": unwind_one(),
    "position in slices": unwind_one(slice_size=HALF),
    "fixed": in_parts(pg.SizeKind.FIXED, amount=HALF),
    "clip and imbalance": open_hedged(),
    "clip in slices": open_hedged(slice_size=HALF),
    "by money": open_hedged(by_money=True),
}


@pytest.mark.parametrize("name", SIZED)
def test_an_order_is_no_larger_than_what_is_left(name: str) -> None:
    _, watch = watched(SIZED[name], small(chunks=1, dust=True))
    assert not watch.found
    with without(UNCHECKED, ONE_LOT_MORE):
        _, watch = watched(SIZED[name], small(chunks=1), ("P10",))
    assert watch.found["P10"].faults == 0
    with without(ONE_LOT_MORE):
        _, watch = watched(SIZED[name], small(chunks=1), ("P10",))
    assert "that the ledger says remain" in watch.found["P10"].text


def forbidding(*types: OrderType) -> pg.Program:
    return unwind_one(limits=pg.Limits(forbid=types))


def test_a_forbidden_type_is_not_sent() -> None:
    assert not watched(forbidding(OrderType.FOK), small(chunks=1))[1].found
    with without(UNCHECKED):
        _, watch = watched(forbidding(OrderType.IOC), small(chunks=1))
    assert set(watch.found) == {"P08"}
    _, watch = watched(forbidding(OrderType.IOC), small(chunks=1))
    assert "is forbidden" in watch.found["P08"].text


def test_a_type_that_a_caller_forbids_is_not_sent() -> None:
    program = forbidding(OrderType.IOC)
    inner = replace(program.scopes[0], parent=0, limits=pg.Limits())
    phases = tuple(replace(one, scope=1) for one in program.phases)
    program = replace(program, scopes=(*program.scopes, inner), phases=phases)
    _, watch = watched(program, small(chunks=1))
    assert watch.found["P08"].text.endswith("its type is forbidden")


def test_a_market_order_is_not_sent_as_an_ioc_where_market_is_forbidden() -> None:
    market = (take_job(0, pg.SizeKind.POSITION, type=OrderType.MARKET, reduces=True),)
    program = forbidding(OrderType.MARKET)
    ladder = replace(program.phases[1], jobs=market)
    legs = (leg("a", Side.BUY, market_native=False),)
    program = replace(program, legs=legs, phases=(program.phases[0], ladder, program.phases[2]))
    with without(UNCHECKED):
        _, watch = watched(program, small(chunks=1))
    assert watch.found["P08"].text.startswith("a ioc order on leg a")
    allowed = replace(program, scopes=unwind_one().scopes)
    assert not watched(allowed, small(chunks=1))[1].found


def test_a_type_nobody_asked_for_is_not_sent() -> None:
    with without(AS_FOK):
        _, watch = watched(unwind_one(), small(chunks=1), ("P08",))
    assert watch.found["P08"].text.endswith("asks for no such order")


def test_reduce_only_wherever_the_venue_takes_it() -> None:
    with without(NO_REDUCE_ONLY):
        _, watch = watched(unwind_one(), small(chunks=1))
        _, opened = watched(open_hedged(), small(chunks=1))
        _, deaf = watched(unwind_one(legs=(leg("a", Side.BUY, flags=()),)), small(chunks=1))
    assert set(watch.found) == set(opened.found) == {"P09"}
    assert "on leg quote to sell" in opened.found["P09"].text
    assert not deaf.found


def test_one_order_a_leg_and_no_order_in_doubt() -> None:
    with without(NO_CANCEL):
        _, watch = watched(unwind_one(), small(chunks=1), ("P11", "P12"))
    assert watch.found["P11"].text == (
        "a ioc order on leg a to sell 0.5 ETH is sent while a post_only order on leg a to sell 0.5 ETH works"
    )
    assert watch.found["P12"].depth == watch.found["P11"].depth


# --- the whole --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ("emergency_unwind", "perps_baseline", "rebalance_small"))
def test_shipped_policies(name: str) -> None:
    found = shipped(name)
    assert found is not None
    assert not watched(program_of(found[1]), small(dust=True, crashes=True, faults=1))[1].found


def test_a_halt_without_an_alert() -> None:
    real = ends.begin_halt

    def silent(turn: Turn, why: str) -> None:
        real(turn, why)
        del turn.commands[[type(one).__name__ for one in turn.commands].index("SendAlert")]

    with without(((ends, "begin_halt", silent),)):
        _, watch = watched(unwind_one(), small(chunks=1))
    assert watch.found["P05"].text == "the run halts and no human was told"


def test_a_ledger_that_does_not_add_up() -> None:
    """The engine's own sum is off, and that is said of the property it carries."""
    real = invariants.counted
    with without(((invariants, "counted", lambda leg: real(leg) + (leg.order is not None)),)):
        _, watch = watched(unwind_one(), small(chunks=1))
    assert "is not the sum of its fills" in watch.found["P03"].text


def test_a_step_that_goes_round_in_a_circle() -> None:
    def restless(turn: Turn) -> None:
        turn.went_on = True

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(step.ADVANCE, Stage.SWEEP, restless)
        graph, watch = watched(unwind_one(), small(chunks=1))
        steps = story(graph, watch, "P01")
    assert set(watch.found) == {"P01"}
    assert "in a circle" in watch.found["P01"].text
    assert steps[-1].bug == watch.found["P01"].text


def test_what_breaks_only_in_a_run_that_took_long() -> None:
    """Out of time, a stop is placed at once, without a cancel of what still works."""
    stop = pg.Job(
        leg=0, size=pg.SizeKind.POSITION, type=OrderType.STOP, reduces=True,
        stop=pg.PriceRule(pg.Anchor.ENTRY, -1, 10_000),
    )  # fmt: skip
    protect = phase("protect", pg.PhaseKind.ARM, {}, jobs=(stop,))
    limits = pg.Limits(deadline_ns=2 * S, deadline_to=phase_target(3))
    program = unwind_one(limits=limits)
    maker = replace(program.phases[0], for_ns=9 * S)
    program = replace(program, phases=(maker, *program.phases[1:], protect))

    def let_work(turn: Turn) -> bool:
        turn.set_leg(0, retire(turn.legs[0]))
        return True

    with without(((ends, "withdraw_all", let_work),)):
        graph, watch = watched(program, small(chunks=1))
        assert not watch.found
        add_late(graph, watch.see)
        steps = story(graph, watch, "P11")
    number = watch.found["P11"].number
    assert number is not None and number < 0
    assert steps[-1].move.what == "the deadline falls due"
    assert isinstance(steps[-1].asked[0], PlaceOrder)


def test_every_word_of_the_engine_about_itself_is_known() -> None:
    place = Path(str(dnkit.engine.__file__)).parent
    source = "".join(file.read_text() for file in place.glob("*.py"))
    assert [words for words, _ in BUGS if words not in source] == []
    assert {id for _, id in BUGS} <= set(SAFETY)


def test_the_first_place_is_kept() -> None:
    ground: Ground = lay_ground(unwind_one(), small())
    watch = Watch(Graph(ground))
    for faults, depth in ((1, 3), (0, 9), (0, 8), (1, 2), (0, 8)):
        watch.note(Broken("P03", faults, depth, 10 * faults + depth, None, ""))
    assert (watch.found["P03"].faults, watch.found["P03"].index) == (0, 8)


def test_the_table_of_properties() -> None:
    assert [one.id for one in PROPERTIES] == [f"P{number:02}" for number in range(1, 28)]
    assert len({one.name for one in PROPERTIES}) == len(PROPERTIES)
    assert SAFETY[0] == "P02" and SAFETY[-1] == "P12" and len(SAFETY) == 11
