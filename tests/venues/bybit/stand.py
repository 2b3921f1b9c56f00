"""A local Bybit, desks at it, and a tap between."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from dnkit.live.keys import Keys
from dnkit.model.commands import PlaceOrder
from dnkit.model.events import OrderFound
from dnkit.model.terms import FoundKind
from tests.venues.rehearsal import Desk, trading
from tests.venues.tap import Tap

SYMBOL = "ETHUSDT"


def keys_of(folder: Path) -> Keys:
    """An account of that folder's own."""
    key = hashlib.sha256(str(folder).encode()).hexdigest()[:18]
    return Keys({"api_key": key, "api_secret": key})


@asynccontextmanager
async def at(address: str, folder: Path) -> AsyncIterator[Desk]:
    """A desk."""
    keys = keys_of(folder)
    async with trading("bybit", SYMBOL, address, keys, keys["api_key"], folder) as desk:
        yield desk


@asynccontextmanager
async def tapped(address: str, folder: Path) -> AsyncIterator[tuple[Desk, Tap]]:
    """A desk, and what passes between it and the exchange."""
    async with Tap(address).listening() as tap, at(tap.address, folder) as desk:
        desk.address = address
        yield desk, tap


async def found_as(desk: Desk, order: PlaceOrder, kind: FoundKind) -> OrderFound:
    """Look it up until the venue's index has it: it may be that far behind."""
    for _ in range(100):
        found = await desk.find(order)
        assert isinstance(found, OrderFound)
        if found.found is kind:
            return found
        assert found.found is FoundKind.ABSENT
        await asyncio.sleep(0.05)
    raise AssertionError(f"never {kind}")
