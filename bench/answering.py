"""What every latency trader of ours does: answer each change of a book with a post-only order at the bid."""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

from dnkit.live.keys import Keys
from dnkit.live.setup import Setup
from dnkit.market.book import Book
from dnkit.model.commands import PlaceOrder
from dnkit.model.events import VenueFact
from dnkit.model.terms import OrderType, Side
from dnkit.runtime.library import VenueFacts
from dnkit.venues.base import Venue


class Ears:
    """Wakes whoever waits for a change."""

    def __init__(self) -> None:
        self.woken = asyncio.Event()

    def fact(self, symbol: str, key: str, fact: VenueFact) -> None:
        """Nobody tells any."""

    def missed(self) -> None:
        """Nothing is lost on loopback."""

    def moved(self, symbol: str) -> None:
        """Another change."""
        self.woken.set()


def setup_of(venue: str, symbol: str, address: str, keys: Mapping[str, str], folder: Path) -> Setup:
    """An account at a server on loopback."""
    known = VenueFacts()[venue]
    instrument = known.instrument(symbol)
    assert instrument is not None, f"{venue} has no {symbol}"
    return Setup(
        capabilities=known,
        instruments={symbol: instrument},
        where=address,
        keys=Keys(dict(keys)),
        memory=folder / "memory.db",
        now=time.time_ns,
        alert=lambda _alert: None,
    )


def asked() -> Mapping[str, str]:
    """Address and secret, from whoever started this process."""
    found: Mapping[str, str] = json.loads(sys.stdin.readline())
    return found


async def answer(make: Callable[[Setup], Venue], setup: Setup, lots: int) -> None:
    """Until killed."""
    symbol, book, ears = next(iter(setup.instruments)), Book(), Ears()
    venue = make(setup)
    await venue.open({symbol: book}, ears)
    ears.woken.clear()
    for number in count(1):
        await ears.woken.wait()
        ears.woken.clear()
        key = f"0e6b58b62591-hedge-{number}"
        order = PlaceOrder(0, number, key, Side.BUY, OrderType.POST_ONLY, lots, book.bid, 0, False, True, "")
        await venue.ask(order, symbol)
