"""A book through the venue's grid: rounded against us, added up, cut to lots; depth to the last level."""

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from hypothesis import given, settings
from hypothesis import strategies as st

from dnkit.market.feed import Bbo, Grid, Trade, apply, snapshot
from dnkit.market.leg_book import LegBook, leg_book
from dnkit.model.commands import ReadBook
from dnkit.model.events import BookMissing, BookRead
from dnkit.model.numbers import NS_PER_S, to_pico
from dnkit.model.terms import Side
from tests.market.grids import instrument

FINE = Grid(name="binance_usdm:ETHUSDT", tick=Decimal("0.01"), lot=Decimal("0.001"))
BIDS = {100: 5, 99: 3, 97: 10}
ASKS = {102: 4, 103: 6, 105: 20}


def seen(grid: Grid = FINE, *, tick: str = "0.01", lot: str = "0.001") -> LegBook:
    book = leg_book(grid, instrument(tick=tick, lot=lot))
    apply(book.book, snapshot(5, 0, BIDS, ASKS))
    return book


def test_the_same_grid_shows_the_book_as_it_is() -> None:
    book = seen()
    assert (book.bid, book.bid_lots, book.ask, book.ask_lots, book.updated_ns) == (100, 5, 102, 4, 5)
    assert list(book.levels(Side.SELL)) == list(BIDS.items())
    assert list(book.levels(Side.BUY)) == list(ASKS.items())


def test_a_coarser_tick_rounds_outward_and_adds_up() -> None:
    book = seen(tick="0.1")
    assert list(book.levels(Side.SELL)) == [(10, 5), (9, 13)]
    assert list(book.levels(Side.BUY)) == [(11, 30)]
    assert (book.displayed(Side.BUY, 9), book.displayed(Side.SELL, 11), book.displayed(Side.SELL, 10)) == (
        13,
        30,
        0,
    )


def test_a_finer_tick_keeps_prices_and_leaves_gaps() -> None:
    book = seen(tick="0.005")
    assert (book.bid, book.ask) == (200, 204)
    assert (book.displayed(Side.BUY, 200), book.displayed(Side.BUY, 199)) == (5, 0)


def test_sizes_below_a_lot_are_no_level_but_the_touch_keeps_its_price() -> None:
    book = seen(lot="0.006")
    assert (book.ask, book.ask_lots) == (102, 0)
    assert list(book.levels(Side.BUY)) == [(103, 1), (105, 3)]


def test_marginal_and_reach() -> None:
    book = seen()
    # 1.0 % of 102 is 1.02: prices up to 103 are inside; 5 % reaches 107.
    assert book.depth(Side.BUY, 4, 100_000) == (102, 10)
    assert book.depth(Side.BUY, 5, 100_000) == (103, 10)
    assert book.depth(Side.BUY, 11, 100_000) == (105, 10)
    assert book.depth(Side.BUY, 30, 500_000) == (105, 30)
    assert book.depth(Side.BUY, 31, 500_000) == (0, 30)
    assert book.depth(Side.BUY, 1, 0) == (102, 4)
    # 1 % below 100 is 99 and belongs to it, a hair less does not.
    assert book.depth(Side.SELL, 8, 100_000) == (99, 8)
    assert book.depth(Side.SELL, 9, 99_999) == (97, 5)


def test_a_coin_margined_book_is_converted_at_its_prices() -> None:
    contracts = Grid(name="binance_coinm:ETHUSD_PERP", tick=Decimal("0.01"), lot=Decimal(10), inverse=True)
    book = leg_book(contracts, instrument())
    apply(book.book, Bbo(5, 0, 250_000, 100, 250_100, 7))
    # 100 contracts of 10 USD at 2,500.00 are 0.4 coin; 7 at 2,501.00 are 0.02798...
    assert (book.bid_lots, book.ask_lots) == (400, 27)
    assert list(book.levels(Side.SELL)) == [(250_000, 400)]
    assert book.lots(50, 250_000) == 200


def test_trades_convert_like_levels() -> None:
    book = seen(lot="0.01")
    assert book.price_pico(268_162) == to_pico(Decimal("2681.62"))
    assert book.lots(1_234, 268_162) == 123


def request(volume_ns: int = 0) -> ReadBook:
    return ReadBook(leg=1, request=9, side=Side.BUY, lots=5, within=100_000, volume_ns=volume_ns)


def test_read_answers_with_everything_asked() -> None:
    book = seen()
    apply(book.book, Trade(2 * NS_PER_S, 1, 1, 102, 50))
    apply(book.book, Trade(9 * NS_PER_S, 1, -1, 100, 20))
    now = 10 * NS_PER_S
    assert book.read(now, request()) == BookRead(now, 1, 9, 100, 102, 5, 4, now - 5, 103, 10, -1)
    narrow, wide = (book.read(now, request(volume_ns=s * NS_PER_S)) for s in (5, 60))
    assert isinstance(narrow, BookRead)
    assert isinstance(wide, BookRead)
    assert narrow.volume == to_pico(Decimal("1.00") * Decimal("0.020"))
    assert wide.volume == narrow.volume + to_pico(Decimal("1.02") * Decimal("0.050"))


def test_contracts_traded_count_their_face_value() -> None:
    contracts = Grid(name="binance_coinm:ETHUSD_PERP", tick=Decimal("0.01"), lot=Decimal(10), inverse=True)
    book = leg_book(contracts, instrument())
    apply(book.book, Bbo(5, 0, 250_000, 100, 250_100, 7))
    apply(book.book, Trade(6, 0, 1, 250_100, 3))
    answer = book.read(7, request(volume_ns=NS_PER_S))
    assert isinstance(answer, BookRead)
    assert answer.volume == to_pico(Decimal(30))


def test_no_book_and_half_a_book_are_missing() -> None:
    book = leg_book(FINE, instrument())
    assert book.read(7, request()) == BookMissing(7, 1, 9, "no book seen yet")
    apply(book.book, Bbo(6, 0, 100, 2, 0, 0))
    assert book.read(7, request()) == BookMissing(7, 1, 9, "one side of the book is empty")


steps = st.sampled_from(["0.01", "0.02", "0.03", "0.1", "0.005", "0.25"])
sides = st.dictionaries(st.integers(100, 180), st.integers(1, 50), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(steps, st.sampled_from(["0.001", "0.002", "0.007", "0.0005"]), sides, sides)
def test_levels_are_rounded_outward_summed_and_floored(
    tick: str, lot: str, bids: dict[int, int], asks: dict[int, int]
) -> None:
    book = leg_book(FINE, instrument(tick=tick, lot=lot))
    asks = {price + 100: size for price, size in asks.items()}
    apply(book.book, snapshot(1, 0, bids, asks))
    for maker, levels, rounded in ((Side.BUY, bids, floor), (Side.SELL, asks, ceil)):
        sums: dict[int, Fraction] = {}
        for price, size in levels.items():
            at = rounded(Fraction(price) * Fraction("0.01") / Fraction(tick))
            sums[at] = sums.get(at, Fraction(0)) + size * Fraction("0.001") / Fraction(lot)
        expected = {at: floor(lots) for at, lots in sums.items()}
        shown = dict(book.levels(Side(-maker)))
        assert shown == {at: lots for at, lots in expected.items() if lots}
        assert all(book.displayed(maker, at) == lots for at, lots in expected.items())
        assert (book.bid if maker is Side.BUY else book.ask) == max(expected, key=lambda at: at * maker)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["0.01", "0.03"]),
    st.sampled_from(["0.001", "0.007"]),
    st.lists(st.integers(0, 50), min_size=1, max_size=400),
    st.integers(1, 3_000),
    st.integers(0, 400_000),
)
def test_depth_is_what_a_walk_over_the_levels_finds(
    tick: str, lot: str, sizes: list[int], lots: int, within: int
) -> None:
    book = leg_book(FINE, instrument(tick=tick, lot=lot))
    bids = {10_000 - 2 * at: size for at, size in enumerate(sizes)}
    asks = {10_004 + 3 * at: size for at, size in enumerate(sizes)}
    apply(book.book, snapshot(1, 0, bids, asks))
    apply(book.book, Bbo(2, 0, 9_997, 5, 10_007, 9))
    for side, touch in ((Side.BUY, book.ask), (Side.SELL, book.bid)):
        walked = list(book.levels(side))
        near = [size for price, size in walked if (price - touch) * side * 10_000_000 <= within * touch]
        needed = (
            price for at, (price, _) in enumerate(walked) if sum(s for _, s in walked[: at + 1]) >= lots
        )
        assert book.depth(side, lots, within) == (next(needed, 0), sum(near))
