"""One reply of a script put into effect: the truth moves, and the event that tells of it comes out."""

from dnkit.model import events as ev
from dnkit.model.numbers import MBPS_ONE
from dnkit.model.terms import RESTING, EndKind, FoundKind, OrderType, RejectKind
from dnkit.sim.scenario import UNSET, UNTOLD, Book, Part, Reply, Word
from dnkit.sim.truth import Standing, Truth

_FOUND = {
    Word.LIVE: FoundKind.LIVE,
    Word.OVER: FoundKind.OVER,
    Word.ABSENT: FoundKind.ABSENT,
    Word.ERROR: FoundKind.ERROR,
}
SHUTS = (Word.REJECTED, Word.ENDED, Word.OVER)


def play(truth: Truth, standing: Standing, reply: Reply, book: Book, now: int) -> ev.Event | None:
    """The event of a reply that happens now (None: nothing is heard), after the truth has moved."""
    if reply.part is not None and (standing.live or reply.late):
        filled = _fill(truth, standing, reply, reply.part, book, now)
        if reply.word is Word.FILLED and not filled:
            return None
    elif reply.word is Word.FILLED:
        return None
    if reply.total is not None and reply.total > standing.cum:
        lots = reply.total - standing.cum
        truth.fill(standing, lots, _worth(standing, reply, lots, book), reply.fee, now)
    if reply.word in SHUTS:
        standing.live = False
    return _event(standing, reply, now) if reply.told else None


def true_cancel(standing: Standing, *, tells_total: bool) -> Reply:
    """What a venue answers to a cancel that nobody scripted."""
    if not standing.live:
        return Reply(word=Word.TOO_LATE)
    total = None if tells_total else UNTOLD
    return Reply(word=Word.ENDED, end=EndKind.CANCELLED, total=total)


def true_find(standing: Standing) -> Reply:
    """What a venue answers to a look-up that nobody scripted."""
    if not standing.arrived:
        return Reply(word=Word.ABSENT)
    return Reply(word=Word.LIVE if standing.live else Word.OVER)


def _fill(truth: Truth, standing: Standing, reply: Reply, part: Part, book: Book, now: int) -> bool:
    lots = _lots(standing, part, book)
    if lots:
        truth.fill(standing, lots, _worth(standing, reply, lots, book), reply.fee, now)
    return lots > 0


def _lots(standing: Standing, part: Part, book: Book) -> int:
    if part.share:
        return min(standing.left, standing.order.lots * part.share // MBPS_ONE)
    return min(standing.left, part.lots or _taken(standing, book))


def _taken(standing: Standing, book: Book) -> int:
    """Lots that the touch gives to an order of that price; an all-or-nothing order gets all or nothing."""
    order = standing.order
    touch, size = (book.ask, book.ask_lots) if order.side > 0 else (book.bid, book.bid_lots)
    if book.missing or touch == 0 or order.side * (order.price - touch) < 0:
        return 0
    lots = standing.left if size == UNSET else min(size, standing.left)
    return 0 if order.type is OrderType.FOK and lots < standing.left else lots


def _worth(standing: Standing, reply: Reply, lots: int, book: Book) -> int:
    """Ticks x lots of a fill: as said, or at the order's own price, or at the touch where it takes a better
    one.
    """
    order = standing.order
    if reply.worth != UNSET:
        return reply.worth
    if reply.price != UNSET:
        return lots * reply.price
    touch = book.ask if order.side > 0 else book.bid
    takes = order.type not in RESTING and touch > 0 and order.side * (order.price - touch) >= 0
    return lots * (touch if takes else order.price)


def _event(standing: Standing, reply: Reply, now: int) -> ev.Event | None:
    leg, number = standing.order.leg, standing.order.order
    if reply.word is Word.ACCEPTED:
        return ev.OrderAccepted(now, leg, number)
    if reply.word is Word.REJECTED:
        return ev.OrderRejected(now, leg, number, reply.reject or RejectKind.OTHER)
    if reply.word is Word.TOO_LATE:
        return ev.CancelRefused(now, leg, number, "too late")
    if reply.word is Word.LOST:
        return ev.AnswerLost(now, leg, number)
    if reply.word is Word.SILENT:
        return None
    return _with_totals(standing, reply, now)


def _with_totals(standing: Standing, reply: Reply, now: int) -> ev.Event:
    leg, number = standing.order.leg, standing.order.order
    cum = _told(standing, reply)
    worth, fee = _totals(standing, cum)
    if reply.word is Word.ENDED:
        return ev.OrderEnded(now, leg, number, reply.end or EndKind.EXPIRED, cum, worth, fee)
    if reply.word in _FOUND:
        return ev.OrderFound(now, leg, number, _FOUND[reply.word], cum, worth, fee)
    maker = standing.order.type in RESTING
    traded = 0 if reply.traded_ns == UNSET else reply.traded_ns
    return ev.OrderFilled(now, leg, number, cum, worth, fee, maker, traded_ns=traded)


def _told(standing: Standing, reply: Reply) -> int:
    """The total a reply tells; a look-up that found nothing tells none."""
    if reply.total is not None:
        return reply.total
    return 0 if reply.word in (Word.ABSENT, Word.ERROR) else standing.cum


def _totals(standing: Standing, cum: int) -> tuple[int, int]:
    """Worth and fee of the first `cum` lots: exact for all of them, in proportion for fewer."""
    if cum <= 0 or not standing.cum:
        return 0, 0
    return standing.worth * cum // standing.cum, standing.fee * cum // standing.cum
