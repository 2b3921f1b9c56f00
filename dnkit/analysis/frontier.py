"""The frontier of what is promised: with so few faults and so deep a book, the goal is certain, and within
what.

The faults here are transient: an answer lost, an order rejected, a read wrong. With a venue that stays down
or a process that dies nobody can promise a goal, only an honest halt.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from dnkit.analysis.bounds import concessions, is_goal
from dnkit.analysis.case import Case, case
from dnkit.analysis.deadlines import by_faults, ways_within
from dnkit.analysis.move import Kind
from dnkit.analysis.network import Label, Network
from dnkit.analysis.proof import NONE, Promise
from dnkit.engine.state import Stage
from dnkit.model.numbers import MBPS_PER_BPS
from dnkit.policies.explain.words import seconds, show_bps

DEPTHS = (*(bps * MBPS_PER_BPS for bps in (5, 10, 15, 20, 50)), NONE)
TRANSIENT = (Kind.FREE, Kind.SLIP)


def frontier(network: Network, depths: Sequence[int] = DEPTHS) -> tuple[Promise, ...]:
    """A promise for each number of faults and each depth in mbps (NONE: whatever the book holds)."""
    found = [promise for depth in depths for promise in _promises(network, depth)]
    return tuple(sorted(found, key=lambda one: (one.faults, depths.index(one.depth))))


def is_possible(label: Label, depth: int) -> bool:
    """Whether an edge can be gone with transient faults only, while the book holds the quantity within that
    depth: an order that reaches so far is filled whole.
    """
    return label.note.kind in TRANSIENT and (depth == NONE or label.held < depth)


def _promises(network: Network, depth: int) -> Iterator[Promise]:
    ways = ways_within(network, partial(is_possible, depth=depth))
    graph = network.graph
    ends = [index for index, (state, _) in enumerate(graph.nodes) if state.stage is Stage.END]
    halts = [index for index in ends if not is_goal(graph, index)]
    paid = by_faults(ways, concessions)
    for faults, time in enumerate(by_faults(ways, lambda one: one.time)):
        if any(time[index] >= 0 for index in halts):
            yield Promise(faults=faults, depth=depth, certain=False)
        else:
            longest_ns = max((time[index] for index in ends), default=0)
            yield Promise(
                faults=faults, depth=depth, certain=True, time_ns=longest_ns, concession=paid[faults]
            )


def promised(promises: Sequence[Promise]) -> Case:
    """P17: the widest promise for each number of faults; broken where nothing at all is promised."""
    words = [_widest(promises, faults) for faults in sorted({one.faults for one in promises})]
    return case("P17", not any(one.certain for one in promises), "; ".join(words))


def _widest(promises: Sequence[Promise], faults: int) -> str:
    """The least that has to be assumed of the book for a certain goal."""
    name = f"with {faults} transient fault{'s' if faults > 1 else ''}" if faults else "with no fault"
    certain = [one for one in promises if one.certain and one.faults == faults]
    if not certain:
        return f"{name} the goal is not certain"
    widest = max(certain, key=lambda one: (one.depth == NONE, one.depth))
    book = "whatever the book holds" if widest.depth == NONE else f"the book within {show_bps(widest.depth)}"
    paid = show_bps(sum(widest.concession))
    return f"{name} and {book} the goal is certain within {seconds(widest.time_ns)} and {paid}"
