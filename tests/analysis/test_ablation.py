"""Each safety step of the engine is needed: without it, this breaks, and it takes this many faults.

The numbers stand beside those of a prototype that was made before the engine. Where the two differ, a comment
says why.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from dnkit.analysis.explore import Graph
from dnkit.analysis.proof import Setting
from dnkit.analysis.watch import Broken, Watch
from dnkit.machine.program import Program
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

HARM = ("P02", "P03", "P04", "P05", "P06", "P07")  # what it comes to at the venues


class Harm(Watch):
    """Sees named ends, what rests and where legs stand. What a halt says of its risk is left out: no stray
    order is ever found by a sweep unless a step is missing, and then a halt does not read positions again.
    """

    def note(self, broken: Broken) -> None:
        if broken.id in HARM and not broken.text.startswith("the halt says"):
            super().note(broken)


def harm(program: Program, setting: Setting, *variants: Variant) -> dict[str, int]:
    """What breaks, and the fewest faults it takes."""
    with without(*variants):
        _, watch = watched(program, setting, made=Harm)
    return {id: one.faults for id, one in sorted(watch.found.items())}
