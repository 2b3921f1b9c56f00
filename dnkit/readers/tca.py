"""What a run cost against the mid it started at, in parts that add up to the last digit.

Per fill of q lots on side s (+1 buy): delay s q (M_due - M0), legging s q (M_sub - M_due), concession
s q (p - M_sub), fees. M0 is the mid when the run first saw the leg's book, M_due when the leg became due (on
an open: when the quote leg filled), M_sub when the order was sent. Costs are positive, gains negative. Work
is done in half picos (a mid may lie on half a tick), so nothing is ever rounded.
"""

from decimal import Decimal

import msgspec

from dnkit.machine.program import LegSpec, Program
from dnkit.model.errors import BugError
from dnkit.model.terms import BUILDING, CLOSING, Intent
from dnkit.readers.facts import OrderFact, RunFacts
from dnkit.readers.stats import tidy


class Parts(msgspec.Struct, frozen=True):
    """Cost in quote currency by cause."""

    delay: Decimal = Decimal(0)
    legging: Decimal = Decimal(0)
    concession: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        """Sum of the parts."""
        return self.delay + self.legging + self.concession + self.fees


class LegCost(msgspec.Struct, frozen=True):
    """Cost of one leg. `parts` are of the orders that did the work, `unwind` of those that gave a leg back.

    `opportunity` is the move of the mid on what was not done. `notional` is the value of all fills.
    """

    leg: str
    notional: Decimal
    parts: Parts
    unwind: Parts
    opportunity: Decimal

    @property
    def total(self) -> Decimal:
        """Everything."""
        return self.parts.total + self.unwind.total + self.opportunity


def shortfall(facts: RunFacts) -> tuple[LegCost, ...]:
    """Cost of every leg. BugError if the parts do not add up to fills minus mid at the start, plus fees."""
    return tuple(_leg_cost(facts, index) for index in range(len(facts.legs)))


def is_unwind(program: Program, order: OrderFact) -> bool:
    """Whether an order gave back what an open had filled."""
    return program.intent is Intent.OPEN and not order.adds_risk


def _leg_cost(facts: RunFacts, index: int) -> LegCost:
    program, spec = facts.run.program, facts.run.program.legs[index]
    orders = [one for one in facts.orders if one.leg == index and one.cum]
    first2, last2 = facts.legs[index].first2, facts.legs[index].last2
    work = [_parts(spec, one, first2) for one in orders if not is_unwind(program, one)]
    back = [_parts(spec, one, first2) for one in orders if is_unwind(program, one)]
    cost = LegCost(
        leg=spec.name,
        notional=_money(2 * sum(one.worth for one in orders) * spec.instrument.value),
        parts=_add(work),
        unwind=_add(back),
        opportunity=_money(_undone(facts, index) * (last2 - first2) * spec.instrument.value),
    )
    direct = sum(_direct(spec, one, first2) for one in orders)
    if cost.parts.total + cost.unwind.total != _money(direct):
        raise BugError(f"leg {spec.name}: the parts of the cost do not add up to {_money(direct)}")
    return cost


def _parts(spec: LegSpec, order: OrderFact, first2: int) -> tuple[int, int, int, int]:
    value, signed = spec.instrument.value, order.side * order.cum
    start2 = first2 or order.due2
    delay = signed * (order.due2 - start2) * value
    legging = signed * (order.sent2 - order.due2) * value
    concession = (order.side * 2 * order.worth - signed * order.sent2) * value
    return delay, legging, concession, 2 * order.fee


def _direct(spec: LegSpec, order: OrderFact, first2: int) -> int:
    """The same cost in one go: what was paid against the mid at the start, plus fees."""
    start2 = first2 or order.due2
    return order.side * (2 * order.worth - order.cum * start2) * spec.instrument.value + 2 * order.fee


def _undone(facts: RunFacts, index: int) -> int:
    """Signed lots that the run was to trade on the leg and did not."""
    program, leg = facts.run.program, facts.last.legs[index]
    spec = program.legs[index]
    if program.intent in CLOSING:
        target = -leg.start
    elif program.intent in BUILDING:
        target = spec.side * leg.clip
    else:
        return 0
    return target - (leg.position - leg.start)


def _add(parts: list[tuple[int, int, int, int]]) -> Parts:
    return Parts(*(_money(sum(column)) for column in zip(*parts, strict=True))) if parts else Parts()


def _money(half_picos: int) -> Decimal:
    """Exact amount of a count of half picos."""
    return tidy(Decimal(half_picos * 5).scaleb(-13))
