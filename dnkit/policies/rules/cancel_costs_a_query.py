"""A working order on a venue whose cancel does not tell what was filled."""

from collections.abc import Iterator

from dnkit.machine.program import PhaseKind
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.explain.worst import legs_of
from dnkit.policies.rules.subject import Subject
from dnkit.policies.unit_texts import show_time

CODE = "DNK507"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Every rest on such a venue."""
    program = subject.program
    if program is None:
        return
    for phase in subject.own_phases:
        if phase.kind is not PhaseKind.REST:
            continue
        legs = [program.legs[leg] for job in phase.jobs for leg in legs_of(program, phase, job)]
        blind = {leg.instrument.venue: leg.answer_within_ns for leg in legs if not leg.cancel_cum}
        for venue, within_ns in blind.items():
            said = (
                f"a cancel on {venue} does not tell what was filled: each costs a look-up of up to "
                f"{show_time(within_ns)}, and what stands naked waits for it"
            )
            yield subject.finding(CODE, said, "phases", phase.name, "rest")
