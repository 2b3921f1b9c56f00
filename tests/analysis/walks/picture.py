"""What a concrete state and an explored one must have in common: a key that is equal on both sides, and for
each leg the span in which its true position lies.

Left out is what the explorer widens or leaps over: times, tries, the venue's last word, numbers of orders and
requests. A concrete state that no explored one stands for by design is excused, for a reason that is named.
"""

from typing import Any

from dnkit.analysis.ground import Ground
from dnkit.analysis.hop import Node
from dnkit.analysis.world import reach
from dnkit.engine.ends import READ
from dnkit.engine.state import SETTLED, Answer, Job, JobStage, Leg, Order, Stage, State
from dnkit.engine.verify import agrees
from dnkit.machine.orders import Life
from dnkit.machine.program import Phase, PhaseKind

Key = tuple[Any, ...]
Spans = tuple[tuple[int, int], ...]
WINDOWS = (PhaseKind.REST, PhaseKind.WAIT)
DOUBT = "an order in doubt"
PAUSES = "a job that pauses"
OUT_OF_TURN = "a read answered before that of an earlier leg"


def key_of(ground: Ground, state: State, down: tuple[bool, ...]) -> Key:
    """The part of a state that an explored state shares with the concrete ones it stands for."""
    stage = state.stage
    if stage is Stage.END:
        assert state.ended is not None
        ends = tuple((leg.position, leg.known, leg.lost) for leg in state.legs)
        return (stage, state.ended.end, state.ended.risk, ends, down)
    phase = ground.program.phases[state.phase]
    legs = tuple(map(_leg_of, state.legs, answers_of(ground, state)))
    if stage is Stage.HALT or (stage is Stage.SWEEP and ground.program.scopes[phase.scope].halt_to is None):
        return (stage, state.step, state.timer_ns > 0, _goal_of(state), legs, down)
    where = (state.phase, _visits_of(ground, state), _dues_of(ground, state, phase.scope))
    stands = (_clock_of(state, phase), _goal_of(state), state.naked_ns > 0)
    return (stage, where, stands, tuple(map(_job_of, state.jobs)), legs, down)


def spans_of(node: Node) -> Spans:
    """By leg the lowest and the highest position that may be true in an explored state."""
    return tuple(map(reach, node[1].legs))


def answers_of(ground: Ground, state: State) -> tuple[Answer, ...]:
    """What was answered by leg. A leg whose position the venue agrees on waits for no read."""
    if state.stage in (Stage.SWEEP, Stage.HALT):
        reads = state.step == READ
    else:
        reads = state.stage is Stage.PHASE and ground.program.phases[state.phase].kind is PhaseKind.VERIFY
    return tuple(Answer.GOOD if reads and agrees(leg) else leg.answer for leg in state.legs)


def _leg_of(leg: Leg, answer: Answer) -> Key:
    return (leg.position, leg.known, leg.lost, answer, _order_of(leg.order), _order_of(leg.stop))


def _order_of(order: Order | None) -> Key | None:
    """The order without its numbers and ages; whether it was to go decides nothing once it is lost."""
    if order is None:
        return None
    wanted = order.life is Life.LOST or not order.withdraw
    return (order.life, order.side, order.type, order.lots, order.cum, wanted)


def _job_of(job: Job) -> Key:
    if job.stage >= SETTLED:
        return (job.leg, job.stage, job.sent > 0, job.rejected)
    return (job.leg, job.stage, job.sent > 0, job.rejected, job.rung, job.rejects)


def _goal_of(state: State) -> Key | None:
    goal = state.leave_to
    return None if goal is None else (goal.kind, goal.phase, goal.end)


def _visits_of(ground: Ground, state: State) -> tuple[int, ...]:
    """Counts of visits that can still decide anything."""
    if state.stage is Stage.START:
        return state.visits
    ahead = ground.ahead[state.phase]
    return tuple(
        n if index in ahead and index in ground.counted else 0 for index, n in enumerate(state.visits)
    )


def _dues_of(ground: Ground, state: State, scope: int) -> tuple[bool, ...]:
    """Deadlines to come, of the scope and its callers."""
    scopes, counts = ground.program.scopes, set()
    while scope >= 0:
        counts.add(scope)
        scope = scopes[scope].parent
    return tuple(due > 0 and index in counts for index, due in enumerate(state.dues))


def _clock_of(state: State, phase: Phase) -> Key:
    """Where START and a check stand, whether a window is open, what became of an alert."""
    if state.stage is not Stage.PHASE:
        return () if state.stage is Stage.LEAVE else (state.step, state.timer_ns > 0)
    if phase.kind is PhaseKind.VERIFY:
        return (state.step,)
    if phase.kind is PhaseKind.ALERT:
        return (state.alert_ok,)
    return (state.timer_ns > state.now_ns,) if phase.kind in WINDOWS else ()


# --- excuses --------------------------------------------------------------------------------------


def excuse(ground: Ground, state: State, down: tuple[bool, ...]) -> str:
    """Why the explorer has no state of its own for this one, "" where it must have one."""
    if state.stage in (Stage.PHASE, Stage.LEAVE) and any(
        _in_doubt(order) for leg in state.legs for order in (leg.order, leg.stop)
    ):
        return DOUBT
    if state.stage is Stage.PHASE and any(
        job.stage is JobStage.PAUSE and not down[job.leg] for job in state.jobs
    ):
        return PAUSES
    asked = tuple(leg.answer for leg in state.legs)
    if _is_read_out_of_turn(asked) or _is_read_out_of_turn(answers_of(ground, state)):
        return OUT_OF_TURN
    return ""


def _in_doubt(order: Order | None) -> bool:
    """As the explorer has it; an order that was answered and still owes something waits for the rest."""
    if order is None or order.life >= Life.OVER:
        return False
    return order.withdraw or order.life is Life.UNSURE or (order.life is Life.WORKING and order.due_ns > 0)


def _is_read_out_of_turn(answers: tuple[Answer, ...]) -> bool:
    if Answer.ASKED not in answers:
        return False
    return any(one in (Answer.GOOD, Answer.BAD) for one in answers[answers.index(Answer.ASKED) + 1 :])
