"""What a machine does at a spot of its course, in words with values: exactly what the engine reads there.
Names, texts and lines are left out, and so is every field that does not act where it stands.
"""

from enum import Enum
from typing import Any

from msgspec.structs import replace

from dnkit.analysis.course import BOOKS, ORDERS, Course, Spot, has_slices
from dnkit.engine.books import within
from dnkit.engine.sizing import OPENING
from dnkit.engine.state import Stage
from dnkit.machine.program import (
    NO_LIMIT,
    Amount,
    Anchor,
    Job,
    Limits,
    Phase,
    PhaseKind,
    PriceRule,
    Program,
    SizeKind,
    Unit,
)
from dnkit.policies.explain.words import leg_words, show_amount, show_bps, show_money
from dnkit.policies.unit_texts import show_time

Fact = tuple[Any, str]  # what is compared, and how it reads
NONE = "none"
_WAY = {1: "through", -1: "inside"}


def conduct(course: Course, spot: Spot) -> dict[str, Fact]:
    """Everything that is done at a spot, by what it is called. Two machines do the same where all values of
    both are equal.
    """
    more = _AT.get(spot.stage)
    return {
        "what happens": _happens(course.program, spot),
        "warnings on the way": _plain(spot.warned),
        **(more(course.program, spot) if more else {}),
    }


def _happens(program: Program, spot: Spot) -> Fact:
    if spot.stage is Stage.PHASE:
        phase = program.phases[spot.phase]
        return (spot.stage, phase.kind), phase.kind.value
    if spot.goal is None:
        return (spot.stage,), _STAGES[spot.stage]
    if spot.stage is Stage.LEAVE:
        return (spot.stage, spot.goal.kind), f"cancel, then {spot.goal.kind.value}"
    return (spot.stage, spot.goal.end), f"done {spot.goal.end.value}"


_STAGES = {Stage.START: "start", Stage.HALT: "halt", Stage.END: "go round for ever"}


# --- around the phases ----------------------------------------------------------------------------


def _at_start(program: Program, _: Spot) -> dict[str, Fact]:
    limits, bounded = program.scopes[0].limits, program.impact_max != NO_LIMIT
    cut = bounded and program.intent in OPENING
    found = {
        "intent": _plain(program.intent),
        "legs": _plain(len(program.legs)),
        "counts fills of this run only": _plain(program.relative),
        "compares legs by money": _plain(program.by_money),
        "slice": _amount(program, program.slice_size),
        "largest impact": _bps(program.impact_max),
        "a clip that is too large for the book": _plain(program.size_mode if cut else None),
        "smallest imbalance traded": _amount(program, limits.hedge_min),
        "how far books are looked at": _bps(program.impact_max if bounded else within(limits)),
        "window of the volume": _time(limits.volume_ns),
        "asks again for a stale book": _plain(limits.stale_rest),
    }
    for index in range(len(program.legs)):
        found |= _leg(program, index)
    return found


def _leg(program: Program, index: int) -> dict[str, Fact]:
    """Facts of one leg and its venue; a weight counts only where legs are compared by money."""
    spec = program.legs[index] if program.by_money else replace(program.legs[index], ratio=1000)
    fields = {
        **{name: getattr(spec, name) for name in spec.__struct_fields__},
        **{name: getattr(spec.instrument, name) for name in spec.instrument.__struct_fields__},
    }
    return {
        f"leg {index + 1}, {name.removesuffix('_ns').replace('_', ' ')}": _field(program, name, value)
        for name, value in fields.items()
        if name not in ("name", "instrument")
    }


def _field(program: Program, name: str, value: Any) -> Fact:
    if isinstance(value, Amount):
        return _amount(program, value)
    return _time(value) if name.endswith("_ns") else _bps(value) if name.endswith("_fee") else _plain(value)


def _at_sweep(program: Program, spot: Spot) -> dict[str, Fact]:
    return {"may be the end of a slice": _plain(has_slices(program, spot))}


# --- in a phase -----------------------------------------------------------------------------------


def _in_phase(program: Program, spot: Spot) -> dict[str, Fact]:
    phase = program.phases[spot.phase]
    limits = program.scopes[phase.scope].limits
    return {
        **_own(program, phase),
        **_exposure(program, limits),
        **_prices(phase, limits),
        "deadline": _deadline(spot, phase.scope),
    }


def _own(program: Program, phase: Phase) -> dict[str, Fact]:
    """What a phase of its kind does."""
    if phase.kind is PhaseKind.VERIFY:
        legs = program.scopes[phase.scope].legs
        return {
            "goal": _plain(phase.goal),
            "tries": _plain(phase.tries),
            "time between tries": _time(phase.every_ns),
            "legs": (legs, ", ".join(program.legs[leg].name for leg in legs)),
        }
    if phase.kind is PhaseKind.WAIT:
        return {"longest wait": _time(phase.for_ns)}
    if phase.kind is PhaseKind.ALERT:
        return {"level": _plain(phase.level)}
    words = ", ".join(leg_words(program, job) for job in phase.jobs)
    found = {"legs": (tuple(job.leg for job in phase.jobs), words)}
    if phase.kind is PhaseKind.CLEAR:
        return found
    for slot, job in enumerate(phase.jobs, 1):
        where = f"order {slot}, " if len(phase.jobs) > 1 else ""
        found |= {where + name: fact for name, fact in _job(program, phase, job).items()}
    return {**found, **(_patience(phase) if phase.kind is PhaseKind.REST else {})}


def _patience(phase: Phase) -> dict[str, Fact]:
    moves = phase.reprice_beyond != NO_LIMIT
    return {
        "longest wait": _time(phase.for_ns),
        "stops at the first fill": _plain(phase.first_fill),
        "moved when off by more than": _bps(phase.reprice_beyond),
        "looked at every": _time(phase.reprice_every_ns if moves else NO_LIMIT),
        "moved at most": _plain(phase.reprice_max if moves else 0),
    }


def _job(program: Program, phase: Phase, job: Job) -> dict[str, Fact]:
    whole, opens = job.size is SizeKind.IMBALANCE, program.scopes[phase.scope].intent in OPENING
    return {
        "size": _plain(job.size),
        "amount": _amount(program, job.amount if job.size is SizeKind.FIXED else None),
        "leaves small imbalances": _plain(whole and opens),
        "type": _plain(job.type),
        "only toward zero": _plain(job.reduces),
        **_ORDER[phase.kind](job),
    }


def _resting(job: Job) -> dict[str, Fact]:
    return {"price": _rules(job.rungs[:1]), "rejects borne": _plain(job.rejects)}


def _taking(job: Job) -> dict[str, Fact]:
    return {"prices": _rules(job.rungs), "cap": _bps(NO_LIMIT if job.rungs else job.cap)}


def _arming(job: Job) -> dict[str, Fact]:
    return {
        "trigger": _distances((job.stop,) if job.stop else ()),
        "limit": _distances(job.rungs),
        "tries": _plain(job.rejects),
    }


_ORDER = {PhaseKind.REST: _resting, PhaseKind.TAKE: _taking, PhaseKind.ARM: _arming}


def _exposure(program: Program, limits: Limits) -> dict[str, Fact]:
    bound = limits.unhedged_max if len(program.legs) > 1 else NO_LIMIT
    return {
        "largest exposure": _money(bound),
        "longest exposure": _time(NO_LIMIT if bound == NO_LIMIT else limits.unhedged_ns),
    }


def _prices(phase: Phase, limits: Limits) -> dict[str, Fact]:
    """The limits on books and orders that act in a phase of its kind."""
    found: dict[str, Fact] = {}
    if phase.kind in ORDERS:
        forbidden = sorted(one.value for one in set(limits.forbid))
        bounds = phase.kind in BOOKS or not phase.jobs[0].rungs
        found = {
            "forbidden types": (forbidden, ", ".join(forbidden) or NONE),
            "largest concession": _bps(limits.concession_max if bounds else NO_LIMIT),
        }
    return {**found, **(_book(limits) if phase.kind in BOOKS else {})}


def _book(limits: Limits) -> dict[str, Fact]:
    deep, traded = limits.depth_within != NO_LIMIT, limits.volume_min != NO_LIMIT
    aged = limits.book_age_ns != NO_LIMIT
    return {
        "largest spread": _bps(limits.spread_max),
        "depth counted within": _bps(limits.depth_within),
        "shrinks to the depth": _plain(limits.depth_shrink if deep else None),
        "least depth": _money(limits.depth_min),
        "least volume": _money(limits.volume_min),
        "window of the volume": _time(limits.volume_ns if traded else NO_LIMIT),
        "oldest book": _time(limits.book_age_ns),
        "asks again for a stale book": _plain(limits.stale_rest),
        "halts for a stale book": _plain(limits.stale_halt if aged else None),
    }


def _deadline(spot: Spot, scope: int) -> Fact:
    """What is left of the time, told by its lengths; since when each of them runs counts too."""
    due = spot.dues[scope]
    return due, " or ".join(show_time(length) for _, length in due) or NONE


_AT = {Stage.START: _at_start, Stage.SWEEP: _at_sweep, Stage.PHASE: _in_phase}


# --- values as they read --------------------------------------------------------------------------


def _plain(value: Any) -> Fact:
    return value, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(_text(one) for one in value) or NONE
    if value is None or isinstance(value, bool):
        return {None: NONE, True: "yes", False: "no"}[value]
    return str(value.value) if isinstance(value, Enum) and isinstance(value, str) else str(value)


def _time(ns: int) -> Fact:
    return ns, NONE if ns == NO_LIMIT else show_time(ns)


def _bps(mbps: int) -> Fact:
    return mbps, NONE if mbps == NO_LIMIT else show_bps(mbps)


def _money(picos: int) -> Fact:
    return picos, NONE if picos == NO_LIMIT else show_money(picos)


def _amount(program: Program, amount: Amount | None) -> Fact:
    if amount is None or amount == Amount():
        return amount, NONE
    return amount, show_amount(amount, program.legs[0])


def _rules(rules: tuple[PriceRule, ...]) -> Fact:
    """Prices without what does not act: a distance that goes no way, or from break-even."""
    return tuple(_rule(one) for one in rules), ", ".join(_rule_words(one) for one in rules) or NONE


def _rule(rule: PriceRule) -> tuple[object, ...]:
    if rule.anchor is Anchor.BREAK_EVEN:
        return (rule.anchor,)
    return (rule.anchor, rule.toward, rule.amount, rule.unit) if rule.toward else (rule.anchor, 0)


def _rule_words(rule: PriceRule) -> str:
    anchor = rule.anchor.value.replace("_", "-")
    away = rule.toward and rule.anchor is not Anchor.BREAK_EVEN
    return f"{_distance(rule)} {_WAY[rule.toward]} {anchor}" if away else f"at {anchor}"


def _distances(rules: tuple[PriceRule, ...]) -> Fact:
    """Bare distances: a stop lies on the losing side of the entry, its limit behind it, whatever is said."""
    return tuple((one.amount, one.unit) for one in rules), ", ".join(map(_distance, rules)) or NONE


def _distance(rule: PriceRule) -> str:
    if rule.unit is Unit.TICKS:
        return f"{rule.amount} ticks"
    return show_money(rule.amount) if rule.unit is Unit.MONEY else show_bps(rule.amount)
