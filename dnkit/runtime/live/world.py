"""Time and books of a live run: the wall clock, and the books its venues stream."""

import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Protocol

from msgspec.structs import replace

from dnkit.live.keys import Keys
from dnkit.live.setup import Setup, make_venue
from dnkit.market.book import Book
from dnkit.market.leg_book import LegBook
from dnkit.model.alerts import Alert
from dnkit.model.events import VenueFact
from dnkit.model.instrument import Instrument
from dnkit.runtime.clock import MarketClock
from dnkit.runtime.looped import LoopedTime
from dnkit.venues.base import Ears, TroubledError, Venue

MakeSetup = Callable[[str, Mapping[str, Instrument], Callable[[], int], Callable[[Alert], None]], Setup]


class Listener(Protocol):
    """Hears what its venue tells of orders and positions."""

    venue: str
    symbol: str

    def hear(self, key: str, fact: VenueFact) -> None:
        """News of an order of that client id, or of the position."""

    def missed(self) -> None:
        """Words were lost."""


class LiveWorld(LoopedTime):
    """Opens every venue of `instruments` (one a leg) and keeps it until `close`. `setup` makes what an
    adapter needs, from the venue's name and its symbols.
    """

    def __init__(
        self,
        instruments: Sequence[Instrument],
        setup: MakeSetup,
    ) -> None:
        super().__init__(MarketClock(time.time_ns(), Decimal(1)))
        self.end_ns: int | None = None
        self.over = False
        self.messages = 0
        self.seams = 0
        self.seats: list[Listener] = []
        self.venues: dict[str, Venue] = {}
        self._keys: list[Keys] = []
        self._alert: Callable[[Alert], None] = lambda _alert: None
        self._legs = tuple(instruments)
        raw = {(one.venue, one.symbol): Book() for one in instruments}
        self.books = tuple(LegBook(raw[one.venue, one.symbol], one, one.tick, one.lot) for one in self._legs)
        try:
            for name in dict.fromkeys(one.venue for one in self._legs):
                symbols = {one.symbol: one for one in self._legs if one.venue == name}
                made = setup(name, symbols, self.now, self._tell)
                self._keys.append(made.keys)
                self.venues[name] = make_venue(made)
                books = {symbol: raw[name, symbol] for symbol in symbols}
                self.run(self._open(self.venues[name], books, _Ears(self, name)))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Hang up everywhere; orders stay as they are."""
        try:
            for venue in self.venues.values():
                self.run(venue.close())
        finally:
            super().close()

    def hidden(self, text: str) -> str:
        """A text of a venue without any secret of ours: it may repeat what it was sent."""
        for keys in self._keys:
            text = keys.hidden(text)
        return text

    async def _open(self, venue: Venue, books: Mapping[str, Book], ears: Ears) -> None:
        try:
            await venue.open(books, ears)
        except TroubledError as error:
            raise TroubledError(replace(error.trouble, text=self.hidden(error.trouble.text))) from None

    def guard(self, alert: Callable[[Alert], None]) -> None:
        """Tell a human of lines that stay down."""
        self._alert = alert

    def of(self, instrument: Instrument) -> Venue:
        """The venue an instrument is traded at."""
        return self.venues[instrument.venue]

    def tell(self, name: str, symbol: str, key: str, fact: VenueFact) -> None:
        """News for whoever trades there."""
        for seat in tuple(self.seats):
            if (seat.venue, seat.symbol) == (name, symbol):
                self.soon(partial(seat.hear, key, fact))

    def missed(self, name: str) -> None:
        """Words of a venue were lost."""
        for seat in tuple(self.seats):
            if seat.venue == name:
                self.soon(seat.missed)

    def _tell(self, alert: Alert) -> None:
        self._alert(replace(alert, text=self.hidden(alert.text)))


class _Ears:
    """One venue's."""

    def __init__(self, world: LiveWorld, name: str) -> None:
        self._world, self._name = world, name

    def fact(self, symbol: str, key: str, fact: VenueFact) -> None:
        self._world.tell(self._name, symbol, key, fact)

    def missed(self) -> None:
        self._world.missed(self._name)

    def moved(self, symbol: str) -> None:
        self._world.messages += 1
