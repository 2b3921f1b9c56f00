"""The prover against the engine at work: seeded walks of the real engine on real paper venues that misbehave
stay inside what was explored, and cost no more than was proved.
"""

import pytest
from msgspec.structs import replace

from dnkit.analysis.bounds import bounds_of, measure
from dnkit.analysis.ground import lay_ground
from dnkit.analysis.proof import Setting
from dnkit.analysis.prove import explored
from dnkit.runtime.library import VenueFacts, read_policy
from dnkit.runtime.prepare import check
from tests.analysis.walks.explored import Departure, Explored, Judge, walk_through
from tests.analysis.walks.walk import Walk

VENUES = VenueFacts()
WALKS = (  # (policy, faults, walks): 10,000 together
    ("emergency_unwind", 2, 1_500),
    ("emergency_unwind_three_tier", 2, 1_500),
    ("flatten", 2, 1_500),
    ("perps_baseline", 2, 1_500),
    ("rebalance_small", 2, 2_000),
    ("open_post_only_hedge", 1, 1_500),
    ("close_two_phase", 1, 500),
)
COMPARED_MIN = 0.5  # the rest are moments that the explorer walks through at once


def _program(policy: str):
    program = check(read_policy(policy), VENUES).program
    assert program is not None, f"{policy} trades nothing"
    return program


@pytest.mark.parametrize(("policy", "faults", "walks"), WALKS)
def test_walks_stay_inside_what_was_explored_and_proved(policy, faults, walks):
    network = explored(_program(policy), Setting(faults=faults))
    bounds = bounds_of(measure(network))
    report = walk_through(network.graph, VENUES, bounds, range(walks))  # Departure where one leaves
    assert report.over == [], f"walks went over what was proved: {report.over}"
    assert report.walks == walks, f"{report.walks} of {walks} walks were walked"
    assert report.share >= COMPARED_MIN, f"only {report.share:.0%} compared; left out: {report.excused}"
    assert len(report.ends) >= 2, f"the walks know one end only: {report.ends}"
    spent, bound = report.worst["orders 0", faults]
    assert 2 * spent >= bound, f"walks send {spent} orders at most, {bound} were proved: they are too tame"


def test_a_walk_with_more_faults_than_were_explored_departs():
    program = _program("emergency_unwind")
    judge = Judge(Explored(explored(program, Setting(faults=0)).graph))
    ground = lay_ground(program, Setting(faults=1))
    with pytest.raises(Departure, match="nothing explored stands for"):
        for seed in range(200):
            Walk(ground, VENUES, seed, judge).run()


def test_a_walk_that_costs_more_than_the_bounds_say_is_told():
    network = explored(_program("emergency_unwind"), Setting(faults=1))
    low = [replace(one, time_ns=0) for one in bounds_of(measure(network))]
    report = walk_through(network.graph, VENUES, low, range(20))
    assert any("time is" in one for one in report.over), "a bound of no time at all was kept"
