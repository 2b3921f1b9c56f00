"""An outcome that `then` does not name: where it leads hangs on the order of the file."""

from collections.abc import Iterator

from dnkit.machine.program import Outcome, Phase, Target, TargetKind
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules.subject import Subject
from dnkit.policies.rules.walk import outcomes, quoted

CODE = "DNK210"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """One finding a phase, naming the outcomes and where they lead."""
    for phase in subject.own_phases:
        written = subject.bound.names("phases", phase.name, "then")
        left = [one for one in outcomes(subject, phase) if one.value not in written]
        if left:
            yield _finding(subject, phase, left)


def _finding(subject: Subject, phase: Phase, left: list[Outcome]) -> Diagnostic:
    target = phase.target(left[0])  # all that is not named leads to the same place
    message = f"`{phase.name}` does not say where {quoted(left)} {'lead' if len(left) > 1 else 'leads'}: "
    return subject.at_key(
        CODE,
        message + _where(subject, target),
        *("phases", phase.name, "then"),
        help=f"write `{left[0].value}: {_goto(subject, target)}` into its `then`",
    )


def _where(subject: Subject, target: Target) -> str:
    if target.kind is TargetKind.HALT:
        return f"no phase comes next, so the run halts, with up to {subject.stake} open"
    name = subject.own_phases[target.phase].name
    return f"to `{name}`, for it comes next, and a phase put in between would trade instead"


def _goto(subject: Subject, target: Target) -> str:
    return "halt WORDS" if target.kind is TargetKind.HALT else subject.own_phases[target.phase].name
