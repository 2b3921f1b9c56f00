"""Live commands at a local exchange that speaks OKX: what they leave there, and what they never show."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dnkit.live.keys import rehearsed
from tests.live.site import KEY, Site, live, local
from tests.recovery.processes import run

VENUE, ETH, SOL = "okx_perpetual", "ETH-USDT-SWAP", "SOL-USDT-SWAP"
POLICY = Path(__file__).resolve().parents[2] / "policies" / "pair_unwind_ioc_ladder.yaml"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name, secret in rehearsed(VENUE, KEY).items():
        monkeypatch.setenv(f"DNKIT_{VENUE.upper()}_{name.upper()}", secret)
    with local(tmp_path, venue=VENUE, speed=20) as found:
        yield found


def shows(site: Site, *texts: str) -> list[str]:
    """Where a secret is seen: in what was told, and in every file that was written."""
    files = [one for one in site.home.rglob("*") if one.is_file()]
    seen = [text for text in texts if KEY.lower() in text.lower()]
    return [*seen, *(str(one) for one in files if KEY.encode() in one.read_bytes().lower())]


def test_a_pair_is_unwound_to_a_verified_flat_and_no_secret_is_seen(site: Site, tmp_path: Path) -> None:
    policy = tmp_path / "unwind.yaml"
    text = POLICY.read_text().replace("nado", VENUE).replace("ETH-PERP", ETH).replace("SOL-PERP", SOL)
    policy.write_text(text)
    site.endow(ETH, 200)
    site.endow(SOL, -400)
    done = live(site, "trade", "-p", str(policy))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["mode"], told["data"]["verified"]) == ("live", True)
    assert told["data"]["cycles"][0]["end"] == "flat"
    assert site.nothing_left()
    assert site.on_the_wire() == site.intended() > 0
    assert shows(site, done.stdout, done.stderr) == []


def test_flatten_closes_what_the_venue_holds_and_leaves_foreign_orders(site: Site) -> None:
    site.endow(SOL, 300)
    foreign = site.by_hand(SOL, 1, 500, 1000, "a")  # far below the market
    done = live(site, "flatten", "--venue", VENUE, "--symbol", SOL, "--yes")
    assert done.returncode == 0, done.stderr
    truth = site.truth()[SOL]
    assert (truth["lots"], truth["resting"]) == (0, [foreign])
    assert "orders of others" in done.stderr


def test_the_doctor_finds_nothing_wrong(site: Site) -> None:
    done = run(("dnkit", "doctor", "--venue", VENUE, "--endpoint", site.address, "--json"), site.home)
    assert done.returncode == 0, done.stdout + done.stderr
    checks = {one["check"]: one["standing"] for one in json.loads(done.stdout)["data"]["checks"]}
    assert set(checks) >= {"position mode", "leverage", "key rights", ETH}
    assert set(checks.values()) <= {"ok", "untold"}
