"""Where nothing goes wrong, what was proved of a policy holds in the hostile world too."""

import pytest

from dnkit.analysis.proof import Setting
from dnkit.analysis.prove import prove
from dnkit.sim.hostile.campaign import simulate
from tests.sim.hostile.worlds import setting

SEEDS = 24
MACHINES = (
    ("close_two_phase", "critical"),
    ("emergency_unwind", ""),
    ("flatten", ""),
    ("open_post_only_hedge", ""),
    ("perps_baseline", ""),
)
DRIFT = 105  # percent: the prover counts money at one price, the market moves


@pytest.mark.parametrize(("policy", "reason"), MACHINES)
def test_the_bounds_hold(policy: str, reason: str) -> None:
    of = setting(policy, reason, "calm")
    bounds = prove(of.program, Setting(faults=0, crashes=False, stops=False)).bounds[0]
    ran = [simulate(of, seed) for seed in range(SEEDS)]
    assert max(one.time_ns for one in ran) <= bounds.time_ns
    assert max(one.naked_ns for one in ran) <= bounds.naked_ns
    assert max(one.unhedged for one in ran) * 100 <= bounds.unhedged * DRIFT


def test_what_begins_naked_is_naked_from_the_start() -> None:
    ran = [simulate(setting("emergency_unwind", "", "calm"), seed) for seed in range(4)]
    assert all(one.naked_ns > 0 for one in ran)
    assert all(one.unhedged > 0 for one in ran)
