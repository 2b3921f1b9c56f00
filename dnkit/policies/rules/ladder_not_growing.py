"""A ladder whose rungs do not reach farther one by one."""

from collections.abc import Iterator
from itertools import pairwise

from dnkit.machine.program import PhaseKind
from dnkit.policies.bind import Bound
from dnkit.policies.diagnostics import Diagnostic, Related
from dnkit.policies.keys import Route
from dnkit.policies.orders import orders, prices, signed
from dnkit.policies.policy import PriceText

CODE = "DNK413"


def check(bound: Bound) -> Iterator[Diagnostic]:
    """Every rung that reaches no farther than the one before it."""
    for here, kind in orders(bound):
        if kind is PhaseKind.TAKE:
            rungs = [one for one in prices(bound, here, kind) if one[0][-2] == "ladder"]
            for before, after in pairwise(rungs):
                if not _grows(before[1], after[1]):
                    yield _finding(bound, before[0], after[0])


def _grows(before: PriceText, after: PriceText) -> bool:
    """True as well where two rungs cannot be compared without a market (other anchor, other unit)."""
    if before.anchor is not after.anchor:
        return True
    one, two = signed(before), signed(after)
    if one.unit == two.unit or not one.amount or not two.amount or (one.amount < 0) != (two.amount < 0):
        return one.amount < two.amount
    return True


def _finding(bound: Bound, before: Route, after: Route) -> Diagnostic:
    one, two = bound.nodes[before].text, bound.nodes[after].text
    return bound.finding(
        CODE,
        f"`{two}` reaches no farther than `{one}` before it: one more order, and nothing more to fill it",
        *after,
        help="order the ladder from passive to aggressive",
        related=(Related(bound.place(*before), "the rung before"),),
    )
