"""What `emergency_unwind` promises to whoever stands with one naked leg."""

import pytest

from dnkit.analysis.bounds import measure
from dnkit.analysis.frontier import frontier
from dnkit.analysis.proof import Setting
from dnkit.analysis.prove import explored
from dnkit.analysis.world import reach
from dnkit.engine.state import Stage
from dnkit.machine.orders import Life
from dnkit.model.numbers import MBPS_PER_BPS, NS_PER_S
from dnkit.model.terms import EndName, Risk
from dnkit.runtime.library import VenueFacts, read_policy
from dnkit.runtime.prepare import check


@pytest.fixture(scope="module")
def network():
    program = check(read_policy("emergency_unwind"), VenueFacts()).program
    assert program is not None, "the policy trades"
    return explored(program, Setting(faults=1))


def test_with_one_transient_fault_and_a_book_within_20_bps_it_is_always_flat(network) -> None:
    depth = 20 * MBPS_PER_BPS
    promise = next(one for one in frontier(network, (depth,)) if one.faults == 1)
    assert promise.certain
    assert promise.time_ns <= 120 * NS_PER_S, "within the deadline it states"
    assert promise.concession == (depth,), "no further than its cap"
    goals = {network.graph.nodes[index][0].ended.end for index in measure(network).goals}
    assert goals == {EndName.FLAT}, "the only goal is flat"


def test_with_a_venue_that_stays_down_it_halts_tells_a_human_and_names_what_is_open(network) -> None:
    ends = [node for node in network.graph.nodes if node[0].stage is Stage.END and node[1].down[0]]
    halts = [node for node in ends if node[0].ended.end is EndName.HALTED]
    assert len(halts) > 5, "many ways lead there"
    for state, world in halts:
        assert world.alarmed, f"nobody was told: {state.ended.text}"
        leg, text = state.legs[0], state.ended.text
        assert "leg a position" in text or "leg a residual" in text, f"no position is named: {text}"
        rests = leg.order is not None and leg.order.life is not Life.OVER
        assert ("may rest" in text) == rests, f"an order in doubt is named, and no other: {text}"
        low, high = reach(world.legs[0])
        sure = low == high == leg.position and not rests
        assert sure or state.ended.risk is Risk.UNKNOWN, (
            f"{state.ended.risk} is said, {low} to {high} is true"
        )
    flat = [state for state, _ in ends if state.ended.end is not EndName.HALTED]
    assert all(state.legs[0].position == 0 for state in flat), "what was confirmed before may be called flat"
