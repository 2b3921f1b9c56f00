"""Bounds of real programs against plain recursion over the same graph, and the limits that policies state."""

from collections.abc import Callable
from functools import cache, partial
from itertools import product

import pytest
from msgspec.structs import replace

from dnkit.analysis.bounds import Measured, bounds_of, limits_kept, measure
from dnkit.analysis.case import Case
from dnkit.analysis.explore import Graph, Note
from dnkit.analysis.exposed import exposures
from dnkit.analysis.move import CALL_NS
from dnkit.analysis.network import edges_of
from dnkit.analysis.proof import NONE, Bounds, Standing
from dnkit.analysis.world import Fate, Placed, most, reach
from dnkit.engine.exposure import net, net_money, tolerance
from dnkit.engine.state import Stage
from dnkit.machine import program as pg
from dnkit.model.terms import STOPS, EndName
from tests.analysis.graphs import network_of, shipped
from tests.engine.harness import BPS, S
from tests.engine.programs import close_pair, open_hedged, unwind_one

FAULTS = 1


@cache
def found(make: Callable[[], pg.Program], faults: int = FAULTS) -> tuple[Measured, tuple[Bounds, ...]]:
    measured = measure(network_of(make(), faults=faults))
    return measured, bounds_of(measured)


def limited(**limits: object) -> pg.Limits:
    return pg.Limits(**{"concession_max": 50 * BPS, "deadline_ns": 90 * S, **limits})  # type: ignore[arg-type]


def graph_of(measured: Measured) -> Graph:
    return measured.network.graph


def longest_from(graph: Graph, weigh: Callable[[Note], int], counts: Callable[[int], bool]) -> list[int]:
    """By faults, the largest sum of weights from a start to a state that counts. One clock only."""

    @cache
    def ahead(index: int, left: int) -> int:
        found = [0] if counts(index) else [-(10**18)]
        for target, cost, number in edges_of(graph, index):
            if cost <= left:
                found.append(weigh(graph.notes[number]) + ahead(target, left - cost))
        return max(found)

    return [max(ahead(start, faults) for start in graph.starts) for faults in range(FAULTS + 1)]


def calls_of(kind: int, note: Note) -> int:
    return note.calls[kind]


def test_time_and_calls_are_those_of_plain_recursion() -> None:
    measured, bounds = found(unwind_one)
    graph = graph_of(measured)

    def ends(index: int) -> bool:
        return graph.nodes[index][0].stage is Stage.END

    def goals(index: int) -> bool:
        ended = graph.nodes[index][0].ended
        return ended is not None and ended.end is not EndName.HALTED

    assert [one.time_ns for one in bounds] == longest_from(graph, lambda note: note.spent, ends)
    assert [one.goal_ns for one in bounds] == longest_from(graph, lambda note: note.spent, goals)
    for kind, name in enumerate(("orders", "cancels", "reads")):
        counted = longest_from(graph, partial(calls_of, kind), ends)
        first = 1 if name == "cancels" else 0  # the sweep that a run begins with
        assert [getattr(one, name) for one in bounds] == [(count + first,) for count in counted]


def test_concession_is_that_of_the_orders_that_can_be_sent() -> None:
    measured, bounds = found(open_hedged)
    graph = graph_of(measured)
    paid = [[0, 0] for _ in bounds]
    todo, met = [(start, 0) for start in graph.starts], set()
    while todo:
        index, used = spot = todo.pop()
        if spot in met or used > FAULTS:
            continue
        met.add(spot)
        for target, cost, number in edges_of(graph, index):
            todo.append((target, used + cost))
            for way, pay in graph.notes[number].sent:
                for faults in range(used + cost, FAULTS + 1):
                    paid[faults][way] = max(paid[faults][way], pay)
    assert [one.concession for one in bounds] == [tuple(one) for one in paid]
    assert [one.pair for one in bounds] == [sum(one) for one in paid]
    assert max(paid[-1]) == 15 * BPS


def totals(orders: tuple[Placed, ...]) -> list[tuple[int, ...]]:
    """Every way in which nothing, a part or all of each order may have been filled beyond what was told."""
    return list(product(*((0, (one.lots - one.low) // 2, one.lots - one.low) for one in orders)))


@pytest.mark.parametrize(("make", "faults"), [(open_hedged, 0), (close_pair, 0), (unwind_one, 1)])
def test_exposure_is_the_worst_of_all_fills_that_nobody_saw(
    make: Callable[[], pg.Program], faults: int
) -> None:
    graph = graph_of(found(make, faults)[0])
    opened, program = exposures(graph), graph.ground.program
    met = 0
    for index, (state, world) in enumerate(graph.nodes):
        lattices = zip(state.legs, graph.ground.legs, strict=True)
        if any((one.bid, one.ask) != (lattice.bid, lattice.ask) for one, lattice in lattices):
            continue  # a book that was refused, or none yet
        worst, naked, met = 0, False, met + 1
        for picked in product(*(totals(side.orders) for side in world.legs)):
            legs = []
            for one, side, fills in zip(state.legs, world.legs, picked, strict=True):
                position = side.position
                for order, fill in zip(side.orders, fills, strict=True):
                    room = most(replace(side, position=position), order) - order.low
                    position += order.side * min(fill, room)
                legs.append(replace(one, position=position))
            worst = max(worst, net_money(program, legs))
            naked = naked or abs(net(program, legs)) >= tolerance(program, legs)
        assert (opened.money[index], bool(opened.naked[index])) == (worst, naked)
    assert met > 20


def test_with_fewer_faults_all_is_as_if_no_more_were_looked_at() -> None:
    """Also where only a run with a fault can get so old that its deadline falls due."""
    for limits in (limited(), limited(deadline_ns=10 * S)):
        program = unwind_one(limits=limits)
        none, one = (bounds_of(measure(network_of(program, faults=faults))) for faults in (0, 1))
        assert none == one[:1]
    assert len(network_of(program, faults=1).gates)


def test_money_counts_once_its_state_can_be_reached() -> None:
    measured = found(unwind_one)[0]
    graph = graph_of(measured)
    numbered = measured._replace(open=measured.open._replace(money=range(len(graph.nodes))))
    last = [max(index for index, least in enumerate(graph.faults) if least <= faults) for faults in (0, 1)]
    assert [one.unhedged for one in bounds_of(numbered)] == last
    assert last[0] < last[1]


def test_more_faults_are_never_better() -> None:
    for make in (unwind_one, open_hedged):
        none, one = found(make)[1]
        for name in ("time_ns", "goal_ns", "naked_ns", "unhedged", "unhedged_ns", "concession", "pair"):
            assert getattr(none, name) <= getattr(one, name)
        assert none.time_ns < one.time_ns
        assert 0 < none.goal_ns <= none.time_ns
        assert 0 < none.naked_ns <= none.time_ns


def test_a_pair_is_naked_from_the_first_order_on_and_not_before() -> None:
    bounds = found(open_hedged, 0)[1][0]
    start_ns = 6 * CALL_NS  # each leg is swept, its position and its book are read
    assert bounds.naked_ns == bounds.time_ns - start_ns


# --- limits ---------------------------------------------------------------------------------------


def kept(program: pg.Program, faults: int = 0) -> dict[str, Case]:
    measured = measure(network_of(program, faults=faults))
    return {one.verdict.id: one for one in limits_kept(measured, bounds_of(measured))}


def broken(cases: dict[str, Case]) -> set[str]:
    return {id for id, one in cases.items() if one.verdict.standing is Standing.BROKEN}


def test_limits_that_are_kept_or_not_stated() -> None:
    cases = kept(unwind_one(), 1)
    assert list(cases) == ["P13", "P14", "P15", "P16", "P22"]
    assert broken(cases) == set()
    assert all(one.at == NONE and not one.trail for one in cases.values())
    assert cases["P13"].verdict.text.endswith("the deadline is 90.0 s")
    assert cases["P16"].verdict.text.endswith("max_unhedged is not stated")


def test_a_deadline_that_cannot_be_kept() -> None:
    program = unwind_one(limits=limited(deadline_ns=5 * S))
    cases = kept(program)
    assert broken(cases) == {"P13"}
    assert cases["P13"].verdict.text.endswith("the deadline is 5.0 s")
    graph = network_of(program).graph
    assert graph.nodes[cases["P13"].at][0].stage is Stage.END
    assert any(edge < 0 for _, edge in cases["P13"].trail)  # the deadline falls due on that way
    assert graph.parent[cases["P13"].trail[0][0]][0] == NONE


def test_a_deadline_is_not_broken_by_a_venue_that_stays_down() -> None:
    longest_ns = found(unwind_one)[1][1].time_ns
    program = unwind_one(limits=limited(deadline_ns=20 * S))
    measured = measure(network_of(program, faults=1))
    assert longest_ns > max(one.time_ns for one in bounds_of(measured)) > 20 * S
    assert broken(kept(program, 1)) == set()


@pytest.mark.parametrize("seconds", [2, 4, 6])
def test_a_deadline_cuts_the_longest_run_short(seconds: int) -> None:
    """What comes before the first phase, the deadline, and the halt it leads to: nothing else adds up."""
    whole_ns = found(unwind_one, 0)[1][0].time_ns
    measured = measure(network_of(unwind_one(limits=limited(deadline_ns=seconds * S))))
    cut_ns = bounds_of(measured)[0].time_ns
    start_ns = 3 * CALL_NS
    halt_ns = 5 * CALL_NS  # cancel, sweep, read, and what was on its way
    assert start_ns + seconds * S < cut_ns <= start_ns + seconds * S + halt_ns
    assert cut_ns < whole_ns + halt_ns


@pytest.mark.parametrize("faults", [0, 1])
def test_what_is_cut_short_is_its_beginning_and_its_age(faults: int) -> None:
    """The beginning may cost faults, and take the longer for it."""
    measured = measure(network_of(unwind_one(limits=limited(deadline_ns=4 * S)), faults=1))
    graph = graph_of(measured)
    begins = [
        measured.time[faults - cost][index] + graph.notes[number].spent
        for index, (state, _) in enumerate(graph.nodes)
        for _, cost, number in edges_of(graph, index)
        if state.stage is Stage.START and cost <= faults
    ]
    whole_ns, age_ns = (max(layer[faults][measured.ends]) for layer in (measured.time, measured.age))
    time_ns = bounds_of(measured)[faults].time_ns
    assert time_ns == min(whole_ns, max(begins) + age_ns)
    assert time_ns < whole_ns


def test_exposure_for_longer_than_allowed() -> None:
    limits = {"unhedged_max": 10**14, "unhedged_to": pg.Target(pg.TargetKind.PHASE, phase=3)}
    assert broken(kept(open_hedged(limits=limited(**limits, unhedged_ns=30 * S)))) == set()
    cases = kept(open_hedged(limits=limited(**limits, unhedged_ns=5 * S)))
    assert broken(cases) == {"P16"}
    assert cases["P16"].verdict.text.endswith("allowed are 5.0 s")
    assert cases["P16"].trail


def test_exposure_below_its_limit_may_last() -> None:
    program = open_hedged(limits=limited(unhedged_max=10**16, unhedged_ns=S))
    assert broken(kept(program)) == set()
    assert bounds_of(measure(network_of(program)))[0].unhedged_ns == 0


def test_a_concession_beyond_the_limit_is_shown_where_it_is_sent() -> None:
    """The engine bounds every order, so the limit is tightened behind its back."""
    network = network_of(unwind_one())
    program = replace(network.graph.ground.program, scopes=(
        replace(network.graph.ground.program.scopes[0], limits=limited(concession_max=12 * BPS)),
    ))  # fmt: skip
    network.graph.ground = replace(network.graph.ground, program=program)
    measured = measure(network)
    cases = {one.verdict.id: one for one in limits_kept(measured, bounds_of(measured))}
    assert broken(cases) == {"P15"}
    orders = network.graph.nodes[cases["P15"].at][1].legs[0].orders
    assert [order.pay for order in orders] == [15 * BPS]


def test_a_single_position_is_naked_until_a_stop_covers_it() -> None:
    graph = network_of(shipped("perps_baseline")).graph
    opened, least = exposures(graph), graph.ground.legs[0].least
    ends = {"protected": 0, "sent": 0, "bare": 0}
    for index, (state, world) in enumerate(graph.nodes):
        if state.ended is not None and state.ended.end is EndName.PROTECTED:
            assert not opened.naked[index]
            ends["protected"] += 1
        elif all(order.type not in STOPS for order in world.legs[0].orders):
            low, high = reach(world.legs[0])
            assert bool(opened.naked[index]) == (max(-low, high) >= least)
            ends["bare"] += opened.naked[index]
        elif all(order.fate is Fate.SENT for order in world.legs[0].orders):
            assert opened.naked[index]  # who knows whether it gets there
            ends["sent"] += 1
    assert all(ends.values())
