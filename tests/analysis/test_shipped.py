"""Every shipped policy is proved, and the table of what they promise is fresh."""

import re

from tests.analysis.shipped import CHUNKS, DOCUMENT, FAULTS, broken, frontier_markdown, machines, proofs


def test_every_shipped_policy_is_proved_and_the_table_of_promises_is_fresh() -> None:
    """In one go, because to prove them all takes long: two faults, crashes among them, both legs at once."""
    found = [(machine, proof) for machine, proof, _ in proofs(FAULTS, CHUNKS)]
    assert {machine.name: broken(proof) for machine, proof in found if broken(proof)} == {}
    table = re.search(r"<!-- table: frontiers -->\n(.*?)<!-- end -->", DOCUMENT.read_text(), re.DOTALL)
    assert table is not None
    assert table.group(1) == frontier_markdown(found), "run `make docs`"


def test_all_machines_are_there() -> None:
    names = {machine.name for machine in machines()}
    assert {"emergency_unwind", "close_two_phase", "close_two_phase (critical)"} <= names
