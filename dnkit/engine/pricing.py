"""From a price rule and a book to a limit price in ticks.

Rounding never makes a price more aggressive than the rule.

Terms: `touch` is the far touch (what a taker meets), `join` the own touch. For a buy the far touch is
the ask. The limit of an aggressive order is the less aggressive of the rung and the MARGINAL price of
the quantity (the last level needed): an average would leave half of the order unfilled.
"""

from collections.abc import Sequence

from dnkit.engine.state import Leg
from dnkit.machine.program import NO_LIMIT, Anchor, LegSpec, PriceRule, Unit
from dnkit.model.events import BookRead
from dnkit.model.numbers import MBPS_ONE, ceil_div
from dnkit.model.terms import Side

CAP_DEFAULT = MBPS_ONE // 100  # no order goes out without a worst price: 1 % where a policy names none


def far_touch(book: BookRead, side: Side) -> int:
    """The price a taker on `side` meets."""
    return book.ask if side > 0 else book.bid


def own_touch(book: BookRead, side: Side) -> int:
    """The best price on the side the order would rest on."""
    return book.bid if side > 0 else book.ask


def distance_ticks(anchor: int, rule: PriceRule, spec: LegSpec, *, up: bool) -> int:
    """Ticks of the rule's distance at an anchor price; rounded up or down."""
    if rule.unit is Unit.TICKS:
        return rule.amount
    if rule.unit is Unit.MBPS:
        numerator, denominator = anchor * rule.amount, MBPS_ONE
    else:
        numerator, denominator = rule.amount * spec.instrument.lot_base, spec.instrument.value * 10**12
    return ceil_div(numerator, denominator) if up else numerator // denominator


def anchor_price(rule: PriceRule, book: BookRead, side: Side, spec: LegSpec, leg: Leg) -> int | None:
    """Ticks of the rule's anchor, rounded away from the far side; None when unknown (no entry price)."""
    kind = rule.anchor
    if kind is Anchor.TOUCH:
        return far_touch(book, side)
    if kind is Anchor.JOIN:
        return own_touch(book, side)
    if kind in (Anchor.MID, Anchor.MARK):
        total = book.bid + book.ask
        return total // 2 if side > 0 else ceil_div(total, 2)
    return entry_price(leg, side)


def entry_price(leg: Leg, side: Side) -> int | None:
    """Average entry price in ticks, rounded away from the far side; None when unknown or flat."""
    if leg.entry is None or leg.position == 0:
        return None
    cost, lots = abs(leg.entry), abs(leg.position)
    return cost // lots if side > 0 else ceil_div(cost, lots)


def passive_price(rule: PriceRule, book: BookRead, side: Side, spec: LegSpec, leg: Leg) -> int | None:
    """Price of a resting order: never at or past the far touch (clamped to one tick inside it)."""
    anchor = anchor_price(rule, book, side, spec, leg)
    if anchor is None:
        return None
    distance = distance_ticks(anchor, rule, spec, up=rule.toward < 0)
    price = anchor + side * rule.toward * distance
    inside = far_touch(book, side) - side
    return min(price, inside) if side > 0 else max(price, inside)


def crossing_price(
    rule: PriceRule, book: BookRead, side: Side, spec: LegSpec, leg: Leg, concession_max: int
) -> int | None:
    """Worst price a rung may pay, bounded by `concession_max` mbps from the far touch."""
    anchor = anchor_price(rule, book, side, spec, leg)
    if anchor is None:
        return None
    distance = distance_ticks(anchor, rule, spec, up=rule.toward < 0)
    return bounded(anchor + side * rule.toward * distance, book, side, concession_max)


def bounded(price: int, book: BookRead, side: Side, concession_max: int) -> int:
    """`price`, no further through the far touch than `concession_max` mbps (NO_LIMIT: as it is)."""
    if concession_max == NO_LIMIT:
        return price
    touch = far_touch(book, side)
    bound = touch + side * (touch * concession_max // MBPS_ONE)
    return min(price, bound) if side > 0 else max(price, bound)


def capped_price(book: BookRead, side: Side, *caps: int) -> int:
    """Worst price of a market order: the tightest of the caps that are set, CAP_DEFAULT where none is."""
    cap = min((one for one in caps if one != NO_LIMIT), default=CAP_DEFAULT)
    touch = far_touch(book, side)
    return touch + side * (touch * cap // MBPS_ONE)


def less_aggressive(price: int, marginal: int, side: Side) -> int:
    """The rung's price, or the marginal price of the quantity if that is enough (0: the book is too thin)."""
    if marginal == 0:
        return price
    return min(price, marginal) if side > 0 else max(price, marginal)


def break_even_price(legs: Sequence[Leg], specs: tuple[LegSpec, ...], index: int, side: Side) -> int | None:
    """Price on leg `index` at which the whole pair closes at zero after fees; None without entry prices.

    Result of the run so far is `cash` (picos: what fills brought in, less fees); what is still open on
    the other legs counts at its entry cost, so only this leg's remaining position is left to pay for
    it.
    """
    leg, spec = legs[index], specs[index]
    if leg.position == 0 or any(one.entry is None for one in legs):
        return None
    value, fee = spec.instrument.value, spec.instrument.taker_fee
    result = sum(one.cash for one in legs)
    cost = (leg.entry or 0) * value
    # side +1 buys the short back: cost is negative (received); pays up to -cost + result, less the fee on it.
    room = (result - cost) * MBPS_ONE if side > 0 else (cost - result) * MBPS_ONE
    per_tick = abs(leg.position) * value * (MBPS_ONE + side * fee)
    return room // per_tick if side > 0 else ceil_div(room, per_tick)
