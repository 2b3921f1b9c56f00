"""How much is open in an explored state by the worst truth: every fill that nobody has seen may have
happened.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from dnkit.analysis.explore import Graph
from dnkit.analysis.ground import Ground
from dnkit.analysis.network import Flags
from dnkit.analysis.world import Fate, LegWorld, reach
from dnkit.engine.exposure import amount_lots, net, net_money, tolerance
from dnkit.engine.state import Leg
from dnkit.model.terms import STOPS, Intent

Extremes = tuple[tuple[int, int, int], ...]


class Open(NamedTuple):
    """By state: whether it is naked, and the most net exposure in picos of money.

    Naked is a net exposure at which the engine would act, or a single position that no live stop covers.
    """

    naked: Flags
    money: Sequence[int]


def exposures(graph: Graph) -> Open:
    """What may be open in every state."""
    still, known = _still(graph.ground), dict[Extremes, tuple[bool, int]]()
    naked, money = [], list[int]()
    for key in _extremes(graph):
        if key not in known:
            known[key] = _worst(graph.ground, still, key)
        bare, amount = known[key]
        naked.append(bare)
        money.append(amount)
    return Open(np.array(naked), money)


def _still(ground: Ground) -> tuple[Leg, ...]:
    """Legs as a run knows them once it has seen the fixed books."""
    program = ground.program
    legs = [
        Leg(bid=lattice.bid, ask=lattice.ask, least=lattice.least, clip=lattice.whole)
        for lattice in ground.legs
    ]
    least = program.scopes[0].limits.hedge_min
    return tuple(
        replace(leg, hedge_min=amount_lots(spec, leg, least))
        for spec, leg in zip(program.legs, legs, strict=True)
    )


def _extremes(graph: Graph) -> Iterator[Extremes]:
    """By state what may be open of each leg; legs of states are kept once, so each pair is looked at once."""
    known: dict[tuple[int, int], tuple[int, int, int]] = {}
    for state, world in graph.nodes:
        found = []
        for leg, side in zip(state.legs, world.legs, strict=True):
            key = id(leg), id(side)
            if key not in known:
                known[key] = _extreme(graph.ground, leg, side)
            found.append(known[key])
        yield tuple(found)


def _extreme(ground: Ground, leg: Leg, side: LegWorld) -> tuple[int, int, int]:
    """Lots of a leg that may be open at least and at most, counted as the program counts them, and those
    which live stops cover.
    """
    relative, single = ground.program.relative, ground.program.intent is Intent.SINGLE
    base = (leg.start if leg.known else side.position) if relative else 0
    stops = [one for one in side.orders if one.type in STOPS] if single else []
    covered = sum(one.lots - one.low for one in stops if one.fate is Fate.LIVE)
    others = tuple(one for one in side.orders if one not in stops)
    low, high = reach(replace(side, orders=others) if stops else side)
    return low - base, high - base, covered


def _worst(ground: Ground, still: tuple[Leg, ...], extremes: Extremes) -> tuple[bool, int]:
    """Whether that is naked, and how much money it is."""
    program = ground.program
    ends = [
        tuple(replace(leg, position=one[end]) for leg, one in zip(still, extremes, strict=True))
        for end in (0, 1)
    ]
    money = max(net_money(program, legs) for legs in ends)
    if program.intent is Intent.SINGLE:
        pairs = zip(still, extremes, strict=True)
        return any(max(-low, high) - covered >= leg.least for leg, (low, high, covered) in pairs), money
    return any(abs(net(program, legs)) >= tolerance(program, legs) for legs in ends), money
