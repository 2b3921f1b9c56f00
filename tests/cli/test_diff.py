"""`dnkit diff` as users call it: what is printed, exit codes, standard input, JSON as it is documented."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import ROOT, Done, dnkit
from tests.cli.test_json import found, told

OPEN = ROOT / "policies" / "open_post_only_hedge.yaml"
CLOSE = ROOT / "policies" / "close_two_phase.yaml"


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return tmp_path / "other.yaml"


def edited(path: Path, source: Path, *edits: tuple[str, str]) -> Done:
    """`diff` of a shipped policy and the same after some edits."""
    text = source.read_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return dnkit("diff", source.stem, str(path))


def test_what_means_the_same_is_the_same(other: Path) -> None:
    done = edited(
        other, OPEN, ("max_spread: 20bps ", "max_spread: 0.2% # as before "), ("name: open", "name: my")
    )
    assert (done.code, done.out) == (0, "the same machine\n")
    assert done.err == ""


def test_other_names_are_told_and_nothing_else(other: Path) -> None:
    done = edited(other, OPEN, ("back_out", "give_back"))
    assert done.code == 0
    assert done.out.splitlines()[0] == "the same behaviour, other names"
    assert "renamed" in done.out and "back_out -> give_back" in done.out
    assert dnkit("diff", "--exit-code", OPEN.stem, str(other)).code == 0


def test_another_order_is_the_same_behaviour(other: Path) -> None:
    text = OPEN.read_text()
    part = text[text.index("  cross:") : text.index("  last_resort:\n")]
    other.write_text(text.replace(part, "") + part)
    done = dnkit("diff", OPEN.stem, str(other))
    assert (done.code, done.out) == (0, "the same behaviour, phases in another order\n")


def test_the_looser_ones_come_first_under_their_own_heading(other: Path) -> None:
    done = edited(other, OPEN, ("max_spread: 20bps", "max_spread: 10bps"), ("for: 30s", "for: 40s"))
    assert done.code == 1
    lines = done.out.splitlines()
    assert lines[0] == "1 looser, 1 tighter"
    assert lines[2:4] == ["LOOSER", "  looser    limits.max_unhedged.for  30s -> 40s"]
    assert lines[5:] == ["Other differences", "  tighter   limits.max_spread        20bps -> 10bps"]


def test_what_is_only_tighter_or_changed_is_0_unless_asked(other: Path) -> None:
    done = edited(other, OPEN, ("max_spread: 20bps", "max_spread: 10bps"))
    assert done.code == 0
    assert dnkit("diff", "--exit-code", OPEN.stem, str(other)).code == 1
    assert dnkit("diff", str(other), OPEN.stem).code == 1


def test_a_bound_that_grows_is_looser(other: Path) -> None:
    done = edited(other, OPEN, ("ladder: [2bps, 5bps, 10bps]", "ladder: [2bps, 5bps, 7bps, 10bps]"))
    assert done.code == 1
    assert "  looser    worst.orders" in done.out
    assert "  changed   phases.cross.take.ladder" in done.out


def test_lines_fit_80_columns(other: Path) -> None:
    words = "halt the books of the two venues disagree and nobody can tell which of them is right"
    done = edited(other, OPEN, ("conflict: halt books disagree", f"conflict: {words}"))
    assert max(len(line) for line in done.out.splitlines()) <= 80
    assert "from  halt books disagree" in done.out
    assert words in " ".join(done.out.split())


def test_what_only_a_reason_brings_is_told_with_the_reason(other: Path) -> None:
    done = edited(other, CLOSE, ("limits.max_spread: 3%", "limits.max_spread: 4%"))
    assert done.code == 1
    assert "LOOSER for reason critical\n  looser    limits.max_spread  300bps -> 400bps" in done.out
    one = dnkit("diff", CLOSE.stem, str(other), "--reason", "LEG_LIQUIDATED")
    assert (one.code, "for reason" in one.out) == (1, False)
    assert dnkit("diff", CLOSE.stem, str(other), "--reason", "TIRED").out == "the same machine\n"


def test_a_reason_that_leaves_its_class_changes_what_it_does(other: Path) -> None:
    done = edited(other, CLOSE, (", LIQUIDATION_RISK]", "]"))
    assert "for reason LIQUIDATION_RISK" in done.out
    assert "phases.passive.skip" in done.out


def test_settings_hold_for_both(other: Path) -> None:
    edited(other, CLOSE, ("default: 15s", "default: 20s"))
    assert "phases.passive.rest.for" in dnkit("diff", CLOSE.stem, str(other)).out
    same = dnkit("diff", CLOSE.stem, str(other), "--set", "passive_for=10s")
    assert same.out == "the same machine\n"


@pytest.mark.parametrize("words", [("-", OPEN.stem), (OPEN.stem, "-")])
def test_one_of_them_may_come_from_standard_input(words: tuple[str, str]) -> None:
    text = OPEN.read_text().replace("max_spread: 20bps", "max_spread: 30bps")
    done = subprocess.run(
        [sys.executable, "-m", "dnkit", "diff", *words],
        cwd=ROOT,
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == (0 if words[0] == "-" else 1), done.stderr
    assert "limits.max_spread" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("-", "-"),
        ("flatten",),
        ("flatten", "flatten", "-f", "xml"),
        ("flatten", "flatten", "--set", "nothing"),
    ],
)
def test_wrong_words(words: tuple[str, ...]) -> None:
    done = dnkit("diff", *words)
    assert (done.code, done.out) == (2, "")


def test_what_cannot_be_read_or_has_errors_is_3_and_shown(other: Path) -> None:
    assert dnkit("diff", "flatten", "nowhere").code == 3
    done = edited(other, OPEN, ("cap: 15bps", "cap: 15"))
    assert (done.code, done.out) == (3, "")
    assert f"{other}:" in done.err and "cap: 15" in done.err
    turned = dnkit("diff", str(other), "flatten", "--json")
    assert (turned.code, turned.out) == (3, "")


def test_a_guard_and_a_policy_that_trades_can_be_held_against_each_other() -> None:
    done = dnkit("diff", "funding_arb_guarded", "close_two_phase")
    assert done.code == 1, done.err
    assert "intent" in done.out
    assert dnkit("diff", "funding_arb_guarded", "funding_arb_guarded").out == "the same machine\n"


def test_json_holds_what_is_told(other: Path) -> None:
    edits = (("3%", "4%"), ("ladder: [0bps, 5bps, 10bps, 20bps]", "ladder: [0bps, 5bps, 30bps]"))
    edited(other, CLOSE, *edits)
    done = dnkit("diff", CLOSE.stem, str(other), "--json")
    assert found(done) == told("dnkit.diff/1")
    assert (done.code, done.json["ok"], done.json["mode"]) == (1, False, None)
    data = done.json["data"]
    assert data["verdict"] == "changed" and data["same_machine"] is False
    assert {row["mark"] for row in data["rows"]} == {"looser"}
    assert [row["where"] for row in data["rows"] if row["reasons"]] == ["limits.max_spread"]
    assert data["looser"] == sum(row["mark"] == "looser" for row in (*data["rows"], *data["bounds"]))
    assert dnkit("diff", CLOSE.stem, str(other), "-f", "json").out == done.out
    same = dnkit("diff", "flatten", "flatten", "--json")
    assert same.json["ok"] and same.json["data"]["rows"] == []


@pytest.mark.parametrize(("more", "red"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colour_is_for_terminals_that_want_it(other: Path, more: dict[str, str], red: bool) -> None:
    assert "\x1b" not in edited(other, OPEN, ("max_spread: 20bps", "max_spread: 25bps")).out
    reading, writing = pty.openpty()
    words = [sys.executable, "-m", "dnkit", "diff", OPEN.stem, str(other)]
    env = {**{name: text for name, text in os.environ.items() if name != "NO_COLOR"}, "TERM": "xterm", **more}
    subprocess.run(words, cwd=ROOT, env=env, stdout=writing, stderr=writing, timeout=60, check=False)
    shown = os.read(reading, 100_000).decode()
    os.close(reading)
    os.close(writing)
    assert "LOOSER" in shown
    assert ("\x1b[1;31mLOOSER" in shown) is red
