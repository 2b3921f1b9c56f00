"""A policy that trades and may take any time."""

from collections.abc import Iterator

from dnkit.machine.program import NO_LIMIT, Program, Target, TargetKind
from dnkit.model.numbers import NS_PER_S, ceil_div
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.explain.worst import longest, slow_ns
from dnkit.policies.rules.subject import Subject

CODE = "DNK305"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A finding where limits.deadline is left out: it says how long a run may take without."""
    program = subject.program
    if program is None or program.scopes[0].limits.deadline_ns != NO_LIMIT:
        return
    message = (
        f"no deadline: a run takes {_time(program)}, and up to {subject.stake} may be open all the while"
    )
    yield subject.at_key(
        CODE, message, "limits", "deadline", help="write `deadline: {after: 60s, then: PHASE}` under `limits`"
    )


def _time(program: Program) -> str:
    """How long the longest way of the program to an end is, in words."""
    start = Target(TargetKind.PHASE, phase=program.start)
    took, _ = longest(program, start, lambda phase: slow_ns(program, phase))
    return f"up to {ceil_div(took, NS_PER_S):,} s with late answers"
