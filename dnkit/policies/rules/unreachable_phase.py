"""A phase that nothing leads to."""

from collections.abc import Iterator

from dnkit.machine.program import PhaseKind
from dnkit.policies.bind import Bound
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.flow import graph, kind_of, reached
from dnkit.policies.orders import SENDING

CODE = "DNK201"


def check(bound: Bound) -> Iterator[Diagnostic]:
    """Every phase that no way from the start, `recover`, `stop` or a limit leads to."""
    leads, roots = graph(bound).leads, graph(bound).roots
    known = reached(leads.__getitem__, roots)
    for phase in leads:
        if phase not in known:
            said = f"phase `{phase}` is never reached: {_loss(kind_of(bound, phase))}"
            yield bound.finding(
                CODE, said, "phases", phase, help="lead an outcome of another phase there, or delete it"
            )


def _loss(kind: PhaseKind | None) -> str:
    if kind in SENDING:
        return "its orders are never sent"
    return "its positions are never read" if kind is PhaseKind.VERIFY else "what it does never happens"
