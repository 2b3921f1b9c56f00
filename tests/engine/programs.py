"""Hand-made programs that the engine tests run; the shapes of a close, an open with a hedge, an unwind, and
a close that runs another policy."""

from typing import Any

from msgspec.structs import replace

from dnkit.machine import program as pg
from dnkit.machine.program import PhaseKind as Kind
from dnkit.model.terms import EndName, Intent, OrderType, Side
from tests.engine.harness import BPS, MS, S, done, halt, leg, phase, phase_target, program, rung

INSIDE = pg.PriceRule(pg.Anchor.TOUCH, -1, 1, pg.Unit.TICKS)


def rest_job(index: int, size: pg.SizeKind, **values: Any) -> pg.Job:
    return pg.Job(
        **{
            "leg": index,
            "size": size,
            "type": OrderType.POST_ONLY,
            "rungs": (INSIDE,),
            "rejects": 3,
            **values,
        }
    )


def take_job(index: int, size: pg.SizeKind, rungs: tuple[int, ...] = (0, 5, 10), **values: Any) -> pg.Job:
    made = {"leg": index, "size": size, "type": OrderType.IOC, "rungs": tuple(rung(one) for one in rungs)}
    return pg.Job(**{**made, **values})


def verify(goal: EndName, then: dict[str, pg.Target], visits: int, name: str = "verify") -> pg.Phase:
    return phase(name, Kind.VERIFY, then, goal=goal, tries=5, every_ns=500 * MS, visits=visits)


NO_LIMITS = pg.Limits()
LIMITS = pg.Limits(concession_max=50 * BPS, deadline_ns=90 * S)


def close_pair(**values: Any) -> pg.Program:
    """Both legs passive, then both through the ladder, verified; twice round at most."""
    size = pg.SizeKind.POSITION
    sweep = phase_target(1)
    phases = (
        phase(
            "passive",
            Kind.REST,
            {
                "filled": phase_target(2),
                "first": sweep,
                "partial": sweep,
                "none": sweep,
                "rejected": sweep,
                "refused": sweep,
            },
            jobs=(rest_job(0, size, reduces=True), rest_job(1, size, reduces=True)),
            for_ns=15 * S,
        ),
        phase(
            "finish",
            Kind.TAKE,
            dict.fromkeys(("filled", "first", "short", "refused"), phase_target(2)),
            jobs=(take_job(0, size, reduces=True), take_job(1, size, reduces=True)),
            visits=2,
        ),
        verify(EndName.FLAT, {"ok": done(EndName.FLAT), "short": sweep}, visits=3),
        phase(
            "halt.reduce",
            Kind.TAKE,
            dict.fromkeys(("filled", "first", "short", "refused", "exhausted"), halt("leg lost")),
            jobs=(take_job(0, size, (25, 50), reduces=True), take_job(1, size, (25, 50), reduces=True)),
        ),
    )
    made = {"limits": LIMITS, "reduce": 3, "recover": 2, **values}
    legs = made.pop("legs", None) or (leg("a", Side.BUY), leg("b", Side.SELL))
    return program(phases, legs, Intent.CLOSE, **made)


def open_hedged(**values: Any) -> pg.Program:
    """Quote passively, hedge passively, cross, give back what cannot be hedged, verify."""
    clip, gap = pg.SizeKind.CLIP, pg.SizeKind.IMBALANCE
    cross = phase_target(2)
    phases = (
        phase(
            "quote",
            Kind.REST,
            {
                "filled": phase_target(1),
                "partial": phase_target(1),
                **dict.fromkeys(("none", "rejected", "refused"), done(EndName.IDLE)),
            },
            jobs=(rest_job(0, clip),),
            for_ns=5 * S,
        ),
        phase(
            "hedge",
            Kind.REST,
            {"filled": phase_target(4), **dict.fromkeys(("partial", "none", "rejected", "refused"), cross)},
            jobs=(rest_job(1, gap, rejects=1),),
            for_ns=3 * S,
        ),
        phase(
            "cross",
            Kind.TAKE,
            {"filled": phase_target(4), "short": phase_target(3), "refused": phase_target(3)},
            jobs=(take_job(1, gap),),
        ),
        phase(
            "back_out",
            Kind.TAKE,
            {"filled": phase_target(4), "short": phase_target(4), "refused": phase_target(4)},
            jobs=(take_job(0, gap, (5, 10, 15), reduces=True),),
        ),
        verify(EndName.HEDGED, {"ok": done(EndName.HEDGED), "short": phase_target(5)}, visits=3),
        phase(
            "cross_again",
            Kind.TAKE,
            dict.fromkeys(("filled", "short", "refused"), phase_target(4)),
            jobs=(take_job(1, gap, (5, 10, 15)),),
            visits=2,
        ),
    )
    made = {"limits": LIMITS, "recover": 4, **values}
    legs = made.pop("legs", None) or (leg("quote", Side.BUY), leg("hedge", Side.SELL))
    return program(phases, legs, Intent.OPEN, **made)


def unwind_one(**values: Any) -> pg.Program:
    """One naked leg: a short passive try, a ladder, verified; twice at most."""
    size = pg.SizeKind.POSITION
    phases = (
        phase(
            "maker",
            Kind.REST,
            {
                "filled": phase_target(2),
                **dict.fromkeys(("partial", "none", "rejected", "refused"), phase_target(1)),
            },
            jobs=(rest_job(0, size, reduces=True, rejects=1),),
            for_ns=1 * S,
        ),
        phase(
            "ladder",
            Kind.TAKE,
            dict.fromkeys(("filled", "short", "refused"), phase_target(2)),
            jobs=(take_job(0, size, (5, 10, 15, 20), reduces=True),),
            visits=2,
        ),
        verify(EndName.FLAT, {"ok": done(EndName.FLAT), "short": phase_target(1)}, visits=3),
    )
    made = {"limits": LIMITS, "recover": 2, **values}
    legs = made.pop("legs", None) or (leg("a", Side.BUY),)
    return program(phases, legs, Intent.UNWIND, **made)


def handed_over(inner: pg.Limits = NO_LIMITS, **values: Any) -> pg.Program:
    """A close that hands leg a to a policy of its own; when that halts, leg b is traded."""
    size = pg.SizeKind.POSITION
    then = dict.fromkeys(("filled", "partial", "none", "rejected", "refused"), done(EndName.FLAT))
    phases = (
        phase(
            "hand_over", Kind.RUN, {"flat": done(EndName.FLAT), "halt": phase_target(2)}, enters=1, start=1
        ),
        phase("rest", Kind.REST, then, jobs=(rest_job(0, size, reduces=True),), for_ns=60 * S, scope=1),
        phase(
            "other",
            Kind.TAKE,
            dict.fromkeys(("filled", "short", "refused"), halt("b alone")),
            jobs=(take_job(1, size, reduces=True),),
        ),
    )
    legs = (leg("a", Side.BUY), leg("b", Side.SELL))
    made = program(phases, legs, Intent.CLOSE, **{"limits": LIMITS, "stop_to": phase_target(2), **values})
    scope = replace(made.scopes[0], name="inner", parent=0, legs=(0,), limits=inner, halt_to=phase_target(2))
    return pg.with_digest(replace(made, scopes=(*made.scopes, scope)))
