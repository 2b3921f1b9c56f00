"""Designs that were in use and lose money without anything going wrong. Each is refuted, in the fewest steps.

None of them looked again before it called itself done, so the last look of the engine is taken out as well.
"""

from typing import Any

from msgspec.structs import replace

from dnkit.analysis.explore import Graph
from dnkit.analysis.move import Kind
from dnkit.analysis.proof import NONE, Setting
from dnkit.analysis.watch import Watch
from dnkit.engine import orders, phases, sizing
from dnkit.engine.exposure import exposure_per_lot, net
from dnkit.engine.orders import withdraw
from dnkit.engine.state import SETTLED, Job, JobStage, Leg, Stage
from dnkit.engine.turn import Turn
from dnkit.machine import program as pg
from dnkit.machine.orders import TABLE, Life, Move
from dnkit.machine.program import PhaseKind
from dnkit.model.terms import EndName, Intent, OrderType, Side
from dnkit.runtime.library import VenueFacts, read_policy
from dnkit.runtime.prepare import check
from tests.analysis.variants import (
    NO_CANCEL,
    NO_LAST_LOOK,
    NO_REDUCE_ONLY,
    SILENT,
    Variant,
    small,
    story,
    watched,
    without,
)
from tests.engine.harness import S, done, halt, leg, phase, phase_target, program
from tests.engine.programs import LIMITS, rest_job, take_job, verify


def told(graph: Graph, watch: Watch, id: str) -> list[str]:
    """The story from the first phase on; nothing shorter was left out."""
    found = watch.found[id]
    place = (found.faults, found.depth)
    nearer = [n for n, one in enumerate(zip(graph.faults, graph.depth, strict=True)) if one < place]
    assert all(graph.last[n] != NONE for n in nearer), "all that is nearer was looked at"
    steps = story(graph, watch, id)
    assert sum(one.move.kind is not Kind.FREE for one in steps) == found.faults, "as many faults as was said"
    return [one.move.what for one in steps if one.before[0].stage is not Stage.START]


# --- a maker hedge that falls back to a market order for all of it --------------------------------------


def hedge_then_market() -> pg.Program:
    """Quote, hedge as a maker for 3 s, cancel, then a market order."""
    gap, over = pg.SizeKind.IMBALANCE, done(EndName.HEDGED)
    market = phase_target(2)
    phases = (
        phase(
            "quote",
            PhaseKind.REST,
            {
                **dict.fromkeys(("filled", "partial"), phase_target(1)),
                **dict.fromkeys(("none", "rejected", "refused"), done(EndName.IDLE)),
            },
            jobs=(rest_job(0, pg.SizeKind.CLIP),),
            for_ns=5 * S,
        ),
        phase(
            "hedge",
            PhaseKind.REST,
            {"filled": over, **dict.fromkeys(("partial", "none", "rejected", "refused"), market)},
            jobs=(rest_job(1, gap, rejects=1),),
            for_ns=3 * S,
        ),
        phase(
            "market",
            PhaseKind.TAKE,
            {"filled": over},
            jobs=(take_job(1, gap, (50,), type=OrderType.MARKET),),
        ),
    )
    legs = (leg("quote", Side.BUY), leg("hedge", Side.SELL))
    return program(phases, legs, Intent.OPEN, limits=LIMITS, recover=1)


def _full_quantity() -> Any:
    """The market order asks for what the hedge began with, whatever the maker order has filled of it."""
    real = sizing._wanted

    def wanted(turn: Turn, plan: pg.Job, job: Job, spec: pg.LegSpec, own: Leg) -> int:
        if plan.type is not OrderType.MARKET:
            return real(turn, plan, job, spec, own)
        legs = list(turn.legs)
        legs[job.leg] = replace(own, position=own.start)
        excess = net(turn.program, legs)
        return -sizing.sign(excess) * (abs(excess) // exposure_per_lot(turn.program, spec, own))

    return wanted


def _cancel_taken_for_granted() -> Any:
    rows = [list(row) for row in TABLE]
    for news in SILENT:
        rows[Life.CANCELLING][news] = Move(Life.OVER)
    return tuple(tuple(row) for row in rows)


FULL_QUANTITY: Variant = ((sizing, "_wanted", _full_quantity()),)
GRANTED: Variant = ((orders, "TABLE", _cancel_taken_for_granted()),)


def test_market_order_for_the_full_quantity_after_a_part_fill() -> None:
    with without(FULL_QUANTITY, NO_LAST_LOOK):
        graph, watch = watched(hedge_then_market(), small(), ("P06", "P10"))
        steps = told(graph, watch, "P06")
    assert {id: one.faults for id, one in watch.found.items()} == {"P06": 0, "P10": 0}
    assert steps[:4] == ["book read", "accepted", "fill told: 500 of 500", "book read"]
    assert sorted(steps[4:6]) == ["accepted", "time is up"]
    assert steps[6:] == ["cancelled at 250 of 500", "book read"]
    assert watch.found["P06"].text == "leg hedge may hedge 0.75 ETH where only 0.5 ETH is sure to be open"
    assert watch.found["P10"].text == (
        "a market order on leg hedge to sell 0.5 ETH is sent where 0.25 ETH is left to do"
    )


def test_market_order_after_a_cancel_nobody_answered() -> None:
    """Its other half takes one fault: the call to cancel times out, and the maker order still works."""
    with without(GRANTED, NO_LAST_LOOK):
        calm = watched(hedge_then_market(), small())[1]
        graph, watch = watched(hedge_then_market(), small(faults=1), ("P06",))
        steps = told(graph, watch, "P06")
    assert not calm.found
    assert watch.found["P06"].faults == 1
    assert steps[:4] == ["book read", "accepted", "fill told: 500 of 500", "book read"]
    assert sorted(steps[4:6]) == ["accepted", "time is up"]
    assert steps[6].startswith("cancel unanswered")
    assert steps[7:] == ["waited in vain", "book read"]


def test_the_same_policy_on_the_engine_as_it_is() -> None:
    _, watch = watched(hedge_then_market(), small(faults=1))
    assert not watch.found


# --- three tiers, each sent while the one before still works --------------------------------------------


def three_tiers() -> pg.Program:
    """A maker order, an IOC, a FOK, a read of the position: success when it says flat."""
    size = pg.SizeKind.POSITION
    phases = (
        phase(
            "maker",
            PhaseKind.REST,
            {
                "filled": phase_target(3),
                **dict.fromkeys(("partial", "none", "rejected", "refused"), phase_target(1)),
            },
            jobs=(rest_job(0, size, rejects=1),),
            for_ns=1 * S,
        ),
        phase(
            "ioc",
            PhaseKind.TAKE,
            {"filled": phase_target(3), **dict.fromkeys(("short", "refused"), phase_target(2))},
            jobs=(take_job(0, size, (5,)),),
        ),
        phase(
            "fok",
            PhaseKind.TAKE,
            dict.fromkeys(("filled", "short", "refused"), phase_target(3)),
            jobs=(take_job(0, size, (20,), type=OrderType.FOK),),
        ),
        verify(EndName.FLAT, {"ok": done(EndName.FLAT), "short": halt("still open")}, visits=1),
    )
    return program(phases, (leg("a", Side.BUY),), Intent.UNWIND, limits=LIMITS, recover=3)


def test_a_tier_sent_while_the_one_before_works() -> None:
    with without(NO_CANCEL, NO_REDUCE_ONLY, NO_LAST_LOOK):
        graph, watch = watched(three_tiers(), small(), ("P04", "P07"))
        flips = told(graph, watch, "P07")
        rests = told(graph, watch, "P04")
    assert (watch.found["P07"].faults, watch.found["P04"].faults) == (0, 0)
    begins = ["book read", "accepted", "time is up", "book read"]
    assert flips == begins
    assert watch.found["P07"].text == "leg a holds 0.5 ETH and may get to -0.5 ETH"
    assert rests == [*begins, "filled 500 of 500", "position read: 0"]
    assert watch.found["P04"].text == (
        "the end is called flat, but a post_only order on leg a to sell 0.5 ETH still rests"
    )


def test_three_tiers_on_the_engine_as_it_is() -> None:
    """They end flat or halted; only the flag that a close needs is not asked for."""
    _, watch = watched(three_tiers(), small(faults=1))
    assert set(watch.found) == {"P09"}


# --- cancel, forget, quote again -------------------------------------------------------------------------


def quotes_again() -> pg.Program:
    """A maker order that is moved once; the hedge follows when it is filled."""
    phases = (
        phase(
            "quote",
            PhaseKind.REST,
            {
                **dict.fromkeys(("filled", "partial"), phase_target(1)),
                "none": phase_target(0),
                **dict.fromkeys(("rejected", "refused", "exhausted"), done(EndName.IDLE)),
            },
            jobs=(rest_job(0, pg.SizeKind.CLIP),),
            for_ns=5 * S,
            visits=2,
        ),
        phase(
            "hedge",
            PhaseKind.TAKE,
            {"filled": done(EndName.HEDGED)},
            jobs=(take_job(1, pg.SizeKind.IMBALANCE, (10,)),),
        ),
    )
    legs = (leg("quote", Side.BUY), leg("hedge", Side.SELL))
    return program(phases, legs, Intent.OPEN, limits=LIMITS, recover=1)


def _cancel_and_drop(turn: Turn, slot: int) -> None:
    """Send the cancel and know of the order no more, nor of what it has filled."""
    job = turn.state.jobs[slot]
    order = turn.legs[job.leg].order
    if job.stage is JobStage.ORDER and order is not None:
        if order.life is not Life.WORKING:
            return
        withdraw(turn, job.leg)
        position = turn.legs[job.leg].position - order.side * order.cum
        turn.update_leg(job.leg, order=None, position=position)
    if job.stage < SETTLED:
        turn.update_job(slot, stage=JobStage.SPENT)


FORGOTTEN: Variant = ((phases, "stop_job", _cancel_and_drop),)


def test_a_quote_that_is_forgotten_once_its_cancel_is_sent() -> None:
    with without(FORGOTTEN, NO_LAST_LOOK):
        graph, watch = watched(quotes_again(), small(), ("P03", "P06"))
        twice = told(graph, watch, "P06")
        naked = told(graph, watch, "P03")
    assert (watch.found["P06"].faults, watch.found["P03"].faults) == (0, 0)
    assert twice == ["book read", "accepted", "time is up", "book read"]
    assert watch.found["P06"].text == "leg quote may trade 1 ETH, beyond its clip of 0.5 ETH"
    assert naked == ["book read", "accepted", "fill told: 250 of 500", "time is up"]
    assert watch.found["P03"].text == (
        "the end is called hedged, but leg quote may hold from 0.25 ETH to 0.5 ETH and leg hedge holds 0 ETH"
    )


def test_quoting_again_on_the_engine_as_it_is() -> None:
    _, watch = watched(quotes_again(), small(faults=1))
    assert not watch.found


# --- a venue that takes no reduce-only with post-only ---------------------------------------------------


def test_an_unwind_on_nado_never_passes_through_zero_because_it_cancels_and_confirms() -> None:
    """Nado takes reduce-only with IOC and FOK alone: what keeps the maker order from taking the leg through
    zero is that it is over, and confirmed so, before anything else is sent.
    """
    unwind = check(read_policy("emergency_unwind"), VenueFacts()).program
    assert unwind is not None, "the policy trades"
    assert unwind.legs[0].instrument.venue == "nado"
    _, kept = watched(unwind, Setting(faults=2))
    assert not kept.found, f"with cancel-and-confirm nothing is broken, and not {list(kept.found)}"
    with without(NO_CANCEL):
        graph, lost = watched(unwind, Setting(faults=0))
        assert told(graph, lost, "P07")[-2:] == ["time is up", "book read"]
    assert lost.found["P07"].text == "leg a holds 3.2 SOL and may get to -3.2 SOL"
