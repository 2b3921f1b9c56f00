"""What /info answers."""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any

from dnkit.model.errors import DnkitError
from dnkit.model.events import OrderFound
from dnkit.model.numbers import MBPS_ONE, plain
from dnkit.model.terms import FoundKind
from dnkit.runtime.local.hyperliquid.actions import size_decimals
from dnkit.runtime.local.hyperliquid.client import LEVERAGE, Client
from dnkit.runtime.local.hyperliquid.feed import book_of
from dnkit.runtime.local.shop import Stock
from dnkit.venues.hyperliquid.words import REJECTED

PER_HOUR = "0.0000125"


class Unknown(DnkitError):
    """A question of a kind that is not answered here."""


class Info:
    """Answers questions about the market and about any account."""

    def __init__(self, stock: Stock, clients: Callable[[str], Client], agents: Mapping[str, str]) -> None:
        self._stock, self._clients, self._agents = stock, clients, agents
        self._market: dict[str, Callable[[dict[str, Any]], Any]] = {
            "meta": lambda _: self._meta(),
            "metaAndAssetCtxs": lambda _: [self._meta(), self._contexts()],
            "spotMeta": lambda _: {"universe": [], "tokens": []},
            "perpDexs": lambda _: [None],
            "allMids": lambda _: self._mids(),
            "l2Book": lambda query: book_of(self._stock, self._stock.listings[query["coin"]]),
            "userRole": self._role,
        }
        self._user: dict[str, Callable[[Client, dict[str, Any]], Awaitable[Any]]] = {
            "clearinghouseState": lambda client, _: client.state(),
            "activeAssetData": self._chosen,
            "openOrders": self._open_orders,
            "frontendOpenOrders": self._open_orders,
            "orderStatus": self._status,
            "userFees": self._fees,
            "userFunding": self._nothing,
            "userFills": self._fills,
            "userFillsByTime": self._fills,
        }

    async def answer(self, query: dict[str, Any]) -> Any:
        """The answer to a question; Unknown for a kind there is none of."""
        kind = query["type"]
        if kind in self._market:
            return self._market[kind](query)
        if kind in self._user:
            return await self._user[kind](self._clients(query["user"]), query)
        raise Unknown(f"unknown question {kind}")

    def _meta(self) -> Any:
        universe = [
            {"name": one.symbol, "szDecimals": size_decimals(one.lot), "maxLeverage": 50}
            for one in self._stock.hall.instruments
        ]
        return {"universe": universe, "marginTables": [], "collateralToken": 0}

    def _mid(self, listing: int) -> str:
        book, one = self._stock.hall.books[listing], self._stock.hall.instruments[listing]
        return plain(one.tick * (book.bid + book.ask) / 2)

    def _mids(self) -> Any:
        return {symbol: self._mid(listing) for symbol, listing in self._stock.listings.items()}

    def _contexts(self) -> Any:
        mids = [self._mid(number) for number in range(len(self._stock.hall.instruments))]
        return [
            {
                "funding": PER_HOUR,
                "markPx": mid,
                "midPx": mid,
                "oraclePx": mid,
                "premium": "0",
                "openInterest": "0",
                "dayNtlVlm": "0",
                "prevDayPx": mid,
            }
            for mid in mids
        ]

    def _role(self, query: dict[str, Any]) -> Any:
        master = self._agents.get(query["user"].lower())
        return {"role": "agent", "data": {"user": master}} if master else {"role": "user"}

    async def _chosen(self, client: Client, query: dict[str, Any]) -> Any:
        coin = query["coin"]
        mark = self._mid(self._stock.listings[coin])
        return {"user": client.address, "coin": coin, "leverage": LEVERAGE, "markPx": mark}

    async def _open_orders(self, client: Client, query: dict[str, Any]) -> Any:
        show = client.frontend_of if query["type"] == "frontendOpenOrders" else client.order_of
        return [show(one) for one in client.resting()]

    async def _status(self, client: Client, query: dict[str, Any]) -> Any:
        """An order by number or client id, which is not found for a while after it came."""
        record = client.find(query["oid"])
        if record is None:
            return {"status": "unknownOid"}
        if REJECTED not in record.status.lower():
            found = await client.teller.find(record.listing, record.key)
            if isinstance(found, OrderFound) and found.found is FoundKind.ABSENT:
                return {"status": "unknownOid"}
        client.look(record)
        order = client.frontend_of(record)
        told = {"order": order, "status": record.status, "statusTimestamp": record.status_ms}
        return {"status": "order", "order": told}

    async def _fees(self, _client: Client, _query: dict[str, Any]) -> Any:
        one = self._stock.hall.instruments[0]
        maker, taker = (plain(Decimal(fee) / MBPS_ONE) for fee in (one.maker_fee, one.taker_fee))
        return {"userCrossRate": taker, "userAddRate": maker, "dailyUserVlm": []}

    async def _fills(self, client: Client, query: dict[str, Any]) -> Any:
        """Newest first, as the venue does; by time the other way round."""
        if query["type"] == "userFills":
            return list(reversed(client.fills))
        return [one for one in client.fills if one["time"] >= query["startTime"]]

    async def _nothing(self, _client: Client, _query: dict[str, Any]) -> Any:
        return []
