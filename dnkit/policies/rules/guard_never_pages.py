"""A guard that never calls a human."""

from collections.abc import Iterator

from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules.subject import Subject

CODE = "DNK702"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A finding where no rule of a guard pages or halts."""
    if subject.guard is None or any(_calls(rule.act, rule.object) for rule in subject.guard.rules):
        return
    message = (
        f"no rule pages or halts: when the guard cannot see its legs, nobody looks after {subject.stake}"
    )
    yield subject.at_key(
        CODE,
        message,
        "rules",
        help="add a rule for what is unknown, with `for: 3 checks` and `do: alert page`",
    )


def _calls(act: str, object: str) -> bool:
    return act == "halt" or (act, object) == ("alert", "page")
