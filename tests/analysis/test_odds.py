"""Odds (P27): the passage is held against every path of small graphs in exact fractions, and chance itself,
its ends against every corner of the intervals."""

from collections.abc import Hashable, Iterator, Mapping
from fractions import Fraction
from itertools import product
from math import sqrt
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnkit.analysis.odds.frequencies import (
    OUTCOMES,
    Asked,
    Frequencies,
    NoFrequencies,
    Row,
    What,
    sample_of,
)
from dnkit.analysis.odds.graph import Branch, Choice, Lead, Way, Weighed, lay_out, weigh
from dnkit.analysis.odds.passage import extreme, extreme_cost, extreme_within, forward
from dnkit.analysis.odds.report import ESTIMATE, GOALS, odds_lines, odds_of
from dnkit.model.errors import BugError
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.model.terms import EndName

TICK = 100 * NS_PER_MS
ENDS = (EndName.FLAT, EndName.HALTED, EndName.IDLE)
EXACT = 1e-12
Graph = Mapping[Hashable, Choice | EndName]
Path = tuple[Fraction, int, int, EndName]  # chance, ticks, cost in mbps, where it ends


# --- small graphs ---------------------------------------------------------------------------------


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Graph, Frequencies]:
    """A few places, each asking for something of its own with two or three outcomes; some just go on."""
    size = draw(st.integers(1, 5))
    made: dict[Hashable, Choice | EndName] = {size + at: end for at, end in enumerate(ENDS)}
    rows: list[Row] = []
    for place in range(size):
        onward = st.integers(place + 1, size + len(ENDS) - 1)
        words = OUTCOMES[What.IOC][: draw(st.integers(1, 3))]
        ways = tuple(
            Way(word, draw(onward), draw(st.integers(0, 4)) * TICK, draw(st.integers(0, 9)))
            for word in (*words, *words[1:2])
        )
        if len(words) == 1:
            made[place] = Choice(ways)
            continue
        asked = Asked(f"v{place}", What.IOC, 5)
        made[place] = Choice(ways, asked)
        rows += (draw(counted(asked, word)) for word in words)
    return made, Frequencies(source="drawn", rows=tuple(rows))


def counted(asked: Asked, outcome: str) -> st.SearchStrategy[Row]:
    """A row with a count, and now and then with times."""

    def row(took: list[tuple[int, int]]) -> Row:
        times = {ticks * TICK: many for ticks, many in took}
        count = sum(many for many in times.values())
        told = tuple(sorted(times.items())) if len(times) > 1 else ()
        return Row(venue=asked.venue, what=asked.what, outcome=outcome, count=count, took=told)

    return st.lists(st.tuples(st.integers(0, 4), st.integers(1, 40)), min_size=1, max_size=2).map(row)


def paths(made: Graph, frequencies: Frequencies, place: Hashable) -> Iterator[Path]:
    """Every way from a place to an end, one by one, in fractions."""
    choice = made[place]
    if isinstance(choice, EndName):
        yield Fraction(1), 0, 0, choice
        return
    for way in choice.ways:
        for chance, ticks in turns(choice, frequencies, way):
            for more, later, cost, end in paths(made, frequencies, way.to):
                yield chance * more, ticks + later, way.cost + cost, end


def turns(choice: Choice, frequencies: Frequencies, way: Way) -> Iterator[tuple[Fraction, int]]:
    """The chances and ticks of one way."""
    if choice.asked is None:
        yield Fraction(1), way.spent_ns // TICK
        return
    asked, words = choice.asked, {one.outcome for one in choice.ways}
    rows = {
        one.outcome: one
        for one in frequencies.rows
        if (one.venue, one.what) == (asked.venue, asked.what)
        and (one.high < 0 or one.low < asked.pay <= one.high)
        and one.outcome in words
    }
    alike = sum(one.outcome == way.outcome for one in choice.ways)
    row, whole = rows[way.outcome], sum(one.count for one in rows.values())
    for ns, many in row.took or ((way.spent_ns, row.count),):
        yield Fraction(many, whole * alike), ns // TICK


def weighed_of(made: Graph, frequencies: Frequencies, start: Hashable = 0) -> Weighed:
    return weigh(lay_out(start, made.__getitem__), frequencies, TICK)


@given(graphs())
@settings(max_examples=150)
def test_the_passage_is_the_sum_of_all_paths(drawn: tuple[Graph, Frequencies]) -> None:
    made, frequencies = drawn
    every = list(paths(made, frequencies, 0))
    passage = forward(weighed_of(made, frequencies))
    assert sum(chance for chance, *_ in every) == 1
    for end in ENDS:
        for ticks in (*range(12), None):
            wanted = sum(
                chance for chance, at, _, there in every if there is end and (ticks is None or at <= ticks)
            )
            assert passage.chance((end,), ticks) == pytest.approx(float(wanted), abs=EXACT)
    cost = sum(chance * cost for chance, _, cost, _ in every)
    assert passage.cost == pytest.approx(float(cost), abs=1e-9)


@given(graphs())
@settings(max_examples=60)
def test_backwards_with_shares_that_are_certain_is_the_same_as_forwards(
    drawn: tuple[Graph, Frequencies],
) -> None:
    weighed = at_points(weighed_of(*drawn))
    passage = forward(weighed)
    for most in (False, True):
        whole = extreme(weighed, is_flat, most=most)
        assert whole == pytest.approx(passage.chance((EndName.FLAT,)), abs=EXACT)
        assert extreme_cost(weighed, most=most) == pytest.approx(passage.cost, abs=1e-9)
        for ticks, value in enumerate(extreme_within(weighed, is_flat, 12, most=most)):
            assert value == pytest.approx(passage.chance((EndName.FLAT,), ticks), abs=EXACT)


def is_flat(end: EndName) -> float:
    return float(end is EndName.FLAT)


def at_points(weighed: Weighed) -> Weighed:
    """The graph with every interval closed, and every way of an outcome a branch of its own."""

    def apart(place: tuple[Branch, ...]) -> Iterator[Branch]:
        for branch in place:
            share = branch.point / len(branch.leads)
            yield from (Branch(share, share, share, (lead,)) for lead in branch.leads)

    places: list[tuple[Branch, ...] | EndName] = []
    for one in weighed.places:
        places.append(one if isinstance(one, EndName) else tuple(apart(one)))
    return Weighed(tuple(places), weighed.samples, weighed.tick_ns)


# --- the ends -------------------------------------------------------------------------------------


def corners(place: tuple[Branch, ...]) -> Iterator[tuple[float, ...]]:
    """Every corner of what the shares of a place can be: all at an end but one, which takes the rest."""
    for free in range(len(place)):
        others = [one for at, one in enumerate(place) if at != free]
        for ends in product(*((one.low, one.high) for one in others)):
            rest = 1.0 - sum(ends)
            if place[free].low - EXACT <= rest <= place[free].high + EXACT:
                yield (*ends[:free], rest, *ends[free:])


def every_corner(weighed: Weighed) -> Iterator[Weighed]:
    """The graph with certain shares, for every corner of every place, and every way of each outcome."""
    for places in product(*(settled(place) for place in weighed.places)):
        yield Weighed(tuple(places), (), weighed.tick_ns)


def settled(place: tuple[Branch, ...] | EndName) -> Iterator[tuple[Branch, ...] | EndName]:
    if isinstance(place, EndName):
        yield place
        return
    for shares in corners(place):
        for leads in product(*(branch.leads for branch in place)):
            yield tuple(Branch(one, one, one, (lead,)) for one, lead in zip(shares, leads, strict=True))


def with_intervals(seed: int) -> Weighed:
    """A small graph of two choices after each other, drawn from a seed, with wide intervals."""
    dice = Random(seed)

    def branch(point: float, *to: int) -> Branch:
        leads = tuple(Lead(one, ((dice.randrange(3), 1.0),), dice.randrange(5)) for one in to)
        return Branch(point * dice.random(), point, point + (1 - point) * dice.random(), leads)

    first = (branch(0.5, 1), branch(0.3, 1, 2), branch(0.2, 3))
    second = (branch(0.6, 2), branch(0.3, 3), branch(0.1, 4))
    return Weighed((first, second, EndName.FLAT, EndName.HALTED, EndName.IDLE), (), TICK)


@pytest.mark.parametrize("seed", range(12))
def test_the_ends_are_those_of_the_worst_and_the_best_corner(seed: int) -> None:
    weighed = with_intervals(seed)
    found = [forward(one) for one in every_corner(weighed)]
    for pick, most in ((min, False), (max, True)):
        flat = pick(one.chance((EndName.FLAT,)) for one in found)
        assert extreme(weighed, is_flat, most=most) == pytest.approx(flat, abs=EXACT)
        cost = pick(one.cost for one in found)
        assert extreme_cost(weighed, most=most) == pytest.approx(cost, abs=1e-9)
        for ticks, value in enumerate(extreme_within(weighed, is_flat, 5, most=most)):
            within = pick(one.chance((EndName.FLAT,), ticks) for one in found)
            assert value >= within - EXACT if most else value <= within + EXACT


@given(graphs())
@settings(max_examples=60)
def test_the_point_lies_between_the_ends(drawn: tuple[Graph, Frequencies]) -> None:
    made, frequencies = drawn
    odds = odds_of(0, made.__getitem__, frequencies, moments_ns=(0, 3 * TICK, 12 * TICK))
    ranges = [odds.goal, odds.halt, odds.cost, *(found for _, found in odds.by)]
    assert all(one.low - 1e-9 <= one.point <= one.high + 1e-9 for one in ranges)
    assert [found.point for _, found in odds.by] == sorted(found.point for _, found in odds.by)


# --- chance itself --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_drawing_runs_gives_the_same(seed: int) -> None:
    """20,000 runs: the shares of goal and halt and the mean time lie within four standard errors."""
    made, frequencies = unwind()
    weighed = weighed_of(made, frequencies, "maker")
    odds = odds_of("maker", made.__getitem__, frequencies)
    dice, runs = Random(seed), 20_000
    drawn = [one_run(weighed, dice) for _ in range(runs)]
    for ends, found in ((GOALS, odds.goal), ((EndName.HALTED,), odds.halt)):
        share = sum(end in ends for end, _ in drawn) / runs
        assert abs(share - found.point) < 4 * sqrt(found.point * (1 - found.point) / runs)
    times = [ticks * TICK for end, ticks in drawn if end in GOALS]
    mean = sum(times) / len(times)
    spread = sqrt(sum((one - mean) ** 2 for one in times) / len(times))
    assert abs(mean - odds.mean_ns) < 4 * spread / sqrt(len(times))


def one_run(weighed: Weighed, dice: Random) -> tuple[EndName, int]:
    at, ticks = 0, 0
    while not isinstance(place := weighed.places[at], EndName):
        branch = dice.choices(place, [one.point for one in place])[0]
        lead = dice.choice(branch.leads)
        ticks += dice.choices([one for one, _ in lead.times], [share for _, share in lead.times])[0]
        at = lead.to
    return place, ticks


# --- an unwind ------------------------------------------------------------------------------------

VENUE = "nado"
RUNGS = (5_000, 20_000)
ROUNDS, TRIES = 2, 3
COUNTS = Frequencies(
    source="illustration",
    rows=(
        Row(venue=VENUE, what=What.POST_ONLY, outcome="full", count=12, took=((5 * TICK, 8), (9 * TICK, 4))),
        Row(venue=VENUE, what=What.POST_ONLY, outcome="none", count=78),
        Row(venue=VENUE, what=What.POST_ONLY, outcome="rejected", count=10, took=((TICK, 10),)),
        Row(venue=VENUE, what=What.IOC, low=0, high=5_000, outcome="full", count=60),
        Row(venue=VENUE, what=What.IOC, low=0, high=5_000, outcome="part", count=25),
        Row(venue=VENUE, what=What.IOC, low=0, high=5_000, outcome="none", count=15),
        Row(venue=VENUE, what=What.IOC, low=5_000, high=20_000, outcome="full", count=95),
        Row(venue=VENUE, what=What.IOC, low=5_000, high=20_000, outcome="none", count=5),
        Row(venue=VENUE, what=What.IOC, low=5_000, high=20_000, outcome="lost", count=3),
        Row(venue=VENUE, what=What.READ, outcome="agrees", count=90, took=((3 * TICK, 60), (4 * TICK, 30))),
        Row(venue=VENUE, what=What.READ, outcome="behind", count=10),
    ),
)


def unwind() -> tuple[Graph, Frequencies]:
    """A second for a maker fill, two rungs, up to three reads; what is open goes round once more."""
    made: dict[Hashable, Choice | EndName] = {"flat": EndName.FLAT, "halt": EndName.HALTED}
    made["maker"] = Choice(
        (Way("full", (1, "read", 0, True)), Way("none", (1, 0), NS_PER_S), Way("rejected", (1, 0))),
        Asked(VENUE, What.POST_ONLY),
    )
    for turn in range(1, ROUNDS + 1):
        for rung, pay in enumerate(RUNGS):
            then = (turn, rung + 1) if rung + 1 < len(RUNGS) else (turn, "read", 0, False)
            ways = (Way("full", (turn, "read", 0, True), 3 * TICK, pay), Way("none", then, 3 * TICK))
            part = (Way("part", then, 3 * TICK, pay // 2),) if rung == 0 else ()
            made[turn, rung] = Choice((*ways, *part), Asked(VENUE, What.IOC, pay))
        for tried, filled in product(range(TRIES), (True, False)):
            again = (turn + 1, 0) if turn < ROUNDS else "halt"
            later = (turn, "read", tried + 1, filled) if tried + 1 < TRIES else "halt"
            ways = (Way("agrees", "flat" if filled else again), Way("behind", later, 8 * TICK))
            made[turn, "read", tried, filled] = Choice(ways, Asked(VENUE, What.READ))
    return made, COUNTS


def test_an_unwind_by_hand() -> None:
    """The shares of all its paths in fractions, and what they come to."""
    made, frequencies = unwind()
    odds = odds_of("maker", made.__getitem__, frequencies, moments_ns=(NS_PER_S, 2 * NS_PER_S, 5 * NS_PER_S))
    every = list(paths(made, frequencies, "maker"))
    flat = sum(chance for chance, *_, end in every if end is EndName.FLAT)
    assert odds.goal.point == pytest.approx(float(flat), abs=EXACT)
    assert odds.halt.point == pytest.approx(float(1 - flat), abs=EXACT)
    for moment, found in odds.by:
        wanted = sum(chance for chance, at, _, end in every if end is EndName.FLAT and at * TICK <= moment)
        assert found.point == pytest.approx(float(wanted), abs=EXACT)
    mean = sum(chance * at for chance, at, _, end in every if end is EndName.FLAT) / flat
    assert odds.mean_ns == pytest.approx(float(mean * TICK), abs=1)
    assert [round(found.point, 4) for _, found in odds.by] == [0.1488, 0.9041, 0.9986]


def test_what_was_counted_and_cannot_come_is_told() -> None:
    made, frequencies = unwind()
    odds = odds_of("maker", made.__getitem__, frequencies)
    (steep,) = (one for one in odds.samples if one.asked.pay == 20_000)
    assert steep.left_out == (("lost", 3),)
    assert {(one.outcome, one.count, one.of) for one in steep.shares} == {("full", 95, 100), ("none", 5, 100)}


# --- what is told, and what is refused ------------------------------------------------------------


def lines_of(made: Graph, frequencies: Frequencies, start: Hashable) -> list[str]:
    return list(odds_lines(odds_of(start, made.__getitem__, frequencies)))


def test_the_answer_tells_what_it_rests_on_and_that_it_is_an_estimate() -> None:
    lines = lines_of(*unwind(), "maker")
    assert "goal reached     99.86% (99.16% to 99.98%)" in lines
    assert "counted from illustration:" in lines
    assert "  nado ioc at 20 bps, 100 counted" in lines
    assert "    full          95  95.00% (88.82% to 97.85%)" in lines
    assert "    left out, cannot come here: lost 3" in lines
    assert lines[-1] == ESTIMATE
    assert not any(
        word in " ".join(lines).lower() for word in ("guarantee", "certain", "proved", "worst case")
    )


def test_a_goal_that_is_never_reached_has_no_times() -> None:
    odds = odds_of(0, lambda _: EndName.HALTED, COUNTS)
    assert (odds.goal.point, odds.halt.point, odds.mean_ns, odds.quantiles) == (0, 1, 0, ())
    assert not any("time to the goal" in line for line in odds_lines(odds))


def test_what_was_never_counted_is_refused_by_name() -> None:
    made, frequencies = unwind()
    rows = tuple(one for one in frequencies.rows if one.what is not What.READ and one.high != 20_000)
    with pytest.raises(NoFrequencies, match=r"counted of: nado ioc at 20 bps, nado read$"):
        lines_of(made, Frequencies(source="", rows=rows), "maker")


def test_an_outcome_that_was_never_seen_may_come_all_the_same() -> None:
    sample = sample_of(COUNTS, Asked(VENUE, What.IOC, 20_000), ("full", "none", "part"))
    assert sample is not None
    unseen = sample.shares[2]
    assert (unseen.count, unseen.of, unseen.point, unseen.low) == (0, 100, 0, 0)
    assert unseen.high == pytest.approx(0.0370, abs=1e-4)  # Wilson: z2 / (n + z2)


@pytest.mark.parametrize(("pay", "high"), [(0, 5_000), (5_000, 5_000), (5_001, 20_000), (20_000, 20_000)])
def test_a_band_has_its_upper_end_in_it(pay: int, high: int) -> None:
    asked = Asked(VENUE, What.IOC, pay)
    assert {one.high for one in COUNTS.rows if one.covers(asked)} == {high}


def test_past_all_bands_nothing_was_counted() -> None:
    assert sample_of(COUNTS, Asked(VENUE, What.IOC, 20_001), ("full", "none")) is None


def test_a_circle_and_an_open_choice_are_bugs() -> None:
    ring: Graph = {0: Choice((Way("a", 1),)), 1: Choice((Way("b", 0),))}
    with pytest.raises(BugError, match="circle"):
        lay_out(0, ring.__getitem__)
    fork: Graph = {0: Choice((Way("a", 1), Way("b", 1))), 1: EndName.FLAT}
    with pytest.raises(BugError, match="nothing decides"):
        weigh(lay_out(0, fork.__getitem__), COUNTS, TICK)


def test_a_long_graph_is_laid_out_without_recursion() -> None:
    long: Graph = {at: Choice((Way("on", at + 1, TICK, 1),)) for at in range(5_000)}
    odds = odds_of(0, {**long, 5_000: EndName.FLAT}.__getitem__, COUNTS, moments_ns=())
    assert (odds.goal.point, odds.mean_ns, odds.cost.point) == (1, 5_000 * TICK, 5_000)
