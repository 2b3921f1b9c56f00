"""Our side of the Hyperliquid figures and that of plain ccxt, a process each: `ours` and `plain` answer each
change of the book with a post-only order at the bid, until killed; `memory COUNT` hears all messages.
"""

import asyncio
import json
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any

import ccxt.pro

from bench.answering import answer, asked, setup_of
from bench.hyperliquid import COIN, SIZE, book, touch
from dnkit.live.hyperliquid.adapter import make
from dnkit.live.hyperliquid.ledger import Ledger
from dnkit.live.hyperliquid.speech import Books, Hear, Speech
from dnkit.live.memory import Memory
from dnkit.market.book import Book
from dnkit.runtime.library import VenueFacts
from dnkit.venues.evm import key_of
from dnkit.venues.hyperliquid.signing import cloid_of
from dnkit.venues.hyperliquid.words import units_of

FIRST_MS = 1_790_000_000_000
LOTS = 500
PLAIN = {
    "builderFee": False,
    "refSet": True,
    "enableUnifiedMargin": False,
}  # what it would ask or send besides


async def ours(folder: Path) -> None:
    """Answer with our adapter."""
    told = asked()
    keys = {"private_key": told["secret"]}
    await answer(make, setup_of("hyperliquid_perpetual", COIN, told["address"], keys, folder), LOTS)


async def plain(_folder: Path) -> None:
    """Answer with ccxt as its manual has it, orders by its socket, its builder's fee off."""
    told = asked()
    http = told["address"]
    urls: Any = {"public": http, "private": http, "ws": {"public": "ws" + http.removeprefix("http") + "/ws"}}
    address = f"0x{key_of(told['secret']).address.hex()}"
    exchange = ccxt.pro.hyperliquid(
        {
            "walletAddress": address,
            "privateKey": "0x" + told["secret"],
            "urls": {"api": urls},
            "enableRateLimit": False,
            "options": {
                "fetchMarkets": {"types": ["swap"]},
                "builderFee": False,
                "refSet": True,
                "enableUnifiedMargin": False,
            },
        }
    )
    await exchange.load_markets()
    unified = next(iter(exchange.markets))
    await exchange.watch_order_book(unified)
    while True:
        price = (await exchange.watch_order_book(unified))["bids"][0][0]
        await exchange.create_order_ws(unified, "limit", "buy", SIZE, price, {"timeInForce": "Alo"})


async def memory(folder: Path) -> None:
    """MiB that were added between a tenth of the messages and all of them."""
    messages, first, numbers = int(sys.argv[2]), 0, count()
    speech = _speech(folder)
    for number in range(messages):
        speech.heard(_message(number, next(numbers)))
        if number == messages // 10:
            first = _resident()
    print((_resident() - first) / 2**20)


def _speech(folder: Path) -> Speech:
    """Books and ledger of the adapter, without its sockets, with one order of ours."""
    known = VenueFacts()["hyperliquid_perpetual"].instrument(COIN)
    assert known is not None, "ETH is in the file"
    units = units_of(known, 0, 4)
    kept = Memory(folder / "orders.db", "bench")
    ledger = Ledger({COIN: units}.get, kept, time.time_ns, lambda *_: None, lambda _: None)
    ledger.placed(COIN, "mine", at_once=False)
    books = Books({COIN: Book()}, lambda _: units, time.time_ns, lambda _: None)
    hearers: dict[str, Hear] = {"bbo": books.bbo, "l2Book": books.snapshot, "orderUpdates": ledger.updates}
    hearers["userFills"] = lambda data: ledger.merge(data["fills"])
    return Speech([], hearers, [], lambda: None, lambda: None)


def _message(number: int, id: int) -> str:
    if number % 10 == 0:
        return json.dumps(book(number))
    if number % 10 == 1:
        fill = {"coin": COIN, "px": "3000", "sz": "0.1", "side": "B", "time": FIRST_MS, "oid": id, "tid": id}
        fill |= {"crossed": True, "fee": "0.1", "feeToken": "USDC", "cloid": f"0x{id:032x}"}
        return json.dumps({"channel": "userFills", "data": {"user": "0x", "fills": [fill]}})
    if number % 10 == 2:
        order = {"coin": COIN, "sz": "0", "origSz": "0.1", "oid": id, "cloid": cloid_of("mine")}
        return json.dumps({"channel": "orderUpdates", "data": [{"order": order, "status": "open"}]})
    return json.dumps(touch(number))


def _resident() -> int:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * 4096


def main() -> None:
    """Do what was asked for."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run({"ours": ours, "plain": plain, "memory": memory}[sys.argv[1]](Path(folder)))


if __name__ == "__main__":
    main()
