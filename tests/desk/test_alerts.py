"""The policy's `alerts` decide how loud a halt and a good end are."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from dnkit.cli.exit_of import code_of
from dnkit.desk.alerts import halt_level
from dnkit.engine.state import Leg
from dnkit.engine.step import begin
from dnkit.market.feed import Message
from dnkit.model.alerts import Alert
from dnkit.model.numbers import NS_PER_S
from dnkit.model.terms import EndName
from dnkit.runtime.cycles import Plan, run_cycles
from dnkit.runtime.floor import Claim, lay_floor, open_stores
from dnkit.runtime.folder import StateFolder
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.run import RunResult
from tests.desk.floor import Quiet, floor_for, program, still
from tests.desk.still import StillMarket

PAIR = program("close_two_phase")
SCALE = PAIR.legs[0].instrument.lot_base // PAIR.legs[1].instrument.lot_base
HELD = Leg(position=20, start=20, known=True, bid=27_000, ask=27_001)
OTHER = replace(HELD, position=-20 * SCALE, start=-20 * SCALE)
FLAT = Leg(known=True, bid=27_000, ask=27_001)
LEVELS = {"halt": "info", "naked": "page", "conflict": "warn"}


def level(alerts: dict[str, str], *legs: Leg) -> str:
    return halt_level(alerts, PAIR, replace(begin(PAIR, "0" * 16), legs=legs))


def test_the_loudest_occasion_counts() -> None:
    seen = replace(OTHER, witness=0, witness_ns=5)
    assert level(LEVELS, HELD, OTHER) == "info"
    assert level(LEVELS, HELD, seen) == "warn"
    assert level(LEVELS, HELD, FLAT) == "page"
    assert level({**LEVELS, "naked": "info"}, HELD, FLAT) == "info"


def test_what_the_policy_leaves_out_pages() -> None:
    assert level({}, HELD, OTHER) == "page"
    assert level({"halt": "warn"}, HELD, FLAT) == "warn"


def test_a_read_older_than_the_last_fill_is_no_conflict() -> None:
    late = replace(OTHER, witness=0, witness_ns=5, fill_ns=6)
    assert level(LEVELS, HELD, late) == "info"


HALTING = """policy: 1
name: halting
intent: single
summary: Waits a moment and gives up.
clip: $500
legs:
  a: {venue: aster}
phases:
  pause:
    wait: 1s
    then: {elapsed: halt enough}
"""


def alerts_of(name: str, alerts: tuple[tuple[str, str], ...], folder: Path) -> tuple[RunResult, list[str]]:
    """One run, and the levels of the alerts that came out."""
    heard: list[str] = []
    of = program(name)
    places = tuple(range(len(of.legs)))
    plan = Plan(program=of, turned=of, books=places, book_names=("still",) * len(places), alerts=alerts)
    with floor_for(of, folder, say=lambda alert: heard.append(alert.severity)) as floor:
        (result,) = run_cycles(floor, plan, Quiet(), code_of)
        noted = [one.alert.severity for one in floor.reader.alerts(result.run_id)]
    assert noted == heard, "what a human hears is in the journal"
    return result, heard


class Silent(StillMarket):
    """Says nothing for forty seconds."""

    def messages(self) -> Iterator[Message]:
        for message in super().messages():
            if not 2 * NS_PER_S < message.at_ns - self.start_ns < 42 * NS_PER_S:
                yield message


def test_market_data_that_falls_silent_is_told_of_and_noted(tmp_path: Path) -> None:
    policy = tmp_path / "halting.yaml"
    policy.write_text(HALTING.replace("wait: 1s", "wait: 60s"))
    of, heard = program(str(policy)), list[Alert]()
    opened = still(of)
    market = Silent([leg.instrument for leg in of.legs], [Decimal(2_700)])
    claim, plan = Claim("still", frozenset()), Plan(program=of, turned=of, books=(0,), book_names=("still",))
    with open_stores(StateFolder(tmp_path / "state"), claim) as stores:
        floor = lay_floor(
            stores, replace(opened, market=market), VenueFacts(), heard.append, speed=None, seed=1
        )
        (result,) = run_cycles(floor, plan, Quiet(), code_of)
        noted = [one.alert for one in floor.reader.alerts(result.run_id)]
    assert heard[0].code == "STREAM_DOWN"
    assert heard[0].text.startswith("market data of still: silent for 30 s, ")
    assert noted == heard


@pytest.mark.parametrize(("alerts", "levels"), [((), []), ((("done", "info"), ("halt", "page")), ["info"])])
def test_a_good_end_is_told_where_it_is_wanted(
    alerts: tuple[tuple[str, str], ...], levels: list[str], tmp_path: Path
) -> None:
    result, heard = alerts_of("close_two_phase", alerts, tmp_path)
    assert result.ended.end is EndName.FLAT
    assert heard == levels


@pytest.mark.parametrize(
    ("alerts", "levels"), [((), ["page"]), ((("halt", "warn"), ("done", "info")), ["warn"])]
)
def test_a_halt_is_as_loud_as_the_policy_says(
    alerts: tuple[tuple[str, str], ...], levels: list[str], tmp_path: Path
) -> None:
    policy = tmp_path / "halting.yaml"
    policy.write_text(HALTING)
    result, heard = alerts_of(str(policy), alerts, tmp_path / "state")
    assert result.ended.end is EndName.HALTED
    assert heard == levels
