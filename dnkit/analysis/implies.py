"""Whether one machine is never more aggressive than another: no type of order that the other does not send,
and no number of its worst case larger, with any number of faults and on any book.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from dnkit.analysis.bounds import Measured, bounds_of, first_paying, measure
from dnkit.analysis.case import Case, case, counted
from dnkit.analysis.deadlines import ways_within
from dnkit.analysis.explore import Graph
from dnkit.analysis.frontier import frontier, possible
from dnkit.analysis.longest import slowest
from dnkit.analysis.network import Network
from dnkit.analysis.proof import NONE, Bounds, Promise
from dnkit.analysis.world import Fate
from dnkit.model.terms import OrderType
from dnkit.policies.explain.words import seconds, show_bps, show_money

Types = Mapping[tuple[int, OrderType], int]
WORDS = {
    "time_ns": ("longest time", seconds),
    "naked_ns": ("longest naked time", seconds),
    "unhedged": ("most unhedged", show_money),
    "unhedged_ns": ("longest time above max_unhedged", seconds),
    "concession": ("concession", show_bps),
}
ALONE = ("unhedged", "time_ns", "unhedged_ns", "naked_ns")


class Excess(NamedTuple):
    """A number (a field of Bounds) that is larger than it may be: `limit` of the first machine against
    `value` of the second, with so many faults. `leg` where it is of one leg; `depth` where it is of a
    promise, with a book that holds the quantity within so many mbps (None: of the bounds, on any book).
    """

    what: str
    faults: int
    limit: int
    value: int
    leg: int = NONE
    depth: int | None = None


def excesses(
    bounds: tuple[Sequence[Bounds], Sequence[Bounds]],
    promises: tuple[Sequence[Promise], Sequence[Promise]],
) -> tuple[Excess, ...]:
    """Where the second of two machines with as many legs is worse than the first, fewest faults first.

    Of promises only what is paid is compared, and only where both are certain: to give up sooner is not more
    aggressive, and who stops at a nearer price may have to come again.
    """
    found = [one for first, second in zip(*bounds, strict=False) for one in _of_bounds(first, second)]
    known = {(one.faults, one.depth): one for one in promises[0]}
    for second in promises[1]:
        first = known.get((second.faults, second.depth))
        if first is not None and first.certain and second.certain:
            found += [one._replace(depth=first.depth) for one in _paid(first, second)]
    return tuple(sorted(found, key=lambda one: (one.faults, one.depth is not None)))


def _of_bounds(first: Bounds, second: Bounds) -> Iterator[Excess]:
    yield from _paid(first, second)
    for what in ALONE:
        limit, value = getattr(first, what), getattr(second, what)
        if value > limit:
            yield Excess(what, first.faults, limit, value)


def _paid(first: Bounds | Promise, second: Bounds | Promise) -> Iterator[Excess]:
    for leg, (limit, value) in enumerate(zip(first.concession, second.concession, strict=True)):
        if value > limit:
            yield Excess("concession", first.faults, limit, value, leg)


# --- with the graphs at hand ----------------------------------------------------------------------


def implied(first: Network, second: Network) -> Case:
    """P23: the second is never more aggressive than the first; broken with what is larger, and where in the
    second's graph that shows first.
    """
    graphs = first.graph, second.graph
    if len(first.graph.ground.legs) != len(second.graph.ground.legs):
        return case("P23", True, "they do not trade the same number of legs")
    found = measure(first), measure(second)
    new = _new_types(*(types_sent(graph) for graph in graphs))
    larger = excesses((bounds_of(found[0]), bounds_of(found[1])), (frontier(first), frontier(second)))
    names = [spec.name for spec in second.graph.ground.program.legs]
    words = [f"{type.value} orders on leg {names[leg]}" for leg, type in new]
    words += _words(larger, names)
    if not words:
        return case("P23", False, "no type of order is new, and no number of the worst case is larger")
    text = f"more aggressive: {'; '.join(words)}"
    if new:
        return case("P23", True, text, _first_sent(second.graph, *new[0]))
    return case("P23", True, text, *_shown(found[1], larger[0]))


def types_sent(graph: Graph) -> Types:
    """(leg, type) of all orders that are sent, with the fewest faults that takes."""
    found: dict[tuple[int, OrderType], int] = {}
    for faults, (_, world) in zip(graph.faults, graph.nodes, strict=True):
        for leg, side in enumerate(world.legs):
            for order in side.orders:
                if order.fate is Fate.SENT:
                    key = leg, order.type
                    found[key] = min(faults, found.get(key, faults))
    return found


def _new_types(first: Types, second: Types) -> list[tuple[int, OrderType]]:
    """What the second sends and the first does not, or only with more faults."""
    return [key for key, faults in second.items() if key not in first or faults < first[key]]


def _first_sent(graph: Graph, leg: int, type: OrderType) -> int:
    """The nearest state in which such an order is under way."""
    states = [
        (graph.faults[index], graph.depth[index], index)
        for index, (_, world) in enumerate(graph.nodes)
        if any(one.type is type and one.fate is Fate.SENT for one in world.legs[leg].orders)
    ]
    return min(states)[2]


def _words(larger: Sequence[Excess], names: Sequence[str]) -> list[str]:
    """Each number once, as it is with the fewest faults."""
    firsts = {(one.what, one.leg): one for one in reversed(larger)}
    return [_says(one, names) for one in larger if firsts[one.what, one.leg] is one]


def _says(one: Excess, names: Sequence[str]) -> str:
    what, show = WORDS[one.what]
    leg = f" on leg {names[one.leg]}" if one.leg != NONE else ""
    faults = f" with {counted(one.faults)}" if one.faults else ""
    book = f" and the book within {show_bps(one.depth)}" if one.depth not in (None, NONE) else ""
    return f"{what}{leg}{faults}{book} {show(one.value)} against {show(one.limit)}"


def _shown(found: Measured, one: Excess) -> tuple[int, tuple[tuple[int, int], ...]]:
    """The state that shows the excess, and the slowest way there where it is one of time."""
    network, ways = found.network, found.ways
    if one.what == "concession":
        if one.depth is not None:
            ways = ways_within(network, possible(network, one.depth))
        return first_paying(ways[one.faults], one.limit, one.leg), ()
    if one.what == "unhedged":
        return _first_beyond(network.graph, found.open.money, one.limit), ()
    if one.what == "time_ns":
        at = found.ends[int(found.time[one.faults][found.ends].argmax())]
    else:
        layer = (found.naked if one.what == "naked_ns" else found.above)[one.faults]
        at = int(layer[: len(network.graph.nodes)].argmax())
    return at, slowest(ways[one.faults].view, at, one.faults)


def _first_beyond(graph: Graph, values: Sequence[int], limit: int) -> int:
    """The nearest state whose value is beyond the limit."""
    states = [
        (graph.faults[index], graph.depth[index], index)
        for index in range(len(graph.nodes))
        if values[index] > limit
    ]
    return min(states)[2] if states else NONE
