"""Reads what an exchange holds for us, without trading there."""

from collections.abc import Sequence

from dnkit.model.instrument import Instrument
from dnkit.runtime.endpoint.world import EndpointWorld
from dnkit.runtime.reconcile import Truth
from dnkit.venues.local import protocol


def read_all(world: EndpointWorld, instruments: Sequence[Instrument]) -> list[Truth]:
    """What each account holds. `instruments` are those of the world, in their order."""
    return [_read(world, number) for number, _ in zip(world.welcome.numbers, instruments, strict=True)]


def _read(world: EndpointWorld, listing: int) -> Truth:
    held = world.ask(lambda ask: protocol.Balance(ask, listing), protocol.Held)
    judged = world.ask(lambda ask: protocol.Audit(ask, listing, held.lots, ()), protocol.Judged)
    return Truth(held.lots, held.entry, judged.verdict.resting)
