"""The official client of Lighter at our exchange. Runs with DNKIT_ORACLES=1 (`make test-oracles`), and needs
a package index the first time.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dnkit.venues.lighter.schnorr import public_key
from tests.live.backdoor import Backdoor
from tests.oracles import environment
from tests.recovery.processes import exchange
from tests.venues.lighter.signer import PACKAGE

pytestmark = pytest.mark.skipif(os.environ.get("DNKIT_ORACLES") != "1", reason="DNKIT_ORACLES is not 1")
SCRIPT = Path(__file__).with_name("lighter_client.py")
ACCOUNT, KEY, SECRET = 42, 5, "0badc0de" * 10
IOC, POST_ONLY = 0, 2


class Official:
    """The client."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(self, do: str, **asked: object) -> Any:
        """What the client answers; AssertionError when it raises."""
        said = environment.line(self._process, {"do": do, **asked})
        assert "ok" in said, said
        return said["ok"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Official]:
    try:
        python = environment.python("lighter", PACKAGE)
    except environment.NoOracle as error:
        pytest.skip(str(error))
    root = tmp_path_factory.mktemp("lighter")
    with exchange(root, speed="20", listed=["lighter:ETH"], for_s=200, venue="lighter") as site:
        key = public_key(bytes.fromhex(SECRET)).hex()
        Backdoor(site.address, str(ACCOUNT)).post("key", account=ACCOUNT, api_key_index=KEY, public_key=key)
        command = [str(python), "-I", str(SCRIPT)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            environment.line(process, {"address": site.address, "secret": SECRET, "account": ACCOUNT})
            yield Official(process)
        finally:
            process.kill()
            process.communicate()


def ticks(price: str) -> int:
    return round(float(price) * 100)


def test_the_client_knows_its_key_and_the_market(client: Official) -> None:
    assert client("check") is None
    market = client("market")
    assert (market["symbol"], market["market_id"], market["price_decimals"]) == ("ETH", 0, 2)


def test_the_client_places_sees_and_cancels(client: Official) -> None:
    bid = ticks(client("book")["bids"][0]["price"])
    for number in (1, 2):
        told = client("place", client=number, lots=500, price=bid - 1000, is_ask=False, tif=POST_ONLY)
        assert told == {"error": None, "code": 200}
    rows = client("active")
    assert {row["client_order_index"] for row in rows} == {1, 2}
    assert client("cancel", index=1)["code"] == 200
    numbers = {row["client_order_index"]: row["order_index"] for row in rows}
    assert client("cancel", index=numbers[2])["code"] == 200
    while client("active"):
        pass
    assert client("leverage")["code"] == 200
    assert client("cancel_all")["code"] == 200


def test_what_the_client_takes_is_held(client: Official) -> None:
    ask = ticks(client("book")["asks"][0]["price"])
    told = client("place", client=9, lots=500, price=ask + 1000, is_ask=False, tif=IOC)
    assert told["code"] == 200
    for _ in range(200):
        [account] = client("state")["accounts"]
        held = [one["position"] for one in account["positions"] if float(one["position"])]
        if held:
            break
    assert held == ["0.0500"]


def test_a_client_id_is_used_once(client: Official) -> None:
    bid = ticks(client("book")["bids"][0]["price"])
    assert client("place", client=7, lots=500, price=bid - 1000, is_ask=False, tif=POST_ONLY)["code"] == 200
    told = client("place", client=7, lots=500, price=bid - 1000, is_ask=False, tif=POST_ONLY)
    assert "21728" in told["error"] or "already exists" in told["error"]


def test_the_clients_stream_makes_our_book(client: Official) -> None:
    book = client("stream")
    assert max(ticks(one["price"]) for one in book["bids"]) < min(ticks(one["price"]) for one in book["asks"])
