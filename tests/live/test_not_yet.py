"""Venues that cannot be traded yet say why, wherever somebody would trade them."""

import json
from pathlib import Path

import pytest

from dnkit.live.setup import NOT_YET, speakable
from dnkit.runtime.library import VenueFacts
from tests.recovery.processes import run

AT_OKX = ("{venue: coinbase_intx, symbol: BTC-PERP}", "{venue: okx_perpetual, symbol: BTC-USDT-SWAP}")
SHIPPED = Path(__file__).resolve().parents[2] / "policies" / "open_post_only_hedge.yaml"


def test_a_venue_that_is_not_yet_is_one_of_ours_without_an_adapter() -> None:
    assert set(NOT_YET) <= set(VenueFacts()) - set(speakable())


@pytest.mark.parametrize("venue", NOT_YET)
def test_it_is_refused_with_its_reason(venue: str, tmp_path: Path) -> None:
    symbol = VenueFacts()[venue].symbols[0].symbol
    policy = tmp_path / "open.yaml"
    policy.write_text(
        SHIPPED.read_text()
        .replace("venue: grvt", "venue: nado")
        .replace("venue: backpack", f"venue: {venue}")
    )
    trade = ("trade", "-p", str(policy), "--live", "--yes")
    flatten = ("flatten", "--venue", venue, "--symbol", symbol, "--live", "--yes")
    for words in (trade, flatten, ("doctor", "--venue", venue)):
        done = run(("dnkit", *words), tmp_path)
        assert done.returncode == 5, done.stderr
        assert NOT_YET[venue] in done.stderr
    told = json.loads(run(("dnkit", "venues", venue, "--json"), tmp_path).stdout)
    assert told["data"]["venues"][0]["not_yet"] == NOT_YET[venue]
    assert NOT_YET[venue] in run(("dnkit", "venues", venue), tmp_path).stdout


def test_a_policy_with_orders_that_an_adapter_does_not_send_is_refused(tmp_path: Path) -> None:
    policy = tmp_path / "stops.yaml"
    policy.write_text((SHIPPED.parent / "perps_baseline.yaml").read_text().replace(*AT_OKX))
    done = run(("dnkit", "trade", "-p", str(policy), "--live", "--yes"), tmp_path)
    assert done.returncode == 5, done.stderr
    assert "sends no stop" in done.stderr
