"""Shipped policies from fixed seeds, and the seeds that once failed."""

import pytest

from dnkit.model.terms import EndName
from dnkit.sim.hostile.campaign import simulate
from tests.sim.hostile.cases import Case, cases
from tests.sim.hostile.worlds import machine_names, setting

SEEDS = 50


@pytest.mark.parametrize(("policy", "reason"), machine_names())
def test_a_shipped_policy_violates_nothing(policy: str, reason: str) -> None:
    known = {one.seed for one in cases() if one.open and (one.policy, one.reason) == (policy, reason)}
    ran = [simulate(setting(policy, reason), seed) for seed in range(SEEDS)]
    assert [one for one in ran if one.violations and one.seed not in known] == []
    assert sum(bool(one.met) for one in ran) > SEEDS // 2, "faults occur"


@pytest.mark.parametrize(("policy", "reason"), machine_names())
def test_without_faults_nothing_halts(policy: str, reason: str) -> None:
    ran = [simulate(setting(policy, reason, "calm"), seed) for seed in range(12)]
    assert [one for one in ran if one.violations or one.met or one.end == EndName.HALTED.value] == []


@pytest.mark.parametrize(
    "case", cases(), ids=lambda one: f"{one.policy}-{one.reason}-{one.profile}-{one.seed}"
)
def test_a_seed_that_once_failed(case: Case) -> None:
    outcome = simulate(setting(case.policy, case.reason, case.profile), case.seed)
    rules = {one.rule for one in outcome.violations}
    if case.open:
        assert case.rule in rules, "it is mended: say so in seeds.txt"
    else:
        assert rules == set()
