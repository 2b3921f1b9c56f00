"""Which requests a venue's limits leave alone: orders that close or bring the pair home, and their reads."""

from dnkit.desk.gateway.gateway import cannot_open
from dnkit.engine.exposure import is_hedged, lowers_net
from dnkit.engine.state import State
from dnkit.machine.program import Program
from dnkit.model.commands import PlaceOrder, ReadPosition
from dnkit.model.terms import CLOSING


def lowers_risk(program: Program, state: State, request: PlaceOrder | ReadPosition) -> bool:
    """Whether an order, all of it filled, leaves the legs with less net exposure than the ledger shows now;
    of a read: whether the run is a way out, or something is naked.

    The hedge of a filled quote opens a position on its leg and still is the way out of danger.
    """
    if isinstance(request, ReadPosition):
        return program.intent in CLOSING or not is_hedged(program, state.legs)
    return cannot_open(request) or lowers_net(program, state.legs, request.leg, request.side * request.lots)
