"""What may be naked, held against runs of the real engine on a hostile venue."""

import pytest

from dnkit.engine.state import Stage, State
from dnkit.machine.program import Program
from dnkit.model.numbers import NS_PER_S
from dnkit.policies.explain.naked import naked_of
from tests.engine.hostile import Hostile
from tests.explain.drawn import shipped_program
from tests.props.test_shipped_policies import MID, opening_positions

PAIRS = ("open_post_only_hedge", "close_two_phase", "rebalance_small", "pair_unwind_ioc_ladder")
SEEDS = range(40)
SEARCH_NS = 5 * NS_PER_S  # reads before the first phase and after the last


def ahead(program: Program, state: State) -> int | None:
    """The leg with more open than the other, by coin or by value; None where both hold as much (but for what
    cannot be traded).
    """
    specs = program.legs
    units = [MID * one.instrument.value if program.by_money else one.instrument.lot_base for one in specs]
    least = [
        max(one.instrument.lots_min, one.instrument.notional_min // (MID * one.instrument.value) + 1) * unit
        for one, unit in zip(specs, units, strict=True)
    ]
    open_now = [
        (leg.position - (leg.start if program.relative else 0)) * unit
        for leg, unit in zip(state.legs, units, strict=True)
    ]
    clip = max(one.clip.money if program.by_money else one.clip.base for one in specs)
    if abs(sum(open_now)) <= max(*least, clip * 6 // 100):
        return None
    return max(range(len(open_now)), key=lambda at: abs(open_now[at]))


@pytest.mark.parametrize("faults", [0.0, 0.1, 0.3], ids=["calm", "rough", "foul"])
@pytest.mark.parametrize("name", PAIRS)
def test_no_leg_is_alone_where_none_may_be(name: str, faults: float) -> None:
    program = shipped_program(name)
    naked = naked_of(program)
    met = 0
    for seed in SEEDS:
        venue = Hostile(program, opening_positions(program), seed, faults)
        venue.run(limit_s=3_000)
        alone_ns, before = 0, None
        for _, _, state in venue.lines:
            if before is not None and before.stage is Stage.PHASE and ahead(program, before) is not None:
                alone_ns += state.now_ns - before.now_ns
            before = state
            leg = ahead(program, state)
            if state.stage is Stage.PHASE and leg is not None:
                met += 1
                assert leg in naked.phases[state.phase], (seed, program.phases[state.phase].name)
        assert alone_ns <= naked.longest_ns + SEARCH_NS, seed
    assert met
