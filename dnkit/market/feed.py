"""Market data as messages, in time order, several instruments in one stream.

A message is what a feed tells at once: one touch, one trade, one set of level changes. Messages are plain
records with the payload in the form the book wants it. `leg` says whose book it belongs to. They are not
frozen for one reason: a stream read from disk is stamped with its leg, and with its shift in time, as it
passes.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Protocol

import msgspec

from dnkit.market.book import NO_ASK, Book, Levels


class Bbo(msgspec.Struct, array_like=True, gc=False, tag=0):
    """The ticker: best prices with their sizes, 0 for an empty side."""

    at_ns: int
    leg: int
    bid: int
    bid_size: int
    ask: int
    ask_size: int


class Trade(msgspec.Struct, array_like=True, gc=False, tag=1):
    """A trade; `side` is +1 when the taker bought, -1 when the taker sold."""

    at_ns: int
    leg: int
    side: int
    price: int
    size: int


class Delta(msgspec.Struct, array_like=True, gc=False, tag=2):
    """New sizes of some levels, 0 for gone. Make it with `delta`, which fills in the two bounds."""

    at_ns: int
    leg: int
    bids: Levels
    asks: Levels
    bid_high: int
    ask_low: int


class Snapshot(msgspec.Struct, array_like=True, gc=False, tag=3):
    """The whole depth anew. Make it with `snapshot`, which fills in the two bounds."""

    at_ns: int
    leg: int
    bids: Levels
    asks: Levels
    bid_high: int
    ask_low: int


class Seam(msgspec.Struct, array_like=True, gc=False, tag=4):
    """A recording starts again here, for the `round`-th time: the book is forgotten, prices may jump."""

    at_ns: int
    leg: int
    round: int


Message = Bbo | Trade | Delta | Snapshot | Seam
_AT = attrgetter("at_ns")


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """Name and units of one feed. With `inverse` a lot is an amount of quote currency instead of coin."""

    name: str
    tick: Decimal
    lot: Decimal
    inverse: bool = False


class Market(Protocol):
    """Something that tells the books of some legs from `start_ns` on, until `end_ns` where there is an end.

    Messages before `start_ns` build the books up; nobody should trade on them.
    """

    @property
    def grids(self) -> tuple[Grid, ...]:
        """The feed of each leg."""

    @property
    def start_ns(self) -> int:
        """When every book is whole."""

    @property
    def end_ns(self) -> int | None:
        """When the data ends, None for never."""

    def messages(self) -> Iterator[Message]:
        """Every message of every leg in time order."""


def bounds(bids: Levels, asks: Levels) -> tuple[int, int]:
    """Best bid and best ask among levels that have a size (0 and NO_ASK for none)."""
    high = max([price for price, size in bids.items() if size], default=0)
    low = min([price for price, size in asks.items() if size], default=NO_ASK)
    return high, low


def delta(at_ns: int, leg: int, bids: Levels, asks: Levels) -> Delta:
    """A Delta with its bounds."""
    return Delta(at_ns, leg, bids, asks, *bounds(bids, asks))


def snapshot(at_ns: int, leg: int, bids: Levels, asks: Levels) -> Snapshot:
    """A Snapshot with its bounds."""
    return Snapshot(at_ns, leg, bids, asks, *bounds(bids, asks))


def apply(book: Book, message: Message) -> None:
    """Tell the book one message."""
    if isinstance(message, Bbo):
        book.tick(message.at_ns, message.bid, message.bid_size, message.ask, message.ask_size)
    elif isinstance(message, Delta):
        book.change(message.at_ns, message.bids, message.asks, message.bid_high, message.ask_low)
    elif isinstance(message, Trade):
        book.traded(message.at_ns, message.price, message.size)
    elif isinstance(message, Snapshot):
        book.replace(message.at_ns, message.bids, message.asks, message.bid_high, message.ask_low)
    else:
        book.forget()


def merge(streams: Sequence[Iterable[list[Message]]]) -> Iterator[Message]:
    """One stream out of several, in time order; within a stream the order of one instant is kept.

    Each stream comes in batches that are in time order within and among themselves. Whole batches are sorted
    at once: that is several times faster than comparing message by message.
    """
    sources = [iter(one) for one in streams]
    waiting: list[list[Message]] = [[] for _ in sources]
    while True:
        for at, source in enumerate(sources):
            while not waiting[at]:
                batch = next(source, None)
                if batch is None:
                    break
                waiting[at] = batch
        full = [batch for batch in waiting if batch]
        if not full:
            return
        yield from _up_to(waiting, min(batch[-1].at_ns for batch in full))


def _up_to(waiting: list[list[Message]], until_ns: int) -> list[Message]:
    """Take every waiting message up to and at `until_ns`, in order."""
    ready: list[Message] = []
    for at, batch in enumerate(waiting):
        cut = bisect_right(batch, until_ns, key=_AT)
        ready += batch[:cut]
        waiting[at] = batch[cut:]
    ready.sort(key=_AT)
    return ready
