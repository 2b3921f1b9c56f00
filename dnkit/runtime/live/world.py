"""Time and books of a live run: the wall clock, and the books its venues stream."""

import asyncio
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
from dnkit.venues.base import Sign, Trouble, TroubledError, Venue

TRIES, BETWEEN_S = 5, 0.5
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
                books = {symbol: raw[name, symbol] for symbol in symbols}
                self.run(self._open(name, made, books))
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

    async def _open(self, name: str, made: Setup, books: Mapping[str, Book]) -> None:
        """Open a venue, with a new adapter for each try: nothing is at stake yet."""
        for tries_left in reversed(range(TRIES)):
            self.venues[name] = make_venue(made)
            try:
                await self.venues[name].open(books, _Ears(self, name))
            except (TroubledError, TimeoutError) as error:
                await self.venues.pop(name).close()
                if not tries_left:
                    raise self._as_trouble(error) from None
                await asyncio.sleep(BETWEEN_S)
            else:
                return

    def _as_trouble(self, error: TroubledError | TimeoutError) -> TroubledError:
        if isinstance(error, TroubledError):
            return TroubledError(replace(error.trouble, text=self.hidden(error.trouble.text)))
        return TroubledError(Trouble(sign=Sign.TIMED_OUT, text="its streams did not tell a whole book"))

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
