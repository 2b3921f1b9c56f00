"""Each safety step of the engine is needed: without it this breaks, and so many faults it takes.

A prototype that was made before the engine was asked the same, mostly with two faults. Where it found
something else, a comment says why.
"""

from typing import NamedTuple

import pytest

from dnkit.analysis.proof import Setting
from dnkit.analysis.watch import Broken, Watch
from tests.analysis.variants import (
    CANCEL_IGNORED,
    NO_CANCEL,
    NO_REDUCE_ONLY,
    NO_SWEEP,
    ONE_READ,
    TWO_READS,
    UNKNOWN_IS_ZERO,
    Variant,
    small,
    watched,
    without,
)
from tests.engine.programs import close_pair, open_hedged, unwind_one

Faults = dict[str, int]  # what breaks, and the fewest faults it takes
PROGRAMS = {"open": open_hedged(), "close": close_pair(), "unwind": unwind_one()}
LOOKED = {"open": 2, "close": 2, "unwind": 3}  # faults the table was made with; nothing else breaks within
SUITE = {"open": 1, "close": 1, "unwind": 2}  # faults that are quick enough to look at each time

WORKING = {"P11": 0, "P12": 0}  # an order is sent beside another one
DOUBTED = {"P11": 1, "P12": 1}  # so it is, once an answer is lost
UNFLAGGED = {"P09": 0}


class Step(NamedTuple):
    """The engine without a step: what it comes to at the venues, by policy, and which of its own rules
    break. `wide`: too many states for a close with a fault. `chunks`: a venue may only be behind where a part
    of a position was filled, so what trusts a read needs two of them.
    """

    name: str
    variants: tuple[Variant, ...]
    harm: dict[str, Faults]
    rules: Faults
    wide: bool = False
    chunks: int = 1


STEPS = (
    Step("as it is", (), {}, {}),
    Step(
        "no cancel before the next phase",
        (NO_CANCEL,),
        {
            # P06 is the double hedge, P05 an order that rests at a halt. P03 takes a sweep that is done and
            # not answered: the next one finds nothing.
            "open": {"P06": 0, "P03": 1, "P05": 2},
            "close": {"P05": 2},
            "unwind": {"P05": 2},
        },
        WORKING,
        wide=True,
    ),
    Step(
        "cancel sent and its answer ignored",
        (CANCEL_IGNORED,),
        {
            # P03 is a false "hedged".
            "open": {"P06": 0, "P03": 1, "P05": 2},
            # Prototype: nothing. Here a cancel that failed is forgotten too; then two sweeps fail.
            "close": {"P05": 2},
            "unwind": {"P05": 2},
        },
        WORKING,
        wide=True,
    ),
    Step(
        "unknown placement taken for zero fill",
        (UNKNOWN_IS_ZERO,),
        {
            # Prototype: P06 alone. P03 takes a wrong read as well, P07 a second lost answer.
            "open": {"P06": 1, "P03": 2, "P07": 2},
            "unwind": {"P05": 3},
        },
        DOUBTED,
    ),
    Step("no reduce-only", (NO_REDUCE_ONLY,), {}, UNFLAGGED),
    Step(
        "no reduce-only and no cancel",
        (NO_REDUCE_ONLY, NO_CANCEL),
        {
            # P03 as above. P07 is the leg that goes through zero.
            "open": {"P06": 0, "P03": 1, "P05": 2},
            "close": {"P07": 0, "P03": 1, "P05": 2},
            "unwind": {"P07": 0, "P03": 1, "P05": 2},
        },
        UNFLAGGED | WORKING,
        wide=True,
    ),
    Step(
        "no reduce-only and unknown taken for zero",
        (NO_REDUCE_ONLY, UNKNOWN_IS_ZERO),
        {
            # P03, as above, takes a wrong read as well; the prototype named what broke first.
            "open": {"P06": 1, "P07": 1, "P03": 2},
            "close": {"P07": 1, "P03": 2},
            "unwind": {"P07": 1, "P03": 2, "P05": 3},
        },
        UNFLAGGED | DOUBTED,
    ),
    Step(
        "one matching read believed without the ledger",
        (ONE_READ,),
        {
            # Prototype: nothing. Its open halts where this one verifies a back-out that came to nothing; a
            # second wrong read deceives the last look at the end.
            "open": {"P03": 2},
            "close": {"P03": 1},
            "unwind": {"P03": 1},
        },
        {},
        chunks=2,
    ),
    Step(
        "two matching reads believed without the ledger",
        (TWO_READS,),
        {
            # Prototype: a double hedge, with three; for the same reason.
            "open": {"P03": 2},
            "close": {"P03": 2},
            "unwind": {"P03": 2},
        },
        {},
        chunks=2,
    ),
    # Prototype: an order that rests at a halt, with three. Here no order is left to the sweep: one that could
    # not be resolved is named at the halt, with a sweep or without.
    Step("no final sweep", (NO_SWEEP,), {}, {}),
)


class Known(Watch):
    """All but what a halt says of its risk. Only where a step is missing does an order rest that counts as
    over; where it cannot be listed, a halt goes by what it was told before.
    """

    def note(self, broken: Broken) -> None:
        if not broken.text.startswith("the halt says"):
            super().note(broken)


def breaks(step: Step, policy: str, setting: Setting) -> Faults:
    """What breaks in a policy without a step, within a setting."""
    with without(*step.variants):
        _, watch = watched(PROGRAMS[policy], setting, made=Known)
    return {id: one.faults for id, one in watch.found.items()}


def check(step: Step, policy: str, setting: Setting) -> None:
    """Hold what breaks against the table, as far as the setting goes and the table was made."""
    seen = min(setting.faults, LOOKED[policy])
    table = step.harm.get(policy, {}) | step.rules
    expected = {id: faults for id, faults in table.items() if faults <= seen}
    found = breaks(step, policy, setting)
    assert {id: faults for id, faults in found.items() if faults <= seen} == expected


@pytest.mark.parametrize("policy", PROGRAMS)
@pytest.mark.parametrize("step", STEPS, ids=[step.name for step in STEPS])
def test_each_step_is_needed(step: Step, policy: str) -> None:
    faults = 0 if step.wide and policy == "close" else SUITE[policy]
    check(step, policy, small(chunks=step.chunks, faults=faults))
