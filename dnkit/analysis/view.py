"""What of a network can be gone, made ready to be swept: edges in parts, each part at once."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from dnkit.analysis.network import ENTRY, Edges, Flags, Ints, Network
from dnkit.analysis.proof import NONE

UNREACHED = -(1 << 60)


class Part(NamedTuple):
    """Edges that can be gone at once, from `begin` to `end`: those without a fault into one level, or all
    that cost so many `faults`. Those into each of `targets` begin at `heads`, counted from `begin`.
    """

    faults: int
    begin: int
    end: int
    heads: Ints
    targets: Ints


class Sweep(NamedTuple):
    """Edges that lead on from what is reached with so many faults, at `places` of a view's edges; `entries`
    are those of them that lead into `gates`. By leg, `clocks` are those of all states' clocks that go on, and
    `spent` is for how long the leg's own one runs.
    """

    places: Ints
    edges: Edges
    parts: tuple[Part, ...]
    clocks: Ints
    spent: Ints
    entries: Ints
    gates: Ints


class View(NamedTuple):
    """A network with the edges that can be gone within a budget of `faults`, and the sweeps for each number
    of faults used. `waits` is by faults used and gate the most time a run can stand before it goes in,
    UNREACHED where it cannot be old enough.
    """

    network: Network
    edges: Edges
    sweeps: tuple[Sweep, ...]
    faults: int
    waits: Ints


def shut_view(network: Network, allowed: Flags | None = None) -> View:
    """The edges whose labels are `allowed` (None: all) within the budget of the setting; all gates are
    shut.
    """
    faults, edges = network.graph.ground.setting.faults, network.edges
    if allowed is not None:
        edges = edges.where(allowed[edges.label])
    least = _least(network, edges, faults)
    edges = edges.where(least[edges.source] + edges.faults <= faults)
    ready = least[edges.source]
    chosen = ((ready <= used) & (edges.faults <= faults - used) for used in range(faults + 1))
    sweeps = tuple(_sweep(network, edges, np.flatnonzero(one)) for one in chosen)
    return View(network, edges, sweeps, faults, np.full((faults + 1, len(network.gates)), UNREACHED))


def _least(network: Network, edges: Edges, faults: int) -> Ints:
    """The fewest faults with which each state and gate is reached, more than there may be where none does."""
    least, parts = np.full(network.size, faults + 1), parts_of(network.levels, edges)
    least[network.graph.starts] = 0
    for _ in range(faults + 1):
        for part in parts:
            found = np.minimum.reduceat(least[edges.source[part.begin : part.end]], part.heads) + part.faults
            least[part.targets] = np.minimum(least[part.targets], found)
    return least


def _sweep(network: Network, edges: Edges, places: Ints) -> Sweep:
    """Those of the edges."""
    here, legs = edges.at(places), np.arange(network.legs)[:, None]
    clocks = np.where(network.leg == NONE, network.width - 1, legs)[:, here.label]
    entries = np.flatnonzero(here.label == ENTRY)
    return Sweep(
        places=places,
        edges=here,
        parts=parts_of(network.levels, here),
        clocks=clocks * network.size + here.source,
        spent=spent_by(network)[:, here.label],
        entries=entries,
        gates=here.target[entries] - len(network.graph.nodes),
    )


def spent_by(network: Network) -> Ints:
    """By leg and label for how long the leg's clock runs."""
    runs = (network.leg == NONE) | (network.leg == np.arange(network.legs)[:, None])
    return np.where(runs, network.spent, 0)


def parts_of(levels: Ints, edges: Edges) -> tuple[Part, ...]:
    """Edges in the order of a network's, cut where a part has to be done before the next one."""
    if not len(edges.source):
        return ()
    ranks = np.where(edges.faults == 0, levels[edges.target], len(levels) + edges.faults)
    cuts = [0, *(np.flatnonzero(np.diff(ranks)) + 1).tolist(), len(ranks)]
    news = (np.diff(edges.target) != 0) | (np.diff(ranks) != 0)
    heads = np.concatenate(([0], np.flatnonzero(news) + 1))
    parts = []
    for (begin, end), (low, high) in zip(pairwise(cuts), pairwise(np.searchsorted(heads, cuts)), strict=True):
        own = heads[low:high]
        parts.append(Part(int(edges.faults[begin]), begin, end, own - begin, edges.target[own]))
    return tuple(parts)
