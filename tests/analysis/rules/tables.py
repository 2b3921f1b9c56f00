"""Guards as text, read for real, and what is proved of them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from dnkit.analysis.proof import Standing, Verdict
from dnkit.analysis.rules.check import check_rules
from dnkit.policies import expr
from dnkit.policies.check_guard import OTHERWISE
from dnkit.policies.expr_parse import parse
from dnkit.policies.load import Loaded, load
from dnkit.policies.policy import Policy
from tests.compile.helpers import library

CLOSE, REBALANCE, PAGE = "run close_two_phase", "run rebalance_small", "alert page"
HOLD = "hold: otherwise -> nothing"
FACTS = {
    "imbalance": "abs(notional_a - notional_b) / larger(notional_a, notional_b)",
    "missing": "abs(notional_a - notional_b) / clip",
    "blind": "unknown(notional_a) or unknown(notional_b) or unknown(clip)",
}
SEEN = (
    f"gone: notional_a = 0 or notional_b = 0 -> {CLOSE}",
    f"blind: blind -> {PAGE}",
)  # what is left by these is about drift only
FIND, _ = library({})


def guard(*rules: str, params: Sequence[str] = (), facts: Mapping[str, str] = FACTS) -> str:
    """The text of a guard. A rule is `name: when -> do`; it acts after two checks, or as `/ now`, `/ hasty`
    or `/ 3 checks` after `do` says.
    """
    lines = [
        "policy: 1",
        "name: watcher",
        "intent: guard",
        "summary: Watch an open pair.",
        "clip: 0.2 ETH",
        "legs: {a: {venue: okx_perpetual}, b: {venue: hyperliquid_perpetual}}",
        *(["params:", *(f"  {one}" for one in params)] if params else []),
        "watch:",
        "  every: 10s",
        *(["  facts:", *(f"    {name}: {text}" for name, text in facts.items())] if facts else []),
        "rules:",
        *map(_rule, rules),
    ]
    return "\n".join(lines) + "\n"


def _rule(rule: str) -> str:
    name, _, rest = rule.partition(": ")
    when, _, rest = rest.partition(" -> ")
    do, _, wait = rest.partition(" / ")
    waits = {"": "for: 2 checks, ", "now": "at_once: true, ", "hasty": ""}.get(wait, f"for: {wait}, ")
    return f'  - {{name: {name}, when: "{when}", {"" if do == "nothing" else waits}do: {do}}}'


def read(text: str, settings: Mapping[str, str] | None = None) -> Loaded:
    """The text as the loader has it; it must be a policy."""
    loaded = load(text, "p.yaml", find=FIND, settings=settings or {})
    assert loaded.policy is not None, [one.message for one in loaded.diagnostics]
    return loaded


def proved(text: str, *, ranges: bool = False) -> tuple[Verdict, ...]:
    """The verdicts on a text; with `ranges` for all values of its parameters. Every story is walked again."""

    def at(settings: Mapping[str, str]) -> Policy | None:
        return load(text, "p.yaml", find=FIND, settings=settings).policy

    loaded = read(text)
    policy = loaded.policy
    assert policy is not None
    found = check_rules(policy, spans=loaded.spans, at=at if ranges else None)
    for one in found:
        if one.story and one.story.moves and not any(move.startswith("$") for move in one.story.moves):
            walk(policy, one)
    return found


def findings(text: str, id: str = "P25", *, ranges: bool = False) -> list[str]:
    """What is broken of one id, in words."""
    found = proved(text, ranges=ranges)
    return [one.text for one in found if one.id == id and one.standing is Standing.BROKEN]


def values_in(verdict: Verdict) -> dict[str, expr.Value]:
    """The quantities of a story, without the unknown ones."""
    assert verdict.story is not None
    pairs = [move.split("=") for move in verdict.story.moves]
    return {name: Decimal(value) for name, value in pairs if value != "unknown"}


def matching(policy: Policy, values: Mapping[str, expr.Value]) -> list[str]:
    """The rules that match by the language's own evaluation, in order."""
    types = expr.guard_facts(tuple(leg.name for leg in policy.legs))
    known = dict(values)
    for name, text in policy.watch.facts if policy.watch else ():
        fact = parse(text, types)
        types[name], known[name] = fact.kind, expr.evaluate(fact, known)
    return [
        rule.name
        for rule in policy.rules
        if rule.when == OTHERWISE or expr.evaluate(parse(rule.when, types, expr.TRUTH), known) is True
    ]


def walk(policy: Policy, verdict: Verdict) -> None:
    """A story says of each rule what the language says."""
    assert verdict.story is not None
    found = matching(policy, values_in(verdict))
    for scene in verdict.story.scenes[1:]:
        first = bool(found) and found[0] == scene.phase
        assert scene.text.startswith("does not match") == (scene.phase not in found), scene
        assert scene.text.startswith("the first to match") == first, scene
    assert not verdict.text.startswith("no rule takes") or not found
