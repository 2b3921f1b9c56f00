"""Live commands at a local exchange that speaks Nado: what they leave there, and what they never show."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dnkit.journal.reader import Reader
from dnkit.runtime.folder import StateFolder
from tests.live.kills import SPEED
from tests.live.site import ETH, KEY, SOL, Site, live, local
from tests.recovery.processes import run

UNWIND = "pair_unwind_ioc_ladder"
LAG_S = 40 / SPEED  # twice what the venue's reads may lag


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("DNKIT_NADO_PRIVATE_KEY", KEY)
    with local(tmp_path, speed=SPEED) as found:
        yield found


def shows(site: Site, *texts: str) -> list[str]:
    """Where the secret is seen: in what was told, and in every file that was written."""
    files = [one for one in site.home.rglob("*") if one.is_file()]
    seen = [text for text in texts if KEY.lower() in text.lower()]
    return [*seen, *(str(one) for one in files if KEY.encode() in one.read_bytes().lower())]


def test_a_pair_is_unwound_to_a_verified_flat_and_no_secret_is_seen(site: Site) -> None:
    site.endow(ETH, 200)
    site.endow(SOL, -40)
    done = live(site, "trade", "-p", UNWIND)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["mode"] == "live"
    assert told["data"]["verified"] is True
    assert told["data"]["cycles"][0]["end"] == "flat"
    assert site.nothing_left()
    assert site.on_the_wire() == site.intended() > 0
    assert shows(site, done.stdout, done.stderr) == []


def test_flatten_closes_what_the_venue_holds_and_leaves_foreign_orders(site: Site) -> None:
    site.endow(SOL, 30)
    foreign = site.by_hand(SOL, 1, 500, 1000, "a")  # far below the market
    done = live(site, "flatten", "--venue", "nado", "--symbol", SOL, "--yes")
    assert done.returncode == 0, done.stderr
    truth = site.truth()[SOL]
    assert truth["lots"] == 0
    assert truth["resting"] == [foreign]
    assert "orders of others" in done.stderr


def test_a_killed_run_is_brought_to_its_end_where_it_left_off(site: Site) -> None:
    site.endow(ETH, 200)
    site.endow(SOL, -40)
    words = ("trade", "-p", UNWIND, "--no-report", "--live", "--endpoint", site.address, "--json")
    died = run(("tests.recovery.dying", "12", "after", *words), site.home)
    assert died.returncode == -signal.SIGKILL, died.stderr
    again = live(site, "trade", "-p", UNWIND)
    assert "--resume" in again.stderr, "a new run on the same accounts is refused, and told how to go on"
    with Reader(StateFolder(site.home).journal) as reader:
        (cut,) = reader.unfinished()
    done = live(site, "trade", "--resume", cut.header.run_id)
    assert done.returncode in (0, 20, 21), done.stderr
    assert json.loads(done.stdout)["data"]["verified"] is True
    assert site.nothing_left()
    assert site.on_the_wire() <= site.intended()


def test_what_a_human_did_is_told_adopted_and_flattened(site: Site) -> None:
    site.endow(SOL, 40)
    done = live(site, "trade", "-p", "emergency_unwind", "--no-report")
    assert done.returncode == 0, done.stderr
    run_id = json.loads(done.stdout)["data"]["cycles"][0]["run_id"]
    agreed = live(site, "reconcile")
    assert agreed.returncode == 0, agreed.stderr
    (row,) = json.loads(agreed.stdout)["data"]["accounts"]
    assert (float(row["journal"]), float(row["position"]), row["differs"]) == (0, 0, False)
    bid = site.by_hand(SOL, 1, 30, 10**6, "human")  # far above the market: it takes
    assert site.truth()[SOL]["lots"] == 30, bid
    time.sleep(LAG_S)  # what still agrees is not read again
    differs = live(site, "reconcile")
    assert differs.returncode == 1, differs.stderr
    (row,) = json.loads(differs.stdout)["data"]["accounts"]
    assert (float(row["journal"]), float(row["position"]), row["differs"]) == (0, 3, True)
    adopted = live(site, "reconcile", "--adopt", "--yes")
    assert adopted.returncode == 0, adopted.stderr
    assert json.loads(adopted.stdout)["mode"] == "live"
    assert live(site, "flatten", run_id).returncode == 8, "nobody is there to say yes"
    flat = live(site, "flatten", run_id, "--yes")
    assert flat.returncode == 0, flat.stderr
    told = json.loads(flat.stdout)
    assert (told["mode"], told["data"]["verified"]) == ("live", True)
    assert site.nothing_left()
