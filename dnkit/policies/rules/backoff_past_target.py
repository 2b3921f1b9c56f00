"""Pauses between failed calls that add up to more than the time there is.

A pause comes before every try: the call that failed first is the reason for them.
"""

from collections.abc import Iterator

from dnkit.machine.program import NO_LIMIT
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.findings import Route
from dnkit.policies.rules.subject import Subject
from dnkit.policies.rules.times import show_sum
from dnkit.policies.unit_texts import show_time

CODE = "DNK442"
SHOWN = 8  # pauses that are listed one by one


def check(subject: Subject) -> Iterator[Diagnostic]:
    """The sum of the pauses against `targets.reconnect` and `limits.deadline`."""
    if subject.policy.backoff is None:
        return
    pauses, total_ns = _pauses(*subject.policy.backoff)
    for route, what, bound_ns in _bounds(subject):
        if bound_ns < total_ns:
            said = (
                f"the pauses add up to {show_sum(total_ns)}: {what} of {show_time(bound_ns)} is over before "
                "the last try, and the run is blind until then"
            )
            where = (subject.related("over by then", *route),)
            yield subject.finding(CODE, said, "backoff", notes=(f"the pauses: {pauses}",), related=where)


def _bounds(subject: Subject) -> Iterator[tuple[Route, str, int]]:
    policy, program = subject.policy, subject.program
    if policy.targets is not None and policy.targets.reconnect_ns is not None:
        yield ("targets", "reconnect"), "the target", policy.targets.reconnect_ns
    if program is not None and program.scopes[0].limits.deadline_ns != NO_LIMIT:
        yield ("limits", "deadline", "after"), "the deadline", program.scopes[0].limits.deadline_ns


def _pauses(first: int, most: int, tries: int) -> tuple[str, int]:
    """The pauses in words, and their sum."""
    growing: list[int] = []
    pause = first
    while pause < most and len(growing) < tries:
        growing.append(pause)
        pause *= 2
    rest = tries - len(growing)
    listed = [*growing, *[most] * min(rest, SHOWN)][:SHOWN]
    words = ", ".join(show_time(one) for one in listed)
    return words if len(listed) == tries else f"{words}, ...", sum(growing) + rest * most
