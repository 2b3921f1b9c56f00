"""A first price needs a second word: it decides the clip, what counts as dust, which books come after it."""

from typing import Any

import pytest
from msgspec.structs import replace

from dnkit.engine.state import Stage
from dnkit.machine import program as pg
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.numbers import PICO
from dnkit.model.terms import EndName, Side
from tests.engine.harness import Venue, instrument, ioc_fills, leg
from tests.engine.programs import close_pair, unwind_one

# 4 lots at 3,000.00, and 334 at a hundredth of it
TEN_DOLLARS = replace(instrument(minimum="0.001"), notional_min=10 * PICO)
FOR_EVER = 10**6


def pair() -> pg.Program:
    return close_pair(legs=(dear("a", Side.BUY), dear("b", Side.SELL)))


def single() -> pg.Program:
    return unwind_one(legs=(dear("a", Side.BUY),))


def dear(name: str, side: Side) -> pg.LegSpec:
    return leg(name, side, instrument=replace(TEN_DOLLARS, venue=name))


class Misprinted(Venue):
    """The first `bad` books of a leg are `times` smaller than they should be."""

    def __init__(self, made: pg.Program, positions: list[int], bad: dict[int, int], **more: Any) -> None:
        self.bad, self.times, self.stage = bad, 100, Stage.START
        super().__init__(made, positions=positions, otherwise=ioc_fills, **more)

    def _book(self, asked: cm.ReadBook) -> ev.Event:
        book = super()._book(asked)
        if self.state.stage is not self.stage or not self.bad.get(asked.leg, 0):
            return book
        self.bad[asked.leg] -= 1
        assert isinstance(book, ev.BookRead)
        bid = book.bid // self.times
        return replace(book, bid=bid, ask=bid + 2, marginal=0)

    def books_before_the_first_phase(self) -> int:
        lines = [line for line in self.lines if line[2].stage is Stage.START]
        return sum(isinstance(one, cm.ReadBook) for line in lines for one in line[1])


@pytest.mark.parametrize("bad", [{0: 1}, {1: 1}, {0: 3}, {1: 4}], ids=str)
def test_a_first_book_far_off_makes_no_dust_of_a_pair(bad: dict[int, int]) -> None:
    venue = Misprinted(pair(), [200, -200], dict(bad))
    assert venue.run().end is EndName.FLAT
    assert venue.truth == [0, 0]


@pytest.mark.parametrize("entry", [None, 200 * 300_000], ids=["entry unknown", "entry known"])
def test_a_first_book_far_off_makes_no_dust_of_a_leg_alone(entry: int | None) -> None:
    venue = Misprinted(single(), [200], {0: 1}, entry=(entry,))
    assert venue.run().end is EndName.FLAT
    assert venue.truth == [0]


def test_legs_of_one_coin_whose_prices_stay_apart_are_not_traded() -> None:
    """The leg's own books agree with each other all the time."""
    venue = Misprinted(pair(), [200, -200], {1: FOR_EVER})
    end = venue.run()
    assert end.end is EndName.HALTED
    assert "no book to go by" in end.text
    assert venue.sent == []


@pytest.mark.parametrize(
    ("made", "positions", "entry", "books"),
    [
        (pair, [200, -200], (None, None), 2),
        (single, [200], (200 * 300_000,), 1),
        (single, [200], (None,), 2),
        (single, [200], (200 * 3_000,), 2),
    ],
    ids=["the other leg", "the entry", "its own next book", "its own, the entry is far off"],
)
def test_whatever_speaks_for_a_first_price_is_enough(
    made: Any, positions: list[int], entry: tuple[int | None, ...], books: int
) -> None:
    venue = Misprinted(made(), positions, {}, entry=entry)
    assert venue.run().end is EndName.FLAT
    assert venue.books_before_the_first_phase() == books


def test_a_lower_price_later_makes_no_dust_of_what_was_none() -> None:
    venue = Misprinted(single(), [5], {0: 1}, entry=(5 * 300_000,))
    venue.times, venue.stage = 2, Stage.PHASE
    assert venue.run().end is EndName.FLAT
    assert venue.truth == [0]
