"""Two legs, and nothing bounds how long one may stand alone."""

from collections.abc import Iterator

from dnkit.machine.program import NO_LIMIT, Limits
from dnkit.model.terms import Intent
from dnkit.policies.codes import INFO, WARNING
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules.subject import Subject
from dnkit.policies.unit_texts import show_time

CODE = "DNK307"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A finding where a pair has no limits.max_unhedged: a warning for an open, else an info."""
    program = subject.program
    if program is None or len(program.legs) == 1:
        return
    limits = program.scopes[0].limits
    if limits.unhedged_max == NO_LIMIT:
        yield subject.at_key(
            CODE,
            f"no max_unhedged: one leg may stand alone with up to {subject.stake}, {_until(limits)}",
            *("limits", "max_unhedged"),
            help="write `max_unhedged: {amount: $500, for: 30s, then: PHASE}` under `limits`",
            severity=WARNING if program.intent is Intent.OPEN else INFO,
        )


def _until(limits: Limits) -> str:
    if limits.deadline_ns == NO_LIMIT:
        return "for as long as the run takes"
    return f"until the deadline of {show_time(limits.deadline_ns)}"
