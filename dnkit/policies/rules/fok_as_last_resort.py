"""A fill-or-kill order after which nothing else is tried, where an ioc would fill what there is."""

from collections.abc import Iterator

from dnkit.machine.program import Outcome, Phase, PhaseKind, Program
from dnkit.model.terms import CLOSING, OrderType
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.explain.worst import legs_of
from dnkit.policies.rules.ahead import ahead, following
from dnkit.policies.rules.subject import Subject

CODE = "DNK417"
WORKING = (PhaseKind.REST, PhaseKind.TAKE)


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A fok of a closing policy whose failure is followed by no other order."""
    program = subject.program
    if program is None or program.intent not in CLOSING:
        return
    entered = tuple(ahead(program, (program.start,)))
    for index, phase in enumerate(subject.own_phases):
        if _is_fok(phase) and _takes_ioc(subject, program, phase) and _is_last(program, index, entered):
            said = (
                f"`{phase.name}` is the last order of this {program.intent.value}: where the book holds less "
                "than all of it, nothing is filled and the whole position stays open"
            )
            help = "write `type: ioc`: at the same price it fills whatever the book holds"
            yield subject.finding(CODE, said, "phases", phase.name, "take", "type", help=help)


def _is_fok(phase: Phase) -> bool:
    return phase.kind is PhaseKind.TAKE and any(job.type is OrderType.FOK for job in phase.jobs)


def _takes_ioc(subject: Subject, program: Program, phase: Phase) -> bool:
    """Whether an ioc could stand in its place."""
    legs = (program.legs[leg] for job in phase.jobs for leg in legs_of(program, phase, job))
    known = all(OrderType.IOC in subject.venues[leg.instrument.venue].types for leg in legs)
    return known and OrderType.IOC not in program.scopes[phase.scope].limits.forbid


def _is_last(program: Program, index: int, entered: tuple[int, ...]) -> bool:
    """Whether no order that was not tried before follows its failure; `entered` are the phases in the order
    in which a run comes to them."""
    tried = {index, *(entered[: entered.index(index)] if index in entered else ())}
    later = ahead(program, following(program, index, (Outcome.FILLED,)))
    return not any(one not in tried and _orders(program.phases[one]) for one in later)


def _orders(phase: Phase) -> bool:
    return phase.kind in WORKING and phase.skip is None
