"""A halt that wakes nobody."""

from collections.abc import Iterator

from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.keys import LEVELS
from dnkit.policies.rules.subject import Subject

CODE = "DNK701"
LOUDEST = LEVELS[-1]
OCCASIONS = {
    "naked": "a run that halts with an open exposure",
    "conflict": "a run that halts while a venue and the fills disagree",
}


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A finding for each occasion that needs a human and is told below `page`. A halt is told at the loudest
    level of all its occasions, so `halt: page` covers both."""
    if subject.program is None:
        return
    alerts = dict(subject.policy.alerts)
    usual = alerts.get("halt", LOUDEST)
    for occasion, words in OCCASIONS.items():
        level = max(usual, alerts.get(occasion, usual), key=LEVELS.index)
        if level != LOUDEST:
            key = occasion if occasion in alerts else "halt"
            message = f"{words} is told at `{level}`: nobody is woken, with up to {subject.stake} naked"
            yield subject.finding(CODE, message, "alerts", key, help=f"write `{occasion}: {LOUDEST}`")
