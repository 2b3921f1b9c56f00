"""Nado's streams on a local exchange: what each subscriber asked for, and the frames it gets."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from dnkit.model import events as ev
from dnkit.model.numbers import PICO
from dnkit.model.terms import EndKind, Side
from dnkit.runtime.local.conversation import Conversation
from dnkit.runtime.local.nado.entry import row_of
from dnkit.runtime.local.shop import Stock, trades_of
from dnkit.runtime.local.showing import Showing
from dnkit.runtime.local.teller import Teller
from dnkit.venues.local import protocol
from dnkit.venues.local.wire_faults import WireFault
from dnkit.venues.nado.words import X18, Product

BATCH_S = 0.05  # depth goes out that often
SILENCE_S = 3
LATE_S = 0.3
PICO_X18 = X18 // PICO
_REASONS = {EndKind.FILLED: "filled"}
Levels = dict[int, int]
encode = msgspec.json.Encoder().encode


class Subscriber(Conversation):
    """A connection with the streams it asked for, and the accounts it proved to be."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        super().__init__(socket, request)
        self.streams: set[tuple[str, int | None, str]] = set()
        self.accounts: set[str] = set()

    def wants(self, kind: str, product: int, account: str = "") -> bool:
        """Whether it asked for that stream, for this product or for all."""
        return (kind, product, account) in self.streams or (kind, None, account) in self.streams


class Depth:
    """What was last told of a book."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.bids: Levels = {}
        self.asks: Levels = {}
        self.touch: tuple[int, ...] = ()
        self.at = str(time.time_ns())

    def changes(self, bids: Levels, asks: Levels) -> tuple[list[list[str]], list[list[str]]]:
        """Levels that differ from what was told, with their new sizes."""
        changed = self._changed(self.bids, bids), self._changed(self.asks, asks)
        self.bids, self.asks = bids, asks
        return changed

    def _changed(self, before: Levels, now: Levels) -> list[list[str]]:
        prices = {price for price, size in now.items() if before.get(price) != size} | (
            before.keys() - now.keys()
        )
        return [self.level(price, now.get(price, 0)) for price in sorted(prices)]

    def level(self, price: int, size: int) -> list[str]:
        """A level on the wire."""
        return [str(self.product.price_x18(price)), str(self.product.amount_x18(size))]


class Feed:
    """All subscribers, all books."""

    def __init__(self, stock: Stock, products: Mapping[int, Product]) -> None:
        self._stock = stock
        self._subscribers: list[Subscriber] = []
        self._depths = {number: Depth(product) for number, product in products.items()}
        self._numbers = {stock.listings[one.symbol]: number for number, one in products.items()}
        self._dirty: set[int] = set()
        self._totals: dict[str, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
        self._submissions = time.time_ns() // 1000
        self._heard: set[str] = set()

    def join(self, subscriber: Subscriber) -> None:
        """Another connection."""
        self._subscribers.append(subscriber)

    def leave(self, subscriber: Subscriber) -> None:
        """It is gone."""
        if subscriber in self._subscribers:
            self._subscribers.remove(subscriber)

    def watch(self, number: int) -> None:
        """Books are only looked at once somebody asked."""
        self._stock.pump.showing(self._stock.listings[self._depths[number].product.symbol])
        self._dirty.add(number)

    def follow(self, sender: str, teller: Teller) -> None:
        """Tell an account's news from now on."""
        if sender not in self._heard:
            self._heard.add(sender)
            teller.listeners.append(lambda told: self._told(sender, teller, told))

    def book(self, number: int) -> tuple[Levels, Levels]:
        """The book of a product now, by price."""
        book = self._stock.hall.books[self._stock.listings[self._depths[number].product.symbol]]
        return dict(book.levels(Side.SELL)), dict(book.levels(Side.BUY))

    def changed(self, listing: int, showing: Showing) -> None:
        """A book changed: its touch goes out at once, its trades too, its depth with the next batch."""
        number = self._numbers[listing]
        shown = showing.take(self._stock.pump.now())
        depth, product = self._depths[number], self._depths[number].product
        bid, ask = (shown.bids or ((0, 0),))[0], (shown.asks or ((0, 0),))[0]
        if (*bid, *ask) != depth.touch:
            depth.touch = (*bid, *ask)
            self._push("best_bid_offer", number, self._touch(product, bid, ask))
        for _, price, lots in shown.trades:
            self._push("trade", number, self._trade(product, price, lots, price >= ask[0] > 0))
        self._dirty.add(number)

    async def run(self) -> None:
        """Send the depth in batches, until cancelled."""
        while True:
            await asyncio.sleep(BATCH_S)
            dirty, self._dirty = self._dirty, set()
            for number in dirty:
                self._batch(number)

    def _batch(self, number: int) -> None:
        depth, now = self._depths[number], str(time.time_ns())
        bids, asks = depth.changes(*self.book(number))
        if not bids and not asks:
            return
        last, depth.at = depth.at, now
        if self._stock.faults.hits(WireFault.GAP):
            return
        frame = {
            "type": "book_depth",
            "last_max_timestamp": last,
            "min_timestamp": now,
            "max_timestamp": now,
            "product_id": number,
            "bids": bids,
            "asks": asks,
        }
        self._push("book_depth", number, frame)

    def _push(self, kind: str, number: int, frame: Mapping[str, Any], account: str = "") -> None:
        text = encode(frame)
        for subscriber in tuple(self._subscribers):
            if not subscriber.wants(kind, number, account):
                continue
            fault = self._stock.faults.first(WireFault.SILENT, WireFault.MALFORMED) if account else None
            if fault is WireFault.SILENT:
                subscriber.silent_until = time.monotonic() + SILENCE_S
            subscriber.send(text[: len(text) // 2] if fault is WireFault.MALFORMED else text)

    def _touch(self, product: Product, bid: tuple[int, int], ask: tuple[int, int]) -> dict[str, Any]:
        return {
            "type": "best_bid_offer",
            "timestamp": str(time.time_ns()),
            "product_id": product.number,
            "bid_price": str(product.price_x18(bid[0])),
            "bid_qty": str(product.amount_x18(bid[1])),
            "ask_price": str(product.price_x18(ask[0])),
            "ask_qty": str(product.amount_x18(ask[1])),
        }

    def _trade(self, product: Product, price: int, lots: int, bought: bool) -> dict[str, Any]:
        amount = str(product.amount_x18(lots))
        return {
            "type": "trade",
            "timestamp": str(time.time_ns()),
            "product_id": product.number,
            "price": str(product.price_x18(price)),
            "taker_qty": amount,
            "maker_qty": amount,
            "is_taker_buyer": bought,
        }

    # --- accounts -------------------------------------------------------------------------------------

    def _told(self, sender: str, teller: Teller, told: protocol.Told) -> None:
        number = self._numbers[told.listing]
        product, news = self._depths[number].product, told.news
        if isinstance(news, ev.OrderFilled):
            self._filled(sender, teller, product, told.key, news)
        elif isinstance(news, ev.OrderEnded):
            self._updated(sender, teller, product, told.key, _REASONS.get(news.why, "cancelled"))
        elif isinstance(news, ev.OrderAccepted):
            self._updated(sender, teller, product, told.key, "placed")
        elif isinstance(news, ev.PositionRead) and news.lots is not None and not news.request:
            self._moved(sender, product, news.lots)

    def _filled(self, sender: str, teller: Teller, product: Product, key: str, news: ev.OrderFilled) -> None:
        order = teller.order(self._stock.listings[product.symbol], key)
        if order is None:
            return
        cum, worth, fee = self._totals[key]
        trades = trades_of(news.cum - cum, news.worth - worth) if news.cum > cum else []
        for at, (lots, price) in enumerate(trades):
            cum += lots
            self._submissions += 1
            paid = news.fee - fee if at == len(trades) - 1 else 0
            frame = {
                "type": "fill",
                "timestamp": str(time.time_ns()),
                "product_id": product.number,
                "subaccount": sender,
                "order_digest": key,
                "filled_qty": str(product.amount_x18(lots)),
                "remaining_qty": str(product.amount_x18(order.asked.lots - cum)),
                "original_qty": str(product.amount_x18(order.asked.lots)),
                "price": str(product.price_x18(price)),
                "is_taker": not news.maker,
                "is_bid": order.asked.side is Side.BUY,
                "fee": str(paid * PICO_X18),
                "submission_idx": str(self._submissions),
            }
            self._tell_fill(product.number, frame, sender)
        self._totals[key] = (news.cum, news.worth, news.fee)

    def _tell_fill(self, number: int, frame: Mapping[str, Any], sender: str) -> None:
        faults = self._stock.faults
        if faults.hits(WireFault.LATE_FILL):
            self._later(lambda: self._push("fill", number, frame, sender))
        else:
            self._push("fill", number, frame, sender)
        if faults.hits(WireFault.TWICE):
            self._later(lambda: self._push("fill", number, frame, sender))

    def _later(self, call: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(LATE_S, call)

    def _updated(self, sender: str, teller: Teller, product: Product, key: str, reason: str) -> None:
        order = teller.order(self._stock.listings[product.symbol], key)
        if order is None:
            return
        left = row_of(order, product, sender)["unfilled_amount"] if reason == "placed" else "0"
        frame = {
            "type": "order_update",
            "timestamp": str(time.time_ns()),
            "product_id": product.number,
            "digest": key,
            "amount": left,
            "reason": reason,
        }
        self._push("order_update", product.number, frame, sender)

    def _moved(self, sender: str, product: Product, lots: int) -> None:
        frame = {
            "type": "position_change",
            "timestamp": str(time.time_ns()),
            "product_id": product.number,
            "subaccount": sender,
            "amount": str(product.amount_x18(lots)),
            "v_quote_amount": "0",
            "isolated": False,
            "reason": "match_orders",
        }
        self._push("position_change", product.number, frame, sender)
