"""A policy without a clip, for which $500 is assumed."""

import re
from collections.abc import Iterator

from dnkit.model.terms import CLOSING, Intent
from dnkit.policies.codes import WARNING
from dnkit.policies.compile.legs import DEFAULT_CLIP
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.explain.words import show_money
from dnkit.policies.policy import Policy
from dnkit.policies.rules.subject import Subject

CODE = "DNK438"
ASSUMED = show_money(DEFAULT_CLIP.money)
NAMED = re.compile(r"\bclip\b")


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A close, or a guard that measures by the clip, in which a leg has none."""
    policy = subject.policy
    if policy.clip or policy.size or all(leg.clip for leg in policy.legs):
        return
    if policy.intent in CLOSING:
        said = (
            f"no `clip`: an empty paper account is filled with {ASSUMED} a leg, and shows cost and time of "
            "that size"
        )
        help = "write what it is to close, such as `clip: 0.2 ETH`"
        yield subject.at_key(CODE, said, "clip", help=help)
    elif policy.intent is Intent.GUARD and any(NAMED.search(text) for text in _tests(policy)):
        said = (
            f"no `clip`: the rules measure against {ASSUMED} instead, and act too early on a larger pair, "
            "too late on a smaller one"
        )
        help = "write the size the pair was opened with, such as `clip: 0.2 ETH`"
        yield subject.at_key(CODE, said, "clip", help=help, severity=WARNING)


def _tests(policy: Policy) -> Iterator[str]:
    """Every expression of a guard."""
    yield from (text for _, text in policy.watch.facts) if policy.watch else ()
    yield from (rule.when for rule in policy.rules)
