"""`stale` without an age from which a book is stale."""

from collections.abc import Iterator

from dnkit.policies.bind import Bound
from dnkit.policies.diagnostics import Diagnostic

CODE = "DNK209"


def check(bound: Bound) -> Iterator[Diagnostic]:
    """`data.bbo.stale` where no `max_age` says what is too old."""
    stale = bound.of("data", "bbo", "stale")
    if stale not in (None, "hold") and not bound.has("data", "bbo", "max_age"):
        said = f"`stale: {stale}` without `max_age`: no book is too old to trade on, however far it has moved"
        yield bound.finding(CODE, said, "data", "bbo", "stale", help="add `max_age: 1s`")
