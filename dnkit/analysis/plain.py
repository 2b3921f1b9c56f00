"""One form for all programs that are the same table: without names, texts and lines, phases in the order in
which they are come upon, those that are never reached left out.
"""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from dnkit.analysis.course import around, outcomes, to
from dnkit.machine.program import Limits, Outcome, Phase, PhaseKind, Program, Scope, Target, TargetKind
from dnkit.policies.flow import reached


class _Places(NamedTuple):
    """Where phases and scopes stand in the plain form."""

    phases: dict[int, int]
    scopes: dict[int, int]

    def target(self, target: Target) -> Target:
        return replace(target, phase=self.phases.get(target.phase, -1), text="")

    def exit(self, target: Target | None) -> Target | None:
        return target and self.target(target)


def plain(program: Program) -> Program:
    """The program in that form. Two with one form are the same machine; one machine can have two forms."""
    roots = (to(program.start), to(program.recover), program.stop_to, to(program.reduce))
    found = reached(lambda index: _phases_of(_exits(program, index)), _phases_of(roots))
    scopes = dict.fromkeys(scope for index in found for scope in around(program, program.phases[index].scope))
    places = _Places(
        {index: place for place, index in enumerate(found)},
        {scope: place for place, scope in enumerate(scopes)},
    )
    return replace(
        program,
        name="",
        digest="",
        legs=tuple(replace(leg, name="") for leg in program.legs),
        phases=tuple(_phase(program.phases[index], places) for index in found),
        scopes=tuple(_scope(program.scopes[scope], places) for scope in scopes),
        start=places.phases[program.start],
        recover=places.phases[program.recover],
        reduce=places.phases.get(program.reduce, -1),
        stop_to=places.target(program.stop_to),
    )


def _exits(program: Program, index: int) -> Iterator[Target]:
    """Where a run may go on to that stands in the phase."""
    phase = program.phases[index]
    scope = program.scopes[phase.scope]
    yield from (target for _, target in _then(phase))
    for target in (scope.halt_to, scope.limits.deadline_to, scope.limits.unhedged_to):
        if target is not None:
            yield target
    if phase.kind is PhaseKind.RUN:
        yield to(phase.start)


def _phases_of(targets: tuple[Target, ...] | Iterator[Target]) -> tuple[int, ...]:
    return tuple(one.phase for one in targets if one.kind is TargetKind.PHASE and one.phase >= 0)


def _then(phase: Phase) -> tuple[tuple[Outcome, Target], ...]:
    able = (*outcomes(phase), Outcome.EXHAUSTED)
    return tuple((outcome, phase.target(outcome)) for outcome in able)


def _phase(phase: Phase, places: _Places) -> Phase:
    return replace(
        phase,
        name="",
        line=0,
        text="",
        scope=places.scopes[phase.scope],
        enters=places.scopes.get(phase.enters, -1),
        start=places.phases.get(phase.start, -1),
        then=tuple((outcome, places.target(target)) for outcome, target in _then(phase)),
    )


def _scope(scope: Scope, places: _Places) -> Scope:
    limits: Limits = replace(
        scope.limits,
        deadline_to=places.exit(scope.limits.deadline_to),
        unhedged_to=places.exit(scope.limits.unhedged_to),
    )
    parent = places.scopes.get(scope.parent, -1)
    return replace(scope, name="", parent=parent, limits=limits, halt_to=places.exit(scope.halt_to))
