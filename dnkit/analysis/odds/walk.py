"""What can happen to a policy, one request at a time: the prover's moves, by the request that each answers.

Of several requests under way the first leg's is answered first, and times add up: two legs that wait at the
same time are counted one after the other, so times are rather too long. What becomes of an order that rests
is decided as it is accepted, and comes about before its time is up. Venues that stay down, crashes and late
deadlines are no matter of requests: they are left out.
"""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from dnkit.analysis.explore import first_node
from dnkit.analysis.ground import Ground
from dnkit.analysis.hop import Node, hop_of
from dnkit.analysis.move import Here, Kind, Move
from dnkit.analysis.moves import LegMoves, moves
from dnkit.analysis.odds.frequencies import ANY, LOST, PAYING, Asked, What
from dnkit.analysis.odds.graph import Choice, Choices, Way
from dnkit.analysis.read_moves import good_book
from dnkit.analysis.world import Call, Fate, LegWorld, Placed, Quest, most, order_of
from dnkit.engine.orders import IMMEDIATE
from dnkit.engine.state import JobStage, State
from dnkit.model import events as ev
from dnkit.model.errors import BugError
from dnkit.model.terms import EndName, OrderType

RESTS = (OrderType.POST_ONLY, OrderType.GTC)
GOES_ON = "goes on"  # where only one thing can come


class Place(NamedTuple):
    """A state, how many faults led there, and by leg what its resting order will have filled in all, in lots
    (0: no more than it has).
    """

    node: Node
    faults: int
    fills: tuple[int, ...]


def beginning(ground: Ground, start: int = 0) -> Place:
    """Where a run starts."""
    return Place(first_node(ground, ground.starts[start]), 0, (0,) * len(ground.legs))


def choices_of(ground: Ground) -> Choices:
    """What may come at each Place of a ground."""
    return partial(_choice, ground, LegMoves())


def _choice(ground: Ground, known: LegMoves, place: object) -> Choice | EndName:
    assert isinstance(place, Place), "a walk goes from place to place"
    (state, world), faults, _ = place
    if state.ended is not None:
        return state.ended.end
    found = [
        move
        for move in moves(ground, known, state, world, ground.setting.faults - faults)
        if move.kind in (Kind.FREE, Kind.SLIP)
    ]
    for index, side in enumerate(world.legs):
        if side.quests:
            return _of_quest(ground, place, found, index)
    for index, side in enumerate(world.legs):
        if side.calls:
            return _of_call(ground, place, found, index)
    return Choice((_way(ground, place, _next_alone(place, found), GOES_ON),))


# --- what nobody asked for ------------------------------------------------------------------------


def _next_alone(place: Place, found: list[Move]) -> Move:
    """The fill that is to come, the alert that goes out, or the timer that falls due first."""
    fills = [move for move in found if _is_due_fill(place, move)]
    alerts = [move for move in found if isinstance(move.event, ev.AlertSent) and move.event.ok]
    timers = [move for move in found if isinstance(move.event, ev.Woken) and not _looks(place.node[0], move)]
    for those in (fills, alerts):
        if those:
            return those[0]
    if not timers:
        raise BugError("nothing can come, and the run has not ended")
    return min(timers, key=lambda move: move.spent)


def _is_due_fill(place: Place, move: Move) -> bool:
    event = move.event
    return isinstance(event, ev.OrderFilled) and event.maker and event.cum == place.fills[event.leg]


def _looks(state: State, move: Move) -> bool:
    """Whether it is time for a look at the touch: here it does not move."""
    jobs = zip(state.jobs, move.state.jobs, strict=True)
    return any(old.stage is JobStage.ORDER and old.due_ns != new.due_ns for old, new in jobs)


# --- reads ----------------------------------------------------------------------------------------


def _of_quest(ground: Ground, place: Place, found: list[Move], index: int) -> Choice:
    state, world = place.node
    kind, request, _ = world.legs[index].quests[0]
    if any(quest[0] is Quest.BOOK for side in world.legs for quest in side.quests):
        legs = range(len(world.legs))
        book = next(move for leg in legs for move in good_book(Here(ground, state, world, leg)))
        return Choice((_way(ground, place, book, GOES_ON),))
    mine = [move for move in found if getattr(move.event, "request", 0) == request and move.leg == index]
    if kind is Quest.SWEEP:
        ways = tuple(_way(ground, place, move, _swept(move)) for move in mine)
        return Choice(ways, Asked(_venue(ground, index), What.SWEEP))
    seen = [move for move in mine if _working(move.world.legs[index]) == _working(world.legs[index])]
    ways = tuple(_way(ground, place, move, _read(state, move)) for move in seen)
    return Choice(ways, Asked(_venue(ground, index), What.READ))


def _working(side: LegWorld) -> list[tuple[int, int]]:
    """What the working orders have filled: a read shows it, it does not bring it about."""
    return [(one.n, one.low) for one in side.orders if one.fate is Fate.LIVE]


def _read(state: State, move: Move) -> str:
    assert isinstance(move.event, ev.PositionRead), "a position is read"
    if move.event.lots is None:
        return "failed"
    leg = state.legs[move.event.leg]
    told = leg.position if leg.known else move.world.legs[move.event.leg].position
    return "agrees" if move.event.lots == told else "behind"


def _swept(move: Move) -> str:
    assert isinstance(move.event, ev.OrdersSwept), "orders are listed"
    if not move.event.ok:
        return "failed"
    return "strays" if move.event.found else "clean"


# --- orders ---------------------------------------------------------------------------------------


def _of_call(ground: Ground, place: Place, found: list[Move], index: int) -> Choice:
    """The outcomes of a request about an order; of one that rests, also how much of it will fill."""
    side = place.node[1].legs[index]
    n, call = side.calls[0]
    order, venue = order_of(side, n), _venue(ground, index)
    mine = [move for move in found if move.leg == index and (n, call) not in move.world.legs[index].calls]
    if call is Call.PLACE:
        assert order is not None, "what is placed is known"
        return Choice(tuple(_placements(ground, place, mine, order)), _asked(venue, order))
    outcome = _cancelled if call is Call.CANCEL else _found
    named = [(move, outcome(order, move)) for move in mine]
    ways = tuple(_way(ground, place, move, name) for move, name in named if name)
    return Choice(ways, Asked(venue, What.CANCEL if call is Call.CANCEL else What.FIND))


def _asked(venue: str, order: Placed) -> Asked:
    what = What(order.type.value)
    return Asked(venue, what, max(0, order.pay) if what in PAYING else ANY)


def _placements(ground: Ground, place: Place, mine: list[Move], order: Placed) -> Iterator[Way]:
    for move in mine:
        event = move.event
        if isinstance(event, ev.OrderRejected):
            yield _way(ground, place, move, "rejected")
        elif event is None or (isinstance(event, ev.OrderAccepted) and order.type in IMMEDIATE):
            yield _way(ground, place, move, LOST)
        elif isinstance(event, ev.OrderAccepted):
            yield from _resting(ground, place, move, order)
        elif isinstance(event, ev.OrderFilled | ev.OrderEnded):
            yield _taken(ground, place, move, order, event.cum)


def _resting(ground: Ground, place: Place, move: Move, order: Placed) -> Iterator[Way]:
    """Accepted, and what it will have filled: all, nothing, or any part."""
    if order.type not in RESTS:
        yield _way(ground, place, move, "accepted")
        return
    lattice, whole = ground.legs[move.leg], most(place.node[1].legs[move.leg], order)
    for lots in lattice.parts(whole):
        yield _way(ground, place, move, _size(lots, whole), fill=lots)


def _taken(ground: Ground, place: Place, move: Move, order: Placed, lots: int) -> Way:
    """What a taking order filled; it cost its pay-up on as much of the clip."""
    cost = max(0, order.pay) * lots // ground.legs[move.leg].whole
    return _way(ground, place, move, _size(lots, order.lots), cost=cost)


def _size(lots: int, whole: int) -> str:
    return "none" if lots == 0 else "full" if lots == whole else "part"


def _cancelled(order: Placed | None, move: Move) -> str:
    """ "" for a fill that overtakes the cancel: what fills is decided already."""
    if move.event is None:
        return LOST
    if isinstance(move.event, ev.CancelRefused):
        return "too_late"
    assert order is not None, "what is over is not cancelled"
    ended = isinstance(move.event, ev.OrderEnded) and move.event.cum in (-1, order.low)
    return "cancelled" if ended else ""


def _found(_: Placed | None, move: Move) -> str:
    assert isinstance(move.event, ev.OrderFound), "an order is looked up"
    return move.event.found.value


# --- going on -------------------------------------------------------------------------------------


def _way(
    ground: Ground, place: Place, move: Move, outcome: str, *, fill: int | None = None, cost: int = 0
) -> Way:
    hop = hop_of(ground, place.node, move)
    if hop is None or hop.node is None:
        raise BugError(f"the engine refuses `{move.what}`")
    fills = [lots if _rests(side) else 0 for lots, side in zip(place.fills, hop.node[1].legs, strict=True)]
    if fill is not None:
        fills[move.leg] = fill
    return Way(outcome, Place(hop.node, place.faults + hop.faults, tuple(fills)), move.spent, cost)


def _rests(side: LegWorld) -> bool:
    return any(one.type in RESTS and one.fate is Fate.LIVE for one in side.orders)


def _venue(ground: Ground, index: int) -> str:
    return ground.program.legs[index].instrument.venue
