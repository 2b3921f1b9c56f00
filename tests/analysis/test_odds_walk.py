"""The moves of the prover as requests with outcomes: every policy can be laid out, what must come comes, and
nothing comes that the prover does not know.
"""

from functools import cache

import pytest

from dnkit.analysis.ground import Ground, lay_ground
from dnkit.analysis.odds.frequencies import OUTCOMES, Frequencies, Row, What
from dnkit.analysis.odds.graph import Choice, Places, lay_out
from dnkit.analysis.odds.report import Odds, odds_of
from dnkit.analysis.odds.walk import Place, beginning, choices_of
from dnkit.analysis.proof import Setting
from dnkit.engine.state import Stage
from dnkit.model.terms import EndName
from tests.analysis.graphs import shipped, walked

SHIPPED = ("emergency_unwind", "flatten", "open_post_only_hedge", "perps_baseline", "rebalance_small")
ENDS_FLAT_OR_HALTED = ("emergency_unwind", "flatten", "rebalance_small")  # the others may stay idle


@cache
def ground(name: str, faults: int = 1) -> Ground:
    return lay_ground(shipped(name), Setting(faults=faults, crashes=False, dust=False))


@cache
def places(name: str) -> Places:
    return lay_out(beginning(ground(name)), choices_of(ground(name)))


def counted(**outcomes: str) -> Frequencies:
    """Where an outcome is named for a kind of request, it is the only one; else all came alike often."""
    named = {What(what): outcome for what, outcome in outcomes.items()}
    venues = {leg.instrument.venue for name in SHIPPED for leg in ground(name).program.legs}
    rows = [
        Row(venue=venue, what=what, outcome=outcome, count=100 if named.get(what, outcome) == outcome else 0)
        for venue in sorted(venues)
        for what in What
        for outcome in OUTCOMES[what]
    ]
    return Frequencies(source="a test", rows=tuple(one for one in rows if one.count))


def odds(name: str, faults: int = 1, **outcomes: str) -> Odds:
    of = ground(name, faults)
    return odds_of(beginning(of), choices_of(of), counted(**outcomes))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_choice_is_one_that_is_counted(name: str) -> None:
    choices = [one for one in places(name) if isinstance(one, Choice)]
    assert {one for one in places(name) if isinstance(one, EndName)}
    for one in choices:
        assert one.ways
        if one.asked is not None:
            assert {way.outcome for way in one.ways} <= {*OUTCOMES[one.asked.what]}
        else:
            assert len(one.ways) == 1


@pytest.mark.parametrize("name", ["emergency_unwind", "flatten"])
def test_it_ends_where_the_prover_says_that_runs_can_end(name: str) -> None:
    of, known = ground(name), walked(shipped(name), faults=1, crashes=False, dust=False)
    choose, found, todo = choices_of(of), set[object](), [beginning(of)]
    while todo:
        place = todo.pop()
        choice = choose(place)
        if isinstance(choice, EndName):
            continue
        for way in choice.ways:
            if way.to not in found:
                assert isinstance(way.to, Place)
                found.add(way.to)
                todo.append(way.to)
    ends = {one.node[0].ended for one in found if isinstance(one, Place) and one.node[0].stage is Stage.END}
    assert ends
    assert ends <= {state.ended for state, _ in known.nodes if state.stage is Stage.END}


def test_a_book_that_fills_the_first_order_costs_its_rung() -> None:
    found = odds("flatten", faults=0, ioc="full", read="agrees", sweep="clean")
    assert found.goal.point == 1
    assert found.halt.point == 0
    assert 0 < found.cost.point <= 5_000
    assert found.cost.low == pytest.approx(found.cost.point)


def test_a_book_that_fills_nothing_ends_in_a_halt() -> None:
    found = odds("flatten", faults=0, ioc="none", read="agrees", sweep="clean")
    assert (found.goal.point, found.halt.point, found.cost.point) == (0, 1, 0)


def test_a_maker_fill_costs_nothing_and_a_missed_one_does() -> None:
    filled = odds("emergency_unwind", faults=0, post_only="full", read="agrees", sweep="clean")
    assert (filled.goal.point, filled.cost.point) == (1, 0)
    missed = odds("emergency_unwind", faults=0, post_only="none", ioc="full", cancel="cancelled", find="over")
    assert missed.goal.point == 1
    assert missed.cost.point > 0
    assert missed.mean_ns > filled.mean_ns


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shares_of_all_ends_are_one(name: str) -> None:
    found = odds(name)
    assert 0 <= found.goal.low <= found.goal.point <= found.goal.high <= 1
    assert 0 <= found.halt.low <= found.halt.point <= found.halt.high <= 1
    assert found.goal.point + found.halt.point <= 1 + 1e-9
    if name in ENDS_FLAT_OR_HALTED:
        assert found.goal.point + found.halt.point == pytest.approx(1)
