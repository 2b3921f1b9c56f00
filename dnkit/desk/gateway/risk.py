"""Which requests a venue's limits leave alone: orders that close or bring the pair home, and their reads."""

from dnkit.desk.gateway.gateway import cannot_open
from dnkit.engine.exposure import exposure_per_lot, is_hedged, net
from dnkit.engine.state import State
from dnkit.machine.program import Program
from dnkit.model.commands import PlaceOrder, ReadPosition
from dnkit.model.terms import Intent

WAYS_OUT = (Intent.CLOSE, Intent.UNWIND, Intent.FLATTEN)


def lowers_risk(program: Program, state: State, request: PlaceOrder | ReadPosition) -> bool:
    """Whether an order, all of it filled, leaves the legs with less net exposure than the ledger shows now;
    of a read: whether the run is a way out, or something is naked.

    The hedge of a filled quote opens a position on its leg and still is the way out of danger.
    """
    if isinstance(request, ReadPosition):
        return program.intent in WAYS_OUT or not is_hedged(program, state.legs)
    if cannot_open(request):
        return True
    spec, leg = program.legs[request.leg], state.legs[request.leg]
    now = net(program, state.legs)
    return abs(now + request.side * request.lots * exposure_per_lot(program, spec, leg)) < abs(now)
