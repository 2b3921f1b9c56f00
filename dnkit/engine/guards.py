"""What may interrupt any phase: deadlines and too much exposure for too long.

Each interruption cancels and confirms first.
"""

from collections.abc import Sequence

from dnkit.engine.exposure import net_money
from dnkit.engine.state import Leg
from dnkit.engine.turn import Turn
from dnkit.machine.program import NO_LIMIT, Limits, Program, Target, TargetKind

HALT_DEADLINE = Target(TargetKind.HALT, text="deadline")
HALT_UNHEDGED = Target(TargetKind.HALT, text="unhedged for too long")


def open_scope(turn: Turn, index: int) -> None:
    """Start the deadline of a scope: its own, or what its caller has left if that is less."""
    scope, dues = turn.program.scopes[index], turn.state.dues
    due = 0 if scope.limits.deadline_ns == NO_LIMIT else turn.now + scope.limits.deadline_ns
    if scope.parent >= 0 and dues[scope.parent]:
        due = min(due, dues[scope.parent]) if due else dues[scope.parent]
    turn.update(dues=(*dues[:index], due, *dues[index + 1 :]))


def is_naked(program: Program, limits: Limits, legs: Sequence[Leg]) -> bool:
    """Whether the net exposure is above `max_unhedged`; never without such a limit or with one leg."""
    if limits.unhedged_max == NO_LIMIT or len(legs) == 1:
        return False
    return net_money(program, legs) > limits.unhedged_max


def watch_exposure(turn: Turn) -> None:
    """Note since when the net exposure is above `max_unhedged` (0: it is not)."""
    naked = is_naked(turn.program, turn.limits, turn.legs)
    if naked is not (turn.state.naked_ns > 0):
        turn.update(naked_ns=turn.now if naked else 0)


def unhedged_due(turn: Turn) -> int:
    """When the exposure above `max_unhedged` must end, 0 while it is below."""
    return turn.state.naked_ns + turn.limits.unhedged_ns if turn.state.naked_ns else 0


def breach(turn: Turn) -> Target | None:
    """Where a broken deadline or exposure limit sends the run, or None.

    A deadline fires once; the exposure's clock starts anew while the run stays naked.
    """
    scope, state = turn.phase.scope, turn.state
    if state.halt:
        turn.update(halt="")
        return Target(TargetKind.HALT, text=state.halt)
    due = state.dues[scope]
    if due and turn.now >= due:
        turn.update(dues=(*state.dues[:scope], 0, *state.dues[scope + 1 :]))
        return turn.program.scopes[scope].limits.deadline_to or HALT_DEADLINE
    due = unhedged_due(turn)
    if due and turn.now >= due:
        turn.update(naked_ns=0)
        return turn.limits.unhedged_to or HALT_UNHEDGED
    return None
