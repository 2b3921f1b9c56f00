"""Streams: what each connection asked for, and the frames it gets."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from dnkit.model.events import OrderAccepted, OrderEnded, OrderFilled, OrderRejected
from dnkit.model.numbers import NS_PER_MS
from dnkit.model.terms import Side
from dnkit.runtime.local.conversation import Conversation
from dnkit.runtime.local.lighter.rows import ENDED_AS, Rows, price_text, size_text, status_of
from dnkit.runtime.local.shop import Stock
from dnkit.runtime.local.showing import Showing
from dnkit.runtime.local.teller import Teller
from dnkit.venues.lighter import words
from dnkit.venues.local import protocol
from dnkit.venues.local.wire_faults import WireFault
from dnkit.venues.paper_order import PaperOrder

BATCH_S = 0.05  # changes of books go out that often
PING_S = 20
SILENCE_S = 3
LATE_S = 0.3
Levels = dict[int, int]
encode = msgspec.json.Encoder().encode


class Session(Conversation):
    """A connection with the channels it asked for."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        super().__init__(socket, request)
        self.channels: set[str] = set()

    def tell(self, message: Mapping[str, Any]) -> None:
        """Another message."""
        self.send(encode(message))


class Depth:
    """What was last told of a book. Each change says which number it follows, and has the next."""

    def __init__(self) -> None:
        self.nonce = time.time_ns() // NS_PER_MS
        self.sides: tuple[Levels, Levels] = ({}, {})


class Feed:
    """All connections."""

    def __init__(self, stock: Stock, rows: Rows) -> None:
        self._stock, self._rows = stock, rows
        self._sessions: list[Session] = []
        self._depths: dict[int, Depth] = {}
        self._dirty: set[int] = set()
        self._told: dict[tuple[int, int, str], int] = {}
        self._heard: set[int] = set()

    def join(self, session: Session) -> None:
        """A connection came."""
        self._sessions.append(session)
        session.tell({"session_id": f"{time.time_ns():x}", "type": "connected"})

    def leave(self, session: Session) -> None:
        """A connection is gone."""
        self._sessions.remove(session)

    def changed(self, listing: int, showing: Showing) -> None:
        """A watched book changed: it is told with the next batch."""
        showing.take(self._stock.pump.now())
        self._dirty.add(listing)

    async def run(self) -> None:
        """Tell books and ask who is still there, until cancelled."""
        pinged = time.monotonic()
        while True:
            await asyncio.sleep(BATCH_S)
            dirty, self._dirty = self._dirty, set()
            for listing in sorted(dirty):
                self._tell_changes(listing)
            if time.monotonic() - pinged > PING_S:
                pinged = time.monotonic()
                for session in self._sessions:
                    session.tell({"type": "ping"})

    # Books

    def show(self, session: Session, listing: int) -> None:
        """The whole book, and its changes from now on."""
        self._stock.pump.showing(listing)
        if listing not in self._depths:
            self._depths[listing] = Depth()
            self._depths[listing].sides = self.sides(listing)
        depth = self._depths[listing]
        session.tell(self._book(listing, "subscribed", depth.nonce, depth.sides))

    def _tell_changes(self, listing: int) -> None:
        depth = self._depths[listing]
        told, depth.sides = depth.sides, self.sides(listing)
        changes = [
            {
                price: now.get(price, 0)
                for price in now.keys() | before.keys()
                if now.get(price) != before.get(price)
            }
            for before, now in zip(told, depth.sides, strict=True)
        ]
        if not any(changes):
            return
        after, depth.nonce = depth.nonce, depth.nonce + 1
        frame = encode(self._book(listing, "update", after, (changes[0], changes[1])))
        for session in tuple(self._sessions):
            if not self._stock.faults.hits(WireFault.GAP):
                self._send(session, f"order_book/{listing}", frame)

    def sides(self, listing: int) -> tuple[Levels, Levels]:
        """The book now, bids and asks by price, best first."""
        book = self._stock.hall.books[listing]
        return dict(book.levels(Side.SELL)), dict(book.levels(Side.BUY))

    def _book(self, listing: int, kind: str, begins: int, sides: tuple[Levels, Levels]) -> dict[str, Any]:
        one, nonce = self._stock.hall.instruments[listing], self._depths[listing].nonce
        bids, asks = (
            [{"price": price_text(one, at), "size": size_text(one, lots)} for at, lots in side.items()]
            for side in sides
        )
        told = {"code": 0, "asks": asks, "bids": bids, "offset": nonce, "nonce": nonce, "begin_nonce": begins}
        return {
            "channel": f"order_book:{listing}",
            "offset": nonce,
            "order_book": told,
            "timestamp": time.time_ns() // NS_PER_MS,
            "type": f"{kind}/order_book",
        }

    # Accounts

    def follow(self, account: int, teller: Teller) -> None:
        """Tell an account's news from now on."""
        if account not in self._heard:
            self._heard.add(account)
            teller.listeners.append(lambda told: self._news(account, teller, told))

    def show_orders(self, session: Session, account: int, teller: Teller, only: int | None) -> None:
        """What rests, on one market or on all."""
        listings = list(self._stock.listings.values()) if only is None else [only]
        resting = {
            str(listing): [self._rows.order_now(account, listing, one) for one in teller.resting(listing)]
            for listing in listings
        }
        kind, _, channel = _orders_of(account, only)
        session.tell(
            {"account": account, "channel": channel, "orders": resting, "type": f"subscribed/{kind}"}
        )

    def show_trades(self, session: Session, account: int, teller: Teller) -> None:
        """What was traded before."""
        listings = self._stock.listings.values()
        trades = {str(one): list(self._rows.trades(account, teller, one)) for one in listings}
        told = {number: rows for number, rows in trades.items() if rows}
        channel, kind = f"account_all_trades:{account}", "subscribed/account_all_trades"
        session.tell({"channel": channel, "trades": told, "type": kind})

    def _news(self, account: int, teller: Teller, told: protocol.Told) -> None:
        news, order = told.news, teller.order(told.listing, told.key)
        if order is None:
            return
        if isinstance(news, OrderFilled):
            self._tell_trades(account, teller, told, order)
        if isinstance(news, OrderAccepted | OrderFilled | OrderEnded | OrderRejected):
            status, cum, worth = words.OPEN, 0, 0
            if isinstance(news, OrderFilled | OrderEnded):
                cum, worth = max(0, news.cum), news.worth
            if isinstance(news, OrderEnded):
                status, cum, worth = ENDED_AS[news.why], order.cum, order.worth
            elif isinstance(news, OrderRejected):
                status = status_of(order)
            row = self._rows.order(account, told.listing, order, cum=cum, worth=worth, status=status)
            for only in (told.listing, None):
                kind, asked, channel = _orders_of(account, only)
                orders = {str(told.listing): [row]}
                self._tell(
                    asked,
                    {"account": account, "channel": channel, "orders": orders, "type": f"update/{kind}"},
                )

    def _tell_trades(self, account: int, teller: Teller, told: protocol.Told, order: PaperOrder) -> None:
        news = told.news
        assert isinstance(news, OrderFilled), "it is asked for fills alone"
        name = account, told.listing, told.key
        held = teller.member.venue(told.listing).account
        fills = self._stock.hall.accounts.fills(held, f"{told.key}#")
        rows, cum = [], 0
        for number, fill in enumerate(fills):
            cum += abs(fill.lots)
            if number >= self._told.get(name, 0) and cum <= news.cum:
                self._rows.noticed(fill.trade, maker=news.maker)
                rows.append(self._rows.trade(account, told.listing, order, fill))
                self._told[name] = number + 1
        if not rows:
            return
        kind = "account_all_trades"
        channel, faults = f"{kind}/{account}", self._stock.faults
        trades = {str(told.listing): rows}
        message = {"channel": f"{kind}:{account}", "trades": trades, "type": f"update/{kind}"}
        if faults.hits(WireFault.LATE_FILL):
            asyncio.get_running_loop().call_later(LATE_S, self._tell, channel, message)
        else:
            self._tell(channel, message)
        if faults.hits(WireFault.TWICE):
            self._tell(channel, message)

    # The wire

    def _tell(self, channel: str, message: Mapping[str, Any]) -> None:
        frame = encode(message)
        for session in tuple(self._sessions):
            self._send(session, channel, frame)

    def _send(self, session: Session, channel: str, frame: bytes) -> None:
        if channel not in session.channels or time.monotonic() < session.silent_until:
            return
        faults = self._stock.faults
        if faults.hits(WireFault.SILENT):
            session.silent_until = time.monotonic() + SILENCE_S
        session.send(b"{" if faults.hits(WireFault.MALFORMED) else frame)


def _orders_of(account: int, only: int | None) -> tuple[str, str, str]:
    """The kind of a stream of orders, its channel as it is asked for, and as messages call it."""
    if only is None:
        return "account_all_orders", f"account_all_orders/{account}", f"account_all_orders:{account}"
    return "account_orders", f"account_orders/{only}/{account}", f"account_orders:{only}"
