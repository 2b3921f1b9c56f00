"""Trading at an exchange in another process: its end, its locks, its signals, its broken connections."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dnkit.journal.errors import JournalError
from dnkit.journal.reader import Reader
from dnkit.journal.verify import verify
from dnkit.runtime.folder import StateFolder
from tests.cli.test_json import told as documented
from tests.recovery.campaign import ASTER, BACKPACK, GRVT, LIGHTER, NADO
from tests.recovery.processes import ROOT, Run, Site, exchange, nursery, start
from tests.recovery.proxy import wire_to
from tests.recovery.truth import truth_of

LISTED = [":".join(one) for one in (ASTER, BACKPACK, GRVT, LIGHTER, NADO)]
SILENT_S = 2.5  # longer than a watchdog waits
CLOSE, OPEN, UNWIND = "close_two_phase", "open_post_only_hedge", "emergency_unwind"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with exchange(tmp_path_factory.mktemp("site"), speed="15", listed=LISTED, for_s=900) as found:
        yield found


@pytest.fixture(scope="module")
def slow_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Slow enough for a run to be met while it works."""
    with exchange(tmp_path_factory.mktemp("slow"), speed="3", listed=LISTED, for_s=900) as found:
        yield found


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Runs a command to its end without importing everything anew."""
    with nursery(tmp_path_factory.mktemp("nursery")) as forked:
        yield forked


def words(policy: str, address: str, account: str) -> tuple[str, ...]:
    return (
        "dnkit",
        "trade",
        "--policy",
        policy,
        "--endpoint",
        f"{address}/{account}",
        "--no-report",
        "--json",
    )


@contextmanager
def trader(words: tuple[str, ...], home: Path) -> Iterator[subprocess.Popen[str]]:
    """A command that does not outlive the test."""
    process = start(words, home)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def cycle(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.stdout, done.stderr
    return json.loads(done.stdout)["data"]["cycles"][-1]


def lines_of(home: Path, account: str, count: int) -> str:
    """Wait until the run on that account has so many lines; its id."""
    for _ in range(600):
        with suppress(JournalError), Reader(StateFolder(home).journal) as reader:  # it may be in the making
            found = [one for one in reader.unfinished() if one.header.market.endswith(f"/{account}")]
            if found and reader.count(found[0].header.run_id) >= count:
                return found[0].header.run_id
        time.sleep(0.05)
    raise AssertionError("no run has so many lines")


@pytest.mark.parametrize(("policy", "end"), [(CLOSE, "flat"), (OPEN, "hedged"), (UNWIND, "flat")])
def test_a_policy_trades_to_an_end_that_is_true_at_the_exchange(
    policy: str, end: str, site: Site, run: Run
) -> None:
    done = run(words(policy, site.address, f"plain-{policy}"), site.home)
    assert done.returncode == 0, done.stderr
    told, truth = cycle(done), truth_of(site.folder, f"plain-{policy}")
    assert told["end"] in (end, "flat", "idle")
    held = {(leg["venue"], leg["symbol"]): Decimal(leg["position"]) for leg in told["legs"]}
    assert {one: truth.positions.get(one, Decimal(0)) for one in held} == held
    assert not truth.live
    with Reader(StateFolder(site.home).journal) as reader:
        assert verify(reader, told["run_id"]).ok


def test_several_cycles_and_both_directions(site: Site, run: Run) -> None:
    done = run((*words(OPEN, site.address, "cycles"), "--cycles", "3"), site.home)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["data"]["cycles"]) == 3
    assert not truth_of(site.folder, "cycles").live


def test_a_second_engine_on_the_account_is_refused_and_one_on_another_is_not(tmp_path: Path) -> None:
    with ExitStack() as stack:
        slow = stack.enter_context(exchange(tmp_path, speed="0.1", listed=LISTED, for_s=300))
        trade = words(CLOSE, slow.address, "shared")
        first = stack.enter_context(trader(trade, slow.home))
        run_id = lines_of(slow.home, "shared", 3)
        resume = ("dnkit", "trade", "--resume", run_id, *trade[4:6])
        places = (slow.home, slow.home / "of-somebody-else", slow.home)
        others = [
            stack.enter_context(trader(one, home))
            for one, home in zip((trade, trade, resume), places, strict=True)
        ]
        refusals = [one.communicate(timeout=60)[1] for one in others]
        assert [one.returncode for one in others] == [9, 9, 9], refusals
        assert f"dnkit trade --resume {run_id}" in refusals[0]
        stack.enter_context(trader(words(UNWIND, slow.address, "other"), slow.home))
        lines_of(slow.home, "other", 3)
        assert first.poll() in (None, 0), "undisturbed, if done on a slow machine"


def test_two_engines_write_one_journal(site: Site) -> None:
    both = [start(words(CLOSE, site.address, f"beside-{one}"), site.home) for one in "ab"]
    told = [one.communicate(timeout=60) for one in both]
    assert [one.returncode for one in both] == [0, 0], told
    with Reader(StateFolder(site.home).journal) as reader:
        for one in told:
            assert verify(reader, json.loads(one[0])["data"]["cycles"][0]["run_id"]).ok


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_by_its_stop_rule(number: signal.Signals, code: int, slow_site: Site) -> None:
    account = f"signal-{code}"
    with trader(words(CLOSE, slow_site.address, account), slow_site.home) as process:
        lines_of(slow_site.home, account, 8)
        process.send_signal(number)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == code, said
    assert "stopping" in said
    truth = truth_of(slow_site.folder, account)
    assert not truth.live
    assert not any(truth.positions.values())


def test_a_run_that_was_cut_off_refuses_the_next_and_names_the_way(site: Site, run: Run) -> None:
    dying = ("tests.recovery.dying", "9", "after", *words(CLOSE, site.address, "cut-off")[1:])
    assert run(dying, site.home).returncode == -9
    refused = run(words(CLOSE, site.address, "cut-off"), site.home)
    assert refused.returncode == 9
    run_id = refused.stderr.split("--resume ")[1].split()[0]
    resume = ("dnkit", "trade", "--resume", run_id, "--no-report")
    assert run(resume, site.home).returncode == 2, "the paper market of this process is another account"
    assert run((*resume, "--endpoint", f"{site.address}/another"), site.home).returncode == 2
    done = run((*resume, "--endpoint", f"{site.address}/cut-off"), site.home)
    assert done.returncode == 0, done.stderr
    assert "verified flat" in done.stderr
    assert run((*resume, "--endpoint", f"{site.address}/cut-off"), site.home).returncode == 7


@pytest.mark.parametrize("policy", [CLOSE, OPEN])
def test_a_connection_that_breaks_again_and_again_hides_no_fill(policy: str, site: Site) -> None:
    account = f"cuts-{policy}"
    with wire_to(site.address) as wire:
        process = start(words(policy, wire.address, account), site.home)
        lines_of(site.home, account, 6)
        while process.poll() is None and wire.cuts < 8:
            wire.cut()
            time.sleep(0.15)
        told, said = process.communicate(timeout=60)
    ended, truth = json.loads(told)["data"]["cycles"][0], truth_of(site.folder, account)
    assert wire.broken, "no cut was felt"
    with Reader(StateFolder(site.home).journal) as reader:
        assert verify(reader, ended["run_id"]).ok
    assert process.returncode in (0, 20, 21, 22, 23), said
    if process.returncode != 23:
        held = {(leg["venue"], leg["symbol"]): Decimal(leg["position"]) for leg in ended["legs"]}
        assert {one: truth.positions.get(one, Decimal(0)) for one in held} == held
        assert not truth.live


def test_an_exchange_that_is_gone_for_good_ends_in_unknown_with_an_alert(site: Site) -> None:
    with wire_to(site.address) as wire:
        process = start(words(CLOSE, wire.address, "gone"), site.home)
        lines_of(site.home, "gone", 10)
        wire.dead = True
        wire.cut()
        _, said = process.communicate(timeout=90)
    assert process.returncode == 23, said
    assert "ALERT" in said
    assert "NOT verified" in said


def test_an_exchange_that_stands_still_for_a_while_is_connected_to_anew(slow_site: Site) -> None:
    with trader(words(UNWIND, slow_site.address, "still"), slow_site.home) as process:
        lines_of(slow_site.home, "still", 5)
        os.kill(slow_site.pid, signal.SIGSTOP)
        time.sleep(SILENT_S)
        os.kill(slow_site.pid, signal.SIGCONT)
        told, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert json.loads(told)["data"]["verified"]
    assert not truth_of(slow_site.folder, "still").live


def test_an_exchange_that_was_started_anew_knows_its_accounts(tmp_path: Path, run: Run) -> None:
    for _ in range(2):
        with exchange(
            tmp_path, speed="15", listed=[":".join(one) for one in (BACKPACK, GRVT)], for_s=300
        ) as site:
            done = run(words(OPEN, site.address, "kept"), site.home)
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout)["data"]["verified"]
            held = {(leg["venue"], leg["symbol"]): Decimal(leg["position"]) for leg in cycle(done)["legs"]}
            assert truth_of(site.folder, "kept").positions == held


@pytest.mark.parametrize(
    ("more", "code", "text"),
    [
        (("--endpoint", "ws://127.0.0.1:1"), 5, "does not answer"),
        (("--endpoint", "nowhere"), 5, "no address"),
        (("--endpoint", "ws://127.0.0.1:1", "--seed", "2"), 2, "--seed"),
        (("--endpoint", "ws://127.0.0.1:1", "--market", "synthetic:hard"), 2, "--market"),
    ],
)
def test_an_endpoint_that_cannot_be_meant(
    more: tuple[str, ...], code: int, text: str, tmp_path: Path, run: Run
) -> None:
    done = run(("dnkit", "trade", "--policy", CLOSE, *more), tmp_path)
    assert done.returncode == code, done.stderr
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_a_symbol_that_is_not_listed_is_named(tmp_path: Path, run: Run) -> None:
    with exchange(tmp_path, speed="1", listed=[":".join(ASTER)], for_s=300) as site:
        done = run(words(CLOSE, site.address, "one"), site.home)
    assert done.returncode == 5
    assert "lighter" in done.stderr


def test_an_exchange_ends_by_itself(tmp_path: Path) -> None:
    process = start(("dnkit", "exchange", "--json", "--for", "1", "--list", ":".join(ASTER)), tmp_path)
    told, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    data = json.loads(told)["data"]
    assert set(data) == documented("dnkit.exchange/1")
    assert data["address"].startswith("ws://127.0.0.1:")


def test_an_exchange_ends_with_its_parent(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, time\n"
        f"p = subprocess.Popen([sys.executable, '-m', 'dnkit', 'exchange', '--list', '{':'.join(ASTER)}'],"
        " stdout=subprocess.PIPE)\n"
        "p.stdout.readline(); print(p.pid, flush=True); time.sleep(60)\n"
    )
    (tmp_path / "parent.py").write_text(script)
    environment = {**os.environ, "DNKIT_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(tmp_path / "parent.py")]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    for _ in range(200):
        if not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]:
            return
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    raise AssertionError("the exchange outlived its parent")


def test_two_exchanges_do_not_share_a_folder(site: Site, run: Run) -> None:
    done = run(("dnkit", "exchange", "--dir", str(site.folder), "--for", "1"), site.home)
    assert done.returncode == 9
    assert str(site.folder) in done.stderr


def test_the_tape_of_the_exchange_sums_to_its_accounts(site: Site) -> None:
    with closing(sqlite3.connect(site.folder / "accounts.db")) as database:
        names = [name for (name,) in database.execute("SELECT DISTINCT market FROM account")]
    assert names
    for name in names:
        truth = truth_of(site.folder, name)
        assert truth.course[-1] == truth.positions
