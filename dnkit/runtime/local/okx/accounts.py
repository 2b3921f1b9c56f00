"""The accounts of the shop: their fills one by one, and what a login hears of them."""

from collections.abc import Callable, Mapping
from itertools import count
from time import time_ns
from typing import Any

from dnkit.model import events as ev
from dnkit.runtime.local.okx.words import Contract, Trade, fill_row, now_ms
from dnkit.runtime.local.shop import Tellers, trades_of
from dnkit.runtime.local.teller import Teller
from dnkit.venues.local import protocol
from dnkit.venues.paper_order import PaperOrder

Heard = Callable[[str, Contract, PaperOrder, ev.VenueFact, tuple[Trade, ...]], None]
Moved = Callable[[str, Contract, int], None]


class Accounts:
    """Opens accounts by API key. `heard` is told of every word on an order with the trades that are new in
    it, `moved` of positions. Fills of earlier processes are not listed.
    """

    def __init__(self, tellers: Tellers, contracts: Mapping[int, Contract]) -> None:
        self.heard: Heard = lambda *_told: None
        self.moved: Moved = lambda *_told: None
        self.trades: dict[str, list[tuple[Contract, Trade]]] = {}
        self._tellers, self._contracts = tellers, contracts
        self._totals: dict[tuple[str, int, str], tuple[int, int, int]] = {}
        self._numbers = count(time_ns() // 1000)

    def __getitem__(self, account: str) -> Teller:
        teller = self._tellers[account]
        if account not in self.trades:
            self.trades[account] = []
            teller.listeners.append(lambda told: self._told(account, teller, told))
        return teller

    def fills(self, account: str, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Rows of fills as `asked` wants them, newest first."""
        rows = [fill_row(account, *one) for one in reversed(self.trades.get(account, []))]
        return [one for one in rows if all(asked.get(it, one[it]) == one[it] for it in ("instId", "ordId"))]

    def _told(self, account: str, teller: Teller, told: protocol.Told) -> None:
        contract, news = self._contracts[told.listing], told.news
        if isinstance(news, ev.PositionRead):
            if not news.request and news.lots is not None:
                self.moved(account, contract, news.lots)
            return
        order = teller.order(told.listing, told.key)
        if order is None:
            return
        trades = self._trades(account, contract, order, news) if isinstance(news, ev.OrderFilled) else ()
        self.heard(account, contract, order, news, trades)

    def _trades(
        self, account: str, contract: Contract, order: PaperOrder, news: ev.OrderFilled
    ) -> tuple[Trade, ...]:
        """What is new in these totals."""
        where = account, contract.listing, order.asked.key
        cum, worth, fee = self._totals.get(where, (0, 0, 0))
        if news.cum <= cum:
            return ()
        self._totals[where] = news.cum, news.worth, news.fee
        parts = trades_of(news.cum - cum, news.worth - worth)
        asked, trades = order.asked, []
        for at, (lots, price) in enumerate(parts):
            paid = news.fee - fee if at == len(parts) - 1 else 0
            trades.append(
                Trade(next(self._numbers), asked.key, asked.side, lots, price, paid, news.maker, now_ms())
            )
        self.trades[account].extend((contract, one) for one in trades)
        return tuple(trades)
