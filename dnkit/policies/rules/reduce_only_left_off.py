"""An order that may only reduce, where the venue takes no such flag for its type."""

from collections.abc import Iterator

from dnkit.machine.program import Job, LegSpec, Phase, PhaseKind
from dnkit.model.terms import OrderType
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.explain.worst import legs_of
from dnkit.policies.rules.subject import Subject

CODE = "DNK506"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Every phase whose reducing orders are sent without the flag, with the venue."""
    program = subject.program
    if program is None:
        return
    for phase in subject.own_phases:
        legs = [(job, program.legs[leg]) for job in phase.jobs for leg in legs_of(program, phase, job)]
        for venue, type in dict.fromkeys(_bare(phase, job, leg) for job, leg in legs):
            if venue:
                said = (
                    f"{venue} takes no reduce-only on {type.value}: the flag is left off, and if the "
                    "position shrinks behind our back the order opens the other way"
                )
                help = "keep it small or short, or use a type that takes the flag"
                yield subject.finding(CODE, said, "phases", phase.name, phase.kind.value, "type", help=help)


def _bare(phase: Phase, job: Job, leg: LegSpec) -> tuple[str, OrderType]:
    """The venue that takes no flag on what is sent there; "" where it does, or where it need not."""
    sent = leg.sends(job.type)
    flagged = phase.kind is PhaseKind.CLEAR or not job.reduces or sent in leg.flags
    return "" if flagged else leg.instrument.venue, sent
