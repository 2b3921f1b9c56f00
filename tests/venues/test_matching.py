"""Who is filled, when, and with whose liquidity."""

import pytest

from dnkit.model.events import OrderEnded, OrderFilled
from dnkit.model.terms import OrderType, Side
from tests.venues.rig import Bench, account_of, say, venue_with

BUY, SELL = Side.BUY, Side.SELL
T = OrderType
BIDS = {9_999: 50, 9_998: 80}
ASKS = {10_001: 40, 10_002: 60}


def bench(lots: int = 0, **facts: object) -> Bench:
    """A venue with a shown book and, where asked, a position to start from."""
    one = Bench(venue_with(**facts), account_of(lots))
    one.show(BIDS, ASKS)
    return one


def filled(one: Bench, order: int) -> int:
    """The total the venue last told of an order."""
    told = [fact.cum for fact in one.facts if isinstance(fact, OrderFilled) and fact.order == order]
    return max(told, default=0)


# trades at or through our bid of 10 lots at 9,999 with 50 displayed ahead; what we have after each
QUEUES = [
    ("the queue is served first", [(9_999, 50)], [0]),
    ("then we are", [(9_999, 53)], [3]),
    ("one trade after another", [(9_999, 30), (9_999, 30), (9_999, 5)], [0, 10, 10]),
    ("a trade above our price is not ours", [(10_000, 500)], [0]),
    ("a trade through us owes the queue nothing", [(9_998, 4)], [4]),
    ("never more than the trade brought", [(9_998, 4), (9_997, 4), (9_990, 4)], [4, 8, 10]),
]


@pytest.mark.parametrize(("what", "trades", "after"), QUEUES)
def test_a_resting_bid_queues(what: str, trades: list[tuple[int, int]], after: list[int]) -> None:
    one = bench()
    one.place(T.POST_ONLY, BUY, 10, 9_999)
    had = []
    for price, lots in trades:
        one.trade(SELL, price, lots)
        had.append(filled(one, 1))
    assert had == after, what
    assert one.account.lots == after[-1]


def test_a_resting_offer_queues_like_a_bid() -> None:
    one = bench()
    one.place(T.POST_ONLY, SELL, 10, 10_001)
    one.trade(BUY, 10_001, 44)
    assert filled(one, 1) == 4
    one.trade(BUY, 10_002, 1)
    assert filled(one, 1) == 5
    one.trade(SELL, 9_999, 1_000)
    assert filled(one, 1) == 5
    assert one.account.lots == -5


def test_a_shrinking_queue_lets_us_forward_and_a_growing_one_stands_behind() -> None:
    one = bench()
    one.place(T.POST_ONLY, BUY, 10, 9_999)
    one.show({9_999: 20}, ASKS)
    one.show({9_999: 300}, ASKS)
    one.trade(SELL, 9_999, 24)
    assert filled(one, 1) == 4


@pytest.mark.parametrize(
    ("side", "price", "behind", "at", "beyond"),
    [
        (BUY, 9_998, ({9_999: 50, 9_998: 1}, ASKS), ({9_998: 6}, ASKS), ({9_990: 9}, ASKS)),
        (SELL, 10_002, (BIDS, {10_001: 40, 10_002: 1}), (BIDS, {10_002: 6}), (BIDS, {})),
    ],
)
def test_a_queue_behind_the_touch_is_cut_when_the_touch_comes(
    side: Side, price: int, behind: tuple, at: tuple, beyond: tuple
) -> None:
    against = SELL if side is BUY else BUY
    one = bench()
    one.place(T.POST_ONLY, side, 10, price)
    one.show(*behind)
    one.trade(against, price, 1)
    assert filled(one, 1) == 0
    one.show(*at)
    one.trade(against, price, 8)
    assert filled(one, 1) == 2
    waiting = bench()
    waiting.place(T.POST_ONLY, side, 10, price)
    waiting.show(*beyond)
    waiting.trade(against, price, 3)
    assert filled(waiting, 1) == 3


def test_a_shown_trade_and_its_smaller_size_are_not_counted_twice() -> None:
    one = bench()
    one.place(T.POST_ONLY, BUY, 10, 9_999)
    one.trade(SELL, 9_999, 30)
    one.show({9_999: 20}, ASKS)
    one.trade(SELL, 9_999, 20)
    assert filled(one, 1) == 0
    one.trade(SELL, 9_999, 1)
    assert filled(one, 1) == 1


def test_own_orders_at_one_price_are_served_by_time_and_share_one_queue() -> None:
    one = bench()
    one.place(T.POST_ONLY, BUY, 10, 9_999)  # 50 ahead
    one.show({9_999: 70}, ASKS)
    one.place(T.POST_ONLY, BUY, 10, 9_999)  # the same 50, then 20 that came between
    one.trade(SELL, 9_999, 55)
    assert (filled(one, 1), filled(one, 2)) == (5, 0)
    one.trade(SELL, 9_999, 25)
    assert (filled(one, 1), filled(one, 2)) == (10, 0)
    one.trade(SELL, 9_999, 3)
    assert (filled(one, 1), filled(one, 2)) == (10, 3)


def test_the_better_own_price_is_served_first_and_one_trade_is_given_out_once() -> None:
    one = bench()
    one.place(T.POST_ONLY, BUY, 10, 9_990)
    one.place(T.POST_ONLY, BUY, 10, 10_000)
    one.trade(SELL, 9_980, 14)
    assert (filled(one, 2), filled(one, 1)) == (10, 4)


def test_the_far_touch_reaching_our_price_fills_us_at_our_price() -> None:
    one = bench()
    one.place(T.POST_ONLY, BUY, 30, 10_000)
    facts = one.show({9_990: 10}, {9_999: 8, 10_000: 4, 10_001: 90})
    assert say(facts) == "filled 12 maker"
    assert isinstance(facts[0], OrderFilled) and facts[0].worth == 12 * 10_000
    assert one.show({9_990: 10}, {9_999: 8, 10_000: 4, 10_001: 90}) == []  # that quantity has met us already
    assert say(one.show({9_990: 10}, {10_000: 100})) == "filled 30 maker, filled 30"


def test_a_touch_that_comes_near_is_no_fill() -> None:
    one = bench()
    one.place(T.POST_ONLY, BUY, 10, 9_999)
    assert one.show({9_999: 50}, {10_000: 500}) == []


def test_eaten_levels_stay_eaten_until_their_size_changes() -> None:
    one = bench()
    assert say(one.place(T.IOC, BUY, 30, 10_001)) == "filled 30 taker, filled 30"
    assert say(one.place(T.IOC, BUY, 30, 10_001)) == "filled 10 taker, expired 10"
    assert say(one.place(T.IOC, BUY, 30, 10_001)) == "expired 0"
    assert say(one.place(T.FOK, BUY, 60, 10_002)) == "filled 60 taker, filled 60"
    assert say(one.place(T.IOC, SELL, 10, 9_999)) == "filled 10 taker, filled 10"
    one.show(BIDS, {10_001: 41, 10_002: 60})
    assert say(one.place(T.IOC, BUY, 100, 10_002)) == "filled 41 taker, expired 41"


def test_eaten_levels_are_forgotten_when_the_touch_has_passed_them() -> None:
    one = bench()
    one.place(T.IOC, BUY, 40, 10_001)
    one.show(BIDS, {10_002: 60})
    one.place(T.IOC, BUY, 2, 10_002)
    one.show(BIDS, ASKS)
    assert say(one.place(T.IOC, BUY, 40, 10_001)) == "filled 40 taker, filled 40"


REDUCE = [
    (7, T.IOC, SELL, 20, 9_998, "filled 7 taker, expired 7", 0),
    (-7, T.MARKET, BUY, 20, 10_009, "filled 7 taker, expired 7", 0),
    (-7, T.IOC, BUY, 7, 10_001, "filled 7 taker, filled 7", 0),
    (7, T.FOK, SELL, 20, 9_999, "filled 7 taker, expired 7", 0),
    (7, T.IOC, BUY, 5, 10_001, "rejected reduce_only", 7),
    (-7, T.IOC, SELL, 5, 9_999, "rejected reduce_only", -7),
    (0, T.IOC, SELL, 5, 9_999, "rejected reduce_only", 0),
    (7, T.GTC, SELL, 20, 9_999, "accepted, filled 7 taker, cancelled 7", 0),
]


@pytest.mark.parametrize(("position", "type_", "side", "lots", "price", "told", "after"), REDUCE)
def test_reduce_only_stops_at_zero(
    position: int, type_: OrderType, side: Side, lots: int, price: int, told: str, after: int
) -> None:
    one = bench(position)
    assert say(one.place(type_, side, lots, price, reduce_only=True)) == told
    assert one.account.lots == after


def test_resting_reducers_never_pass_zero_together() -> None:
    one = bench(15)
    one.place(T.POST_ONLY, SELL, 10, 10_000, reduce_only=True)
    one.place(T.POST_ONLY, SELL, 10, 10_001, reduce_only=True)
    one.place(T.STOP, SELL, 10, 9_000, stop=9_500, reduce_only=True)
    facts = one.trade(BUY, 10_050, 500)
    assert say(facts) == "filled 10 maker, filled 10, filled 5 maker, cancelled 5, cancelled 0"
    assert one.account.lots == 0
    assert not one.venue.resting


def test_an_order_without_the_flag_goes_through_zero() -> None:
    one = bench(7)
    assert say(one.place(T.IOC, SELL, 20, 9_999)) == "filled 20 taker, filled 20"
    assert one.account.lots == -13


# position, side, stop, the book that does not fire it, the book that does
STOPS = [
    (20, SELL, 9_900, ({9_901: 9}, {9_905: 9}), ({9_890: 50}, {9_892: 50})),
    (-20, BUY, 10_100, ({10_095: 9}, {10_099: 9}), ({10_102: 50}, {10_104: 50})),
]


@pytest.mark.parametrize(("position", "side", "stop", "calm", "fires"), STOPS)
@pytest.mark.parametrize("type_", [T.STOP, T.STOP_LIMIT])
def test_a_stop_waits_for_mid(
    type_: OrderType, position: int, side: Side, stop: int, calm: tuple, fires: tuple
) -> None:
    one = bench(position)
    price = stop + side * 100
    assert say(one.place(type_, side, 20, price, stop=stop, reduce_only=True)) == "accepted"
    assert one.show(*calm) == []
    assert say(one.show(*fires)) == "filled 20 taker, filled 20"
    assert one.account.lots == 0


def test_a_stop_fires_on_a_trade_and_its_rest_expires() -> None:
    one = bench(100)
    one.place(T.STOP, SELL, 100, 9_999, stop=9_999)
    assert one.trade(SELL, 10_000, 1) == []
    assert say(one.trade(SELL, 9_999, 1)) == "filled 50 taker, expired 50"
    assert not one.venue.resting


def test_a_stop_limit_rests_with_what_it_could_not_take() -> None:
    one = bench(100)
    one.place(T.STOP_LIMIT, SELL, 100, 9_999, stop=9_999)
    assert say(one.trade(SELL, 9_999, 1)) == "filled 50 taker"
    assert say(one.trade(BUY, 10_000, 500)) == "filled 100 maker, filled 100"


def test_a_stop_that_is_reached_already_fires_at_once() -> None:
    one = bench(100)
    assert say(one.place(T.STOP, SELL, 10, 9_900, stop=10_500)) == "accepted, filled 10 taker, filled 10"


def test_a_stop_needs_both_sides_of_the_book() -> None:
    one = bench(100)
    one.place(T.STOP, SELL, 10, 8_000, stop=9_000)
    assert one.show({}, {8_500: 10}) == []
    assert len(one.venue.resting_orders()) == 1


def test_the_flag_says_whether_the_market_matters() -> None:
    one = bench()
    assert not one.venue.resting
    one.place(T.IOC, BUY, 10, 10_001)
    assert not one.venue.resting
    one.place(T.POST_ONLY, BUY, 10, 9_990)
    assert one.venue.resting
    one.trade(SELL, 9_990, 10)
    assert not one.venue.resting
    assert [fact.why.value for fact in one.facts if isinstance(fact, OrderEnded)] == ["filled", "filled"]
