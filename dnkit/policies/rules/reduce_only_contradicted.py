"""`reduce_only: false` in a policy whose orders may only reduce."""

from collections.abc import Iterator

from dnkit.policies.bind import Bound
from dnkit.policies.check import CLOSING
from dnkit.policies.diagnostics import Diagnostic, Fix
from dnkit.policies.edits import without_key
from dnkit.policies.orders import orders

CODE = "DNK415"


def check(bound: Bound) -> Iterator[Diagnostic]:
    """Every phase of a close, unwind or flatten that says so."""
    intent = bound.of("intent")
    for here, _ in orders(bound) if intent in CLOSING else ():
        route = (*here, "reduce_only")
        if bound.values.get(route) is False:
            edit = without_key(bound, route)
            yield bound.finding(
                CODE,
                f"orders of `intent: {intent}` are reduce-only: one that is not could open a position",
                *route,
                help="delete it; every order is sent reduce-only",
                fix=edit and Fix("delete `reduce_only: false`", (edit,)),
            )
