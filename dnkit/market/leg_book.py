"""A book seen on the grid of the venue where a leg trades.

The book may be a recording of another venue, with another tick, another lot, even counted in contracts. What
the leg sees is never better than what is there: bids round down, asks round up, sizes round down to whole
lots, and levels that fall on one venue price are added up before that.
"""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from dnkit.market.book import Book
from dnkit.market.feed import Grid
from dnkit.model.commands import ReadBook
from dnkit.model.events import BookMissing, BookRead
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import MBPS_ONE, PICO, ceil_div, to_pico
from dnkit.model.terms import Side


class LegBook:
    """Prices in ticks and sizes in lots of `instrument`; 0 is an empty side.

    `native_tick` and `native_lot` are the units of `book`; for an inverse book the lot is in quote currency.
    """

    __slots__ = (
        "_den",
        "_lot_base",
        "_lot_pico",
        "_lots",
        "_num",
        "_same_grid",
        "_tick_pico",
        "_worth_pico",
        "book",
        "instrument",
    )

    def __init__(self, book: Book, instrument: Instrument, native_tick: Decimal, native_lot: Decimal) -> None:
        ratio = Fraction(native_tick) / Fraction(instrument.tick)
        self.book = book
        self.instrument = instrument
        self._num, self._den = ratio.numerator, ratio.denominator  # venue ticks per native tick
        self._same_grid = ratio == 1 and not book.inverse
        self._tick_pico = to_pico(native_tick)
        self._lot_pico = to_pico(native_lot)
        self._lot_base = instrument.lot_base
        self._lots = Fraction(self._lot_pico, self._lot_base).as_integer_ratio()  # lots per native lot
        self._worth_pico = self._lot_pico if book.inverse else to_pico(native_tick * native_lot)

    @property
    def bid(self) -> int:
        """Best bid."""
        return self.book.bid * self._num // self._den

    @property
    def ask(self) -> int:
        """Best ask."""
        return -(-self.book.ask * self._num // self._den)

    @property
    def bid_lots(self) -> int:
        """Lots at the best bid; may be 0 beside a price when less than one lot is there."""
        return self.displayed(Side.BUY, self.bid)

    @property
    def ask_lots(self) -> int:
        """Lots at the best ask; may be 0 beside a price when less than one lot is there."""
        return self.displayed(Side.SELL, self.ask)

    @property
    def updated_ns(self) -> int:
        """When the book was last told anything, 0 for never."""
        return self.book.updated_ns

    def levels(self, side: Side) -> Iterator[tuple[int, int]]:
        """(price, lots) that a taker of `side` meets, best first; levels below one lot are left out."""
        if not self._same_grid:
            yield from self._regrouped(side)
            return
        times, per = self._lots
        for price, size in self.book.levels(side):
            lots = size * times // per
            if lots:
                yield price, lots

    def displayed(self, side: Side, price: int) -> int:
        """Lots that rest at exactly `price` on the maker's `side`."""
        num, den = self._num, self._den
        if price <= 0:
            return 0
        if num == den:
            low = high = price
        elif side is Side.BUY:
            low, high = ceil_div(price * den, num), ceil_div((price + 1) * den, num) - 1
        else:
            low, high = (price - 1) * den // num + 1, price * den // num
        if low > high:
            return 0
        size = self.book.displayed(side, low, high)
        return self._base(high, size) // self._lot_base if size else 0

    def depth(self, side: Side, lots: int, within: int) -> tuple[int, int]:
        """For a taker of `side`: price of the last level needed for `lots` (0 when the book does not hold
        them), and the lots to be had up to `within` mbps from the far touch.
        """
        limit = self._limit(side, within)
        marginal = taken = reach = 0
        for price, size in self.levels(side):
            inside = (limit - price) * side >= 0
            if marginal and not inside:
                break
            taken += size
            if inside:
                reach += size
            if not marginal and taken >= lots:
                marginal = price
                if inside and self._same_grid:
                    return marginal, reach + self._between(side, price, limit)
        return marginal, reach

    def read(self, now_ns: int, request: ReadBook) -> BookRead | BookMissing:
        """Answer a ReadBook at `now_ns`. `volume` is what was seen of the asked window: a lower bound."""
        book = self.book
        bid, ask = self.bid, self.ask
        if not bid or not ask:
            why = "one side of the book is empty" if book.updated_ns else "no book seen yet"
            return BookMissing(now_ns, request.leg, request.request, why)
        marginal, reach = self.depth(request.side, request.lots, request.within)
        window = request.volume_ns
        return BookRead(
            at_ns=now_ns,
            leg=request.leg,
            request=request.request,
            bid=bid,
            ask=ask,
            bid_lots=self.bid_lots,
            ask_lots=self.ask_lots,
            age_ns=max(0, now_ns - book.updated_ns),
            marginal=marginal,
            reach=reach,
            volume=book.turnover.since(now_ns - window) * self._worth_pico if window else -1,
        )

    def price_pico(self, native_price: int) -> int:
        """Picos of quote currency of a native price."""
        return native_price * self._tick_pico

    def lots(self, native_size: int, native_price: int) -> int:
        """Whole lots in a native size that traded at a native price."""
        return self._base(native_price, native_size) // self._lot_base

    def _between(self, side: Side, price: int, limit: int) -> int:
        """Lots that a taker of `side` meets beyond `price` up to `limit`, on a book of the same grid."""
        low, high = (price + 1, limit) if side is Side.BUY else (limit, price - 1)
        times, per = self._lots
        return sum([size * times // per for size in self.book.behind(side, low, high)])

    def _regrouped(self, side: Side) -> Iterator[tuple[int, int]]:
        """Levels of a book on another grid: those that fall on one price are one."""
        num, den, lot = self._num * side, self._den, self._lot_base
        at = base = 0
        for native, size in self.book.levels(side):
            price = -(-native * num // den) * side
            if price != at:
                if base >= lot:
                    yield at, base // lot
                at, base = price, 0
            base += self._base(native, size)
        if base >= lot:
            yield at, base // lot

    def _limit(self, side: Side, within: int) -> int:
        """The worst price that is still within `within` mbps of the far touch."""
        if side is Side.BUY:
            return self.ask * (MBPS_ONE + within) // MBPS_ONE
        return ceil_div(self.bid * (MBPS_ONE - within), MBPS_ONE)

    def _base(self, price: int, size: int) -> int:
        """Picos of coin in a native size at a native price, rounded down."""
        if self.book.inverse:
            return size * self._lot_pico * PICO // (price * self._tick_pico)
        return size * self._lot_pico


def leg_book(grid: Grid, instrument: Instrument) -> LegBook:
    """A new, empty book of that feed, seen through that instrument."""
    return LegBook(Book(inverse=grid.inverse), instrument, grid.tick, grid.lot)
