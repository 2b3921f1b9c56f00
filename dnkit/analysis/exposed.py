"""How much is open in an explored state by the worst truth: every fill that nobody has seen may have
happened.
"""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from dnkit.analysis.explore import Graph
from dnkit.analysis.ground import Ground
from dnkit.analysis.hop import Node
from dnkit.analysis.world import Fate, reach
from dnkit.engine.exposure import amount_lots, net, net_money, tolerance
from dnkit.engine.state import Leg
from dnkit.model.terms import Intent, OrderType

STOPS = (OrderType.STOP, OrderType.STOP_LIMIT)


class Open(NamedTuple):
    """By state: whether it is naked (1 or 0), and the most net exposure in picos of money.

    Naked is a net exposure at which the engine would act, or a single position that no live stop covers.
    """

    naked: bytes
    money: Sequence[int]


def exposures(graph: Graph) -> Open:
    """What may be open in every state."""
    known: dict[tuple[tuple[int, ...], ...], tuple[bool, int]] = {}
    still = _still(graph.ground)
    naked, money = bytearray(), list[int]()
    for node in graph.nodes:
        key = _extremes(graph.ground, node)
        if key not in known:
            known[key] = _worst(graph.ground, still, key)
        bare, amount = known[key]
        naked.append(bare)
        money.append(amount)
    return Open(bytes(naked), money)


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


def _extremes(ground: Ground, node: Node) -> tuple[tuple[int, ...], ...]:
    """Lots of each leg that may be open at least and at most, counted as the program counts them, and those
    which live stops cover.
    """
    state, world = node
    relative, single = ground.program.relative, ground.program.intent is Intent.SINGLE
    found = []
    for leg, side in zip(state.legs, world.legs, strict=True):
        base = (leg.start if leg.known else side.position) if relative else 0
        stops = [one for one in side.orders if one.type in STOPS] if single else []
        covered = sum(one.lots - one.low for one in stops if one.fate is Fate.LIVE)
        others = tuple(one for one in side.orders if one not in stops)
        low, high = reach(replace(side, orders=others) if stops else side)
        found.append((low - base, high - base, covered))
    return tuple(found)


def _worst(ground: Ground, still: tuple[Leg, ...], extremes: tuple[tuple[int, ...], ...]) -> tuple[bool, int]:
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
