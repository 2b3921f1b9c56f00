"""When the engine wants to be woken if nothing happens first. Every wait has an end."""

from dnkit.engine import guards
from dnkit.engine.state import SETTLED, Answer, Stage
from dnkit.engine.turn import Turn
from dnkit.machine.program import PhaseKind

NEVER = 2**63
TIMED = (PhaseKind.REST, PhaseKind.VERIFY, PhaseKind.WAIT, PhaseKind.ALERT)


def wake_ns(turn: Turn) -> int | None:
    """The earliest moment at which something falls due; None once the run has ended.

    One loop over plain comparisons: this runs at every step.
    """
    state = turn.state
    if state.stage is Stage.END:
        return None
    first = NEVER
    for leg in turn.legs:
        order, stop = leg.order, leg.stop
        if order is not None and 0 < order.due_ns < first:
            first = order.due_ns
        if stop is not None and 0 < stop.due_ns < first:
            first = stop.due_ns
        if leg.answer is Answer.ASKED and leg.pending_ns < first:
            first = leg.pending_ns
    if state.stage is Stage.PHASE:
        first = _in_phase(turn, first)
    elif state.timer_ns and state.stage is not Stage.LEAVE:
        first = min(first, state.timer_ns)
    return first if first < NEVER else None


def _in_phase(turn: Turn, first: int) -> int:
    """The earlier of `first` and what the phase, its jobs and its guards wait for."""
    state = turn.state
    phase = turn.program.phases[state.phase]
    for job in state.jobs:
        if job.stage < SETTLED and 0 < job.due_ns < first:
            first = job.due_ns
    if turn.now < state.timer_ns < first and phase.kind in TIMED:
        first = state.timer_ns
    due = state.dues[phase.scope]
    if 0 < due < first:
        first = due
    if state.naked_ns:
        first = min(first, guards.unhedged_due(turn))
    return first
