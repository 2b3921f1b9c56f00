"""The official client of Bybit at our exchange, and our adapter beside it on the same account. Runs with
DNKIT_ORACLES=1 (`make test-oracles`), and needs a package index the first time.
"""

import os
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dnkit.live.ccxt.record import text_id
from dnkit.model.events import OrderAccepted, OrderEnded
from dnkit.model.terms import OrderType, Side
from tests.oracles.bybit import Official, official, python
from tests.oracles.environment import NoOracle
from tests.recovery.processes import exchange
from tests.venues.bybit.stand import SYMBOL, at, keys_of
from tests.venues.rehearsal import lots_for, run

pytestmark = pytest.mark.skipif(os.environ.get("DNKIT_ORACLES") != "1", reason="DNKIT_ORACLES is not 1")
IT = {"category": "linear", "symbol": SYMBOL}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        python()
    except NoOracle as error:
        pytest.skip(str(error))
    root = tmp_path_factory.mktemp("bybit")
    with exchange(root, speed="20", listed=[f"bybit:{SYMBOL}"], for_s=200, venue="bybit") as site:
        yield site.address


@pytest.fixture
def client(address: str, tmp_path: Path) -> Iterator[Official]:
    with official(address, keys_of(tmp_path)["api_key"]) as one:
        yield one


def touch(client: Official) -> tuple[Decimal, Decimal]:
    """Best bid and ask by a read."""
    book = client("get_orderbook", **IT)
    return Decimal(book["b"][0][0]), Decimal(book["a"][0][0])


def place(client: Official, price: Decimal, tif: str, name: str, **more: object) -> Any:
    asked = {**IT, "side": "Buy", "orderType": "Limit", "qty": "0.05", "price": str(price), **more}
    return client("place_order", **asked, timeInForce=tif, orderLinkId=name)


def seen(client: Official, name: str) -> Any:
    """An order by client id, once the venue's index has it."""
    until_s = time.monotonic() + 5
    while time.monotonic() < until_s:
        rows = client("get_open_orders", **IT, orderLinkId=name)["list"]
        if rows:
            return rows[0]
        time.sleep(0.05)
    raise AssertionError(f"{name} is never seen")


def held(client: Official) -> Decimal:
    """The position by a read, which may be behind."""
    return Decimal(client("get_positions", **IT)["list"][0]["size"])


def test_the_client_places_looks_up_and_cancels(client: Official) -> None:
    low = touch(client)[0] - 300
    placed = place(client, low, "PostOnly", "a")
    assert placed["orderLinkId"] == "a"
    row = seen(client, "a")
    assert (row["orderId"], row["orderStatus"], Decimal(row["price"])) == (placed["orderId"], "New", low)
    assert place(client, low, "GTC", "a")["refused"] == 110072
    assert client("cancel_order", **IT, orderLinkId="a")["orderId"] == placed["orderId"]
    assert client("cancel_order", **IT, orderLinkId="a")["refused"] == 110001
    assert seen(client, "a")["orderStatus"] == "Cancelled"
    assert client("get_open_orders", **IT)["list"] == []


def test_the_client_hears_its_fills_and_its_position(client: Official) -> None:
    client("follow", symbol=SYMBOL)
    [book, *_] = client("wait", topic="orderbook", count=1)
    bids, asks = (max(book["data"]["b"]), min(book["data"]["a"]))
    assert Decimal(bids[0]) < Decimal(asks[0])
    time.sleep(0.2)  # its subscriptions are not acknowledged to us
    place(client, Decimal(asks[0]) + 5, "IOC", "a")
    executed = client("wait", topic="execution", count=1)
    assert sum(Decimal(row["execQty"]) for one in executed for row in one["data"]) == Decimal("0.05")
    assert client("wait", topic="order", count=1)[-1]["data"][0]["orderStatus"] == "Filled"
    assert client("wait", topic="position", count=1)[-1]["data"][0]["size"] == "0.05"
    assert [one["execId"] for one in client("get_executions", **IT)["list"]]


def test_a_post_only_order_that_would_take_is_accepted_then_cancelled(client: Official) -> None:
    place(client, touch(client)[1] + 50, "PostOnly", "a")
    row = seen(client, "a")
    assert (row["orderStatus"], row["rejectReason"]) == ("Cancelled", "EC_PostOnlyWillTakeLiquidity")
    assert place(client, touch(client)[0], "GTC", "b", reduceOnly=True)["refused"] == 110017


def test_both_see_what_the_other_did(client: Official, address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            rests = desk.order(OrderType.POST_ONLY, Side.BUY, lots_for(desk, 20), -300)
            takes = desk.order(OrderType.IOC, Side.BUY, lots_for(desk, 50), 50)
            for order in (rests, takes):
                assert isinstance(await desk.ask(order), OrderAccepted)
            await desk.until(lambda: desk.ears.of(takes.key, OrderEnded), "the end")
            [row] = client("get_open_orders", **IT)["list"]
            assert row["orderLinkId"] == text_id(rests.key)
            await desk.until(lambda: held(client) == Decimal(takes.lots) / 100, "the position")
            place(client, touch(client)[0] - 300, "GTC", "by-hand")
            found = {one.key for one in await desk.venue.open_orders(SYMBOL)}
            assert found == {rests.key, ""}

    run(work)
