"""Every wish of an operator to a command that trades in another process, at an exchange in a third one."""

import json
import os
import pty
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path

import pytest

from dnkit.control.client import Client, Found, engines
from dnkit.journal.reader import Reader
from dnkit.journal.verify import verify
from dnkit.model import events as ev
from dnkit.model.terms import StopWhen
from dnkit.runtime.folder import StateFolder
from tests.cli.test_json import told as documented
from tests.control.patient import patient_close, patient_unwind
from tests.recovery.campaign import ASTER, LIGHTER, NADO
from tests.recovery.processes import ROOT, Site, exchange, run, start
from tests.recovery.proxy import wire_to
from tests.recovery.truth import truth_of

LISTED = [":".join(one) for one in (ASTER, LIGHTER, NADO)]
ACKS = 20
ACK_S = 0.2  # what an operator is promised; the test allows a loaded machine more
PATIENCE_S = 60
WISHES = (ev.StopAsked, ev.PauseAsked, ev.ResumeAsked, ev.FlattenAsked)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An exchange; what is traded there is proved once for all tests."""
    with (
        pytest.MonkeyPatch.context() as patch,
        exchange(tmp_path_factory.mktemp("site"), speed="10", listed=LISTED, for_s=400) as found,
    ):
        patch.setenv("DNKIT_PROOFS", str(tmp_path_factory.mktemp("proofs")))
        yield found


def words(policy: Path | str, address: str, account: str) -> tuple[str, ...]:
    return (
        *("dnkit", "trade", "--policy", str(policy), "--endpoint", f"{address}/{account}"),
        *("--no-report", "--json", "--i-accept-unproven"),
    )


@contextmanager
def trading(
    policy: Path | str, site: Site, account: str, *more: str, address: str = "", folder: str = ""
) -> Iterator[tuple[subprocess.Popen[str], Found]]:
    """A command of ours in a state folder of its own, once its run is in a phase; it does not outlive the
    test.
    """
    home = site.home / (folder or account)
    process = start((*words(policy, address or site.address, account), *more), home)
    try:
        yield process, met(home, process)
    finally:
        process.kill()
        process.communicate()


def met(home: Path, process: subprocess.Popen[str]) -> Found:
    """The command, once one of its runs is in a phase."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        for one in engines(home):
            if one.hello.pid == process.pid and one.status.stage == "phase":
                return one
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    raise AssertionError("nobody is in a phase")


def wishes_of(home: Path, run_id: str) -> list[ev.Event]:
    with Reader(StateFolder(home).journal) as reader:
        assert verify(reader, run_id).ok, "what was wished replays"
        return [fact for line in reader.lines(run_id) if isinstance(fact := line.fact(), WISHES)]


def typing(words: tuple[str, ...], home: Path, keys: str) -> tuple[int, str]:
    """A command on a terminal at which those keys are pressed: its exit code, and all that stood there."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DNKIT_HOME": str(home)}
    command = [sys.executable, "-m", *words]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, keys.encode())
    said = b""
    with suppress(OSError):  # a terminal without a program ends so
        while more := os.read(ours, 1 << 12):
            said += more
    os.close(ours)
    return process.wait(PATIENCE_S), said.decode()


def wait_for(client: Client, stage: str) -> None:
    """Until the command is told to be in that stage."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if getattr(client.next(1), "stage", "") == stage:
            return
    raise AssertionError(f"never {stage}")


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, said = process.communicate(timeout=PATIENCE_S)
    return process.returncode, said


def is_flat(site: Site, account: str) -> bool:
    truth = truth_of(site.folder, account)
    return not truth.live and not any(truth.positions.values())


# --- pause and resume -----------------------------------------------------------------------------


def test_wishes_are_in_the_journal_when_they_are_answered_and_soon(site: Site, tmp_path: Path) -> None:
    with (
        trading(patient_unwind(tmp_path), site, "acks") as (_, found),
        Client(found.path, by="test") as client,
    ):
        took, answers = [], []
        for index in range(ACKS):
            began = time.monotonic()
            answers.append(client.pause() if index % 2 == 0 else client.resume())
            took.append(time.monotonic() - began)
        wishes = wishes_of(site.home / "acks", found.status.run)
    print(
        f"acknowledged within {statistics.median(took) * 1000:.1f} ms (median), {max(took) * 1000:.1f} (most)"
    )
    assert all(one.ok and one.run == found.status.run for one in answers)
    assert [type(one) for one in wishes] == [ev.PauseAsked, ev.ResumeAsked] * (ACKS // 2)
    assert all(getattr(one, "why", "") == "operator (test)" for one in wishes)
    assert [one.seq for one in answers] == sorted({one.seq for one in answers}), "each has a line of its own"
    assert statistics.median(took) < ACK_S * 3


def test_the_commands_pause_resume_and_stop(site: Site, tmp_path: Path) -> None:
    home = site.home / "commands"
    with trading(patient_unwind(tmp_path), site, "commands") as (process, found):
        paused = run(("dnkit", "pause", found.status.run, "--json"), home)
        assert json.loads(paused.stdout)["data"]["run_id"] == found.status.run
        assert set(json.loads(paused.stdout)["data"]) == documented("dnkit.wish/1")
        assert engines(home)[0].status.paused
        assert run(("dnkit", "resume", "patient_unwind"), home).returncode == 0
        assert not engines(home)[0].status.paused
        stopped = run(("dnkit", "stop", "--json"), home)
        assert stopped.returncode == 0, stopped.stderr
        assert set(json.loads(stopped.stdout)["data"]) == documented("dnkit.wish/1")
        assert "verified flat" in stopped.stderr
        assert ended(process)[0] == 0
    kinds = [type(one) for one in wishes_of(home, found.status.run)]
    assert kinds == [ev.PauseAsked, ev.ResumeAsked, ev.StopAsked]
    assert is_flat(site, "commands")


def test_a_paused_command_begins_no_other_cycle_and_a_resumed_one_does(site: Site) -> None:
    home = site.home / "cycles"
    with (
        trading("emergency_unwind", site, "cycles", "--cycles", "50") as (process, found),
        Client(found.path) as client,
    ):
        client.pause()
        client.follow()
        wait_for(client, "between")
        with Reader(StateFolder(home).journal) as reader:
            before = len(reader.runs())
            time.sleep(1)
            assert len(reader.runs()) == before, "a paused command began a cycle"
        client.resume()
        wait_for(client, "phase")
        client.stop("flat")
        code, said = ended(process)
    assert code == 0, said
    assert is_flat(site, "cycles")


# --- stop -----------------------------------------------------------------------------------------


def test_stop_hedged_leaves_an_even_pair_as_it_is(site: Site, tmp_path: Path) -> None:
    with trading(patient_close(tmp_path), site, "hedged") as (process, _):
        done = run(("dnkit", "stop", "--when", "hedged"), site.home / "hedged")
        assert ended(process)[0] == 0
    truth = truth_of(site.folder, "hedged")
    assert done.returncode == 0, done.stderr
    assert truth.positions == {ASTER: Decimal("0.2"), LIGHTER: Decimal("-0.2")}
    assert not truth.live


def test_stop_now_goes_the_policys_road_and_the_code_says_what_it_left(site: Site, tmp_path: Path) -> None:
    with trading(patient_unwind(tmp_path, "halt as asked"), site, "halting") as (process, _):
        done = run(("dnkit", "stop"), site.home / "halting")
        assert (done.returncode, ended(process)[0]) == (22, 22)
    assert not truth_of(site.folder, "halting").live


def test_stop_flat_flattens_what_the_policys_road_leaves(site: Site, tmp_path: Path) -> None:
    with trading(patient_unwind(tmp_path, "halt as asked"), site, "to-flat") as (process, found):
        done = run(("dnkit", "stop", found.hello.group, "--when", "flat"), site.home / "to-flat")
        assert (done.returncode, ended(process)[0]) == (0, 20), done.stderr
    assert is_flat(site, "to-flat")
    (wish,) = wishes_of(site.home / "to-flat", found.status.run)
    assert isinstance(wish, ev.StopAsked)
    assert wish.when is StopWhen.FLAT


def test_a_second_interrupt_loses_nothing(site: Site, tmp_path: Path) -> None:
    with trading(patient_unwind(tmp_path), site, "interrupts") as (process, found):
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
        code, said = ended(process)
    assert code == 130, said
    assert is_flat(site, "interrupts")
    assert len(wishes_of(site.home / "interrupts", found.status.run)) == 1


def test_a_signal_that_ends_with_something_open_says_so(site: Site, tmp_path: Path) -> None:
    with trading(patient_unwind(tmp_path, "halt as asked"), site, "terminated") as (process, _):
        process.send_signal(signal.SIGTERM)
        assert ended(process)[0] == 22


# --- flatten --------------------------------------------------------------------------------------


def test_flatten_closes_every_leg_of_a_running_command(site: Site, tmp_path: Path) -> None:
    home = site.home / "flatten"
    with trading(patient_close(tmp_path), site, "flatten") as (process, found):
        refused = run(("dnkit", "flatten"), home)
        assert refused.returncode == 8, "nobody can be asked, and nobody said --yes"
        with Client(found.path) as client:
            assert not client.flatten("").ok
            assert not client.flatten("PATIENT_CLOSE").ok
        assert wishes_of(home, found.status.run) == []
        done = run(("dnkit", "flatten", "--yes", "--json"), home)
        assert (done.returncode, ended(process)[0]) == (0, 20), done.stderr
    assert set(json.loads(done.stdout)["data"]) == documented("dnkit.wish/1")
    assert "aster ETHUSDT 0.2 ETH" in done.stderr
    assert is_flat(site, "flatten")


@pytest.mark.parametrize("typed", ["", "y", "yes", "PATIENT_UNWIND", "\n\n\n\n"])
def test_no_key_that_repeats_and_no_slip_arms_a_flatten(typed: str, site: Site, tmp_path: Path) -> None:
    """On a terminal: whoever leans on Enter, or types something else than the name, is told that nothing
    was done.
    """
    home = site.home / f"typed-{len(typed)}"
    with trading(patient_unwind(tmp_path), site, home.name) as (process, found):
        code, said = typing(("dnkit", "flatten"), home, f"{typed}\n")
        assert code == 8, said
        assert wishes_of(home, found.status.run) == []
        assert process.poll() is None


def test_the_name_typed_arms_it(site: Site, tmp_path: Path) -> None:
    home = site.home / "typed"
    with trading(patient_unwind(tmp_path), site, "typed") as (process, _):
        code, said = typing(("dnkit", "flatten"), home, "patient_unwind\n")
        assert code == 0, said
        assert ended(process)[0] == 20
    assert is_flat(site, "typed")


def test_flatten_of_a_run_that_halted_is_done_without_it(site: Site, tmp_path: Path) -> None:
    home, at = site.home / "halted", ("--endpoint", f"{site.address}/halted")
    with trading(patient_unwind(tmp_path, "halt as asked"), site, "halted") as (process, found):
        process.send_signal(signal.SIGTERM)
        assert ended(process)[0] == 22
    flatten = ("dnkit", "flatten", found.status.run, "--json")
    assert run((*flatten, "--yes"), home).returncode == 2, "its accounts are not those of this process"
    assert run((*flatten, *at), home).returncode == 8
    planned = run((*flatten, *at, "--dry-run"), home)
    assert planned.returncode == 0
    assert "aster ETHUSDT 0.2 ETH" in planned.stderr
    assert not is_flat(site, "halted")
    done = run((*flatten, *at, "--yes"), home)
    assert done.returncode == 0, done.stderr
    assert is_flat(site, "halted")
    again = run((*flatten, *at, "--yes"), home)
    assert again.returncode == 0
    assert "nothing is open" in again.stderr


def test_flatten_stays_wanted_until_the_exchange_is_back(site: Site, tmp_path: Path) -> None:
    with (
        wire_to(site.address) as wire,
        trading(patient_unwind(tmp_path), site, "latched", address=wire.address) as (process, found),
        Client(found.path) as client,
    ):
        wire.dead = True
        wire.cut()
        assert client.flatten("patient_unwind").ok
        client.follow()
        wait_for(client, "between")
        assert engines(site.home / "latched")[0].status.flattening
        assert not is_flat(site, "latched")
        wire.dead = False
        code, said = ended(process)
    assert code == 20, said
    assert is_flat(site, "latched")


def test_flatten_survives_a_kill(site: Site, tmp_path: Path) -> None:
    home = site.home / "killed"
    with trading(patient_unwind(tmp_path), site, "killed") as (process, found):
        with Client(found.path) as client:
            assert client.flatten("patient_unwind").ok
        process.kill()
        process.wait()
        assert engines(home) == [], "a dead socket is nobody"
        assert run(("dnkit", "pause"), home).returncode == 7
    resume = ("dnkit", "trade", "--resume", found.status.run, "--no-report")
    resumed = run((*resume, "--endpoint", f"{site.address}/killed"), home)
    assert resumed.returncode == 20, resumed.stderr
    assert is_flat(site, "killed")


# --- who is meant, and who asks -------------------------------------------------------------------


def test_who_is_meant_is_never_guessed(site: Site, tmp_path: Path) -> None:
    home, policy = site.home / "one", patient_unwind(tmp_path)
    assert run(("dnkit", "pause"), home).returncode == 7
    with (
        trading(policy, site, "one") as (process, found),
        trading(policy, site, "another", folder="one") as (other, _),
    ):
        assert run(("dnkit", "pause", "nobody"), home).returncode == 7
        for name in ((), ("patient_unwind",)):
            unclear = run(("dnkit", "stop", *name), home)
            assert unclear.returncode == 2
            assert found.status.run in unclear.stderr
        assert run(("dnkit", "stop", found.status.run), home).returncode == 0
        assert ended(process)[0] == 0
        assert other.poll() is None, "the other one trades on"


def test_two_operators_at_once_are_both_heard_and_the_stronger_wish_counts(
    site: Site, tmp_path: Path
) -> None:
    with trading(patient_unwind(tmp_path), site, "two") as (process, found):
        with (
            Client(found.path, by="a") as one,
            Client(found.path, by="b") as two,
            ThreadPoolExecutor() as pool,
        ):
            asked = [pool.submit(one.stop, "hedged"), pool.submit(two.flatten, "patient_unwind")]
            answers = [each.result() for each in asked]
        code, said = ended(process)
    assert all(each.ok for each in answers), answers
    assert code in (0, 20), said
    assert is_flat(site, "two")


def test_reconcile_tells_what_others_traded_and_adopts_it(site: Site, tmp_path: Path) -> None:
    """The account is closed from another state folder; the journal of the first one knows nothing of it."""
    home, at = site.home / "shared", ("--endpoint", f"{site.address}/shared")
    reconcile = ("dnkit", "reconcile", *at, "--json")
    with trading(patient_unwind(tmp_path, "halt as asked"), site, "shared") as (process, _):
        busy = run(reconcile, home)
        assert busy.returncode == 9, busy.stderr
        process.send_signal(signal.SIGTERM)
        assert ended(process)[0] == 22
    assert run(reconcile, home).returncode == 0
    with trading(patient_unwind(tmp_path), site, "shared", folder="other") as (process, _):
        process.send_signal(signal.SIGTERM)
        assert ended(process)[0] == 143
    found = run(reconcile, home)
    assert found.returncode == 1, found.stderr
    (row,) = json.loads(found.stdout)["data"]["accounts"]
    assert (row["journal"], row["position"], row["differs"]) == ("0.2", "0.000", True)
    assert run((*reconcile, "--adopt"), home).returncode == 8
    assert run((*reconcile, "--adopt", "--yes"), home).returncode == 0
    assert run(reconcile, home).returncode == 0
