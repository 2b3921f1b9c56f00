"""What an end says, held against the venues: P02 to P05."""

from collections.abc import Iterator

from dnkit.analysis.watch.truth import Span, Truth
from dnkit.analysis.world import Fate, Placed, order_of
from dnkit.model.commands import EndRun
from dnkit.model.terms import EndName, Risk

Found = Iterator[tuple[str, str]]  # property and what is wrong
CLAIMS = {EndName.FLAT: Risk.FLAT, EndName.HEDGED: Risk.HEDGED}


def end_breaks(truth: Truth) -> Found:
    """What is wrong with a run that ended."""
    ended = truth.state.ended
    if ended is None:
        yield "P02", "the run ends without a name for it"
    elif ended.end is EndName.HALTED:
        yield from _halt(truth, ended)
    else:
        called = f"the end is called {ended.end.value}"
        lie = _lie(truth, ended.end)
        if lie:
            yield "P03", f"{called}, but {lie}"
        for index, order in _resting(truth):
            if not _guards(truth, index, order):
                yield "P04", f"{called}, but {truth.order_words(index, order)} still rests"


def _lie(truth: Truth, end: EndName) -> str:
    """What is not as that end says, "" where all is."""
    if end in CLAIMS:
        return _open(truth, CLAIMS[end])
    return next((_unguarded if end is EndName.PROTECTED else _moved)(truth), "")


def _open(truth: Truth, claim: Risk) -> str:
    """What contradicts the claim that the legs are flat, hedged or neither, in the worst case. Beside a kept
    stop "neither" is no lie: it may have filled since.
    """
    bounds, tolerance = truth.spans(), truth.tolerance()
    low, high = truth.net(bounds)
    if claim is Risk.FLAT:
        wrong = any(
            max(-one[0], one[1]) >= few for one, few in zip(bounds, truth.measures.least, strict=True)
        )
    elif claim is Risk.HEDGED:
        wrong = max(-low, high) >= tolerance
    elif any(truth.kept(index) for index in range(len(bounds))):
        wrong = False
    else:
        flat = all(one[0] < few > -one[1] for one, few in zip(bounds, truth.measures.least, strict=True))
        wrong = flat or (len(bounds) > 1 and low < tolerance > -high)
    return _positions(truth, bounds) if wrong else ""


def _positions(truth: Truth, bounds: tuple[Span, ...]) -> str:
    parts = []
    for index, (low, high) in enumerate(bounds):
        most, leg = truth.words(index, high), f"leg {truth.name(index)}"
        parts.append(
            f"{leg} holds {most}"
            if low == high
            else f"{leg} may hold from {truth.words(index, low)} to {most}"
        )
    return " and ".join(parts)


def _unguarded(truth: Truth) -> Iterator[str]:
    """Legs whose position, as large as it may be, no stop covers. One that filled meanwhile has done so."""
    for index, (low, high) in enumerate(truth.spans()):
        stop = order_of(truth.world.legs[index], truth.kept(index))
        if stop is None or stop.fate is not Fate.LIVE:
            yield f"leg {truth.name(index)} has no stop at the venue"
        elif min(-stop.side * low, -stop.side * high) < 0:
            yield f"the stop of leg {truth.name(index)} does not bring its position to zero"
        elif max(abs(low), abs(high)) > stop.lots - stop.low:
            covered = truth.words(index, stop.lots - stop.low)
            yield f"the stop of leg {truth.name(index)} covers only {covered} of its position"


def _moved(truth: Truth) -> Iterator[str]:
    for index, (low, high) in enumerate(truth.spans()):
        start = truth.state.legs[index].start
        if (low, high) != (start, start):
            began, most = truth.words(index, start), truth.words(index, high if high != start else low)
            yield f"leg {truth.name(index)} began at {began} and may hold {most}"


def _resting(truth: Truth) -> Iterator[tuple[int, Placed]]:
    """Orders of ours, with their legs, that may still fill."""
    for index, side in enumerate(truth.world.legs):
        for order in side.orders:
            if order.fate is not Fate.SHUT and order.low < order.lots:
                yield index, order


def _guards(truth: Truth, index: int, order: Placed) -> bool:
    """Whether it is a kept stop that brings a position nearer to zero."""
    low, high = truth.spans()[index]
    return order.n == truth.kept(index) and min(-order.side * low, -order.side * high) > 0


def _halt(truth: Truth, ended: EndRun) -> Found:
    """A halt: was a human told, is its account true, is what may rest named?"""
    if not truth.world.alarmed:
        yield "P05", "the run halts and no human was told"
    lie = "" if ended.risk is Risk.UNKNOWN else _open(truth, ended.risk)
    if lie:
        yield "P03", f"the halt says {ended.risk.value}, but {lie}"
    for index, order in _resting(truth):
        if not truth.world.down[index] and not _is_named(truth, ended.text, index, order):
            yield "P05", f"the run halts, and {truth.order_words(index, order)} rests unnamed"


def _is_named(truth: Truth, text: str, index: int, order: Placed) -> bool:
    """Whether the last word names an order that may rest on the leg, or the stop that is kept there."""
    words = ("is kept", "may rest") if order.n == truth.kept(index) else ("may rest",)
    return any(f"of leg {truth.name(index)} {one}" in text for one in words)
