"""The answer: how likely the goal is, by when, at what cost; from what counts, and how sure those are.

It is an estimate. It holds as far as what was counted is like what will come, and as far as requests do not
depend on each other; a bound that holds in every case is what the proof tells.
"""

from collections.abc import Hashable, Iterator

import msgspec

from dnkit.analysis.odds.frequencies import Frequencies, Sample, Share
from dnkit.analysis.odds.graph import Choices, Weighed, lay_out, weigh
from dnkit.analysis.odds.passage import Passage, extreme, extreme_cost, extreme_within, forward
from dnkit.engine.ends import is_goal
from dnkit.model.numbers import MBPS_PER_BPS, NS_PER_MS, NS_PER_S
from dnkit.model.terms import EndName
from dnkit.policies.unit_texts import show_time

TICK_NS = 100 * NS_PER_MS
MOMENTS_NS = tuple(one * NS_PER_S for one in (1, 2, 3, 5, 10))
QUANTILES = (0.5, 0.9, 0.99)
GOALS = tuple(end for end in EndName if is_goal(end))
ESTIMATE = (
    "An estimate from counts, not a bound: it holds as far as what comes is like what was counted, and each "
    "request by itself. The interval is the least and the most with every share inside its 95% interval."
)


class Range(msgspec.Struct, frozen=True):
    """A value with the ends between which it lies while all shares lie in their intervals."""

    low: float
    point: float
    high: float


class Odds(msgspec.Struct, frozen=True, kw_only=True):
    """`goal`, `halt` and `by` (moments in ns from the start) are shares of all runs, `cost` is mbps. `times`
    is (ns, share of all runs that reach the goal then), `mean_ns` and `quantiles` (share, ns) are over the
    runs that reach it; 0 and () where none does. `samples` are the counts behind it, `source` is theirs.
    """

    goal: Range
    halt: Range
    by: tuple[tuple[int, Range], ...]
    times: tuple[tuple[int, float], ...]
    mean_ns: int
    quantiles: tuple[tuple[float, int], ...]
    cost: Range
    samples: tuple[Sample, ...]
    source: str
    places: int
    tick_ns: int


def odds_of(
    start: Hashable,
    choices: Choices,
    frequencies: Frequencies,
    *,
    moments_ns: tuple[int, ...] = MOMENTS_NS,
    tick_ns: int = TICK_NS,
) -> Odds:
    """The odds from a place on. NoFrequencies where something that matters was never counted."""
    weighed = weigh(lay_out(start, choices), frequencies, tick_ns)
    passage = forward(weighed)
    times = _goal_times(passage, tick_ns)
    return Odds(
        goal=_range(weighed, passage, GOALS),
        halt=_range(weighed, passage, (EndName.HALTED,)),
        by=_by(weighed, passage, moments_ns),
        times=times,
        mean_ns=_mean(times),
        quantiles=tuple((share, _quantile(times, share)) for share in QUANTILES) if times else (),
        cost=Range(extreme_cost(weighed, most=False), passage.cost, extreme_cost(weighed, most=True)),
        samples=weighed.samples,
        source=frequencies.source,
        places=len(weighed.places),
        tick_ns=tick_ns,
    )


def _range(weighed: Weighed, passage: Passage, ends: tuple[EndName, ...]) -> Range:
    low, high = (extreme(weighed, lambda end: float(end in ends), most=most) for most in (False, True))
    return Range(low, passage.chance(ends), high)


def _by(weighed: Weighed, passage: Passage, moments_ns: tuple[int, ...]) -> tuple[tuple[int, Range], ...]:
    """The goal by each moment; a moment inside a tick counts what came before that tick."""
    ticks = [moment // weighed.tick_ns for moment in moments_ns]
    low, high = (
        extreme_within(weighed, lambda end: float(end in GOALS), max(ticks, default=0), most=most)
        for most in (False, True)
    )
    return tuple(
        (moment, Range(low[at], passage.chance(GOALS, at), high[at]))
        for moment, at in zip(moments_ns, ticks, strict=True)
    )


def _goal_times(passage: Passage, tick_ns: int) -> tuple[tuple[int, float], ...]:
    found: dict[int, float] = {}
    for end in GOALS:
        for ticks, share in passage.ends.get(end, ()):
            found[ticks * tick_ns] = found.get(ticks * tick_ns, 0.0) + share
    return tuple(sorted(found.items()))


def _mean(times: tuple[tuple[int, float], ...]) -> int:
    whole = sum(share for _, share in times)
    return round(sum(ns * share for ns, share in times) / whole) if whole else 0


def _quantile(times: tuple[tuple[int, float], ...], wanted: float) -> int:
    """By when that share of the runs that reach the goal has reached it."""
    whole, sofar = sum(share for _, share in times), 0.0
    for ns, share in times:
        sofar += share
        if sofar >= wanted * whole:
            return ns
    return times[-1][0]


# --- in words -------------------------------------------------------------------------------------


def odds_lines(odds: Odds) -> Iterator[str]:
    """The answer for a reader: what comes of it, what it rests on, what it is not."""
    yield f"goal reached     {_percents(odds.goal)}"
    for moment, found in odds.by:
        yield f"  within {show_time(moment):<9} {_percents(found)}"
    yield f"halted           {_percents(odds.halt)}"
    if odds.times:
        told = ", ".join(f"{share:.0%} by {_seconds(ns)}" for share, ns in odds.quantiles)
        yield f"time to the goal {_seconds(odds.mean_ns)} in the mean, {told}"
    low, point, high = (one / MBPS_PER_BPS for one in (odds.cost.low, odds.cost.point, odds.cost.high))
    yield f"expected cost    {point:.2f} bps ({low:.2f} to {high:.2f})"
    yield f"counted from {odds.source}:"
    yield from (f"  {line}" for sample in odds.samples for line in _sample_lines(sample))
    yield ESTIMATE


def _percents(found: Range) -> str:
    return f"{found.point:.2%} ({found.low:.2%} to {found.high:.2%})"


def _seconds(ns: int) -> str:
    return f"{ns / NS_PER_S:.1f} s"


def _sample_lines(sample: Sample) -> Iterator[str]:
    total = sample.shares[0].of
    yield f"{sample.asked.text}, {total} counted"
    for share in sample.shares:
        yield f"  {share.outcome:<9} {share.count:>6}  {_share_words(share)}"
    if sample.left_out:
        words = ", ".join(f"{outcome} {count}" for outcome, count in sample.left_out)
        yield f"  left out, cannot come here: {words}"


def _share_words(share: Share) -> str:
    return f"{share.point:.2%} ({share.low:.2%} to {share.high:.2%})"
