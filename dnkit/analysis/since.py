"""The most time since something began: a scope was entered, a position became naked. It is counted on from
every state in which it lasts, up to the state in which it is over.
"""

from typing import NamedTuple

import numpy as np

from dnkit.analysis.longest import Layers, beginnings, least_faults, longest, unreached
from dnkit.analysis.network import Edges, Flags, Ints
from dnkit.analysis.proof import NONE
from dnkit.analysis.view import View


class Ways(NamedTuple):
    """What the ways to each state and gate have in common: the `least` faults they need, and by faults and
    clock how long it may have run by itself since all clocks met (`lead`).
    """

    view: View
    least: Ints
    lead: Layers


def ways_of(view: View) -> Ways:
    """All ways from the starts."""
    lead = longest(view, beginnings(view), alone=True)
    return Ways(view, least_faults(lead[:, -1]), lead)


def time_of(view: View) -> Ints:
    """By faults the most time on any way from a start to each state and gate; negative where none leads."""
    return longest(view, beginnings(view))[:, -1]


def since(ways: Ways, lasts: Flags, *, again: Flags | None = None, caps: Ints | None = None) -> Ints:
    """By faults, the most time since it began, for each state and gate in which it lasts or is over just now;
    negative for all others.

    `lasts` and `caps` are by state and gate: whether it does, and the most it can have lasted. `again` says
    by edge of the view whether it begins anew between two states in which it lasts.
    """
    edges = ways.view.edges
    goes_on = lasts[edges.source] if again is None else lasts[edges.source] & ~again
    starts = [start for start in ways.view.network.graph.starts if lasts[start]]
    seeds = _begun(ways, starts, edges.where(lasts[edges.target] & ~goes_on))
    return longest(ways.view, seeds, shut=~goes_on, caps=caps)[:, -1]


def _begun(ways: Ways, starts: list[int], edges: Edges) -> Layers:
    """What the clocks show where those states or edges begin it: nothing, but for those of other legs than
    the edge's, which may have run ahead.
    """
    view, seeds = ways.view, unreached(ways.view, ways.view.network.width)
    first, leg = ways.least[edges.source] + edges.faults, view.network.leg[edges.label]
    seeds[0][:, starts] = 0
    for used in range(view.faults + 1):
        seeds[used][:, edges.target[first == used]] = 0
        for clock in range(view.network.legs):
            other = edges.where((first <= used) & (leg != NONE) & (leg != clock))
            ahead = ways.lead[used - other.faults, clock, other.source]
            np.maximum.at(seeds[used, clock], other.target, ahead)
    return seeds
