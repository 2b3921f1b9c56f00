"""Our side of the Nado figures, a process of its own: `race` answers each touch with an order, `memory COUNT`
feeds messages to the stream.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from bench.answering import answer, asked, setup_of
from bench.nado import AMOUNT, PRICE, X18, touch
from dnkit.live.nado import make
from dnkit.live.nado.query import Liquidity, Queries
from dnkit.live.nado.stream import Chain, Stream
from dnkit.market.book import Book
from dnkit.runtime.library import VenueFacts
from dnkit.venues.nado.words import product_of

SYMBOL, LOTS = "ETH-PERP", 100


async def race(folder: Path) -> None:
    """Answer touches."""
    told = asked()
    keys = {"private_key": told["secret"]}
    await answer(make, setup_of("nado", SYMBOL, told["address"], keys, folder), LOTS)


def memory(messages: int) -> None:
    """Print MiB after a tenth of the messages and after all, and how many there were in a second."""
    instrument = VenueFacts()["nado"].instrument(SYMBOL)
    assert instrument is not None
    chain = Chain(product_of(4, instrument), Book())
    chain.take(Liquidity("1", [(str(PRICE - X18), str(AMOUNT))], [(str(PRICE), str(AMOUNT))]), 1)
    stream = Stream(
        "0x",
        Queries("http://127.0.0.1:1", "http://127.0.0.1:1"),
        {4: chain},
        login=str,
        heard_of=lambda _told: None,
        moved=lambda _number: None,
        missed=lambda: None,
        now=time.time_ns,
    )
    early, start = 0.0, time.perf_counter()
    for number in range(messages):
        stream.heard(json.dumps(_message(number)))
        if number == messages // 10:
            early = _resident_mib()
    print(early, _resident_mib(), messages / (time.perf_counter() - start))


def _message(number: int) -> dict[str, object]:
    """By turns a touch and a change of a level, that wanders over a thousand prices."""
    if number % 2:
        return touch(number)
    level = [str(PRICE - X18 // 10 * (10 + number // 2 % 1000)), str(AMOUNT * (number // 2 % 3))]
    return {
        "type": "book_depth",
        "last_max_timestamp": str(number or 1),
        "min_timestamp": str(number + 1),
        "max_timestamp": str(number + 2),
        "product_id": 4,
        "bids": [level],
        "asks": [],
    }


def _resident_mib() -> float:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    if sys.argv[1] == "race":
        with tempfile.TemporaryDirectory() as where:
            asyncio.run(race(Path(where)))
    else:
        memory(int(sys.argv[2]))
