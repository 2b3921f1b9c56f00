"""A check that failed and is followed by orders."""

from collections.abc import Iterator

from dnkit.machine.program import Outcome, Phase, PhaseKind, Target, TargetKind
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules.subject import Subject
from dnkit.policies.rules.walk import TRADING, Leads, leads

CODE = "DNK302"
WHY = {
    Outcome.CONFLICT: "the fills and the venue disagree, and the orders are sized by one of them",
    Outcome.ERROR: "the venue did not answer, and the orders are sized without its word",
}
HALTS = {Outcome.CONFLICT: "halt books disagree", Outcome.ERROR: "halt cannot verify"}


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A finding for `conflict` and `error` of each verify that lead to orders before another check."""
    graph = leads(subject)
    for phase in subject.own_phases:
        if phase.kind is not PhaseKind.VERIFY:
            continue
        for outcome in WHY:
            trades = _first_trade(subject, graph, phase.target(outcome))
            if trades is not None:
                yield _finding(subject, phase, outcome, trades)


def _first_trade(subject: Subject, graph: Leads, target: Target) -> Phase | None:
    """The first phase with orders after a target, None where a halt or another check comes before."""
    waiting, seen = [target.phase] if target.kind is TargetKind.PHASE else [], dict[int, None]()
    while waiting:
        index = waiting.pop(0)
        phase = subject.own_phases[index]
        if phase.kind in TRADING and phase.skip is None:
            return phase
        if phase.kind is not PhaseKind.VERIFY and index not in seen:
            waiting += graph[index]
        seen[index] = None
    return None


def _finding(subject: Subject, phase: Phase, outcome: Outcome, trades: Phase) -> Diagnostic:
    route = ("phases", phase.name, "then", outcome.value)
    message = (
        f"after `{outcome.value}` of `{phase.name}` the run trades on in `{trades.name}`: {WHY[outcome]}, "
        f"so up to {subject.stake} may be traded twice"
    )
    more = {"help": f"write `{outcome.value}: {HALTS[outcome]}`, or look once more in a `verify` before it"}
    if subject.bound.has(*route):
        return subject.finding(CODE, message, *route, **more)
    return subject.at_key(CODE, message, *route, **more)
