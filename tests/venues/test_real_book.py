"""The paper venue on a real leg book: another grid than the feed's, ticker and depth."""

from decimal import Decimal

from dnkit.market.feed import Bbo, Grid, Message, Trade, apply, snapshot
from dnkit.market.leg_book import LegBook, leg_book
from dnkit.model.terms import OrderType, Side
from tests.venues.rig import INSTRUMENT, Bench, account_of, say, venue_with

BUY, SELL = Side.BUY, Side.SELL
T = OrderType
# The feed counts in 0.01 and 0.001, the venue in 0.1 and 0.01: ten feed units make one of the venue's.
FINE = Grid(name="feed", tick=Decimal("0.01"), lot=Decimal("0.001"))


def bench_on(book: LegBook, position: int = 0, **facts: object) -> Bench:
    return Bench(venue_with(**facts), account_of(position), book=book)


def tell(one: Bench, book: LegBook, *messages: Message) -> str:
    """Let the feed speak as a market would: books change, then the venue hears of it."""
    seen = len(one.facts)
    for message in messages:
        apply(book.book, message)
        if isinstance(message, Trade):
            pico, lots = book.price_pico(message.price), book.lots(message.size, message.price)
            one.venue.on_trade(Side(message.side), pico, lots)
        else:
            one.venue.on_book()
    one.run()
    return say(one.facts[seen:])


def fine_book() -> LegBook:
    """Bids 1000.00 x 0.50 and 999.93 x 0.30, asks 1000.17 x 0.40, 1000.19 x 0.20 and 1000.30 x 5."""
    book = leg_book(FINE, INSTRUMENT)
    depth = snapshot(1, 0, {100_000: 500, 99_993: 300}, {100_017: 400, 100_019: 200, 100_030: 5_000})
    apply(book.book, depth)
    apply(book.book, Bbo(2, 0, 100_000, 500, 100_017, 400))
    return book


def test_levels_of_a_finer_feed_are_met_on_the_venues_grid() -> None:
    book = fine_book()
    one = bench_on(book, ioc_result=False)
    assert say(one.place(T.IOC, BUY, 100, 10_001)) == "accepted, expired 0"
    assert say(one.place(T.IOC, BUY, 100, 10_002)) == "accepted, filled 60 taker, expired 60"
    assert say(one.place(T.IOC, BUY, 100, 10_002)) == "accepted, expired 0"  # eaten
    assert say(one.place(T.IOC, SELL, 80, 9_999)) == "accepted, filled 50 taker, filled 80 taker, filled 80"


def test_a_post_only_order_queues_behind_merged_levels() -> None:
    book = fine_book()
    one = bench_on(book)
    assert say(one.place(T.POST_ONLY, SELL, 10, 10_002)) == "accepted"
    assert tell(one, book, Trade(3, 0, 1, 100_019, 9_000)) == ""  # below our 1000.2: nothing reached us
    assert tell(one, book, Trade(4, 0, 1, 100_020, 620)) == "filled 2 maker"
    assert tell(one, book, Trade(5, 0, 1, 100_021, 50)) == "filled 7 maker"


def test_the_ticker_reaching_a_resting_order_fills_it() -> None:
    book = fine_book()
    one = bench_on(book)
    one.place(T.POST_ONLY, BUY, 10, 9_999)
    assert tell(one, book, Bbo(3, 0, 99_980, 10, 99_990, 43)) == "filled 4 maker"
    assert tell(one, book, Bbo(4, 0, 99_980, 11, 99_990, 43)) == ""
    assert tell(one, book, Bbo(5, 0, 99_980, 11, 99_990, 90)) == "filled 10 maker, filled 10"
    assert not one.venue.resting


def test_an_empty_book_matches_nothing() -> None:
    one = bench_on(leg_book(FINE, INSTRUMENT))
    assert say(one.place(T.MARKET, BUY, 10, 99_999)) == "expired 0"
    assert say(one.place(T.POST_ONLY, BUY, 10, 9_999)) == "accepted"
    assert say(one.sweep()) == "cancelled 0, swept 1"


def test_a_stop_on_the_feed_closes_the_position() -> None:
    book = fine_book()
    one = bench_on(book, position=30)
    one.place(T.STOP, SELL, 30, 9_900, stop=9_950, reduce_only=True)
    assert tell(one, book, Bbo(3, 0, 99_560, 900, 99_570, 10)) == ""
    assert tell(one, book, Bbo(4, 0, 99_490, 900, 99_500, 10)) == "filled 30 taker, filled 30"
    assert one.account.lots == 0


def test_levels_and_displayed_tell_the_same_sizes() -> None:
    book = fine_book()
    for side, maker in ((BUY, SELL), (SELL, BUY)):
        assert all(book.displayed(maker, price) == lots for price, lots in book.levels(side))
    assert list(book.levels(BUY)) == [(10_002, 60), (10_003, 500)]
