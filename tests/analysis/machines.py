"""Machines to compare: one that has every kind of phase and every limit, and the same machine written down in
other ways."""

from enum import Enum
from random import Random
from typing import Any

from msgspec.structs import replace

from dnkit.machine import program as pg
from dnkit.machine.program import PhaseKind as Kind
from dnkit.machine.program import TargetKind
from dnkit.model.terms import EndName, Intent, OrderType, Side
from tests.engine.harness import BPS, S, done, halt, leg, phase, phase_target, program, rung

INSIDE = pg.PriceRule(pg.Anchor.TOUCH, -1, 1, pg.Unit.TICKS)
FIXED = pg.Amount(lots=20)
TEN_DOLLARS = 10**13
LIMITS = pg.Limits(
    deadline_ns=90 * S,
    deadline_to=phase_target(2),
    spread_max=20 * BPS,
    concession_max=50 * BPS,
    unhedged_max=TEN_DOLLARS,
    unhedged_ns=30 * S,
    unhedged_to=phase_target(1),
    depth_within=30 * BPS,
    depth_min=TEN_DOLLARS,
    volume_min=TEN_DOLLARS,
    volume_ns=60 * S,
    book_age_ns=S,
    stale_halt=True,
    forbid=(OrderType.FOK,),
)
REST, TAKE, VERIFY, ARM, CLEAR, WAIT, ALERT, RUN, INNER, CHECK, REDUCE = range(11)


def job(index: int, size: pg.SizeKind = pg.SizeKind.FIXED, **values: Any) -> pg.Job:
    made = {"leg": index, "size": size, "type": OrderType.IOC, "amount": FIXED, "rungs": (rung(5), rung(10))}
    return pg.Job(**{**made, **values})


def every_kind() -> pg.Program:
    """Every kind of phase, every limit, a sub-policy with a deadline that halts to its caller, slices. The
    market order has no rungs, so that its cap acts; what arms has no limit, so that the concession does.
    """
    go = phase_target
    phases = (
        phase("rest", Kind.REST, {"filled": go(TAKE), "first": go(VERIFY), "partial": go(TAKE),
              "none": go(WAIT), "rejected": go(ALERT), "refused": done(EndName.IDLE)},
              jobs=(job(0, type=OrderType.POST_ONLY, rungs=(INSIDE,), rejects=3),
                    job(1, type=OrderType.POST_ONLY, rungs=(INSIDE,), rejects=3)),
              for_ns=5 * S, reprice_beyond=2 * BPS, reprice_every_ns=S, reprice_max=3),
        phase("take", Kind.TAKE, {"filled": go(VERIFY), "first": go(VERIFY), "short": go(ARM)},
              jobs=(job(0), job(1, type=OrderType.MARKET, rungs=(), cap=15 * BPS))),
        phase("verify", Kind.VERIFY, {"ok": done(EndName.HEDGED), "short": go(RUN), "error": go(ALERT)},
              goal=EndName.HEDGED, tries=5, every_ns=S // 2, visits=2),
        phase("arm", Kind.ARM, {"armed": go(VERIFY), "failed": go(CLEAR)},
              jobs=(job(0, type=OrderType.STOP, rungs=(), stop=INSIDE),)),
        phase("clear", Kind.CLEAR, {"clear": go(RUN)}, jobs=(job(0),)),
        phase("wait", Kind.WAIT, {"elapsed": go(TAKE)}, for_ns=S),
        phase("alert", Kind.ALERT, {"sent": go(VERIFY), "failed": go(VERIFY)}, level="warn", text="look"),
        phase("run", Kind.RUN, {}, enters=1, start=INNER, visits=2),
        phase("run/inner", Kind.TAKE, {"filled": go(CHECK), "short": go(CHECK)}, scope=1, jobs=(job(1),)),
        phase("run/check", Kind.VERIFY, {"ok": go(VERIFY), "short": go(INNER)}, scope=1, visits=2),
        phase("reduce", Kind.TAKE, {}, jobs=(job(0), job(1))),
    )  # fmt: skip
    inner = pg.Scope(
        name="run", parent=0, legs=(1,), intent=Intent.UNWIND, halt_to=go(ALERT),
        limits=replace(LIMITS, deadline_ns=20 * S, deadline_to=go(CHECK), unhedged_ns=10 * S),
    )  # fmt: skip
    made = program(
        phases, (leg("a", Side.BUY), leg("b", Side.SELL)), Intent.REBALANCE,
        limits=LIMITS, recover=VERIFY, reduce=REDUCE, stop_to=go(TAKE), by_money=True,
        slice_size=pg.Amount(lots=100), impact_max=10 * BPS,
    )  # fmt: skip
    return pg.with_digest(replace(made, scopes=(*made.scopes, inner)))


def mapped(made: pg.Program, goes: Any) -> pg.Program:
    """The program with every target replaced by what `goes` makes of it."""

    def limits(one: pg.Limits) -> pg.Limits:
        return replace(one, deadline_to=maybe(one.deadline_to), unhedged_to=maybe(one.unhedged_to))

    def maybe(target: pg.Target | None) -> pg.Target | None:
        return target and goes(target)

    return replace(
        made,
        stop_to=goes(made.stop_to),
        scopes=tuple(
            replace(one, halt_to=maybe(one.halt_to), limits=limits(one.limits)) for one in made.scopes
        ),
        phases=tuple(
            replace(one, then=tuple((outcome, goes(target)) for outcome, target in one.then))
            for one in made.phases
        ),
    )


def shuffled(made: pg.Program, seed: int) -> pg.Program:
    """The same machine with other names, texts and lines, its phases and sub-policies in another order."""
    dice = Random(seed)
    order, inner = list(range(len(made.phases))), list(range(1, len(made.scopes)))
    dice.shuffle(order)
    dice.shuffle(inner)
    places = {old: new for new, old in enumerate(order)} | {-1: -1}
    scopes = {old: new for new, old in enumerate((0, *inner))} | {-1: -1}

    def goes(target: pg.Target) -> pg.Target:
        return replace(target, phase=places[target.phase], text=f"words {dice.random()}")

    def moved(one: pg.Phase, number: int) -> pg.Phase:
        return replace(
            one, name=f"p{number}", line=dice.randrange(1, 99), text="other words", then=one.then[::-1],
            scope=scopes[one.scope], enters=scopes[one.enters], start=places[one.start],
        )  # fmt: skip

    def inside(one: pg.Scope, number: int) -> pg.Scope:
        return replace(one, name=f"s{number}", parent=scopes[one.parent])

    made = mapped(made, goes)
    return pg.with_digest(replace(
        made,
        name="other",
        legs=tuple(replace(one, name=f"l{n}") for n, one in enumerate(made.legs)),
        phases=tuple(moved(made.phases[old], number) for number, old in enumerate(order)),
        scopes=tuple(inside(made.scopes[old], old) for old in (0, *inner)),
        start=places[made.start], recover=places[made.recover], reduce=places[made.reduce],
    ))  # fmt: skip


def shared_out(made: pg.Program, index: int, first: int) -> pg.Program:
    """A phase of several visits as two phases: `first` visits, and what is left of them in a second one."""
    one, twin = made.phases[index], len(made.phases)
    exhausted = dict(one.then)[pg.Outcome.EXHAUSTED]
    then = tuple((outcome, target) for outcome, target in one.then if outcome is not pg.Outcome.EXHAUSTED)
    front = replace(one, visits=first, then=(*then, (pg.Outcome.EXHAUSTED, phase_target(twin))))
    back = replace(one, name="twin", visits=one.visits - first,
                   then=(*then, (pg.Outcome.EXHAUSTED, exhausted)))  # fmt: skip
    return replace(made, phases=(*made.phases[:index], front, *made.phases[index + 1 :], back))


def never_come_to(made: pg.Program) -> pg.Program:
    """The machine with phases that nothing leads to, and a sub-policy that nothing runs."""
    scope = replace(made.scopes[0], name="nobody's", parent=0)
    lost = phase("lost", Kind.WAIT, {"elapsed": halt("no")}, for_ns=S, scope=len(made.scopes))
    door = phase("door", Kind.RUN, {}, enters=len(made.scopes), start=len(made.phases))
    return replace(made, phases=(*made.phases, lost, door), scopes=(*made.scopes, scope))


def in_phase(made: pg.Program, index: int, **changes: Any) -> pg.Program:
    phases = (*made.phases[:index], replace(made.phases[index], **changes), *made.phases[index + 1 :])
    return replace(made, phases=phases)


def in_job(made: pg.Program, index: int, slot: int, **changes: Any) -> pg.Program:
    jobs = made.phases[index].jobs
    return in_phase(made, index, jobs=(*jobs[:slot], replace(jobs[slot], **changes), *jobs[slot + 1 :]))


def in_scope(made: pg.Program, index: int, **changes: Any) -> pg.Program:
    scopes = (*made.scopes[:index], replace(made.scopes[index], **changes), *made.scopes[index + 1 :])
    return replace(made, scopes=scopes)


def in_limits(made: pg.Program, index: int, **changes: Any) -> pg.Program:
    return in_scope(made, index, limits=replace(made.scopes[index].limits, **changes))


def in_leg(made: pg.Program, index: int, **changes: Any) -> pg.Program:
    legs = (*made.legs[:index], replace(made.legs[index], **changes), *made.legs[index + 1 :])
    return replace(made, legs=legs)


# --- one field at a time ----------------------------------------------------------------------------

JOB = ("leg", "size", "type", "rungs", "amount", "reduces")
ACTS: dict[Kind, tuple[tuple[str, ...], tuple[str, ...]]] = {  # fields of a phase, and of its jobs
    Kind.REST: (
        ("for_ns", "first_fill", "reprice_beyond", "reprice_every_ns", "reprice_max"),
        (*JOB, "rejects"),
    ),
    Kind.TAKE: ((), JOB),
    Kind.VERIFY: (("goal", "tries", "every_ns"), ()),
    Kind.ARM: ((), (*JOB, "rejects", "stop")),
    Kind.CLEAR: ((), ("leg",)),
    Kind.WAIT: (("for_ns",), ()),
    Kind.ALERT: (("level",), ()),
    Kind.RUN: ((), ()),
}
PARTS = ("kind", "scope", "visits", "skip", "then", "jobs", "enters", "start")  # not a value of its own


def fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__struct_fields__}


def other_value(value: Any) -> Any:
    """Another value of the same sort."""
    if value is None or value == ():
        return pg.PriceRule(pg.Anchor.MID, 1, 7) if value is None else (pg.PriceRule(pg.Anchor.MID, 1, 7),)
    if isinstance(value, bool):
        return not value
    if isinstance(value, Enum):
        return next(one for one in type(value) if one is not value)
    if isinstance(value, pg.Target):
        return pg.Target(TargetKind.DONE, end=EndName.PROTECTED)
    if isinstance(value, pg.Amount):
        return replace(value, lots=value.lots + 7)
    if isinstance(value, pg.PriceRule):
        return replace(value, amount=value.amount + 7)
    if isinstance(value, tuple):
        return value[:-1]
    return f"{value}x" if isinstance(value, str) else value + 7


def idly_changed(made: pg.Program) -> pg.Program:
    """Every field that does not act where it stands has another value."""
    for index, one in enumerate(made.phases):
        own, of_job = ACTS[one.kind]
        idle = {name: other_value(value) for name, value in fields(one).items() if name not in (*own, *PARTS)}
        made = in_phase(made, index, **idle)
        for slot, job in enumerate(one.jobs):
            kept = (*of_job, "cap") if not job.rungs or job.size is pg.SizeKind.FIXED else of_job
            kept = tuple(name for name in kept if name != "amount" or job.size is pg.SizeKind.FIXED)
            changed = {name: other_value(value) for name, value in fields(job).items() if name not in kept}
            made = in_job(made, index, slot, **changed)
    legs = tuple(replace(leg, name=f"{leg.name}x") for leg in made.legs)
    for index in range(1, len(made.scopes)):
        made = in_limits(made, index, hedge_min=pg.Amount(lots=77))
    return replace(made, legs=legs, name="x", digest="x")
