"""The official client of Hyperliquid at our exchange, and our adapter beside it on the same account. Runs
with DNKIT_ORACLES=1 (`make test-oracles`), and needs a package index the first time.
"""

import hashlib
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dnkit.model.events import OrderAccepted, OrderFilled
from dnkit.model.terms import OrderType, Side
from dnkit.venues.hyperliquid.signing import cloid_of
from tests.oracles.environment import NoOracle
from tests.oracles.hyperliquid import Official, official, python
from tests.recovery.processes import exchange
from tests.venues.rehearsal import lots_for, run, trading

pytestmark = pytest.mark.skipif(os.environ.get("DNKIT_ORACLES") != "1", reason="DNKIT_ORACLES is not 1")
VENUE, COIN, SIZE = "hyperliquid_perpetual", "ETH", 0.05


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        python()
    except NoOracle as error:
        pytest.skip(str(error))
    root = tmp_path_factory.mktemp("hyperliquid")
    with exchange(root, speed="20", listed=[f"{VENUE}:{COIN}"], for_s=200, venue=VENUE) as site:
        yield site.address


@pytest.fixture
def secret(tmp_path: Path) -> str:
    return hashlib.sha256(str(tmp_path).encode()).hexdigest()


@pytest.fixture
def client(address: str, secret: str) -> Iterator[Official]:
    with official(address, secret) as one:
        yield one


def touch(client: Official) -> tuple[float, float]:
    """Best bid and ask by the client's own stream."""
    client("follow", coin=COIN)
    best, far = client("wait", channel="bbo", count=1)[-1]["data"]["bbo"]
    return float(best["px"]), float(far["px"])


def order(price: float, tif: str, name: str = "", *, buy: bool = True) -> dict[str, Any]:
    cloid = cloid_of(name) if name else None
    return {"coin": COIN, "buy": buy, "size": SIZE, "price": price, "tif": tif, "cloid": cloid}


def test_the_client_places_looks_up_and_cancels(client: Official) -> None:
    bid, _ = touch(client)
    low = float(round(bid * 0.9))
    resting = client.status("place", **order(low, "Alo", "a"))["resting"]
    assert resting["cloid"] == cloid_of("a")
    [row] = client("open")
    assert (row["oid"], row["limitPx"], row["side"]) == (resting["oid"], str(int(low)), "B")
    assert client.status("cancel", coin=COIN, oid=resting["oid"]) == "success"
    assert "already canceled" in client.status("cancel", coin=COIN, oid=resting["oid"])["error"]
    client.status("place", **order(low, "Gtc", "b"))
    assert client.status("cancel_by_cloid", coin=COIN, cloid=cloid_of("b")) == "success"
    assert client("open") == []
    states = [row for one in client("wait", channel="orderUpdates", count=4) for row in one["data"]]
    assert [(one["order"]["cloid"], one["status"]) for one in states] == [
        (cloid_of(name), status) for name in ("a", "b") for status in ("open", "canceled")
    ]


def test_the_client_hears_what_the_exchange_refuses(client: Official) -> None:
    bid, ask = touch(client)
    over, low = float(round(ask * 1.02)), float(round(bid * 0.9))
    assert "Post only" in client.status("place", **order(over, "Alo"))["error"]
    assert "could not immediately match" in client.status("place", **order(low, "Ioc"))["error"]
    assert "minimum value" in client.status("place", **{**order(low, "Gtc"), "size": 0.001})["error"]
    assert "tick size" in client.status("place", **order(low + 0.12345, "Gtc"))["error"]
    said = client("both", coin=COIN, size=SIZE, prices=[low, over])
    first, second = said["response"]["data"]["statuses"]
    assert "resting" in first
    assert "Post only" in second["error"]


def test_the_client_takes_and_its_streams_tell_it(client: Official) -> None:
    _, ask = touch(client)
    filled = client.status("place", **order(float(round(ask * 1.01)), "Ioc", "c"))["filled"]
    assert Decimal(filled["totalSz"]) == Decimal(str(SIZE))
    messages = client("wait", channel="userFills", count=2)
    assert messages[0]["data"]["isSnapshot"]
    fills = [fill for one in messages[1:] for fill in one["data"]["fills"]]
    assert sum(Decimal(one["sz"]) for one in fills) == Decimal(str(SIZE))
    assert {one["oid"] for one in fills} == {filled["oid"]}
    assert {one["tid"] for one in client("fills")} == {one["tid"] for one in fills}


def test_the_client_changes_orders_and_settings(client: Official) -> None:
    bid, _ = touch(client)
    low = float(round(bid * 0.9))
    oid = client.status("place", **order(low, "Gtc"))["resting"]["oid"]
    changed = client.status("modify", oid=oid, coin=COIN, buy=True, size=SIZE, price=low - 10)["resting"]
    assert changed["oid"] != oid
    [row] = client("open")
    assert row["oid"] == changed["oid"]
    assert client("leverage", coin=COIN)["status"] == "ok"
    assert client("schedule", ahead_ms=60_000)["status"] == "ok"
    assert "too early" in client("schedule", ahead_ms=1_000)["response"]
    assert client("schedule", ahead_ms=0)["status"] == "ok"


def test_client_and_adapter_see_the_same_account(
    address: str, client: Official, secret: str, tmp_path: Path
) -> None:
    bid, _ = touch(client)
    agent = client("agent")
    assert agent[0]["status"] == "ok"
    keys = {"private_key": agent[1], "account": client.account}

    async def work() -> None:
        async with trading(VENUE, COIN, address, keys, client.account, tmp_path) as desk:
            rests = desk.order(OrderType.POST_ONLY, Side.BUY, lots_for(desk, 20), -3000)
            assert isinstance(await desk.ask(rests), OrderAccepted | None)
            [row] = client("open")
            assert row["cloid"] == cloid_of(rests.key)
            client.status("place", **order(float(round(bid * 0.9)), "Gtc"))
            rows = await desk.venue.open_orders(COIN)
            assert sorted(one.key for one in rows) == ["", rests.key]
            takes = desk.order(OrderType.IOC, Side.BUY, lots_for(desk, 50), 50)
            await desk.ask(takes)
            await desk.until(lambda: desk.ears.filled(takes.key) == takes.lots, "the fill")
            told = desk.ears.of(takes.key, OrderFilled)[-1]
            fills = [one for one in client("fills") if one["cloid"] == cloid_of(takes.key)]
            assert told.fee == int(sum(Decimal(one["fee"]) for one in fills) * 10**12)
            assert client.status("cancel_by_cloid", coin=COIN, cloid=cloid_of(rests.key)) == "success"
            assert (await desk.venue.standing(COIN)).can_withdraw is False

    run(work)
