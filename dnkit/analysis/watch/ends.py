"""What an end says, held against the venues: P02 to P05."""

from collections.abc import Iterator

from dnkit.analysis.ground import Ground
from dnkit.analysis.hop import Node
from dnkit.analysis.watch.truth import (
    Measures,
    Span,
    amount,
    kept_stop,
    net_span,
    spans,
    without_stop,
)
from dnkit.analysis.world import Fate, Placed, order_of
from dnkit.engine.state import State
from dnkit.model.commands import EndRun
from dnkit.model.terms import EndName, Risk

Found = Iterator[tuple[str, str]]  # property and what is wrong
_CLAIMS = {EndName.FLAT: Risk.FLAT, EndName.HEDGED: Risk.HEDGED}


def end_breaks(ground: Ground, known: Measures, node: Node) -> Found:
    """What is wrong with a run that ended."""
    ended = node[0].ended
    if ended is None or not isinstance(ended.end, EndName):
        yield "P02", "the run ends without a name for it"
    elif ended.end is EndName.HALTED:
        yield from _halt(ground, known, node, ended)
    else:
        lie = _lie(ground, known, node, ended.end)
        if lie:
            yield "P03", f"the end is called {ended.end.value}, but {lie}"
        yield from (("P04", f"the end is called {ended.end.value}, but {one}") for one in _left(ground, node))


def _lie(ground: Ground, known: Measures, node: Node, end: EndName) -> str:
    """What is not as that end says, "" where all is."""
    if end in _CLAIMS:
        return _open(ground, known, node, _CLAIMS[end])
    words = (_unguarded if end is EndName.PROTECTED else _moved)(ground, node)
    return next(words, "")


def _open(ground: Ground, known: Measures, node: Node, claim: Risk) -> str:
    """What contradicts the claim that the legs are flat, hedged or neither, in the worst case."""
    bounds = spans(node)
    low, high = net_span(ground, node[0], bounds)
    tolerance = known.tolerance(ground, node[0])
    least, pair = known.least, len(bounds) > 1
    if claim is Risk.FLAT:
        wrong = any(max(-one[0], one[1]) >= lots for one, lots in zip(bounds, least, strict=True))
    elif claim is Risk.HEDGED:
        wrong = max(-low, high) >= tolerance
    else:
        flat = all(one[0] < lots and -lots < one[1] for one, lots in zip(bounds, least, strict=True))
        wrong = flat or (pair and low < tolerance and -tolerance < high)
    return _positions(ground, bounds) if wrong else ""


def _positions(ground: Ground, bounds: tuple[Span, ...]) -> str:
    parts = []
    for index, (low, high) in enumerate(bounds):
        name, most = ground.program.legs[index].name, amount(ground, index, high)
        parts.append(f"leg {name} {'holds' if low == high else 'may hold'} ")
        parts[-1] += most if low == high else f"from {amount(ground, index, low)} to {most}"
    return " and ".join(parts)


def _unguarded(ground: Ground, node: Node) -> Iterator[str]:
    """Legs whose position, as large as it may be, has no stop that covers it."""
    state, world = node
    for index, (low, high) in enumerate(spans(node)):
        stop = order_of(world.legs[index], kept_stop(state, index))
        name = ground.program.legs[index].name
        if stop is None or stop.fate is not Fate.LIVE:
            yield f"leg {name} has no stop at the venue"
        elif min(-stop.side * low, -stop.side * high) <= 0:
            yield f"the stop of leg {name} does not bring its position to zero"
        elif stop.lots - stop.low < max(abs(low), abs(high)):
            yield f"the stop of leg {name} covers only {amount(ground, index, stop.lots - stop.low)} of its position"


def _moved(ground: Ground, node: Node) -> Iterator[str]:
    for index, (low, high) in enumerate(spans(node)):
        start = node[0].legs[index].start
        if (low, high) != (start, start):
            name, most = ground.program.legs[index].name, amount(ground, index, high)
            yield f"leg {name} began at {amount(ground, index, start)} and may hold {most}"


def _left(ground: Ground, node: Node) -> Iterator[str]:
    """Orders of ours that may fill after the end, but for a stop that brings a position to zero."""
    state, world = node
    for index, side in enumerate(world.legs):
        bounds = spans(node)[index]
        for order in side.orders:
            guards = order.n == kept_stop(state, index) and _is_other_way(order, bounds)
            if order.fate is not Fate.SHUT and not guards:
                yield f"{_words(ground, index, order)} still rests"


def _is_other_way(order: Placed, bounds: Span) -> bool:
    return min(-order.side * bounds[0], -order.side * bounds[1]) > 0


def _words(ground: Ground, index: int, order: Placed) -> str:
    way = "buy" if order.side > 0 else "sell"
    lots = amount(ground, index, order.lots - order.low)
    return f"a {order.type.value} order on leg {ground.program.legs[index].name} to {way} {lots}"


def _halt(ground: Ground, known: Measures, node: Node, ended: EndRun) -> Found:
    """A halt: was a human told, is its account true, is what may rest named?"""
    state, world = node
    if not world.alarmed:
        yield "P05", "the run halts and no human was told"
    if ended.risk is Risk.UNKNOWN:
        return
    lie = _open(ground, known, node, ended.risk)
    if lie:
        yield "P03", f"the halt says {ended.risk.value}, but {lie}"
    for index, side in enumerate(world.legs):
        for order in side.orders:
            if order.fate is not Fate.SHUT and not world.down[index] and not _is_named(ground, state, index, order):
                yield "P05", f"the run halts, and {_words(ground, index, order)} rests unnamed"


def _is_named(ground: Ground, state: State, index: int, order: Placed) -> bool:
    """Whether the last word names an order that may rest on the leg, or the stop that is kept there."""
    name, text = ground.program.legs[index].name, "" if state.ended is None else state.ended.text
    if order.n == kept_stop(state, index):
        return f"of leg {name} is kept" in text or f"of leg {name} may rest" in text
    return f"of leg {name} may rest" in text
