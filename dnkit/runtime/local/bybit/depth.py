"""Books as the venue tells them: whole once, then what changed since the last word."""

from itertools import count
from typing import Any

from dnkit.model.numbers import plain
from dnkit.model.terms import Side
from dnkit.runtime.local.bybit.auth import now_ms
from dnkit.runtime.local.shop import Stock

LEVELS = 50
Sizes = dict[str, str]


class Depth:
    """All books of a shop; every reader of one has heard the same."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self._told: dict[int, tuple[Sizes, Sizes]] = {}
        self._updates = count(2)

    def whole(self, listing: int, topic: str) -> dict[str, Any]:
        """As it was told last."""
        if listing not in self._told:
            self._told[listing] = self._now(listing)
        bids, asks = self._told[listing]
        return self._frame(listing, topic, "snapshot", bids, asks)

    def changes(self, listing: int, topic: str) -> dict[str, Any] | None:
        """What is new since then; None for nothing. It counts as told, whether it arrives or not."""
        old, new = self._told.get(listing, ({}, {})), self._now(listing)
        self._told[listing] = new
        bids, asks = (_changed(was, now) for was, now in zip(old, new, strict=True))
        return self._frame(listing, topic, "delta", bids, asks) if bids or asks else None

    def _now(self, listing: int) -> tuple[Sizes, Sizes]:
        book = levels_of(self._stock, listing)
        return dict(book["b"]), dict(book["a"])

    def _frame(self, listing: int, topic: str, type: str, bids: Sizes, asks: Sizes) -> dict[str, Any]:
        number = next(self._updates)
        symbol = self._stock.hall.instruments[listing].symbol
        data = {"s": symbol, "b": [*bids.items()], "a": [*asks.items()], "u": number, "seq": number}
        return {"topic": topic, "type": type, "ts": now_ms(), "data": data, "cts": now_ms()}


def _changed(was: Sizes, now: Sizes) -> Sizes:
    """New sizes by price, "0" for a level that is gone."""
    gone = {price: "0" for price in was if price not in now}
    return gone | {price: size for price, size in now.items() if was.get(price) != size}


def levels_of(stock: Stock, listing: int) -> dict[str, Any]:
    """The book now."""
    book, one = stock.hall.books[listing], stock.hall.instruments[listing]
    bids, asks = (
        [
            [plain(one.price(price)), plain(one.quantity(lots))]
            for (price, lots), _ in zip(book.levels(side), range(LEVELS), strict=False)
        ]
        for side in (Side.SELL, Side.BUY)
    )
    return {"s": one.symbol, "b": bids, "a": asks}
