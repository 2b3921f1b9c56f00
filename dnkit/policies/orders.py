"""The orders of a policy as its text says them: which phases send any, of what type, at what prices."""

from collections.abc import Iterator
from decimal import Decimal

from dnkit.machine.program import Anchor, PhaseKind
from dnkit.policies.bind import Bound
from dnkit.policies.flow import kind_of
from dnkit.policies.keys import Route
from dnkit.policies.policy import Distance, PriceText

OTHER_NAMES = {"limit": "gtc"}  # words of other houses -> the language's own
SENDING = (PhaseKind.REST, PhaseKind.TAKE, PhaseKind.ARM)


def orders(bound: Bound) -> Iterator[tuple[Route, PhaseKind]]:
    """The phases that send orders, as routes such as ("phases", "hedge", "take")."""
    if bound.of("intent") == "guard":
        return
    for phase in bound.names("phases"):
        kind = kind_of(bound, phase)
        if kind in SENDING:
            yield ("phases", phase, kind.value), kind


def type_of(bound: Bound, here: Route, kind: PhaseKind) -> str:
    """The order type of a phase as its text has it; "" where that cannot be read."""
    if kind is PhaseKind.ARM:
        return "stop_limit" if bound.has(*here, "limit") else "stop"
    return str(bound.of(*here, "type") or "")


def own_name(word: str) -> str:
    """The language's own word for an order type."""
    return OTHER_NAMES.get(word, word)


def prices(bound: Bound, here: Route, kind: PhaseKind) -> Iterator[tuple[Route, PriceText]]:
    """The prices an order may be sent at, each with its route; a cap counts as a price."""
    at = bound.of(*here, "at") if kind is PhaseKind.REST else None
    if at is not None:
        yield (*here, "at"), at
    if kind is PhaseKind.TAKE:
        ladder = bound.values.get((*here, "ladder"), ())
        yield from (((*here, "ladder", index), rung) for index, rung in enumerate(ladder))
        cap = bound.of(*here, "cap")
        if cap is not None:
            yield (*here, "cap"), PriceText(Anchor.TOUCH, "through", cap)


def signed(price: PriceText) -> Distance:
    """Distance toward the aggressive side; negative when inside."""
    if price.distance is None:
        return Distance(Decimal(0), "bps")
    amount = price.distance.amount
    return Distance(-amount if price.direction == "inside" else amount, price.distance.unit)
