"""The venues' side of an explored state: true positions, orders, requests under way. Plain hashable tuples.

How much an order has filled is left open until somebody looks: its true total lies between `low` (what was
told, or seen in a position) and its size. So one state stands for every fill that may have happened unseen.
"""

from enum import IntEnum

import msgspec
from msgspec.structs import replace

from dnkit.analysis.ground import Ground, pay_up
from dnkit.analysis.proof import NONE
from dnkit.model import commands as cm
from dnkit.model.commands import Command
from dnkit.model.terms import RESTING, OrderType


class Fate(IntEnum):
    """Where an order truly stands."""

    SENT = 0  # its placement is under way: not decided yet
    LIVE = 1  # at the venue, and may fill
    SHUT = 2  # over at the venue with a total that was not told yet


class Call(IntEnum):
    """A request about one order that is under way."""

    PLACE = 0
    CANCEL = 1
    FIND = 2


class Quest(IntEnum):
    """A request about a leg that is under way."""

    POSITION = 0
    SWEEP = 1
    BOOK = 2


class Placed(msgspec.Struct, frozen=True, gc=False):
    """One order. `pay` is its pay-up in mbps past the far touch (NONE: inside it). `mute`: the stream lost a
    fill of it, which positions show and nobody tells any more.
    """

    n: int
    side: int
    type: OrderType
    lots: int
    low: int
    fate: Fate
    reduces: bool
    pay: int
    mute: bool = False


class LegWorld(msgspec.Struct, frozen=True, gc=False):
    """One leg: the position as far as it was seen, orders that are not settled, requests under way.

    `calls` are (order number, Call); an order that is in `calls` and not in `orders` never reached the venue.
    `quests` are (Quest, request, wanted lots; keys that a sweep keeps are order numbers).
    """

    position: int
    orders: tuple[Placed, ...] = ()
    calls: tuple[tuple[int, Call], ...] = ()
    quests: tuple[tuple[Quest, int, int], ...] = ()


class World(msgspec.Struct, frozen=True, gc=False):
    """All legs. `down` venues answer nothing any more; `alerts` is the alert under way (0: none); `alarmed`
    says that a human was told.
    """

    legs: tuple[LegWorld, ...]
    down: tuple[bool, ...]
    alert: int = 0
    alarmed: bool = False


def new_world(positions: tuple[int, ...]) -> World:
    """Quiet venues that hold those positions."""
    return World(tuple(LegWorld(one) for one in positions), (False,) * len(positions))


def with_leg(world: World, index: int, leg: LegWorld) -> World:
    """The world with one leg replaced."""
    legs = world.legs
    return replace(world, legs=(*legs[:index], leg, *legs[index + 1 :]))


def with_order(leg: LegWorld, order: Placed) -> LegWorld:
    """The leg with one order replaced by its newer self."""
    return replace(leg, orders=tuple(order if one.n == order.n else one for one in leg.orders))


def without_order(leg: LegWorld, n: int) -> LegWorld:
    """The leg without one order."""
    return replace(leg, orders=tuple(one for one in leg.orders if one.n != n))


def order_of(leg: LegWorld, n: int) -> Placed | None:
    """The order of that number, None where the venue has none that matters."""
    for one in leg.orders:
        if one.n == n:
            return one
    return None


def filled_to(leg: LegWorld, order: Placed, total: int) -> LegWorld:
    """The leg after the order was seen at a total of `total` lots."""
    moved = replace(leg, position=leg.position + order.side * (total - order.low))
    return with_order(moved, replace(order, low=total))


def answered(leg: LegWorld, n: int, call: Call) -> LegWorld:
    """The leg without that request under way."""
    return replace(leg, calls=tuple(one for one in leg.calls if one != (n, call)))


def most(leg: LegWorld, order: Placed) -> int:
    """The most lots the order can have filled; reduce-only never takes a position through zero."""
    if not order.reduces:
        return order.lots
    room = max(0, -order.side * leg.position)
    return min(order.lots, order.low + room)


def reach(leg: LegWorld) -> tuple[int, int]:
    """Lowest and highest position the venue may truly hold, over all fills nobody has seen. Reduce-only
    orders together never take the position through zero, and away from it they take nothing.
    """
    low = high = leg.position
    cut = 0
    for order in leg.orders:
        left = order.lots - order.low
        if order.reduces:
            cut += left * (order.side * leg.position < 0)
        elif order.side > 0:
            high += left
        else:
            low -= left
    cut = min(cut, abs(leg.position))
    return (low - cut, high) if leg.position > 0 else (low, high + cut)


def obey(ground: Ground, world: World, commands: tuple[Command, ...]) -> World:
    """The world with the engine's requests under way."""
    for command in commands:
        if isinstance(command, cm.SendAlert):
            world = replace(world, alert=command.request, alarmed=True)
        elif not isinstance(command, cm.EndRun):
            leg = _asked(ground, world.legs[command.leg], command)
            world = with_leg(world, command.leg, leg)
    return world


def _asked(ground: Ground, leg: LegWorld, command: Command) -> LegWorld:
    if isinstance(command, cm.PlaceOrder):
        return _placed(ground, leg, command)
    if isinstance(command, cm.CancelOrder):
        return replace(leg, calls=(*leg.calls, (command.order, Call.CANCEL)))
    if isinstance(command, cm.FindOrder):
        return replace(leg, calls=(*leg.calls, (command.order, Call.FIND)))
    return replace(leg, quests=(*leg.quests, _quest(command)))


def _placed(ground: Ground, leg: LegWorld, order: cm.PlaceOrder) -> LegWorld:
    placed = Placed(
        n=order.order,
        side=int(order.side),
        type=order.type,
        lots=order.lots,
        low=0,
        fate=Fate.SENT,
        reduces=order.reduce_only,
        pay=NONE if order.type in RESTING else pay_up(ground, order.leg, order.side, order.price),
    )
    return replace(leg, orders=(*leg.orders, placed), calls=(*leg.calls, (order.order, Call.PLACE)))


def _quest(command: Command) -> tuple[Quest, int, int]:
    if isinstance(command, cm.ReadPosition):
        return (Quest.POSITION, command.request, 0)
    if isinstance(command, cm.SweepOrders):
        kept = int(command.keep[0].rsplit("-", 1)[1]) if command.keep else 0
        return (Quest.SWEEP, command.request, kept)
    if isinstance(command, cm.ReadBook):
        return (Quest.BOOK, command.request, command.lots)
    raise TypeError(f"no venue answers {command}")
