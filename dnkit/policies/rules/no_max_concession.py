"""Orders that only their own rung bounds."""

from collections.abc import Iterator

from dnkit.machine.program import NO_LIMIT
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.orders import SENDING
from dnkit.policies.rules.subject import Subject

CODE = "DNK306"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A finding where a policy sends orders and has none of max_concession, max_slippage and collar."""
    program = subject.program
    if program is None or program.scopes[0].limits.concession_max != NO_LIMIT:
        return
    if any(phase.kind in SENDING for phase in subject.own_phases):
        message = (
            "no max_concession: a slip in a rung or a cap is sent as it stands, "
            f"up to 10% through the touch on {subject.stake}"
        )
        yield subject.at_key(
            CODE, message, "limits", "max_concession", help="write `max_concession: 20bps` under `limits`"
        )
