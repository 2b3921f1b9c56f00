"""A market that is made once and played to many runs: messages are kept, every run gets books of its own."""

from collections.abc import Callable, Iterator, Sequence
from copy import copy

import msgspec

from dnkit.market.feed import Market, Message, apply
from dnkit.market.leg_book import LegBook, leg_book
from dnkit.model.errors import DnkitError
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import NS_PER_S

APART_NS = 20 * NS_PER_S  # between two places of a tape where runs begin
LEFT_NS = 60 * NS_PER_S  # what a tape that ends should still hold after the last of them


class Tape:
    """The messages of a market, read no further than they are asked for."""

    def __init__(self, market: Market, instruments: Sequence[Instrument]) -> None:
        self.start_ns = market.start_ns
        self.end_ns = market.end_ns
        self._pairs = list(zip(market.grids, instruments, strict=True))
        self._source = market.messages()
        self._kept: list[Message] = []

    def books(self) -> tuple[LegBook, ...]:
        """Empty books of its legs."""
        return tuple(leg_book(grid, instrument) for grid, instrument in self._pairs)

    def places(self, most: int, apart_ns: int = APART_NS) -> int:
        """How many places there are where runs may begin."""
        if self.end_ns is None:
            return most
        return max(1, min(most, 1 + (self.end_ns - LEFT_NS - self.start_ns) // apart_ns))

    def play(self, place: int) -> Iterator[Message]:
        """The messages from number `place` on."""
        kept = self._kept
        while True:
            if place == len(kept):
                message = next(self._source, None)
                if message is None:
                    return
                kept.append(message)
            yield kept[place]
            place += 1


class Opened(msgspec.Struct, frozen=True):
    """Warm books at `now_ns`, and what is told after."""

    books: tuple[LegBook, ...]
    feed: Iterator[Message]
    now_ns: int


class Tapes:
    """Places where runs begin: `tapes` markets made by `make(number)`, at most `places` of each, `apart_ns`
    apart, one for a seed.
    """

    def __init__(
        self,
        make: Callable[[int], Market],
        instruments: Sequence[Instrument],
        tapes: int,
        places: int,
        apart_ns: int = APART_NS,
    ) -> None:
        self._make = make
        self._instruments = tuple(instruments)
        self._count, self._places, self._apart_ns = tapes, places, apart_ns
        self._tapes: dict[int, Tape] = {}
        self._warm: dict[tuple[int, int], tuple[tuple[LegBook, ...], int, int]] = {}

    def open(self, seed: int) -> Opened:
        """The books of a seed, warm; DnkitError when the market has none at that place."""
        number = seed % self._count
        tape = self._tape(number)
        place = seed // self._count % tape.places(self._places, self._apart_ns)
        if (number, place) not in self._warm:
            self._warm[number, place] = self._warmed(tape, number, place)
        books, at, now_ns = self._warm[number, place]
        return Opened(tuple(map(still, books)), tape.play(at), now_ns)

    def places(self) -> int:
        """How many there are."""
        return sum(self._tape(one).places(self._places, self._apart_ns) for one in range(self._count))

    def _tape(self, number: int) -> Tape:
        if number not in self._tapes:
            self._tapes[number] = Tape(self._make(number), self._instruments)
        return self._tapes[number]

    def _warmed(self, tape: Tape, number: int, place: int) -> tuple[tuple[LegBook, ...], int, int]:
        """Books, how many messages made them, and the moment of the last."""
        before = self._warm.get((number, place - 1))
        books, at, _ = before or (tape.books(), 0, 0)
        books, due_ns = tuple(map(still, books)), tape.start_ns + place * self._apart_ns
        for at_now, message in enumerate(tape.play(at), at + 1):
            apply(books[message.leg].book, message)
            if message.at_ns >= due_ns and all(one.bid and one.ask for one in books):
                return books, at_now, message.at_ns
        raise DnkitError("the market data ends before every book has two sides")


def still(book: LegBook) -> LegBook:
    """A copy of a book, which what is told to the other one does not change."""
    made, of_feed = copy(book), copy(book.book)
    of_feed.bids, of_feed.asks = dict(of_feed.bids), dict(of_feed.asks)
    of_feed.turnover = of_feed.turnover.copy()
    made.book = of_feed
    return made
