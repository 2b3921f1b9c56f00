"""`dnkit explain` as a user calls it: forms, options that do not go together, and what JSON holds."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from dnkit.policies.explain.lines import WIDTH
from tests.cli.command import dnkit
from tests.cli.test_json import found, told


def test_the_forms() -> None:
    text = dnkit("explain", "close_two_phase")
    assert (text.code, text.err) == (0, "")
    assert text.out.index("● start") < text.out.index("Phases") < text.out.index("Table\n")
    assert text.out.index("Table\n") < text.out.index("What happens when") < text.out.index("Worst case")
    assert dnkit("explain", "close_two_phase", "-f", "mermaid").out.startswith("flowchart TD\n")
    assert dnkit("explain", "close_two_phase", "-f", "dot").out.startswith('digraph "close_two_phase" {')
    assert ET.fromstring(dnkit("explain", "close_two_phase", "-f", "svg").out).tag.endswith("svg")
    assert dnkit("explain", "close_two_phase", "-f", "md").out.startswith("# close\\_two\\_phase (close)\n")
    json = dnkit("explain", "close_two_phase", "--json")
    assert json.out == dnkit("explain", "close_two_phase", "-f", "json").out


def test_ascii_also_where_nothing_else_can_be_shown() -> None:
    asked = dnkit("explain", "close_two_phase", "--ascii")
    assert asked.code == 0
    assert asked.out.isascii()
    assert dnkit("explain", "close_two_phase", PYTHONIOENCODING="latin-1").out == asked.out
    assert all(len(line) <= WIDTH for line in asked.out.splitlines())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-f", "png"), "write text, mermaid, dot, svg, md or json"),
        (("-f", "svg", "--ascii"), "--ascii goes with the text only"),
        (("--resolved", "-f", "dot"), "--resolved is YAML"),
        (("--set", "passive_for=1h"), "passive_for"),
    ],
)
def test_what_cannot_be_meant(words: tuple[str, ...], message: str) -> None:
    done = dnkit("explain", "close_two_phase", *words)
    assert done.code in (2, 3)
    assert done.out == ""
    assert message in done.err


def test_the_resolved_policy_explains_the_same(tmp_path: Path) -> None:
    words = ("close_two_phase", "--set", "passive_for=20s", "--reason", "LEG_LIQUIDATED")
    done = dnkit("explain", *words, "--resolved")
    assert "rejects: 5" in done.out
    file = tmp_path / "resolved.yaml"
    file.write_text(done.out)
    assert dnkit("explain", str(file)).out == dnkit("explain", *words).out


def test_json_holds_what_is_told_of_it() -> None:
    done = dnkit("explain", "close_two_phase", "--json", "--resolved")
    idle = dnkit("explain", "perps_baseline", "--json")
    assert found(done, idle) == told("dnkit.explain/1")
    data = done.json["data"]
    assert data["text"] == dnkit("explain", "close_two_phase").out
    assert data["resolved"].startswith("policy: 1")
    assert idle.json["data"]["resolved"] is None


def numbers(value: Any) -> list[Any]:
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(one for part in below for one in numbers(part))]


def test_json_of_a_guard_and_exact_numbers() -> None:
    guard = dnkit("explain", "funding_arb_guarded", "--json").json["data"]
    assert (guard["worst"], guard["naked"], guard["table"], guard["break_even"]) == (None, None, [], [])
    assert len(guard["graph"]["parts"][0]["nodes"]) == 9
    data = dnkit("explain", "open_post_only_hedge", "--json").json["data"]
    assert not [one for one in numbers(data) if isinstance(one, float)]
