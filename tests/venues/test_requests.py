"""Each request against each way a venue may answer it."""

import pytest

from dnkit.model.errors import BugError
from dnkit.model.events import OrderAccepted, OrderEnded, OrderFilled, OrderFound, OrderRejected, PositionRead
from dnkit.model.terms import OrderType, PostOnlyCross, Side
from dnkit.venues.account import Account
from dnkit.venues.paper import KEPT_ORDERS
from tests.venues.rig import INSTRUMENT, LATENCY, MS, Bench, say, venue_with

BUY, SELL = Side.BUY, Side.SELL
T = OrderType
BIDS = {9_999: 50, 9_998: 80}
ASKS = {10_001: 40, 10_002: 60, 10_005: 500}


def bench(**facts: object) -> Bench:
    one = Bench(venue_with(**facts))
    one.show(BIDS, ASKS)
    return one


POST_ONLY_CROSS = [
    (PostOnlyCross.REJECTED, True, "rejected post_only_cross"),
    (PostOnlyCross.CANCELLED, True, "accepted, post_only_cross 0"),
    (PostOnlyCross.EXPIRED, False, "accepted, post_only_cross -1"),
]


@pytest.mark.parametrize(("shown_as", "cancel_cum", "told"), POST_ONLY_CROSS)
@pytest.mark.parametrize(("side", "price"), [(BUY, 10_001), (BUY, 10_009), (SELL, 9_999)])
def test_post_only_that_would_take(
    shown_as: PostOnlyCross, cancel_cum: bool, told: str, side: Side, price: int
) -> None:
    one = bench(post_only_cross=shown_as, cancel_cum=cancel_cum)
    assert say(one.place(T.POST_ONLY, side, 10, price)) == told
    assert one.venue.resting_orders() == ()
    assert one.account.lots == 0


def test_post_only_beside_the_touch_rests() -> None:
    one = bench()
    assert say(one.place(T.POST_ONLY, BUY, 10, 10_000)) == "accepted"
    assert [order.key for order in one.venue.resting_orders()] == ["run-a-1"]


# type, lots, price, answer with the result, answer without it
TAKING = [
    (T.IOC, 10, 10_001, "filled 10 taker, filled 10", "accepted, filled 10 taker, filled 10"),
    (
        T.IOC,
        90,
        10_002,
        "filled 90 taker, filled 90",
        "accepted, filled 40 taker, filled 90 taker, filled 90",
    ),
    (T.IOC, 90, 10_001, "filled 40 taker, expired 40", "accepted, filled 40 taker, expired 40"),
    (T.IOC, 10, 10_000, "expired 0", "accepted, expired 0"),
    (T.FOK, 90, 10_001, "expired 0", "accepted, expired 0"),
    (
        T.FOK,
        90,
        10_002,
        "filled 90 taker, filled 90",
        "accepted, filled 40 taker, filled 90 taker, filled 90",
    ),
    (T.MARKET, 90, 10_001, "filled 40 taker, expired 40", "accepted, filled 40 taker, expired 40"),
    (
        T.MARKET,
        90,
        10_009,
        "filled 90 taker, filled 90",
        "accepted, filled 40 taker, filled 90 taker, filled 90",
    ),
]


@pytest.mark.parametrize(("type_", "lots", "price", "told", "told_later"), TAKING)
def test_taking(type_: OrderType, lots: int, price: int, told: str, told_later: str) -> None:
    assert say(bench(ioc_result=True).place(type_, BUY, lots, price)) == told
    assert say(bench(ioc_result=False).place(type_, BUY, lots, price)) == told_later


@pytest.mark.parametrize(("type_", "lots"), [(T.IOC, 10), (T.FOK, 90), (T.MARKET, 10)])
def test_a_venue_may_show_no_match_as_an_error(type_: OrderType, lots: int) -> None:
    one = bench(ioc_no_match_rejected=True, ioc_result=False)
    price = 10_001 if type_ is T.FOK else 10_000
    assert say(one.place(type_, BUY, lots, price)) == "rejected no_match"
    assert say(one.place(T.IOC, BUY, 90, 10_001)) == "accepted, filled 40 taker, expired 40"


def test_taking_from_an_empty_side_meets_nothing() -> None:
    one = bench()
    one.show(BIDS, {})
    assert say(one.place(T.MARKET, BUY, 10, 99_999)) == "expired 0"
    assert say(one.place(T.POST_ONLY, BUY, 10, 99_999)) == "accepted"


def test_price_improvement_goes_to_the_taker_and_fees_follow_liquidity() -> None:
    one = bench()
    filled, ended = one.place(T.IOC, BUY, 50, 10_004)
    assert isinstance(filled, OrderFilled) and isinstance(ended, OrderEnded)
    worth = 40 * 10_001 + 10 * 10_002
    assert (filled.worth, filled.fee) == (worth, INSTRUMENT.fee(worth, maker=False))
    assert (ended.cum, ended.worth, ended.fee) == (50, worth, filled.fee)
    one.place(T.POST_ONLY, SELL, 20, 10_003)
    one.trade(BUY, 10_004, 100)
    maker = [fact for fact in one.facts if isinstance(fact, OrderFilled)][-1]
    assert maker.fee == INSTRUMENT.fee(20 * 10_003, maker=True) < 0
    assert one.account.holding.fees == filled.fee + maker.fee


def test_gtc_takes_and_its_rest_stays() -> None:
    one = bench()
    assert say(one.place(T.GTC, BUY, 60, 10_001)) == "accepted, filled 40 taker"
    assert len(one.venue.resting_orders()) == 1
    assert say(one.trade(SELL, 10_001, 15)) == "filled 55 maker"
    assert say(one.cancel(1)) == "cancelled 55"


@pytest.mark.parametrize(("cancel_cum", "told"), [(True, "cancelled 4"), (False, "cancelled -1")])
def test_cancel_acknowledgement_with_and_without_its_total(cancel_cum: bool, told: str) -> None:
    one = bench(cancel_cum=cancel_cum)
    one.place(T.POST_ONLY, BUY, 10, 10_000)
    one.trade(SELL, 10_000, 4)
    ended = one.cancel(1)
    assert say(ended) == told
    assert isinstance(ended[0], OrderEnded)
    assert bool(ended[0].worth) is cancel_cum
    assert say(one.find(1)) == "found over 4"


def test_cancelling_what_is_gone_is_refused() -> None:
    one = bench()
    one.place(T.IOC, BUY, 10, 10_001)
    assert say(one.cancel(1)) == "cancel refused"
    assert say(one.cancel(99)) == "cancel refused"


REFUSED = [
    ({}, T.IOC, 1, 10_001, {}, "rejected too_small"),  # 0.01 is below the minimum of 0.02
    ({}, T.IOC, 2, 2_000, {}, "rejected too_small"),  # 0.02 at 200 is below 5 USD
    ({}, T.IOC, 0, 10_001, {}, "rejected too_small"),
    ({}, T.IOC, 10, 0, {}, "rejected other"),
    ({}, T.STOP, 10, 10_001, {}, "rejected other"),  # a stop without a trigger
    ({"types": (T.IOC,)}, T.POST_ONLY, 10, 9_000, {}, "rejected other"),
    ({"reduce_only": (T.IOC, T.FOK)}, T.POST_ONLY, 10, 9_000, {"reduce_only": True}, "rejected reduce_only"),
    ({}, T.IOC, 10, 10_001, {"reduce_only": True}, "rejected reduce_only"),  # flat: nothing to reduce
]


@pytest.mark.parametrize(("facts", "type_", "lots", "price", "more", "told"), REFUSED)
def test_refused_outright(
    facts: dict[str, object], type_: OrderType, lots: int, price: int, more: dict[str, bool], told: str
) -> None:
    one = bench(**facts)
    assert say(one.place(type_, BUY, lots, price, **more)) == told
    assert one.account.lots == 0
    assert say(one.find(1)) == "found absent 0"


def test_the_smallest_order_is_taken() -> None:
    assert say(bench().place(T.IOC, BUY, 2, 10_001)) == "filled 2 taker, filled 2"


@pytest.mark.parametrize(("rejected", "told"), [(True, "rejected duplicate"), (False, "accepted")])
def test_a_client_id_never_makes_a_second_order(rejected: bool, told: str) -> None:
    one = bench(duplicate_id_rejected=rejected)
    order = one.order(T.POST_ONLY, BUY, 10, 9_990)
    one.venue.place(order)
    assert say(one.run()) == "accepted"
    one.venue.place(order)
    assert say(one.run()) == told
    assert one.venue.resting_orders() == (order,)
    one.cancel(order.order)
    one.venue.place(order)
    assert say(one.run()) == told
    assert one.venue.resting_orders() == ()


def test_a_refused_order_stays_refused_when_it_is_sent_again() -> None:
    one = bench()
    order = one.order(T.POST_ONLY, BUY, 10, 10_001)
    one.venue.place(order)
    one.run()
    one.show(BIDS, {10_050: 1})
    one.venue.place(order)
    assert say(one.run()) == "rejected post_only_cross"
    assert one.venue.resting_orders() == ()


def test_look_up_follows_the_order() -> None:
    one = bench()
    (absent,) = one.find(1)
    one.place(T.POST_ONLY, BUY, 10, 10_000)
    one.trade(SELL, 10_000, 4)
    (found,) = one.find(1)
    assert isinstance(absent, OrderFound) and isinstance(found, OrderFound)
    assert (say([absent]), absent.request) == ("found absent 0", 9)
    assert (say([found]), found.worth, found.request) == ("found live 4", 40_000, 9)
    one.trade(SELL, 10_000, 6)
    assert say(one.find(1)) == "found over 10"


def test_look_up_may_be_late_or_missing() -> None:
    late = Bench(lookup_visible_ns=500 * MS)
    late.place(T.POST_ONLY, BUY, 10, 9_000)
    assert say(late.find(1)) == "found absent 0"
    late.run(500 * MS)
    assert say(late.find(1)) == "found live 0"
    blind = bench(find_by_client_id=False)
    blind.place(T.POST_ONLY, BUY, 10, 9_000)
    assert say(blind.find(1)) == "found error 0"


def test_sweep_cancels_all_but_the_kept() -> None:
    one = bench()
    one.place(T.POST_ONLY, BUY, 10, 9_990)
    one.place(T.POST_ONLY, BUY, 10, 9_991)
    one.place(T.STOP, SELL, 10, 8_000, stop=9_000)
    assert say(one.sweep("run-a-2")) == "cancelled 0, cancelled 0, swept 2"
    assert [order.key for order in one.venue.resting_orders()] == ["run-a-2"]
    assert say(one.sweep()) == "cancelled 0, swept 1"
    assert say(one.sweep()) == "swept 0"


def test_the_book_that_counts_is_the_one_at_arrival() -> None:
    one = bench()
    one.venue.place(one.order(T.IOC, BUY, 10, 10_001))
    assert one.run(LATENCY - 1) == []
    one.book.shown[SELL] = {10_050: 500}
    one.run(1)
    assert one.facts == []
    one.book.shown[SELL] = {10_001: 500}
    (ended,) = one.run(LATENCY)
    assert (say([ended]), ended.at_ns) == ("expired 0", 2 * LATENCY)


@pytest.mark.parametrize("backwards", [False, True])
def test_both_ways_keep_their_order_whatever_the_scheduler_does(backwards: bool) -> None:
    one = Bench(venue_with(ioc_result=False), backwards=backwards)
    one.show(BIDS, ASKS)
    one.venue.place(one.order(T.POST_ONLY, BUY, 10, 9_990))
    one.venue.place(one.order(T.IOC, BUY, 90, 10_002))
    assert say(one.run()) == "accepted, accepted, filled 40 taker, filled 90 taker, filled 90"
    assert [fact.order for fact in one.facts if isinstance(fact, OrderAccepted)] == [1, 2]


def test_position_reads_are_as_old_as_they_say() -> None:
    whole = Bench(lag_reads=True)
    whole.run(10_000 * MS)
    whole.show(BIDS, ASKS)
    whole.place(T.IOC, BUY, 10, 10_001)
    (read,) = whole.read()
    assert isinstance(read, PositionRead)
    assert (read.lots, read.at_ns - LATENCY - read.as_of_ns) == (0, 2_000 * MS)
    whole.run(2_000 * MS)
    assert say(whole.read()) == "position 10"


def test_position_reads_lag_a_little_by_default_and_tell_the_truth_about_it() -> None:
    one = Bench(seed=3)
    one.run(10_000 * MS)
    one.show(BIDS, ASKS)
    one.place(T.IOC, BUY, 10, 10_001)
    filled_at = one.facts[-1].at_ns - LATENCY
    reads = [fact for _ in range(100) for fact in one.read() if isinstance(fact, PositionRead)]
    ages = [read.at_ns - LATENCY - read.as_of_ns for read in reads]
    assert all(read.lots == (10 if read.as_of_ns >= filled_at else 0) for read in reads)
    assert {read.lots for read in reads} == {0, 10}
    assert 0 <= min(ages) < 100 * MS and 400 * MS < max(ages) <= 500 * MS
    again = Bench(seed=3)
    again.run(10_000 * MS)
    again.show(BIDS, ASKS)
    again.place(T.IOC, BUY, 10, 10_001)
    assert [fact for _ in range(100) for fact in again.read()] == reads


def test_a_read_never_describes_the_time_before_the_venue_stood() -> None:
    one = Bench(lag_reads=True)
    (read,) = one.read()
    assert isinstance(read, PositionRead)
    assert (read.lots, read.as_of_ns) == (0, 0)


def test_a_position_stream_tells_each_fill() -> None:
    one = bench(position_stream=True, ioc_result=False)
    told = one.place(T.IOC, BUY, 90, 10_002)
    assert say(told) == "accepted, filled 40 taker, position 40, filled 90 taker, position 90, filled 90"
    assert all(fact.request == 0 for fact in told if isinstance(fact, PositionRead))


def test_trades_have_names_of_their_own() -> None:
    one = bench(ioc_result=False)
    facts = one.place(T.IOC, BUY, 90, 10_002)
    assert [fact.trade for fact in facts if isinstance(fact, OrderFilled)] == ["run-a-1#1", "run-a-1#2"]


def test_an_account_on_another_grid_is_a_bug() -> None:
    account = Account("bench", "bench", "ETH", lot=INSTRUMENT.lot * 10, tick=INSTRUMENT.tick)
    with pytest.raises(BugError, match="grid"):
        Bench(account=account)


def test_a_rejection_carries_words() -> None:
    one = bench(types=(T.IOC,))
    (fact,) = one.place(T.STOP, BUY, 10, 10_001, stop=10_000)
    assert isinstance(fact, OrderRejected)
    assert fact.text == "bench has no stop orders"


def test_finished_orders_are_forgotten_in_the_end_but_never_what_they_traded() -> None:
    one = bench()
    one.show({9_999: 100_000}, {10_001: 100_000})
    for _ in range(KEPT_ORDERS + 10):
        one.place(T.IOC, BUY, 2, 10_001)
    assert say(one.find(1)) == "found absent 0"
    assert say(one.find(KEPT_ORDERS)) == "found over 2"
    assert one.venue.executed == one.account.lots == 2 * (KEPT_ORDERS + 10)
