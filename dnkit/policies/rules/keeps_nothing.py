"""`keeps` without an end that leaves a stop."""

from collections.abc import Iterator

from dnkit.model.terms import EndName
from dnkit.policies.bind import Bound
from dnkit.policies.diagnostics import Diagnostic

CODE = "DNK208"


def check(bound: Bound) -> Iterator[Diagnostic]:
    """`keeps: [stop]` where no outcome leads to `done protected`."""
    if bound.of("keeps") and not any(_ends_protected(bound, one) for one in bound.names("phases")):
        said = "`keeps: [stop]`, but no phase ends in `done protected`: no stop guards what is left open"
        yield bound.finding(CODE, said, "keeps", help="delete it, or end in `done protected`")


def _ends_protected(bound: Bound, phase: str) -> bool:
    targets = [bound.of("phases", phase, "then", one) for one in bound.names("phases", phase, "then")]
    return any(one is not None and one.end is EndName.PROTECTED for one in targets)
