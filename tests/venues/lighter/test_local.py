"""Plain ccxt with Lighter's own signing library at the local exchange."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import ccxt.pro
import pytest

from dnkit.venues.lighter import words
from tests.recovery.processes import exchange
from tests.venues.lighter.signer import SECRET, Signer, library
from tests.venues.rehearsal import run

KEY = 5
SYMBOL = "ETH/USDC:USDC"
PATIENCE_S = 10


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A local Lighter for all tests here; each has an account of its own."""
    library()
    root = tmp_path_factory.mktemp("lighter")
    with exchange(root, speed="20", listed=["lighter:ETH"], for_s=300, venue="lighter") as site:
        yield site.address


@asynccontextmanager
async def client(address: str, account: int, secret: str = SECRET, **options: Any) -> AsyncIterator[Any]:
    """ccxt on an account."""
    stream = "ws" + address.removeprefix("http") + "/stream"
    known = {str(account): {str(KEY): {"lighterPrivateKey": secret}}}
    settings = {
        "libraryPath": library(),
        "accountIndex": account,
        "apiKeyIndex": KEY,
        "auths": known,
        "builderFee": False,
    } | options
    found = ccxt.pro.lighter(
        {
            "enableRateLimit": False,
            "number": str,
            "options": settings,
            "urls": {"api": {**dict.fromkeys(("root", "public", "private"), address), "ws": stream}},
        }
    )
    found.has["fetchCurrencies"] = False
    try:
        await found.load_markets()
        yield found
    finally:
        await found.close()


async def touch(exchange: Any) -> tuple[float, float]:
    """The best bid and ask."""
    book = await exchange.fetch_order_book(SYMBOL)
    return float(book["bids"][0][0]), float(book["asks"][0][0])


async def send(
    exchange: Any, side: str, price: float, client_id: int, size: str = "0.05", **params: Any
) -> Any:
    """Place an order."""
    told = {"clientOrderId": client_id, "nonce": time.time_ns() // 1_000_000, **params}
    return await exchange.create_order(SYMBOL, "limit", side, size, f"{price:.2f}", told)


async def look(exchange: Any, client_id: int, *, over: bool) -> Any:
    """An order by its client id, once it is in the list."""
    for _ in range(PATIENCE_S * 20):
        rows = await (exchange.fetch_closed_orders(SYMBOL) if over else exchange.fetch_open_orders(SYMBOL))
        for row in rows:
            if row["clientOrderId"] == str(client_id):
                return row
        await asyncio.sleep(0.05)
    raise AssertionError(f"no order {client_id}")


def code(error: BaseException) -> int:
    """The venue's own code."""
    found: int = json.loads(str(error).partition(" ")[2])["code"]
    return found


def test_an_order_rests_is_found_by_its_id_and_cancelled_by_it(address: str) -> None:
    async def work() -> None:
        async with client(address, 1001) as lighter:
            bid, _ = await touch(lighter)
            told = await send(lighter, "buy", bid * 0.99, 11, postOnly=True)
            assert told["id"] is None
            assert told["info"]["tx_hash"]
            row = await look(lighter, 11, over=False)
            assert (row["status"], row["side"], row["amount"], row["filled"]) == (
                "open",
                "buy",
                "0.0500",
                "0.0000",
            )
            assert int(row["id"]) > words.CLIENT_MAX
            await lighter.cancel_order(None, SYMBOL, {"clientOrderId": 11})
            assert (await look(lighter, 11, over=True))["info"]["status"] == "canceled"
            await send(lighter, "buy", bid * 0.99, 12, postOnly=True)
            row = await look(lighter, 12, over=False)
            await lighter.cancel_order(row["id"], SYMBOL)
            await look(lighter, 12, over=True)

    run(work)


def test_what_takes_is_filled_and_told_as_trades_and_position(address: str) -> None:
    async def work() -> None:
        async with client(address, 1002) as lighter:
            heard = asyncio.create_task(lighter.watch_my_trades())
            orders = asyncio.create_task(lighter.watch_orders(SYMBOL))
            await asyncio.sleep(0.3)
            _, ask = await touch(lighter)
            await send(lighter, "buy", ask * 1.01, 21, timeInForce="IOC")
            async with asyncio.timeout(PATIENCE_S):
                trades, told = await heard, await orders
            assert {one["info"]["bid_client_id"] for one in trades} == {21}
            assert {(one["side"], one["takerOrMaker"]) for one in trades} == {("buy", "taker")}
            assert told[0]["clientOrderId"] == "21"
            row = await look(lighter, 21, over=True)
            assert (row["status"], row["filled"], row["remaining"]) == ("closed", "0.0500", "0.0000")
            again = await lighter.fetch_my_trades(SYMBOL)
            assert {one["id"] for one in trades} <= {one["id"] for one in again}
            for _ in range(100):
                [held] = await lighter.fetch_positions([SYMBOL])
                if held["info"]["position"] == "0.0500":
                    break
                await asyncio.sleep(0.05)
            assert (held["side"], held["info"]["position"], held["info"]["sign"]) == ("long", "0.0500", 1)

    run(work)


def test_the_book_of_the_stream_is_that_of_the_exchange(address: str) -> None:
    async def work() -> None:
        async with client(address, 1003) as lighter:
            nonces = set()
            for _ in range(10):
                book = await lighter.watch_order_book(SYMBOL)
                nonces.add(book["nonce"])
                assert book["bids"][0][0] < book["asks"][0][0]
            assert len(nonces) > 1

    run(work)


def test_changes_of_a_book_follow_each_other(address: str) -> None:
    async def work() -> None:
        async with aiohttp.ClientSession() as http, http.ws_connect(f"{address}/stream") as line:
            assert (await line.receive_json(timeout=5))["type"] == "connected"
            await line.send_json({"type": "subscribe", "channel": "order_book/0"})
            last = (await line.receive_json(timeout=5))["order_book"]["nonce"]
            for _ in range(20):
                told = await line.receive_json(timeout=5)
                assert told["type"] == "update/order_book"
                assert told["order_book"]["begin_nonce"] == last
                last = told["order_book"]["nonce"]
            await line.send_json({"type": "subscribe", "channel": "account_all_orders/1"})
            while "error" not in (told := await line.receive_json(timeout=5)):
                pass
            assert told["error"]["code"] == words.UNAUTHORISED

    run(work)


def test_what_would_cross_is_taken_and_then_cancelled(address: str) -> None:
    async def work() -> None:
        async with client(address, 1004) as lighter:
            _, ask = await touch(lighter)
            await send(lighter, "buy", ask * 1.01, 41, postOnly=True)
            assert (await look(lighter, 41, over=True))["info"]["status"] == "canceled-post-only"
            await send(lighter, "sell", ask * 0.9, 42, timeInForce="IOC", reduceOnly=True)
            assert (await look(lighter, 42, over=True))["info"]["status"] == "canceled-reduce-only"
            await send(lighter, "buy", ask * 0.9, 43, timeInForce="IOC")
            row = await look(lighter, 43, over=True)
            assert (row["info"]["status"], row["filled"]) == ("canceled-not-enough-liquidity", "0.0000")

    run(work)


def test_refusals_carry_the_codes_of_the_venue(address: str) -> None:
    async def refused(lighter: Any, client_id: int, price: float, **params: Any) -> int:
        with pytest.raises(ccxt.BaseError) as caught:
            await send(lighter, "buy", price, client_id, postOnly=True, **params)
        return code(caught.value)

    async def work() -> None:
        async with client(address, 1005) as lighter:
            bid, _ = await touch(lighter)
            price = bid * 0.99
            await send(lighter, "buy", price, 51, postOnly=True)
            assert await refused(lighter, 51, price) == words.DUPLICATE_ID
            assert await refused(lighter, 52, price, size="0.001") == words.TOO_SMALL
            assert await refused(lighter, 53, price, nonce=5) == words.BAD_NONCE
            fee = {"builderFee": True, "integratorAccountIndex": 718718, "integrator_account_index": 718718}
            assert await refused(lighter, 54, price, **fee) == words.BAD_TRANSACTION
            with pytest.raises(ccxt.BaseError) as caught:
                await lighter.cancel_order(None, SYMBOL, {"clientOrderId": 999})
            assert code(caught.value) == words.NOT_ACTIVE
        private, _ = Signer().new_key()
        async with client(address, 1006, private) as stranger:
            assert await refused(stranger, 61, price) == words.BAD_SIGNATURE
            with pytest.raises(ccxt.BaseError) as caught:
                await stranger.fetch_open_orders(SYMBOL)
            assert code(caught.value) == words.UNAUTHORISED

    run(work)


def test_a_key_that_was_registered_signs_and_no_other_does_then(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        private, public = Signer().new_key()
        asked = {"account": 1007, "api_key_index": KEY, "public_key": public}
        async with aiohttp.ClientSession() as http, http.post(f"{address}/local/key", json=asked) as answer:
            assert answer.status == 200
        async with client(address, 1007, private) as lighter:
            bid, _ = await touch(lighter)
            await send(lighter, "buy", bid * 0.99, 71, postOnly=True)
            await look(lighter, 71, over=False)
        async with client(address, 1007) as lighter:
            with pytest.raises(ccxt.BaseError) as caught:
                await send(lighter, "buy", bid * 0.99, 72, postOnly=True)
            assert code(caught.value) == words.BAD_SIGNATURE

    run(work)


async def faults(address: str, text: str) -> Any:
    """Let these go wrong from now on; what did so far."""
    async with aiohttp.ClientSession() as http, http.post(f"{address}/local/faults", data=text) as answer:
        return await answer.json()


@pytest.mark.parametrize(
    ("fault", "sent", "landed"),
    [
        ("drop_before", False, False),
        ("rate_limit", False, False),
        ("drop_after", False, True),
        ("html", False, True),
        ("truncated", True, True),
    ],
)
def test_what_breaks_on_the_wire_breaks_before_or_after_the_order(
    address: str, fault: str, sent: bool, landed: bool
) -> None:
    async def work() -> None:
        account = 1100 + len(fault)
        async with client(address, account) as lighter:
            bid, _ = await touch(lighter)
            await faults(address, f"{fault}=100")
            try:
                told = await send(lighter, "buy", bid * 0.99, 91, postOnly=True)
                assert sent, told
            except ccxt.BaseError:
                assert not sent
            finally:
                await faults(address, "all=0")
            await asyncio.sleep(0.3)
            assert len(await lighter.fetch_open_orders(SYMBOL)) == landed

    run(work)


def test_a_gap_shows_in_the_numbers_of_changes_and_a_fill_may_come_twice(address: str) -> None:
    async def work() -> None:
        async with aiohttp.ClientSession() as http, http.ws_connect(f"{address}/stream") as line:
            await line.send_json({"type": "subscribe", "channel": "order_book/0"})
            await line.send_json({"type": "subscribe", "channel": "account_all_trades/1009"})
            gaps, last = 0, 0
            trades: list[int] = []
            await faults(address, "gap=50,twice=100")
            try:
                async with client(address, 1009) as lighter:
                    _, ask = await touch(lighter)
                    await send(lighter, "buy", ask * 1.01, 95, timeInForce="IOC")
                while not (gaps and len(trades) > 1):
                    told = await line.receive_json(timeout=5)
                    if told["type"] == "update/order_book":
                        gaps += bool(last) and told["order_book"]["begin_nonce"] != last
                        last = told["order_book"]["nonce"]
                    elif told["type"] == "update/account_all_trades":
                        trades += [one["trade_id"] for one in told["trades"]["0"]]
            finally:
                await faults(address, "all=0")
            assert len(trades) == 2 * len(set(trades))

    run(work)


def test_an_order_goes_by_the_socket_too(address: str) -> None:
    async def work() -> None:
        async with client(address, 1008) as lighter:
            bid, _ = await touch(lighter)
            told = await lighter.create_order_ws(
                SYMBOL, "limit", "buy", "0.05", f"{bid * 0.99:.2f}", {"clientOrderId": 81, "postOnly": True}
            )
            assert told["info"]["code"] == 200
            await look(lighter, 81, over=False)
            await lighter.cancel_all_orders(SYMBOL)
            await look(lighter, 81, over=True)

    run(work)
