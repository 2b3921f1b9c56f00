"""A tape is made once: every run gets the same messages and books of its own."""

from itertools import islice
from pathlib import Path

import pytest

from dnkit.cli.simulating import Asked, setting_of
from dnkit.market.feed import Market, apply
from dnkit.market.profiles import profile_of
from dnkit.market.synthetic import SyntheticMarket
from dnkit.model.errors import DnkitError
from dnkit.model.numbers import NS_PER_S
from dnkit.sim.hostile.campaign import simulate
from dnkit.sim.hostile.tape import APART_NS, LEFT_NS, Tape, Tapes, still
from tests.sim.hostile.worlds import setting

LEGS = [leg.instrument for leg in setting("close_two_phase").program.legs]


def market(seed: int, end_ns: int | None = None) -> Market:
    """A market that says when it ends, though it does not."""
    made = SyntheticMarket(seed, [(one, profile_of(one)) for one in LEGS])
    made.end_ns = end_ns
    return made


def test_a_place_is_the_same_however_one_gets_there() -> None:
    straight, by_steps = Tapes(market, LEGS, 1, 4), Tapes(market, LEGS, 1, 4)
    for seed in (0, 1, 2):
        by_steps.open(seed)
    one, other = straight.open(3), by_steps.open(3)
    assert one.now_ns == other.now_ns >= 3 * APART_NS
    assert [(book.bid, book.ask) for book in one.books] == [(book.bid, book.ask) for book in other.books]
    assert list(islice(one.feed, 50)) == list(islice(other.feed, 50))


def test_what_one_run_is_told_the_next_does_not_know() -> None:
    tapes = Tapes(market, LEGS, 1, 1)
    first = tapes.open(0)
    before = [(book.bid, book.ask, dict(book.book.bids)) for book in first.books]
    for message in islice(first.feed, 400):
        apply(first.books[message.leg].book, message)
    assert [(book.bid, book.ask, dict(book.book.bids)) for book in tapes.open(0).books] == before


def test_a_still_book_stays() -> None:
    opened = Tapes(market, LEGS, 1, 1).open(0)
    book = opened.books[0]
    seen = still(book)
    kept = (seen.bid, seen.ask, list(seen.levels(LEGS_SIDE)), seen.book.turnover.since(0))
    for message in islice(opened.feed, 400):
        apply(opened.books[message.leg].book, message)
    assert (seen.bid, seen.ask, list(seen.levels(LEGS_SIDE)), seen.book.turnover.since(0)) == kept
    assert book.book.turnover.since(0) > kept[3]


LEGS_SIDE = setting("close_two_phase").program.legs[0].side


@pytest.mark.parametrize(
    ("lasts_ns", "places"), [(0, 1), (LEFT_NS, 1), (LEFT_NS + APART_NS, 2), (LEFT_NS + 100 * APART_NS, 5)]
)
def test_runs_begin_where_enough_is_left(lasts_ns: int, places: int) -> None:
    assert Tape(market(1, lasts_ns), LEGS).places(5) == places
    assert Tape(market(1), LEGS).places(5) == 5


def test_a_market_without_two_sides_is_said() -> None:
    class Empty(SyntheticMarket):
        def messages(self):  # type: ignore[no-untyped-def]
            return iter(())

    made = Empty(1, [(one, profile_of(one)) for one in LEGS])
    with pytest.raises(DnkitError, match="two sides"):
        Tapes(lambda _: made, LEGS, 1, 1).open(0)


def test_a_recorded_market(recorded: Path) -> None:
    of = setting_of(Asked(policy="close_two_phase", faults="rough", market=f"recorded:{recorded}"))
    found = [simulate(of, seed) for seed in range(6)]
    assert [one for one in found if one.violations] == []
    assert all(one.time_ns < 120 * NS_PER_S for one in found)
