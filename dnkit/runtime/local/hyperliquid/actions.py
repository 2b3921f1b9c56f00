"""What signed requests do: orders, cancels, changes, the dead man's switch."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from dnkit.model.events import OrderEnded, OrderFilled, OrderRejected
from dnkit.model.numbers import NS_PER_MS, on_grid, plain
from dnkit.model.terms import RESTING, OrderType, RejectKind, Side
from dnkit.runtime.local.hyperliquid.auth import Refused
from dnkit.runtime.local.hyperliquid.client import Client, Record
from dnkit.runtime.local.shop import Stock
from dnkit.venues.hyperliquid.signing import price_text, size_text
from dnkit.venues.hyperliquid.words import TIFS

LEAST_AHEAD_MS = 5_000
SWITCHED_A_DAY = 10
GONE = "Order was never placed, already canceled, or filled. asset={}"
TYPES = {tif: type for type, tif in TIFS.items()}
TEXTS = {
    RejectKind.POST_ONLY_CROSS: (
        "Post only order would have immediately matched, bbo was {bbo}. asset={asset}"
    ),
    RejectKind.NO_MATCH: "Order could not immediately match against any resting orders. asset={asset}",
    RejectKind.TOO_SMALL: "Order must have minimum value of $10. asset={asset}",
    RejectKind.REDUCE_ONLY: "Reduce only order would increase position. asset={asset}",
    RejectKind.MARGIN: "Insufficient margin to place order. asset={asset}",
}


class Actions:
    """Carries out what was signed rightly, for whichever client."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self._switches: dict[str, asyncio.TimerHandle] = {}
        self._switched: dict[str, int] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._kinds: dict[str, Callable[[Client, dict[str, Any]], Awaitable[Any]]] = {
            "order": self._order,
            "cancel": self._cancel,
            "cancelByCloid": self._cancel,
            "modify": self._modify,
            "batchModify": self._modify,
            "scheduleCancel": self._schedule,
            "updateLeverage": self._nothing,
            "noop": self._nothing,
        }

    async def carry_out(self, client: Client, action: dict[str, Any]) -> Any:
        """Do it; the `response` of the answer. Refused with the venue's text."""
        kind = self._kinds.get(action["type"])
        if kind is None:
            raise Refused(f"Unknown action {action['type']}")
        if "builder" in action:
            raise Refused("Builder fee has not been approved.")
        return await kind(client, action)

    def close(self) -> None:
        """Nothing more is switched off."""
        for one in self._switches.values():
            one.cancel()

    async def _nothing(self, _client: Client, _action: dict[str, Any]) -> Any:
        return {"type": "default"}

    async def _order(self, client: Client, action: dict[str, Any]) -> Any:
        statuses = await asyncio.gather(*(self._one(client, order) for order in action["orders"]))
        return {"type": "order", "data": {"statuses": statuses}}

    async def _cancel(self, client: Client, action: dict[str, Any]) -> Any:
        asset, name = ("a", "o") if action["type"] == "cancel" else ("asset", "cloid")
        asked = [(one[asset], one[name]) for one in action["cancels"]]
        statuses = await asyncio.gather(*(self._cancelled(client, *one) for one in asked))
        return {"type": "cancel", "data": {"statuses": statuses}}

    async def _modify(self, client: Client, action: dict[str, Any]) -> Any:
        """Withdraw and place anew, under a new number."""
        statuses = []
        for one in action["modifies"] if action["type"] == "batchModify" else [action]:
            status = await self._cancelled(client, one["order"]["a"], one["oid"])
            if status == "success":
                status = await self._one(client, one["order"])
            else:
                status = {"error": "Cannot modify canceled or filled order"}
            statuses.append(status)
        if action["type"] == "modify":
            return {"type": "default"}
        return {"type": "order", "data": {"statuses": statuses}}

    async def _cancelled(self, client: Client, asset: int, oid: int | str) -> Any:
        record = client.find(oid)
        if record is None or record.listing != asset:
            return {"error": GONE.format(asset)}
        fact = await client.teller.cancel(record.listing, record.key)
        return "success" if isinstance(fact, OrderEnded) else {"error": GONE.format(asset)}

    async def _one(self, client: Client, order: dict[str, Any]) -> Any:
        wish = self._wish(order)
        if isinstance(wish, str):
            return {"error": f"{wish} asset={order['a']}"}
        record = client.enter(wish)
        fact = await client.teller.place(
            record.listing,
            record.key,
            record.side,
            record.type,
            record.lots,
            record.price,
            stop=record.stop,
            reduce_only=record.reduce_only,
        )
        return self._status(client, record, fact)

    def _wish(self, order: dict[str, Any]) -> dict[str, Any] | str:
        """The order in our units, or what is wrong with it."""
        instruments = self._stock.hall.instruments
        if not 0 <= order["a"] < len(instruments):
            return "Invalid asset."
        one = instruments[order["a"]]
        decimals = size_decimals(one.lot)
        kind, price, size = order["t"], Decimal(order["p"]), Decimal(order["s"])
        limit = kind.get("limit", {}).get("tif")
        if limit not in TYPES and "trigger" not in kind:
            return "Invalid order type."
        if size <= 0:
            return "Order has zero size."
        try:
            size_text(size, decimals)
            lots = on_grid(size, one.lot)
        except ValueError:
            return "Order has invalid size."
        trigger = kind.get("trigger")
        try:
            prices = (price, Decimal(trigger["triggerPx"] if trigger else 0))
            for told in filter(None, prices):
                price_text(told, decimals)
            ticks, stop = (on_grid(told, one.tick) for told in prices)
        except ValueError:
            return "Price must be divisible by tick size."
        waits = OrderType.STOP if trigger and trigger["isMarket"] else OrderType.STOP_LIMIT
        return {
            "listing": order["a"],
            "cloid": order.get("c"),
            "side": Side.BUY if order["b"] else Side.SELL,
            "type": waits if trigger else TYPES[limit],
            "lots": lots,
            "price": ticks,
            "stop": stop,
            "reduce_only": order["r"],
        }

    def _status(self, client: Client, record: Record, fact: Any) -> Any:
        one = self._stock.hall.instruments[record.listing]
        if isinstance(fact, OrderRejected):
            book = self._stock.hall.books[record.listing]
            bbo = f"{plain(one.price(book.bid))}@{plain(one.price(book.ask))}"
            text = TEXTS.get(fact.why, fact.text).format(bbo=bbo, asset=record.listing)
            return {"error": text}
        order = client.teller.order(record.listing, record.key)
        cum, worth = (order.cum, order.worth) if order is not None else (0, 0)
        if isinstance(fact, OrderFilled):
            cum, worth = fact.cum, fact.worth
        named = {"oid": record.oid} | ({"cloid": record.cloid} if record.cloid else {})
        if cum and (cum == record.lots or record.type not in RESTING):
            average = (one.tick * worth / cum).quantize(Decimal("1e-5"))
            return {"filled": {"totalSz": plain(one.quantity(cum)), "avgPx": plain(average)} | named}
        return {"resting": named}

    async def _schedule(self, client: Client, action: dict[str, Any]) -> Any:
        """Set the dead man's switch, or take it off."""
        old = self._switches.pop(client.address, None)
        if old is not None:
            old.cancel()
        when = action.get("time")
        if when is None:
            return {"type": "default"}
        ahead_ms = when - time.time_ns() // NS_PER_MS
        if ahead_ms < LEAST_AHEAD_MS:
            raise Refused("Scheduled cancel time too early, must be at least 5 seconds from now.")
        if self._switched.get(client.address, 0) >= SWITCHED_A_DAY:
            raise Refused("Cannot schedule more cancels today.")
        loop = asyncio.get_running_loop()
        self._switches[client.address] = loop.call_later(ahead_ms / 1_000, self._switch, client)
        return {"type": "default"}

    def _switch(self, client: Client) -> None:
        self._switched[client.address] = self._switched.get(client.address, 0) + 1
        for record in client.resting():
            record.ending = "scheduledCancel"
            task = asyncio.get_running_loop().create_task(client.teller.cancel(record.listing, record.key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


def size_decimals(lot: Decimal) -> int:
    """Digits behind the point of a lot."""
    return max(0, -lot.normalize().adjusted())
