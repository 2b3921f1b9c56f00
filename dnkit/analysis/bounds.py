"""The worst of every path: how long, how naked, how far from the touch, how many calls; and whether the
limits a policy states are kept by it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from dnkit.analysis.case import Case, case, counted
from dnkit.analysis.deadlines import age_of, by_faults, ways_within
from dnkit.analysis.explore import Graph
from dnkit.analysis.exposed import Open, exposures
from dnkit.analysis.longest import most, slowest, unreached
from dnkit.analysis.move import Kind
from dnkit.analysis.network import Ints, Network, stands_in
from dnkit.analysis.proof import NONE, Bounds
from dnkit.analysis.since import Ways, since, time_of
from dnkit.analysis.view import View
from dnkit.analysis.world import Quest
from dnkit.engine.state import Stage
from dnkit.machine.program import NO_LIMIT
from dnkit.model.terms import EndName
from dnkit.policies.explain.words import seconds, show_bps, show_money

CALLS = ("orders", "cancels", "reads")


class Measured(NamedTuple):
    """What the bounds are taken from. `ways` by budget; by faults and state `time` from the start, `age`
    since the policy's deadline began to run (where the first phase begins), `naked` time, and time `above`
    max_unhedged. `ends` are the states in which a run has ended, `goals` those of them that are no halt.
    """

    network: Network
    ways: tuple[Ways, ...]
    time: Sequence[Ints]
    open: Open
    age: Sequence[Ints]
    naked: Sequence[Ints]
    above: Sequence[Ints]
    ends: Sequence[int]
    goals: Sequence[int]


def measure(network: Network) -> Measured:
    """The longest paths through a network without a cycle."""
    graph = network.graph
    ways, opened = ways_within(network), exposures(graph)
    limit = graph.ground.program.scopes[0].limits.unhedged_max
    bounded = limit != NO_LIMIT and len(graph.ground.legs) > 1
    naked = opened.naked[network.states]
    above = np.array([bounded and money > limit for money in opened.money])[network.states]
    ends = ends_of(network)
    return Measured(
        network=network,
        ways=ways,
        time=by_faults(ways, lambda one: time_of(one.view)),
        open=opened,
        age=by_faults(ways, lambda one: age_of(one, 0)),
        naked=by_faults(ways, lambda one: since(one, naked)),
        above=by_faults(ways, lambda one: since(one, above)),
        ends=ends,
        goals=[index for index in ends if is_goal(graph, index)],
    )


def ends_of(network: Network) -> list[int]:
    """The states in which a run has ended."""
    ended: list[int] = np.flatnonzero(stands_in(network, Stage.END)[: len(network.graph.nodes)]).tolist()
    return ended


def is_goal(graph: Graph, index: int) -> bool:
    """Whether a run has ended there without a halt."""
    ended = graph.nodes[index][0].ended
    return ended is not None and ended.end is not EndName.HALTED


def bounds_of(found: Measured) -> tuple[Bounds, ...]:
    """The bounds for each number of faults from none to the budget."""
    budgets = range(len(found.ways))
    calls = by_faults(found.ways, _calls)
    paid = by_faults(found.ways, lambda one: concessions(one.view, one.least))
    times = [_time(found, found.ends, faults) for faults in budgets]
    return tuple(
        Bounds(
            faults=faults,
            time_ns=times[faults],
            goal_ns=_time(found, found.goals, faults),
            naked_ns=min(times[faults], max(0, int(found.naked[faults].max()))),
            unhedged=max(_reached(found, found.open.money, faults)),
            unhedged_ns=min(times[faults], max(0, int(found.above[faults].max()))),
            concession=paid[faults],
            pair=sum(paid[faults]),
            orders=calls[faults][0::3],
            cancels=calls[faults][1::3],
            reads=calls[faults][2::3],
        )
        for faults in budgets
    )


def _reached(found: Measured, values: Sequence[int], faults: int) -> list[int]:
    """The values of the states that are reached with so many faults."""
    states = np.flatnonzero(found.time[faults][: len(values)] >= 0)
    return [values[index] for index in states.tolist()]


def _time(found: Measured, ends: Sequence[int], faults: int) -> int:
    """The longest run that gets to one of those ends, 0 where none does. Where a deadline cuts runs short,
    the time before it began to run and the longest age bound it too.
    """
    longest_ns = latest(found.time[faults], ends)
    if not len(found.network.gates):
        return longest_ns
    return min(longest_ns, max(0, _beginning(found, faults) + latest(found.age[faults], ends)))


def latest(layer: Ints, ends: Sequence[int]) -> int:
    """The largest value of those states, 0 where there is none."""
    return max(0, int(layer[ends].max())) if ends else 0


def _beginning(found: Measured, faults: int) -> int:
    """The longest time until the first phase begins."""
    view, network = found.ways[faults].view, found.network
    begins = stands_in(network, Stage.START)
    edges = view.edges.where(begins[view.edges.source] & (view.edges.faults <= faults))
    before = np.array(found.time)[faults - edges.faults, edges.source]
    return int((before + network.spent[edges.label]).max())


# --- money and calls ------------------------------------------------------------------------------


def concessions(view: View, least: Ints) -> list[tuple[int, ...]]:
    """By faults, the farthest past the touch that an order of each leg is sent, in mbps; 0 where none is.
    `least` are the faults with which each state and gate is reached.
    """
    found = [[0] * view.network.legs for _ in range(view.faults + 1)]
    needed = np.full(len(view.network.labels), view.faults + 1)
    np.minimum.at(needed, view.edges.label, least[view.edges.source] + view.edges.faults)
    for label, faults in zip(view.network.labels, needed.tolist(), strict=True):
        for leg, pay in label.note.sent:
            for row in found[faults:]:
                row[leg] = max(row[leg], pay)
    return [tuple(one) for one in found]


def _calls(ways: Ways) -> list[tuple[int, ...]]:
    """By faults, the most calls of each kind on each leg."""
    graph, labels = ways.view.network.graph, ways.view.network.labels
    seeds = unreached(ways.view, len(CALLS) * len(graph.ground.legs))
    for start in graph.starts:
        seeds[0][:, start] = _first_calls(graph, start)
    layers = most(ways.view, seeds, np.array([label.note.calls for label in labels]).T)
    return [tuple(layer.max(axis=1).tolist()) for layer in layers]


def _first_calls(graph: Graph, start: int) -> list[int]:
    """What is asked for on each leg as a run begins."""
    found = list[int]()
    for side in graph.nodes[start][1].legs:
        kinds = [kind for kind, _, _ in side.quests]
        found += (0, kinds.count(Quest.SWEEP), kinds.count(Quest.POSITION))
    return found


# --- limits ---------------------------------------------------------------------------------------


def limits_kept(found: Measured, bounds: Sequence[Bounds]) -> tuple[Case, ...]:
    """P13 to P16 and P22: what was found, and whether the limits that the policy states are kept."""
    return (
        _deadline(found),
        _naked(bounds),
        _concession(found, bounds),
        _unhedged(found, bounds),
        _traffic(found, bounds),
    )


def _by_faults(values: Sequence[int], words: Callable[[int], str]) -> str:
    """Values with the faults they take, those left out that are no more than with fewer."""
    parts = [
        f"{words(value)} with {counted(faults)}"
        for faults, value in enumerate(values)
        if not faults or value > values[faults - 1]
    ]
    return ", ".join(parts) if len(parts) > 1 else words(values[-1])


def _deadline(found: Measured) -> Case:
    """A venue that stays down is left out: what a halt still asks of it comes after every deadline."""
    allowed = np.array([label.note.kind is not Kind.DOWN for label in found.network.labels])
    ways = ways_within(found.network, allowed)
    age = by_faults(ways, lambda one: age_of(one, 0))
    limit = found.network.graph.ground.program.scopes[0].limits.deadline_ns
    ages = [latest(layer, found.ends) for layer in age]
    within = _by_faults(ages, seconds)
    text = f"from its first phase a run ends within {within}, but for a venue that stays down"
    if limit == NO_LIMIT:
        return case("P13", False, f"{text}; no deadline is stated")
    if ages[-1] <= limit:
        return case("P13", False, f"{text}; the deadline is {seconds(limit)}")
    faults = next(faults for faults, age in enumerate(ages) if age > limit)
    at = found.ends[int(age[faults][found.ends].argmax())]
    trail = slowest(ways[faults].view, at, faults)
    return case("P13", True, f"{text}; the deadline is {seconds(limit)}", at, trail)


def _naked(bounds: Sequence[Bounds]) -> Case:
    return case("P14", False, f"naked for at most {_by_faults([one.naked_ns for one in bounds], seconds)}")


def _concession(found: Measured, bounds: Sequence[Bounds]) -> Case:
    graph = found.network.graph
    limit = graph.ground.program.scopes[0].limits.concession_max
    legs = [
        f"leg {spec.name} {_by_faults([one.concession[index] for one in bounds], show_bps)}"
        for index, spec in enumerate(graph.ground.program.legs)
    ]
    text = f"farthest past the touch: {'; '.join(legs)}"
    if limit == NO_LIMIT:
        return case("P15", False, f"{text}; max_concession is not stated")
    broken = max(bounds[-1].concession) > limit
    at = first_paying(found.ways[-1], limit) if broken else NONE
    return case("P15", broken, f"{text}; max_concession is {show_bps(limit)}", at)


def first_paying(ways: Ways, limit: int, leg: int = NONE) -> int:
    """The nearest state in which an order was just sent farther past the touch than that, of any leg or of
    the one asked for; NONE where none is.
    """
    graph, edges = ways.view.network.graph, ways.view.edges
    beyond = [
        any(pay > limit and leg in (NONE, index) for index, pay in label.note.sent)
        for label in ways.view.network.labels
    ]
    needed = ways.least[edges.source] + edges.faults
    places = np.flatnonzero(np.array(beyond)[edges.label] & (needed <= ways.view.faults))
    pairs = zip(needed[places].tolist(), edges.target[places].tolist(), strict=True)
    states = [(faults, graph.depth[target], target) for faults, target in pairs]
    return min(states)[2] if states else NONE


def _unhedged(found: Measured, bounds: Sequence[Bounds]) -> Case:
    limits = found.network.graph.ground.program.scopes[0].limits
    text = f"unhedged at most {_by_faults([one.unhedged for one in bounds], show_money)}"
    if limits.unhedged_max == NO_LIMIT:
        return case("P16", False, f"{text}; max_unhedged is not stated")
    above = _by_faults([one.unhedged_ns for one in bounds], seconds)
    text += (
        f"; above {show_money(limits.unhedged_max)} for {above}, allowed are {seconds(limits.unhedged_ns)}"
    )
    over = [one.faults for one in bounds if one.unhedged_ns > limits.unhedged_ns]
    if not over:
        return case("P16", False, text)
    at = int(found.above[over[0]][: len(found.open.money)].argmax())
    return case("P16", True, text, at, slowest(found.ways[over[0]].view, at, over[0]))


def _traffic(found: Measured, bounds: Sequence[Bounds]) -> Case:
    worst, program = bounds[-1], found.network.graph.ground.program
    legs = [
        f"leg {spec.name} {', '.join(f'{getattr(worst, kind)[index]} {kind}' for kind in CALLS)}"
        for index, spec in enumerate(program.legs)
    ]
    return case("P22", False, f"at most with {counted(worst.faults)}: {'; '.join(legs)}")
