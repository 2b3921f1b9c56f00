"""Policies as sides of a comparison, and the ground they are compared on."""

from collections.abc import Mapping

from dnkit.policies.compare.policies import Comparison, Ground, Side, compare
from dnkit.policies.compile.policy import compile_policy
from dnkit.policies.load import Loaded, load
from dnkit.policies.policy import Policy
from dnkit.runtime.library import VenueFacts
from tests.policies.test_corpus import find

VENUES = VenueFacts()


def read(text: str, given: Mapping[str, str] | None = None, reason: str = "") -> Loaded:
    return load(text, "p.yaml", find=find, settings=given or {}, reason=reason)


def configured(name: str, given: Mapping[str, str]) -> Loaded | None:
    found = find(name)
    return read(found[1], given) if found else None


GROUND = Ground(VENUES, lambda name: configured(name, {}), configured)


def side(policy: Policy) -> Side:
    compiled = compile_policy(policy, venues=VENUES, library=GROUND.library, configured=GROUND.configured)
    return Side(policy, compiled.program, compiled.guard)


def policy_of(text: str) -> Policy:
    loaded = read(text)
    assert loaded.policy is not None, loaded.diagnostics
    return loaded.policy


def compared(old: str, new: str) -> Comparison:
    sides = [side(policy_of(text)) for text in (old, new)]
    assert all(one.program or one.guard for one in sides)
    return compare(*sides, GROUND)
