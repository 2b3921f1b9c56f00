"""Folders, files, disks and streams that are not as they should be: a clear word, the right code, nothing
sent.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import ROOT, Done, dnkit

TRADE = ("trade", "--policy", "close_two_phase", "--no-report")
OPEN = ("trade", "--policy", "open_post_only_hedge", "--no-report")
BINARY = (sys.executable, "-m", "dnkit")


def spoil(path: Path) -> None:
    """Keep the first page of a database and overwrite the rest."""
    length = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4_096)
        file.write(b"\xa5" * (length - 4_096))


def shell(line: str) -> Done:
    """A line of bash in which `dnkit` is the command."""
    whole = f'dnkit() {{ {BINARY[0]} -m dnkit "$@"; }}; {line}'
    done = subprocess.run(
        ["bash", "-c", whole], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("words", [TRADE, ("status",), ("paper", "show"), ("flatten", "--venue", "aster")])
@pytest.mark.parametrize("below", ["", "/home"])
def test_a_file_in_the_place_of_the_state_folder(words: tuple[str, ...], below: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = dnkit(*words, DNKIT_HOME=f"{tmp_path}/file{below}")
    assert done.code == 3, "an empty answer would say that nothing is open"
    assert "DNKIT_HOME" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("words", [TRADE, ("status",), ("flatten", "--venue", "aster")])
def test_a_folder_that_may_not_be_read(words: tuple[str, ...], tmp_path: Path) -> None:
    home = tmp_path / "locked"
    home.mkdir(mode=0)
    weaker = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("root may read everything, and there is no setpriv to become weaker")
    done = subprocess.run(
        [*(weaker if os.geteuid() == 0 else []), *BINARY, *words],
        cwd=ROOT,
        env={**os.environ, "DNKIT_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    home.chmod(0o700)
    assert done.returncode == 3
    assert "Permission denied" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["journal.db", "paper.db"])
@pytest.mark.parametrize("words", [OPEN, ("status",), ("flatten", "--venue", "backpack", "--yes")])
def test_a_damaged_file_is_named_and_nothing_is_sent(
    name: str, words: tuple[str, ...], state_folder: Path
) -> None:
    assert dnkit(*OPEN).code == 0
    spoil(state_folder / name)
    before = (state_folder / name).read_bytes()
    done = dnkit(*words)
    assert done.code == 3, done.err
    assert name in done.err
    assert "Traceback" not in done.err
    assert (state_folder / name).read_bytes() == before


@pytest.mark.parametrize("name", ["journal.db", "paper.db", "locks/synthetic.aster.ETHUSDT.lock"])
def test_a_folder_in_the_place_of_a_file(name: str, state_folder: Path) -> None:
    (state_folder / name).mkdir(parents=True)
    done = dnkit(*TRADE)
    assert done.code == 3
    assert name in done.err
    assert "Traceback" not in done.err


def test_a_cache_that_cannot_be_written_is_named(recorded: Path, state_folder: Path) -> None:
    state_folder.mkdir()
    (state_folder / "cache").write_text("")
    done = dnkit(*OPEN, "--market", f"recorded:{recorded}")
    assert done.code == 3
    assert str(state_folder / "cache") in done.err
    assert "Traceback" not in done.err


def test_a_recording_that_is_not_what_its_manifest_says(tmp_path: Path) -> None:
    book = tmp_path / "book.parquet"
    book.write_bytes(b"not what was promised")
    entry = {
        "instrument": "binance_usdm:ETHUSDT",
        "file": book.name,
        "sha256": "0" * 64,
        "tick_size": "0.01",
        "lot_size": "0.001",
        "messages_by_kind": {},
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"files": [entry]}))
    market = ("--market", f"recorded:{tmp_path}")
    wrong = dnkit(*OPEN, *market)
    assert wrong.code == 3
    assert "sha256" in wrong.err, wrong.err
    book.unlink()
    missing = dnkit(*OPEN, *market)
    assert missing.code == 3
    assert "not on the disk" in missing.err
    (tmp_path / "manifest.json").write_text("{")
    unreadable = dnkit(*OPEN, *market)
    assert unreadable.code == 3
    assert "manifest" in unreadable.err


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 8 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_disk_that_fills_up_while_a_position_is_open(small_disk: Path) -> None:
    """The paper venue's own book is on that disk too, so nobody can tell what is open until there is room."""
    home = {"DNKIT_HOME": str(small_disk / "home")}
    slow = subprocess.Popen(
        [*BINARY, *TRADE, "--speed", "8"],
        cwd=ROOT,
        env={**os.environ, **home},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert slow.stderr is not None
    while "passive" not in slow.stderr.readline():
        assert slow.poll() is None, "the slow command ended early"
    subprocess.run(
        ["dd", "if=/dev/zero", f"of={small_disk / 'filler'}", "bs=4k"], capture_output=True, check=False
    )
    _, told = slow.communicate(timeout=60)
    assert slow.returncode == 23, told
    assert "disk is full" in told
    assert "NOT verified" in told
    (small_disk / "filler").unlink()
    refused = dnkit(*TRADE, **home)
    assert refused.code == 9
    run_id = refused.err.split("--resume ")[1].split()[0]
    assert f"--resume {run_id}" in told
    resumed = dnkit("trade", "--resume", run_id, "--no-report", **home)
    assert resumed.code == 0, resumed.err
    assert "verified flat" in resumed.err
    assert dnkit("trade", "--resume", run_id, **home).code == 7
    assert dnkit("journal", "verify", run_id, **home).code == 0


@pytest.mark.parametrize("streams", [">&-", "2>&-", ">&- 2>&-", ">/dev/full", "2>/dev/full"])
def test_a_trade_does_not_hang_on_who_reads_it(streams: str) -> None:
    done = shell(f"dnkit trade --policy close_two_phase {streams}")
    assert done.code == 0, done.err
    assert "Traceback" not in done.err + done.out
    assert "PAPER" not in done.out
    (run,) = dnkit("status", "--json").json["data"]["runs"]
    assert (run["end"], run["exit_code"]) == ("flat", 0)


def test_a_reader_that_leaves_stops_no_cycle_and_hides_no_code() -> None:
    done = shell("dnkit trade --policy close_two_phase --cycles 4 2>&1 | head -n 1; exit ${PIPESTATUS[0]}")
    assert done.code == 0
    assert done.out.startswith("PAPER")
    runs = dnkit("status", "--json").json["data"]["runs"]
    assert [run["end"] for run in runs] == ["flat"] * 4


def test_the_code_of_what_is_open_outlives_a_full_output() -> None:
    with open("/dev/full", "w") as full:
        slow = subprocess.Popen(
            [*BINARY, "trade", "--policy", "close_two_phase", "--speed", "1"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert slow.stderr is not None
        while "passive" not in slow.stderr.readline():
            assert slow.poll() is None, "the slow command ended early"
        slow.send_signal(signal.SIGINT)
        _, told = slow.communicate(timeout=60)
    assert slow.returncode == 130, told
    assert "cannot write to standard output" in told


@pytest.mark.parametrize("words", ["report", "journal export", "help exit-codes", "venues"])
def test_data_that_cannot_be_written_is_an_error(words: str) -> None:
    assert dnkit(*TRADE).code == 0
    done = shell(f"dnkit {words} >/dev/full")
    assert done.code == 3
    assert done.err == "error: cannot write to standard output: No space left on device\n"
