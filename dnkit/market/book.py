"""One order book on the grid of its feed: integer ticks and lots, made for very many changes and few reads.

Two streams tell the book. The ticker is truth for the touch, price and size. Depth tells the levels behind
it. Where they disagree the ticker wins: a ticker message drops every level beyond its touch, and what depth
says beyond the touch later stays hidden until the ticker gets there. So the two sides cross only when the
ticker itself is crossed.

Writing is a dict update; a level of size zero stays in the dict until a read or a clean-up passes it.
"""

from collections.abc import Iterator

from dnkit.market.turnover import Turnover
from dnkit.model.terms import Side

NO_ASK = 2**62  # above every price
DROP_ONE_BY_ONE = 64  # a touch that jumps further than this scans the side instead
CLEAN_LEAST = 4096
NEAR = 64  # prices looked up first when the levels behind the touch are asked for; then ever twice as many

Levels = dict[int, int]


class Book:
    """Prices in feed ticks, sizes in feed lots; 0 is an empty side. `updated_ns` is the last word on the
    book.

    `inverse` marks a book whose lots are an amount of quote currency (COIN-M contracts), not of coin.
    """

    __slots__ = (
        "_ask_low",
        "_bid_high",
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
            if bid_high > self._bid_high:
                self._bid_high = bid_high
        if asks:
            self.asks.update(asks)
            if ask_low < self._ask_low:
                self._ask_low = ask_low
        if len(self.bids) + len(self.asks) > self._clean_at:
            self._clean()
        if not self.ticked:
            self._touch_from_depth()

    def replace(self, at_ns: int, bids: Levels, asks: Levels, bid_high: int, ask_low: int) -> None:
        """Depth tells the whole book anew; the ticker, once it spoke, keeps the touch."""
        self.bids, self.asks = {}, {}
        self._bid_high, self._ask_low = 0, NO_ASK
        self.change(at_ns, bids, asks, bid_high, ask_low)

    def traded(self, at_ns: int, price: int, size: int) -> None:
        """Somebody traded: no word on the book itself, it only adds to the turnover."""
        self.turnover.add(at_ns, size if self.inverse else price * size)

    def levels(self, side: Side) -> Iterator[tuple[int, int]]:
        """(price, size) that a taker of `side` meets, best first."""
        touch, size = (self.ask, self.ask_size) if side > 0 else (self.bid, self.bid_size)
        if touch:
            yield touch, size
            for some in _above(self.asks, touch) if side > 0 else _below(self.bids, touch):
                yield from some

    def displayed(self, side: Side, low: int, high: int) -> int:
        """Size that rests on the maker's `side` at prices from `low` to `high`, both included."""
        if side > 0:
            bid = self.bid
            shown = self.bid_size if low <= bid <= high else 0
            return shown + sum(_between(self.bids, low, high if high < bid else bid - 1))
        ask = self.ask
        if ask == 0:
            return 0
        shown = self.ask_size if low <= ask <= high else 0
        return shown + sum(_between(self.asks, low if low > ask else ask + 1, high))

    def behind(self, side: Side, low: int, high: int) -> list[int]:
        """Sizes that a taker of `side` meets at prices from `low` to `high`, all of them behind the touch."""
        return _between(self.asks if side > 0 else self.bids, low, high)

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


def _above(levels: Levels, touch: int) -> Iterator[list[tuple[int, int]]]:
    """Levels above a price, lowest first, some at a time: near ones are looked up, those far out sorted."""
    low, width, get = touch + 1, NEAR, levels.get
    while width < len(levels):
        yield [(price, size) for price in range(low, low + width) if (size := get(price))]
        low += width
        width *= 2
    yield sorted([one for one in levels.items() if one[1] and one[0] >= low])


def _below(levels: Levels, touch: int) -> Iterator[list[tuple[int, int]]]:
    """Levels below a price, highest first."""
    high, width, get = touch - 1, NEAR, levels.get
    while width < len(levels):
        yield [(price, size) for price in range(high, high - width, -1) if (size := get(price))]
        high -= width
        width *= 2
    yield sorted([one for one in levels.items() if one[1] and one[0] <= high], reverse=True)


def _between(levels: Levels, low: int, high: int) -> list[int]:
    """Sizes at prices from `low` to `high`, in no order; levels of size zero may be among them."""
    if low > high:
        return []
    if high - low < len(levels):
        get = levels.get
        return [size for price in range(low, high + 1) if (size := get(price))]
    return [size for price, size in levels.items() if low <= price <= high]
