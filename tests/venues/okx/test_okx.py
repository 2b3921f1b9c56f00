"""Plain ccxt drives the local exchange that speaks as OKX does, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import ccxt.pro
import pytest

from dnkit.runtime.local.okx.auth import passphrase_of, secret_of
from tests.live.backdoor import Backdoor
from tests.venues.okx.stand import SYMBOL
from tests.venues.rehearsal import run

PAIR = "ETH/USDT:USDT"


@asynccontextmanager
async def client(address: str, key: str, **changes: Any) -> AsyncIterator[Any]:
    """ccxt's own OKX, pointed here by its constructor."""
    options = {"fetchMarkets": {"types": ["swap"]}, "defaultType": "swap"}
    config = {
        "apiKey": key,
        "secret": secret_of(key),
        "password": passphrase_of(key),
        "number": str,
        "options": options,
        "enableRateLimit": False,
        "urls": {"api": {"rest": address, "ws": address.replace("http", "ws") + "/ws/v5"}},
    }
    okx = ccxt.pro.okx({**config, **changes})
    okx.has["fetchCurrencies"] = False
    try:
        await okx.load_markets()
        yield okx
    finally:
        await okx.close()


async def settled(okx: Any, key: str, *states: str) -> dict[str, Any]:
    """The order by its client id, once it is in one of these states."""
    for _ in range(200):
        try:
            order: dict[str, Any] = await okx.fetch_order(None, PAIR, {"clOrdId": key})
            if order["status"] in states:
                return order
        except ccxt.OrderNotFound:
            pass
        await asyncio.sleep(0.02)
    raise AssertionError(f"{key} never was {states}")


async def touch(okx: Any) -> tuple[float, float]:
    book = await okx.fetch_order_book(PAIR, 5)
    return float(book["bids"][0][0]), float(book["asks"][0][0])


def test_markets_are_in_contracts(address: str) -> None:
    async def work() -> None:
        async with client(address, "markets") as okx:
            market = okx.market(PAIR)
            assert (market["contractSize"], market["precision"]["amount"]) == ("0.1", "0.01")

    run(work)


def test_a_resting_order_is_found_and_cancelled(address: str) -> None:
    async def work() -> None:
        async with client(address, "rests") as okx:
            bid, _ = await touch(okx)
            price = round(bid * 0.98, 2)
            made = await okx.create_order(
                PAIR, "limit", "buy", 1, price, {"clOrdId": "rest1", "postOnly": True}
            )
            assert (await settled(okx, "rest1", "open"))["id"] == made["id"]
            with pytest.raises(ccxt.InvalidOrder, match="51016"):
                again = await okx.create_order(PAIR, "limit", "buy", 1, price, {"clOrdId": "rest1"})
                raise AssertionError(again)
            await okx.cancel_order(None, PAIR, {"clOrdId": "rest1"})
            assert (await settled(okx, "rest1", "canceled"))["filled"] == "0"
            with pytest.raises(ccxt.OrderNotFound):
                await okx.fetch_order(None, PAIR, {"clOrdId": "never"})

    run(work)


@pytest.mark.parametrize("tif", ["IOC", "FOK"])
def test_a_taker_fills_and_moves_the_position(address: str, tif: str) -> None:
    async def work() -> None:
        async with client(address, f"takes{tif}") as okx:
            _, ask = await touch(okx)
            await okx.create_order(
                PAIR, "limit", "buy", 0.5, round(ask * 1.01, 2), {"clOrdId": "take1", "timeInForce": tif}
            )
            assert (await settled(okx, "take1", "closed"))["filled"] == "0.5"
            fills = await okx.fetch_my_trades(PAIR)
            assert sum(float(one["amount"]) for one in fills) == 0.5
            truth = await asyncio.to_thread(Backdoor(address, f"takes{tif}").truth)
            assert truth[SYMBOL]["lots"] == 50

    run(work)


def test_a_post_only_order_that_crosses_is_accepted_and_then_cancelled(address: str) -> None:
    async def work() -> None:
        async with client(address, "crosses") as okx:
            _, ask = await touch(okx)
            await okx.create_order(
                PAIR, "limit", "buy", 1, round(ask * 1.01, 2), {"clOrdId": "cross1", "postOnly": True}
            )
            order = await settled(okx, "cross1", "canceled")
            assert order["info"]["cancelSource"] == "31"

    run(work)


def test_a_wrong_secret_is_refused(address: str) -> None:
    async def work() -> None:
        async with client(address, "forged", secret="another") as okx:
            with pytest.raises(ccxt.AuthenticationError, match="50113"):
                await okx.fetch_positions()

    run(work)


def test_a_gap_breaks_the_chain_of_the_book(address: str) -> None:
    async def work() -> None:
        async with client(address, "streams") as okx:
            book = await okx.watch_order_book(PAIR)
            assert float(book["bids"][0][0]) < float(book["asks"][0][0])
            await asyncio.to_thread(Backdoor(address, "").faults, "gap=50")
            try:
                with pytest.raises(ccxt.InvalidNonce):
                    for _ in range(200):
                        await okx.watch_order_book(PAIR)
            finally:
                await asyncio.to_thread(Backdoor(address, "").faults, "all=0")

    run(work)


def test_streams_tell_orders_fills_and_positions(address: str) -> None:
    async def work() -> None:
        async with client(address, "hears") as okx:
            trades = asyncio.create_task(okx.watch_my_trades(PAIR))
            await okx.authenticate()
            await asyncio.sleep(0.2)  # ccxt tells nobody when a subscription stands
            _, ask = await touch(okx)
            await okx.create_order_ws(PAIR, "limit", "buy", 0.3, round(ask * 1.01, 2), {"clOrdId": "ws1"})
            async with asyncio.timeout(5):
                told = await trades
            assert told[0]["info"]["clOrdId"] == "ws1"
            for _ in range(200):
                held = await okx.fetch_positions([PAIR])
                if held and held[0]["contracts"] == "0.3":
                    return
                await asyncio.sleep(0.02)
            raise AssertionError(held)

    run(work)


@pytest.mark.parametrize(
    ("fault", "error", "arrived"),
    [
        ("drop_before", ccxt.NetworkError, 0),
        ("drop_after", ccxt.NetworkError, 1),
        ("rate_limit", ccxt.RateLimitExceeded, 0),
    ],
)
def test_an_order_on_the_socket_fails_as_one_by_rest(
    address: str, fault: str, error: type[Exception], arrived: int
) -> None:
    async def work() -> None:
        key = f"ws{fault.replace('_', '')}"
        async with client(address, key) as okx:
            bid, _ = await touch(okx)
            await okx.authenticate()
            await asyncio.to_thread(Backdoor(address, "").faults, f"{fault}=100")
            try:
                async with asyncio.timeout(5):
                    with pytest.raises(error):
                        await okx.create_order_ws(PAIR, "limit", "buy", 1, round(bid * 0.9, 2))
            finally:
                await asyncio.to_thread(Backdoor(address, "").faults, "all=0")
            truth = await asyncio.to_thread(Backdoor(address, key).truth)
            assert len(truth[SYMBOL]["orders"]) == arrived

    run(work)
