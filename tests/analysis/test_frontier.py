"""The frontier against a plain walk by a rule of its own; whole ticks on real grids; what it says."""

from collections.abc import Callable
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dnkit.analysis.explore import Graph, Note, first_node
from dnkit.analysis.frontier import DEPTHS, frontier, promised
from dnkit.analysis.ground import Ground, lay_ground, pay_up
from dnkit.analysis.hop import Node
from dnkit.analysis.move import Kind
from dnkit.analysis.network import Network, edges_of, held_within
from dnkit.analysis.proof import NONE, Promise, Setting, Standing
from dnkit.analysis.world import Fate, Placed
from dnkit.machine import program as pg
from dnkit.model.instrument import Instrument, make_instrument
from dnkit.model.numbers import MBPS_ONE, ceil_div
from dnkit.model.terms import EndName, OrderType, Side
from tests.analysis.graphs import network_of, shipped
from tests.engine.harness import BPS, leg
from tests.engine.programs import close_pair, open_hedged, unwind_one


@cache
def found(make: Callable[[], pg.Program], faults: int) -> tuple[Network, tuple[Promise, ...]]:
    network = network_of(make(), faults=faults)
    return network, frontier(network)


# --- by a plain walk ------------------------------------------------------------------------------


def reached(graph: Graph, faults: int, depth: int) -> set[tuple[int, int]]:
    """(state, faults used) that are reached by edges which can be gone."""
    met: set[tuple[int, int]] = set()
    todo = [(start, 0) for start in graph.starts]
    while todo:
        spot = index, used = todo.pop()
        if spot not in met and used <= faults:
            met.add(spot)
            todo += [
                (target, used + cost)
                for target, cost, number in edges_of(graph, index)
                if can_be(graph, index, graph.notes[number], depth)
            ]
    return met


def can_be(graph: Graph, index: int, note: Note, depth: int) -> bool:
    if note.kind not in (Kind.FREE, Kind.SLIP):
        return False
    if NONE in (note.short, depth):
        return True
    return not all(ticks >= far * depth // MBPS_ONE for ticks, far in short_orders(graph, index, note))


def short_orders(graph: Graph, index: int, note: Note) -> list[tuple[int, int]]:
    """(ticks past the touch, touch) of the orders that may be the short one."""
    orders = []
    for lattice, side in zip(graph.ground.legs, graph.nodes[index][1].legs, strict=True):
        for order in side.orders:
            far = lattice.ask if order.side > 0 else lattice.bid
            ticks = next(n for n in range(far) if ceil_div(n * MBPS_ONE, far) >= order.pay)
            if order.pay == note.short:
                orders.append((ticks, far))
    assert orders
    return orders


@pytest.mark.parametrize(("make", "faults"), [(unwind_one, 1), (open_hedged, 0), (close_pair, 0)])
def test_the_goal_is_certain_where_no_halt_is_reached(make: Callable[[], pg.Program], faults: int) -> None:
    network, promises = found(make, faults)
    graph = network.graph
    halts = {
        index
        for index, (state, _) in enumerate(graph.nodes)
        if state.ended is not None and state.ended.end is EndName.HALTED
    }
    assert [(one.faults, one.depth) for one in promises] == [
        (used, depth) for used in range(faults + 1) for depth in DEPTHS
    ]
    for one in promises:
        met = {index for index, _ in reached(graph, one.faults, one.depth)}
        assert one.certain == (not met & halts)
    assert {one.certain for one in promises} == {True, False}


# --- what it is -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "faults"), [(unwind_one, 1), (open_hedged, 0), (close_pair, 0)])
def test_a_deeper_book_and_fewer_faults_promise_no_less(make: Callable[[], pg.Program], faults: int) -> None:
    by = {(one.faults, one.depth): one for one in found(make, faults)[1]}
    for (used, depth), one in by.items():
        for (less, nearer), other in by.items():
            easier = less <= used and (depth == NONE or 0 <= nearer <= depth)
            if easier and one.certain:
                assert other.certain
                assert other.time_ns <= one.time_ns
                assert all(a <= b for a, b in zip(other.concession, one.concession, strict=True))


def test_a_ladder_promises_as_far_as_its_last_rung() -> None:
    certain = [one.depth for one in found(unwind_one, 0)[1] if one.certain]
    assert certain == [5 * BPS, 10 * BPS, 15 * BPS, 20 * BPS]
    paid = {one.depth: one.concession for one in found(unwind_one, 0)[1] if one.certain}
    assert paid == {depth: (depth,) for depth in certain}


def test_a_fault_may_have_to_be_paid_for() -> None:
    """The leg that waits has to be taken only once something went wrong."""
    promises = frontier(network_of(shipped("open_post_only_hedge"), faults=1), (15 * BPS,))
    assert [one.concession for one in promises] == [(0, 15 * BPS), (15 * BPS, 15 * BPS)]


def test_a_wider_frontier_is_told_first_and_none_at_all_breaks() -> None:
    promises = found(unwind_one, 1)[1]
    told = promised(promises).verdict
    assert told.standing is Standing.HOLDS
    assert told.text.startswith("with no fault and the book within 20 bps the goal is certain within ")
    none = tuple(Promise(faults=one.faults, depth=one.depth, certain=False) for one in promises)
    assert promised(none).verdict.standing is Standing.BROKEN


# --- whole ticks ----------------------------------------------------------------------------------


def coin(base: str, tick: str, lot: str) -> Instrument:
    return make_instrument(
        venue="alpha", symbol=f"{base}-PERP", base=base, quote="USD", tick=Decimal(tick), lot=Decimal(lot),
        quantity_min=Decimal(lot), notional_min=Decimal(0), maker_fee=0, taker_fee=5_000,
    )  # fmt: skip


GRIDS = [
    coin("SOL", "0.01", "0.1"),
    coin("SOL", "0.001", "0.1"),
    coin("ETH", "0.01", "0.001"),
    coin("ETH", "0.1", "0.001"),
    coin("BTC", "1", "0.0001"),
    coin("BTC", "0.1", "0.0001"),
    coin("BTC", "0.01", "0.0001"),
]


@cache
def ground_on(*grids: Instrument) -> Ground:
    if len(grids) == 1:
        return lay_ground(unwind_one(legs=(leg("a", Side.BUY, instrument=grids[0]),)), Setting())
    legs = (leg("a", Side.BUY, instrument=grids[0]), leg("b", Side.SELL, instrument=grids[1]))
    return lay_ground(close_pair(legs=legs), Setting())


def waiting(ground: Ground, index: int, side: Side, ticks: int) -> tuple[Node, int]:
    """A state with an order under way that is so many ticks past the touch, and its pay-up."""
    lattice = ground.legs[index]
    pay = pay_up(ground, index, side, (lattice.ask if side > 0 else lattice.bid) + side * ticks)
    order = Placed(
        n=1, side=int(side), type=OrderType.IOC, lots=10, low=0, fate=Fate.SENT, reduces=False, pay=pay
    )
    state, world = first_node(ground, ground.starts[0])
    legs = list(world.legs)
    legs[index] = replace(legs[index], orders=(order,))
    return (state, replace(world, legs=tuple(legs))), pay


def ruled_out(ground: Ground, node: Node, pay: int, depth: int, leg: int) -> bool:
    return depth <= held_within(ground, node, Note(Kind.FREE, leg, 0, pay, (), ()))


@given(
    grid=st.sampled_from(GRIDS),
    side=st.sampled_from(Side),
    depth=st.integers(1, 60 * BPS),
    ticks=st.integers(0, 400),
)
def test_an_order_is_filled_whole_where_whole_ticks_of_the_depth_reach_no_further(
    grid: Instrument, side: Side, depth: int, ticks: int
) -> None:
    ground = ground_on(grid)
    node, pay = waiting(ground, 0, side, ticks)
    far = ground.legs[0].ask if side > 0 else ground.legs[0].bid
    assert ruled_out(ground, node, pay, depth, 0) == (ticks >= far * depth // MBPS_ONE)


@pytest.mark.parametrize("grid", GRIDS, ids=lambda grid: f"{grid.base}-{grid.tick}")
@pytest.mark.parametrize("depth", [one for one in DEPTHS if one != NONE])
def test_a_rung_as_far_as_the_book_is_filled_whole(grid: Instrument, depth: int) -> None:
    ground = ground_on(grid)
    for side in Side:
        far = ground.legs[0].ask if side > 0 else ground.legs[0].bid
        ticks = far * depth // MBPS_ONE
        node, pay = waiting(ground, 0, side, ticks)
        assert ruled_out(ground, node, pay, depth, 0)
        node, pay = waiting(ground, 0, side, ticks - 1)
        assert not ruled_out(ground, node, pay, depth, 0)


def test_the_grid_of_the_leg_that_has_the_order_counts() -> None:
    """A third of a basis point is a tick on one leg, and ten on the other."""
    coarse, fine = GRIDS[3], GRIDS[2]
    for grids, index in (((coarse, fine), 0), ((fine, coarse), 1)):
        ground = ground_on(*grids)
        ticks = ground.legs[index].bid * 5 * BPS // MBPS_ONE
        node, pay = waiting(ground, index, Side.SELL, ticks)
        assert pay < 5 * BPS  # rounded to whole ticks it is less than the rung
        assert ruled_out(ground, node, pay, 5 * BPS, NONE)


def test_an_order_that_cannot_be_told_is_taken_for_the_one_that_reaches_least() -> None:
    ground = ground_on(GRIDS[3], GRIDS[2])
    _, pay = waiting(ground, 0, Side.SELL, ground.legs[0].bid * 5 * BPS // MBPS_ONE)
    nobody = first_node(ground, ground.starts[0])
    assert not ruled_out(ground, nobody, pay, 5 * BPS, NONE)
    assert ruled_out(ground, nobody, pay, pay, NONE)


@pytest.mark.parametrize(("make", "faults"), [(unwind_one, 1), (close_pair, 0)])
def test_every_edge_has_the_label_of_its_order(make: Callable[[], pg.Program], faults: int) -> None:
    network = found(make, faults)[0]
    graph, drawn = network.graph, []
    for index, node in enumerate(graph.nodes):
        for target, cost, number in edges_of(graph, index):
            note = graph.notes[number]
            held = NONE if note.short == NONE else held_within(graph.ground, node, note)
            drawn.append((index, target, cost, note.calls, note.short, held))
    labels = [network.labels[number] for number in network.edges.label]
    ends = zip(*(column.tolist() for column in network.edges[:3]), strict=True)
    laid = [(*edge, one.note.calls, one.note.short, one.held) for edge, one in zip(ends, labels, strict=True)]
    assert sorted(laid) == sorted(drawn)
    assert any(one.held != NONE for one in labels)
