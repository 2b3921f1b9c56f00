"""The safety properties: each is broken by what it is about, and by nothing that only looks like it.

Ends and positions are judged on hand-made states of the venues, orders on runs of the engine in which the step
that keeps the property is missing.
"""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

import dnkit.engine
from dnkit.analysis.explore import Graph
from dnkit.analysis.ground import Ground, lay_ground
from dnkit.analysis.properties import PROPERTIES, SAFETY
from dnkit.analysis.watch import BUGS, Broken, Watch
from dnkit.analysis.watch.ends import end_breaks
from dnkit.analysis.watch.positions import position_breaks
from dnkit.analysis.watch.truth import Measures, Truth
from dnkit.analysis.world import Fate, LegWorld, Placed, new_world
from dnkit.engine import ends, jobs, ledger, placing
from dnkit.engine.sizing import sign
from dnkit.engine.state import Job, Leg, Order, Stage
from dnkit.engine.step import begin
from dnkit.engine.turn import Turn
from dnkit.machine import program as pg
from dnkit.machine.orders import Life
from dnkit.model.commands import EndRun
from dnkit.model.terms import EndName, Intent, OrderType, Risk, Side
from tests.analysis.variants import NO_CANCEL, NO_REDUCE_ONLY, Variant, small, watched, without
from tests.compile.helpers import program_of, shipped
from tests.engine.harness import leg
from tests.engine.programs import open_hedged, take_job, unwind_one

LEAST = 10  # lots the test venues let trade


def order(side: int, lots: int, **values: Any) -> Placed:
    made = {"n": 1, "type": OrderType.POST_ONLY, "low": 0, "fate": Fate.LIVE, "reduces": False, "pay": -1}
    return Placed(side=side, lots=lots, **{**made, **values})


def stop_of(leg: Leg, placed: Placed) -> Leg:
    """The leg with that order as the stop it keeps."""
    stop = Order(
        n=placed.n, life=Life.WORKING, side=Side(placed.side), type=OrderType.STOP, lots=placed.lots,
        price=1, sent_ns=0, due_ns=0,
    )  # fmt: skip
    return replace(leg, stop=stop)


def truth(program: pg.Program, sides: tuple[LegWorld, ...], **values: Any) -> Truth:
    """A state in which the venues hold that; `stop` is a stop kept on the first leg, `starts` where legs began."""
    ground = lay_ground(program, small())
    starts = values.pop("starts", (0,) * len(sides))
    legs = [Leg(start=one, known=True) for one in starts]
    stop = values.pop("stop", None)
    if stop is not None:
        legs[0] = stop_of(legs[0], stop)
        sides = (replace(sides[0], orders=(*sides[0].orders, stop)), *sides[1:])
    world = replace(new_world((0,) * len(sides)), legs=sides, alarmed=True)
    world = replace(world, **{name: values.pop(name) for name in ("alarmed", "down") if name in values})
    state = replace(begin(program, "test"), legs=tuple(legs), stage=Stage.PHASE, **values)
    return Truth(Measures(ground), (state, world))


def wrong_end(
    end: EndName, *sides: LegWorld, risk: Risk = Risk.FLAT, text: str = "", **values: Any
) -> set[str]:
    """What breaks where a run says that with the venues like this."""
    program = unwind_one() if len(sides) == 1 else open_hedged()
    ended = EndRun(end, risk, text)
    return {id for id, _ in end_breaks(truth(program, sides, ended=ended, **values))}


def halted(*sides: LegWorld, risk: Risk = Risk.UNHEDGED, **values: Any) -> set[str]:
    return wrong_end(EndName.HALTED, *sides, risk=risk, **values)


def wrong_positions(program: pg.Program, *sides: LegWorld, **values: Any) -> set[str]:
    return {id for id, _ in position_breaks(truth(program, sides, **values))}


# --- ends -------------------------------------------------------------------------------------------------


def test_an_end_without_a_word() -> None:
    assert [id for id, _ in end_breaks(truth(unwind_one(), (LegWorld(0),)))] == ["P02"]


def test_flat_means_below_what_can_be_traded_whatever_fills() -> None:
    assert not wrong_end(EndName.FLAT, LegWorld(LEAST - 1))
    assert not wrong_end(EndName.FLAT, LegWorld(1 - LEAST))
    assert wrong_end(EndName.FLAT, LegWorld(LEAST)) == {"P03"}
    assert wrong_end(EndName.FLAT, LegWorld(0, (order(-1, LEAST, fate=Fate.SHUT),))) == {"P03"}
    assert not wrong_end(EndName.FLAT, LegWorld(0, (order(-1, LEAST - 1, fate=Fate.SHUT),)))
    assert not wrong_end(EndName.FLAT, LegWorld(0, (order(-1, LEAST, fate=Fate.SHUT, reduces=True),)))


def test_an_order_that_rests_at_an_end() -> None:
    assert wrong_end(EndName.FLAT, LegWorld(0, (order(-1, 5),))) == {"P04"}
    assert wrong_end(EndName.FLAT, LegWorld(0, (order(-1, 5, fate=Fate.SENT),))) == {"P04"}
    assert not wrong_end(EndName.FLAT, LegWorld(0, (order(-1, 5, low=5),)))
    assert not wrong_end(EndName.FLAT, LegWorld(0, (order(-1, 5, fate=Fate.SHUT),)))


def test_hedged_means_that_the_legs_even_out_whatever_fills() -> None:
    assert not wrong_end(EndName.HEDGED, LegWorld(500), LegWorld(1 - 500 - LEAST))
    assert wrong_end(EndName.HEDGED, LegWorld(500), LegWorld(-500 - LEAST)) == {"P03"}
    assert wrong_end(EndName.HEDGED, LegWorld(500), LegWorld(LEAST - 500)) == {"P03"}
    late = order(-1, LEAST, fate=Fate.SHUT)
    assert wrong_end(EndName.HEDGED, LegWorld(500), LegWorld(-500, (late,))) == {"P03"}


def test_an_open_counts_from_where_its_legs_began() -> None:
    assert not wrong_end(EndName.HEDGED, LegWorld(700), LegWorld(-500), starts=(200, 0))
    assert wrong_end(EndName.HEDGED, LegWorld(500), LegWorld(-500), starts=(200, 0)) == {"P03"}


def test_idle_means_not_moved_at_all() -> None:
    assert not wrong_end(EndName.IDLE, LegWorld(3), starts=(3,))
    assert wrong_end(EndName.IDLE, LegWorld(4), starts=(3,)) == {"P03"}
    assert wrong_end(EndName.IDLE, LegWorld(3, (order(1, 1, fate=Fate.SHUT),)), starts=(3,)) == {"P03"}


def test_protected_means_that_a_stop_covers_it_all() -> None:
    assert not wrong_end(EndName.PROTECTED, LegWorld(500), stop=order(-1, 500))
    assert wrong_end(EndName.PROTECTED, LegWorld(500)) == {"P03"}
    assert wrong_end(EndName.PROTECTED, LegWorld(500), stop=order(-1, 490)) == {"P03"}
    assert wrong_end(EndName.PROTECTED, LegWorld(-500), stop=order(-1, 500)) == {"P03", "P04"}
    assert wrong_end(EndName.PROTECTED, LegWorld(500), stop=order(-1, 500, fate=Fate.SHUT)) == {"P03"}
    late = order(1, 100, n=2, fate=Fate.SHUT)
    assert wrong_end(EndName.PROTECTED, LegWorld(500, (late,)), stop=order(-1, 500)) == {"P03"}


def test_a_stop_that_filled_meanwhile_has_done_its_work() -> None:
    assert not wrong_end(EndName.PROTECTED, LegWorld(0), stop=order(-1, 500, low=500))
    assert not wrong_end(EndName.PROTECTED, LegWorld(200), stop=order(-1, 500, low=300))


def test_a_kept_stop_may_rest_only_where_it_guards_something() -> None:
    assert wrong_end(EndName.FLAT, LegWorld(0), stop=order(-1, 500)) == {"P04"}
    assert wrong_end(EndName.IDLE, LegWorld(0), stop=order(-1, 500, reduces=True)) == {"P04"}
    assert not wrong_end(EndName.IDLE, LegWorld(500), stop=order(-1, 500), starts=(500,))


def test_a_halt_tells_a_human() -> None:
    assert halted(LegWorld(0), risk=Risk.FLAT, alarmed=False) == {"P05"}
    assert not halted(LegWorld(0), risk=Risk.FLAT)


def test_a_halt_says_what_is_open() -> None:
    assert halted(LegWorld(LEAST), risk=Risk.FLAT) == {"P03"}
    assert halted(LegWorld(LEAST - 1)) == {"P03"}
    assert not halted(LegWorld(LEAST))
    assert halted(LegWorld(500), LegWorld(-400), risk=Risk.HEDGED) == {"P03"}
    assert halted(LegWorld(500), LegWorld(-500)) == {"P03"}
    assert not halted(LegWorld(500), LegWorld(-400))
    assert not halted(LegWorld(500), LegWorld(-500), risk=Risk.UNKNOWN)


def test_unhedged_is_no_lie_beside_a_stop_that_may_have_filled() -> None:
    filled, kept = order(-1, 500, low=500), "stop 1 of leg a is kept"
    assert not halted(LegWorld(0), stop=filled, text=kept)
    assert halted(LegWorld(0), stop=filled, text=kept, risk=Risk.HEDGED) == set()
    assert halted(LegWorld(500), stop=order(-1, 500), text=kept, risk=Risk.FLAT) == {"P03"}


def test_a_halt_names_what_may_rest() -> None:
    resting = LegWorld(500, (order(-1, 100),))
    assert halted(resting) == {"P05"}
    assert not halted(resting, text="order 7 of leg a may rest")
    assert halted(resting, text="order 7 of leg b may rest, stop 1 of leg a is kept") == {"P05"}
    assert not halted(resting, down=(True,))
    assert not halted(resting, risk=Risk.UNKNOWN)
    assert not halted(LegWorld(500, (order(-1, 100, fate=Fate.SHUT),)))
    assert halted(LegWorld(500), stop=order(-1, 500)) == {"P05"}
    assert not halted(LegWorld(500), stop=order(-1, 500), text="stop 1 of leg a is kept")


def outcomes(side: LegWorld) -> Iterator[int]:
    """Every position a leg may get to, by filling its orders lot by lot."""
    todo = [(side.position, tuple(one.lots - one.low for one in side.orders))]
    known = set(todo)
    while todo:
        position, left = todo.pop()
        yield position
        for slot, one in enumerate(side.orders):
            nearer = abs(position + one.side) < abs(position)
            after = (position + one.side, (*left[:slot], left[slot] - 1, *left[slot + 1 :]))
            if left[slot] and (nearer or not one.reduces) and after not in known:
                known.add(after)
                todo.append(after)


@pytest.mark.parametrize("seed", range(300))
def test_flat_and_not_through_zero_against_every_way_to_fill(seed: int) -> None:
    dice = Random(seed)
    orders = tuple(
        order(
            dice.choice((-1, 1)), dice.randint(1, 9), n=n, low=0, reduces=dice.random() < 0.5, fate=Fate.SHUT
        )
        for n in range(dice.randint(0, 3))
    )
    side = LegWorld(dice.randint(-14, 14), orders)
    reached = list(outcomes(side))
    flat = all(abs(one) < LEAST for one in reached)
    assert wrong_end(EndName.FLAT, side) == (set() if flat else {"P03"})
    crosses = side.position * min(reached) < 0 or side.position * max(reached) < 0
    opens = side.position == 0 and any(reached)
    assert wrong_positions(unwind_one(), side) == ({"P07"} if crosses or opens else set())


# --- positions --------------------------------------------------------------------------------------------


def test_a_hedge_beyond_what_is_sure_to_be_open() -> None:
    def hedge(quote: LegWorld, other: LegWorld) -> set[str]:
        return wrong_positions(open_hedged(), quote, other)

    assert not hedge(LegWorld(500), LegWorld(-500))
    assert not hedge(LegWorld(500), LegWorld(-500 + 200, (order(-1, 200),)))
    assert not hedge(LegWorld(500), LegWorld(1 - 500 - LEAST))
    assert hedge(LegWorld(500), LegWorld(-500 - LEAST)) == {"P06"}
    assert hedge(LegWorld(500), LegWorld(-500, (order(-1, LEAST),))) == {"P06"}
    assert hedge(LegWorld(500, (order(-1, LEAST),)), LegWorld(-500)) == {"P06"}
    assert not hedge(LegWorld(500, (order(-1, 300),)), LegWorld(-200))


def test_a_leg_beyond_its_clip() -> None:
    assert not wrong_positions(open_hedged(), LegWorld(200, (order(1, 300),)), LegWorld(0))
    assert wrong_positions(open_hedged(), LegWorld(200, (order(1, 301),)), LegWorld(0)) == {"P06"}
    assert not wrong_positions(open_hedged(), LegWorld(700), LegWorld(0), starts=(200, 0))


def test_a_leg_that_evens_out_as_well_may_go_as_far_as_the_other_clip() -> None:
    both = open_hedged()
    phases = [*both.phases, replace(both.phases[2], jobs=(take_job(0, pg.SizeKind.IMBALANCE),))]
    small_clip = (leg("quote", Side.BUY, "0.3"), leg("hedge", Side.SELL))
    program = replace(both, phases=tuple(phases), legs=small_clip)
    far = lay_ground(program, small()).legs[1].whole
    assert not wrong_positions(program, LegWorld(far), LegWorld(0))
    assert wrong_positions(program, LegWorld(far + 1), LegWorld(0)) == {"P06"}


def test_a_pair_that_gets_uneven_the_other_way() -> None:
    program = replace(open_hedged(relative=False), intent=Intent.REBALANCE)
    assert not wrong_positions(program, LegWorld(500), LegWorld(-400, (order(-1, 100 + LEAST - 1),)))
    assert wrong_positions(program, LegWorld(500), LegWorld(-400, (order(-1, 100 + LEAST),))) == {"P06"}
    assert wrong_positions(program, LegWorld(500), LegWorld(-500, (order(1, LEAST),))) == {"P06"}
    assert not wrong_positions(program, LegWorld(500, (order(1, 300),)), LegWorld(-800))


def test_a_leg_that_may_get_past_zero() -> None:
    sold = LegWorld(500, (order(-1, 500), order(-1, 1, n=2)))
    assert wrong_positions(unwind_one(), sold) == {"P07"}
    reducing = tuple(replace(one, reduces=True) for one in sold.orders)
    assert not wrong_positions(unwind_one(), replace(sold, orders=reducing))
    assert not wrong_positions(unwind_one(), LegWorld(500, (order(-1, 500),)))
    assert wrong_positions(unwind_one(), LegWorld(0, (order(-1, 1),))) == {"P07"}


def test_a_leg_may_leave_zero_only_in_a_policy_that_opens() -> None:
    bought = LegWorld(0, (order(1, 500),))
    assert not wrong_positions(open_hedged(), bought, LegWorld(0))
    assert wrong_positions(open_hedged(), LegWorld(200, (order(-1, 201),)), LegWorld(0)) == {"P07"}
    inner = replace(open_hedged().scopes[0], intent=Intent.UNWIND, parent=0)
    program = open_hedged()
    program = replace(
        program,
        scopes=(*program.scopes, inner),
        phases=(replace(program.phases[0], scope=1), *program.phases[1:]),
    )
    assert wrong_positions(program, bought, LegWorld(0), phase=0) == {"P07"}
    assert not wrong_positions(program, bought, LegWorld(0), phase=1)


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


def test_a_fill_that_is_lost_on_the_way_to_the_ledger() -> None:
    """The engine's own sum is off, and that is said of the property it carries."""

    def twice(leg: Leg) -> int:
        return real(leg) + leg.cash * 0 + (leg.order.cum if leg.order is not None else 0)

    real = ledger.counted
    with without((("dnkit.engine.invariants", "counted", twice),)):
        _, watch = watched(unwind_one(), small(chunks=2))
    assert "is not the sum of its fills" in watch.found["P03"].text


def test_a_program_that_runs_in_a_circle() -> None:
    program = unwind_one()
    circle = replace(program.phases[2], skip=pg.Outcome.SHORT, visits=10**6)
    again = replace(program.phases[1], skip=pg.Outcome.SHORT, visits=10**6)
    _, watch = watched(replace(program, phases=(program.phases[0], again, circle)), small(chunks=1))
    assert set(watch.found) == {"P01"}
    assert "in a circle" in watch.found["P01"].text


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
