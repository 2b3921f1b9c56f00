"""The fill ledger: every report about every order, counted once.

Rule 1: a report carries totals per order; only what exceeds the totals already booked counts. So a duplicate,
a late or a reordered report changes nothing, whichever source told it. Rule 2: no report is refused because
of the state an order is in: fills arrive after cancels, after rejects and after our restart.
"""

from typing import Any

from msgspec.structs import replace

from dnkit.engine.state import Leg, Order, Past
from dnkit.machine.orders import Life
from dnkit.machine.program import LegSpec


def book(spec: LegSpec, leg: Leg, number: int, cum: int, worth: int, fee: int, at_ns: int) -> Leg:
    """The leg after a report of order `number`: `cum` lots, worth `worth`, at `fee` picos, all in all."""
    order = leg.order
    if order is not None and order.n == number:
        if cum <= order.cum:
            return leg
        filled = replace(order, cum=cum, worth=worth, fee=fee)
        return _fill(spec, leg, order, cum, worth, fee, at_ns, order=filled)
    stop = leg.stop
    if stop is not None and stop.n == number:
        if cum <= stop.cum:
            return leg
        filled = replace(stop, cum=cum, worth=worth, fee=fee)
        return _fill(spec, leg, stop, cum, worth, fee, at_ns, stop=filled)
    return _book_past(spec, leg, number, cum, worth, fee, at_ns)


def _book_past(spec: LegSpec, leg: Leg, number: int, cum: int, worth: int, fee: int, at_ns: int) -> Leg:
    for slot, old in enumerate(leg.past):
        if old.n == number and cum > old.cum:
            past = list(leg.past)
            past[slot] = replace(old, cum=cum, worth=worth, fee=fee)
            settled = leg.settled + old.side * (cum - old.cum)
            return _fill(spec, leg, old, cum, worth, fee, at_ns, past=tuple(past), settled=settled)
    return leg


def _fill(
    spec: LegSpec, leg: Leg, known: Order | Past, cum: int, worth: int, fee: int, at_ns: int, **also: Any
) -> Leg:
    """Count what exceeds the known totals; `also` are the leg's fields that hold the totals themselves."""
    side, lots = known.side, cum - known.cum
    entry, gain = _carry(leg.position, leg.entry, side, lots, worth - known.worth)
    return replace(
        leg,
        position=leg.position + side * lots,
        entry=entry,
        cash=leg.cash + gain * spec.instrument.value - (fee - known.fee),
        fill_ns=max(leg.fill_ns, at_ns),
        doubt=0,  # what was disputed was another position
        **also,
    )


def _carry(position: int, entry: int | None, side: int, lots: int, worth: int) -> tuple[int | None, int]:
    """Entry cost after a fill and the realised gain, both in ticks x lots."""
    if position * side >= 0:
        base = 0 if position == 0 else entry
        return (None if base is None else base + side * worth), 0
    closed = min(lots, abs(position))
    proceeds = worth * closed // lots
    rest = side * (worth - proceeds)
    if entry is None:
        return (rest if lots >= abs(position) else None), 0
    part = entry * closed // abs(position)
    return (entry - part if lots <= abs(position) else rest), -(part + side * proceeds)


def live_order(leg: Leg) -> Order | None:
    """The working order of the leg if it is not over or lost (a protective stop does not count)."""
    order = leg.order
    return order if order is not None and order.life < Life.OVER else None


def retire(leg: Leg, slot: str = "order") -> Leg:
    """The leg with its finished order (or `stop`) moved to the past, so that the next one may be placed."""
    order: Order | None = getattr(leg, slot)
    if order is None:
        return leg
    old = Past(order.n, order.side, order.lots, order.cum, order.worth, order.fee)
    settled = leg.settled + order.side * order.cum
    return replace(leg, **{slot: None}, settled=settled, past=(*leg.past, old))


def counted(leg: Leg) -> int:
    """The position recomputed from its parts; equals `leg.position` or the ledger is broken."""
    total = leg.start + leg.settled
    if leg.order is not None:
        total += leg.order.side * leg.order.cum
    if leg.stop is not None:
        total += leg.stop.side * leg.stop.cum
    return total
