"""A deadline that is over before the policy's own waits are."""

from collections.abc import Iterator

import msgspec

from dnkit.machine.program import NO_LIMIT, Phase, Program, Target, TargetKind
from dnkit.policies.codes import WARNING
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.explain.worst import PATHS_MAX, calm_ns, longest
from dnkit.policies.rules.subject import Subject
from dnkit.policies.rules.times import show_sum
from dnkit.policies.unit_texts import show_time

CODE = "DNK441"
BASE = PATHS_MAX + 1  # no way that is followed has more steps than this


class Way(msgspec.Struct, frozen=True):
    """The longest way to an end when every answer comes at once: its time, and what it is the sum of."""

    ns: int
    sum: str


def check(subject: Subject) -> Iterator[Diagnostic]:
    """`limits.deadline` or `targets.run` below the time of the longest way."""
    program, targets = subject.program, subject.policy.targets
    if program is None:
        return
    deadline_ns, run_ns = program.scopes[0].limits.deadline_ns, targets.run_ns if targets else None
    way = _longest_way(program) if run_ns is not None or deadline_ns != NO_LIMIT else None
    if way is None:
        return
    notes = (f"the sum of the waits: {way.sum} = {show_sum(way.ns)}",)
    if 0 <= deadline_ns < way.ns:
        said = (
            f"the waits alone can take {show_sum(way.ns)}: the deadline of {show_time(deadline_ns)} cuts "
            "in before, and the phases at the end never get their time"
        )
        yield subject.finding(CODE, said, "limits", "deadline", "after", notes=notes)
    if run_ns is not None and run_ns < way.ns:
        said = (
            f"the waits alone can take {show_sum(way.ns)}: such a run misses the target of "
            f"{show_time(run_ns)}"
        )
        yield subject.finding(CODE, said, "targets", "run", notes=notes, severity=WARNING)


def _longest_way(program: Program) -> Way | None:
    """None where there are too many ways to follow each. Every phase counts its visits in digits of its own
    below the nanoseconds, so that the longest time tells what it is made of."""
    timed = [one for one in program.phases if one.skip is None and calm_ns(one)]
    digits: dict[str, int] = {one.name: BASE**place for place, one in enumerate(timed)}
    scale: int = BASE ** len(timed)

    def weight(phase: Phase) -> int:
        return calm_ns(phase) * scale + digits.get(phase.name, 0)

    found, exact = longest(program, Target(TargetKind.PHASE, phase=program.start), weight)
    visits = [(one, found // digits[one.name] % BASE) for one in timed]
    parts = (_part(one, count) for one, count in visits if count)
    return Way(found // scale, " + ".join(parts)) if exact else None


def _part(phase: Phase, count: int) -> str:
    times = f"{count} x " if count > 1 else ""
    return f"{phase.name} {times}{show_time(calm_ns(phase))}"
