"""Where the legs may truly stand, at every state: P06 and P07."""

from collections.abc import Iterator

from dnkit.analysis.watch.truth import Span, Truth
from dnkit.engine.state import Stage
from dnkit.model.numbers import ceil_div
from dnkit.model.terms import BUILDING, CLOSING, Intent

Found = Iterator[tuple[str, str]]  # property and what is wrong


def position_breaks(truth: Truth) -> Found:
    """What is wrong with where the legs may stand, over all fills that nobody has seen."""
    bounds = truth.reaches()
    yield from _through_zero(truth, bounds)
    intent = truth.ground.program.intent
    if intent is Intent.REBALANCE:
        yield from _overshoot(truth, bounds)
    elif intent in BUILDING:
        yield from _beyond_clip(truth, bounds)
        yield from _beyond_hedged(truth, bounds)


def _through_zero(truth: Truth, bounds: tuple[Span, ...]) -> Found:
    """A leg that may get past zero; where all orders are to reduce, also one that may leave it."""
    reducing = _reduces(truth)
    for index, (low, high) in enumerate(bounds):
        at = truth.world.legs[index].position
        if (at or reducing) and _crosses(at, low, high, 1):
            far = truth.words(index, low if at > 0 else high or low)
            yield "P07", f"leg {truth.name(index)} holds {truth.words(index, at)} and may get to {far}"


def _reduces(truth: Truth) -> bool:
    """Whether no leg may be opened now: in a policy that closes, or in the part of one that is at work."""
    program, state = truth.ground.program, truth.state
    if program.intent in CLOSING:
        return True
    scope = program.scopes[program.phases[state.phase].scope]
    return state.stage is Stage.PHASE and scope.intent in CLOSING


def _crosses(now: int, low: int, high: int, step: int) -> bool:
    """Whether what is on one side of zero, or there, may get past it by a step."""
    return (now > -step and low <= -step) or (now < step and high >= step)


def _overshoot(truth: Truth, bounds: tuple[Span, ...]) -> Found:
    """A pair that was uneven one way and may become uneven the other way."""
    now, _ = truth.net(tuple((side.position, side.position) for side in truth.world.legs))
    if _crosses(now, *truth.net(bounds), truth.step()):
        yield "P06", "the pair may get uneven the other way"


def _beyond_clip(truth: Truth, bounds: tuple[Span, ...]) -> Found:
    """More than the clip; a leg that also evens the pair out may get as far as the other one's clip."""
    for index in truth.measures.clipped:
        low, high = bounds[index]
        start, most = truth.state.legs[index].start, truth.ground.legs[index].whole
        if index in truth.measures.evened:
            most = max(
                ceil_div(lattice.whole * truth.per_lot(other), truth.per_lot(index))
                for other, lattice in enumerate(truth.ground.legs)
            )
        moved = max(start - low, high - start)
        if moved > most:
            moved_words, clip = truth.words(index, moved), truth.words(index, most)
            yield "P06", f"leg {truth.name(index)} may trade {moved_words}, beyond its clip of {clip}"


def _beyond_hedged(truth: Truth, bounds: tuple[Span, ...]) -> Found:
    """A hedge that exceeds, in some case, all that the others hold, by what can be traded."""
    for index in truth.measures.evened - truth.measures.clipped:
        hedge = _size(truth, index, bounds)[1]
        held = sum(_size(truth, other, bounds)[0] for other in range(len(bounds)) if other != index)
        if hedge - held >= truth.step():
            unit = truth.per_lot(index)
            most, least = truth.words(index, hedge // unit), truth.words(index, held // unit)
            yield "P06", f"leg {truth.name(index)} may hedge {most} where only {least} is sure to be open"


def _size(truth: Truth, index: int, bounds: tuple[Span, ...]) -> Span:
    """Least and most that a leg may have moved either way, in the unit of `per_lot`."""
    unit, start = truth.per_lot(index), truth.start(index)
    low, high = bounds[index][0] - start, bounds[index][1] - start
    least = 0 if low <= 0 <= high else min(abs(low), abs(high))
    return least * unit, max(abs(low), abs(high)) * unit
