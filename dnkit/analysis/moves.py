"""What may happen next: every answer, every silence, every timer, as the event the engine gets to hear.

Free moves are the market's right. A fault costs one unit of the budget: the venue, the network, the process
or the operator did what it should not. What a venue's capability file admits (a read behind by its position
lag, a look-up that does not know an order yet) is free.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, product

from msgspec.structs import replace

from dnkit.analysis.canon import NOW
from dnkit.analysis.ground import Ground
from dnkit.analysis.move import CALL_NS, RESTART_NS, Here, Kind, Move, fallen
from dnkit.analysis.order_moves import calls, notices, unheard
from dnkit.analysis.proof import NONE
from dnkit.analysis.read_moves import quests
from dnkit.analysis.time_moves import job_timers, overdue, run_timers
from dnkit.analysis.world import Call, Fate, LegWorld, Quest, World, order_of, with_leg, with_order
from dnkit.engine.state import SETTLED, Leg, Stage, State
from dnkit.machine.program import PhaseKind
from dnkit.model import events as ev
from dnkit.model.terms import StopWhen

STOPPABLE = (Stage.START, Stage.PHASE, Stage.LEAVE)


Alone = tuple[int, Leg, LegWorld, bool]


class LegMoves:
    """The moves of legs met so far. One leg stands the same way beside many states of the other."""

    def __init__(self) -> None:
        self._known: dict[Alone, tuple[Move, ...]] = {}

    def of(self, here: Here) -> tuple[Move, ...]:
        """The moves of the leg's orders, made from some state in which the leg stands like this."""
        key = (here.index, here.leg, here.side, here.is_down)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = tuple(of_order(here))
        return found


def moved_to(here: Here, move: Move) -> Move:
    """A move of the leg, made from another state in which the leg stands the same way."""
    index, state, world = here.index, here.state, here.world
    leg, side = move.state.legs[index], move.world.legs[index]
    if leg != state.legs[index]:
        state = replace(state, legs=(*state.legs[:index], leg, *state.legs[index + 1 :]))
    world = with_leg(world, index, side)
    if move.kind is Kind.DOWN:
        world = fallen(here.ground, world, index)
    return Move(move.what, move.kind, index, move.spent, move.event, world, state, move.short)


def moves(ground: Ground, known: LegMoves, state: State, world: World, left: int) -> Iterator[Move]:
    """Everything that may happen in a state within `left` more faults; nothing once the run has ended."""
    if state.stage is Stage.END:
        return
    if reads_book(world):
        index = next(n for n, side in enumerate(world.legs) if _asks_book(side))
        yield from affordable(quests(Here(ground, state, world, index)), left)
        return
    yield from affordable(_of_legs(ground, known, state, world), left)
    yield from of_run(ground, state, world, left)


def of_run(ground: Ground, state: State, world: World, left: int) -> Iterator[Move]:
    """What happens to the run as a whole: alerts, its clocks, the process, the operator."""
    yield from affordable(_alert(ground, state, world), left)
    yield from affordable(run_timers(ground, state, world), left)
    if left and ground.setting.stops and not state.stop_asked and state.stage in STOPPABLE:
        for what, wish in _wishes(ground, state):
            yield Move(f"the operator asks to {what}", Kind.STOP, -1, 0, wish, world, state)


def _wishes(ground: Ground, state: State) -> Iterator[tuple[str, ev.Wish]]:
    """What an operator may want. A pause is told to who rests an entry: what comes after it, entries that are
    refused, is any venue's right.
    """
    yield "stop", ev.StopAsked(NOW, "operator")
    yield "flatten", ev.FlattenAsked(NOW, "operator")
    if not state.leave_hedged:
        yield "leave once hedged", ev.StopAsked(NOW, "operator", StopWhen.HEDGED)
    phase = ground.program.phases[state.phase]
    rests = state.stage is Stage.PHASE and phase.kind is PhaseKind.REST
    if (
        rests
        and any(one.stage < SETTLED for one in state.jobs)
        and not all(job.reduces for job in phase.jobs)
    ):
        yield "pause", ev.PauseAsked(NOW, "operator")


def affordable(found: Iterable[Move], left: int) -> Iterable[Move]:
    """Those moves the budget has room for."""
    return found if left else (one for one in found if one.kind is Kind.FREE)


def _of_legs(ground: Ground, known: LegMoves, state: State, world: World) -> Iterator[Move]:
    """Reads are heard leg by leg, as their order decides nothing; orders in any order."""
    for index, side in enumerate(world.legs):
        if side.quests:
            yield from quests(Here(ground, state, world, index))
            if state.stage is Stage.LEAVE:
                return
            break
    for index in range(len(state.legs)):
        here = Here(ground, state, world, index)
        yield from (moved_to(here, move) for move in known.of(here))
        yield from job_timers(here)


def of_order(here: Here) -> Iterator[Move]:
    """What may happen to one leg's orders: it depends on the leg alone."""
    yield from calls(here)
    if not here.is_down:
        yield from notices(here)
    yield from overdue(here)


def is_awaited(ground: Ground, state: State, world: World) -> bool:
    """Whether something is bound to happen: an answer is under way, or a clock runs."""
    if world.alert or any(side.calls or side.quests for side in world.legs):
        return True
    heres = [Here(ground, state, world, index) for index in range(len(state.legs))]
    timers = (move for here in heres for found in (overdue(here), job_timers(here)) for move in found)
    clocks = chain(timers, run_timers(ground, state, world))
    return next(clocks, None) is not None


def _asks_book(side: LegWorld) -> bool:
    return any(quest[0] is Quest.BOOK for quest in side.quests)


def reads_book(world: World) -> bool:
    """Whether a book was asked for. It is answered from memory before anything else is heard, as the desk
    does it; the market's freedom is in what the book says.
    """
    return any(_asks_book(side) for side in world.legs)


def _alert(ground: Ground, state: State, world: World) -> Iterator[Move]:
    if world.alert:
        for what, ok, kind in (("alert sent", True, Kind.FREE), ("alert failed", False, Kind.SLIP)):
            event = ev.AlertSent(NOW, world.alert, ok)
            yield Move(what, kind, -1, CALL_NS, event, replace(world, alert=0), state)


def crash(state: State, world: World) -> Iterator[Move]:
    """The process dies and comes back. What was under way reached its venue or did not; nobody will tell."""
    for picked in product(*(tuple(_abandoned(leg)) for leg in world.legs)):
        after = replace(world, legs=tuple(leg for leg, _ in picked), alert=0)
        short = max(one for _, one in picked)
        event = ev.Restarted(NOW)
        yield Move("crash and restart", Kind.CRASH, -1, RESTART_NS, event, after, state, short)


def _abandoned(leg: LegWorld) -> Iterator[tuple[LegWorld, int]]:
    """Every way in which the requests under way may have ended at the venue, with the pay-up of an order that
    was not filled whole.
    """
    ways = [(replace(leg, calls=(), quests=()), NONE)]
    for n, call in leg.calls:
        ways = [
            (after, max(short, more)) for quiet, short in ways for after, more in _left_alone(quiet, n, call)
        ]
    yield from ways


def _left_alone(leg: LegWorld, n: int, call: Call) -> Iterator[tuple[LegWorld, int]]:
    order = order_of(leg, n)
    if order is not None and call is Call.PLACE:
        yield from ((after, short) for _, after, short in unheard(leg, order))
        return
    yield leg, NONE
    if order is not None and call is Call.CANCEL and order.fate is Fate.LIVE:
        yield with_order(leg, replace(order, fate=Fate.SHUT)), NONE
