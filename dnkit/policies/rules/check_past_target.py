"""A check that may take longer than the policy wants it to."""

from collections.abc import Iterator

from dnkit.machine.program import Phase, PhaseKind, Program
from dnkit.policies.codes import INFO, WARNING
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules.subject import Subject
from dnkit.policies.rules.times import show_sum
from dnkit.policies.unit_texts import show_time

CODE = "DNK443"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Every verify whose reads, or whose venues' lag, last longer than `targets.verify`."""
    program, targets = subject.program, subject.policy.targets
    if program is None or targets is None or targets.verify_ns is None:
        return
    for phase in subject.own_phases:
        if phase.kind is PhaseKind.VERIFY:
            yield from _judged(subject, program, phase, targets.verify_ns)


def _judged(subject: Subject, program: Program, phase: Phase, target_ns: int) -> Iterator[Diagnostic]:
    reads_ns = phase.tries * phase.every_ns
    lags = _lags(program, phase, target_ns)
    where = (subject.related("the target", "targets", "verify"),)
    route = ("phases", phase.name, "verify")
    if reads_ns > target_ns:
        reads = f"{phase.tries} reads {show_time(phase.every_ns)} apart take {show_sum(reads_ns)}"
        said = (
            f"{reads}: where the venue disagrees, `{phase.name}` knows it later than {show_time(target_ns)}"
        )
        yield subject.finding(CODE, said, *route, "tries", severity=WARNING, notes=lags, related=where)
    elif lags:
        yield subject.finding(CODE, lags[0], *route, severity=INFO, related=where)


def _lags(program: Program, phase: Phase, target_ns: int) -> tuple[str, ...]:
    """What is said of every venue whose reads may be behind for longer than the target."""
    legs = [program.legs[leg] for leg in program.scopes[phase.scope].legs]
    found = {leg.instrument.venue: leg.position_lag_ns for leg in legs if leg.position_lag_ns > target_ns}
    said = "reads of {} may be {} behind a fill: until then `{}` waits, whatever its target of {}"
    return tuple(
        said.format(venue, show_time(lag), phase.name, show_time(target_ns)) for venue, lag in found.items()
    )
