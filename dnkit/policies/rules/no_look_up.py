"""A venue that cannot find an order by the id we gave it."""

from collections.abc import Iterator

from dnkit.machine.program import Phase, Program
from dnkit.model.terms import OrderType
from dnkit.policies.codes import ERROR, WARNING
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.explain.worst import legs_of
from dnkit.policies.rules.subject import Subject

CODE = "DNK508"
IMMEDIATE = (OrderType.IOC, OrderType.FOK, OrderType.MARKET)


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Every leg on such a venue; an error where orders go there that trade at once or never."""
    program = subject.program
    if program is None:
        return
    for index, leg in enumerate(program.legs):
        venue = leg.instrument.venue
        if subject.venues[venue].find_by_client_id:
            continue
        taking = [one for one in subject.own_phases if _takes(program, one, index)]
        said = (
            f"{venue} cannot look up an order by our id: with one lost answer the leg is lost, and the run "
            "halts with what is open"
        )
        if taking:
            said += f"; whether `{taking[0].name}` has traded can then not be asked"
        severity = ERROR if taking else WARNING
        yield subject.finding(CODE, said, "legs", leg.name, "venue", severity=severity)


def _takes(program: Program, phase: Phase, leg: int) -> bool:
    """Whether the phase sends orders to the leg that trade at once or never."""
    return any(job.type in IMMEDIATE and leg in legs_of(program, phase, job) for job in phase.jobs)
