"""What happens when: plain sentences on every phase that does not get what it wants, and on every limit."""

from collections.abc import Iterable

from dnkit.machine.program import NO_LIMIT, Outcome, Phase, PhaseKind, Program, Target, TargetKind
from dnkit.policies.explain.words import leg_words, phase_words, seconds, show_money
from dnkit.policies.unit_texts import show_time


def stories(program: Program) -> Iterable[str]:
    """One sentence a point."""
    for index, phase in enumerate(program.phases):
        works = phase.kind in (PhaseKind.REST, PhaseKind.TAKE)
        if index != program.reduce and phase.skip is None and works:
            yield from _phase_stories(program, phase)
    limits = program.scopes[0].limits
    if limits.deadline_ns != NO_LIMIT and limits.deadline_to is not None:
        words = story_target(program, limits.deadline_to)
        yield f"After {seconds(limits.deadline_ns)}, whatever stands: {words}."
    if limits.unhedged_max != NO_LIMIT and limits.unhedged_to is not None:
        over = f"{show_money(limits.unhedged_max)} is unhedged for {show_time(limits.unhedged_ns)}"
        yield f"If more than {over}: {story_target(program, limits.unhedged_to)}."
    yield f"If asked to stop: {story_target(program, program.stop_to)}."
    yield f"After a crash: own orders are swept, fills booked, then {program.phases[program.recover].name}."


def _phase_stories(program: Program, phase: Phase) -> Iterable[str]:
    names = " and ".join(leg_words(program, job) for job in phase.jobs)
    then = {outcome: story_target(program, target) for outcome, target in phase.then}
    if phase.kind is PhaseKind.TAKE:
        yield f"If {phase.name} leaves something open on {names}: {then[Outcome.SHORT]}."
    elif len(phase.jobs) == 1:
        patience = show_time(phase.for_ns)
        gone = "its order is cancelled and that confirmed"
        yield f"If {names} does not fill in {patience}, {gone}: {then[Outcome.NONE]}."
    else:
        patience = show_time(phase.for_ns)
        gone = "the other's order is cancelled and that confirmed"
        yield f"If one of {names} is done first, {gone}: {then[Outcome.FIRST]}."
        gone = "both are cancelled and that confirmed"
        yield f"If {names} are not both done in {patience}, {gone}: {then[Outcome.NONE]}."


def story_target(program: Program, target: Target) -> str:
    """Where it goes then, and what is done there."""
    if target.kind is TargetKind.PHASE:
        phase = program.phases[target.phase]
        return f"{phase.name} - {phase_words(program, phase)}"
    if target.kind is TargetKind.DONE:
        return f"the run is done, {target.end.value}"
    words = f" ({target.text})" if target.text else ""
    return f"the run halts{words}: own orders are cancelled, an alert goes out"
