"""The fast book against a slow one that does exactly what the book's first lines say."""

from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from dnkit.market.book import CLEAN_LEAST, DROP_ONE_BY_ONE, Book, Levels
from dnkit.market.feed import Bbo, Delta, Message, Seam, Snapshot, Trade, apply, delta, snapshot
from dnkit.model.terms import Side

LOW, HIGH = 1, 3 * DROP_ONE_BY_ONE  # wide enough for both ways to drop levels
prices = st.integers(LOW, HIGH)
sizes = st.integers(0, 5)
changes = st.dictionaries(prices, sizes, max_size=6)
moments = st.just(7)
tickers = st.builds(
    lambda bid, gap, b, a: Bbo(7, 0, bid, b, bid + gap, a),
    prices,
    st.integers(1, 9),
    st.integers(1, 5),
    st.integers(1, 5),
)
messages = st.one_of(
    tickers,
    tickers,
    st.builds(lambda b, a: delta(7, 0, b, a), changes, changes),
    st.builds(lambda b, a: snapshot(7, 0, b, a), changes, changes),
    st.just(Bbo(7, 0, 0, 0, 60, 2)),
    st.just(Bbo(7, 0, 60, 2, 0, 0)),
)


class SlowBook:
    """Two dicts and the ticker's word, every rule carried out at once."""

    def __init__(self) -> None:
        self.depth: dict[Side, Levels] = {Side.BUY: {}, Side.SELL: {}}
        self.ticker: Bbo | None = None

    def apply(self, message: Message) -> None:
        if isinstance(message, Snapshot):
            self.depth = {Side.BUY: {}, Side.SELL: {}}
        if isinstance(message, Snapshot | Delta):
            for side, changed in ((Side.BUY, message.bids), (Side.SELL, message.asks)):
                self.depth[side] = {p: s for p, s in (self.depth[side] | changed).items() if s}
        if isinstance(message, Bbo):
            self.ticker = message
            bid, ask = message.bid, message.ask or 10**9
            self.depth[Side.BUY] = {p: s for p, s in self.depth[Side.BUY].items() if p <= bid}
            self.depth[Side.SELL] = {p: s for p, s in self.depth[Side.SELL].items() if p >= ask}

    def resting(self, maker: Side) -> list[tuple[int, int]]:
        levels = dict(self.depth[maker])
        if self.ticker is not None:
            buys = maker is Side.BUY
            touch, size = (
                (self.ticker.bid, self.ticker.bid_size) if buys else (self.ticker.ask, self.ticker.ask_size)
            )
            if not touch:
                return []
            levels = {p: s for p, s in levels.items() if (touch - p) * maker > 0} | {touch: size}
        elif self._crossed():
            return []
        return sorted(levels.items(), reverse=maker is Side.BUY)

    def _crossed(self) -> bool:
        bids, asks = self.depth[Side.BUY], self.depth[Side.SELL]
        return bool(bids and asks and max(bids) >= min(asks))


def told(*several: Message) -> Book:
    book = Book()
    for message in several:
        apply(book, message)
    return book


@settings(max_examples=400, deadline=None)
@given(st.lists(messages, max_size=25))
def test_the_fast_book_shows_what_the_slow_one_shows(story: list[Message]) -> None:
    book, slow = Book(), SlowBook()
    for message in story:
        apply(book, message)
        slow.apply(message)
        for taker in Side:
            assert list(book.levels(taker)) == slow.resting(Side(-taker))


@given(st.lists(messages, max_size=25), prices, prices)
def test_displayed_adds_up_the_levels_of_a_range(story: list[Message], one: int, other: int) -> None:
    book, (low, high) = told(*story), sorted((one, other))
    for taker in Side:
        met = sum(size for price, size in book.levels(taker) if low <= price <= high)
        assert book.displayed(Side(-taker), low, high) == met


@given(st.lists(messages, max_size=25))
def test_never_crossed_unless_the_ticker_is(story: list[Message]) -> None:
    book = told(*story)
    bids, asks = list(book.levels(Side.SELL)), list(book.levels(Side.BUY))
    if bids and asks:
        assert bids[0][0] < asks[0][0]
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)


def test_a_crossed_ticker_is_shown_as_it_is() -> None:
    book = told(Bbo(1, 0, 101, 2, 100, 3))
    assert (book.bid, book.ask) == (101, 100)


def test_a_level_the_ticker_passed_does_not_come_back() -> None:
    book = told(delta(1, 0, {100: 4, 99: 5, 98: 6}, {}), Bbo(2, 0, 100, 4, 102, 1), Bbo(3, 0, 98, 1, 102, 1))
    apply(book, Bbo(4, 0, 100, 2, 102, 1))
    assert list(book.levels(Side.SELL)) == [(100, 2), (98, 6)]


def test_a_level_beyond_the_touch_waits_for_the_ticker() -> None:
    book = told(Bbo(1, 0, 98, 1, 102, 1), delta(2, 0, {100: 7, 99: 3}, {}))
    assert list(book.levels(Side.SELL)) == [(98, 1)]
    apply(book, Bbo(3, 0, 100, 2, 102, 1))
    assert list(book.levels(Side.SELL)) == [(100, 2), (99, 3)]


def test_a_book_that_walks_on_and_on_stays_small() -> None:
    book = told(Bbo(0, 0, 1, 1, 2, 1))
    for step in range(20 * CLEAN_LEAST):
        apply(book, delta(step, 0, {step: 0, step + 1: 1}, {}))
    assert len(book.bids) <= CLEAN_LEAST + 2


def test_time_is_the_last_word_on_the_book_and_a_trade_is_none() -> None:
    book = told(Bbo(5, 0, 98, 1, 102, 1), delta(8, 0, {}, {103: 1}), Trade(9, 0, 1, 102, 1))
    assert book.updated_ns == 8


def test_a_seam_forgets_the_book() -> None:
    book = told(Bbo(5, 0, 98, 1, 102, 1), Seam(6, 0, 1))
    assert (book.bid, book.ask, book.updated_ns, list(book.levels(Side.BUY))) == (0, 0, 0, [])


def test_a_payload_is_left_as_it_was() -> None:
    first = snapshot(1, 0, {98: 1}, {102: 1})
    told(first, delta(2, 0, {97: 1, 98: 0}, {}), Bbo(3, 0, 90, 1, 105, 1))
    assert first == snapshot(1, 0, {98: 1}, {102: 1})


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 9)), min_size=1, max_size=500),
    st.integers(5_000, 5_200),
)
def test_every_level_behind_the_touch_is_met_in_order(gaps: list[tuple[int, int]], touch: int) -> None:
    """Near the touch and far out, however many levels there are and however far apart."""
    prices = list(accumulate((gap for gap, _ in gaps), initial=5_000))
    asks = dict(zip(prices, (size for _, size in gaps), strict=False))
    bids = {20_000 - price: size for price, size in asks.items()}
    book = told(delta(1, 0, bids, asks), Bbo(2, 0, 20_000 - touch, 3, touch, 4))
    behind = [(price, size) for price, size in asks.items() if price > touch and size]
    mirrored = [(20_000 - price, size) for price, size in behind]
    assert list(book.levels(Side.BUY)) == [(touch, 4), *behind]
    assert list(book.levels(Side.SELL)) == [(20_000 - touch, 3), *mirrored]
