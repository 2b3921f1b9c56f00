"""One order's road through the table of its life: facts in, requests out, doubts resolved by client id.

This file does not know that there is another leg.
"""

from msgspec.structs import replace

from dnkit.engine.ledger import book
from dnkit.engine.state import Order
from dnkit.engine.turn import Turn
from dnkit.machine.orders import TABLE, Ask, Life, News
from dnkit.machine.program import LegSpec
from dnkit.model import events as ev
from dnkit.model.commands import CancelOrder, FindOrder
from dnkit.model.ids import order_key
from dnkit.model.numbers import NS_PER_MS
from dnkit.model.terms import FoundKind, OrderType, RejectKind

FIND_EVERY_NS = (250 * NS_PER_MS, 500 * NS_PER_MS, 1_000 * NS_PER_MS, 2_000 * NS_PER_MS)
FINDS_MIN = 2  # one failed look-up proves nothing
CANCELS_MAX = 3
FAILED_LOOKUP = (News.FOUND_ABSENT, News.FOUND_ERROR, News.ANSWER_LOST)
# The venue knows the order: it can never have been absent.
SHOWS_TAKEN = (News.ACCEPTED, News.DUPLICATE, News.FILLED_PART, News.ENDED_BLIND, News.FOUND_LIVE)
IMMEDIATE = (OrderType.IOC, OrderType.FOK, OrderType.MARKET)

CARRIES_TOTALS = (ev.OrderFilled, ev.OrderEnded, ev.OrderFound)
_FOUND = {
    FoundKind.LIVE: News.FOUND_LIVE,
    FoundKind.OVER: News.FOUND_OVER,
    FoundKind.ABSENT: News.FOUND_ABSENT,
    FoundKind.ERROR: News.FOUND_ERROR,
}


def absorb(turn: Turn, event: ev.OrderFact) -> None:
    """Work one order fact into its leg: first the ledger, then the order's life."""
    index = event.leg
    spec, leg = turn.program.legs[index], turn.legs[index]
    if isinstance(event, CARRIES_TOTALS) and event.cum > 0:
        moment = getattr(event, "traded_ns", 0) or turn.now
        booked = book(spec, leg, event.order, event.cum, event.worth, event.fee, moment)
        if booked is not leg:
            turn.set_leg(index, booked)
    leg = turn.legs[index]
    order, stop = leg.order, leg.stop
    if order is not None and order.n == event.order:
        _hear(turn, index, "order", order, event)
    elif stop is not None and stop.n == event.order:
        _hear(turn, index, "stop", stop, event)


def _hear(turn: Turn, index: int, slot: str, order: Order, event: ev.OrderFact) -> None:
    """Learn from a fact what it means; that the venue took the order is kept whatever its stage."""
    news = news_of(event, order)
    if news in (News.FOUND_ABSENT, News.FOUND_ERROR) and getattr(event, "request", 0) not in (0, order.finds):
        return  # of a look-up that was given up: what the later one finds counts
    if news in SHOWS_TAKEN and not order.taken:
        order = replace(order, taken=True)
        turn.update_leg(index, **{slot: order})
    learn(turn, index, slot, order, news)


def news_of(event: ev.OrderFact, order: Order) -> News:
    """What a fact means for the life of that order, whose ledger totals are up to date."""
    if isinstance(event, ev.OrderFilled):
        return News.FILLED_ALL if order.cum >= order.lots else News.FILLED_PART
    if isinstance(event, ev.OrderAccepted):
        return News.ACCEPTED
    if isinstance(event, ev.OrderEnded):
        return News.ENDED if event.cum >= 0 or order.cum >= order.lots else News.ENDED_BLIND
    if isinstance(event, ev.OrderRejected):
        return News.DUPLICATE if event.why is RejectKind.DUPLICATE else News.REJECTED
    if isinstance(event, ev.CancelRefused):
        return News.CANCEL_REFUSED
    if isinstance(event, ev.OrderFound):
        return _FOUND[event.found]
    return News.ANSWER_LOST


def learn(turn: Turn, index: int, slot: str, order: Order, news: News) -> None:
    """Move the order along its table and send what the move asks for."""
    move = TABLE[order.life][news]
    if order.life is Life.UNSURE and news is News.FOUND_LIVE:
        changed = _found_live(turn, index, order)
    elif move == (order.life, Ask.NOTHING) and not (order.life is Life.UNSURE and news in FAILED_LOOKUP):
        return
    elif move.life is Life.UNSURE:
        changed = _doubt(turn, index, order, news)
    else:
        changed = _settle(turn, index, order, move.life)
        if move.ask is Ask.CANCEL:
            changed = _cancel(turn, index, changed)
    turn.update_leg(index, **{slot: changed})
    if changed.life is Life.WORKING and changed.withdraw:
        withdraw(turn, index, slot)


def _settle(turn: Turn, index: int, order: Order, life: Life) -> Order:
    """The order in a state without doubt: a working IOC still owes its result, a resting order nothing."""
    due = 0
    if life is Life.WORKING and order.type in IMMEDIATE:
        due = turn.now + result_within(turn.program.legs[index])
    return replace(order, life=life, due_ns=due, unsure_ns=0, finds=0, absents=0)


def _found_live(turn: Turn, index: int, order: Order) -> Order:
    """It is at the venue. An IOC has no business resting there: withdraw it.

    An order that outlives its cancels stays in doubt until the look-up budget is over, because a lagging
    index looks the same as an order that will not die.
    """
    if order.type in IMMEDIATE:
        order = replace(order, withdraw=True)
    if order.withdraw and order.cancels >= CANCELS_MAX:
        return _after_failure(turn, index, order, News.FOUND_LIVE)
    return _settle(turn, index, order, Life.WORKING)


def result_within(spec: LegSpec) -> int:
    """How long an acknowledged IOC may owe its result."""
    return max(spec.answer_within_ns, spec.lookup_lag_ns)


def withdraw(turn: Turn, index: int, slot: str = "order") -> None:
    """Ask for the end of the leg's order; the state it is in decides whether a cancel goes out now."""
    order: Order | None = getattr(turn.legs[index], slot)
    if order is None or order.life >= Life.OVER:
        return
    if not order.withdraw:
        order = replace(order, withdraw=True)
        turn.update_leg(index, **{slot: order})
    learn(turn, index, slot, order, News.WITHDRAW)


def _cancel(turn: Turn, index: int, order: Order) -> Order:
    spec = turn.program.legs[index]
    turn.commands.append(CancelOrder(index, order.n, order_key(turn.state.run_id, spec.name, order.n)))
    return replace(order, cancels=order.cancels + 1, due_ns=turn.now + spec.answer_within_ns)


def _doubt(turn: Turn, index: int, order: Order, news: News) -> Order:
    """The order while we do not know: look it up, with backoff, inside the venue's budget."""
    since = order.unsure_ns or turn.now
    absents = order.absents + (news is News.FOUND_ABSENT)
    doubted = replace(order, life=Life.UNSURE, unsure_ns=since, absents=absents)
    if news in FAILED_LOOKUP:
        return _after_failure(turn, index, doubted, news)
    if order.life is Life.UNSURE and news is News.OVERDUE and _budget_over(turn, index, doubted):
        return replace(doubted, life=Life.LOST, due_ns=0)
    return _find(turn, index, doubted)


def _after_failure(turn: Turn, index: int, order: Order, news: News) -> Order:
    """A look-up brought nothing. "No such order", twice and the second time asked past the venue's lag, is a
    final word on an order that the venue never told us it took; an error never is. An answer that was asked
    for within the lag may come after it and still be none.
    """
    spec = turn.program.legs[index]
    asked_ns = order.due_ns - spec.answer_within_ns
    never_there = not order.taken and order.cum == 0 and order.absents >= FINDS_MIN
    if news is News.FOUND_ABSENT and never_there and asked_ns >= order.sent_ns + spec.lookup_lag_ns:
        return replace(order, life=Life.OVER, due_ns=0)
    if _budget_over(turn, index, order):
        return replace(order, life=Life.LOST, due_ns=0)
    if order.finds == 0:
        return _find(turn, index, order)
    wait = FIND_EVERY_NS[min(order.finds, len(FIND_EVERY_NS)) - 1]
    return replace(order, due_ns=turn.now + wait)


def _budget_over(turn: Turn, index: int, order: Order) -> bool:
    budget = doubt_budget(turn.program.legs[index])
    return order.finds >= FINDS_MIN and turn.now >= order.unsure_ns + budget


def doubt_budget(spec: LegSpec) -> int:
    """How long an order may be in doubt before it is lost: the venue's lag, then whole look-ups with their
    pauses, so that one which fails still leaves another.
    """
    return spec.lookup_lag_ns + FINDS_MIN * (spec.answer_within_ns + FIND_EVERY_NS[-1])


def _find(turn: Turn, index: int, order: Order) -> Order:
    spec, number = turn.program.legs[index], order.finds + 1
    key = order_key(turn.state.run_id, spec.name, order.n)
    turn.commands.append(FindOrder(index, order.n, key, number))
    return replace(order, finds=number, due_ns=turn.now + spec.answer_within_ns)


def check_overdue(turn: Turn) -> None:
    """Turn silence into doubt where an order's answer is overdue."""
    now = turn.now
    for index, leg in enumerate(turn.legs):
        order, stop = leg.order, leg.stop
        if order is not None and 0 < order.due_ns <= now:
            learn(turn, index, "order", order, News.OVERDUE)
        if stop is not None and 0 < stop.due_ns <= now:
            learn(turn, index, "stop", stop, News.OVERDUE)
