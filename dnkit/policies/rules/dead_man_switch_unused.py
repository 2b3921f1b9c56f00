"""A dead man's switch that the venue has and the policy does not use."""

from collections.abc import Iterator

from dnkit.machine.program import PhaseKind, Program
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.explain.worst import legs_of
from dnkit.policies.rules.subject import Subject

CODE = "DNK509"
NONE = "none"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Legs that an order rests on at a venue with a switch. A policy that leaves a stop is better without."""
    program = subject.program
    if program is None or subject.policy.deadman_ns is not None or _arms(program):
        return
    for leg in (program.legs[index] for index in _rested_on(program)):
        venue = subject.venues[leg.instrument.venue]
        if venue.deadman != NONE:
            said = (
                f"if this process dies, what rests on {venue.venue} fills with nobody to hedge it: the venue "
                f"has a dead man's switch ({venue.deadman}), and `deadman` is left out"
            )
            yield subject.finding(CODE, said, "legs", leg.name, "venue", help="write `deadman: 30s`")


def _arms(program: Program) -> bool:
    """Whether it places stops, which the switch would take away as well."""
    return any(phase.kind is PhaseKind.ARM for phase in program.phases)


def _rested_on(program: Program) -> list[int]:
    """Legs that working orders are placed on."""
    rests = [phase for phase in program.phases if phase.kind is PhaseKind.REST]
    return sorted({leg for phase in rests for job in phase.jobs for leg in legs_of(program, phase, job)})
