"""Own history: what became of every request of journalled runs, counted.

A run is replayed, so what counts is what the engine knew: an order is `lost` when its answer stayed out, a
read `agrees` when it equals the ledger. Nothing is counted of a request that was dropped, open at the end, or
under way in a crash. What was counted on paper tells of the paper venue: `source` says so.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import msgspec

from dnkit.analysis.odds.frequencies import ANY, LOST, OUTCOMES, PAYING, Asked, Frequencies, Row, What
from dnkit.engine.orders import IMMEDIATE
from dnkit.engine.state import Answer, Leg, Order
from dnkit.journal.reader import Reader
from dnkit.journal.records import Run
from dnkit.journal.replay import Step, replay
from dnkit.machine.orders import Life
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.numbers import MBPS_ONE, MBPS_PER_BPS, NS_PER_MS, ceil_div
from dnkit.model.terms import EndKind, OrderType, RejectKind, Side

TICK_NS = 100 * NS_PER_MS
BANDS = tuple(bps * MBPS_PER_BPS for bps in (0, 2, 5, 10, 15, 20, 30, 50, 100, 1_000))
DROPPED = ""
STOPS = (What.STOP, What.STOP_LIMIT)
ORDERS = {What(one.value) for one in OrderType}
# Of an order that rests, how long nothing or a part takes is the policy's patience, not the venue's doing.
OWN_TIME = {What(one.value) for one in IMMEDIATE}
PATIENCE = ("part", "none")


class Seen(msgspec.Struct, frozen=True):
    """One request, what became of it, and how long that took."""

    asked: Asked
    outcome: str
    took_ns: int


class _Key(NamedTuple):
    """A request under way: `number` is the order's, or the request's."""

    what: What
    leg: int
    number: int


def count_runs(
    reader: Reader, runs: Iterable[Run], *, tick_ns: int = TICK_NS, bands: tuple[int, ...] = BANDS
) -> Frequencies:
    """The frequencies of those runs. Pay-ups go into bands (their ends in mbps, growing; what pays more is in
    the last one), times are rounded up to whole ticks.
    """
    runs = tuple(runs)
    seen = [one for run in runs for one in seen_in(reader, run)]
    counts: dict[tuple[str, What, int, int, str], Counter[int]] = {}
    for one in seen:
        key = (one.asked.venue, one.asked.what, *_band(one.asked.pay, bands), one.outcome)
        counts.setdefault(key, Counter())[ceil_div(one.took_ns, tick_ns) * tick_ns] += 1
    rows = (_row(*key, took) for key, took in counts.items())
    return Frequencies(source=_source(runs), rows=tuple(sorted(rows, key=_place)))


def _band(pay: int, bands: tuple[int, ...]) -> tuple[int, int]:
    if pay == ANY:
        return (ANY, ANY)
    at = next((index for index, high in enumerate(bands) if pay <= high and index), len(bands) - 1)
    return bands[at - 1], bands[at]


def _row(venue: str, what: What, low: int, high: int, outcome: str, took: Counter[int]) -> Row:
    patient = what in ORDERS and what not in OWN_TIME and outcome in PATIENCE
    return Row(
        venue=venue,
        what=what,
        low=low,
        high=high,
        outcome=outcome,
        count=took.total(),
        took=() if patient else tuple(sorted(took.items())),
    )


def _place(row: Row) -> tuple[object, ...]:
    return (row.venue, tuple(What).index(row.what), row.low, OUTCOMES[row.what].index(row.outcome))


def _source(runs: tuple[Run, ...]) -> str:
    kinds = Counter(f"{run.header.mode} on {run.header.market}" for run in runs)
    told = ", ".join(f"{many} {kind}" for kind, many in sorted(kinds.items()))
    return f"{len(runs)} journalled runs: {told or 'none'}"


# --- one run --------------------------------------------------------------------------------------


def seen_in(reader: Reader, run: Run) -> Iterator[Seen]:
    """What became of every request of a run, in the order in which it was known."""
    waiting: dict[_Key, tuple[Asked, int]] = {}
    for step in replay(reader, run):
        if isinstance(step.event, ev.Restarted):
            waiting.clear()
        for key, (asked, since) in tuple(waiting.items()):
            outcome = _OUTCOME[key.what](key, step)
            if outcome is not None:
                del waiting[key]
            if outcome:
                yield Seen(asked, outcome, step.after.now_ns - since)
        for command in step.commands:
            opened = _opened(run, step, command)
            if opened is not None:
                waiting[opened[0]] = (opened[1], step.after.now_ns)


def _opened(run: Run, step: Step, command: cm.Command) -> tuple[_Key, Asked] | None:
    if isinstance(command, cm.ReadBook | cm.SendAlert | cm.EndRun):
        return None
    venue = run.program.legs[command.leg].instrument.venue
    if isinstance(command, cm.PlaceOrder):
        what = What(command.type.value)
        pay = _pay_up(command, step.after.legs[command.leg]) if what in PAYING else ANY
        return _Key(what, command.leg, command.order), Asked(venue, what, pay)
    what = _REQUESTS[type(command)]
    number = command.order if isinstance(command, cm.CancelOrder | cm.FindOrder) else command.request
    return _Key(what, command.leg, number), Asked(venue, what)


_REQUESTS: dict[type, What] = {
    cm.CancelOrder: What.CANCEL,
    cm.FindOrder: What.FIND,
    cm.ReadPosition: What.READ,
    cm.SweepOrders: What.SWEEP,
}


def _pay_up(order: cm.PlaceOrder, leg: Leg) -> int:
    """How far the order may go past the far touch of the book it was priced on, in mbps, rounded up."""
    far = leg.ask if order.side is Side.BUY else leg.bid
    return max(0, ceil_div(order.side * (order.price - far) * MBPS_ONE, far))


# --- outcomes: None while nothing is known, DROPPED where nothing ever will be --------------------


def _is_about(key: _Key, event: ev.Event) -> bool:
    return getattr(event, "leg", -1) == key.leg and getattr(event, "order", -1) == key.number


def _order_of(leg: Leg, number: int) -> Order | None:
    return next((one for one in (leg.order, leg.stop) if one is not None and one.n == number), None)


def _of_order(key: _Key, step: Step) -> str | None:
    event, leg = step.event, step.after.legs[key.leg]
    if _is_about(key, event) and _is_rejection(event):
        return "rejected"
    order = _order_of(leg, key.number)
    if order is not None and (order.life is Life.LOST or _is_doubted(key, step, order)):
        return LOST
    if order is not None and order.life is not Life.OVER:
        return "accepted" if key.what in STOPS and order.life is Life.WORKING else None
    ended = order or next((one for one in leg.past if one.n == key.number), None)
    if ended is None or key.what in STOPS:
        return DROPPED
    return "full" if ended.cum >= ended.lots else "part" if ended.cum else "none"


def _is_doubted(key: _Key, step: Step, order: Order) -> bool:
    """Whether an answer that was due stayed out. An end without its total is an answer."""
    before = _order_of(step.before.legs[key.leg], key.number)
    told = _is_about(key, step.event) and isinstance(step.event, ev.OrderEnded | ev.OrderRejected)
    waited = before is not None and before.life in (Life.SENT, Life.WORKING)
    return order.life is Life.UNSURE and waited and not told


def _is_rejection(event: ev.Event) -> bool:
    """An order that never was. What met nothing was taken; what is known already was sent before."""
    if isinstance(event, ev.OrderRejected):
        return event.why not in (RejectKind.NO_MATCH, RejectKind.DUPLICATE)
    return isinstance(event, ev.OrderEnded) and event.why is EndKind.POST_ONLY_CROSS


def _of_cancel(key: _Key, step: Step) -> str | None:
    event = step.event
    order = _order_of(step.before.legs[key.leg], key.number)
    if order is None:
        return DROPPED
    if _is_about(key, event):
        if isinstance(event, ev.CancelRefused) or (
            isinstance(event, ev.OrderFilled | ev.OrderEnded) and event.cum >= order.lots
        ):
            return "too_late"
        if isinstance(event, ev.OrderEnded | ev.AnswerLost):
            return "cancelled" if isinstance(event, ev.OrderEnded) else LOST
    after = _order_of(step.after.legs[key.leg], key.number)
    return LOST if after is not None and after.life is Life.UNSURE else None


def _of_find(key: _Key, step: Step) -> str | None:
    event = step.event
    if _is_about(key, event) and isinstance(event, ev.OrderFound):
        return event.found.value
    order = _order_of(step.before.legs[key.leg], key.number)
    if order is None:
        return DROPPED
    again = any(
        isinstance(one, cm.FindOrder) and (one.leg, one.order) == (key.leg, key.number)
        for one in step.commands
    )
    gone = isinstance(event, ev.AnswerLost) and _is_about(key, event)
    after = _order_of(step.after.legs[key.leg], key.number)
    return LOST if again or gone or (after is not None and after.life is Life.LOST) else None


def _of_read(key: _Key, step: Step) -> str | None:
    event, leg = step.event, step.after.legs[key.leg]
    if _answers(key, event) and isinstance(event, ev.PositionRead):
        return "failed" if event.lots is None else "agrees" if event.lots == leg.position else "behind"
    return _unanswered(key, leg)


def _of_sweep(key: _Key, step: Step) -> str | None:
    event = step.event
    if _answers(key, event) and isinstance(event, ev.OrdersSwept):
        return "failed" if not event.ok else "strays" if event.found else "clean"
    return _unanswered(key, step.after.legs[key.leg])


def _answers(key: _Key, event: ev.Event) -> bool:
    return getattr(event, "leg", -1) == key.leg and getattr(event, "request", 0) == key.number


def _unanswered(key: _Key, leg: Leg) -> str | None:
    if leg.pending != key.number:
        return DROPPED
    return LOST if leg.answer is Answer.BAD else None


_OUTCOME: dict[What, Callable[[_Key, Step], str | None]] = {
    **dict.fromkeys(ORDERS, _of_order),
    What.CANCEL: _of_cancel,
    What.FIND: _of_find,
    What.READ: _of_read,
    What.SWEEP: _of_sweep,
}
