"""A way of the proof as a run: events at real times, with the numbers a run gives its orders and requests.

The explorer stands still in time, lets the clocks of two legs run apart, and leaps over what repeats itself.
Here the real engine is driven through the same states: an answer comes after some milliseconds, a timer when
the engine asked to be woken, and where the explorer leapt, the same answer comes again till the run is there.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from dnkit.analysis.canon import NOW, canonical
from dnkit.analysis.ground import Ground
from dnkit.analysis.hop import Node
from dnkit.analysis.likeness import at_now, gist
from dnkit.analysis.move import CALL_NS
from dnkit.analysis.way import Step, Way, is_late, known_orders, otherwise
from dnkit.analysis.world import (
    Call,
    Fate,
    LegWorld,
    Placed,
    Quest,
    World,
    answered,
    most,
    new_world,
    obey,
    order_of,
    with_leg,
)
from dnkit.engine.orders import CARRIES_TOTALS
from dnkit.engine.state import State
from dnkit.engine.step import begin, step
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.errors import BugError
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.model.terms import RESTING

BEGAN_NS = NS_PER_S
QUICK_NS = 10 * NS_PER_MS  # an answer of a venue in good health
PACES = (0, 250, 500, 750, 1000)  # thousandths of the longest time a move may take
FINE = tuple(range(0, 1001, 20))  # where it is a matter of time what comes next
CYCLES_MAX = 400
RUN_ID = "proof"


class Unseen(msgspec.Struct, frozen=True):
    """An order that was at its venue although nobody answered: what was filled of it then, in lots and in
    ticks x lots, and when.
    """

    leg: int
    order: int
    lots: int
    worth: int
    at_ns: int


class Concrete(msgspec.Struct, frozen=True):
    """A run: the opening positions in lots, what was heard and asked for, what the venues did that was not
    heard, and where it stood last.
    """

    starts: tuple[int, ...]
    log: tuple[tuple[ev.Event, tuple[cm.Command, ...]], ...]
    unseen: tuple[Unseen, ...]
    state: State
    world: World


Ask = cm.FindOrder | cm.ReadPosition | cm.SweepOrders | cm.ReadBook
Answer = ev.OrderFound | ev.PositionRead | ev.OrdersSwept | ev.BookRead | ev.BookMissing
Told = Answer | ev.OrderFact | ev.AlertSent | ev.Wish | ev.Restarted


class Hitch(msgspec.Struct, frozen=True):
    """Why a way is no run: the number of the step (from 1) that cannot be made in time, and in words."""

    step: int
    why: str


def make_concrete(ground: Ground, way: Way, *, slowly: bool = False) -> Concrete | Hitch:
    """A run that goes the way, or one to the same state on which timers fall due elsewhere than the explorer
    has it; where none was found at any pace, the hitch farthest on. `slowly` looks for a slow one first.
    """
    paces = sorted(FINE if any(map(is_late, way.steps)) else PACES, reverse=slowly)
    best = Hitch(0, "")
    for make in (_made, _with_timers_elsewhere):
        for pace in paces:
            made = make(ground, way, pace)
            if isinstance(made, Concrete):
                return made
            best = max(best, made, key=lambda hitch: hitch.step)
    return best


def _with_timers_elsewhere(ground: Ground, way: Way, pace: int) -> Concrete | Hitch:
    made = _made(ground, way, pace)
    for _ in range(2 * len(way.steps)):
        if isinstance(made, Concrete) or not _is_timer(way.steps[made.step - 1]):
            return made
        better = _farther(ground, way, pace, made)
        if better is None:
            return made
        way, made = better
    return made


def _farther(ground: Ground, way: Way, pace: int, hitch: Hitch) -> tuple[Way, Concrete | Hitch] | None:
    """Another way to the same state that is a run farther than to the hitch."""
    for other in otherwise(ground, way, hitch.step - 1):
        made = _made(ground, other, pace)
        if isinstance(made, Concrete) or made.step > hitch.step:
            return other, made
    return None


def _is_timer(one: Step) -> bool:
    return isinstance(one.move.event, ev.Woken)


def _made(ground: Ground, way: Way, pace: int) -> Concrete | Hitch:
    run = _Run(ground, way.start, pace)
    for number, one in enumerate(way.steps, 1):
        try:
            why = f"the engine refuses it: {one.bug}" if one.after is None else run.take(one, one.after)
        except BugError as bug:
            why = f"the engine refuses it: {bug}"
        if why:
            return Hitch(number, why)
    unseen = tuple(map(run.unseen_of, run.unheard))
    return Concrete(ground.starts[way.start], tuple(run.log), unseen, run.state, run.world)


class _Numbers(NamedTuple):
    """The run's numbers of a leg's orders and requests, by their rank among those that still count."""

    orders: tuple[int, ...]
    requests: tuple[int, ...]

    def order(self, rank: int) -> int:
        return self.orders[rank - 1]

    def request(self, rank: int) -> int:
        return self.requests[rank - 1] if rank else 0


class _Run:
    """The run so far. `said` holds the last answer of each kind by (kind, leg, order), `unheard` when an
    order (by leg and number) reached its venue and nobody answered.
    """

    def __init__(self, ground: Ground, start: int, pace: int) -> None:
        lots = ground.starts[start]
        entry = tuple(one * leg.bid for one, leg in zip(lots, ground.legs, strict=True))
        self.ground = ground
        self.pace = pace
        self.now = BEGAN_NS
        self.log: list[tuple[ev.Event, tuple[cm.Command, ...]]] = []
        self.state = begin(ground.program, RUN_ID)
        self.world = new_world(lots)
        self.said: dict[tuple[type, int, int], Answer] = {}
        self.unheard: dict[tuple[int, int], tuple[int, Placed]] = {}
        self.feed(ev.Started(self.now, lots, entry))

    def feed(self, event: ev.Event) -> tuple[cm.Command, ...]:
        self.now = event.at_ns
        self.state, commands = step(self.ground.program, self.state, event)
        self.world = obey(self.ground, self.world, commands)
        self.log.append((event, commands))
        return commands

    def take(self, one: Step, after: Node) -> str:
        """Make a step; why it cannot be made, "" where it was."""
        event, numbers, began = one.move.event, self._numbers(), self.now
        before, self.world = self.world, _renamed(one.move.world, numbers, self.state.request)
        for leg, order in _unheard(event, before, self.world):
            self.unheard[leg, order.n] = self.now, order
        if event is None:
            return "" if self._is(after) else "the venue is not where it should be"
        if isinstance(event, Told):
            made = self._hear(_placed_in(event, numbers, self.state.request, self._soon(one.move.spent)))
        else:
            made = self._wake()
        still_open = list(made)
        if not self._catch_up(after, still_open):
            return f"after `{one.move.what}` the run is elsewhere"
        until = began + one.move.spent * self.pace // 1000
        while self.now < until and self._goes_round(after, still_open, until):
            pass
        return ""

    def _catch_up(self, after: Node, still_open: list[cm.Command], until: int | None = None) -> bool:
        """Wait and repeat what was said last till the run is where it should be, at most `until` a time."""
        for _ in range(CYCLES_MAX):
            if until is not None and self.now > until:
                return False
            if self._is(after):
                return True
            if not still_open and self.state.wake_ns is None:
                return False
            self._go_on(still_open)
        return False

    def _go_on(self, still_open: list[cm.Command]) -> None:
        still_open += self._answer(still_open.pop(0)) if still_open else self._wake()

    def _goes_round(self, after: Node, still_open: list[cm.Command], until: int) -> bool:
        """Come to the same place once more, if there is time for that; else all stays as it was."""
        kept = (self.state, self.world, self.now, len(self.log), list(still_open))
        self._go_on(still_open)
        if self._catch_up(after, still_open, until) and self.now > kept[2]:
            return True
        self.state, self.world, self.now, length, still_open[:] = kept
        del self.log[length:]
        return False

    def _wake(self) -> tuple[cm.Command, ...]:
        due = self.state.wake_ns
        return () if due is None else self.feed(ev.Woken(due))

    def _answer(self, command: cm.Command) -> tuple[cm.Command, ...]:
        """The same as the last answer to such a request; nothing where there was none."""
        if not isinstance(command, Ask):
            return ()
        said = self.said.get((type(command), command.leg, getattr(command, "order", 0)))
        if said is None:
            return ()
        self.world = _answered(self.world, command)
        return self.feed(_again(said, command, self._soon(CALL_NS)))

    def _hear(self, event: Told) -> tuple[cm.Command, ...]:
        if isinstance(event, Answer):
            self.said[_ANSWERS[type(event)], event.leg, getattr(event, "order", 0)] = event
        return self.feed(event)

    def _soon(self, longest: int) -> int:
        """When an answer comes that takes at most so long: always before the engine is woken."""
        takes = max(QUICK_NS, longest * self.pace // 1000)
        due = self.state.wake_ns
        if due is None:
            return self.now + takes
        left = due - self.now
        return self.now + min(takes, max(left - QUICK_NS, left // 2))

    def unseen_of(self, key: tuple[int, int]) -> Unseen:
        """What was filled of an order whose answer was lost: as was told later, or else the most. What was
        told as a fill, or is of an order that rests, counts from then.
        """
        (leg, number), (at_ns, order) = key, self.unheard[key]
        told = [one for one, _ in self.log if isinstance(one, CARRIES_TOTALS) and (one.leg, one.order) == key]
        lots, worth = max(((one.cum, one.worth) for one in told), default=(0, 0))
        left = order_of(self.world.legs[leg], number)
        if left is not None and left.fate is Fate.SHUT:
            lots = most(self.world.legs[leg], left)
            worth = lots * self.ground.legs[leg].bid
        if order.type in RESTING or any(isinstance(one, ev.OrderFilled) for one in told):
            lots = worth = 0
        return Unseen(leg, number, max(0, lots), worth, at_ns)

    def _numbers(self) -> tuple[_Numbers, ...]:
        return tuple(
            _Numbers(known_orders(leg, side), tuple(sorted({one[1] for one in side.quests})))
            for leg, side in zip(self.state.legs, self.world.legs, strict=True)
        )

    def _is(self, after: Node) -> bool:
        found = canonical(self.ground, at_now(self.state, NOW - self.now), self.world)
        return gist(found) == gist(after)


_ANSWERS: dict[type, type] = {
    ev.OrderFound: cm.FindOrder,
    ev.PositionRead: cm.ReadPosition,
    ev.OrdersSwept: cm.SweepOrders,
    ev.BookRead: cm.ReadBook,
    ev.BookMissing: cm.ReadBook,
}


def _unheard(event: ev.Event | None, before: World, after: World) -> Iterator[tuple[int, Placed]]:
    """Orders, each with its leg, that reached their venue in this move although nobody says so."""
    for leg, (old, new) in enumerate(zip(before.legs, after.legs, strict=True)):
        for order in new.orders:
            was = order_of(old, order.n)
            reached = was is not None and was.fate is Fate.SENT and order.fate is not Fate.SENT
            rests = isinstance(event, ev.OrderAccepted) and order.type in RESTING
            if reached and not rests:
                yield leg, order


def _again(said: Answer, command: Ask, at_ns: int) -> Answer:
    """The same answer to another request."""
    if isinstance(said, ev.OrderFound) or isinstance(command, cm.FindOrder):
        return replace(said, at_ns=at_ns)
    changes = {"as_of_ns": at_ns} if isinstance(said, ev.PositionRead) else {}
    return replace(said, at_ns=at_ns, request=command.request, **changes)


def _answered(world: World, command: Ask) -> World:
    """The world without that request under way."""
    side = world.legs[command.leg]
    if isinstance(command, cm.FindOrder):
        return with_leg(world, command.leg, answered(side, command.order, Call.FIND))
    quests = tuple(one for one in side.quests if one[1] != command.request)
    return with_leg(world, command.leg, replace(side, quests=quests))


def _renamed(world: World, numbers: tuple[_Numbers, ...], alert: int) -> World:
    """The world with the run's numbers."""
    legs = tuple(_renamed_leg(side, one) for side, one in zip(world.legs, numbers, strict=True))
    return replace(world, legs=legs, alert=alert if world.alert else 0)


def _renamed_leg(side: LegWorld, numbers: _Numbers) -> LegWorld:
    return replace(
        side,
        orders=tuple(replace(one, n=numbers.order(one.n)) for one in side.orders),
        calls=tuple((numbers.order(n), call) for n, call in side.calls),
        quests=tuple(
            (kind, numbers.request(n), numbers.order(more) if kind is Quest.SWEEP and more else more)
            for kind, n, more in side.quests
        ),
    )


def _placed_in(event: Told, numbers: tuple[_Numbers, ...], alert: int, at_ns: int) -> Told:
    """The event with the run's numbers, at a real time."""
    if isinstance(event, ev.Wish | ev.Restarted):
        return replace(event, at_ns=at_ns)
    if isinstance(event, ev.AlertSent):
        return replace(event, at_ns=at_ns, request=alert)
    if isinstance(event, ev.OrderFact):
        return replace(event, at_ns=at_ns, order=numbers[event.leg].order(event.order))
    changes = {"as_of_ns": at_ns} if isinstance(event, ev.PositionRead) else {}
    return replace(event, at_ns=at_ns, request=numbers[event.leg].request(event.request), **changes)
