"""A policy that hedges without saying what is too small to hedge."""

from collections.abc import Iterator

from dnkit.model.terms import Intent
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules.subject import Subject

CODE = "DNK435"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Two legs that are opened or rebalanced without `limits.min_hedge`."""
    policy = subject.policy
    hedges = policy.intent in (Intent.OPEN, Intent.REBALANCE) and len(policy.legs) > 1
    if hedges and not policy.limits.min_hedge:
        said = (
            "no `min_hedge`: dust is hedged down to the venue's minimum, where a small move of the price "
            "gets the order refused and the run halted"
        )
        help = "write `min_hedge: larger of 5% of clip, venue minimum`"
        yield subject.at_key(CODE, said, "limits", "min_hedge", help=help)
