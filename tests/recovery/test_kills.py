"""A killed trader is resumed to an end that is true at the exchange, wherever it died.

`make test-long` does the same 200 times for each policy.
"""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.recovery.campaign import CASES, SPEED, Case, campaign, counts, faults
from tests.recovery.processes import exchange
from tests.recovery.truth import Truth

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


def held(case: Case, *course: tuple[str, ...], live: tuple[str, ...] = ()) -> Truth:
    """An exchange that saw these positions, one after the other."""
    steps = [dict(zip(case.legs, map(Decimal, one), strict=True)) for one in course]
    return Truth(steps[-1], tuple(steps), live)


OPEN, CLOSE, UNWIND = CASES


@pytest.mark.parametrize(
    ("case", "truth", "end", "risk", "fault"),
    [
        (OPEN, held(OPEN, ("0", "0"), ("0.2", "0"), ("0.2", "-0.2")), "hedged", "hedged", ""),
        (OPEN, held(OPEN, ("0.2", "-0.2"), ("0.2", "-0.4")), "halted", "unhedged", "double hedge"),
        (OPEN, held(OPEN, ("0.2", "-0.4"), ("0.2", "-0.2")), "hedged", "hedged", "double hedge"),
        (OPEN, held(OPEN, ("0.2", "-0.2")), "idle", "hedged", "false flat"),
        (OPEN, held(OPEN, ("0.2", "0")), "hedged", "hedged", "false hedged"),
        (OPEN, held(OPEN, ("0", "0"), live=("r-quote-1",)), "flat", "flat", "orphan order"),
        (CLOSE, held(CLOSE, ("0.2", "-0.2"), ("0", "0")), "flat", "flat", ""),
        (CLOSE, held(CLOSE, ("0.2", "-0.2"), ("0", "-0.005")), "flat", "flat", "false flat"),
        (CLOSE, held(CLOSE, ("0.2", "-0.2"), ("0", "0.2")), "halted", "unhedged", "double hedge"),
        (UNWIND, held(UNWIND, ("3.2",), ("3.2",)), "halted", "flat", "false flat"),
        (UNWIND, held(UNWIND, ("3.2",), ("-3.2",), ("0",)), "flat", "flat", "double hedge"),
    ],
)
def test_the_judge_finds_what_must_not_be(case: Case, truth: Truth, end: str, risk: str, fault: str) -> None:
    found = list(faults(case, truth, end, risk, "ALERT page: x"))
    assert [one.split(":")[0] for one in found] == ([fault] if fault else [])


def test_a_halt_without_an_alert_is_found() -> None:
    truth = held(UNWIND, ("3.2",))
    assert list(faults(UNWIND, truth, "halted", "unhedged", "")) == ["halted without an alert"]
