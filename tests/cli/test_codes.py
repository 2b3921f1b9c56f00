"""Exit codes, and no traceback for what a user can mend."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dnkit.cli.exit_codes import MEANING, ExitCode, of_end, table_markdown, worst
from dnkit.model.terms import EndName, Risk
from tests.cli.command import ROOT, dnkit

TRADE = ("trade", "--policy", "close_two_phase", "--no-report")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 0, ""),
        (("--version",), 0, ""),
        (("--help",), 0, ""),
        (("trade", "--help"), 0, ""),
        (("nonsense",), 2, "No such command"),
        (("trade", "--nonsense"), 2, "No such option"),
        (("trade",), 2, "--policy is missing"),
        ((*TRADE, "--set", "passive_for"), 2, "NAME=VALUE"),
        ((*TRADE, "--market", "moon"), 2, "recorded:DIR"),
        ((*TRADE, "--market", "recorded:"), 2, "recorded:DIR"),
        ((*TRADE, "--speed", "0"), 2, "positive number"),
        ((*TRADE, "--speed", "nan"), 2, "positive number"),
        ((*TRADE, "--cycles", "0"), 2, "cycles"),
        ((*TRADE, "--loop"), 2, "recorded"),
        ((*TRADE, "--side", "sideways"), 2, "--side"),
        ((*TRADE, "--clip", "much"), 2, "--clip"),
        ((*TRADE, "--symbol", "c=ETH"), 2, "no leg `c`"),
        ((*TRADE, "--symbol", "a=NOPE"), 3, "NOPE"),
        ((*TRADE, "--set", "passive_fr=1s"), 3, "passive_for"),
        ((*TRADE, "--set", "passive_for=9m"), 3, "passive_for"),
        ((*TRADE, "--market", "recorded:/nowhere"), 3, "no such folder"),
        ((*TRADE, "--live"), 5, "no live adapter"),
        (("trade", "--policy", "close_two_phases"), 3, "close_two_phase"),
        (("trade", "--policy", "funding_arb_guarded"), 3, "guard"),
        (("trade", "--resume", "abc"), 7, "no run"),
        (("lint", "policies/close_two_phase.yaml"), 0, "0 errors"),
        (("lint", "nowhere.yaml"), 3, "nowhere"),
        (("explain", "close_two_phase"), 0, ""),
        (("explain", "nowhere"), 3, "no policy"),
        (("journal", "show"), 7, "nothing was run"),
        (("journal", "verify"), 7, "nothing was run"),
        (("report",), 7, "nothing was run"),
        (("status",), 0, ""),
        (("paper", "show"), 0, ""),
        (("paper", "reset", "--yes"), 0, "0 paper accounts"),
        (("venues",), 0, ""),
        (("venues", "nado"), 0, ""),
        (("venues", "nad"), 2, "nado"),
        (("flatten", "--venue", "aster"), 0, "nothing to flatten"),
        (("flatten", "--venue", "astre"), 3, "astre"),
        (("help", "exit-codes"), 0, ""),
        (("help", "weather"), 2, "exit-codes"),
    ],
)
def test_codes(words: tuple[str, ...], code: int, said: str) -> None:
    done = dnkit(*words)
    assert done.code == code, done.err
    assert said in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "words", [TRADE, (*TRADE, "--live"), ("flatten", "--venue", "aster"), ("trade", "-p", "x")]
)
def test_the_first_word_of_what_can_trade_is_the_mode(words: tuple[str, ...]) -> None:
    first = dnkit(*words).err.split()[0]
    assert first == ("LIVE" if "--live" in words else "PAPER")


def test_lint_finds_and_points(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text((ROOT / "policies" / "flatten.yaml").read_text().replace("ladder: [5bps", "laddr: [5bps"))
    done = dnkit("lint", str(bad), "policies/flatten.yaml")
    assert done.code == 1
    assert f"{bad}:" in done.out
    assert "ladder" in done.out
    found = dnkit("lint", "--json", str(bad))
    assert found.code == 1
    assert found.json["data"]["findings"][0]["file"] == str(bad)
    assert dnkit("trade", "--policy", str(bad)).code == 3


def test_a_state_folder_that_cannot_be_made_stops_before_anything(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = dnkit(*TRADE, DNKIT_HOME=str(tmp_path / "file" / "home"))
    assert done.code == 3
    assert "DNKIT_HOME" in done.err


def test_a_journal_that_is_none_stops_before_anything(state_folder: Path) -> None:
    state_folder.mkdir()
    (state_folder / "journal.db").write_bytes(b"this is not a journal" * 400)
    done = dnkit(*TRADE)
    assert done.code == 3
    assert "journal" in done.err
    assert not (state_folder / "paper.db").exists()


def test_a_full_disk_stops_before_any_order(tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk here")
    try:
        done = dnkit("trade", "--policy", "open_post_only_hedge", DNKIT_HOME=str(place))
    finally:
        subprocess.run(["umount", str(place)], check=True)
    assert done.code == 3, done.err
    assert "disk is full" in done.err or "space" in done.err
    assert "Traceback" not in done.err
    assert "verified" not in done.out


def test_two_commands_do_not_trade_at_once(state_folder: Path) -> None:
    slow = subprocess.Popen(
        [sys.executable, "-m", "dnkit", *TRADE, "--speed", "1"], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    try:
        assert slow.stderr is not None
        while "run " not in slow.stderr.readline():
            assert slow.poll() is None, "the slow command ended early"
        done = dnkit(*TRADE)
        assert done.code == 9
        assert str(slow.pid) in done.err
    finally:
        slow.send_signal(signal.SIGTERM)
        _, told = slow.communicate(timeout=60)
    assert slow.returncode == 143, told
    assert "stopping" in told
    assert "verified flat" in told


def test_ctrl_c_ends_flat_with_130(state_folder: Path) -> None:
    slow = subprocess.Popen(
        [sys.executable, "-m", "dnkit", *TRADE, "--speed", "1"], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    assert slow.stderr is not None
    while "passive" not in slow.stderr.readline():
        assert slow.poll() is None, "the slow command ended early"
    slow.send_signal(signal.SIGINT)
    _, told = slow.communicate(timeout=60)
    assert slow.returncode == 130, told
    assert "verified flat" in told


def test_a_killed_run_can_be_resumed(state_folder: Path) -> None:
    slow = subprocess.Popen(
        [sys.executable, "-m", "dnkit", *TRADE, "--speed", "1"], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    assert slow.stderr is not None
    while "passive" not in slow.stderr.readline():
        assert slow.poll() is None, "the slow command ended early"
    time.sleep(0.3)  # so that orders rest; any moment will do
    slow.kill()
    slow.communicate(timeout=60)
    refused = dnkit(*TRADE)
    assert refused.code == 9
    run_id = refused.err.split("--resume ")[1].split()[0]
    resumed = dnkit("trade", "--resume", run_id, "--no-report")
    assert resumed.code == 0, resumed.err
    assert "verified flat" in resumed.err
    assert dnkit("journal", "verify", run_id).code == 0


def test_a_reader_that_leaves_early_is_no_error() -> None:
    assert dnkit(*TRADE).code == 0
    line = f"{sys.executable} -m dnkit journal show last | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
    assert done.returncode in (0, -signal.SIGPIPE % 256)


def test_no_colour_and_no_escape_codes_outside_a_terminal() -> None:
    done = dnkit(*TRADE, NO_COLOR="1")
    assert "\x1b" not in done.out + done.err


def test_the_table_of_codes_is_whole() -> None:
    assert set(MEANING) == set(ExitCode)
    assert all(f"| {code.value} |" in table_markdown() for code in ExitCode)


@pytest.mark.parametrize(
    ("codes", "answer"),
    [((), 0), ((0, 0), 0), ((20, 0), 20), ((22, 20, 21), 22), ((23, 22), 23), ((130, 20), 20), ((3, 70), 70)],
)
def test_the_worst_of_several_codes_wins(codes: tuple[int, ...], answer: int) -> None:
    assert worst(codes) == answer


@pytest.mark.parametrize("end", list(EndName))
@pytest.mark.parametrize("risk", list(Risk))
def test_only_a_halt_leaves_a_code_of_risk(end: EndName, risk: Risk) -> None:
    code = of_end(end, risk)
    assert (code == 0) == (end is not EndName.HALTED)
    assert os.fspath(str(int(code)))
