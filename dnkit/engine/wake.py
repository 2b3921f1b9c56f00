"""When the engine wants to be woken if nothing happens first. Every wait has an end."""

from collections.abc import Iterator

from dnkit.engine import guards
from dnkit.engine.state import Answer, Job, JobStage, Leg, Stage
from dnkit.engine.turn import Turn
from dnkit.machine.program import PhaseKind

TIMED = (PhaseKind.REST, PhaseKind.VERIFY, PhaseKind.WAIT, PhaseKind.ALERT)
LOOKING = (JobStage.LOOK, JobStage.PAUSE, JobStage.ORDER)


def wake_ns(turn: Turn) -> int | None:
    """The earliest moment at which something falls due; None once the run has ended."""
    if turn.state.stage is Stage.END:
        return None
    return min(_dues(turn), default=None)


def _dues(turn: Turn) -> Iterator[int]:
    state = turn.state
    for leg in state.legs:
        yield from _leg_dues(leg)
    if state.stage is Stage.PHASE:
        yield from _phase_dues(turn)
        for job in state.jobs:
            yield from _job_dues(job)
    elif state.timer_ns and state.stage is not Stage.LEAVE:
        yield state.timer_ns


def _leg_dues(leg: Leg) -> Iterator[int]:
    if leg.order is not None and leg.order.due_ns:
        yield leg.order.due_ns
    if leg.stop is not None and leg.stop.due_ns:
        yield leg.stop.due_ns
    if leg.answer is Answer.ASKED:
        yield leg.pending_ns


def _job_dues(job: Job) -> Iterator[int]:
    if job.due_ns and job.stage in LOOKING:
        yield job.due_ns


def _phase_dues(turn: Turn) -> Iterator[int]:
    state, now = turn.state, turn.state.now_ns
    if turn.phase.kind in TIMED and state.timer_ns > now:
        yield state.timer_ns
    due = state.dues[turn.phase.scope]
    if due:
        yield due
    due = guards.unhedged_due(turn)
    if due:
        yield due
