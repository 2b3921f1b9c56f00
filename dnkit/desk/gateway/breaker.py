"""A circuit breaker for entries: values and functions, no clock.

CLOSED lets entries through. So many failures in a row, of orders or of reads, make it OPEN: entries are
refused, for longer each time it opens again. Then it is HALF_OPEN and lets one entry try; an answer closes
it, a failure opens it. What reduces risk is never asked about here, but how it fares counts. A venue may read
well while its orders fail, so a read that went well says nothing about orders.
"""

from enum import Enum

import msgspec
from msgspec.structs import replace

from dnkit.model.numbers import NS_PER_S

FAILURES_MAX = 5
OPEN_NS = 10 * NS_PER_S
OPEN_MAX_NS = 300 * NS_PER_S


class Circuit(Enum):
    """The three states."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


class Breaker(msgspec.Struct, frozen=True):
    """`orders` and `reads` are failures in a row; `openings` since it was last closed. `until_ns` is when the
    state is over: OPEN turns HALF_OPEN, and an entry tried in HALF_OPEN that nobody answered may be followed
    by another.
    """

    circuit: Circuit = Circuit.CLOSED
    orders: int = 0
    reads: int = 0
    openings: int = 0
    until_ns: int = 0


CLOSED = Breaker()


def may_enter(breaker: Breaker, now: int) -> bool:
    """Whether an entry may be sent."""
    return breaker.circuit is Circuit.CLOSED or now >= breaker.until_ns


def entering(breaker: Breaker, now: int) -> Breaker:
    """The breaker once an entry was sent that `may_enter`."""
    if breaker.circuit is Circuit.CLOSED:
        return breaker
    return replace(breaker, circuit=Circuit.HALF_OPEN, until_ns=now + OPEN_NS)


def answering(breaker: Breaker, *, read: bool) -> Breaker:
    """After an answer, whatever it said; to an order (or cancel, sweep) it closes."""
    return replace(breaker, reads=0) if read else CLOSED


def failing(breaker: Breaker, now: int, *, read: bool) -> Breaker:
    """After a call that got no answer."""
    after = replace(breaker, orders=breaker.orders + (not read), reads=breaker.reads + read)
    if breaker.circuit is Circuit.OPEN:
        return after
    if breaker.circuit is Circuit.CLOSED and max(after.orders, after.reads) < FAILURES_MAX:
        return after
    return replace(
        after,
        circuit=Circuit.OPEN,
        openings=breaker.openings + 1,
        until_ns=now + open_ns(breaker.openings),
    )


def open_ns(openings: int) -> int:
    """How long it stays open after so many openings before this one."""
    return min(OPEN_MAX_NS, OPEN_NS << min(openings, 10))
