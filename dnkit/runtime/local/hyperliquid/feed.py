"""Streams: what each connection asked for, and the frames it gets."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec
from aiohttp import web

from dnkit.model.numbers import NS_PER_MS, plain
from dnkit.model.terms import Side
from dnkit.runtime.local.conversation import Conversation
from dnkit.runtime.local.hyperliquid.client import Client
from dnkit.runtime.local.shop import Stock
from dnkit.runtime.local.showing import Showing
from dnkit.venues.local.wire_faults import WireFault

SNAPSHOT_S = 0.1
BEATS = 10
LEVELS = 20
SILENCE_S = 3
LATE_S = 0.3
Name = tuple[str, str]
encode = msgspec.json.Encoder().encode


class Session(Conversation):
    """A connection with what it wants."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        super().__init__(socket, request)
        self.wanted: set[Name] = set()

    def tell(self, message: dict[str, Any]) -> None:
        """Another message."""
        self.send(encode(message))

    def leave(self, subscription: dict[str, str]) -> None:
        """It does not want that any more."""
        self.wanted.discard(_name(subscription))


class Feed:
    """All connections."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self._sessions: list[Session] = []
        self._touches: dict[int, Any] = {}
        self._dirty: set[int] = set()
        self._trades: defaultdict[int, int] = defaultdict(int)

    def join(self, session: Session) -> None:
        """A connection came."""
        self._sessions.append(session)

    def leave(self, session: Session) -> None:
        """A connection is gone."""
        self._sessions.remove(session)

    def subscribe(self, session: Session, wanted: dict[str, str], client: Client | None) -> None:
        """Tell it from now on, beginning with how things stand."""
        kind, name = _name(wanted)
        session.wanted.add((kind, name))
        if client is not None:
            if kind == "userFills":
                fills = {"isSnapshot": True, "user": client.address, "fills": list(reversed(client.fills))}
                session.tell({"channel": kind, "data": fills})
            elif kind == "clearinghouseState":
                state = {"dex": "", "user": client.address, kind: client.state_now()}
                session.tell({"channel": kind, "data": state})
            return
        listing = self._stock.listings[wanted["coin"]]
        self._stock.pump.showing(listing)
        if kind == "l2Book":
            session.tell({"channel": kind, "data": book_of(self._stock, listing)})
        elif kind == "bbo":
            session.tell({"channel": kind, "data": _touch(book_of(self._stock, listing))})

    def push_to(self, address: str) -> Callable[[str, Any], None]:
        """What an account's news is handed to."""

        def push(channel: str, data: Any) -> None:
            frame = encode({"channel": channel, "data": data})
            faults = self._stock.faults
            if channel == "userFills" and faults.hits(WireFault.LATE_FILL):
                loop = asyncio.get_running_loop()
                loop.call_later(LATE_S, self._send, (channel, address), frame)
            else:
                self._send((channel, address), frame)
            if channel == "userFills" and faults.hits(WireFault.TWICE):
                self._send((channel, address), frame)

        return push

    def changed(self, listing: int, showing: Showing) -> None:
        """A watched book changed: its touch is told at once, the whole of it in a while."""
        shown = showing.take(self._stock.pump.now())
        if self._stock.faults.hits(WireFault.GAP):
            return
        one = self._stock.hall.instruments[listing]
        touch = _touch(book_of(self._stock, listing))
        if touch["bbo"] != self._touches.get(listing):
            self._touches[listing] = touch["bbo"]
            self._send(("bbo", one.symbol), encode({"channel": "bbo", "data": touch}), faulty=False)
        if shown.trades:
            self._tell_trades(listing, shown.trades)
        self._dirty.add(listing)

    async def run(self) -> None:
        """Tell whole books, so often, until cancelled. Streams of books say so much that what may go wrong
        with a frame is drawn once a second for each.
        """
        for beat in count():
            await asyncio.sleep(SNAPSHOT_S)
            dirty, self._dirty = self._dirty, set()
            for listing in sorted(dirty):
                symbol = self._stock.hall.instruments[listing].symbol
                book = {"channel": "l2Book", "data": book_of(self._stock, listing)}
                self._send(("l2Book", symbol), encode(book), faulty=beat % BEATS == 0)

    def _tell_trades(self, listing: int, trades: tuple[tuple[int, int, int], ...]) -> None:
        one = self._stock.hall.instruments[listing]
        told = []
        for _at_ns, price, lots in trades:
            self._trades[listing] += 1
            told.append(
                {
                    "coin": one.symbol,
                    "side": "B",
                    "px": plain(one.price(price)),
                    "sz": plain(one.quantity(lots)),
                    "time": _now_ms(),
                    "hash": "0x0",
                    "tid": self._trades[listing],
                }
            )
        self._send(("trades", one.symbol), encode({"channel": "trades", "data": told}), faulty=False)

    def _send(self, name: Name, frame: bytes, *, faulty: bool = True) -> None:
        for session in tuple(self._sessions):
            if name not in session.wanted:
                continue
            if not faulty:
                session.send(frame)
                continue
            if self._stock.faults.hits(WireFault.SILENT):
                session.silent_until = time.monotonic() + SILENCE_S
            session.send(b"{" if self._stock.faults.hits(WireFault.MALFORMED) else frame)


def book_of(stock: Stock, listing: int) -> dict[str, Any]:
    """The whole book now, 20 levels a side."""
    book, one = stock.hall.books[listing], stock.hall.instruments[listing]
    levels = [
        [
            {"px": plain(one.price(price)), "sz": plain(one.quantity(lots)), "n": 1}
            for (price, lots), _ in zip(book.levels(side), range(LEVELS), strict=False)
        ]
        for side in (Side.SELL, Side.BUY)
    ]
    return {"coin": one.symbol, "time": _now_ms(), "levels": levels}


def _touch(book: dict[str, Any]) -> dict[str, Any]:
    best = [side[0] if side else None for side in book["levels"]]
    return {"coin": book["coin"], "time": book["time"], "bbo": best}


def _now_ms() -> int:
    return time.time_ns() // NS_PER_MS


def _name(subscription: dict[str, str]) -> Name:
    user = subscription.get("user")
    return subscription["type"], subscription.get("coin", "") if user is None else user.lower()
