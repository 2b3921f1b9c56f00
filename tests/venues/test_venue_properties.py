"""Whatever is asked of it and whatever the market does, the paper venue's words add up."""

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from dnkit.model.commands import CancelOrder, PlaceOrder
from dnkit.model.events import OrderEnded, OrderFilled, OrderRejected
from dnkit.model.terms import OrderType, PostOnlyCross, RejectKind, Side
from dnkit.venues.judge import judge
from tests.venues.rig import Bench, account_of, venue_with

MS = 1_000_000
sides = st.sampled_from(Side)
sizes = st.integers(1, 30)
prices = st.integers(9_990, 10_010)
level = st.dictionaries(prices, st.integers(1, 20), max_size=5)
placing = st.tuples(
    st.just("place"), st.sampled_from(OrderType), sides, sizes, prices, prices, st.booleans(), st.booleans()
)
cancelling = st.tuples(st.just("cancel"), st.integers(1, 12))
trading = st.tuples(st.just("trade"), sides, prices, sizes)
showing = st.tuples(st.just("show"), level, level)
waiting = st.tuples(st.just("wait"), st.integers(0, 30))
acts = st.lists(st.one_of(placing, placing, cancelling, trading, showing, showing, waiting), max_size=40)
venues = st.fixed_dictionaries(
    {
        "post_only_cross": st.sampled_from(PostOnlyCross),
        "ioc_result": st.booleans(),
        "ioc_no_match_rejected": st.booleans(),
        "duplicate_id_rejected": st.booleans(),
        "position_stream": st.booleans(),
    }
)


def play(one: Bench, doings: list[tuple]) -> dict[int, PlaceOrder]:
    """Carry the doings out without waiting for answers, then sweep; answers the orders that were sent."""
    sent: dict[int, PlaceOrder] = {}
    for name, *args in doings:
        match name:
            case "place":
                type_, side, lots, price, stop, reduce_only, twice = args
                order = one.order(type_, side, lots, price, stop=stop, reduce_only=reduce_only)
                sent[order.order] = order
                for _ in range(1 + twice):
                    one.venue.place(order)
            case "cancel":
                one.venue.cancel(CancelOrder(leg=0, order=args[0], key=f"run-a-{args[0]}"))
            case "trade":
                one.venue.on_trade(args[0], args[1] * 10**11, args[2])
            case "show":
                bids, asks = args
                top = max(bids, default=0)
                one.book.shown = {
                    Side.BUY: dict(bids),
                    Side.SELL: {price: lots for price, lots in asks.items() if price > top},
                }
                one.venue.on_book()
            case _:
                one.run(args[0] * MS)
    one.run()
    one.sweep()
    return sent


@settings(max_examples=300, deadline=None)
@given(venues, st.integers(-20, 20), acts)
def test_the_words_add_up(facts: dict, start: int, doings: list[tuple]) -> None:
    one = Bench(venue_with(**facts), account_of(start))
    sent = play(one, doings)

    cums: dict[int, list[int]] = defaultdict(lambda: [0])
    for fact in one.facts:
        if isinstance(fact, OrderFilled):
            assert fact.cum >= cums[fact.order][-1], "totals never fall"
            cums[fact.order].append(fact.cum)
    ends = [fact for fact in one.facts if isinstance(fact, OrderEnded)]
    refusals = {
        fact.order
        for fact in one.facts
        if isinstance(fact, OrderRejected) and fact.why is not RejectKind.DUPLICATE
    }
    assert sorted([*(end.order for end in ends), *refusals]) == sorted(sent), "one final word per order"
    for end in ends:
        assert end.cum == cums[end.order][-1] <= sent[end.order].lots, "never more than asked"
    moved = sum(sent[order].side * totals[-1] for order, totals in cums.items())
    assert start + moved == one.account.lots, "reported fills are the position"
    assert judge(one.venue, start + moved).findings == ()
    assert not one.venue.resting


@settings(max_examples=200, deadline=None)
@given(st.integers(-20, 20), acts)
def test_reduce_only_never_takes_a_position_through_zero(start: int, doings: list[tuple]) -> None:
    one = Bench(account=account_of(start))
    seen = [start]
    book = one.account.fill

    def watched(*args, **more):
        book(*args, **more)
        seen.append(one.account.lots)

    one.account.fill = watched  # type: ignore[method-assign]
    play(one, [(*doing[:6], True, doing[7]) if doing[0] == "place" else doing for doing in doings])
    assert all(lots * start >= 0 and abs(lots) <= abs(start) for lots in seen)
    assert [abs(lots) for lots in seen] == sorted((abs(lots) for lots in seen), reverse=True)


@settings(max_examples=100, deadline=None)
@given(acts)
def test_prices_are_never_worse_than_the_limit(doings: list[tuple]) -> None:
    one = Bench(venue_with(ioc_result=False))
    sent = play(one, doings)
    before: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for fact in one.facts:
        if isinstance(fact, OrderFilled):
            lots, worth = fact.cum - before[fact.order][0], fact.worth - before[fact.order][1]
            limit = sent[fact.order].price
            assert (worth - limit * lots) * sent[fact.order].side <= 0
            before[fact.order] = (fact.cum, fact.worth)
