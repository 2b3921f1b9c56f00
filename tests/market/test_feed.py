"""Streams become one, in time order, with nothing lost; and what a message does to a book."""

from hypothesis import given
from hypothesis import strategies as st

from dnkit.market.book import NO_ASK
from dnkit.market.feed import Bbo, Message, delta, merge

times = st.lists(st.integers(0, 30), max_size=30).map(sorted)


def batches(leg: int, moments: list[int], size: int) -> list[list[Message]]:
    told: list[Message] = [Bbo(at, leg, number, 1, number + 1, 1) for number, at in enumerate(moments)]
    return [told[at : at + size] for at in range(0, len(told), size)]


@given(st.lists(times, min_size=1, max_size=4), st.integers(1, 7))
def test_merged_streams_are_in_order_and_whole(several: list[list[int]], size: int) -> None:
    streams = [batches(leg, moments, size) for leg, moments in enumerate(several)]
    merged = list(merge(streams))
    assert [one.at_ns for one in merged] == sorted(at for moments in several for at in moments)
    for leg, stream in enumerate(streams):
        assert [one for one in merged if one.leg == leg] == [one for batch in stream for one in batch]


def test_an_empty_batch_is_no_end() -> None:
    assert len(list(merge([[[], *batches(0, [1, 2], 1)], batches(1, [1], 1)]))) == 3


def test_bounds_look_at_levels_with_a_size_only() -> None:
    one = delta(1, 0, {5: 0, 4: 1}, {7: 0})
    assert (one.bid_high, one.ask_low) == (4, NO_ASK)
