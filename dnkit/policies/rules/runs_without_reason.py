"""A rule of a guard that acts and gives no reason."""

from collections.abc import Iterator

from dnkit.policies.codes import INFO
from dnkit.policies.compile.frame import policy_of
from dnkit.policies.compile.guard import GuardRule
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules.subject import Subject

CODE = "DNK227"
HELP = "add `reason:` in a word, such as `reason: SEVERE_IMBALANCE`"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A finding for each rule without `reason` that runs a policy, a milder one where it alerts."""
    for number, rule in enumerate(subject.guard.rules if subject.guard else ()):
        if rule.reason:
            continue
        if rule.act == "run":
            message = f"`{rule.name}` gives `{rule.object}` no reason: {_unheard(subject, rule)}"
            yield subject.finding(CODE, message, "rules", number, "do", help=HELP)
        elif rule.act == "alert":
            message = (
                f"the alert of `{rule.name}` gives no reason: who is told has to find out what is at stake"
            )
            yield subject.finding(CODE, message, "rules", number, "do", help=HELP, severity=INFO)


def _unheard(subject: Subject, rule: GuardRule) -> str:
    """What the policy would have made of a reason."""
    policy, _ = policy_of(subject.library(rule.object))
    classes = ", ".join(f"`{name}`" for name, _ in policy.reasons) if policy else ""
    if classes:
        return (
            f"its overlays for {classes} never apply, and up to {subject.stake} waits as if there were time"
        )
    return f"the journal will not say why up to {subject.stake} was traded"
