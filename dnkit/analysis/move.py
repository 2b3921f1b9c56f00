"""A move: one thing that may happen, as the engine gets to hear it."""

from enum import Enum

import msgspec
from msgspec.structs import replace

from dnkit.analysis.ground import Ground
from dnkit.analysis.proof import NONE
from dnkit.analysis.world import LegWorld, World, with_leg
from dnkit.engine.state import Leg, Order, State
from dnkit.model import events as ev
from dnkit.model.numbers import NS_PER_MS, NS_PER_S

CALL_NS = 300 * NS_PER_MS  # a call that is answered
SILENCE_NS = 2 * NS_PER_S  # a call that is not
RESTART_NS = 5 * NS_PER_S


class Kind(Enum):
    """What sort of move it is; all but FREE cost one fault. The last of several names them all."""

    FREE = 0
    SLIP = 1  # a transient fault: rejected, lost, failed, wrong
    CRASH = 2
    STOP = 3  # the operator asks for the end
    DOWN = 4  # a venue that stays down


class Move(msgspec.Struct, frozen=True, gc=False):
    """One thing that happens. `what` names it for the story, `leg` is whose clock it moves (-1: all), `spent`
    how long it takes at most, `refuses` says that it only counts if no order comes of it. `short` is the
    pay-up of an order that was not filled whole (NONE: no such order), `state` what the engine steps from;
    `event` None: the engine hears nothing.
    """

    what: str
    kind: Kind
    leg: int
    spent: int
    event: ev.Event | None
    world: World
    state: State
    short: int = NONE
    refuses: bool = False

    @property
    def faults(self) -> int:
        """What it costs."""
        return 0 if self.kind is Kind.FREE else 1


class Here(msgspec.Struct, frozen=True, gc=False):
    """Where moves of one leg are looked for."""

    ground: Ground
    state: State
    world: World
    index: int

    @property
    def side(self) -> LegWorld:
        """The leg's world."""
        return self.world.legs[self.index]

    @property
    def leg(self) -> Leg:
        """The leg as the engine knows it."""
        return self.state.legs[self.index]

    @property
    def is_down(self) -> bool:
        """Whether the leg's venue answers nothing any more."""
        return self.world.down[self.index]

    def move(
        self,
        what: str,
        event: ev.Event | None,
        side: LegWorld,
        *,
        kind: Kind = Kind.FREE,
        spent: int = CALL_NS,
        short: int = NONE,
        refuses: bool = False,
    ) -> Move:
        """A move of this leg."""
        world = with_leg(self.world, self.index, side)
        return Move(what, kind, self.index, spent, event, world, self.state, short, refuses)

    def fall(self, move: Move) -> Move:
        """The same move, and the venue stays down from then on."""
        what = f"{move.what}, and the venue stays down"
        return replace(move, what=what, kind=Kind.DOWN, world=fallen(self.ground, move.world, self.index))


def fallen(ground: Ground, world: World, index: int) -> World:
    """The world with the venue of a leg down, for every leg that trades there."""
    down = tuple(was or leg in ground.venues[index] for leg, was in enumerate(world.down))
    return replace(world, down=down)


def known_order(leg: Leg, n: int) -> Order | None:
    """The engine's order of that number, None where it has none."""
    for one in (leg.order, leg.stop):
        if one is not None and one.n == n:
            return one
    return None


def with_known(state: State, index: int, order: Order) -> State:
    """The state with the engine's order of that number replaced by this one."""
    leg = state.legs[index]
    slot = "order" if leg.order is not None and leg.order.n == order.n else "stop"
    legs = (*state.legs[:index], replace(leg, **{slot: order}), *state.legs[index + 1 :])
    return replace(state, legs=legs)


def older(order: Order, by: int) -> Order:
    """The order, that much longer in doubt."""
    return replace(
        order,
        sent_ns=order.sent_ns and order.sent_ns - by,
        unsure_ns=order.unsure_ns and order.unsure_ns - by,
        due_ns=order.due_ns and order.due_ns - by,
    )
