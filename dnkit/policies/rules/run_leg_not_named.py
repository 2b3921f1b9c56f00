"""A policy for one leg that is run by a pair, and nothing says for which of the two."""

from collections.abc import Iterator

from dnkit.machine.program import Phase, PhaseKind, Program
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules.subject import Subject

CODE = "DNK226"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A finding for each `run` without `with` of a policy that has fewer legs than this one."""
    for phase in subject.own_phases:
        if phase.kind is PhaseKind.RUN and not subject.bound.names("phases", phase.name, "with"):
            yield from _fewer_legs(subject, phase, subject.program)


def _fewer_legs(subject: Subject, phase: Phase, program: Program | None) -> Iterator[Diagnostic]:
    if program is None or phase.enters < 0:
        return
    taken = program.scopes[phase.enters].legs
    left = [leg for index, leg in enumerate(program.legs) if index not in taken]
    if not left:
        return
    mine, other = program.legs[taken[0]].name, left[0].name  # the legs of the two policies are named alike
    message = (
        f"`with` is left out, so leg `{mine}` is traded, for it has the same name: "
        f"leg `{other}` stays as it is, with up to {subject.stake} naked if it was the one meant"
    )
    yield subject.finding(
        CODE,
        message,
        *("phases", phase.name, "run"),
        help=f"write `with: {{{mine}: {mine}}}`, or `with: {{{mine}: {other}}}` for the other leg",
    )
