"""The frontier of what is promised: with so few faults and so deep a book, the goal is certain, and within
what.

The faults here are transient: an answer lost, an order rejected, a read wrong. With a venue that stays down
or a process that dies nobody can promise a goal, only an honest halt.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec.structs import replace

from dnkit.analysis.bounds import concessions, ends_of, is_goal, latest
from dnkit.analysis.case import Case, case
from dnkit.analysis.deadlines import by_faults, views_within
from dnkit.analysis.longest import least_faults
from dnkit.analysis.move import Kind
from dnkit.analysis.network import Flags, Ints, Network
from dnkit.analysis.proof import NONE, Promise
from dnkit.analysis.since import time_of
from dnkit.analysis.view import View
from dnkit.model.numbers import MBPS_PER_BPS
from dnkit.policies.explain.words import seconds, show_bps

DEPTHS = (*(bps * MBPS_PER_BPS for bps in (5, 10, 15, 20, 50)), NONE)
TRANSIENT = (Kind.FREE, Kind.SLIP)


def frontier(network: Network, depths: Sequence[int] = DEPTHS) -> tuple[Promise, ...]:
    """A promise for each number of faults and each depth in mbps (NONE: whatever the book holds)."""
    known: dict[bytes, list[Promise]] = {}
    found = []
    for depth in depths:
        flags = possible(network, depth)
        key = flags.tobytes()
        if key not in known:  # else no order tells this depth from another one
            known[key] = [*_promises(network, flags)]
        found += [replace(one, depth=depth) for one in known[key]]
    return tuple(sorted(found, key=lambda one: (one.faults, depths.index(one.depth))))


def possible(network: Network, depth: int) -> Flags:
    """By label whether an edge can be gone with transient faults only, while the book holds the quantity
    within that depth: an order that reaches so far is filled whole.
    """
    return np.array(
        [label.note.kind in TRANSIENT and (depth == NONE or label.held < depth) for label in network.labels]
    )


def _promises(network: Network, allowed: Flags) -> Iterator[Promise]:
    """For each number of faults, of a depth that is not named yet."""
    graph, ends = network.graph, ends_of(network)
    halts = [index for index in ends if not is_goal(graph, index)]
    for faults, (time, paid) in enumerate(by_faults(views_within(network, allowed), _worst)):
        if (time[halts] >= 0).any():
            yield Promise(faults=faults, depth=NONE, certain=False)
        else:
            time_ns = latest(time, ends)
            yield Promise(faults=faults, depth=NONE, certain=True, time_ns=time_ns, concession=paid)


def _worst(view: View) -> list[tuple[Ints, tuple[int, ...]]]:
    """By faults used, the most time and what is paid at most."""
    time = time_of(view)
    return [*zip(time, concessions(view, least_faults(time)), strict=True)]


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
