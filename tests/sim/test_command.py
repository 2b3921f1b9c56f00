"""`dnkit test` as a user runs it: what it prints, how it ends, what `--json` and `--from-run` give."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest

from tests.cli.command import ROOT, dnkit
from tests.cli.test_json import found, told
from tests.sim.play import CLOSE, FOLDER, UNWIND

PASSES = f"{UNWIND}expect: {{end: flat, orders: 1}}\n"
FAILS = f"{UNWIND}expect: {{end: hedged, orders: 3}}\n"
BROKEN = f"{UNWIND}expct: {{}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with one scenario that passes, one that fails and one that cannot be read."""
    scenarios = tmp_path / "policies" / "scenarios"
    scenarios.mkdir(parents=True)
    (scenarios / "a_passes.yaml").write_text(PASSES)
    (scenarios / "b_fails.yaml").write_text(FAILS)
    (scenarios / "c_broken.yaml").write_text(BROKEN)
    (scenarios / "no_scenario.yaml").write_text("policy: 1\n")
    return tmp_path


def test_the_shipped_scenarios_pass_within_the_time() -> None:
    began = getrusage(RUSAGE_CHILDREN)
    done = dnkit("test")
    ended = getrusage(RUSAGE_CHILDREN)
    took = ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime
    assert done.code == 0, done.out
    first, _, last = done.out.splitlines()
    count = len(list(FOLDER.glob("*.yaml")))
    assert first == f"policies/scenarios {'.' * count}"
    assert re.fullmatch(rf"=+ {count} passed in \d\.\d\ds =+", last)
    assert done.err == ""
    assert took < 1.5


def test_a_failure_is_told_with_what_was_expected_and_its_story(folder: Path) -> None:
    done = dnkit("test", "policies/scenarios/b_fails.yaml", cwd=folder)
    assert done.code == 1
    lines = done.out.splitlines()
    assert lines[0] == "policies/scenarios F"
    assert lines[2].strip("=") == " FAILURES "
    assert lines[3:10] == [
        "unwind (policies/scenarios/b_fails.yaml)",
        "  One leg is naked.",
        "  end: expected hedged",
        "       got      flat (flat): leg a position 0 SOL",
        "  orders: expected 3",
        "          got      1",
        "      a#1 sell 2.5 SOL ioc at 116.70 reduce_only (ladder#1)",
    ]
    assert lines[10] == "  story:"
    assert lines[11] == "       0.000  -- (start)"
    assert lines[-3] == "       0.050  END flat: leg a position 0 SOL"
    assert "1 failed in 0." in lines[-1]


def test_a_file_that_cannot_be_read_is_an_error_and_the_others_run(folder: Path) -> None:
    done = dnkit("test", cwd=folder)
    assert done.code == 3
    assert done.out.splitlines()[0] == "policies/scenarios .FE"
    assert "error[DNK103]: there is no key `expct` here" in done.out
    assert f"--> policies/scenarios/c_broken.yaml:{UNWIND.count(chr(10)) + 1}:1" in done.out
    assert "= help: did you mean `expect`?" in done.out
    assert "1 failed, 1 passed, 1 error in 0." in done.out


def test_a_line_for_each_the_first_that_fails_and_a_word(folder: Path) -> None:
    done = dnkit("test", "-v", cwd=folder)
    assert done.out.splitlines()[:3] == [
        "policies/scenarios/a_passes.yaml PASSED  flat after 0.05s, 1 order",
        "policies/scenarios/b_fails.yaml FAILED  flat after 0.05s, 1 order",
        "policies/scenarios/c_broken.yaml ERROR",
    ]
    first = dnkit("test", "-x", cwd=folder)
    assert (first.code, first.out.splitlines()[0]) == (1, "policies/scenarios .F")
    chosen = dnkit("test", "-k", "PASS", cwd=folder)
    assert (chosen.code, chosen.out.splitlines()[0]) == (0, "policies/scenarios .")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("-k", "nothing"), 2, "error: -k nothing: none of 3 scenarios has that in its path"),
        (("--nope",), 2, "No such option"),
        (("a_pases",), 3, "error: there is no scenario `a_pases`; did you mean `a_passes`?"),
        (("policies/nowhere",), 3, "error: there is no scenario `policies/nowhere`"),
        (("empty",), 3, "error: there is no scenario under empty"),
        (("--from-run", "last"), 7, "error: there is no journal"),
    ],
)
def test_what_cannot_be_run(words: tuple[str, ...], code: int, said: str, folder: Path) -> None:
    (folder / "empty").mkdir()
    done = dnkit("test", *words, cwd=folder)
    assert done.code == code
    assert said in done.err
    assert done.out == ""


def test_a_slip_in_the_first_line_hides_no_test(folder: Path) -> None:
    (folder / "slip.yaml").write_text(PASSES.replace("scenario:", "scenrio:"))
    done = dnkit("test", "-k", "slip", ".", cwd=folder)
    assert done.code == 3
    assert "there is no key `scenrio` here" in done.out


def test_a_scenario_has_a_name_here_and_in_the_package(folder: Path) -> None:
    assert dnkit("test", "a_passes", "cycle_six", cwd=folder).code == 0
    nothing_here = dnkit("test", cwd=folder / "policies")
    assert nothing_here.code == 0, "the shipped ones, where there are none here"


def test_bytes_that_are_no_text_are_an_error(folder: Path) -> None:
    (folder / "bytes.yaml").write_bytes(b"scenario: 1\nname: \xff\n")
    done = dnkit("test", "bytes.yaml", cwd=folder)
    assert done.code == 3
    assert "byte 0xff is not UTF-8" in done.out


def test_a_policy_that_is_refused_is_an_error(folder: Path) -> None:
    (folder / "guard.yaml").write_text(
        f"{CLOSE.replace('close_two_phase', 'funding_arb_guarded')}expect: {{}}\n"
    )
    done = dnkit("test", "guard.yaml", cwd=folder)
    assert done.code == 3
    assert "this policy is a guard" in done.out


def test_json_is_as_it_is_told(folder: Path) -> None:
    done = dnkit("test", "--json", cwd=folder)
    assert done.code == 3
    assert done.err == ""
    assert found(done) == told("dnkit.test/1")
    data = done.json["data"]
    assert (done.json["ok"], done.json["mode"], data["passed"], data["failed"], data["errors"]) == (
        False,
        None,
        1,
        1,
        1,
    )
    passed, failed, broken = data["scenarios"]
    assert (passed["outcome"], passed["story"], passed["unmet"]) == ("passed", [], [])
    assert failed["unmet"][0] == {
        "what": "end",
        "expected": "hedged",
        "got": "flat (flat): leg a position 0 SOL",
    }
    assert failed["story"][-1].endswith("END flat: leg a position 0 SOL")
    assert (failed["seconds"], failed["orders"], failed["risk"]) == ("0.05", 1, "flat")
    assert (broken["outcome"], broken["end"], "DNK103" in broken["error"]) == ("error", None, True)


def test_a_run_becomes_a_scenario_that_passes(tmp_path: Path, state_folder: Path) -> None:
    """Set, symbols, sides and clips of the run come along."""
    words = ("--set", "passive_for=6s", "--symbol", "a=BTCUSDT", "--symbol", "b=BTC", "--clip", "0.01 BTC")
    traded = dnkit("trade", "-p", "close_two_phase", *words, "--side", "short", "--no-report")
    assert traded.code == 0, traded.err
    done = dnkit("test", "--from-run", "last")
    assert done.code == 0
    assert done.err == ""
    for line in (
        "policy: close_two_phase",
        "set: {passive_for: 6s}",
        "symbols: {a: BTCUSDT, b: BTC}",
        "sides: {a: sell, b: buy}",
        "start: {a: -0.01 BTC, b: 0.01 BTC}",
    ):
        assert line in done.out.splitlines(), done.out
    file = tmp_path / "as_it_was.yaml"
    file.write_text(done.out)
    assert dnkit("test", str(file)).code == 0


def test_a_run_of_a_policy_that_has_changed_says_so(tmp_path: Path, state_folder: Path) -> None:
    policy = tmp_path / "mine.yaml"
    text = (ROOT / "policies" / "close_two_phase.yaml").read_text()
    policy.write_text(text)
    assert dnkit("trade", "-p", str(policy), "--no-report").code == 0
    assert dnkit("test", "--from-run", "last").err == ""
    policy.write_text(text.replace("at: 1bp inside touch", "at: 2bps inside touch"))
    changed = dnkit("test", "--from-run", "last")
    assert changed.code == 0
    assert "the policy has changed since" in changed.err
    file = tmp_path / "as_it_was.yaml"
    file.write_text(changed.out)
    now = dnkit("test", str(file))
    assert now.code == 1
    assert "orders, 1.: expected a#1 sell 0.2 ETH post_only" in now.out


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("test cyc", "cycle_six\ncycle_six_before"),
        (
            "test policies/scenarios/cyc",
            "policies/scenarios/cycle_six.yaml\npolicies/scenarios/cycle_six_before.yaml",
        ),
        ("te", "test"),
    ],
)
def test_the_shell_is_offered_scenarios_and_paths(words: str, offered: str) -> None:
    asked = {"COMP_WORDS": f"dnkit {words}", "COMP_CWORD": str(len(words.split()))}
    done = subprocess.run(
        [Path(sys.executable).with_name("dnkit")],
        cwd=ROOT,
        env={**os.environ, "_DNKIT_COMPLETE": "complete_bash", **asked},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == offered.split(), done.stderr


def test_the_wheel_has_the_scenarios_and_runs_them(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    env = {**os.environ, "PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "dnkit", "test"]
    run = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    count = len(list(FOLDER.glob("*.yaml")))
    assert run.stdout.startswith(f"{site}/dnkit/policies/library/scenarios {'.' * count}\n")
