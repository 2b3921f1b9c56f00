"""The worst of every path: how long, how naked, how far from the touch, how many calls; and whether the
limits a policy states are kept by it.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from dnkit.analysis.case import Case, case, counted
from dnkit.analysis.deadlines import age_of, by_faults, ways_within
from dnkit.analysis.explore import Graph
from dnkit.analysis.exposed import Open, exposures
from dnkit.analysis.longest import Layers, Seed, longest, slowest
from dnkit.analysis.move import Kind
from dnkit.analysis.network import Label, Network
from dnkit.analysis.proof import NONE, Bounds
from dnkit.analysis.since import Ways, edges, since
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
    time: Layers
    open: Open
    age: Layers
    naked: Layers
    above: Layers
    ends: Sequence[int]
    goals: Sequence[int]


def measure(network: Network) -> Measured:
    """The longest paths through a network without a cycle."""
    graph = network.graph
    ways, opened = ways_within(network), exposures(graph)
    limit = graph.ground.program.scopes[0].limits.unhedged_max
    bounded = limit != NO_LIMIT and len(graph.ground.legs) > 1
    ends = [index for index, (state, _) in enumerate(graph.nodes) if state.stage is Stage.END]
    above = [bounded and money > limit for money in opened.money]
    return Measured(
        network=network,
        ways=ways,
        time=by_faults(ways, lambda one: one.time),
        open=opened,
        age=by_faults(ways, lambda one: age_of(one, 0)),
        naked=by_faults(ways, lambda one: since(one, opened.naked)),
        above=by_faults(ways, lambda one: since(one, above)),
        ends=ends,
        goals=[index for index in ends if is_goal(graph, index)],
    )


def is_goal(graph: Graph, index: int) -> bool:
    """Whether a run has ended there without a halt."""
    ended = graph.nodes[index][0].ended
    return ended is not None and ended.end is not EndName.HALTED


def bounds_of(found: Measured) -> tuple[Bounds, ...]:
    """The bounds for each number of faults from none to the budget."""
    legs, budgets = range(len(found.network.graph.ground.legs)), range(len(found.ways))
    calls = [
        [by_faults(found.ways, partial(_calls, leg=leg, kind=kind)) for kind in range(len(CALLS))]
        for leg in legs
    ]
    paid = by_faults(found.ways, concessions)
    times = [_time(found, found.ends, faults) for faults in budgets]
    return tuple(
        Bounds(
            faults=faults,
            time_ns=times[faults],
            goal_ns=_time(found, found.goals, faults),
            naked_ns=min(times[faults], max(0, *found.naked[faults])),
            unhedged=max(_reached(found, found.open.money, faults)),
            unhedged_ns=min(times[faults], max(0, *found.above[faults])),
            concession=paid[faults],
            pair=sum(paid[faults]),
            orders=tuple(calls[leg][0][faults] for leg in legs),
            cancels=tuple(calls[leg][1][faults] for leg in legs),
            reads=tuple(calls[leg][2][faults] for leg in legs),
        )
        for faults in budgets
    )


def _reached(found: Measured, values: Sequence[int], faults: int) -> Iterator[int]:
    """The values of the states that are reached with so many faults."""
    time = found.time[faults]
    return (value for value, reached in zip(values, time, strict=False) if reached >= 0)


def _time(found: Measured, ends: Sequence[int], faults: int) -> int:
    """The longest run that gets to one of those ends, 0 where none does. Where a deadline cuts runs short,
    the time before it began to run and the longest age bound it too.
    """
    time, age = found.time[faults], found.age[faults]
    longest_ns = max((time[index] for index in ends), default=0)
    if not found.network.gates:
        return max(0, longest_ns)
    aged = max((age[index] for index in ends), default=0)
    return max(0, min(longest_ns, _beginning(found, faults) + aged))


def _beginning(found: Measured, faults: int) -> int:
    """The longest time until the first phase begins."""
    view, nodes = found.ways[faults].view, found.network.graph.nodes
    return max(
        found.time[faults - cost][source] + found.network.labels[label].note.spent
        for source, _, cost, label in edges(view)
        if cost <= faults and source < len(nodes) and nodes[source][0].stage is Stage.START
    )


# --- money and calls ------------------------------------------------------------------------------


def concessions(ways: Ways) -> list[tuple[int, ...]]:
    """By faults, the farthest past the touch that an order of each leg is sent, in mbps; 0 where none is."""
    legs = len(ways.view.network.graph.ground.legs)
    found = [[0] * legs for _ in range(ways.view.faults + 1)]
    for (leg, pay), least in _sent(ways).items():
        for faults in range(least, len(found)):
            found[faults][leg] = max(found[faults][leg], pay)
    return [tuple(one) for one in found]


def _sent(ways: Ways) -> dict[tuple[int, int], int]:
    """(leg, pay-up) of every order that is sent, with the fewest faults that takes."""
    sent = [label.note.sent for label in ways.view.network.labels]
    found: dict[tuple[int, int], int] = {}
    for source, _, faults, label in edges(ways.view):
        for order in sent[label]:
            needed = ways.least[source] + faults
            found[order] = min(needed, found.get(order, needed))
    return found


def _calls(ways: Ways, leg: int, kind: int) -> list[int]:
    """By faults, the most calls of a kind on a leg."""
    network = ways.view.network

    def weigh(label: Label) -> int:
        return label.note.calls[3 * leg + kind]

    graph = network.graph
    seeds = [Seed(0, start, _first_calls(graph, start, leg)[kind]) for start in graph.starts]
    return [max(layer) for layer in longest(ways.view, network.plain, weigh, seeds)]


def _first_calls(graph: Graph, start: int, leg: int) -> tuple[int, int, int]:
    """What is asked for on a leg as a run begins."""
    kinds = [kind for kind, _, _ in graph.nodes[start][1].legs[leg].quests]
    return 0, kinds.count(Quest.SWEEP), kinds.count(Quest.POSITION)


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
    ways = ways_within(found.network, lambda label: label.note.kind is not Kind.DOWN)
    age = by_faults(ways, lambda one: age_of(one, 0))
    limit = found.network.graph.ground.program.scopes[0].limits.deadline_ns
    ages = [max((layer[index] for index in found.ends), default=0) for layer in age]
    within = _by_faults(ages, seconds)
    text = f"from its first phase a run ends within {within}, but for a venue that stays down"
    if limit == NO_LIMIT:
        return case("P13", False, f"{text}; no deadline is stated")
    if ages[-1] <= limit:
        return case("P13", False, f"{text}; the deadline is {seconds(limit)}")
    faults = next(faults for faults, age in enumerate(ages) if age > limit)
    at = max(found.ends, key=lambda index: age[faults][index])
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
    graph, labels = ways.view.network.graph, ways.view.network.labels
    states = [
        (ways.least[source] + faults, graph.depth[target], target)
        for source, target, faults, label in edges(ways.view)
        if any(pay > limit and leg in (NONE, index) for index, pay in labels[label].note.sent)
        and ways.least[source] + faults <= ways.view.faults
    ]
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
    layer = found.above[over[0]]
    at = max(range(len(found.open.money)), key=lambda index: layer[index])
    return case("P16", True, text, at, slowest(found.ways[over[0]].view, at, over[0]))


def _traffic(found: Measured, bounds: Sequence[Bounds]) -> Case:
    worst, program = bounds[-1], found.network.graph.ground.program
    legs = [
        f"leg {spec.name} {', '.join(f'{getattr(worst, kind)[index]} {kind}' for kind in CALLS)}"
        for index, spec in enumerate(program.legs)
    ]
    return case("P22", False, f"at most with {counted(worst.faults)}: {'; '.join(legs)}")
