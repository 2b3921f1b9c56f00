"""Books out of ccxt's: copied at each of their changes, on our grid, believed only where they can be."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from dnkit.live.ccxt.record import Row
from dnkit.market.book import Book, Levels
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import NS_PER_MS

KEPT = 20_000  # numbers of the venue whose place on the grid is remembered
WINDOW_NS = 1_000 * NS_PER_MS
Touch = tuple[int, int, int]


class OneBook:
    """One symbol's. `contract` is what an amount counts."""

    def __init__(self, book: Book, one: Instrument, contract: Decimal) -> None:
        self.book = book
        self.is_whole = False
        self.doubts = 0
        self.touches: deque[Touch] = deque(maxlen=1_000)
        self._one, self._contract = one, contract
        self._prices: dict[float, int] = {}
        self._sizes: dict[float, int] = {}

    def show(self, now: int, told: Row) -> bool:
        """Take its state; whether it can be believed."""
        bids, asks = self._levels(told["bids"]), self._levels(told["asks"])
        bid, ask = max(bids, default=0), min(asks, default=0)
        if not bid or not ask or bid >= ask:
            return False
        self.book.replace(now, bids, asks, bid, ask)
        self.book.tick(now, bid, bids[bid], ask, asks[ask])
        self.touches.append((now, bid, ask))
        return True

    def forget(self) -> None:
        """Nothing is known any more."""
        self.is_whole, self.doubts = False, 0
        self.touches.clear()
        self.book.forget()

    def agrees(self, told: Row, since: int) -> bool:
        """Whether a book asked for since then has its touch where ours was. True where nobody can say."""
        bids, asks = self._levels(told["bids"]), self._levels(told["asks"])
        if not self.touches or not bids or not asks:
            return True
        before = [one for one in self.touches if one[0] < since][-1:]
        seen = before + [one for one in self.touches if one[0] >= since]
        low, high = min(one[1] for one in seen), max(one[1] for one in seen)
        far, near = max(one[2] for one in seen), min(one[2] for one in seen)
        return low <= max(bids) <= high and near <= min(asks) <= far

    def _levels(self, rows: Sequence[Sequence[float]]) -> Levels:
        found: Levels = {}
        prices, sizes = self._prices, self._sizes
        for row in rows:
            price, size = row[0], row[1]
            lots = sizes.get(size)
            if lots is None:
                lots = sizes[size] = self._one.to_lots_down(_exact(size) * self._contract)
            if lots:
                ticks = prices.get(price)
                if ticks is None:
                    ticks = prices[price] = int((_exact(price) / self._one.tick).to_integral_value())
                found[ticks] = lots
        for known in (prices, sizes):
            if len(known) > KEPT:
                known.clear()
        return found


def _exact(number: float | str) -> Decimal:
    """The venue's digits: ccxt's books are floats, whose shortest form they are."""
    return Decimal(number if isinstance(number, str) else repr(number))


class Books:
    """All of them, by ccxt's symbols. `moved` hears of our symbols, `doubted` has a book made anew."""

    def __init__(self, now: Callable[[], int], moved: Callable[[str], None]) -> None:
        self._now, self._moved = now, moved
        self._books: dict[str, tuple[str, OneBook]] = {}

    def add(self, unified: str, symbol: str, book: OneBook) -> None:
        """Another one."""
        self._books[unified] = symbol, book

    def whole(self, unified: str) -> None:
        """Its next state is told whole."""
        if unified in self._books:
            self._books[unified][1].is_whole = True

    def shown(self, told: Row) -> bool:
        """A new state of a book; False where it must be had anew."""
        symbol, one = self._books.get(told["symbol"], ("", None))
        if one is None:
            return True
        if not one.is_whole or not one.show(self._now(), told):
            self.forget(told["symbol"])
            return False
        self._moved(symbol)
        return True

    def forget(self, unified: str) -> None:
        """Nothing is known of it any more."""
        symbol, one = self._books[unified]
        one.forget()
        self._moved(symbol)

    def compared(self, unified: str, told: Row, asked_ns: int) -> int:
        """Hold a book that was asked for then against the stream's; how many in a row differed."""
        _, one = self._books[unified]
        one.doubts = 0 if one.agrees(told, asked_ns - WINDOW_NS) else one.doubts + 1
        return one.doubts

    def names(self) -> Mapping[str, str]:
        """Our symbols by ccxt's."""
        return {unified: symbol for unified, (symbol, _) in self._books.items()}
