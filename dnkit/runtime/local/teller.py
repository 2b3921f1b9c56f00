"""Serves one account of the exchange to whoever speaks a venue's own language: asks, and waits for the fact.

The venue behind answers in its own time (its latency, its lag); a request here is a coroutine that ends when
the answer is there. What nobody asked for goes to the listeners.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from itertools import count

from dnkit.model.events import (
    CancelRefused,
    OrderAccepted,
    OrderEnded,
    OrderFilled,
    OrderFound,
    OrderRejected,
    PositionRead,
    VenueFact,
)
from dnkit.model.terms import OrderType, Side
from dnkit.venues.local import protocol
from dnkit.venues.local.member import Member
from dnkit.venues.paper_order import PaperOrder

Listen = Callable[[protocol.Told], None]
Waiting = tuple[tuple[type[VenueFact], ...], asyncio.Future[VenueFact]]
_ANSWERS: dict[type[protocol.Order], tuple[type[VenueFact], ...]] = {
    protocol.Place: (OrderAccepted, OrderRejected, OrderFilled, OrderEnded),
    protocol.Cancel: (OrderEnded, CancelRefused),
    protocol.Find: (OrderFound,),
    protocol.Read: (PositionRead,),
}


class Teller:
    """One account. `listeners` hear every word on its orders and positions, in order."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.listeners: list[Listen] = []
        self._waiting: defaultdict[tuple[int, str], list[Waiting]] = defaultdict(list)
        self._requests = count(1)
        member.listeners.append(self._hear)

    async def place(
        self,
        listing: int,
        key: str,
        side: Side,
        type: OrderType,
        lots: int,
        price: int,
        *,
        stop: int = 0,
        reduce_only: bool = False,
    ) -> VenueFact:
        """Send an order; `stop` is the price in ticks that wakes it, 0 for none. Its first fact: accepted,
        rejected, filled or ended.
        """
        asked = protocol.Place(listing, key, side, type, lots, price, stop=stop, reduce_only=reduce_only)
        return await self._ask(asked, key)

    async def cancel(self, listing: int, key: str) -> VenueFact:
        """Withdraw an order; OrderEnded or CancelRefused."""
        return await self._ask(protocol.Cancel(listing, key), key)

    async def find(self, listing: int, key: str) -> VenueFact:
        """Look an order up; OrderFound, which may not know yet what has just arrived."""
        return await self._ask(protocol.Find(listing, key, next(self._requests)), key)

    async def position(self, listing: int) -> VenueFact:
        """Read the position, as old as reads of this venue are; PositionRead."""
        return await self._ask(protocol.Read(listing, next(self._requests)), "")

    def true_position(self, listing: int) -> int:
        """Signed lots the account really holds now."""
        return self.member.venue(listing).account.lots

    def resting(self, listing: int) -> tuple[PaperOrder, ...]:
        """Orders that rest now, with what they filled."""
        venue = self.member.venue(listing)
        found = (venue.order(asked.key) for asked in venue.resting_orders())
        return tuple(one for one in found if one is not None)

    def order(self, listing: int, key: str) -> PaperOrder | None:
        """An order as it truly is now; None where it never arrived."""
        return self.member.venue(listing).order(key)

    def orders(self, listing: int) -> tuple[PaperOrder, ...]:
        """Every order that ever arrived, oldest first, as far as it is remembered."""
        return self.member.venue(listing).every_order()

    async def _ask(self, request: protocol.Order, key: str) -> VenueFact:
        future: asyncio.Future[VenueFact] = asyncio.get_running_loop().create_future()
        self._waiting[request.listing, key].append((_ANSWERS[type(request)], future))
        self.member.order(request, self._settle)
        return await future

    def _hear(self, told: protocol.Told) -> None:
        self._settle(told)
        for listener in tuple(self.listeners):
            listener(told)

    def _settle(self, told: protocol.Told) -> None:
        """Give a fact to whoever has waited longest for one of its kind."""
        name = told.listing, told.key
        waits = self._waiting.get(name, [])
        found = next((one for one in waits if isinstance(told.news, one[0])), None)
        if found is None:
            return
        waits.remove(found)
        if not waits:
            del self._waiting[name]
        if not found[1].done():
            found[1].set_result(told.news)
