"""A deadline that may be over before the venue's reads have caught up."""

from collections.abc import Iterator

from dnkit.machine.program import NO_LIMIT, Phase, PhaseKind, Program
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.explain.worst import slow_ns
from dnkit.policies.rules.subject import Subject
from dnkit.policies.rules.times import show_sum
from dnkit.policies.unit_texts import show_time

CODE = "DNK515"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """`limits.deadline` below the time of the slowest verify of the file."""
    program = subject.program
    checks = [phase for phase in subject.own_phases if phase.kind is PhaseKind.VERIFY]
    if program is None or not checks or program.scopes[0].limits.deadline_ns == NO_LIMIT:
        return
    deadline_ns = program.scopes[0].limits.deadline_ns
    slowest = max(checks, key=lambda phase: slow_ns(program, phase))
    if deadline_ns < slow_ns(program, slowest):
        said = (
            f"reads of {_laggard(program, slowest)}, and `{slowest.name}` can take "
            f"{show_sum(slow_ns(program, slowest))}: the deadline of {show_time(deadline_ns)} may be over "
            "before it is known whether anything is open"
        )
        where = (subject.related("the check", "phases", slowest.name, "verify"),)
        yield subject.finding(CODE, said, "limits", "deadline", "after", related=where)


def _laggard(program: Program, phase: Phase) -> str:
    """The venue whose reads lag most, and how much."""
    legs = [program.legs[leg] for leg in program.scopes[phase.scope].legs]
    slow = max(legs, key=lambda leg: leg.position_lag_ns)
    return f"{slow.instrument.venue} may be {show_time(slow.position_lag_ns)} behind a fill"
