"""An order that is to close and may open."""

from collections.abc import Iterator

from dnkit.machine.program import Phase, SizeKind
from dnkit.model.terms import Intent
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.orders import SENDING
from dnkit.policies.rules.subject import Subject

CODE = "DNK309"
OPENING = (Intent.OPEN, Intent.SINGLE, Intent.REBALANCE)  # orders of the others are reduce-only anyway


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A finding for each order for the position that is not reduce-only."""
    if subject.policy.intent not in OPENING:
        return
    for phase in subject.own_phases:
        if phase.kind in SENDING and _may_open(phase):
            message = (
                f"`{phase.name}` is to close and is not reduce-only: if the position went meanwhile, "
                f"by hand or by a liquidation, it opens up to {subject.stake} the other way"
            )
            route = ("phases", phase.name, phase.kind.value, "qty")
            yield subject.finding(CODE, message, *route, help="add `reduce_only: true`")


def _may_open(phase: Phase) -> bool:
    return any(job.size is SizeKind.POSITION and not job.reduces for job in phase.jobs)
