"""Two witnesses: the fill ledger and the venue's own word on the position.

A read counts when it describes a moment after our last fill and equals the ledger. One that differs while the
venue's lag budget since that fill is not over is LAGGING, which is no conflict yet; after the budget it is
one, and a venue that takes such a word back has to say so twice: one read that happens to equal the ledger is
no witness beside others that do not.
"""

from collections.abc import Sequence

from dnkit.engine.exposure import is_hedged
from dnkit.engine.sizing import goal_position
from dnkit.engine.state import Answer, Leg
from dnkit.engine.turn import Turn
from dnkit.machine.orders import Life
from dnkit.machine.program import Outcome
from dnkit.model.commands import ReadPosition
from dnkit.model.terms import EndName

TWICE = 2


def begin(turn: Turn) -> None:
    """Ask for the positions of the legs that no stream has told us yet."""
    ask(turn, turn.scope.legs)


def ask(turn: Turn, indexes: tuple[int, ...]) -> None:
    """Read the position of every leg that is not agreed on."""
    for index in indexes:
        if agrees(turn.legs[index]):
            turn.update_leg(index, answer=Answer.GOOD)
        else:
            turn.commands.append(ReadPosition(index, turn.ask_leg(index)))


def agrees(leg: Leg) -> bool:
    """Whether the venue's word equals the ledger and is fresh.

    Fresh means given for a moment after our last fill, or asked for now.
    """
    if leg.doubt or not equals(leg, leg.witness, leg.witness_ns):
        return False
    return leg.fill_ns > 0 or leg.answer is Answer.GOOD


def equals(leg: Leg, lots: int | None, as_of_ns: int) -> bool:
    """Whether that word equals the ledger and is of after our last fill."""
    return lots is not None and lots == leg.position and as_of_ns >= leg.fill_ns


def doubted(turn: Turn, index: int, lots: int, as_of_ns: int) -> int:
    """How many more reads must equal the ledger, once this one was heard."""
    leg = turn.legs[index]
    if equals(leg, lots, as_of_ns):
        is_new = as_of_ns > leg.witness_ns  # the same read may be told twice
        return max(0, leg.doubt - is_new)
    contradicts = leg.known and as_of_ns >= leg.fill_ns and not is_lagging(turn, index)
    return TWICE if contradicts else leg.doubt


def is_lagging(turn: Turn, index: int) -> bool:
    """Whether a disagreement may still be the venue's lag behind our last fill."""
    leg = turn.legs[index]
    return leg.fill_ns > 0 and turn.now < leg.fill_ns + turn.program.legs[index].position_lag_ns


def tries_after(turn: Turn, open_legs: Sequence[int]) -> int:
    """Tries that count, this one included. A venue that may be behind is no disagreement, so a wrong read
    after its lag still leaves the tries that the policy gives.
    """
    return turn.state.tries + (not any(is_lagging(turn, index) for index in open_legs))


def settle_answers(turn: Turn, indexes: tuple[int, ...]) -> bool:
    """Turn overdue questions into bad answers; whether all questions are answered."""
    ready = True
    for index in indexes:
        leg = turn.legs[index]
        if leg.answer is Answer.ASKED:
            if turn.now >= leg.pending_ns:
                turn.update_leg(index, answer=Answer.BAD)
            else:
                ready = False
    return ready


def advance(turn: Turn) -> Outcome | None:
    """Judge the reads; OK, SHORT, CONFLICT, ERROR, or None while there is something to wait for."""
    phase, indexes = turn.phase, turn.scope.legs
    if all(agrees(turn.legs[index]) for index in indexes):
        return Outcome.OK if is_met(turn, phase.goal, indexes) else Outcome.SHORT
    if turn.state.step == 1:  # between two tries
        if turn.now < turn.state.timer_ns:
            return None
        turn.update(step=0)
        ask(turn, indexes)
    if not settle_answers(turn, indexes):
        return None
    open_legs = [index for index in indexes if not agrees(turn.legs[index])]
    tries = tries_after(turn, open_legs)
    if tries >= phase.tries:
        silent = all(turn.legs[index].answer is Answer.BAD for index in open_legs)
        return Outcome.ERROR if silent else Outcome.CONFLICT
    turn.update(tries=tries, step=1, timer_ns=turn.now + phase.every_ns)
    return None


def is_met(turn: Turn, goal: EndName, indexes: tuple[int, ...]) -> bool:
    """Whether the ledger says that the goal holds on those legs."""
    program, legs = turn.program, turn.legs
    if goal is EndName.FLAT:
        return all(
            abs(legs[index].position - goal_position(turn, index)) < legs[index].least for index in indexes
        )
    if goal is EndName.HEDGED:
        return is_hedged(program, legs)
    if goal is EndName.PROTECTED:
        return all(is_protected(legs[index]) for index in indexes)
    return all(legs[index].position == legs[index].start for index in indexes)


def is_protected(leg: Leg) -> bool:
    """Whether a live stop covers the whole position."""
    stop = leg.stop
    if leg.position == 0 or stop is None or stop.life is not Life.WORKING:
        return False
    return stop.side * leg.position < 0 and stop.lots - stop.cum >= abs(leg.position)
