"""A policy that sends no market order, and does not forbid one either."""

from collections.abc import Iterator

from dnkit.model.terms import OrderType
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules.subject import Subject

CODE = "DNK440"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """`limits.forbid` left out, and no phase with a market order."""
    program = subject.program
    if program is None or subject.bound.has("limits", "forbid"):
        return
    if any(job.type is OrderType.MARKET for phase in program.phases for job in phase.jobs):
        return
    said = (
        "no phase sends a market order, and nothing forbids one: a setting or a policy it runs could, at "
        "whatever price its cap allows"
    )
    help = "write `forbid: [market]`, or `forbid: []` if that is meant"
    yield subject.at_key(CODE, said, "limits", "forbid", help=help)
