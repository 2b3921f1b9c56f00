"""What a run did against what was claimed of it: measured by hand on small runs, exceeded by one and not."""

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from dnkit.journal.reader import Reader
from dnkit.journal.records import Claims
from dnkit.journal.writer import Journal
from dnkit.model.commands import Command
from dnkit.model.events import BookRead, Event
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.readers.claims import ClaimRow, shown, worst
from dnkit.readers.report import Report, report
from dnkit.readers.tables import tables
from tests.journal.tiny_run import ScriptedVenue, drive
from tests.readers.test_report import make_close

# The quote fills at once; the hedge rests for 3 s in vain, takes 0.4 at 5 bps, and the rest at 10 bps.
LATE = {(1, 1): ["rest"], (1, 2): ["fill:400", "expire"]}
CLAIMS = Claims(
    standing="holds",
    properties=20,
    faults=2,
    states=5_544,
    call_ns=300 * NS_PER_MS,
    time_ns=4 * NS_PER_S,
    naked_ns=4 * NS_PER_S,
    concession=(0, 10_000),
    unhedged=540 * 10**12,
    size=540 * 10**12,
)


def reported(folder: Path, *claims: Claims | None, script: dict[tuple[int, int], list[str]] = LATE) -> Report:
    path = folder / "journal.db"
    with Journal(path) as journal, Reader(path) as reader:
        for number, one in enumerate(claims, 1):
            drive(journal, ScriptedVenue(script), f"r{number}", cycle=number, group="g", claims=one)
        return report(reader, "last")


def by_name(result: Report) -> dict[str, ClaimRow]:
    return {row.name: row for row in result.claims}


def test_every_bound_is_measured(tmp_path: Path) -> None:
    result = reported(tmp_path, CLAIMS)
    assert {name: shown(row.measured, row.unit) for name, row in by_name(result).items()} == {
        "time": f"{result.cycles[0].cycle_s.normalize():f} s",
        "naked time": f"{result.cycles[0].unhedged_s.normalize():f} s",
        "concession of leg quote": "0 bps",
        "concession of leg hedge": "0 bps",
        "unhedged": "100 %",
    }
    assert not any(row.exceeded for row in result.claims)
    assert (result.cycles[0].proof, result.cycles[0].exceeded) == ("holds", 0)
    assert result.alerts == []
    assert "at most 2 faults" in result.claimed
    assert "within 0.3 s" in result.claimed


@pytest.mark.parametrize(
    ("name", "at", "below"),
    [
        ("time", {"time_ns": 3_320 * NS_PER_MS}, {"time_ns": 3_320 * NS_PER_MS - 1}),
        ("naked time", {"naked_ns": 3_250 * NS_PER_MS}, {"naked_ns": 3_250 * NS_PER_MS - 1}),
        ("unhedged", {"unhedged": 540 * 10**12}, {"unhedged": 540 * 10**12 - 10**8}),
    ],
)
def test_a_bound_holds_up_to_its_last_digit(
    name: str, at: dict[str, int], below: dict[str, int], tmp_path: Path
) -> None:
    result = reported(tmp_path, replace(CLAIMS, **at), replace(CLAIMS, **below))
    first, second = (row for row in result.claims if row.name == name)
    assert (first.exceeded, second.exceeded) == (False, True), (first, second)
    assert result.cycles[1].exceeded == 1
    (alert,) = result.alerts
    assert alert.startswith(f"BOUND_EXCEEDED {name} ")
    assert alert.endswith("(cycle 2, run r2)")


def test_time_naked_is_the_longest_at_a_stretch(tmp_path: Path) -> None:
    """Naked twice: from the quote's first fill on; a pair that is level in between begins anew."""
    script = {(0, 1): ["fill:500", "rest", "rest", "fill:500"], (1, 1): ["fill:500", "rest"]}
    result = reported(tmp_path, CLAIMS, script=script)
    row = result.cycles[0]
    assert by_name(result)["naked time"].measured == row.naked_s.normalize()
    assert row.naked_s <= row.unhedged_s


def test_a_close_is_measured_against_what_was_open(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    venue = ScriptedVenue({(0, 1): ["fill:250", "rest"]}, position=(500, -500))
    with Journal(path) as journal, Reader(path) as reader:
        drive(journal, venue, "r1", make_close(), claims=CLAIMS)
        rows = by_name(report(reader, "last"))
    assert rows["unhedged"].measured == 50, "b is flat, and 0.25 of the 0.5 of a are left"


def test_runs_that_were_to_go_without_a_proof_are_told(tmp_path: Path) -> None:
    bare = Claims(standing="open", states=2_000_000, accepted=True)
    result = reported(tmp_path, bare, bare, CLAIMS, None)
    assert result.alerts == ["UNPROVEN 2 of 4 runs: not decided; accepted with --i-accept-unproven"]
    assert [row.proof for row in result.cycles] == ["open", "open", "holds", ""]
    assert [row.accepted_unproven for row in result.cycles] == [True, True, False, False]
    unclaimed = [row for row in result.claims if row.claimed is None]
    assert len(unclaimed) == 10
    assert not any(row.exceeded for row in unclaimed)


def test_the_table_shows_each_bound_where_it_came_nearest(tmp_path: Path) -> None:
    result = reported(tmp_path, CLAIMS, replace(CLAIMS, time_ns=1), replace(CLAIMS, naked_ns=10 * NS_PER_S))
    (table,) = [one for one in tables(result) if one.title == "bounds claimed"]
    assert [row[0] for row in table.rows] == [row.name for row in worst(result.claims)]
    told = {row[0]: (row[3], row[4]) for row in table.rows}
    assert told["time"] == ("2", "EXCEEDED")
    assert told["naked time"] == ("1", "ok")


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        (None, ""),
        (Claims(standing="open"), "No bound is claimed: not decided."),
        (Claims(standing="none"), "No bound is claimed: not proved (the proof failed)."),
    ],
)
def test_without_claims_there_is_no_table(claims: Claims | None, said: str, tmp_path: Path) -> None:
    result = reported(tmp_path, claims)
    assert (result.claimed, result.alerts) == (said, [])
    assert "bounds claimed" not in [one.title for one in tables(result)]


def test_the_price_that_may_be_paid_is_measured_from_the_touch_it_was_made_at(tmp_path: Path) -> None:
    """A book too thin for the quantity makes the rung the limit: 5 bps of 500.99 are 0.25 in whole ticks."""

    class Thin(ScriptedVenue):
        def answer(self, now: int, command: Command) -> list[Event]:
            events = super().answer(now, command)
            return [replace(one, marginal=0) if isinstance(one, BookRead) else one for one in events]

    path = tmp_path / "journal.db"
    with Journal(path) as journal, Reader(path) as reader:
        drive(journal, Thin({(1, 1): ["rest"]}), "r1", claims=replace(CLAIMS, concession=(0, 4_000)))
        rows = by_name(report(reader, "last"))
    assert rows["concession of leg hedge"].measured == Decimal("4.991")
    assert rows["concession of leg hedge"].exceeded
