"""A guard policy -> a table of rules as plain data. What runs it comes later; here it is checked as far as
it goes.
"""

import msgspec

from dnkit.machine.program import LegSpec
from dnkit.policies.compile.frame import Library, policy_of
from dnkit.policies.findings import Findings
from dnkit.policies.policy import Policy, Rule


class GuardRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule: `act` is "run", "alert" or "nothing"; `object` the policy to run or the alert's level.

    `when` is the canonical text of its condition. It acts after `for_checks` checks in a row (0: at once).
    """

    name: str
    when: str
    act: str
    object: str
    reason: str
    for_checks: int


class GuardTable(msgspec.Struct, frozen=True, kw_only=True):
    """Rules in order of priority: the first match wins. Facts are (name, canonical expression text)."""

    name: str
    legs: tuple[LegSpec, ...]
    every_ns: int
    facts: tuple[tuple[str, str], ...]
    rules: tuple[GuardRule, ...]


def compile_guard(
    policy: Policy, legs: tuple[LegSpec, ...], library: Library, findings: Findings
) -> GuardTable | None:
    """The table of a guard policy, or None with findings."""
    if policy.watch is None:
        findings.error(
            "DNK104", "a guard needs `watch`: how often, and at what, it looks", (), "write `watch:`"
        )
        return None
    rules = tuple(_rule(number, rule, policy, library, findings) for number, rule in enumerate(policy.rules))
    return GuardTable(
        name=policy.name, legs=legs, every_ns=policy.watch.every_ns, facts=policy.watch.facts, rules=rules
    )


def _rule(number: int, rule: Rule, policy: Policy, library: Library, findings: Findings) -> GuardRule:
    act, _, rest = rule.do.partition(" ")
    if act == "run":
        _check_run(number, rest, policy, library, findings)
    return GuardRule(
        name=rule.name,
        when=rule.when,
        act=act,
        object=rest,
        reason=rule.reason,
        for_checks=rule.for_checks,
    )


def _check_run(number: int, name: str, policy: Policy, library: Library, findings: Findings) -> None:
    route = ("rules", number, "do")
    found, help = policy_of(library(name))
    if found is None:
        findings.no_policy(name, route, help)
    elif len(found.legs) > len(policy.legs):
        text = f"`{name}` trades {len(found.legs)} legs, this guard watches {len(policy.legs)}"
        findings.error("DNK222", text, route, "run a policy with as many legs or fewer")
