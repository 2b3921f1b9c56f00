"""A run with a leg at Lighter and one at Bybit, each a local exchange that speaks the venue's wire."""

import json
from pathlib import Path

import msgspec
import pytest

from tests.live.site import live, local
from tests.tidy.source_tree import ROOT
from tests.venues.lighter import signer

BYBIT_KEY = "b1b1b1b1b1b1b1b1b1"
HELD_BYBIT, HELD_LIGHTER = -20, 2000  # lots of 0.01 and of 0.0001 ETH


def test_two_legs_at_two_venues_are_closed_to_a_verified_flat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DNKIT_LIGHTER_LIBRARY", signer.library())
    for name in ("API_KEY", "API_SECRET"):
        monkeypatch.setenv(f"DNKIT_BYBIT_{name}", BYBIT_KEY)
    text = (ROOT / "policies" / "close_two_phase.yaml").read_text()
    policy = tmp_path / "close.yaml"
    policy.write_text(text.replace("venue: aster", "venue: bybit"))
    with (
        local(tmp_path / "b", venue="bybit") as found,
        local(tmp_path / "l", venue="lighter") as lighter,
    ):
        bybit = msgspec.structs.replace(found, key=BYBIT_KEY)
        bybit.endow("ETHUSDT", HELD_BYBIT)
        lighter.endow("ETH", HELD_LIGHTER)
        places = f"bybit={bybit.address},lighter={lighter.address}"
        done = live(lighter, "trade", "-p", str(policy), "--set", "passive_for=5s", endpoint=places)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)["data"]
        assert told["verified"] is True
        assert told["cycles"][0]["end"] == "flat"
        assert bybit.nothing_left()
        assert lighter.nothing_left()
        files = [one for one in lighter.home.rglob("*") if one.is_file()]
        shown = [one for one in files if signer.SECRET.encode() in one.read_bytes()]
        assert shown == []
        assert signer.SECRET not in done.stdout + done.stderr


def test_flatten_waits_for_a_book_that_is_had_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DNKIT_LIGHTER_LIBRARY", signer.library())
    with local(tmp_path, venue="lighter", faults="gap=20,late_fill=20,twice=20") as site:
        site.endow("ETH", -1500)
        foreign = site.by_hand("ETH", 1, 500, 100_000, "a")  # far below the market
        done = live(site, "flatten", "--venue", "lighter", "--symbol", "ETH", "--yes")
        assert done.returncode == 0, done.stderr
        truth = site.truth()["ETH"]
        assert truth["lots"] == 0
        assert truth["resting"] == [foreign]
        assert "orders of others" in done.stderr
