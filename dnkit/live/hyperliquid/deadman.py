"""The dead man's switch: the venue cancels everything of the account unless it hears from us in time.

It takes foreign orders and stops along, and it costs a request each time it is moved; so it is on only
while an order of ours may rest, and where the capability file says that the venue has one.
"""

import asyncio
from contextlib import suppress

from dnkit.live.hyperliquid.exchange import Desk
from dnkit.live.hyperliquid.ledger import Ledger
from dnkit.live.setup import Setup
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.venues.base import Sign, TroubledError
from dnkit.venues.hyperliquid.signing import Wire

KIND = "schedule_cancel"
AHEAD_NS = 60 * NS_PER_S
EVERY_S = 20


class Deadman:
    """Moves the switch ahead while orders rest. A venue that refuses it once is not asked again."""

    def __init__(self, desk: Desk, ledger: Ledger, setup: Setup) -> None:
        self.refused = ""
        self._desk, self._ledger, self._now = desk, ledger, setup.now
        self._has_one = setup.capabilities.deadman == KIND
        self._task: asyncio.Task[None] | None = None
        self._set = False

    def arm(self) -> None:
        """An order rests from now on."""
        if self._has_one and not self.refused and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Take it off, so that orders outlive us."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._set:
            await self._move(0)

    async def _keep(self) -> None:
        while self._ledger.any_live() and not self.refused:
            await self._move(AHEAD_NS)
            await asyncio.sleep(EVERY_S)
        if self._set:
            await self._move(0)

    async def _move(self, ahead_ns: int) -> None:
        """Set it to that much from now, or take it off with 0."""
        action: dict[str, Wire] = {"type": "scheduleCancel"}
        if ahead_ns:
            self._set = True  # also where the answer is lost
            action["time"] = (self._now() + ahead_ns) // NS_PER_MS
        try:
            await self._desk.act(action)
        except TroubledError as error:
            if error.trouble.sign is Sign.REFUSED:
                self.refused = error.trouble.text
            return
        self._set = bool(ahead_ns)
