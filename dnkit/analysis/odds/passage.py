"""The way through a graph with shares: forwards for the point, backwards for the ends.

Forwards, what is likely is carried along from the start, tick by tick. Backwards, each place is worth the
least (or the most) that any shares inside their intervals give it; what comes out is below (above) the truth
as long as the true shares lie there. Times are taken as they were counted, their own doubt is left out.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import mul

import msgspec

from dnkit.analysis.odds.graph import Branch, Lead, Weighed
from dnkit.model.terms import EndName

Worth = Callable[[EndName], float]


class Passage(msgspec.Struct, frozen=True):
    """Where and when it ends: for each end (ticks, share) in order; and the expected cost in mbps."""

    ends: dict[EndName, tuple[tuple[int, float], ...]]
    cost: float

    def chance(self, ends: Iterable[EndName], ticks: int | None = None) -> float:
        """Share of those ends; of what comes within so many ticks only, where told."""
        return sum(
            share for end in ends for at, share in self.ends.get(end, ()) if ticks is None or at <= ticks
        )


def forward(weighed: Weighed) -> Passage:
    """Carry what is likely through the graph, with every share at its point."""
    here: list[dict[int, float]] = [{} for _ in weighed.places]
    here[0][0] = 1.0
    ends: dict[EndName, dict[int, float]] = {}
    cost = 0.0
    for index, place in enumerate(weighed.places):
        now, here[index] = here[index], {}
        if isinstance(place, EndName):
            _add(ends.setdefault(place, {}), now, ((0, 1.0),), 1.0)
            continue
        whole = sum(now.values())
        for branch in place:
            share = branch.point / len(branch.leads)
            for lead in branch.leads:
                cost += whole * share * lead.cost
                _add(here[lead.to], now, lead.times, share)
    return Passage({end: tuple(sorted(found.items())) for end, found in ends.items()}, cost)


def _add(to: dict[int, float], now: dict[int, float], times: Iterable[tuple[int, float]], by: float) -> None:
    for ticks, share in times:
        part = share * by
        if part:
            for at, mass in now.items():
                to[at + ticks] = to.get(at + ticks, 0.0) + mass * part


def extreme(weighed: Weighed, worth: Worth, *, most: bool) -> float:
    """The least or the most that is to be expected of `worth` over all ends, whenever they come."""
    return _extreme(weighed, worth, lambda lead, then: then[lead.to], most=most)


def extreme_cost(weighed: Weighed, *, most: bool) -> float:
    """The least or the most cost to be expected, in mbps."""
    return _extreme(weighed, lambda end: 0.0, lambda lead, then: lead.cost + then[lead.to], most=most)


def _extreme(
    weighed: Weighed, worth: Worth, value: Callable[[Lead, Sequence[float]], float], *, most: bool
) -> float:
    found = [0.0] * len(weighed.places)
    pick = max if most else min
    for index in range(len(weighed.places) - 1, -1, -1):
        place = weighed.places[index]
        if isinstance(place, EndName):
            found[index] = worth(place)
        else:
            values = [pick(value(lead, found) for lead in branch.leads) for branch in place]
            found[index] = _shared_out(values, *_room(place), most=most)
    return found[0]


def extreme_within(weighed: Weighed, worth: Worth, ticks: int, *, most: bool) -> list[float]:
    """The least or the most for every number of ticks up to `ticks`: what ends later is worth nothing."""
    found: list[list[float]] = [[]] * len(weighed.places)
    pick = max if most else min
    for index in range(len(weighed.places) - 1, -1, -1):
        place = weighed.places[index]
        if isinstance(place, EndName):
            found[index] = [worth(place)] * (ticks + 1)
            continue
        ways = [[_delayed(lead, found, ticks) for lead in branch.leads] for branch in place]
        columns = [one[0] if len(one) == 1 else list(map(pick, *one)) for one in ways]
        room = _room(place)
        found[index] = [_shared_out(values, *room, most=most) for values in zip(*columns, strict=True)]
    return found[0]


def _delayed(lead: Lead, found: Sequence[list[float]], ticks: int) -> list[float]:
    """What a way is worth by what is left when it is taken."""
    total = [0.0] * (ticks + 1)
    for spent, share in lead.times:
        for left, value in enumerate(found[lead.to][: max(0, ticks + 1 - spent)], spent):
            total[left] += share * value
    return total


def _room(place: Sequence[Branch]) -> tuple[list[float], list[float]]:
    """The least share of each outcome, and how much more it may have."""
    return [one.low for one in place], [one.high - one.low for one in place]


def _shared_out(
    values: Sequence[float], lows: Sequence[float], spans: Sequence[float], *, most: bool
) -> float:
    """What the values come to where the shares lie worst (or best): each outcome gets its least, and what is
    left over goes to the worst (best) of them first.
    """
    total: float = sum(map(mul, values, lows))
    left = 1.0 - sum(lows)
    for value, span in sorted(zip(values, spans, strict=True), reverse=most):
        more = min(left, span)
        total += value * more
        left -= more
    return total
