"""An order type the policy itself forbids."""

from collections.abc import Iterator

from dnkit.machine.program import PhaseKind
from dnkit.policies.bind import Bound
from dnkit.policies.diagnostics import Diagnostic, Related
from dnkit.policies.keys import Route
from dnkit.policies.orders import orders, own_name, type_of

CODE = "DNK411"


def check(bound: Bound) -> Iterator[Diagnostic]:
    """Every phase that would send an order type of `limits.forbid`; what a caller forbids is told by the
    compiler."""
    forbidden = bound.of("limits", "forbid") or ()
    for here, kind in orders(bound) if forbidden else ():
        written = type_of(bound, here, kind)
        for index, one in enumerate(forbidden):
            if own_name(one) == own_name(written):
                yield _finding(bound, here, kind, written, index)


def _finding(bound: Bound, here: Route, kind: PhaseKind, written: str, index: int) -> Diagnostic:
    route = here if kind is PhaseKind.ARM else (*here, "type")
    return bound.finding(
        CODE,
        f"`{written}` orders are forbidden, so `{here[1]}` can send none: what is open stays open",
        *route,
        help="use another type, or take it out of `limits.forbid`",
        related=(Related(bound.place("limits", "forbid", index), "forbidden here"),),
    )
