"""A book as the exchange's stream shows it: anew after every change, as often as somebody looks."""

from dnkit.market.leg_book import LegBook
from dnkit.model.numbers import to_pico
from dnkit.model.terms import Side
from dnkit.venues.local.protocol import Shown


class Showing:
    """Watches one book for the stream."""

    resting = True

    def __init__(self, listing: int, book: LegBook) -> None:
        self.changed = False
        self._listing = listing
        self._book = book
        self._tick_pico = to_pico(book.instrument.tick)
        self._trades: list[tuple[int, int, int]] = []

    def on_book(self) -> None:
        """The book changed."""
        self.changed = True

    def on_trade(self, _aggressor: Side, price_pico: int, lots: int) -> None:
        """Somebody traded."""
        self.changed = True
        self._trades.append((self._book.updated_ns, price_pico // self._tick_pico, lots))

    def take(self, now_ns: int) -> Shown:
        """The book now, with the trades since the last showing."""
        self.changed = False
        trades, self._trades = tuple(self._trades), []
        return self.whole(now_ns, trades)

    def whole(self, now_ns: int, trades: tuple[tuple[int, int, int], ...] = ()) -> Shown:
        """The book now, for somebody who comes anew."""
        book = self._book
        bids, asks = tuple(book.levels(Side.SELL)), tuple(book.levels(Side.BUY))
        return Shown(self._listing, book.updated_ns, now_ns, bids, asks, trades)
