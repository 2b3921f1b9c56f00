"""A policy that trades into any spread."""

from collections.abc import Iterator

from dnkit.model.terms import CLOSING, Intent
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules.subject import Subject

CODE = "DNK447"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """No `limits.max_spread`, where it would hold back something: not in a guard or a close of one leg."""
    policy, pair = subject.policy, len(subject.policy.legs) > 1
    closing = policy.intent in CLOSING
    if policy.limits.max_spread is not None or policy.intent is Intent.GUARD or (closing and not pair):
        return
    what = "both legs are closed" if closing else "a leg is traded" if pair else "the position is opened"
    said = f"no `max_spread`: {what} into any spread, and half of it is paid on every leg that crosses"
    yield subject.at_key(
        CODE, said, "limits", "max_spread", help="write the widest that is worth it: `max_spread: 20bps`"
    )
