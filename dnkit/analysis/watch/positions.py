"""Where the legs may truly stand, at every state: P06 and P07."""

from collections.abc import Iterator
from typing import NamedTuple

from dnkit.analysis.ground import Ground
from dnkit.analysis.hop import Node
from dnkit.analysis.watch.truth import Measures, Span, amount, legs_sized, net_span, per_lot, started
from dnkit.analysis.world import reach
from dnkit.engine.state import Stage, State
from dnkit.machine.program import SizeKind
from dnkit.model.numbers import ceil_div
from dnkit.model.terms import Intent

Found = Iterator[tuple[str, str]]  # property and what is wrong
BUILDING = (Intent.OPEN, Intent.SINGLE)
REDUCING = (Intent.CLOSE, Intent.UNWIND, Intent.FLATTEN)


class Roles(NamedTuple):
    """What the legs of a program are for: `clipped` are traded up to the clip, `hedges` follow them."""

    clipped: frozenset[int]
    hedges: frozenset[int]
    mended: frozenset[int]


def roles(ground: Ground) -> Roles:
    """The roles of a program's legs; no roles where it builds nothing."""
    if ground.program.intent not in BUILDING:
        return Roles(frozenset(), frozenset(), frozenset())
    clipped = legs_sized(ground, SizeKind.CLIP)
    mended = legs_sized(ground, SizeKind.IMBALANCE)
    return Roles(clipped, mended - clipped, mended & clipped)


def position_breaks(ground: Ground, known: Measures, parts: Roles, node: Node) -> Found:
    """What is wrong with where the legs may stand, over all fills that nobody has seen."""
    state, world = node
    bounds = tuple(reach(side) for side in world.legs)
    reducing = _reduces(ground, state)
    for index, (low, high) in enumerate(bounds):
        at = world.legs[index].position
        if (low < 0 and (at > 0 or (reducing and at == 0))) or (high > 0 and (at < 0 or (reducing and at == 0))):
            far = amount(ground, index, low if at > 0 or (at == 0 and low) else high)
            yield "P07", f"leg {ground.program.legs[index].name} holds {amount(ground, index, at)} and may get to {far}"
    if ground.program.intent is Intent.REBALANCE:
        yield from _overshoot(ground, known, node, bounds)
    for index in parts.clipped:
        yield from _beyond_clip(ground, parts, state, index, bounds[index])
    for index in parts.hedges:
        yield from _beyond_hedged(ground, known, state, index, bounds)


def _reduces(ground: Ground, state: State) -> bool:
    """Whether no leg may be opened now: in a policy that closes, or in the part of one that is at work."""
    program = ground.program
    if program.intent in REDUCING:
        return True
    return state.stage is Stage.PHASE and program.scopes[program.phases[state.phase].scope].intent in REDUCING


def _beyond_clip(ground: Ground, parts: Roles, state: State, index: int, bounds: Span) -> Found:
    """More than the clip; a leg that also makes up for the other one may get as far as that one's clip."""
    unit, start = per_lot(ground, state, index), state.legs[index].start
    most = ground.legs[index].whole
    if index in parts.mended:
        most = max(
            ceil_div(lattice.whole * per_lot(ground, state, other), unit)
            for other, lattice in enumerate(ground.legs)
        )
    moved = max(start - bounds[0], bounds[1] - start)
    if moved > most:
        name = ground.program.legs[index].name
        yield (
            "P06",
            f"leg {name} may have moved by {amount(ground, index, moved)}, beyond its clip of {amount(ground, index, most)}",
        )


def _beyond_hedged(ground: Ground, known: Measures, state: State, index: int, bounds: tuple[Span, ...]) -> Found:
    """A hedge that exceeds, in some case, all that the others hold, by what can be traded."""
    hedge = _size(ground, state, index, bounds)[1]
    held = sum(_size(ground, state, other, bounds)[0] for other in range(len(bounds)) if other != index)
    if hedge - held >= known.smallest(ground, state):
        unit = per_lot(ground, state, index)
        name = ground.program.legs[index].name
        yield (
            "P06",
            f"leg {name} may hedge with {amount(ground, index, hedge // unit)} what may be as little as"
            f" {amount(ground, index, held // unit)}",
        )


def _size(ground: Ground, state: State, index: int, bounds: tuple[Span, ...]) -> Span:
    """Least and most that a leg may have moved either way, in the unit of `per_lot`."""
    unit, start = per_lot(ground, state, index), started(ground, state, index)
    low, high = bounds[index][0] - start, bounds[index][1] - start
    least = 0 if low <= 0 <= high else min(abs(low), abs(high))
    return least * unit, max(abs(low), abs(high)) * unit


def _overshoot(ground: Ground, known: Measures, node: Node, bounds: tuple[Span, ...]) -> Found:
    """A pair that was uneven one way and may become uneven the other way."""
    state, world = node
    step = known.smallest(ground, state)
    now = net_span(ground, state, tuple((side.position, side.position) for side in world.legs))[0]
    low, high = net_span(ground, state, bounds)
    if (now > -step and low <= -step and now < step) or (now >= step and low <= -step):
        yield "P06", "the pair may get uneven the other way"
    elif (now < step and high >= step) and now <= -step or (abs(now) < step and high >= step):
        yield "P06", "the pair may get uneven the other way"
