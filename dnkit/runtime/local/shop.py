"""A local exchange that speaks a venue's own wire: HTTP and WebSockets of one aiohttp application."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Protocol

import msgspec
from aiohttp import web

from dnkit.model.errors import DnkitError
from dnkit.model.instrument import Instrument
from dnkit.runtime.local.pump import Pump
from dnkit.runtime.local.showing import Showing
from dnkit.runtime.local.teller import Teller
from dnkit.venues.local.member import Hall, Member
from dnkit.venues.local.wire_faults import WireFault, WireFaults

HOST = "127.0.0.1"
BODY_MAX = 1 << 20
FAULTS = (
    WireFault.MAINTENANCE,
    WireFault.DROP_BEFORE,
    WireFault.RATE_LIMIT,
    WireFault.DROP_AFTER,
    WireFault.HTML,
    WireFault.TRUNCATED,
)
READ_FAULTS = tuple(one for one in FAULTS if one is not WireFault.DROP_AFTER)  # a read accepts nothing
BAD_GATEWAY, MENDED = HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE


class Stock(msgspec.Struct, frozen=True):
    """What a shop sells from: the hall with listings, books and accounts, time, showings, and its faults.

    `listings` are the numbers of the venue's own symbols.
    """

    hall: Hall
    pump: Pump
    listings: Mapping[str, int]
    faults: WireFaults

    def instrument(self, symbol: str) -> Instrument:
        """Grid and minimums of a symbol; KeyError for one that is not traded here."""
        return self.hall.instruments[self.listings[symbol]]


class Shop(Protocol):
    """One venue's wire."""

    def application(self) -> web.Application:
        """Its routes."""

    def changed(self, listing: int, showing: Showing) -> None:
        """A watched book changed: take the change and push it."""


class Tellers:
    """The accounts of a shop by name, each opened when first asked for."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._open: dict[str, Teller] = {}

    def __getitem__(self, account: str) -> Teller:
        if account not in self._open:
            self._open[account] = Teller(Member(account, self._hall))
        return self._open[account]

    def opened(self) -> tuple[tuple[str, Teller], ...]:
        """Every account that was asked for, with its name."""
        return tuple(self._open.items())


def html(status: HTTPStatus) -> str:
    """The page that something in front of a venue answers with."""
    return f"<html><body><h1>{status} {status.phrase}</h1></body></html>"


def page(status: HTTPStatus) -> web.Response:
    """The same as an answer."""
    return web.Response(status=status, text=html(status), content_type="text/html")


def trades_of(lots: int, worth: int) -> list[tuple[int, int]]:
    """(lots, price) of one or two trades on the grid with that sum of price x lots: what took several levels
    at once is told as one.
    """
    price, above = divmod(worth, lots)
    return [(size, at) for size, at in ((lots - above, price), (above, price + 1)) if size]


def meanwhile(
    work: Callable[[], Coroutine[Any, Any, None]],
) -> Callable[[web.Application], AsyncIterator[None]]:
    """Have something done for as long as an application lives."""

    async def context(_app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(work())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return context


async def serve_shop(
    shop: Shop, pump: Pump, port: int, ready: Callable[[int], None], over: Callable[[int], bool]
) -> None:
    """Listen on `port` (0: a free one, told to `ready`) until `over(now)` or a signal to stop; DnkitError
    when it cannot.
    """
    pump.changed = shop.changed
    runner = web.AppRunner(shop.application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        ready(runner.addresses[0][1])
        await pump.run(over, lambda: None)
    except OSError as error:
        raise DnkitError(f"cannot listen on {HOST}:{port}: {error.strerror}") from error
    finally:
        await runner.cleanup()
