"""One order book on the grid of its feed: integer ticks and lots, made for very many changes and few reads.

Two streams tell the book. The ticker is truth for the touch, price and size. Depth tells the levels behind
it. Where they disagree the ticker wins: a ticker message drops every level beyond its touch, and what depth
says beyond the touch later stays hidden until the ticker gets there. So the two sides cross only when the
ticker itself is crossed.

Writing is a dict update; a level of size zero stays in the dict until a read or a clean-up passes it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from dnkit.market.turnover import Turnover
from dnkit.model.terms import Side

NO_ASK = 2**62  # above every price
DROP_ONE_BY_ONE = 64  # a touch that jumps further than this scans the side instead
CLEAN_LEAST = 4096

Levels = dict[int, int]


class Book:
    """Prices in feed ticks, sizes in feed lots; 0 is an empty side. `updated_ns` is the last word on the
    book.

    `inverse` marks a book whose lots are an amount of quote currency (COIN-M contracts), not of coin.
    """

    __slots__ = (
        "_ask_low",
        "_ask_prices",
        "_bid_high",
        "_bid_prices",
        "_clean_at",
        "ask",
        "ask_size",
        "asks",
        "bid",
        "bid_size",
        "bids",
        "inverse",
        "ticked",
        "turnover",
        "updated_ns",
    )

    def __init__(self, *, inverse: bool = False) -> None:
        self.inverse = inverse
        self.turnover = Turnover()
        self.forget()

    def forget(self) -> None:
        """Know nothing of the book any more (a new pass of a recording, a lost stream)."""
        self.updated_ns = 0
        self.ticked = False
        self.bid = self.bid_size = self.ask = self.ask_size = 0
        self.bids: Levels = {}
        self.asks: Levels = {}
        # Bounds, not best prices: no bid with a size lies above, no ask with a size below.
        self._bid_high = 0
        self._ask_low = NO_ASK
        self._bid_prices: list[int] | None = None
        self._ask_prices: list[int] | None = None
        self._clean_at = CLEAN_LEAST

    def tick(self, at_ns: int, bid: int, bid_size: int, ask: int, ask_size: int) -> None:
        """The ticker tells the touch; 0 for a side that is empty."""
        self.updated_ns = at_ns
        self.ticked = True
        self.bid = bid
        self.bid_size = bid_size
        self.ask = ask
        self.ask_size = ask_size
        if bid < self._bid_high:
            _drop(self.bids, bid + 1, self._bid_high)
            self._bid_high = bid
        if ask > self._ask_low:
            _drop(self.asks, self._ask_low, ask - 1)
            self._ask_low = ask
        elif ask == 0:
            self.asks.clear()
            self._ask_low = NO_ASK

    def change(self, at_ns: int, bids: Levels, asks: Levels, bid_high: int, ask_low: int) -> None:
        """Depth tells new sizes of some levels, 0 for a level that is gone.

        `bid_high` and `ask_low` are the best prices among the changes that have a size (0 and NO_ASK for
        none).
        """
        self.updated_ns = at_ns
        if bids:
            self.bids.update(bids)
            self._bid_prices = None
            if bid_high > self._bid_high:
                self._bid_high = bid_high
        if asks:
            self.asks.update(asks)
            self._ask_prices = None
            if ask_low < self._ask_low:
                self._ask_low = ask_low
        if len(self.bids) + len(self.asks) > self._clean_at:
            self._clean()
        if not self.ticked:
            self._touch_from_depth()

    def replace(self, at_ns: int, bids: Levels, asks: Levels, bid_high: int, ask_low: int) -> None:
        """Depth tells the whole book anew; the ticker, once it spoke, keeps the touch."""
        self.bids, self.asks = {}, {}
        self._bid_prices = self._ask_prices = None
        self._bid_high, self._ask_low = 0, NO_ASK
        self.change(at_ns, bids, asks, bid_high, ask_low)

    def levels(self, side: Side) -> Iterator[tuple[int, int]]:
        """(price, size) that a taker of `side` meets, best first."""
        return self._offered() if side > 0 else self._wanted()

    def displayed(self, side: Side, low: int, high: int) -> int:
        """Size that rests on the maker's `side` at prices from `low` to `high`, both included."""
        if side > 0:
            shown = self.bid_size if low <= self.bid <= high else 0
            return shown + _between(self.bids, low, min(high, self.bid - 1))
        if self.ask == 0:
            return 0
        shown = self.ask_size if low <= self.ask <= high else 0
        return shown + _between(self.asks, max(low, self.ask + 1), high)

    def _offered(self) -> Iterator[tuple[int, int]]:
        touch, asks = self.ask, self.asks
        if touch == 0:
            return
        yield touch, self.ask_size
        prices = self._ask_prices
        if prices is None:
            prices = self._ask_prices = sorted([price for price, size in asks.items() if size])
        for at in range(bisect_right(prices, touch), len(prices)):
            size = asks.get(prices[at], 0)  # the ticker may have dropped it since the sort
            if size:
                yield prices[at], size

    def _wanted(self) -> Iterator[tuple[int, int]]:
        touch, bids = self.bid, self.bids
        if touch == 0:
            return
        yield touch, self.bid_size
        prices = self._bid_prices
        if prices is None:
            prices = self._bid_prices = sorted([price for price, size in bids.items() if size])
        for at in range(bisect_left(prices, touch) - 1, -1, -1):
            size = bids.get(prices[at], 0)
            if size:
                yield prices[at], size

    def _clean(self) -> None:
        """Throw out the levels of size zero; look again when the book has doubled."""
        self.bids = {price: size for price, size in self.bids.items() if size}
        self.asks = {price: size for price, size in self.asks.items() if size}
        self._clean_at = max(CLEAN_LEAST, 2 * (len(self.bids) + len(self.asks)))

    def _touch_from_depth(self) -> None:
        """Without a ticker the best levels are the touch; if they cross, depth is not whole yet."""
        bid = max((price for price, size in self.bids.items() if size), default=0)
        ask = min((price for price, size in self.asks.items() if size), default=0)
        if bid >= ask > 0:
            bid = ask = 0
        self.bid, self.bid_size = bid, self.bids.get(bid, 0)
        self.ask, self.ask_size = ask, self.asks.get(ask, 0)


def _drop(levels: Levels, low: int, high: int) -> None:
    if high - low < DROP_ONE_BY_ONE:
        for price in range(low, high + 1):
            levels.pop(price, None)
        return
    for price in [one for one in levels if low <= one <= high]:
        del levels[price]


def _between(levels: Levels, low: int, high: int) -> int:
    if high - low < len(levels):
        return sum([levels.get(price, 0) for price in range(low, high + 1)])
    return sum([size for price, size in levels.items() if low <= price <= high])
