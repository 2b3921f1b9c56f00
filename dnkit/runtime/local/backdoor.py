"""What only a rehearsal may do: give an account a position, see the truth, trade by hand beside the bot."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from dnkit.model.errors import DnkitError
from dnkit.model.events import OrderRejected
from dnkit.model.terms import OrderType, Side
from dnkit.runtime.local.shop import Stock, Tellers
from dnkit.venues.local.wire_faults import read_faults
from dnkit.venues.paper_order import PaperOrder

BY_HAND = "hand-"  # how the client ids of manual orders begin


class Endow(msgspec.Struct, frozen=True):
    """Give an account without orders signed lots at a price in ticks (0: the mid)."""

    account: str
    symbol: str
    lots: int
    price: int = 0


class Manual(msgspec.Struct, frozen=True):
    """An order of somebody else on the same account."""

    account: str
    symbol: str
    side: Side
    lots: int
    price: int
    id: str
    type: OrderType = OrderType.GTC


class Backdoor:
    """Routes under /local. `foreign` gives a manual order the id its venue would."""

    def __init__(self, stock: Stock, tellers: Tellers, foreign: Callable[[str], str]) -> None:
        self._stock, self._tellers, self._foreign = stock, tellers, foreign

    def routes(self) -> list[web.RouteDef]:
        """To be added to a shop's own."""
        return [
            web.post("/local/endow", self._explained(self._endow)),
            web.post("/local/order", self._explained(self._order)),
            web.post("/local/faults", self._explained(self._faults)),
            web.get("/local/truth", self._explained(self._truth)),
        ]

    def _explained(
        self, work: Callable[[web.Request], Awaitable[object]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            try:
                content = await work(request)
            except (DnkitError, msgspec.MsgspecError, KeyError) as error:
                return web.json_response({"error": str(error)}, status=400)
            return web.Response(body=msgspec.json.encode(content), content_type="application/json")

        return answer

    async def _endow(self, request: web.Request) -> object:
        asked = msgspec.json.decode(await request.read(), type=Endow)
        listing = self._stock.listings[asked.symbol]
        book = self._stock.hall.books[listing]
        price = asked.price or (book.bid + book.ask) // 2
        venue = self._tellers[asked.account].member.venue(listing)
        if venue.resting_orders() or venue.orders_on_the_way:
            raise DnkitError("an account with open orders is given nothing")
        venue.endow(asked.lots, price, "rehearsal")
        return {"lots": venue.account.lots}

    async def _order(self, request: web.Request) -> object:
        asked = msgspec.json.decode(await request.read(), type=Manual)
        teller, listing = self._tellers[asked.account], self._stock.listings[asked.symbol]
        key = self._foreign(BY_HAND + asked.id)
        fact = await teller.place(listing, key, asked.side, asked.type, asked.lots, asked.price)
        return {"id": key, "accepted": not isinstance(fact, OrderRejected)}

    async def _faults(self, request: web.Request) -> object:
        """Other percentages from now on; what was drawn so far is told."""
        faults = self._stock.faults
        faults.percent = read_faults((await request.read()).decode())
        return {fault.value: count for fault, count in faults.met.items()}

    async def _truth(self, request: web.Request) -> object:
        teller = self._tellers[request.query["account"]]
        return {
            symbol: {
                "lots": teller.true_position(listing),
                "resting": [one.asked.key for one in teller.resting(listing)],
                "orders": [_row(one) for one in teller.orders(listing)],
            }
            for symbol, listing in self._stock.listings.items()
        }


def _row(order: PaperOrder) -> dict[str, Any]:
    asked = order.asked
    return {
        "id": asked.key,
        "side": int(asked.side),
        "type": asked.type.value,
        "lots": asked.lots,
        "cum": order.cum,
        "reduce_only": asked.reduce_only,
        "live": order.live,
        "refused": order.refused is not None,
    }
