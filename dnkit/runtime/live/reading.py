"""Reads what the venues hold for us, without trading there."""

from collections.abc import Sequence
from functools import partial

from dnkit.model.instrument import Instrument
from dnkit.runtime.live.house import insist
from dnkit.runtime.live.world import LiveWorld
from dnkit.runtime.reconcile import Truth


def read_all(world: LiveWorld, instruments: Sequence[Instrument]) -> list[Truth]:
    """What each account holds, as far as a read can tell: it may lag. TroubledError where a venue is not
    heard.
    """
    return [_read(world, one) for one in instruments]


def let_lag_pass(world: LiveWorld, instruments: Sequence[Instrument]) -> None:
    """Wait until no read of these accounts can be from before now."""
    world.settle(max(world.of(one).capabilities.position_lag_ns for one in instruments))


def _read(world: LiveWorld, one: Instrument) -> Truth:
    venue = world.of(one)
    held = insist(world, partial(venue.position, one.symbol))
    orders = insist(world, partial(venue.open_orders, one.symbol))
    return Truth(held.lots, held.entry, sum(bool(order.key) for order in orders))
