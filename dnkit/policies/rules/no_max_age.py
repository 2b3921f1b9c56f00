"""A policy that prices orders by a book of any age."""

from collections.abc import Iterator

from dnkit.machine.program import PhaseKind
from dnkit.model.terms import CLOSING
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules.subject import Subject

CODE = "DNK448"
PRICED = (PhaseKind.REST, PhaseKind.TAKE)


def check(subject: Subject) -> Iterator[Diagnostic]:
    """No `data.bbo.max_age` with orders to price; in a close of one leg it would not act."""
    program = subject.program
    if program is None or (program.intent in CLOSING and len(program.legs) == 1):
        return
    if subject.policy.data.max_age_ns is None and any(
        one.kind in PRICED and one.jobs for one in program.phases
    ):
        said = "no `max_age`: an order may be priced by a book that stood still while the market moved on"
        help = "write `data: {bbo: {max_age: 1s}}`"
        yield subject.at_key(CODE, said, "data", "bbo", "max_age", help=help)
