"""A market order without a worst price, under a limit that asks for one."""

from collections.abc import Iterator

from dnkit.machine.program import PhaseKind
from dnkit.policies.bind import Bound
from dnkit.policies.diagnostics import Diagnostic, Related
from dnkit.policies.orders import orders
from dnkit.policies.unit_texts import show_distance

CODE = "DNK412"


def check(bound: Bound) -> Iterator[Diagnostic]:
    """`type: market` without `cap` in a policy with `max_concession`; where nothing bounds it at all the
    compiler tells."""
    limit = bound.of("limits", "max_concession")
    for here, kind in orders(bound) if limit is not None else ():
        if kind is PhaseKind.TAKE and bound.of(*here, "type") == "market" and not bound.has(*here, "cap"):
            yield bound.finding(
                CODE,
                f"a market order without `cap` may pay all of max_concession: {show_distance(limit)} at once",
                *here,
                "type",
                help="add `cap:` within max_concession",
                related=(Related(bound.place("limits", "max_concession"), "this limit must hold"),),
            )
