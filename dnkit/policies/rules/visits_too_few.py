"""A phase that can be entered again and may be entered once."""

from collections.abc import Iterator

from dnkit.machine.program import Outcome, Phase, Program, Target, TargetKind
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.flow import reached
from dnkit.policies.rules.subject import Subject
from dnkit.policies.rules.walk import Leads, backwards, circles, comma, jumps, leads

CODE = "DNK212"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A finding for each phase without `visits` that a loop, or more than one way in, leads to."""
    if subject.program is None:
        return
    graph = leads(subject)
    closing, ways_in = _closing(graph), _ways_in(subject.program, graph)
    for index, phase in enumerate(subject.own_phases):
        again = [f"by `{subject.own_phases[one].name}`" for one in closing[index]]
        again += [when for when, found in ways_in if index in found][1:]
        if again and not subject.bound.has("phases", phase.name, "visits"):
            yield _finding(subject, phase, again)


def _closing(graph: Leads) -> Leads:
    """By phase, those that lead to it and that it leads to: each closes a loop."""
    numbers, back = circles(graph), backwards(graph)
    return tuple(
        tuple(one for one in back[index] if numbers[one] == number) for index, number in enumerate(numbers)
    )


def _ways_in(program: Program, graph: Leads) -> list[tuple[str, dict[int, None]]]:
    """When the phases are gone into from outside, the start first, and which are reached from there."""
    start = ("", Target(TargetKind.PHASE, phase=program.start))
    starts = (start, *((jump.when, jump.target) for jump in jumps(program)))
    return [
        (when, reached(graph.__getitem__, [to.phase])) for when, to in starts if to.kind is TargetKind.PHASE
    ]


def _finding(subject: Subject, phase: Phase, again: list[str]) -> Diagnostic:
    message = f"`{phase.name}` may be entered once, and is entered again {comma(again)}: "
    return subject.finding(
        CODE,
        message + _then(subject, phase.target(Outcome.EXHAUSTED)),
        *("phases", phase.name),
        help="write `visits: 2` or more, or `visits: 1` where that is meant",
    )


def _then(subject: Subject, target: Target) -> str:
    if target.kind is TargetKind.HALT:
        return f"then the run halts ({target.text}), with up to {subject.stake} open"
    if target.kind is TargetKind.DONE:
        return f"then the run ends, `done {target.end.value}`"
    return f"then the run goes on at `{subject.own_phases[target.phase].name}`"
