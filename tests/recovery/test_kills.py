"""A killed trader is resumed to an end that is true at the exchange, wherever it died.

`make test-long` does the same 200 times for each policy.
"""

from pathlib import Path

import pytest

from tests.recovery.campaign import CASES, SPEED, Case, campaign, counts
from tests.recovery.processes import exchange

KILLS, PARTS = 10, 2


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("case", CASES, ids=[one.policy for one in CASES])
def test_a_run_killed_anywhere_is_brought_to_a_true_end(case: Case, part: int, tmp_path: Path) -> None:
    listed = [f"{venue}:{symbol}" for venue, symbol in case.legs]
    with exchange(tmp_path, speed=SPEED, listed=listed, for_s=300) as site:
        stories = list(campaign(case, KILLS // PARTS, site, first=part * KILLS))
    print(counts(stories))
    for one in stories:
        assert not one.faults, (one.line, one.when, one.end, one.faults, one.said)
