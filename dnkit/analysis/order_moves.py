"""What may become of an order: its placement, its cancel, its look-up, its fills."""

from collections.abc import Iterator

from msgspec.structs import replace

from dnkit.analysis.canon import FINDS_ALIKE, NOW
from dnkit.analysis.move import CALL_NS, SILENCE_NS, Here, Kind, Move, known_order, older, with_known
from dnkit.analysis.proof import NONE
from dnkit.analysis.world import (
    Call,
    Fate,
    LegWorld,
    Placed,
    answered,
    filled_to,
    most,
    order_of,
    with_order,
    without_order,
)
from dnkit.engine.orders import FINDS_MIN, IMMEDIATE, doubt_budget
from dnkit.engine.state import Leg
from dnkit.machine.orders import Life
from dnkit.model import events as ev
from dnkit.model.terms import RESTING, EndKind, FoundKind, OrderType, RejectKind


def calls(here: Here) -> Iterator[Move]:
    """Answers to the requests about the leg's orders, and their silence."""
    for n, call in here.side.calls:
        if call is Call.PLACE:
            yield from _placement(here, n)
        elif call is Call.CANCEL:
            yield from _cancel(here, n)
        else:
            yield from _find(here, n)


def _placement(here: Here, n: int) -> Iterator[Move]:
    order = order_of(here.side, n)
    if order is None:
        return
    side = answered(here.side, n, Call.PLACE)
    lost = ev.AnswerLost(NOW, here.index, n)
    if not here.is_down:
        yield from _placement_answered(here, order, side)
        for what, after, short in unheard(side, order):
            yield _silent(here, f"answer lost, {what}", after, short)
    what, after = untold(side, order)
    yield _fallen(here, here.move(f"placement lost, {what}", lost, after, spent=SILENCE_NS))


def _fallen(here: Here, unanswered: Move) -> Move:
    """A request that is not answered because the venue is down, or goes down."""
    return unanswered if here.is_down else here.fall(unanswered)


def unheard(side: LegWorld, order: Placed) -> Iterator[tuple[str, LegWorld, int]]:
    """How a placement may have gone that nobody tells of: (in words, the leg, its pay-up if it was not filled
    whole). An order that takes was filled whole, or any part of it was; how much, is left open.
    """
    yield "order never there", without_order(side, order.n), NONE
    if order.type in RESTING:
        yield "order at the venue", with_order(side, replace(order, fate=Fate.LIVE)), NONE
        return
    shut = replace(order, fate=Fate.SHUT, pay=NONE)
    yield "any part filled", with_order(side, shut), order.pay
    if order.pay != NONE:
        yield "all filled", filled_to(with_order(side, shut), shut, most(side, order)), NONE


def untold(side: LegWorld, order: Placed) -> tuple[str, LegWorld]:
    """How a placement went at a venue that will never tell: the order is there and open as far as it goes. It
    stands for all that may have become of it, since nobody will ever hear which it was.
    """
    if order.type in RESTING:
        return "order at the venue", with_order(side, replace(order, fate=Fate.LIVE))
    return "any part filled", with_order(side, replace(order, fate=Fate.SHUT, pay=NONE))


def _silent(here: Here, what: str, after: LegWorld, short: int = NONE) -> Move:
    """No answer: the engine hears nothing, until its own deadline tells it."""
    return here.move(what, None, after, kind=Kind.SLIP, spent=0, short=short)


def _placement_answered(here: Here, order: Placed, side: LegWorld) -> Iterator[Move]:
    index, n = here.index, order.n
    gone = without_order(side, n)
    taken = ev.OrderAccepted(NOW, index, n)
    if order.type in RESTING:
        yield here.move("accepted", taken, with_order(side, replace(order, fate=Fate.LIVE)))
        yield _rejected(here, order, gone)
        return
    yield from _result(here, order, side)
    yield here.move("rejected", ev.OrderRejected(NOW, index, n, RejectKind.OTHER), gone, kind=Kind.SLIP)
    for what, after, short in unheard(side, order):
        if order_of(after, n) is not None:
            yield here.move(f"accepted, result lost, {what}", taken, after, kind=Kind.SLIP, short=short)


def _rejected(here: Here, order: Placed, gone: LegWorld) -> Move:
    """A post-only order that would take is refused by right; any other refusal is a slip."""
    crosses = order.type is OrderType.POST_ONLY
    why = RejectKind.POST_ONLY_CROSS if crosses else RejectKind.OTHER
    return here.move(
        "rejected: would take" if crosses else "rejected",
        ev.OrderRejected(NOW, here.index, order.n, why),
        gone,
        kind=Kind.FREE if crosses else Kind.SLIP,
    )


def _result(here: Here, order: Placed, side: LegWorld) -> Iterator[Move]:
    """An order that takes: filled by any part at once, whole where the book reaches its price."""
    full = most(side, order)
    parts = (0, full) if order.type is OrderType.FOK else here.ground.legs[here.index].parts(full)
    for part in parts:
        gone = without_order(filled_to(side, order, part), order.n)
        short = order.pay if part < full else NONE
        yield here.move(f"filled {part} of {order.lots}", _ended(here, order, part), gone, short=short)


def _ended(here: Here, order: Placed, total: int, *, told: bool = True) -> ev.Event:
    """The venue's last word on an order with its total, or without where it does not tell."""
    worth = total * here.ground.legs[here.index].bid
    if total == order.lots:
        return ev.OrderFilled(NOW, here.index, order.n, total, worth, 0, False)
    cum = total if told else -1
    why = EndKind.EXPIRED if order.type in IMMEDIATE else EndKind.CANCELLED
    return ev.OrderEnded(NOW, here.index, order.n, why, cum, worth)


def totals(here: Here, order: Placed) -> tuple[int, ...]:
    """What the order's total may be by now."""
    room = most(here.side, order) - order.low
    return tuple(order.low + part for part in here.ground.legs[here.index].parts(room))


def _cancel(here: Here, n: int) -> Iterator[Move]:
    order, index = order_of(here.side, n), here.index
    side = answered(here.side, n, Call.CANCEL)
    refused = ev.CancelRefused(NOW, index, n)
    lost = ev.AnswerLost(NOW, index, n)
    if not here.is_down:
        yield _silent(here, "cancel unanswered, not applied", side)
        if order is None or order.fate is not Fate.LIVE:
            yield here.move("too late to cancel", refused, side)
        else:
            shut = with_order(side, replace(order, fate=Fate.SHUT))
            yield _silent(here, "cancel unanswered, applied", shut)
            yield from _cancelled(here, order, side, shut)
    # One that was applied at a venue that will never tell is no more than one that may still fill.
    yield _fallen(here, here.move("cancel unanswered, not applied", lost, side, spent=SILENCE_NS))


def _cancelled(here: Here, order: Placed, side: LegWorld, shut: LegWorld) -> Iterator[Move]:
    """Fills first, then cancelled; or all of it filled and the cancel too late."""
    told = here.ground.program.legs[here.index].cancel_cum
    for total in totals(here, order):
        if total == order.lots or told:
            gone = without_order(filled_to(side, order, total), order.n)
            yield here.move(
                f"cancelled at {total} of {order.lots}" if total < order.lots else "filled before the cancel",
                _ended(here, order, total),
                gone,
            )
    if not told:
        yield here.move("cancelled, total not told", _ended(here, order, order.low, told=False), shut)


def _find(here: Here, n: int) -> Iterator[Move]:
    order, index = order_of(here.side, n), here.index
    side = answered(here.side, n, Call.FIND)
    failed = here.move(
        "look-up failed", ev.OrderFound(NOW, index, n, FoundKind.ERROR), side, spent=SILENCE_NS
    )
    if here.is_down:
        yield _given_up(here, failed, n)
        return
    failed = _aged(failed, n)
    yield replace(failed, kind=Kind.SLIP)
    yield here.fall(failed)
    known = known_order(here.leg, n)
    lag = here.ground.program.legs[index].lookup_lag_ns
    left = known.sent_ns + lag - NOW if known is not None and known.sent_ns else 0
    if order is None or left > 0:
        absent = ev.OrderFound(NOW, index, n, FoundKind.ABSENT)
        yield _unlisted(here.move("look-up: no such order", absent, side), n, left)
    if order is None:
        return
    if order.fate is Fate.LIVE:
        found = ev.OrderFound(NOW, index, n, FoundKind.LIVE, order.low, _worth(here, order.low))
        yield here.move("look-up: still working", found, side)
    elif order.fate is Fate.SHUT:
        yield from _found_over(here, order, side)


def _unlisted(move: Move, n: int, left: int) -> Move:
    """A look-up that knows no such order. Inside the venue's lag it is taken to know none until the lag is
    over: the look-ups in between would all say the same.
    """
    aged = _aged(move, n)
    if left <= CALL_NS:
        return aged
    later = _aged(replace(move, spent=left), n)
    order = known_order(later.state.legs[move.leg], n)
    if order is None:
        return aged
    asked = replace(order, due_ns=order.due_ns + left - CALL_NS, finds=max(order.finds, FINDS_ALIKE))
    return replace(later, state=with_known(later.state, move.leg, asked))


def _given_up(here: Here, failed: Move, n: int) -> Move:
    """The last of the look-ups that a venue which is down fails one after another."""
    spec, order = here.ground.program.legs[here.index], known_order(here.leg, n)
    if order is None or order.life is not Life.UNSURE:
        return failed
    budget = doubt_budget(spec)
    tired = replace(older(order, budget), finds=max(order.finds, FINDS_MIN))
    state = with_known(here.state, here.index, tired)
    return replace(failed, state=state, spent=budget + SILENCE_NS)


def _worth(here: Here, lots: int) -> int:
    return lots * here.ground.legs[here.index].bid


def _found_over(here: Here, order: Placed, side: LegWorld) -> Iterator[Move]:
    for total in totals(here, order):
        found = ev.OrderFound(NOW, here.index, order.n, FoundKind.OVER, total, _worth(here, total))
        gone = without_order(filled_to(side, order, total), order.n)
        yield here.move(f"look-up: over at {total} of {order.lots}", found, gone)


def notices(here: Here) -> Iterator[Move]:
    """Fills that the stream tells, and orders that the venue ends by itself."""
    for order in here.side.orders:
        if order.fate is Fate.SENT:
            continue
        for total in totals(here, order):
            if total > order.low or (is_untold(here.leg, order) and not order.mute):
                yield _notice(here, order, total)
        if order.fate is Fate.LIVE:
            yield _ended_by_venue(here, order)


def _ended_by_venue(here: Here, order: Placed) -> Move:
    """The venue ends an order that nobody cancelled. A post-only order that would take, and that some venues
    show as accepted and cancelled at once, needs no move of its own: it is as good as rejected.
    """
    ended = ev.OrderEnded(NOW, here.index, order.n, EndKind.CANCELLED, order.low, _worth(here, order.low))
    gone = without_order(here.side, order.n)
    return here.move("ended by the venue", ended, gone, kind=Kind.SLIP, spent=0)


def is_untold(leg: Leg, order: Placed) -> bool:
    """Whether fills of the order were seen in a position that the engine has not been told of."""
    known = known_order(leg, order.n)
    return known is not None and known.cum < order.low


def _notice(here: Here, order: Placed, total: int) -> Move:
    event = ev.OrderFilled(NOW, here.index, order.n, total, _worth(here, total), 0, True)
    side = filled_to(here.side, replace(order, mute=False), total)
    if total == order.lots:
        side = without_order(side, order.n)
    return here.move(f"fill told: {total} of {order.lots}", event, side, spent=0)


def _aged(move: Move, n: int) -> Move:
    """The move from a state in which the order's doubt has lasted as long as the move takes."""
    order = known_order(move.state.legs[move.leg], n)
    if order is None:
        return move
    return replace(move, state=with_known(move.state, move.leg, older(order, move.spent)))
