"""A live trader that is killed anywhere is resumed to an end that is true at its exchanges.

`python -m tests.live.kills --kills 40` does the same over every case.
"""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.live.kills import SPEED, kills
from tests.live.stories import OPEN, PAIR, Case, Held, counts, faults_of, ground


def test_a_live_run_killed_anywhere_is_brought_to_a_true_end(tmp_path: Path) -> None:
    with ground(tmp_path, PAIR, faults="", for_s=300, speed=SPEED) as here:
        stories = list(kills(PAIR, (1, 3, 4, 6), here, jobs=4))
    print(counts(PAIR.name, [one.end for one in stories], [one.wrong for one in stories]))
    assert len(stories) >= 3, "runs are killed before they end"
    for one in stories:
        assert one.wrong == (), (one.line, one.when, one.end, one.said)


def held(lots: str, bought: str, sold: str, ids: str = "a", resting: str = "") -> Held:
    return Held(Decimal(lots), Decimal(bought), Decimal(sold), tuple(ids), tuple(resting))


FLAT = (held("0", "0", "0.2"), held("0", "4", "0"))
HEDGED = (held("0.2", "0.2", "0"), held("-0.2", "0", "0.2"))
NONE = held("0", "0", "0", "")


@pytest.mark.parametrize(
    ("case", "ground_truth", "meant", "end", "wrong"),
    [
        (PAIR, FLAT, (1, 1), "flat", ""),
        (PAIR, (held("0.2", "0", "0", ""), FLAT[1]), (1, 1), "flat", "false flat"),
        (PAIR, (held("-0.2", "0", "0.4"), FLAT[1]), (1, 1), "halted unhedged", "double hedge"),
        (PAIR, (held("0", "0.2", "0.4", "ab"), FLAT[1]), (2, 1), "flat", "double hedge"),
        (PAIR, (held("0", "0", "0.2", "ab"), FLAT[1]), (1, 1), "flat", "sent twice"),
        (PAIR, (held("0", "0", "0.2", "aa"), FLAT[1]), (2, 1), "flat", "sent twice"),
        (PAIR, (held("0", "0", "0.2", "a", "a"), FLAT[1]), (1, 1), "flat", "orphan order"),
        (OPEN, HEDGED, (1, 1), "hedged", ""),
        (OPEN, (HEDGED[0], held("-0.4", "0", "0.4")), (1, 1), "halted unhedged", "double hedge"),
        (OPEN, (HEDGED[0], held("-0.2", "0.2", "0.4", "ab")), (1, 2), "hedged", "double hedge"),
        (OPEN, (HEDGED[0], NONE), (1, 1), "hedged", "false hedged"),
        (OPEN, (HEDGED[0], NONE), (1, 1), "idle", "false flat"),
    ],
)
def test_the_judge_finds_what_must_not_be(
    case: Case, ground_truth: tuple[Held, ...], meant: tuple[int, ...], end: str, wrong: str
) -> None:
    found = list(faults_of(case, ground_truth, meant, end, "ALERT page: x"))
    assert [one.split(":")[0] for one in found] == ([wrong] if wrong else [])


def test_a_halt_without_an_alert_is_found() -> None:
    assert list(faults_of(PAIR, FLAT, (1, 1), "halted flat", "")) == ["halted without an alert"]
