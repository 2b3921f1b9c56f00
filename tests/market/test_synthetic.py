"""The synthetic market: the same seed tells the same story, no book ever crosses, hard is harder."""

from itertools import islice, pairwise, takewhile

import pytest

from dnkit.market.book import Book
from dnkit.market.calibration import measure, tapes
from dnkit.market.feed import Message, Trade, apply
from dnkit.market.profiles import PROFILES, VENUES, profile_of
from dnkit.market.synthetic import SyntheticMarket
from dnkit.model.numbers import NS_PER_S
from dnkit.model.terms import Side
from tests.market.grids import instrument

START_NS = 1_767_225_600 * NS_PER_S
LEGS = [(instrument(), "aster"), (instrument(venue="lighter", symbol="ETH", lot="0.0001"), "lighter")]


def told(seed: int, seconds: int, regime: str = "calm") -> list[Message]:
    end = START_NS + seconds * NS_PER_S
    market = SyntheticMarket(seed, LEGS, regime, START_NS)
    return list(takewhile(lambda one: one.at_ns < end, market.messages()))


def test_the_same_seed_tells_the_same_story_and_another_seed_another() -> None:
    assert told(7, 60) == told(7, 60)
    assert told(7, 60) != told(8, 60)
    assert told(7, 60) != told(7, 60, "hard")


def test_it_never_ends_and_every_look_begins_anew() -> None:
    market = SyntheticMarket(7, LEGS, "calm", START_NS)
    assert market.end_ns is None
    assert list(islice(market.messages(), 3_000)) == list(islice(market.messages(), 3_000))


@pytest.mark.parametrize("regime", ["calm", "hard"])
def test_books_never_cross_and_are_whole_from_the_start(regime: str) -> None:
    books, last = [Book(), Book()], START_NS
    for number, message in enumerate(told(3, 600, regime)):
        assert message.at_ns >= last
        last = message.at_ns
        book = books[message.leg]
        apply(book, message)
        if isinstance(message, Trade):
            assert message.size > 0
        if number > 3:
            assert 0 < book.bid < book.ask
            assert min(book.bid_size, book.ask_size) > 0
        if number % 100 == 99:
            assert all(len(list(book.levels(side))) > 5 for side in Side)


def test_the_hard_regime_is_wider_thinner_wilder_and_silent_at_times() -> None:
    calm, hard = (tapes(told(5, 1_500, regime), 2) for regime in ("calm", "hard"))
    grids = SyntheticMarket(5, LEGS, "calm", START_NS).grids
    for easy, tough, grid in zip(calm, hard, grids, strict=True):
        before, after = measure(easy, grid), measure(tough, grid)
        assert after.spread_p50 > 1.5 * before.spread_p50
        assert after.top_usd < 0.6 * before.top_usd
        assert after.move_p99 > 1.4 * before.move_p99

    def longest(tape_index: int) -> int:
        times = [one.at_ns for one in hard[tape_index].touches]
        return max(b - a for a, b in pairwise(times))

    assert max(longest(0), longest(1)) > 15 * NS_PER_S
    assert max(longest(0), longest(1)) < 90 * NS_PER_S


def test_every_venue_has_a_profile_and_every_profile_can_speak() -> None:
    assert set(VENUES.values()) <= set(PROFILES)
    for rows in PROFILES.values():
        for row in rows.values():
            assert row.changes > row.trades > 0
            assert row.spread_p99 >= row.spread_p50


def test_a_profile_goes_by_venue_and_thin_coins_are_thin_everywhere() -> None:
    assert profile_of(instrument(venue="nado")) == "hyperliquid"
    assert profile_of(instrument(venue="nobody_knows")) == "hyperliquid"
    assert profile_of(instrument(venue="binance_usdm", base="CTK", symbol="CTKUSDT")) == "thin"


def test_a_coin_nobody_wrote_down_trades_too() -> None:
    market = SyntheticMarket(1, [(instrument(base="NEW", tick="0.0001"), "hyperliquid")], "calm", START_NS)
    book = Book()
    for message in islice(market.messages(), 500):
        apply(book, message)
    assert 0 < book.bid < book.ask


def test_what_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no regime stormy; there are calm, hard"):
        SyntheticMarket(1, LEGS, "stormy", START_NS)
    with pytest.raises(ValueError, match="no profile nowhere"):
        SyntheticMarket(1, [(instrument(), "nowhere")], "calm", START_NS)
