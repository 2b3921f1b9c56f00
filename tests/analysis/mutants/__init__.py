"""Engine and compiler, broken on purpose: what is broken, and who sees it.

A mutant differs from the real thing in one spot of one function, as a slip would. Where orders, ends or paths
tell, a proof sees it, and the table says with how few faults and moves. Where they do not (prices inside the
book, facts of venues, reads that no venue gives) a test of the engine or the compiler does.
"""

from dnkit.analysis.prove import NAMES
from tests.analysis.mutants import compiler, ends, orders, sizes, waits
from tests.analysis.mutants.mutant import Check, Mutant

MUTANTS: tuple[Mutant, ...] = (
    *orders.MUTANTS,
    *sizes.MUTANTS,
    *waits.MUTANTS,
    *ends.MUTANTS,
    *compiler.MUTANTS,
)


def table() -> str:
    """One row per mutant: who catches it."""
    head = ("| mutant | caught by | faults | in steps |", "|---|---|---|---|")
    return "\n".join((*head, *map(_row, MUTANTS), ""))


def _row(mutant: Mutant) -> str:
    caught, what = mutant.caught, f"{mutant.name}: {mutant.what}"
    if isinstance(caught, Check):
        return f"| {what} | `{caught.test.__name__}` | | |"
    steps = "" if caught.steps is None else caught.steps
    return f"| {what} | {caught.id} {NAMES[caught.id].name} | {caught.faults} | {steps} |"
