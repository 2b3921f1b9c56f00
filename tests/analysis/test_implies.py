"""A tightened machine is implied by the one it was made from, a loosened one is not (P23)."""

from collections.abc import Callable
from functools import cache

import pytest
from msgspec.structs import replace

from dnkit.analysis.case import Case
from dnkit.analysis.implies import Excess, excesses, implied, types_sent
from dnkit.analysis.network import Network
from dnkit.analysis.proof import NONE, Bounds, Promise, Standing
from dnkit.analysis.world import Fate
from dnkit.machine import program as pg
from dnkit.model.terms import OrderType
from tests.analysis.graphs import network_of, shipped
from tests.engine.harness import BPS, S, phase, phase_target, rung
from tests.engine.programs import take_job, unwind_one

LADDER = 1  # the phase of `unwind_one` that takes
RUNGS = tuple(rung(one) for one in (5, 10, 15, 20))


def with_job(made: pg.Program, index: int, **changes: object) -> pg.Program:
    job = replace(made.phases[index].jobs[0], **changes)
    return with_phase(made, index, jobs=(job, *made.phases[index].jobs[1:]))


def with_phase(made: pg.Program, index: int, **changes: object) -> pg.Program:
    changed = replace(made.phases[index], **changes)
    return pg.with_digest(replace(made, phases=(*made.phases[:index], changed, *made.phases[index + 1 :])))


@cache
def network(make: Callable[[], pg.Program]) -> Network:
    return network_of(make(), faults=1)


def compared(changed: pg.Program) -> tuple[Case, Network]:
    other = network_of(changed, faults=1)
    return implied(network(unwind_one), other), other


def holds(found: Case) -> bool:
    return found.verdict.standing is Standing.HOLDS


def test_a_machine_implies_itself() -> None:
    found, _ = compared(unwind_one())
    assert holds(found)
    assert (found.at, found.trail) == (NONE, ())


@pytest.mark.parametrize(
    "changed",
    [
        with_job(unwind_one(), LADDER, rungs=RUNGS[:3]),
        with_job(unwind_one(), LADDER, rungs=RUNGS[:1]),
        with_phase(unwind_one(), 0, for_ns=S // 2),
        unwind_one(limits=pg.Limits(concession_max=10 * BPS, deadline_ns=90 * S)),
    ],
    ids=["a rung less", "one rung", "less patience", "a nearer limit"],
)
def test_a_tightened_machine_is_implied(changed: pg.Program) -> None:
    found, _ = compared(changed)
    assert holds(found), found.verdict.text


def test_a_farther_rung_is_not() -> None:
    found, other = compared(with_job(unwind_one(), LADDER, rungs=(*RUNGS, rung(30))))
    assert not holds(found)
    assert "concession on leg a 30 bps against 20 bps" in found.verdict.text
    (order,) = other.graph.nodes[found.at][1].legs[0].orders
    assert (order.pay, order.fate) == (30 * BPS, Fate.SENT)


def test_more_patience_is_not() -> None:
    found, other = compared(with_phase(unwind_one(), 0, for_ns=4 * S))
    assert not holds(found)
    assert found.verdict.text.startswith("more aggressive: longest time ")
    assert found.trail
    assert other.graph.nodes[found.at][0].ended is not None


def test_another_type_of_order_is_not() -> None:
    market = with_job(unwind_one(), LADDER, type=OrderType.MARKET, rungs=(), cap=5 * BPS)
    found, other = compared(market)
    assert not holds(found)
    assert found.verdict.text.startswith("more aggressive: market orders on leg a")
    (order,) = other.graph.nodes[found.at][1].legs[0].orders
    assert order.type is OrderType.MARKET
    assert set(types_sent(other.graph)) == {(0, OrderType.POST_ONLY), (0, OrderType.MARKET)}


def test_a_type_that_the_other_sends_only_after_a_fault_is_not() -> None:
    size = pg.SizeKind.POSITION
    job = take_job(0, size, (5,), type=OrderType.MARKET, cap=5 * BPS, reduces=True)
    last = phase(
        "last", pg.PhaseKind.TAKE, dict.fromkeys(("filled", "short", "refused"), phase_target(2)), jobs=(job,)
    )
    made = replace(unwind_one(), phases=(*unwind_one().phases, last))
    after_a_crash = network_of(replace(made, recover=3), faults=1)
    none = dict(made.phases[0].then) | {pg.Outcome.NONE: phase_target(3)}
    at_once = network_of(with_phase(made, 0, then=tuple(none.items())), faults=1)
    market = (0, OrderType.MARKET)
    assert (types_sent(after_a_crash.graph)[market], types_sent(at_once.graph)[market]) == (1, 0)
    found = implied(after_a_crash, at_once)
    assert found.verdict.text.startswith("more aggressive: market orders on leg a")
    assert at_once.graph.faults[found.at] == 0


@pytest.fixture(scope="module")
def close() -> Network:
    return network_of(shipped("close_two_phase"), chunks=1)


def test_machines_with_more_legs_are_not_compared(close: Network) -> None:
    found = implied(network(unwind_one), close)
    assert not holds(found)
    assert found.verdict.text == "they do not trade the same number of legs"


def test_a_shipped_close_with_a_larger_cap_and_with_a_smaller_one(close: Network) -> None:
    program = shipped("close_two_phase")
    sweep = next(index for index, one in enumerate(program.phases) if one.name == "sweep")

    def capped(bps: int) -> pg.Program:
        jobs = tuple(replace(job, cap=bps * BPS, rungs=(rung(bps),)) for job in program.phases[sweep].jobs)
        limits = replace(program.scopes[0].limits, concession_max=max(50, bps) * BPS)
        scopes = (replace(program.scopes[0], limits=limits),)
        return replace(with_phase(program, sweep, jobs=jobs), scopes=scopes)

    assert holds(implied(close, network_of(capped(40), chunks=1)))
    found = implied(close, network_of(capped(60), chunks=1))
    assert not holds(found)
    assert "concession on leg a 60 bps against 50 bps; concession on leg b 60 bps against 50 bps" in (
        found.verdict.text
    )


# --- numbers alone --------------------------------------------------------------------------------

WORST = Bounds(
    faults=0, time_ns=9, goal_ns=8, naked_ns=7, unhedged=6, unhedged_ns=5, concession=(4, 3), pair=7,
    orders=(1, 1), cancels=(1, 1), reads=(1, 1),
)  # fmt: skip
CELL = Promise(faults=1, depth=5 * BPS, certain=True, time_ns=9, concession=(4, 3))


@pytest.mark.parametrize("what", ["time_ns", "naked_ns", "unhedged", "unhedged_ns"])
def test_every_bound_counts(what: str) -> None:
    value = getattr(WORST, what)
    more, less = replace(WORST, **{what: value + 1}), replace(WORST, **{what: value - 1})
    assert excesses(((WORST,), (more,)), ((), ())) == (Excess(what, 0, value, value + 1),)
    assert excesses(((WORST,), (less,)), ((), ())) == ()


def test_every_leg_counts() -> None:
    other = replace(WORST, concession=(3, 4))
    assert excesses(((WORST,), (other,)), ((), ())) == (Excess("concession", 0, 3, 4, leg=1),)


def test_of_promises_counts_what_is_paid_where_both_are_certain() -> None:
    dearer = replace(CELL, concession=(4, 5))
    found = excesses(((), ()), ((CELL,), (dearer,)))
    assert found == (Excess("concession", 1, 3, 5, leg=1, depth=5 * BPS),)
    gives_up = Promise(faults=1, depth=5 * BPS, certain=False)
    for one, other in ((CELL, gives_up), (gives_up, dearer), (CELL, replace(CELL, time_ns=10))):
        assert excesses(((), ()), ((one,), (other,))) == ()


def test_fewest_faults_are_told_first() -> None:
    worse = replace(WORST, time_ns=10, concession=(5, 3))
    bounds = ((WORST, replace(WORST, faults=1)), (worse, replace(worse, faults=1)))
    found = excesses(bounds, ((CELL,), (replace(CELL, concession=(5, 3)),)))
    assert [(one.what, one.faults, one.depth) for one in found] == [
        ("concession", 0, None),
        ("time_ns", 0, None),
        ("concession", 1, None),
        ("time_ns", 1, None),
        ("concession", 1, 5 * BPS),
    ]
