"""One edge of the explored graph: a move, the engine's step on it, the venue with the engine's requests."""

import msgspec
from msgspec.structs import replace

from dnkit.analysis.canon import NOW, canonical
from dnkit.analysis.ground import Ground, pay_up
from dnkit.analysis.move import CALL_NS, Here, Kind, Move
from dnkit.analysis.proof import NONE
from dnkit.analysis.read_moves import good_book
from dnkit.analysis.time_moves import job_timers
from dnkit.analysis.world import World, obey
from dnkit.engine.state import JobStage, Stage, State
from dnkit.engine.step import step
from dnkit.machine.program import PhaseKind
from dnkit.model import commands as cm
from dnkit.model.errors import BugError
from dnkit.model.terms import RESTING

Node = tuple[State, World]
WHERE = ("stage", "phase", "visits", "step", "tries", "timer_ns")


class Hop(msgspec.Struct, frozen=True, gc=False):
    """Where one or more moves lead.

    `node` is None where the engine itself refused with `bug`. `whats` are the moves' names; `kind` is the
    worst of theirs, `faults` their number. `leg` is whose clock ran (-1: all), `spent` for how long at most.
    `short` is the largest pay-up of an order that was not filled whole. `sent` holds (leg, pay-up) of orders
    placed, `calls` the orders, cancels and reads of each leg in turn, `commands` all that was asked. `stays`
    says that no phase was entered on the way, nor left.
    """

    node: Node | None
    whats: tuple[str, ...]
    kind: Kind
    faults: int
    leg: int
    spent: int
    short: int
    sent: tuple[tuple[int, int], ...]
    calls: tuple[int, ...]
    commands: tuple[cm.Command, ...] = ()
    bug: str = ""
    stays: bool = False


def hop_of(ground: Ground, node: Node, move: Move) -> Hop | None:
    """The engine's step on a move; None for a refused book that is not refused after all."""
    try:
        state, commands = (move.state, ()) if move.event is None else _step(ground, move)
    except BugError as bug:
        return _hop(ground, None, move, (), bug=str(bug))
    if move.refuses and _goes_through(state, commands, move.leg):
        return None
    after = canonical(ground, state, obey(ground, move.world, commands), node)
    hop = _hop(ground, after, move, commands, stays=_stays(move.state, state))
    return _timed(ground, node, after, hop)


def _stays(old: State, new: State) -> bool:
    """Whether the run stands where it stood: entering a phase, even the same one, makes new counts."""
    return new.visits is old.visits and new.phase == old.phase and new.stage is old.stage


def _step(ground: Ground, move: Move) -> tuple[State, tuple[cm.Command, ...]]:
    assert move.event is not None, "the engine hears nothing of this move"
    return step(ground.program, move.state, move.event)


def _goes_through(state: State, commands: tuple[cm.Command, ...], leg: int) -> bool:
    ready = any(job.leg == leg and job.stage is JobStage.READY for job in state.jobs)
    return ready or any(isinstance(one, cm.PlaceOrder) for one in commands)


def _hop(
    ground: Ground,
    after: Node | None,
    move: Move,
    commands: tuple[cm.Command, ...],
    bug: str = "",
    *,
    stays: bool = False,
) -> Hop:
    faults = 0 if move.kind is Kind.FREE else 1
    sent = tuple(
        (one.leg, pay_up(ground, one.leg, one.side, one.price))
        for one in commands
        if isinstance(one, cm.PlaceOrder) and one.type not in RESTING
    )
    calls = _calls(len(ground.legs), commands) if commands else (0,) * (3 * len(ground.legs))
    whats, spent = (move.what,), move.spent
    return Hop(
        after, whats, move.kind, faults, move.leg, spent, move.short, sent, calls, commands, bug, stays
    )


def _calls(legs: int, commands: tuple[cm.Command, ...]) -> tuple[int, ...]:
    counts = [0] * (3 * legs)
    for one in commands:
        if isinstance(one, cm.PlaceOrder):
            counts[3 * one.leg] += 1
        elif isinstance(one, cm.CancelOrder | cm.SweepOrders):
            counts[3 * one.leg + 1] += 1
        elif isinstance(one, cm.ReadPosition | cm.FindOrder):
            counts[3 * one.leg + 2] += 1
    return tuple(counts)


def _timed(ground: Ground, before: Node, after: Node, hop: Hop) -> Hop:
    """The hop with its time put right: what happens inside a resting phase's window costs nothing beyond the
    window, and what one leg does alone does not hold up the other.
    """
    old, new = before[0], after[0]
    stays = all(getattr(old, name) == getattr(new, name) for name in WHERE)
    if not stays or any(getattr(one, "leg", hop.leg) != hop.leg for one in hop.commands):
        hop = replace(hop, leg=NONE)
    window = window_left(ground, old)
    if not window:
        return hop
    if window_left(ground, new) and new.visits == old.visits and new.phase == old.phase:
        return replace(hop, spent=0) if hop.faults == 0 and hop.spent <= CALL_NS else hop
    waits = window if new.timer_ns > NOW or new.phase != old.phase or new.stage is not Stage.PHASE else 0
    return replace(hop, spent=max(hop.spent, waits))


def window_left(ground: Ground, state: State) -> int:
    """Time a resting phase has left, 0 where none is at work or its time is up."""
    if state.stage is not Stage.PHASE or state.timer_ns <= NOW:
        return 0
    phase = ground.program.phases[state.phase]
    return phase.for_ns if phase.kind is PhaseKind.REST else 0


def patient(ground: Ground, hop: Hop) -> Hop:
    """A job that found no usable book pauses and looks again; then it sees one. No other leg hears of it."""
    wanted = JobStage.PAUSE
    while hop.node is not None and hop.kind is Kind.SLIP:
        state, world = hop.node
        slot = next((n for n, one in enumerate(state.jobs) if one.stage is wanted), None)
        if slot is None or world.down[state.jobs[slot].leg] or state.stage is not Stage.PHASE:
            return hop
        here = Here(ground, state, world, state.jobs[slot].leg)
        move = next(job_timers(here) if wanted is JobStage.PAUSE else good_book(here), None)
        wanted = JobStage.LOOK
        after = None if move is None else hop_of(ground, hop.node, move)
        if after is None:
            return hop
        hop = joined(hop, after)
    return hop


def joined(first: Hop, second: Hop) -> Hop:
    """Two hops as one."""
    return replace(
        second,
        whats=first.whats + second.whats,
        kind=max(first.kind, second.kind, key=lambda kind: kind.value),
        faults=first.faults + second.faults,
        leg=first.leg if first.leg == second.leg else NONE,
        spent=first.spent + second.spent,
        short=max(first.short, second.short),
        sent=first.sent + second.sent,
        calls=tuple(one + two for one, two in zip(first.calls, second.calls, strict=True)),
        commands=first.commands + second.commands,
        stays=first.stays and second.stays,
    )
