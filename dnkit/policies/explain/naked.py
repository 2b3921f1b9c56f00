"""How much of a run one leg may stand alone: which leg, in which phase, for how long.

A run is either EVEN or has one leg that may be naked (its index). What a phase makes of that follows from its
jobs and its outcome; where the table cannot tell, every leg that might be left alone is. With one leg, EVEN
means that nothing is open. All figures are therefore upper bounds.
"""

from functools import cache

import msgspec

from dnkit.machine.program import (
    Job,
    Outcome,
    Phase,
    PhaseKind,
    Program,
    SizeKind,
    Target,
    TargetKind,
)
from dnkit.model.terms import CLOSING, EndName, Intent
from dnkit.policies.check import WORKING
from dnkit.policies.explain.words import show_amount
from dnkit.policies.explain.worst import (
    Move,
    Sums,
    calm_ns,
    is_entered,
    legs_of,
    longest_by,
    possible,
    slow_ns,
)

EVEN = -1
_TRADED = (Outcome.FILLED, Outcome.FIRST, Outcome.PARTIAL, Outcome.SHORT)  # all others say: nothing moved


class Naked(msgspec.Struct, frozen=True, kw_only=True):
    """What may be unhedged.

    `phases` holds, for each phase of the program, the legs that may be alone while it lasts; `halts` are the
    words of halts that may leave a leg alone ("" for one without words). `calm_ns` and `longest_ns` are the
    most time of a run with a leg alone, as in Worst; `exact` is False where a sum of all visits stands in.
    """

    phases: tuple[tuple[int, ...], ...]
    halts: tuple[str, ...]
    calm_ns: int
    longest_ns: int
    exact: bool


def naked_of(program: Program) -> Naked:
    """Follow every outcome of every phase, with and without a limit that cuts in."""
    found = _Reach(program)
    (calm, slow), exact = _longest(program, found)
    return Naked(
        phases=tuple(tuple(sorted(one for one in legs if one != EVEN)) for legs in found.during),
        halts=tuple(found.halts),
        calm_ns=calm,
        longest_ns=slow,
        exact=exact,
    )


def amount_words(program: Program, leg: int) -> str:
    """How much of a leg may be open alone, in words."""
    spec = program.legs[leg]
    sizes = [job.size for phase in program.phases if phase.kind in WORKING for job in phase.jobs]
    if program.intent in CLOSING:
        return "its position"
    if program.intent is Intent.REBALANCE:
        return "the drift found" if {*sizes} <= {SizeKind.IMBALANCE} else "its position"
    if SizeKind.FIXED in sizes:
        return "all that was traded"
    sliced = program.slice_size if SizeKind.POSITION not in sizes else None
    return f"up to {show_amount(sliced or spec.clip, spec)}"


def starts(program: Program) -> tuple[int, ...]:
    """What a run may find: an open or a close starts even, what mends a pair finds one leg alone."""
    if len(program.legs) == 1:
        return (0,) if program.intent in CLOSING else (EVEN,)
    if program.intent in (Intent.UNWIND, Intent.REBALANCE):
        return tuple(range(len(program.legs)))
    return (EVEN,)


def _longest(program: Program, found: "_Reach") -> tuple[Sums, bool]:
    """Most time with a leg alone, calm and late, and whether every path from the start was followed."""
    times = [_times(program, phase) for phase in program.phases]
    nothing = (0, 0)
    last = times[program.reduce] if program.reduce >= 0 else nothing

    @cache
    def moves(index: int, state: int) -> tuple[Move, ...]:
        ways = _ways(program, program.phases[index], state).items()
        return tuple(
            Move(times[index] if alone else nothing, target, after) for (target, after), alone in ways
        )

    first = Target(TargetKind.PHASE, phase=program.start)
    sums = longest_by(
        program, first, moves, lambda state: nothing if state == EVEN else last, nothing, starts(program)
    )
    if sums is not None:
        return sums, True
    rows = zip(times, program.phases, found.during, strict=True)
    visited = [tuple(one * phase.visits for one in time) for time, phase, legs in rows if {*legs} - {EVEN}]
    return tuple(map(sum, zip(nothing, *visited, strict=True))), False


def _times(program: Program, phase: Phase) -> Sums:
    return (0, 0) if phase.skip else (calm_ns(phase), slow_ns(program, phase))


def _ways(program: Program, phase: Phase, state: int) -> dict[tuple[Target, int], bool]:
    """Where a phase entered in a state may lead and in which state, and whether a leg may be alone in it."""
    found: dict[tuple[Target, int], bool] = {}
    for outcome, target in phase.then:
        for after in after_states(program, phase, outcome, state) if possible(phase, outcome) else ():
            alone = _is_alone(phase, outcome, state, after)
            found[target, after] = alone or found.get((target, after), False)
    return found


def _is_alone(phase: Phase, outcome: Outcome, before: int, after: int) -> bool:
    """Whether a leg may stand alone at some time of the phase."""
    both = len(phase.jobs) > 1 and outcome is Outcome.FILLED and phase.jobs[0].size is not SizeKind.IMBALANCE
    return before != EVEN or after != EVEN or both


def after_states(program: Program, phase: Phase, outcome: Outcome, state: int) -> tuple[int, ...]:
    """What may be alone after that outcome of a phase that was entered in `state`."""
    if phase.kind is PhaseKind.VERIFY and outcome is Outcome.OK:
        return _after_check(program, phase, state)
    if phase.kind not in WORKING or phase.skip is not None or outcome not in _TRADED:
        return (state,)
    done = outcome is Outcome.FILLED
    if len(program.legs) == 1:
        return _one_leg(phase.jobs[0], state, done)
    if phase.jobs[0].size is SizeKind.IMBALANCE:
        return (EVEN if done else state,)
    if len(phase.jobs) > 1:
        whole = done and phase.jobs[0].size is not SizeKind.FIXED
        return (EVEN,) if whole else (EVEN, *range(len(program.legs)))
    return _one_of_two(program, phase, state, done)


def _after_check(program: Program, phase: Phase, state: int) -> tuple[int, ...]:
    """What a goal that is met leaves alone: a leg with a stop, and legs that were not looked at (a policy
    that is run may trade one of two).
    """
    legs = range(len(program.legs))
    unseen = tuple(leg for leg in legs if leg not in program.scopes[phase.scope].legs)
    if phase.goal is EndName.PROTECTED or (phase.goal is EndName.HEDGED and len(legs) == 1):
        return (state,)
    if phase.goal is EndName.IDLE:
        return (EVEN, *legs) if unseen else starts(program)
    return (EVEN,) if phase.goal is EndName.HEDGED else (EVEN, *unseen)


def _one_leg(job: Job, state: int, done: bool) -> tuple[int, ...]:
    if job.reduces or job.size in (SizeKind.POSITION, SizeKind.IMBALANCE):
        return (EVEN,) if done or state == EVEN else (state,)
    return (0,) if done else tuple({state: None, 0: None})


def _one_of_two(program: Program, phase: Phase, state: int, done: bool) -> tuple[int, ...]:
    """A trade on one leg that is not sized by the imbalance: from even it leaves that leg alone, or the
    other one where it closes; otherwise either may be ahead afterwards.
    """
    job = phase.jobs[0]
    closes = job.reduces or job.size is SizeKind.POSITION
    traded = legs_of(program, phase, job)
    if state == EVEN:
        legs = range(len(program.legs))
        alone = tuple(leg for leg in legs if len(traded) > 1 or (leg in traded) != closes)
        return alone if done else (EVEN, *alone)
    if traded == (state,) and not (closes and done):
        return (state,)
    return (EVEN, *range(len(program.legs)))


class _Reach:
    """States that every phase may be entered in and may be in while it lasts."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.entered: list[dict[int, None]] = [{} for _ in program.phases]
        self.during: list[dict[int, None]] = [{} for _ in program.phases]
        self.halts: dict[str, None] = {}
        self.waiting: list[tuple[int, int]] = []
        for state in starts(program):
            self._enter(program.start, state)
        while self.waiting:
            self._follow(*self.waiting.pop())

    def _enter(self, index: int, state: int) -> None:
        if state not in self.entered[index]:
            self.entered[index][state] = None
            self.waiting.append((index, state))

    def _follow(self, index: int, state: int) -> None:
        phase = self.program.phases[index]
        self._may_be(index, state)
        if is_entered(phase):
            self._enter(phase.start, state)
            return
        for outcome, target in phase.then:
            exhausted = outcome is Outcome.EXHAUSTED
            if not exhausted and not possible(phase, outcome):
                continue
            for after in (state,) if exhausted else after_states(self.program, phase, outcome, state):
                if not exhausted:
                    self._may_be(index, after)
                self._lead(phase.scope, target, after, told=not exhausted or phase.visits > 1)

    def _may_be(self, index: int, state: int) -> None:
        """A limit, a stop, a crash or a lost order may cut in here, and finds things as they are."""
        if state in self.during[index]:
            return
        self.during[index][state] = None
        scope = self.program.phases[index].scope
        for at in (0, scope):
            limits = self.program.scopes[at].limits
            for target in (limits.deadline_to, limits.unhedged_to):
                if target is not None:
                    self._lead(at, target, state)
        self._lead(0, self.program.stop_to, state)
        self._enter(self.program.recover, state)
        if self.program.reduce >= 0:
            self._enter(self.program.reduce, state)

    def _lead(self, scope: int, target: Target, state: int, *, told: bool = True) -> None:
        """Go on there; a halt is noted where it is told of (the diagram leaves out the same ones)."""
        caught = self.program.scopes[scope].halt_to if target.kind is TargetKind.HALT else None
        to = caught or target
        if to.kind is TargetKind.PHASE:
            self._enter(to.phase, state)
        elif to.kind is TargetKind.HALT and state != EVEN and told:
            self.halts[to.text] = None
