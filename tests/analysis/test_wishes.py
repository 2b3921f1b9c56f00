"""An operator may want anything at any time: every safety property holds all the same."""

import pytest

from dnkit.analysis.ground import lay_ground
from dnkit.analysis.moves import of_run
from dnkit.analysis.proof import Setting, Standing
from dnkit.analysis.prove import explored, prove
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.prepare import program_of, read_and_check

BEGINS = "the operator asks to "
ALWAYS = {"stop", "flatten", "leave once hedged"}
SETTING = Setting(faults=1, stops=True)


@pytest.mark.parametrize(
    ("policy", "wants"), [("perps_baseline", {*ALWAYS, "pause"}), ("emergency_unwind", ALWAYS)]
)
def test_whatever_an_operator_wants_keeps_what_is_proved(policy: str, wants: set[str]) -> None:
    program = program_of(read_and_check(policy, VenueFacts()))
    ground = lay_ground(program, SETTING)
    told = {one.what for node in explored(program, SETTING).nodes for one in of_run(ground, *node, 1)}
    assert {one.removeprefix(BEGINS) for one in told if one.startswith(BEGINS)} == wants
    proof = prove(program, SETTING)
    assert [one.id for one in proof.verdicts if one.standing is not Standing.HOLDS] == []
