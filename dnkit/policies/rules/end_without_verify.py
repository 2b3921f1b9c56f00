"""An end that no check stands before.

The engine confirms every end once more, so none is named that is not true. What is lost without a check is
the way on: where the venue says otherwise the run can only halt, with what is open.
"""

from collections.abc import Iterator

import msgspec

from dnkit.machine.program import Outcome, Phase, PhaseKind, Program, Target, TargetKind
from dnkit.model.terms import EndName, Intent
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules.subject import Subject
from dnkit.policies.rules.walk import jumps, ways

CODE = "DNK301"
Step = tuple[int, Outcome, bool]  # a phase, its answer, and whether something may have been traded before
FITS = {
    EndName.FLAT: (EndName.FLAT, EndName.HEDGED),
    EndName.HEDGED: (EndName.HEDGED,),
    EndName.PROTECTED: (EndName.PROTECTED,),
    EndName.IDLE: (EndName.IDLE,),
}
FAILED = (Outcome.SHORT, Outcome.CONFLICT, Outcome.ERROR)
OPENS = {
    PhaseKind.REST: (Outcome.FILLED, Outcome.FIRST, Outcome.PARTIAL),
    PhaseKind.TAKE: (Outcome.FILLED, Outcome.FIRST, Outcome.SHORT),
    PhaseKind.ARM: (Outcome.ARMED,),
    PhaseKind.RUN: (Outcome.FLAT, Outcome.HEDGED, Outcome.PROTECTED, Outcome.HALT),
}
GOALS = {
    Intent.OPEN: EndName.HEDGED,
    Intent.REBALANCE: EndName.HEDGED,
    Intent.SINGLE: EndName.PROTECTED,
}  # of the others: flat
OPEN_AT_START = (Intent.UNWIND, Intent.FLATTEN)  # these begin with a naked leg
HALTS = "the run halts there instead of getting out"
NOT_IDLE = f"`done idle` says that nothing was, and where it is not true {HALTS}"


class _Edge(msgspec.Struct, frozen=True):
    """An outcome on its way to an end. `traded` says that something may have been traded before it."""

    phase: Phase
    outcome: Outcome
    end: EndName
    traded: bool


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A finding for each outcome, and each limit or request, that leads to an end it cannot vouch for."""
    program = subject.program
    if program is None:
        return
    for edge in _edges(subject, program):
        why = _why_not(subject, program, edge)
        if why:
            route = ("phases", edge.phase.name, "then", edge.outcome.value)
            yield subject.finding(CODE, why, *route, help=_help(program, edge.end))
    for jump in jumps(program):
        if jump.target.kind is TargetKind.DONE:
            end = jump.target.end
            message = (
                f"{jump.when} the run goes to `done {end.value}` past every check: {_loss(subject, end)}"
            )
            yield subject.finding(CODE, message, *jump.route, help=_help(program, end))


def _edges(subject: Subject, program: Program) -> Iterator[_Edge]:
    taken = _taken(subject, program)
    for index, phase in enumerate(subject.own_phases):
        for outcome, target in ways(subject, phase):
            if target.kind is TargetKind.DONE:
                yield _Edge(phase, outcome, target.end, (index, outcome, True) in taken)


def _taken(subject: Subject, program: Program) -> set[Step]:
    """Every step of a path from the start or from a jump."""
    phases, found = subject.own_phases, set[Step]()
    waiting = _steps(subject, program.start, False)
    for jump in jumps(program):
        waiting += _steps_again(subject, program, jump.target, True)
    while waiting:
        step = index, outcome, traded = waiting.pop()
        if step not in found:
            found.add(step)
            after = _after(phases[index], outcome, traded)
            waiting += _steps_again(subject, program, phases[index].target(outcome), after)
    return found


def _steps(subject: Subject, index: int, traded: bool) -> list[Step]:
    return [(index, outcome, traded) for outcome, _ in ways(subject, subject.own_phases[index])]


def _steps_again(subject: Subject, program: Program, target: Target, traded: bool) -> list[Step]:
    """The steps from a target; the phase a run starts with has only EXHAUSTED left if it is visited once."""
    if target.kind is not TargetKind.PHASE:
        return []
    steps = _steps(subject, target.phase, traded)
    spent = target.phase == program.start and subject.own_phases[target.phase].visits == 1
    return [step for step in steps if step[1] is Outcome.EXHAUSTED or not spent]


def _after(phase: Phase, outcome: Outcome, traded: bool) -> bool:
    """Whether something may have been traded once a phase has answered so."""
    if phase.kind is PhaseKind.VERIFY and phase.goal is EndName.IDLE and outcome is Outcome.OK:
        return False
    return traded or _opens(phase, outcome)


def _opens(phase: Phase, outcome: Outcome) -> bool:
    return phase.skip is None and outcome in OPENS.get(phase.kind, ())


def _why_not(subject: Subject, program: Program, edge: _Edge) -> str:
    """Why the outcome does not vouch for the end, "" where it does."""
    here, end = f"`{edge.outcome.value}` of `{edge.phase.name}`", f"`done {edge.end.value}`"
    if edge.phase.kind is PhaseKind.VERIFY and edge.outcome in FAILED:
        return f"{here} is a failed check and leads to {end}: {_loss(subject, edge.end)}"
    if edge.end is EndName.IDLE:
        return _why_not_idle(subject, program, edge, here)
    if edge.phase.kind is PhaseKind.VERIFY and edge.outcome is Outcome.OK:
        if edge.end in FITS[edge.phase.goal]:
            return ""
        return f"{here} vouches for {edge.phase.goal.value} and leads to {end}: {_loss(subject, edge.end)}"
    if edge.phase.kind is PhaseKind.RUN and edge.outcome.value == edge.end.value:
        unseen = [
            leg.name
            for index, leg in enumerate(program.legs)
            if index not in program.scopes[edge.phase.enters].legs
        ]
        return f"{here} says nothing of leg `{unseen[0]}`: {_loss(subject, edge.end)}" if unseen else ""
    return f"{here} leads to {end} past every check: {_loss(subject, edge.end)}"


def _why_not_idle(subject: Subject, program: Program, edge: _Edge, here: str) -> str:
    if edge.phase.kind is PhaseKind.VERIFY and edge.phase.goal is EndName.IDLE and edge.outcome is Outcome.OK:
        return ""
    if program.intent in OPEN_AT_START:
        return (
            f"{here} leads to `done idle`: the run ends as if all were well, with up to {subject.stake} naked"
        )
    if _opens(edge.phase, edge.outcome):
        return f"after {here} up to {subject.stake} may be open, which is not `done idle`: {HALTS}"
    if edge.traded:
        return f"when {here} comes, up to {subject.stake} may be open from before: {NOT_IDLE}"
    return ""


def _loss(subject: Subject, end: EndName) -> str:
    return f"where the venue does not agree the run halts, with up to {subject.stake} not {end.value}"


def _help(program: Program, end: EndName) -> str:
    goal = end.value if end is not EndName.IDLE else GOALS.get(program.intent, EndName.FLAT).value
    return f"lead it to a `verify` with `goal: {goal}`, and that one's `ok` to `done {goal}`"
