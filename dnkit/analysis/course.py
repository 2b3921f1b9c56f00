"""Where the phases of a program lead, as `engine/step.py` takes them: visits counted, sub-policies entered,
deadlines set. Markets and orders are left out: whatever a phase can answer may come. A test holds this
against the engine.
"""

from collections.abc import Mapping
from typing import NamedTuple

from dnkit.engine.ends import is_goal
from dnkit.engine.sizing import OPENING
from dnkit.engine.state import Stage
from dnkit.engine.step import MOVES_MAX
from dnkit.machine.program import NO_LIMIT, OUTCOMES, Outcome, Phase, PhaseKind, Program, Target, TargetKind
from dnkit.model.terms import EndName
from dnkit.policies.explain.worst import possible

BOOKS = (PhaseKind.REST, PhaseKind.TAKE)  # phases that look at books
ORDERS = (*BOOKS, PhaseKind.ARM)  # phases that may lose sight of an order
HALT = Target(TargetKind.HALT)
GONE = "gone"  # what was under way is over: the only way that is no news of a phase
Due = tuple[tuple[int, int], ...]  # (moment, nanoseconds from then on), of which the earliest counts


class Spot(NamedTuple):
    """Where a run stands. `visits` and `dues` are kept by phase and by scope as the engine keeps them,
    moments as numbers in their order. `goal` is where it leaves to or what it sweeps for, `warned` how many
    alerts of halted sub-policies went out on the last way. Stage.END is where it goes round for ever.
    """

    stage: Stage
    phase: int
    visits: tuple[int, ...]
    dues: tuple[Due, ...]
    stopped: bool = False
    goal: Target | None = None
    warned: int = 0


class Course(NamedTuple):
    """A program, and for each scope those whose visits and deadlines still count while the run is in it."""

    program: Program
    counts: tuple[frozenset[int], ...]


def course_of(program: Program) -> Course:
    """A scope counts while the run is inside it; always, if it can be entered past its `run`."""
    scopes = range(len(program.scopes))
    inside = [around(program, scope) for scope in scopes]
    open_always = {scope for scope in scopes if _has_side_door(program, scope)}
    return Course(program, tuple(frozenset(open_always.union(inside[scope])) for scope in scopes))


def around(program: Program, scope: int) -> tuple[int, ...]:
    """A scope and those it is inside of, itself first."""
    parent = program.scopes[scope].parent
    return (scope, *around(program, parent)) if parent >= 0 else (scope,)


def _has_side_door(program: Program, scope: int) -> bool:
    """Whether some target from outside leads to a phase of the scope without running it."""
    outside = [one for one in range(len(program.scopes)) if scope not in around(program, one)]
    doors = [program.stop_to, to(program.start), to(program.recover)]
    doors += [to(program.reduce)] if program.reduce >= 0 else []
    doors += [target for phase in program.phases if phase.scope in outside for _, target in phase.then]
    for one in outside:
        limits = program.scopes[one].limits
        exits = (limits.deadline_to, limits.unhedged_to, program.scopes[one].halt_to)
        doors += [target for target in exits if target is not None]
    return any(one.kind is TargetKind.PHASE and program.phases[one.phase].scope == scope for one in doors)


def to(phase: int) -> Target:
    """The target that is a phase."""
    return Target(TargetKind.PHASE, phase=phase)


def beginning(course: Course) -> Spot:
    """Where every run begins."""
    program = course.program
    return Spot(Stage.START, program.start, (0,) * len(program.phases), ((),) * len(program.scopes))


def ways(course: Course, spot: Spot, now: int) -> Mapping[str, Spot]:
    """All that may come next by its name, and where it leads; nothing at an end. `now` numbers the moment."""
    follow = _WAYS.get(spot.stage)
    return follow(course.program, spot._replace(warned=0), now) if follow else {}


def _from_start(program: Program, spot: Spot, now: int) -> dict[str, Spot]:
    first = program.stop_to if spot.stopped else to(program.start)
    found = {
        "start": _follow(program, _open_scope(program, spot, 0, now), first, now),
        "cannot start": _follow(program, spot, HALT, now),
        "stop": spot._replace(stopped=True),
    }
    if program.impact_max != NO_LIMIT and program.intent in OPENING:
        idle = Target(TargetKind.DONE, end=EndName.IDLE)
        found["clip does not fit"] = _follow(program, spot, idle, now)
    return found


def _from_phase(program: Program, spot: Spot, now: int) -> dict[str, Spot]:
    phase = program.phases[spot.phase]
    return {
        **{outcome.value: _follow(program, spot, phase.target(outcome), now) for outcome in outcomes(phase)},
        **_interruptions(program, spot, phase),
        **(_losses(program, spot, now) if phase.kind in ORDERS else {}),
    }


def outcomes(phase: Phase) -> tuple[Outcome, ...]:
    """What the phase can answer once it was entered."""
    return tuple(outcome for outcome in OUTCOMES[phase.kind] if possible(phase, outcome))


def _interruptions(program: Program, spot: Spot, phase: Phase) -> dict[str, Spot]:
    limits = program.scopes[phase.scope].limits
    found = {
        "stop": _leave(_stopped(program, spot), program.stop_to),
        "crash": _leave(spot, _after_restart(program, spot)),
    }
    if spot.dues[phase.scope]:
        fired = spot._replace(dues=_with(spot.dues, phase.scope, ()))
        found["deadline"] = _leave(fired, limits.deadline_to or HALT)
    if limits.unhedged_max != NO_LIMIT and len(program.legs) > 1:
        found["unhedged"] = _leave(spot, limits.unhedged_to or HALT)
    if limits.stale_halt and limits.book_age_ns != NO_LIMIT and phase.kind in BOOKS:
        found["stale book"] = _leave(spot, HALT)
    return found


def _losses(program: Program, spot: Spot, now: int) -> dict[str, Spot]:
    """An order cannot be resolved, while the other leg can still be reduced or not."""
    halted = reduced = spot._replace(stage=Stage.HALT, goal=None)
    if program.reduce >= 0 and spot.visits[program.reduce] == 0:
        reduced = _follow(program, spot, to(program.reduce), now)
    return {
        "order lost": halted,
        **({"order lost, other leg open": reduced} if len(program.legs) > 1 else {}),
    }


def _stopped(program: Program, spot: Spot) -> Spot:
    """Asked to stop: the run is inside no sub-policy any more."""
    return spot._replace(stopped=True, phase=program.start)


def _leave(spot: Spot, goal: Target) -> Spot:
    return spot._replace(stage=Stage.LEAVE, goal=goal)


def _after_restart(program: Program, spot: Spot) -> Target:
    if spot.stage is Stage.LEAVE and spot.goal is not None and spot.goal.kind is TargetKind.HALT:
        return spot.goal
    return program.stop_to if spot.stopped else to(program.recover)


def _from_leaving(program: Program, spot: Spot, now: int) -> dict[str, Spot]:
    goal = spot.goal or HALT
    inside = program.scopes[program.phases[spot.phase].scope].halt_to is not None
    turned = program.stop_to if goal.kind is TargetKind.PHASE or inside else goal
    found = {
        GONE: _follow(program, spot, goal, now),
        "stop": _stopped(program, spot)._replace(goal=turned),
        "crash": spot._replace(goal=_after_restart(program, spot)),
    }
    if goal.kind is TargetKind.HALT:
        return {**found, "order lost": spot._replace(stage=Stage.HALT, goal=None)}
    return {**found, **_losses(program, spot, now)}


def _from_sweep(program: Program, spot: Spot, now: int) -> dict[str, Spot]:
    """An end is named, or turns out not to be true; or it was that of a slice, and the next one begins."""
    found = {"not true": _follow(program, spot, HALT, now), "stop": _stopped(program, spot)}
    if has_slices(program, spot):
        anew = spot._replace(visits=(0,) * len(spot.visits))
        found["next slice"] = _follow(program, anew, to(program.start), now)
    return found


def has_slices(program: Program, spot: Spot) -> bool:
    """Whether the end reached may be that of a slice only."""
    return program.slice_size is not None and spot.goal is not None and is_goal(spot.goal.end)


_WAYS = {
    Stage.START: _from_start,
    Stage.PHASE: _from_phase,
    Stage.LEAVE: _from_leaving,
    Stage.SWEEP: _from_sweep,
}


def _follow(program: Program, spot: Spot, target: Target, now: int) -> Spot:
    """Where a target leads: a phase that works, a sweep, a halt. What takes no time is passed through."""
    spot = spot._replace(goal=None)
    for _ in range(MOVES_MAX):
        if target.kind is TargetKind.DONE:
            return spot._replace(stage=Stage.SWEEP, goal=target)
        if target.kind is TargetKind.PHASE:
            spot, further = _enter(program, spot, target.phase, now)
        else:
            further = program.scopes[program.phases[spot.phase].scope].halt_to
            if further is None:
                return spot._replace(stage=Stage.HALT)
            spot = spot._replace(warned=spot.warned + 1)
        if further is None:
            return spot
        target = further
    return spot._replace(stage=Stage.END)


def _enter(program: Program, spot: Spot, index: int, now: int) -> tuple[Spot, Target | None]:
    """Stand in a phase; with the target to go on to at once, None where the phase works."""
    phase, spot = program.phases[index], spot._replace(phase=index)
    if spot.visits[index] >= phase.visits:
        return spot, phase.target(Outcome.EXHAUSTED)
    visits = _with(spot.visits, index, spot.visits[index] + 1)
    spot = spot._replace(stage=Stage.PHASE, visits=visits)
    if phase.skip is not None:
        return spot, phase.target(phase.skip)
    if phase.kind is not PhaseKind.RUN:
        return spot, None
    pairs = zip(program.phases, spot.visits, strict=True)
    anew = tuple(0 if one.scope == phase.enters else count for one, count in pairs)
    return _open_scope(program, spot._replace(visits=anew), phase.enters, now), to(phase.start)


def _open_scope(program: Program, spot: Spot, index: int, now: int) -> Spot:
    """Set the deadline of a scope: its own, or what its caller has left if that is less."""
    scope = program.scopes[index]
    terms = [] if scope.limits.deadline_ns == NO_LIMIT else [(now, scope.limits.deadline_ns)]
    terms += spot.dues[scope.parent] if scope.parent >= 0 else ()
    return spot._replace(dues=_with(spot.dues, index, _earliest(terms)))


def _earliest(terms: list[tuple[int, int]]) -> Due:
    """The terms of which each may be the first to fall due."""
    found: list[tuple[int, int]] = []
    for moment, length in sorted(terms):
        if not found or length < found[-1][1]:
            found.append((moment, length))
    return tuple(found)


def _with(values: tuple, index: int, value: object) -> tuple:  # type: ignore[type-arg]
    return (*values[:index], value, *values[index + 1 :])
