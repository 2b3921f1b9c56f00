"""Live commands through ccxt at a local exchange that speaks as Bybit does, alone and beside Nado."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.live.site import ETH, KEY, Site, live, local
from tests.recovery.processes import ROOT, run

UNWIND = (ROOT / "policies" / "pair_unwind_ioc_ladder.yaml").read_text()
LEGS = "  a: {venue: nado, symbol: ETH-PERP}\n  b: {venue: nado, symbol: SOL-PERP}"
ETHER, SOLANA = "ETHUSDT", "SOLUSDT"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name in ("BYBIT_API_KEY", "BYBIT_API_SECRET", "NADO_PRIVATE_KEY"):
        monkeypatch.setenv(f"DNKIT_{name}", KEY)
    with local(tmp_path, venue="bybit") as found:
        yield found


def policy(site: Site, *legs: str) -> str:
    """The shipped unwind, of these legs."""
    assert LEGS in UNWIND
    named = (f"  {name}: {{{leg}}}" for name, leg in zip("ab", legs, strict=True))
    path = site.home.parent / "unwind.yaml"
    path.write_text(UNWIND.replace(LEGS, "\n".join(named)))
    return str(path)


def test_a_pair_is_unwound_to_a_verified_flat_and_no_secret_is_seen(site: Site) -> None:
    site.endow(ETHER, 20)
    site.endow(SOLANA, -40)
    legs = [f"venue: bybit, symbol: {symbol}" for symbol in (ETHER, SOLANA)]
    done = live(site, "trade", "-p", policy(site, *legs))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["data"]
    assert told["verified"] is True
    assert told["cycles"][0]["end"] == "flat"
    assert site.nothing_left()
    assert site.on_the_wire() == site.intended() > 0
    files = [one.read_bytes() for one in site.home.rglob("*") if one.is_file()]
    assert not [one for one in (*files, done.stdout.encode(), done.stderr.encode()) if KEY.encode() in one]


def test_a_pair_of_two_venues_is_unwound(site: Site, tmp_path: Path) -> None:
    with local(tmp_path / "nado", venue="nado", speed=10) as other:
        site.endow(ETHER, 20)
        other.endow(ETH, -200)
        legs = ("venue: bybit, symbol: ETHUSDT", "venue: nado, symbol: ETH-PERP")
        where = f"bybit={site.address},nado={other.address}"
        done = live(site, "trade", "-p", policy(site, *legs), endpoint=where)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["data"]["verified"] is True
        assert site.nothing_left()
        assert replace(other, home=site.home).nothing_left()


def test_flatten_closes_what_the_venue_holds_and_leaves_foreign_orders(site: Site) -> None:
    site.endow(SOLANA, 30)
    foreign = site.by_hand(SOLANA, 1, 500, 1000, "a")  # far below the market
    done = live(site, "flatten", "--venue", "bybit", "--symbol", SOLANA, "--yes")
    assert done.returncode == 0, done.stderr
    truth = site.truth()[SOLANA]
    assert (truth["lots"], truth["resting"]) == (0, [foreign])
    assert "orders of others" in done.stderr


def test_doctor_and_flatten_open_an_exchange_of_their_own(tmp_path: Path) -> None:
    here = ("--venue", "bybit", "--endpoint", "local", "--json")
    done = run(("dnkit", "doctor", *here), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    checks = {one["check"]: one["standing"] for one in json.loads(done.stdout)["data"]["checks"]}
    assert set(checks) >= {"keys", "reach", "clock", "position mode", "leverage", "key rights", ETHER}
    assert set(checks.values()) == {"ok"}
    done = run(("dnkit", "flatten", "--symbol", ETHER, "--live", "--yes", *here), tmp_path)
    assert done.returncode == 0, done.stderr
