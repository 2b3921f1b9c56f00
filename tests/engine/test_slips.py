"""Slips that nothing else would show: when the run wakes up, which read is the last word, what is too small,
what a book is good for.
"""

from itertools import permutations

import pytest
from msgspec.structs import replace

from dnkit.engine.state import Leg, Stage
from dnkit.engine.verify import TWICE, agrees
from dnkit.machine import program as pg
from dnkit.machine.program import PhaseKind as Kind
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.terms import EndName, Intent, OrderType, RejectKind, Risk, Side
from tests.engine.harness import BPS, MS, S, Venue, halt, ioc_fills, leg, phase, program
from tests.engine.programs import LIMITS, close_pair, handed_over, open_hedged, unwind_one

# --- when ---------------------------------------------------------------------------------------


def left_after(venue: Venue) -> int:
    """Nanoseconds from the first phase to when the run leaves it."""
    venue.run()
    times = {stage: line[0].at_ns for line in reversed(venue.lines) for stage in [line[2].stage]}
    return times[Stage.LEAVE] - times[Stage.PHASE]


def test_the_run_wakes_up_for_its_deadline() -> None:
    limits = pg.Limits(deadline_ns=5 * S, concession_max=50 * BPS)
    assert left_after(Venue(close_pair(limits=limits), positions=[500, -500])) == 5 * S


@pytest.mark.parametrize(("own_s", "least_s"), [(pg.NO_LIMIT, 3), (10, 3), (1, 1)])
def test_inside_a_policy_the_deadline_of_its_caller_holds_too(own_s: int, least_s: int) -> None:
    own = pg.Limits(deadline_ns=own_s if own_s == pg.NO_LIMIT else own_s * S)
    made = handed_over(own, limits=pg.Limits(deadline_ns=3 * S, concession_max=50 * BPS))
    assert left_after(Venue(made, positions=[500, -500], otherwise=ioc_fills)) == least_s * S


class Deaf(Venue):
    """Nobody answers an alert."""

    def _answer(self, command: cm.Command) -> None:
        if not isinstance(command, cm.SendAlert):
            super()._answer(command)


def test_an_alert_that_nobody_answers_has_failed_after_two_seconds() -> None:
    then = {"sent": halt("heard"), "failed": halt("unheard")}
    tell = phase("tell", Kind.ALERT, then, level="page", text="look")
    venue = Deaf(program((tell,), (leg("a", Side.BUY),), Intent.UNWIND))
    assert "unheard" in venue.run().text
    assert 2 * S <= venue.now < 3 * S


# --- the last word ------------------------------------------------------------------------------


def test_a_read_of_a_moment_before_the_last_fill_confirms_nothing() -> None:
    """It says what the ledger says, and cannot know."""
    venue = Venue(unwind_one(), positions=[500], otherwise=ioc_fills)
    position = venue._position
    venue._position = lambda asked: replace(position(asked), as_of_ns=5 * MS)  # type: ignore[method-assign]
    end = venue.run()
    assert venue.truth == [0]
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNKNOWN)


@pytest.mark.parametrize("order", tuple(permutations([(500, 10), (200, 20), (0, 30)])))
def test_the_read_of_the_latest_moment_counts_in_whatever_order_they_come(
    order: tuple[tuple[int, int], ...],
) -> None:
    venue = Venue(unwind_one(), positions=[500])
    venue.feed(ev.Started(0, (500,), (None,)))
    for at, (lots, as_of) in enumerate(order):
        venue.feed(ev.PositionRead(40 + at, 0, 0, lots, as_of))
    assert (venue.state.legs[0].witness, venue.state.legs[0].witness_ns) == (0, 30)


@pytest.mark.parametrize(("second", "agreed"), [(20, False), (30, True)])
def test_the_same_read_told_twice_is_one_read(second: int, agreed: bool) -> None:
    """The venue contradicted the ledger before: it takes two reads to believe it again."""
    leg = Leg(position=500, start=500, known=True, fill_ns=1, witness=0, witness_ns=10, doubt=TWICE)
    venue = Venue(unwind_one(), positions=[500])
    venue.feed(ev.Started(0, (500,), (None,)))
    venue.state = replace(venue.state, legs=(leg,))
    for at, as_of in enumerate((20, second)):
        venue.feed(ev.PositionRead(40 + at, 0, 0, 500, as_of))
    assert agrees(venue.state.legs[0]) is agreed


def test_an_order_that_is_refused_as_a_duplicate_is_looked_up() -> None:
    """The first sending arrived and was filled: sent once more, it would go through zero."""
    venue = Venue(unwind_one(), positions=[500], otherwise=ioc_fills)
    duplicate = (2, "rejected", {"why": RejectKind.DUPLICATE})
    venue.script[(0, 1)] = [(1, "lost_fill", {}), duplicate]
    assert venue.run().end is EndName.FLAT
    assert [one.reason for one in venue.sent] == ["maker#1"]
    assert venue.truth == [0]


# --- how much -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("filled", "hedged"), [(99, 0), (100, -100)])
def test_what_is_below_min_hedge_is_left_alone_and_named(filled: int, hedged: int) -> None:
    """The hedge venue would take it: 0.01 is its minimum, 0.1 the policy's."""
    limits = replace(LIMITS, hedge_min=pg.Amount(base=10**11))
    venue = Venue(open_hedged(limits=limits), otherwise=ioc_fills)
    venue.script[(0, 1)] = [(1, "accepted", {}), (500, "fill", {"lots": filled})]
    end = venue.run()
    assert end.end is EndName.HEDGED
    assert venue.truth == [filled, hedged]
    assert f"leg quote position {filled / 1000:g} ETH" in end.text


def test_an_order_is_no_larger_than_what_the_book_holds_within_the_depth_limit() -> None:
    limits = replace(LIMITS, depth_within=20 * BPS, depth_shrink=True)
    venue = Venue(unwind_one(limits=limits), positions=[500], otherwise=ioc_fills)
    venue.books[0]["reach"] = 200
    assert venue.run().end is EndName.FLAT
    assert [one.lots for one in venue.sent if one.type is OrderType.IOC] == [200, 200, 100]


@pytest.mark.parametrize(
    ("bid", "ask"),
    [(300_002, 300_000), (300_000, 300_000), (0, 300_000)],
    ids=["crossed", "locked", "one side"],
)
def test_nothing_is_sent_on_a_book_that_cannot_be(bid: int, ask: int) -> None:
    venue = Venue(unwind_one(), positions=[500], otherwise=ioc_fills)
    good, book = venue.books[0], venue._book

    def odd_at_first(asked: cm.ReadBook) -> ev.Event:
        is_odd = venue.state.stage is Stage.PHASE and venue.now < 500 * MS
        venue.books[0] = {**good, "bid": bid, "ask": ask} if is_odd else good
        return book(asked)

    venue._book = odd_at_first  # type: ignore[method-assign]
    assert venue.run().end is EndName.FLAT
    first = next(line for line in venue.lines if any(isinstance(one, cm.PlaceOrder) for one in line[1]))
    assert first[0].at_ns >= 500 * MS
