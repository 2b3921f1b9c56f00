"""A policy that knows urgent reasons, and lets them wait for the same spread as any other."""

from collections.abc import Iterator

from dnkit.model.terms import CLOSING, Intent
from dnkit.policies.bind import Bound
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.overlays import reasons_in
from dnkit.policies.policy import Distance
from dnkit.policies.rules.subject import Subject
from dnkit.policies.source import Entry
from dnkit.policies.unit_texts import show_distance

CODE = "DNK419"
EXITS = (*CLOSING, Intent.REBALANCE)


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Two legs, reasons, a `max_spread`, and no overlay for a reason that changes it."""
    bound, limit = subject.bound, subject.policy.limits.max_spread
    if subject.policy.intent not in EXITS or len(subject.policy.legs) == 1 or limit is None:
        return
    urgent = [index for index in range(bound.count("overlays")) if reasons_in(bound, index)]
    if (urgent or bound.has("reasons")) and not any(_sets_spread(bound, index) for index in urgent):
        label = "an urgent reason changes other things, not this"
        where = ("overlays", urgent[0], "when") if urgent else ("reasons",)
        yield subject.finding(
            CODE,
            _said(limit),
            "limits",
            "max_spread",
            help="in the overlay of the reason: `limits.max_spread: 3%`, and `loosen: [limits.max_spread]`",
            related=(subject.related(label if urgent else "no overlay asks for these", *where),),
        )


def _said(limit: Distance) -> str:
    wide = show_distance(limit)
    return f"an urgent exit waits for the same spread of {wide}: in a wide market both legs stay open"


def _sets_spread(bound: Bound, index: int) -> bool:
    return any(_is_spread(entry) for entry in bound.nodes["overlays", index, "set"].entries)


def _is_spread(entry: Entry) -> bool:
    """`limits.max_spread: 3%`, or `limits: {max_spread: 3%}`."""
    if entry.key.text == "limits":
        return entry.value.get("max_spread") is not None
    return entry.key.text == "limits.max_spread"
