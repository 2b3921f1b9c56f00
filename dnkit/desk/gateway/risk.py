"""Which orders a venue's limits leave alone: those that close, and those that bring the pair home."""

from dnkit.desk.gateway.gateway import cannot_open
from dnkit.engine.exposure import exposure_per_lot, net
from dnkit.engine.state import State
from dnkit.machine.program import Program
from dnkit.model.commands import PlaceOrder


def lowers_risk(program: Program, state: State, request: PlaceOrder) -> bool:
    """Whether all of it filled leaves the legs with less net exposure than the ledger shows now.

    The hedge of a filled quote opens a position on its leg and still is the way out of danger.
    """
    if cannot_open(request):
        return True
    spec, leg = program.legs[request.leg], state.legs[request.leg]
    now = net(program, state.legs)
    return abs(now + request.side * request.lots * exposure_per_lot(program, spec, leg)) < abs(now)
