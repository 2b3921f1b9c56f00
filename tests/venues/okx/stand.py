"""A local OKX, desks at it, and a tap between."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from dnkit.live.keys import rehearsed
from dnkit.model.commands import PlaceOrder
from dnkit.model.events import OrderFound
from dnkit.model.terms import FoundKind
from tests.venues.rehearsal import Desk, trading
from tests.venues.tap import Tap

VENUE, SYMBOL = "okx_perpetual", "ETH-USDT-SWAP"
FAR = 5_000  # ticks


@asynccontextmanager
async def at(address: str, folder: Path) -> AsyncIterator[Desk]:
    """A desk on an account of its own."""
    key = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    async with trading(VENUE, SYMBOL, address, rehearsed(VENUE, key), key, folder) as desk:
        yield desk


@asynccontextmanager
async def tapped(address: str, folder: Path) -> AsyncIterator[tuple[Desk, Tap]]:
    """A desk, and what passes between it and the exchange."""
    async with Tap(address).listening() as tap, at(tap.address, folder) as desk:
        desk.address = address
        yield desk, tap


async def found(desk: Desk, order: PlaceOrder, kind: FoundKind) -> OrderFound:
    """Look it up until the venue's index has it: it may be that far behind."""
    for _ in range(200):
        told = await desk.find(order)
        assert isinstance(told, OrderFound), told
        if told.found is kind:
            return told
        await asyncio.sleep(0.05)
    raise AssertionError(f"never {kind}")
