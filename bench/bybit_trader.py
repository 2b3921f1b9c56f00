"""Both sides of the Bybit figures, a process each: `ours` and `plain` answer each change of the book with a
post-only order at the bid, until killed; `memory COUNT` feeds messages to the adapter's streams.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import ccxt.pro

from bench.answering import Ears, answer, asked, setup_of
from bench.bybit import SYMBOL, Bybit, change
from bench.nado import served
from dnkit.live.ccxt.adapter import make
from dnkit.live.ccxt.bybit import BYBIT
from dnkit.live.ccxt.exchange import filled
from dnkit.live.setup import Setup
from dnkit.market.book import Book

LOTS = 5


def setup_at(address: str, folder: Path) -> Setup:
    """Our account."""
    return setup_of("bybit", SYMBOL, address, {"api_key": "bench", "api_secret": "bench"}, folder)


async def ours(folder: Path) -> None:
    """Answer with our adapter."""
    await answer(make, setup_at(asked()["address"], folder), LOTS)


async def plain(_folder: Path) -> None:
    """Answer with ccxt as its manual has it."""
    urls: Any = filled(BYBIT.urls, asked()["address"])
    config = {"apiKey": "bench", "secret": "bench", "urls": {"api": urls}, "options": dict(BYBIT.options)}
    exchange = ccxt.pro.bybit({**config, "enableRateLimit": False})
    await exchange.load_markets()
    unified = next(iter(exchange.markets))
    await exchange.watch_order_book(unified, 50)
    while True:
        book = await exchange.watch_order_book(unified, 50)
        price = book["bids"][0][0]
        await exchange.create_order(unified, "limit", "buy", 0.05, price, {"timeInForce": "PostOnly"})


async def memory(folder: Path) -> None:
    """MiB between a tenth of the messages and all of them, given to its sockets as if they had come."""
    messages, first = int(sys.argv[2]), 0
    async with served(Bybit()) as address:
        venue = make(setup_at(address, folder))
        await venue.open({SYMBOL: Book()}, Ears())
        sockets = venue._data.raw.clients
        books, own = (
            next(one for url, one in sockets.items() if part in url) for part in ("public", "private")
        )
        for number in range(messages):
            if number % 10 == 1:
                own.handle_text_or_binary_message(json.dumps(execution(number)))
            else:
                books.handle_text_or_binary_message(json.dumps(change(number)))
            if number == messages // 10:
                first = resident()
        print((resident() - first) / 2**20)
        await venue.close()


def execution(number: int) -> dict[str, Any]:
    """One of somebody else's orders: ours would have to be remembered each."""
    row: dict[str, Any] = {
        "symbol": SYMBOL,
        "orderId": "1",
        "orderLinkId": f"x{number % 50}",
        "execId": str(number),
    }
    row |= {"execPrice": "2000", "execQty": "0.01", "execFee": "0.001", "execTime": "1790000000000"}
    row |= {"side": "Buy", "isMaker": False, "execType": "Trade", "category": "linear"}
    return {"topic": "execution", "data": [row]}


def resident() -> int:
    """Bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def main() -> None:
    """Do what was asked for."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run({"ours": ours, "plain": plain, "memory": memory}[sys.argv[1]](Path(folder)))


if __name__ == "__main__":
    main()
