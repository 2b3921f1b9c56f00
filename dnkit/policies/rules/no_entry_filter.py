"""What could hold back a trade on a book that is too thin to get out of again, and is left out."""

from collections.abc import Iterator

from dnkit.model.terms import BUILDING, CLOSING
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.policy import Policy
from dnkit.policies.rules.subject import Subject

CODE = "DNK449"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """One finding for every filter that a policy which opens, or closes two legs, does not have."""
    if subject.program is None:
        return
    for key, said, value in _missing(subject.policy):
        yield subject.at_key(CODE, f"no `{key}`: {said}", "limits", key, help=f"write `{key}: {value}`")


def _missing(policy: Policy) -> Iterator[tuple[str, str, str]]:
    """Key, what it would have held back, and how it is written."""
    limits, size = policy.limits, policy.size
    if policy.intent in BUILDING:
        if limits.min_depth is None:
            yield (
                "min_depth",
                "a position is opened on a book with next to nothing at its touch",
                "$50,000 at level 1",
            )
        if limits.min_volume is None:
            yield "min_volume", "a position is opened in a market where nobody trades", "$100,000 per 1m"
        if limits.max_impact is None and (size is None or size.impact_max is None):
            yield (
                "max_impact",
                "the clip is not cut to what the book holds, and pays for the levels behind",
                "10bps",
            )
        if limits.liq_buffer is None:
            yield "liq_buffer", "a position is opened however near its liquidation lies", "25%"
    elif policy.intent in CLOSING and len(policy.legs) > 1 and limits.depth is None:
        said = (
            "an order for a whole leg is sent to a book that holds a part of it, and the other leg fills more"
        )
        yield "depth", said, "{within: 20bps, else: refuse}"
