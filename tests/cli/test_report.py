"""`dnkit report`, `dnkit journal`, `dnkit status`: the data they print."""

import csv
import io
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.command import dnkit


@pytest.fixture
def three() -> None:
    """Three cycles of an open."""
    done = dnkit("trade", "--policy", "open_post_only_hedge", "--cycles", "3", "--no-report")
    assert done.code == 0, done.err


@pytest.mark.usefixtures("three")
def test_the_csv_has_one_row_per_cycle_and_the_four_fields(tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(dnkit("report", "last", "--csv", "-").out)))
    assert [row["cycle"] for row in rows] == ["1", "2", "3"]
    fields = (
        "hedge_entry_order_type",
        "hedge_exit_order_type",
        "hedge_entry_fee_saved",
        "hedge_exit_fee_saved",
    )
    assert all(name in rows[0] for name in fields)
    file = tmp_path / "cycles.csv"
    assert dnkit("report", "--csv", str(file)).code == 0
    assert list(csv.DictReader(io.StringIO(file.read_text()))) == rows


@pytest.mark.usefixtures("three")
def test_the_parts_of_the_cost_add_up_to_the_last_digit() -> None:
    for row in dnkit("report", "--json").json["data"]["cycles"]:
        parts = ("delay", "legging", "concession", "fees", "opportunity", "unwind")
        assert sum(Decimal(row[name]) for name in parts) == Decimal(row["total"])


@pytest.mark.usefixtures("three")
def test_verify_finds_a_changed_byte(state_folder: Path) -> None:
    good = dnkit("journal", "verify", "last")
    assert good.code == 0
    assert "chain whole" in good.out
    run_id = good.out.split()[1].rstrip(":")
    with closing(sqlite3.connect(state_folder / "journal.db")) as database, database:
        database.execute(
            "UPDATE lines SET event = replace(event, '\"leg\":0', '\"leg\":1') WHERE run_id = ? AND seq = 2",
            (run_id,),
        )
    bad = dnkit("journal", "verify", "last", "--json")
    assert bad.code == 1
    assert bad.json["data"]["difference"]["seq"] == 2


@pytest.mark.usefixtures("three")
def test_the_story_tells_the_end() -> None:
    told = dnkit("journal", "show", "last", "--story").out.splitlines()
    assert "END" in told[-1]


@pytest.mark.usefixtures("three")
def test_status_shows_runs_and_positions() -> None:
    content = dnkit("status", "--json").json["data"]
    assert [run["cycle"] for run in content["runs"]] == [3, 2, 1]
    assert "open_post_only_hedge" in dnkit("status").out


@pytest.mark.usefixtures("three")
def test_reset_asks_first_and_forgets_then() -> None:
    assert dnkit("paper", "reset").code == 8
    assert dnkit("paper", "show", "--json").json["data"]["accounts"]
    done = dnkit("paper", "reset", "--yes", "--json")
    assert done.json["data"]["forgotten"] == 2
    assert dnkit("paper", "show", "--json").json["data"]["accounts"] == []
    assert dnkit("trade", "--policy", "open_post_only_hedge", "--no-report").code == 0
