"""A phase from which every way halts."""

from collections.abc import Iterator

from dnkit.machine.program import Phase, PhaseKind, TargetKind
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.flow import reached
from dnkit.policies.rules.subject import Subject
from dnkit.policies.rules.walk import TRADING, backwards, leads, ways

CODE = "DNK211"
HELP = "lead an outcome to a `verify` whose `ok` is an end, such as `ok: done flat`"
WORKING = (*TRADING, PhaseKind.VERIFY)  # to alert or to clear before a halt is what such a phase is for


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A finding for each phase that trades or checks, or a single one where no phase leads to an end."""
    phases = subject.own_phases
    ending = [index for index, phase in enumerate(phases) if _ends(subject, phase)]
    if phases and not ending:
        yield subject.finding(CODE, f"no outcome leads to `done ...`: {_loss(subject)}", "phases", help=HELP)
        return
    good = reached(backwards(leads(subject)).__getitem__, ending)
    for index, phase in enumerate(phases):
        if phase.kind in WORKING and phase.skip is None and index not in good:
            message = f"from `{phase.name}` every way halts: {_loss(subject)}"
            yield subject.finding(CODE, message, "phases", phase.name, help=HELP)


def _ends(subject: Subject, phase: Phase) -> bool:
    return any(target.kind is TargetKind.DONE for _, target in ways(subject, phase))


def _loss(subject: Subject) -> str:
    return f"however well the run goes, somebody is paged to look at up to {subject.stake}"
