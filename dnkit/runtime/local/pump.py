"""Lets the market of an exchange run after the wall clock, and tells which books changed."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

from dnkit.market.leg_book import LegBook
from dnkit.model.numbers import NS_PER_S
from dnkit.runtime.clock import MarketClock
from dnkit.runtime.local.showing import Showing
from dnkit.runtime.world import World

PUMP_S = 0.002
LOOK_S = 0.25  # between two looks at whether it is time to stop
STRIDE_NS = 250_000_000  # of market, at most, between two looks at the socket


class Pump:
    """`changed` hears of a listing whose book changed and that somebody watches; whoever shows it takes the
    change from its showing.
    """

    def __init__(self, world: World, books: tuple[LegBook, ...], speed: Decimal) -> None:
        self.changed: Callable[[int, Showing], None] = lambda _listing, _showing: None
        self.speed = speed
        self._world = world
        self._books = books
        self._clock = MarketClock(world.now(), speed)
        self._stride_ns = max(STRIDE_NS, int(speed * NS_PER_S) // 20)
        self._showings: dict[int, Showing] = {}

    def now(self) -> int:
        """The exchange's time in nanoseconds."""
        return self._world.now()

    def showing(self, listing: int) -> Showing:
        """The showing of a listing, watched from now on."""
        if listing not in self._showings:
            self._showings[listing] = Showing(listing, self._books[listing])
            self._world.attach(listing, self._showings[listing])
        return self._showings[listing]

    async def run(self, over: Callable[[int], bool], look: Callable[[], None]) -> None:
        """Run until `over(now)` or a signal to stop; `look` is called between."""
        asked = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, asked.set)
        running = asyncio.create_task(self._run())
        while not (asked.is_set() or over(self.now()) or running.done()):
            look()
            await asyncio.wait((running,), timeout=LOOK_S)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    async def _run(self) -> None:
        while True:
            behind = self._clock.now() - self._world.now()
            if behind > 0:
                self._world.settle(min(behind, self._stride_ns))
                self._tell()
            await asyncio.sleep(PUMP_S if behind < self._stride_ns else 0)

    def _tell(self) -> None:
        for listing, showing in self._showings.items():
            if showing.changed:
                self.changed(listing, showing)
