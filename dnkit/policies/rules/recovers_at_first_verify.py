"""Nothing says where a crashed run goes on."""

from collections.abc import Iterator

from dnkit.machine.program import PhaseKind
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules.subject import Subject
from dnkit.policies.rules.walk import TRADING

CODE = "DNK213"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A finding where `recover` is left out: it says which phase the compiler takes."""
    if subject.program is None or subject.bound.has("recover"):
        return
    phase = subject.program.phases[subject.program.recover]
    message = f"no `recover`: after a crash, with up to {subject.stake} open, the run goes on at "
    yield subject.at_key(
        CODE,
        f"{message}`{phase.name}`, {_why(phase.kind)}",
        "recover",
        help=f"write `recover: {phase.name}` if that is meant",
    )


def _why(kind: PhaseKind) -> str:
    if kind is PhaseKind.VERIFY:
        return "the first that checks"
    return "the first of all, with nothing checked before" if kind in TRADING else "the first of all"
