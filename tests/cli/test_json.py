"""`--json`: the envelope, and the fields that docs/JSON.md tells of."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import ROOT, Done, dnkit

TEXT = (ROOT / "docs" / "JSON.md").read_text()


def told(schema: str) -> set[str]:
    """Fields of a schema's section."""
    section = re.search(rf"^## `{re.escape(schema)}`\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S)
    assert section, f"{schema} has no section"
    return set(re.findall(r"^\| `([^`]+)` \|", section.group(1), re.M))


def fields(value: Any, path: str, stops: set[str]) -> Iterator[str]:
    """Paths of everything in a value, down to those that the document says are told elsewhere."""
    if f"{path}.*" in stops:
        yield f"{path}.*"
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from fields(one, f"{path}.{name}".lstrip("."), stops)
    elif isinstance(value, list):
        for one in value or [None]:
            yield from fields(one, f"{path}[]", stops)
    else:
        yield path


def found(*all_done: Done) -> set[str]:
    """Fields of some answers of one schema."""
    stops = told(all_done[0].json["schema"])
    return {path for done in all_done for path in fields(done.json["data"], "", stops)}


def test_trade() -> None:
    done = dnkit("trade", "--policy", "close_two_phase", "--json")
    assert found(done) == told("dnkit.trade/1")
    assert set(done.json) == {"schema", "ok", "mode", "data", "warnings"}
    assert all(f"| `{name}` |" in TEXT for name in done.json)
    assert "they start with" in done.json["warnings"][0]


def test_flatten_status_and_paper() -> None:
    assert dnkit("trade", "--policy", "open_post_only_hedge").code == 0
    assert found(dnkit("status", "--json")) == told("dnkit.status/1")
    assert found(dnkit("paper", "show", "--json")) == told("dnkit.paper/1")
    planned = dnkit("flatten", "--venue", "backpack", "--dry-run", "--json")
    assert planned.json["data"]["results"] == []
    assert planned.json["data"]["verified"] is None, "nothing was run"
    done = dnkit("flatten", "--venue", "backpack", "--yes", "--json")
    assert found(done) == told("dnkit.flatten/1")
    assert (done.json["data"]["exit_code"], done.json["data"]["verified"]) == (0, True)
    nothing = dnkit("flatten", "--venue", "backpack", "--yes", "--json")
    assert set(nothing.json["data"]) == set(done.json["data"])
    assert dnkit("paper", "reset", "--yes", "--json").json["data"] == {"forgotten": 2}


def test_verify(state_folder: Path) -> None:
    assert dnkit("trade", "--policy", "close_two_phase").code == 0
    assert dnkit("journal", "verify", "--json").json["data"]["difference"] is None
    assert found(dnkit("journal", "prune", "--json")) == told("dnkit.prune/1")
    with closing(sqlite3.connect(state_folder / "journal.db")) as database, database:
        database.execute("UPDATE lines SET digest = '0' WHERE seq = 3")
    assert found(dnkit("journal", "verify", "--json")) == told("dnkit.verify/1")


def test_lint_and_its_rules(tmp_path: Path) -> None:
    text = (ROOT / "policies" / "flatten.yaml").read_text()
    bad, ignoring = tmp_path / "bad.yaml", tmp_path / "ignoring.yaml"
    bad.write_text(
        text.replace("max_concession: 50bps", "max_concession: 20bps").replace("short: lad", "shrt: lad")
    )
    why = "# dnkit: ignore[DNK125] said twice"
    ignoring.write_text(text.replace("forbid: [market]", f"forbid: [market, market]  {why}"))
    done = dnkit("lint", "--json", str(tmp_path))
    assert done.code == 1
    assert found(done) == told("dnkit.lint/1")
    assert found(dnkit("lint", "--list-rules", "--json")) == told("dnkit.rules/1")


@pytest.mark.parametrize(
    "words",
    [
        ("trade", "--policy", "nowhere"),
        ("trade", "--policy", "close_two_phase", "--live"),
        ("flatten", "--venue", "nowhere"),
        ("report",),
    ],
)
def test_an_error_leaves_standard_output_empty(words: tuple[str, ...]) -> None:
    done = dnkit(*words, "--json")
    assert done.code
    assert done.out == ""
    assert "error: " in done.err


def test_every_schema_is_told() -> None:
    assert dnkit("trade", "--policy", "close_two_phase").code == 0
    commands = ("status", "report", "journal show", "journal verify", "paper show", "venues")
    more = ("explain flatten", "lint policies/flatten.yaml")
    for command in (*commands, *more):
        schema = dnkit(*command.split(), "--json").json["schema"]
        assert re.search(rf"^\| .*`{re.escape(schema)}`.* \|", TEXT, re.M), schema
