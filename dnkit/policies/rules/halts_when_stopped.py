"""Nothing says what a request to stop leads to."""

from collections.abc import Iterator

from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules.subject import Subject

CODE = "DNK214"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A finding where a policy that trades has no `stop`."""
    if subject.program is None or subject.bound.has("stop"):
        return
    message = f"no `stop`: asked to stop, the run halts where it stands, with up to {subject.stake} open"
    yield subject.at_key(
        CODE, message, "stop", help="write `stop: PHASE`, one from which the run gets flat or hedged"
    )
