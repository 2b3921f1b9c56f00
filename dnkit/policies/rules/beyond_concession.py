"""A price beyond the worst one the limits allow."""

from collections.abc import Iterator

from dnkit.machine.program import Anchor
from dnkit.policies.bind import Bound
from dnkit.policies.diagnostics import Diagnostic, Related
from dnkit.policies.keys import Route
from dnkit.policies.orders import orders, prices
from dnkit.policies.policy import Distance, PriceText
from dnkit.policies.unit_texts import show_distance, show_number

CODE = "DNK414"


def check(bound: Bound) -> Iterator[Diagnostic]:
    """Every price that reaches farther through the touch than `limits.max_concession`; in another unit they
    cannot be compared without a market."""
    limit = bound.of("limits", "max_concession")
    for here, kind in orders(bound) if limit is not None else ():
        for route, price in prices(bound, here, kind):
            past = _past(price, limit)
            if past is not None:
                yield _finding(bound, route, past, limit)


def _past(price: PriceText, limit: Distance) -> Distance | None:
    """How far a price goes past the limit."""
    distance = price.distance
    if distance is None or price.anchor is not Anchor.TOUCH or price.direction != "through":
        return None
    if distance.unit != limit.unit or distance.amount <= limit.amount:
        return None
    return Distance(distance.amount - limit.amount, limit.unit)


def _finding(bound: Bound, route: Route, past: Distance, limit: Distance) -> Diagnostic:
    more = f"`{bound.nodes[route].text}` asks for {show_distance(past)} more"
    cost = f": ${show_number(past.amount)} per $10,000 traded" if past.unit == "bps" else ""
    return bound.finding(
        CODE,
        f"{more} than max_concession ({show_distance(limit)}) lets an order pay{cost}",
        *route,
        help="stay within the limit; a price beyond it is cut back to it",
        related=(Related(bound.place("limits", "max_concession"), "the limit"),),
    )
