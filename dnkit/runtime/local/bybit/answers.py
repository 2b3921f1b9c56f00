"""What the REST calls answer."""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal, InvalidOperation
from itertools import count
from time import time_ns
from typing import Any

from dnkit.model import events as ev
from dnkit.model.numbers import MBPS_ONE, from_pico, plain
from dnkit.model.terms import EndKind, FoundKind, RejectKind
from dnkit.runtime.local.bybit import words
from dnkit.runtime.local.bybit.accounts import Accounts
from dnkit.runtime.local.bybit.auth import Refusal, now_ms
from dnkit.runtime.local.bybit.depth import levels_of
from dnkit.runtime.local.shop import Stock
from dnkit.venues.account import PAPER_TERMS

ID_MAX = 36
RATE = "0.0001"
Asked = Mapping[str, Any]
Work = Callable[[str, Asked], Awaitable[dict[str, Any]]]


class Answers:
    """Calls by path; the public ones want no account."""

    def __init__(self, stock: Stock, accounts: Accounts) -> None:
        self._stock, self._accounts = stock, accounts
        self._nameless = count(time_ns())
        self.public: Mapping[str, Work] = {
            "market/time": self._time,
            "market/instruments-info": self._instruments,
            "market/orderbook": self._book,
            "market/tickers": self._tickers,
        }
        self.private: Mapping[str, Work] = {
            "order/create": self._create,
            "order/cancel": self._cancel,
            "order/realtime": self._realtime,
            "order/history": self._history,
            "execution/list": self._executions,
            "position/list": self._positions,
            "account/wallet-balance": self._wallet,
            "account/transaction-log": self._nothing,
            "account/fee-rate": self._fees,
            "user/query-api": self._rights,
        }

    def listing(self, asked: Asked) -> int:
        """Refusal 10001 for a symbol that is not traded here."""
        found = self._stock.listings.get(str(asked.get("symbol")))
        if found is None:
            raise Refusal(10001, "params error: symbol invalid")
        return found

    async def _time(self, _account: str, _asked: Asked) -> dict[str, Any]:
        return {"timeSecond": str(time_ns() // 10**9), "timeNano": str(time_ns())}

    async def _nothing(self, _account: str, _asked: Asked) -> dict[str, Any]:
        return {"list": [], "nextPageCursor": ""}

    async def _rights(self, _account: str, _asked: Asked) -> dict[str, Any]:
        return {"readOnly": 0, "permissions": {"ContractTrade": ["Order", "Position"], "Wallet": []}}

    async def _fees(self, _account: str, asked: Asked) -> dict[str, Any]:
        one = self._stock.hall.instruments[self.listing(asked)]
        maker, taker = (plain(Decimal(fee) / MBPS_ONE) for fee in (one.maker_fee, one.taker_fee))
        return {"list": [{"symbol": one.symbol, "makerFeeRate": maker, "takerFeeRate": taker}]}

    async def _instruments(self, _account: str, _asked: Asked) -> dict[str, Any]:
        rows = [_contract(self._stock.instrument(symbol)) for symbol in self._stock.listings]
        return {"category": "linear", "list": rows, "nextPageCursor": ""}

    async def _book(self, _account: str, asked: Asked) -> dict[str, Any]:
        return {**levels_of(self._stock, self.listing(asked)), "ts": now_ms(), "u": 1, "seq": 1}

    async def _tickers(self, _account: str, asked: Asked) -> dict[str, Any]:
        listing = self.listing(asked)
        one, book = self._stock.hall.instruments[listing], self._stock.hall.books[listing]
        eight_hours = 8 * 3600 * 1000
        row = {
            "symbol": one.symbol,
            "bid1Price": plain(one.price(book.bid)),
            "ask1Price": plain(one.price(book.ask)),
            "lastPrice": plain(one.price(book.bid)),
            "markPrice": plain(one.price(book.bid)),
            "indexPrice": plain(one.price(book.bid)),
            "fundingRate": RATE,
            "fundingIntervalHour": "8",
            "nextFundingTime": str((now_ms() // eight_hours + 1) * eight_hours),
        }
        return {"category": "linear", "list": [row]}

    async def _create(self, account: str, asked: Asked) -> dict[str, Any]:
        listing = self.listing(asked)
        one, key = self._stock.hall.instruments[listing], str(asked.get("orderLinkId") or "")
        kind, side = words.TIFS.get(str(asked.get("timeInForce", "GTC"))), words.SIDES.get(str(asked["side"]))
        if kind is None or side is None or asked.get("orderType") != "Limit" or len(key) > ID_MAX:
            raise Refusal(10001, "params error: side, orderType, timeInForce or orderLinkId")
        lots, price = _steps(asked.get("qty"), one.lot), _steps(asked.get("price"), one.tick)
        key = key or f"none-{next(self._nameless)}"
        reduces, teller = bool(asked.get("reduceOnly")), self._accounts[account]
        if teller.order(listing, key) is not None:
            raise Refusal(*words.CODES[RejectKind.DUPLICATE])
        fact = await teller.place(listing, key, side, kind, lots, price, reduce_only=reduces)
        if isinstance(fact, ev.OrderRejected):
            raise Refusal(*words.CODES.get(fact.why, words.CODES[RejectKind.OTHER]))
        return {"orderId": words.order_id(account, one.symbol, key), "orderLinkId": key}

    async def _cancel(self, account: str, asked: Asked) -> dict[str, Any]:
        listing, key = self.listing(asked), self._key(account, asked)
        fact = await self._accounts[account].cancel(listing, key)
        if not (isinstance(fact, ev.OrderEnded) and fact.why is EndKind.CANCELLED):
            raise Refusal(110001, "order not exists or too late to cancel")
        symbol = self._stock.hall.instruments[listing].symbol
        return {"orderId": words.order_id(account, symbol, key), "orderLinkId": key}

    def _key(self, account: str, asked: Asked) -> str:
        number, listing = str(asked.get("orderId") or ""), self.listing(asked)
        symbol = self._stock.hall.instruments[listing].symbol
        for order in self._accounts[account].orders(listing) if number else ():
            if words.order_id(account, symbol, order.asked.key) == number:
                return order.asked.key
        return "" if number else str(asked.get("orderLinkId") or "")

    async def _realtime(self, account: str, asked: Asked) -> dict[str, Any]:
        """Orders that rest; one that is named is told when it is over, too, but not before it is seen."""
        listing, teller = self.listing(asked), self._accounts[account]
        if not asked.get("orderId") and not asked.get("orderLinkId"):
            return self._rows(account, listing, teller.resting(listing))
        key = self._key(account, asked)
        fact, order = await teller.find(listing, key), teller.order(listing, key)
        seen = isinstance(fact, ev.OrderFound) and fact.found in (FoundKind.LIVE, FoundKind.OVER)
        known = order is not None and order.refused is None and seen
        return self._rows(account, listing, [order] if known else [])

    async def _history(self, account: str, asked: Asked) -> dict[str, Any]:
        listing, key = self.listing(asked), self._key(account, asked)
        orders = self._accounts[account].orders(listing)
        over = [one for one in reversed(orders) if not one.live and one.refused is None]
        return self._rows(account, listing, [one for one in over if key in ("", one.asked.key)])

    def _rows(self, account: str, listing: int, orders: Any) -> dict[str, Any]:
        one = self._stock.hall.instruments[listing]
        rows = [words.order_row(account, one, order) for order in orders]
        return {"category": "linear", "list": rows, "nextPageCursor": ""}

    async def _executions(self, account: str, asked: Asked) -> dict[str, Any]:
        self._accounts[account]
        key = str(asked.get("orderLinkId") or "")
        rows = [one for one in self._accounts.executions[account] if key in ("", one["orderLinkId"])]
        return {"category": "linear", "list": rows[::-1], "nextPageCursor": ""}

    async def _positions(self, account: str, asked: Asked) -> dict[str, Any]:
        listing = self.listing(asked)
        read = await self._accounts[account].position(listing)
        lots = read.lots if isinstance(read, ev.PositionRead) and read.lots is not None else 0
        one = self._stock.hall.instruments[listing]
        return {"category": "linear", "list": [words.position_row(one, lots)], "nextPageCursor": ""}

    async def _wallet(self, account: str, _asked: Asked) -> dict[str, Any]:
        self._accounts[account]
        free = plain(from_pico(PAPER_TERMS.available))
        coin = {"coin": "USDT", "walletBalance": free, "equity": free, "locked": "0"}
        row = {"accountType": "UNIFIED", "totalAvailableBalance": free, "coin": [coin]}
        return {"list": [row]}


def _steps(text: object, step: Decimal) -> int:
    try:
        steps = Decimal(str(text)) / step
    except InvalidOperation:
        raise Refusal(10001, f"params error: {text}") from None
    if steps != int(steps) or steps <= 0:
        raise Refusal(10001, f"params error: {text} is off the grid")
    return int(steps)


def _contract(one: Any) -> dict[str, Any]:
    return {
        "symbol": one.symbol,
        "contractType": "LinearPerpetual",
        "status": "Trading",
        "baseCoin": one.base,
        "quoteCoin": one.quote,
        "settleCoin": one.quote,
        "launchTime": "1585526400000",
        "deliveryTime": "0",
        "priceScale": "2",
        "fundingInterval": 480,
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "100", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": plain(one.tick), "maxPrice": "9999999", "tickSize": plain(one.tick)},
        "lotSizeFilter": {
            "minOrderQty": plain(one.quantity(one.lots_min)),
            "maxOrderQty": "1000000",
            "qtyStep": plain(one.lot),
            "minNotionalValue": plain(from_pico(one.notional_min)),
        },
    }
