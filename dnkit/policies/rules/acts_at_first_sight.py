"""A rule of a guard that acts on a single look."""

from collections.abc import Iterator

from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.rules.subject import Subject

CODE = "DNK304"
WORDS = {
    "run": "`{object}` trades up to {stake}",
    "alert": "somebody is called for nothing",
    "halt": "the guard halts",
}


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A finding for each rule that acts without `for` above zero and without `at_once: true`."""
    for number, rule in enumerate(subject.guard.rules if subject.guard else ()):
        if rule.act not in WORDS or rule.for_checks or subject.policy.rules[number].at_once:
            continue
        acts = WORDS[rule.act].format(object=rule.object, stake=subject.stake)
        yield subject.finding(
            CODE,
            f"`{rule.name}` acts at first sight: one odd read is enough, and {acts}",
            *("rules", number, "do"),
            help="add `for: 2 checks`, or `at_once: true` where a wait costs more than a false alarm",
        )
