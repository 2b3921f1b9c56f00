"""What can happen, as a finite graph without circles: requests, their outcomes, what each takes and costs.

Whoever knows what can happen answers one question, `Choices`: what may come at a place. A place is anything
that can be told apart from others and hashed: an explored state, a name. Frequencies are put on afterwards.
"""

from collections.abc import Callable, Hashable, Iterator

import msgspec
from msgspec.structs import replace

from dnkit.analysis.odds.frequencies import Asked, Frequencies, NoFrequencies, Sample, Share, sample_of
from dnkit.model.errors import BugError
from dnkit.model.numbers import ceil_div
from dnkit.model.terms import EndName


class Way(msgspec.Struct, frozen=True):
    """One thing that may come: by which outcome, where it leads, the nanoseconds it takes where nobody
    counted them, and what it costs in mbps.
    """

    outcome: str
    to: Hashable
    spent_ns: int = 0
    cost: int = 0


class Choice(msgspec.Struct, frozen=True):
    """What may come at a place. `asked` is the request that decides; None where only one thing can come."""

    ways: tuple[Way, ...]
    asked: Asked | None = None


Choices = Callable[[Hashable], Choice | EndName]
Places = tuple[Choice | EndName, ...]  # from the start on; each `to` is the index of a later place


class Lead(msgspec.Struct, frozen=True):
    """Where a way leads, its times as (ticks, share of them), and its cost in mbps."""

    to: int
    times: tuple[tuple[int, float], ...]
    cost: int


class Branch(msgspec.Struct, frozen=True):
    """One outcome with its share and the ends of it. Where it leads several ways (a part may be any part),
    nobody counted them apart: the point takes them alike, the ends take the worst and the best of them.
    """

    low: float
    point: float
    high: float
    leads: tuple[Lead, ...]


class Weighed(msgspec.Struct, frozen=True):
    """Places with shares, and the samples those come from. One tick is `tick_ns`; times are rounded up."""

    places: tuple[tuple[Branch, ...] | EndName, ...]
    samples: tuple[Sample, ...]
    tick_ns: int


def lay_out(start: Hashable, choices: Choices) -> Places:
    """Every place that can be reached, in an order in which all ways lead onwards. BugError where they go
    round in a circle.
    """
    found: dict[Hashable, Choice | EndName] = {}
    order: list[Hashable] = []
    open_places = {start: None}
    stack = [(start, _onward(found, start, choices))]
    while stack:
        place, onward = stack[-1]
        then = next(onward, _NOWHERE)
        if then is _NOWHERE:
            stack.pop()
            del open_places[place]
            order.append(place)
        elif then in open_places:
            raise BugError(f"what can happen goes round in a circle at {then}")
        elif then not in found:
            open_places[then] = None
            stack.append((then, _onward(found, then, choices)))
    places = {place: index for index, place in enumerate(reversed(order))}
    return tuple(_numbered(found[place], places) for place in places)


_NOWHERE = object()


def _onward(found: dict[Hashable, Choice | EndName], place: Hashable, choices: Choices) -> Iterator[Hashable]:
    choice = found[place] = choices(place)
    return iter(()) if isinstance(choice, EndName) else (way.to for way in choice.ways)


def _numbered(choice: Choice | EndName, places: dict[Hashable, int]) -> Choice | EndName:
    if isinstance(choice, EndName):
        return choice
    return replace(choice, ways=tuple(replace(way, to=places[way.to]) for way in choice.ways))


def weigh(places: Places, frequencies: Frequencies, tick_ns: int) -> Weighed:
    """The places with the frequencies put on. NoFrequencies where what matters was never counted."""
    asked = dict.fromkeys(_key(one) for one in places if isinstance(one, Choice) and one.asked is not None)
    found = {key: sample_of(frequencies, *key) for key in asked}
    missing = sorted({request.text for (request, _), sample in found.items() if sample is None})
    if missing:
        raise NoFrequencies(f"nothing was counted of: {', '.join(missing)}")
    samples = {key: sample for key, sample in found.items() if sample is not None}
    weighed = tuple(one if isinstance(one, EndName) else _branches(one, samples, tick_ns) for one in places)
    return Weighed(weighed, tuple(samples.values()), tick_ns)


_Key = tuple[Asked, tuple[str, ...]]


def _key(choice: Choice) -> _Key:
    if choice.asked is None:
        raise BugError("no request decides what comes")
    return choice.asked, tuple(dict.fromkeys(way.outcome for way in choice.ways))


def _branches(choice: Choice, samples: dict[_Key, Sample], tick_ns: int) -> tuple[Branch, ...]:
    if choice.asked is None:
        if len(choice.ways) != 1:
            raise BugError(f"nothing decides between {[way.outcome for way in choice.ways]}")
        return (Branch(1.0, 1.0, 1.0, (_lead(choice.ways[0], (), tick_ns),)),)
    return tuple(_branch(choice, share, tick_ns) for share in samples[_key(choice)].shares)


def _branch(choice: Choice, share: Share, tick_ns: int) -> Branch:
    ways = (way for way in choice.ways if way.outcome == share.outcome)
    leads = tuple(_lead(way, share.took, tick_ns) for way in ways)
    return Branch(share.low, share.point, share.high, leads)


def _lead(way: Way, took: tuple[tuple[int, float], ...], tick_ns: int) -> Lead:
    ticks: dict[int, float] = {}
    for ns, share in took or ((way.spent_ns, 1.0),):
        ticks[ceil_div(ns, tick_ns)] = ticks.get(ceil_div(ns, tick_ns), 0.0) + share
    assert isinstance(way.to, int), "places are numbered before they are weighed"
    return Lead(way.to, tuple(ticks.items()), way.cost)
