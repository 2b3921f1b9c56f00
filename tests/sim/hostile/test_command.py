"""`dnkit simulate` as a user runs it: what it prints, how it ends, and the journal of one seed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dnkit.journal.reader import Reader
from dnkit.journal.verify import verify
from dnkit.sim.hostile.campaign import simulate
from tests.cli.command import ROOT, dnkit
from tests.cli.test_json import found, told
from tests.sim.hostile.worlds import HERE, setting

CLOSE = "close_two_phase"
TAKEN = (CLOSE, "--faults", str(HERE / "taken.yaml"), "--seed", "6")
BROKEN = "tests.sim.hostile.broken"


def test_a_campaign() -> None:
    done = dnkit("simulate", "close_two_phase", "--seeds", "12", "--faults", "rough")
    assert done.code == 0, done.out
    assert done.err.startswith(
        "SIMULATED  close_two_phase, 12 seeds from 0 on, faults rough, market synthetic"
    )
    lines = done.out.splitlines()
    assert lines[0].split() == ["end", "runs", "share", "95", "%", "interval"]
    assert lines[1].startswith("flat ")
    assert any(line.startswith("naked ") for line in lines)
    assert any(line.endswith("nothing was violated") for line in lines)
    assert "END " in done.out
    assert lines[-1].startswith("once more, with a journal: dnkit simulate close_two_phase --seed ")


def test_a_violation_is_an_exit_code_with_its_seed_and_story() -> None:
    done = dnkit("simulate", *TAKEN[:3], "--first", "6", "--seeds", "1", module=BROKEN)
    assert done.code == 1
    assert "1 run, " in done.out
    assert "VIOLATED in 1 run (seeds 6)" in done.out
    assert "  seed 6: reduce-only, at " in done.out
    assert "worst run: seed 6, " in done.out


def test_one_seed_has_a_journal_that_everything_opens(state_folder: Path) -> None:
    done = dnkit("simulate", *TAKEN)
    assert done.code == 0
    assert "nothing was violated" in done.out
    run_id = done.out.split()[-1]
    assert dnkit("report", run_id).code == 0
    assert dnkit("journal", "show", run_id, "--story").out.splitlines()[:3] == done.out.splitlines()[:3]
    status = dnkit("status").out
    assert run_id in status
    assert "simulated:synthetic" in status
    with Reader(state_folder / "journal.db") as reader:
        assert verify(reader, run_id).ok
        assert reader.unfinished() == []


def test_one_seed_is_what_the_campaign_saw() -> None:
    first, second = (dnkit("simulate", *TAKEN, "--json").json["data"] for _ in range(2))
    assert first["digest"] == second["digest"] == simulate(setting(CLOSE, "", "taken"), 6).digest
    assert first["run_id"] != second["run_id"]
    assert first["story"] == second["story"]


def test_what_json_tells_is_in_the_document() -> None:
    many = dnkit("simulate", *TAKEN[:3], "--first", "6", "--seeds", "2", "--json", module=BROKEN)
    assert many.code == 1
    assert many.json["ok"] is False
    assert found(many) == told("dnkit.simulate/1")
    one = dnkit("simulate", *TAKEN, "--json", module=BROKEN)
    assert found(one) == told("dnkit.simulate-seed/1")


def test_several_processes_find_the_same() -> None:
    words = ("simulate", "flatten", "--seeds", "60", "--json")
    assert dnkit(*words, "--jobs", "2").json == dnkit(*words).json


def test_a_simulation_leaves_the_paper_accounts_alone(state_folder: Path) -> None:
    assert dnkit("simulate", "close_two_phase", "--seed", "3", "--faults", "calm").code == 0
    with Reader(state_folder / "journal.db") as reader:
        assert reader.last_ledger("paper", "synthetic", "aster", "ETHUSDT") is None
    assert "no open paper position" in dnkit("status").out


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("nothing",), 3, "no policy `nothing`"),
        (("flatten", "--faults", "swam"), 3, "no fault profile `swam`; did you mean `swarm`"),
        (("flatten", "--market", "real"), 2, "--market real"),
        (("flatten", "--book", "a=x"), 2, "--book"),
        (("funding_arb_guarded",), 3, "guard"),
        (("flatten", "--seeds", "0"), 2, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_meant_is_said(words: tuple[str, ...], code: int, text: str) -> None:
    done = dnkit("simulate", *words)
    assert done.code == code
    assert text in done.err
    assert done.out == ""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_ends_with_what_was_found(jobs: str) -> None:
    words = ("simulate", "close_two_phase", "--seeds", "100000", "--faults", "calm", "--jobs", jobs)
    run = subprocess.Popen(
        [sys.executable, "-m", "dnkit", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert run.stderr is not None
    assert run.stderr.readline().startswith("SIMULATED")
    time.sleep(1.0)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does: all of its processes hear it
    out, err = run.communicate(timeout=30)
    assert run.returncode == 130, err
    assert "nothing was violated" in out or "no run was finished" in out
    assert "Traceback" not in err
