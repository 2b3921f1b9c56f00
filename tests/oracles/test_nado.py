"""The official client of Nado at our exchange, and our adapter beside it on the same account. Runs with
DNKIT_ORACLES=1 (`make test-oracles`), and needs a package index the first time.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dnkit.model import events as ev
from dnkit.model.terms import OrderType, Side
from dnkit.venues.nado import words
from tests.oracles.environment import NoOracle
from tests.oracles.nado import Official, exchange, official, python
from tests.venues.nado.rig import PRODUCT, SECRET, SYMBOL, There, Trader, facts

pytestmark = pytest.mark.skipif(os.environ.get("DNKIT_ORACLES") != "1", reason="DNKIT_ORACLES is not 1")
LOTS = 100


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        python()
    except NoOracle as error:
        pytest.skip(str(error))
    with exchange(tmp_path_factory.mktemp("nado")) as where:
        yield where


@pytest.fixture
def client(address: str) -> Iterator[Official]:
    with official(address, SECRET) as one:
        yield one
        one("cancel_all")


@pytest.fixture
def product() -> words.Product:
    instrument = facts().instrument(SYMBOL)
    assert instrument is not None
    return words.product_of(PRODUCT, instrument)


def far_bid(client: Official, product: words.Product) -> int:
    """Ticks of a price that rests."""
    return product.ticks(client("price")["bid_x18"]) * 9 // 10


def order(product: words.Product, ticks: int, lots: int = LOTS, type: str = "POST_ONLY") -> dict[str, Any]:
    return {"price": str(product.price_x18(ticks)), "amount": str(product.amount_x18(lots)), "type": type}


def code(said: dict[str, Any]) -> int:
    """Of a refusal, which the client raises as the raw text."""
    assert said.get("error") == "ExecuteFailedException", said
    return int(msgspec.json.decode(said["text"])["error_code"])


def test_the_client_reads_what_the_exchange_answers(client: Official, product: words.Product) -> None:
    symbol = client("symbols")["symbols"][SYMBOL]
    assert int(symbol["product_id"]) == PRODUCT
    assert int(symbol["price_increment_x18"]) == product.tick
    book = client("liquidity")
    assert int(book["bids"][0][0]) < int(book["asks"][0][0])
    assert client("account")["exists"]
    assert client("open")["orders"] == []


def test_the_client_places_looks_up_and_cancels(client: Official, product: words.Product) -> None:
    price = far_bid(client, product)
    digest = client("place", **order(product, price))["digest"]
    row = client("order", digest=digest)
    assert (row["digest"], row["sender"]) == (digest, client.sender)
    assert (int(row["price_x18"]), int(row["amount"])) == (
        product.price_x18(price),
        product.amount_x18(LOTS),
    )
    assert [one["digest"] for one in client("open")["orders"]] == [digest]
    assert [one["digest"] for one in client("cancel", digest=digest)["cancelled_orders"]] == [digest]
    assert code(client.said("cancel", digest=digest)) == words.NOT_FOUND
    socket = client("place_on_socket", **order(product, price))
    assert (socket["status"], len(socket["data"]["digest"])) == ("success", 66)


def test_the_client_is_refused_by_the_codes_it_knows(client: Official, product: words.Product) -> None:
    bid, ask = (product.ticks(client("price")[one]) for one in ("bid_x18", "ask_x18"))
    assert code(client.said("place", **order(product, ask * 11 // 10))) == 2008
    assert code(client.said("place", **order(product, bid // 2, type="IOC"))) == 2056
    assert code(client.said("place", **order(product, bid // 2, type="FOK"))) == 2031
    assert code(client.said("place", **order(product, bid // 2, lots=1))) == 2094
    assert code(client.said("place", **order(product, bid), reduce_only=True)) == 2067


def test_the_client_hears_its_fills_on_the_streams(client: Official, product: words.Product) -> None:
    assert client("log_in")["result"] is None
    assert [one["result"] for one in client("follow")] == [None] * 3
    ask = product.ticks(client("price")["ask_x18"])
    digest = client("place", **order(product, ask * 11 // 10, type="IOC"))["digest"]
    heard: list[dict[str, Any]] = []
    while not any(one["type"] == "position_change" for one in heard):
        heard += client("hear", count=1)
    fills = [one for one in heard if one["type"] == "fill"]
    assert fills[-1]["order_digest"] == digest
    assert sum(int(one["filled_qty"]) for one in fills) == product.amount_x18(LOTS)
    client("place", **order(product, ask * 9 // 10, lots=-LOTS, type="IOC"))


def test_adapter_and_client_see_the_same_account(
    client: Official, product: words.Product, tmp_path: Path
) -> None:
    async def story() -> None:
        async with There(client.address, facts()).trader(tmp_path) as trader:
            assert trader.account == client.sender
            price = far_bid(client, product)
            theirs = client("place", **order(product, price))["digest"]
            assert isinstance(await trader.place("ours", lots=LOTS, price=price - 1), ev.OrderAccepted)
            rows = {one["digest"]: one for one in client("open")["orders"]}
            seen = await trader.venue.open_orders(SYMBOL)
            assert {one.venue_id for one in seen} == rows.keys()
            assert {one.key for one in seen} == {"", "ours"}
            for one in seen:
                row = rows[one.venue_id]
                assert int(row["price_x18"]) == product.price_x18(one.price)
                assert int(row["unfilled_amount"]) == product.amount_x18(one.side * one.lots)
            await trader.sweep()
            assert [one["digest"] for one in client("open")["orders"]] == [theirs]
            await takes(trader, client, product)

    async def takes(trader: Trader, client: Official, product: words.Product) -> None:
        """A taker order of ours: the position is the one the client reads, once reads have caught up."""
        ask = product.ticks(client("price")["ask_x18"])
        await trader.place("taker", OrderType.IOC, Side.BUY, LOTS, ask * 11 // 10)
        told = await trader.ears.one(ev.PositionRead, "")
        end = time.monotonic() + 25
        while amount(client) != product.amount_x18(told.lots or 0):
            assert time.monotonic() < end, "the client never reads what the stream told"
            await asyncio.sleep(0.5)

    def amount(client: Official) -> int:
        balances = client("account")["perp_balances"]
        return next(int(one["balance"]["amount"]) for one in balances if one["product_id"] == PRODUCT)

    asyncio.run(story())
