"""Ends and positions: each property is broken by what it is about, and by nothing that only looks like it.

Judged are hand-made states of the venues.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

from msgspec.structs import replace

from dnkit.analysis.ground import lay_ground
from dnkit.analysis.watch.ends import end_breaks
from dnkit.analysis.watch.positions import position_breaks
from dnkit.analysis.watch.truth import Measures, Truth
from dnkit.analysis.world import Fate, LegWorld, Placed, new_world
from dnkit.engine.sizing import sign
from dnkit.engine.state import Leg, Order, Stage
from dnkit.engine.step import begin
from dnkit.machine import program as pg
from dnkit.machine.orders import Life
from dnkit.model.commands import EndRun
from dnkit.model.terms import EndName, Intent, OrderType, Risk, Side
from tests.analysis.variants import small
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
    """A state in which the venues hold that; `stop` is kept on the first leg, the legs began at `starts`."""
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
    assert halted(LegWorld(500), stop=order(-1, 500), text=kept, risk=Risk.FLAT) == {"P03"}


def test_a_halt_names_what_may_rest() -> None:
    resting = LegWorld(500, (order(-1, 100),))
    assert halted(resting) == {"P05"}
    assert not halted(resting, text="order 7 of leg a may rest")
    assert halted(resting, text="order 7 of leg b may rest, stop 1 of leg a is kept") == {"P05"}
    assert not halted(resting, down=(True,))
    assert halted(resting, risk=Risk.UNKNOWN) == {"P05"}
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


def some_leg(dice: Random) -> LegWorld:
    """A leg with orders nobody has looked at; what is reduce-only is there to reduce."""
    position = dice.randint(-14, 14)
    orders = []
    for n in range(dice.randint(0, 3)):
        side, lots, reduces = dice.choice((-1, 1)), dice.randint(1, 9), dice.random() < 0.5
        side = -sign(position) or side if reduces else side
        orders.append(order(side, lots, n=n, reduces=reduces, fate=Fate.SHUT))
    return LegWorld(position, tuple(orders))


def test_flat_and_not_through_zero_against_every_way_to_fill() -> None:
    dice = Random(7)
    for side in (some_leg(dice) for _ in range(1_000)):
        reached = list(outcomes(side))
        flat = all(abs(one) < LEAST for one in reached)
        assert wrong_end(EndName.FLAT, side) == (set() if flat else {"P03"}), side
        crosses = side.position * min(reached) < 0 or side.position * max(reached) < 0
        opens = side.position == 0 and any(reached)
        assert wrong_positions(unwind_one(), side) == ({"P07"} if crosses or opens else set()), side


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
