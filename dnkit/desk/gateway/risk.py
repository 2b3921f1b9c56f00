"""Which orders a venue's limits leave alone: those that close, and those that bring the pair home."""

from dnkit.desk.gateway.gateway import cannot_open
from dnkit.engine.exposure import lowers_net
from dnkit.engine.state import State
from dnkit.machine.program import Program
from dnkit.model.commands import PlaceOrder


def lowers_risk(program: Program, state: State, request: PlaceOrder) -> bool:
    """Whether all of it filled leaves the legs with less net exposure than the ledger shows now.

    The hedge of a filled quote opens a position on its leg and still is the way out of danger.
    """
    return cannot_open(request) or lowers_net(program, state.legs, request.leg, request.side * request.lots)
