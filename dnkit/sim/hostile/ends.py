"""What an end says, held against the venues."""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from dnkit.engine.exposure import net, tolerance
from dnkit.engine.state import State
from dnkit.machine.program import Program
from dnkit.model.commands import EndRun, PlaceOrder
from dnkit.model.terms import EndName, Risk

Found = Iterator[tuple[str, str]]  # rule and what is wrong
SLACK = 2  # an amount that the engine counted at the price of another moment


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue truly holds of a leg at the end. `resting` are numbers of open orders but the `stops` that
    are kept.

    `least` is the fewest lots that can be traded; `down`: nobody can reach the venue; `blind`: the venue took
    the position away and has not told so.
    """

    name: str
    words: str
    lots: int
    start: int
    least: int
    resting: tuple[int, ...]
    stops: tuple[PlaceOrder, ...]
    down: bool
    blind: bool

    def named(self, text: str) -> bool:
        """Whether a text names orders that may rest here."""
        return f"of leg {self.name} may rest" in text


def end_breaks(state: State, program: Program, legs: tuple[Held, ...], alarms: int) -> Found:
    """What is wrong with a run that ended."""
    ended = state.ended
    if ended is None:
        yield "named end", "the run ends without a name for it"
        return
    if ended.end is EndName.HALTED and not alarms:
        yield "honest halt", "the run halts and no human was told"
    if ended.risk is Risk.UNKNOWN:
        return
    yield from _resting(ended, legs)
    yield from _ledger(state, ended, legs)
    if not any(one.blind for one in legs):
        yield from _claim(state, program, ended, legs)


def _resting(ended: EndRun, legs: tuple[Held, ...]) -> Found:
    for one in legs:
        if not one.resting or (ended.end is EndName.HALTED and (one.down or one.named(ended.text))):
            continue
        yield (
            "nothing left resting",
            f"leg {one.name}: order {one.resting[0]} may still fill at {ended.end.value}",
        )


def _ledger(state: State, ended: EndRun, legs: tuple[Held, ...]) -> Found:
    for leg, one in zip(state.legs, legs, strict=True):
        if leg.position != one.lots and not one.blind and not one.stops:
            yield (
                "ledger is the truth",
                f"{one.words}, the ledger says {leg.position} lots ({ended.end.value})",
            )


def _claim(state: State, program: Program, ended: EndRun, legs: tuple[Held, ...]) -> Found:
    called = f"the end is called {ended.end.value} ({ended.risk.value})"
    if ended.end is EndName.IDLE:
        yield from (
            ("idle is untouched", f"{called}, but {one.words}") for one in legs if one.lots != one.start
        )
    elif ended.end is EndName.PROTECTED:
        yield from (
            ("protected is covered", f"{called}, but {one.words}") for one in legs if not _covered(one)
        )
    elif ended.end is EndName.FLAT or ended.risk is Risk.FLAT:
        yield from (("flat means flat", f"{called}, but {one.words}") for one in legs if _is_open(one))
    elif ended.end is EndName.HEDGED or ended.risk is Risk.HEDGED:
        true = [replace(leg, position=one.lots) for leg, one in zip(state.legs, legs, strict=True)]
        if abs(net(program, true)) >= SLACK * tolerance(program, true):
            yield "hedged means hedged", f"{called}, but {', '.join(one.words for one in legs)}"


def _is_open(one: Held) -> bool:
    return abs(one.lots) >= SLACK * one.least and not one.stops


def _covered(one: Held) -> bool:
    stops = sum(stop.lots for stop in one.stops if stop.side * one.lots < 0)
    return stops >= abs(one.lots)
