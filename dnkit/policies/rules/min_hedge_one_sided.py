"""A smallest hedge that is a share of the clip alone, or an amount alone."""

from collections.abc import Iterator

from dnkit.model.terms import Intent
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules.subject import Subject
from dnkit.policies.unit_texts import show_amounts

CODE = "DNK437"
MINIMUM = "venue_minimum"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """`min_hedge` in percent only, or in coin, lots and money only; `venue minimum` alone is fine."""
    parts = subject.policy.limits.min_hedge
    units = [one.unit for one in parts]
    if subject.policy.intent not in (Intent.OPEN, Intent.REBALANCE) or not parts:
        return
    shares, amounts = units.count("percent"), len(units) - units.count("percent") - units.count(MINIMUM)
    written = show_amounts(parts)
    if shares == len(units):
        said = (
            f"{written} is, for a small clip, less than a venue trades: then more stays naked than is said "
            "here"
        )
        help = f"write `min_hedge: larger of {written.removeprefix('larger of ')}, venue minimum`"
        yield subject.finding(CODE, said, "limits", "min_hedge", help=help)
    elif amounts and not shares:
        said = f"up to {written} stays naked whatever the clip: of a small one that is most of it"
        help = "write `min_hedge: larger of 5% of clip, venue minimum`"
        yield subject.finding(CODE, said, "limits", "min_hedge", help=help)
