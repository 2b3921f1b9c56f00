"""The accounts: their executions one by one, and what their streams are told."""

from collections.abc import Callable
from itertools import count
from time import time_ns
from typing import Any

from dnkit.model import events as ev
from dnkit.model.numbers import from_pico, plain
from dnkit.runtime.local.bybit import words
from dnkit.runtime.local.bybit.auth import now_ms
from dnkit.runtime.local.shop import Stock, Tellers, trades_of
from dnkit.runtime.local.teller import Teller
from dnkit.venues.local import protocol
from dnkit.venues.paper_order import PaperOrder

Push = Callable[[str, str, list[dict[str, Any]]], None]


class Accounts:
    """By API key. `push` hears of (account, topic, rows)."""

    def __init__(self, stock: Stock, tellers: Tellers) -> None:
        self.push: Push = lambda *_told: None
        self.executions: dict[str, list[dict[str, Any]]] = {}
        self._stock, self._tellers = stock, tellers
        self._totals: dict[tuple[str, int, str], tuple[int, int, int]] = {}
        self._numbers = count(time_ns())

    def __getitem__(self, account: str) -> Teller:
        teller = self._tellers[account]
        if account not in self.executions:
            self.executions[account] = []
            teller.listeners.append(lambda told: self._told(account, teller, told))
        return teller

    def _told(self, account: str, teller: Teller, told: protocol.Told) -> None:
        one, news = self._stock.hall.instruments[told.listing], told.news
        if isinstance(news, ev.PositionRead) and not news.request and news.lots is not None:
            self.push(account, "position", [words.position_row(one, news.lots)])
        order = teller.order(told.listing, told.key) if told.key else None
        if order is None or isinstance(news, ev.OrderFound | ev.OrderRejected | ev.CancelRefused):
            return
        if isinstance(news, ev.OrderFilled):
            rows = self._executed(account, told.listing, order, news)
            if rows:
                self.push(account, "execution", rows)
        self.push(account, "order", [words.order_row(account, one, order)])

    def _executed(
        self, account: str, listing: int, order: PaperOrder, news: ev.OrderFilled
    ) -> list[dict[str, Any]]:
        where = account, listing, order.asked.key
        cum, worth, fee = self._totals.get(where, (0, 0, 0))
        if news.cum <= cum:
            return []
        self._totals[where] = news.cum, news.worth, news.fee
        one, parts = self._stock.hall.instruments[listing], trades_of(news.cum - cum, news.worth - worth)
        rows = []
        for at, (lots, price) in enumerate(parts):
            cum += lots
            paid = news.fee - fee if at == len(parts) - 1 else 0
            row = words.order_row(account, one, order)
            row |= {
                "execId": f"exec-{next(self._numbers)}",
                "execPrice": plain(one.price(price)),
                "execQty": plain(one.quantity(lots)),
                "execValue": plain(one.price(price) * one.quantity(lots)),
                "execFee": plain(from_pico(paid)),
                "feeCurrency": one.quote,
                "execType": "Trade",
                "execTime": str(now_ms()),
                "isMaker": news.maker,
                "orderPrice": row["price"],
                "orderQty": row["qty"],
                "leavesQty": plain(one.quantity(order.asked.lots - cum)),
            }
            rows.append(row)
        self.executions[account] += rows
        return rows
