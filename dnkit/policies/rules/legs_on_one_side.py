"""Two legs that are to have the same position."""

from collections.abc import Iterator

from dnkit.model.terms import Intent
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules.subject import Subject

CODE = "DNK308"
PAIRS = (Intent.OPEN, Intent.CLOSE, Intent.REBALANCE)


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A finding at the second leg where both are bought or both sold, as written or by default."""
    program = subject.program
    if program is None or program.intent not in PAIRS or len(program.legs) == 1:
        return
    first, second = program.legs
    if first.side is second.side:
        word = first.side.name.lower()
        message = (
            f"legs `{first.name}` and `{second.name}` are both `{word}`: as written they hedge nothing, "
            f"and {subject.stake} on each is naked"
        )
        other = "sell" if word == "buy" else "buy"
        yield subject.finding(
            CODE, message, "legs", second.name, "side", help=f"write `side: {other}` for one of them"
        )
