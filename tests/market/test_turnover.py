"""Traded worth over a window: exact while young, never too much when old, always small."""

from hypothesis import given
from hypothesis import strategies as st

from dnkit.market.turnover import PIECES_MAX, Turnover
from dnkit.model.numbers import NS_PER_S


def test_a_window_of_whole_pieces_is_exact() -> None:
    turnover = Turnover()
    for second in range(100):
        turnover.add(second * NS_PER_S, second)
        turnover.add(second * NS_PER_S + 1, 1000)
    assert turnover.since(90 * NS_PER_S) == sum(range(90, 100)) + 10_000


@given(st.lists(st.tuples(st.integers(0, 3 * NS_PER_S), st.integers(1, 9)), max_size=60), st.integers(0, 200))
def test_never_more_than_was_traded(trades: list[tuple[int, int]], since_s: int) -> None:
    turnover, at, seen = Turnover(), 0, 0
    for pause, worth in trades:
        at += pause
        turnover.add(at, worth)
        seen += worth if at >= since_s * NS_PER_S else 0
    assert turnover.since(since_s * NS_PER_S) <= seen
    assert turnover.since(0) == sum(worth for _, worth in trades)


def test_days_fit_into_bounded_memory_and_nothing_is_lost() -> None:
    turnover = Turnover()
    for second in range(200_000):
        turnover.add(second * NS_PER_S, 1)
    assert turnover.since(0) == 200_000
    assert 0.9 * 100_000 <= turnover.since(100_000 * NS_PER_S) <= 100_000
    assert len(turnover._begins) <= PIECES_MAX
