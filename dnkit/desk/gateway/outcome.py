"""What came of a request: the venue's answer, or one of three kinds of failure.

The one question that matters of a failure is whether the request may have been carried out. TRANSIENT: it was
not, and may be sent again. PERMANENT: it was not, and would be refused again. UNKNOWN: nobody knows, and only
a look-up can tell. Silence is UNKNOWN; it is never a refusal.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Protocol

import msgspec

from dnkit.model import events as ev
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, ReadPosition, SweepOrders
from dnkit.model.terms import FoundKind, RejectKind
from dnkit.venues.base import Request, Sign, Trouble


class Fate(Enum):
    """Whether a request that failed was carried out."""

    TRANSIENT = "transient"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"


class Answered(msgspec.Struct, frozen=True):
    """The venue answered; None where the answer says no more than that it has the request."""

    event: ev.Event | None


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """No answer. `limited`: the venue said that there were too many calls."""

    fate: Fate
    text: str
    why: RejectKind = RejectKind.OTHER
    limited: bool = False
    retry_after_ns: int = 0


Outcome = Answered | Failed
Done = Callable[[Outcome], None]


class Send(Protocol):
    """A transport: carries one request out and says once what came of it, or never."""

    def __call__(self, request: Request, done: Done) -> None: ...


TOO_MANY = (418, 429)  # 418 is Binance's word for an address that went on after 429
NOTHING_APPLIED: frozenset[int] = frozenset()


def classify(trouble: Trouble, not_applied: frozenset[int] = NOTHING_APPLIED) -> Failed:
    """The failure behind a transport's trouble.

    `not_applied` are the 5xx of which the venue's documents say that the request was not carried out.
    """
    fate = _FATES.get(trouble.sign)
    limited = trouble.sign is Sign.STATUS and trouble.status in TOO_MANY
    if fate is None:
        fate = _of_status(trouble, not_applied)
    return Failed(
        fate=fate,
        text=_words(trouble),
        why=RejectKind.RATE if limited else trouble.why,
        limited=limited or (trouble.sign is Sign.REFUSED and trouble.why is RejectKind.RATE),
        retry_after_ns=trouble.retry_after_ns,
    )


_FATES = {
    Sign.NOT_SENT: Fate.TRANSIENT,
    Sign.TIMED_OUT: Fate.UNKNOWN,
    Sign.DROPPED: Fate.UNKNOWN,
}


def _of_status(trouble: Trouble, not_applied: frozenset[int]) -> Fate:
    """A page of HTML comes from something in front of the venue, which may have passed the request on."""
    status = trouble.status
    if trouble.sign is Sign.REFUSED:
        return Fate.PERMANENT if trouble.is_refusal else Fate.TRANSIENT
    if status in TOO_MANY:
        return Fate.TRANSIENT
    if trouble.html:
        return Fate.UNKNOWN
    if status in not_applied and status >= 500:
        return Fate.TRANSIENT
    return Fate.PERMANENT if 400 <= status < 500 and status != 408 else Fate.UNKNOWN


def _words(trouble: Trouble) -> str:
    said = trouble.sign.value
    if trouble.sign is Sign.STATUS:
        said = f"HTTP {trouble.status}{' (a page of HTML)' if trouble.html else ''}"
    return f"{said}: {trouble.text}" if trouble.text else said


AGAIN: Mapping[type[Request], frozenset[Fate]] = {
    PlaceOrder: frozenset({Fate.TRANSIENT}),
    CancelOrder: frozenset({Fate.TRANSIENT}),
    FindOrder: frozenset({Fate.TRANSIENT, Fate.UNKNOWN}),
    ReadPosition: frozenset({Fate.TRANSIENT, Fate.UNKNOWN}),
    SweepOrders: frozenset({Fate.TRANSIENT, Fate.UNKNOWN}),
}


def as_event(request: Request, failed: Failed, now: int) -> ev.Event:
    """The failure as the fact that the run hears, once nothing more is tried."""
    leg, text = request.leg, failed.text
    if isinstance(request, FindOrder):
        return ev.OrderFound(now, leg, request.order, FoundKind.ERROR, request=request.request)
    if isinstance(request, ReadPosition):
        return ev.PositionRead(now, leg, request.request, None, now, text)
    if isinstance(request, SweepOrders):
        return ev.OrdersSwept(now, leg, request.request, ok=False, found=0, text=text)
    if failed.fate is Fate.UNKNOWN:
        return ev.AnswerLost(now, leg, request.order, text)
    if isinstance(request, PlaceOrder):
        return ev.OrderRejected(now, leg, request.order, failed.why, text)
    return ev.CancelRefused(now, leg, request.order, text)
