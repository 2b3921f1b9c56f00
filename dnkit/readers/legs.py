"""How far each leg is, as a human wants to see it."""

from dnkit.engine.state import Leg
from dnkit.machine.program import Program
from dnkit.model.terms import BUILDING, Intent


def moved(leg: Leg) -> int:
    """Lots by which the run has moved a leg."""
    return abs(leg.position - leg.start)


def to_move(program: Program, leg: Leg) -> int | None:
    """Lots by which the run is to move a leg: the clip of what opens, all that was found open of what closes;
    None where that is no fixed amount.
    """
    if program.intent is Intent.REBALANCE:
        return None
    return leg.clip if program.intent in BUILDING else abs(leg.start)
