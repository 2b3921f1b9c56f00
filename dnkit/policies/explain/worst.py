"""Worst case of a program, from its table alone: how long, how far from the touch, how many orders."""

from collections.abc import Callable, Iterable, Sequence
from operator import add

import msgspec

from dnkit.machine.program import (
    NO_LIMIT,
    Job,
    Outcome,
    Phase,
    PhaseKind,
    Program,
    Target,
    TargetKind,
    Unit,
)

PATHS_MAX = 20_000
DEPTH_MAX = 200  # an interpreter follows some hundreds of calls into each other, and no more
SWEEP_TRIES = 3
Weight = Callable[[Phase], int]
Sums = tuple[int, ...]


class Move(msgspec.Struct, frozen=True):
    """One way out of a phase: what it costs (one number for each sum asked for), where it leads, and the
    state it leaves (see Moves).
    """

    weights: Sums
    target: Target
    state: int = 0


# Ways out of a phase (by index) that is entered in a state; what a state means is the caller's business.
Moves = Callable[[int, int], Iterable[Move]]


class Worst(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds over every path from the start to an end, taken without deadline or max_unhedged, which only
    cut it short.

    `calm_ns`: every answer comes at once, every patience is used up. `longest_ns`: every answer comes at
    its last moment or has to be looked up. `concession` is mbps per leg from the touch of its order,
    NO_LIMIT where ticks or money set it; `orders` counts placements. `after_deadline_ns` and
    `after_unhedged_ns` are what the deadline's own way to an end, and that of max_unhedged, may take on top
    of it. `exact` is False where there were too many paths and a sum stands in.
    """

    calm_ns: int
    longest_ns: int
    after_deadline_ns: int
    after_unhedged_ns: int
    orders: int
    concession: tuple[int, ...]
    exact: bool


def worst_case(program: Program) -> Worst:
    """The bounds of a program."""
    first = Target(TargetKind.PHASE, phase=program.start)
    limits = program.scopes[0].limits
    weights = (calm_ns, lambda phase: slow_ns(program, phase), lambda phase: orders_of(program, phase))
    (calm, slow, orders), exact = _longest(program, first, weights)
    return Worst(
        calm_ns=calm,
        longest_ns=slow,
        after_deadline_ns=tail_ns(program, limits.deadline_to),
        after_unhedged_ns=tail_ns(program, limits.unhedged_to),
        orders=orders,
        concession=tuple(_concession(program, leg) for leg in range(len(program.legs))),
        exact=exact,
    )


def tail_ns(program: Program, target: Target | None) -> int:
    """Longest time from a target of the policy itself to an end; 0 where there is no target."""
    return longest(program, target, lambda phase: slow_ns(program, phase))[0] if target else 0


def longest(program: Program, first: Target, weight: Weight) -> tuple[int, bool]:
    """Largest sum of weights over a path from `first` (in scope 0) to an end, each phase at most `visits`
    times.

    The second value is False when there are more than PATHS_MAX places to look at: the sum of all visits is
    given.
    """
    (found,), exact = _longest(program, first, (weight,))
    return found, exact


def _longest(program: Program, first: Target, weights: Sequence[Weight]) -> tuple[Sums, bool]:
    """The same for several weights at once, each with a path of its own."""
    costs = [tuple(0 if phase.skip else one(phase) for one in weights) for phase in program.phases]
    moves = [_plain_moves(phase, cost) for phase, cost in zip(program.phases, costs, strict=True)]
    nothing = (0,) * len(weights)
    last = costs[program.reduce] if program.reduce >= 0 else nothing
    found = longest_by(program, first, lambda index, _: moves[index], lambda _: last, nothing, (0,))
    if found is not None:
        return found, True
    sums = [
        tuple(one * phase.visits for one in cost) for cost, phase in zip(costs, program.phases, strict=True)
    ]
    return tuple(map(sum, zip(*sums, strict=True))), False


def _plain_moves(phase: Phase, cost: Sums) -> tuple[Move, ...]:
    targets = dict.fromkeys(target for outcome, target in phase.then if possible(phase, outcome))
    return tuple(Move(cost, target) for target in targets)


def longest_by(
    program: Program,
    first: Target,
    moves: Moves,
    last: Callable[[int], Sums],
    nothing: Sums,
    states: Iterable[int],
) -> Sums | None:
    """Largest sums by moves that carry a state, over all `states` to start in. `last` is what a halt in a
    state costs on top, `nothing` a zero for each sum. None when there are more than PATHS_MAX places to look
    at, or a path of more than DEPTH_MAX phases.
    """
    walk = _Walk(program, moves, last, nothing)
    visits = (0,) * len(program.phases)
    try:
        found = [walk.from_target(0, first, visits, state) for state in states]
    except _TooManyPaths:
        return None
    return tuple(map(max, zip(*found, strict=True)))


class _TooManyPaths(Exception):
    """More places than worth looking at."""


class _Walk:
    """Longest path over (phase, visits so far, state); the recursion is as deep as a path has phases."""

    def __init__(self, program: Program, moves: Moves, last: Callable[[int], Sums], nothing: Sums) -> None:
        self.program = program
        self.moves = moves
        self.last = last
        self.nothing = nothing
        self.depth = 0
        self.known: dict[tuple[int, tuple[int, ...], int], Sums] = {}

    def from_phase(self, index: int, visits: tuple[int, ...], state: int) -> Sums:
        key = (index, visits, state)
        if key not in self.known:
            if len(self.known) >= PATHS_MAX or self.depth >= DEPTH_MAX:
                raise _TooManyPaths
            self.depth += 1
            self.known[key] = self._enter(index, visits, state)
            self.depth -= 1
        return self.known[key]

    def _enter(self, index: int, visits: tuple[int, ...], state: int) -> Sums:
        phase = self.program.phases[index]
        if visits[index] >= phase.visits:
            return self.from_target(phase.scope, phase.target(Outcome.EXHAUSTED), visits, state)
        visits = (*visits[:index], visits[index] + 1, *visits[index + 1 :])
        if is_entered(phase):
            return self.from_phase(phase.start, self._anew(phase.enters, visits), state)
        most = self.nothing
        for move in self.moves(index, state):
            ahead = self.from_target(phase.scope, move.target, visits, move.state)
            most = tuple(map(max, most, map(add, move.weights, ahead)))
        return most

    def _anew(self, scope: int, visits: tuple[int, ...]) -> tuple[int, ...]:
        """A sub-policy that is entered again may visit its phases anew."""
        pairs = zip(self.program.phases, visits, strict=True)
        return tuple(0 if phase.scope == scope else count for phase, count in pairs)

    def from_target(self, scope: int, target: Target, visits: tuple[int, ...], state: int) -> Sums:
        if target.kind is TargetKind.PHASE:
            return self.from_phase(target.phase, visits, state)
        if target.kind is TargetKind.DONE:
            return self.nothing
        out = self.program.scopes[scope].halt_to
        if out is not None and out.kind is TargetKind.PHASE:
            return self.from_phase(out.phase, visits, state)
        return self.last(state)


def is_entered(phase: Phase) -> bool:
    """Whether the phase leads into the phases of a policy it runs."""
    return phase.kind is PhaseKind.RUN and phase.start >= 0 and phase.skip is None


def possible(phase: Phase, outcome: Outcome) -> bool:
    """Whether the phase can answer that outcome on entering it."""
    if phase.skip is not None:
        return outcome is phase.skip
    if outcome is Outcome.FIRST:
        return len(phase.jobs) > 1
    return outcome is not Outcome.EXHAUSTED


def calm_ns(phase: Phase) -> int:
    """Time of a phase that uses up its patience while every answer comes at once."""
    if phase.kind is PhaseKind.VERIFY:
        return phase.every_ns
    return phase.for_ns


def slow_ns(program: Program, phase: Phase) -> int:
    """Time of a phase whose every answer comes at its last moment or has to be looked up."""
    legs = [program.legs[leg] for leg in program.scopes[phase.scope].legs]
    answer = max(leg.answer_within_ns for leg in legs)
    order = answer + max(leg.lookup_lag_ns for leg in legs)
    if phase.kind is PhaseKind.VERIFY:
        lag = max(leg.position_lag_ns for leg in legs) + phase.every_ns
        return max(phase.tries * phase.every_ns, lag) + answer
    if phase.kind is PhaseKind.REST:
        tries = max((job.rejects for job in phase.jobs), default=0) + phase.reprice_max
        return phase.for_ns + tries * answer + (1 + phase.reprice_max) * order
    if phase.kind is PhaseKind.TAKE:
        return max((len(job.rungs) for job in phase.jobs), default=0) * order
    if phase.kind is PhaseKind.ARM:
        return max((job.rejects for job in phase.jobs), default=0) * order
    if phase.kind is PhaseKind.CLEAR:
        return SWEEP_TRIES * answer
    return phase.for_ns


def orders_of(program: Program, phase: Phase) -> int:
    """The most orders a phase may place."""
    if phase.kind is PhaseKind.REST:
        return sum(job.rejects + phase.reprice_max for job in phase.jobs)
    if phase.kind is PhaseKind.TAKE:
        return sum(len(job.rungs) for job in phase.jobs)
    if phase.kind is PhaseKind.ARM:
        return sum(job.rejects for job in phase.jobs)
    return 0


def legs_of(program: Program, phase: Phase, job: Job) -> tuple[int, ...]:
    """The legs a job may fall on."""
    return (job.leg,) if job.leg >= 0 else program.scopes[phase.scope].legs


def _concession(program: Program, leg: int) -> int:
    """The farthest an order of the leg may be priced through its touch."""
    bounds = [
        _job_concession(program, phase, job)
        for phase in program.phases
        if phase.kind is PhaseKind.TAKE and phase.skip is None
        for job in phase.jobs
        if leg in legs_of(program, phase, job)
    ]
    return NO_LIMIT if NO_LIMIT in bounds else max(bounds, default=0)


def _job_concession(program: Program, phase: Phase, job: Job) -> int:
    limits = [program.scopes[phase.scope].limits.concession_max, job.cap]
    limit = min((one for one in limits if one != NO_LIMIT), default=NO_LIMIT)
    far = [rung.amount for rung in job.rungs if rung.toward > 0]
    odd = any(rung.unit is not Unit.MBPS for rung in job.rungs)
    if odd:
        return limit
    reach = max(far, default=0)
    return reach if limit == NO_LIMIT else min(reach, limit)
