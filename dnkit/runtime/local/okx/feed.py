"""OKX's streams on a local exchange: books as a chain of seqIds, touches, and what an account hears."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from aiohttp import web

from dnkit.model import events as ev
from dnkit.model.numbers import from_pico
from dnkit.model.terms import Side
from dnkit.runtime.local.conversation import Conversation
from dnkit.runtime.local.okx import words
from dnkit.runtime.local.okx.accounts import Accounts
from dnkit.runtime.local.okx.words import Contract, Trade
from dnkit.runtime.local.shop import Stock
from dnkit.runtime.local.showing import Showing
from dnkit.venues.local.wire_faults import WireFault
from dnkit.venues.paper_order import PaperOrder

BATCH_S, SILENCE_S, LATE_S = 0.05, 3.0, 0.3
DEPTHS = {"books": 400, "books5": 5, "bbo-tbt": 1}
Levels = dict[int, int]
encode = msgspec.json.Encoder().encode


class Subscriber(Conversation):
    """A connection with the channels it asked for, and the account it proved to be."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        super().__init__(socket, request)
        self.account = ""
        self.channels: dict[tuple[str, str], Mapping[str, Any]] = {}

    def tell(self, frame: Mapping[str, Any]) -> None:
        """Another frame."""
        self.send(encode(frame))


class Depth:
    """What was last told of a book."""

    def __init__(self) -> None:
        self.sides: tuple[Levels, Levels] = ({}, {})
        self.seq = words.now_ms()


class Feed:
    """All subscribers, all books."""

    def __init__(self, stock: Stock, accounts: Accounts, contracts: Sequence[Contract]) -> None:
        self._stock, self._accounts = stock, accounts
        self._contracts = {one.symbol: one for one in contracts}
        self._subscribers: list[Subscriber] = []
        self._depths: defaultdict[str, Depth] = defaultdict(Depth)
        self._dirty: set[str] = set()
        accounts.heard, accounts.moved = self._heard, self._moved

    def join(self, subscriber: Subscriber) -> None:
        """Another connection."""
        self._subscribers.append(subscriber)

    def leave(self, subscriber: Subscriber) -> None:
        """It is gone."""
        self._subscribers.remove(subscriber)

    async def opened(self, subscriber: Subscriber, arg: Mapping[str, Any]) -> None:
        """A channel was subscribed: what it begins with."""
        name, symbol = str(arg["channel"]), str(arg.get("instId", ""))
        subscriber.channels[name, symbol] = arg
        if symbol in self._contracts and not subscriber.account:
            self._stock.pump.showing(self._contracts[symbol].listing)
        if name == "books":
            self._batch(symbol)
            depth = self._depths[symbol]
            data = self._frame(symbol, depth.sides) | {"seqId": depth.seq, "prevSeqId": -1}
            subscriber.tell({"arg": arg, "action": "snapshot", "data": [data]})
        elif name in DEPTHS:
            subscriber.tell({"arg": arg, "data": [self._shown(symbol, name)]})
        elif name == "tickers":
            subscriber.tell({"arg": arg, "data": [self.ticker(symbol)]})
        elif name == "positions":
            subscriber.tell({"arg": arg, "data": await self.positions(subscriber.account, symbol)})
        elif name == "account":
            subscriber.tell({"arg": arg, "data": [balance()]})

    def sides(self, symbol: str) -> tuple[Levels, Levels]:
        """Bids and asks now, best first."""
        book = self._stock.hall.books[self._contracts[symbol].listing]
        return dict(book.levels(Side.SELL)), dict(book.levels(Side.BUY))

    def book(self, symbol: str, depth: int) -> dict[str, Any]:
        """The book as a request tells it: what the stream has told with that seqId."""
        self._batch(symbol)
        return self._top(symbol, depth)

    def _top(self, symbol: str, depth: int) -> dict[str, Any]:
        bids, asks = self.sides(symbol)
        cut = dict(list(bids.items())[:depth]), dict(list(asks.items())[:depth])
        return self._frame(symbol, cut) | {"seqId": self._depths[symbol].seq}

    def ticker(self, symbol: str) -> dict[str, Any]:
        """The touch, as tickers tell it."""
        contract, (bids, asks) = self._contracts[symbol], self.sides(symbol)
        row = {"instType": "SWAP", "instId": symbol, "ts": str(words.now_ms()), "last": ""}
        for name, side in (("bid", bids), ("ask", asks)):
            price, size = next(iter(side.items()), (0, 0))
            row |= {f"{name}Px": contract.price(price), f"{name}Sz": contract.size(size)}
        return row | {"last": row["bidPx"], "lastSz": "0"}

    async def positions(self, account: str, symbol: str = "") -> list[dict[str, Any]]:
        """Positions as reads of this venue see them, flat ones left out."""
        rows = []
        for contract in self._contracts.values():
            if symbol in ("", contract.symbol):
                read = await self._accounts[account].position(contract.listing)
                if isinstance(read, ev.PositionRead) and read.lots:
                    rows.append(self._position(contract, read.lots))
        return rows

    def changed(self, listing: int, showing: Showing) -> None:
        """A book changed: its touch goes out at once, its depth with the next batch."""
        showing.take(self._stock.pump.now())
        contract = next(one for one in self._contracts.values() if one.listing == listing)
        self._push("bbo-tbt", contract.symbol, lambda: self._shown(contract.symbol, "bbo-tbt"))
        self._dirty.add(contract.symbol)

    async def run(self) -> None:
        """Send depth in batches, until cancelled."""
        while True:
            await asyncio.sleep(BATCH_S)
            dirty, self._dirty = self._dirty, set()
            for symbol in dirty:
                self._batch(symbol)
                self._push("books5", symbol, lambda symbol=symbol: self._shown(symbol, "books5"))
                self._push("tickers", symbol, lambda symbol=symbol: self.ticker(symbol))

    def _batch(self, symbol: str) -> None:
        depth, now = self._depths[symbol], self.sides(symbol)
        changes = _changes(depth.sides[0], now[0]), _changes(depth.sides[1], now[1])
        if not any(changes):
            return
        last, depth.seq, depth.sides = depth.seq, depth.seq + 1, now
        if self._stock.faults.hits(WireFault.GAP):
            return
        data = self._frame(symbol, changes) | {"seqId": depth.seq, "prevSeqId": last}
        self._push("books", symbol, lambda: data, action="update")

    def _frame(self, symbol: str, sides: tuple[Levels, Levels]) -> dict[str, Any]:
        one = self._contracts[symbol]
        bids, asks = ([[one.price(p), one.size(s), "0", "1"] for p, s in side.items()] for side in sides)
        return {"bids": bids, "asks": asks, "instId": symbol, "ts": str(words.now_ms())}

    def _shown(self, symbol: str, name: str) -> dict[str, Any]:
        return self._top(symbol, DEPTHS[name])

    def _push(self, name: str, symbol: str, data: Any, account: str = "", **more: str) -> None:
        """To whoever asked for that channel, of this symbol or of all."""
        for one in tuple(self._subscribers):
            arg = one.channels.get((name, symbol)) or one.channels.get((name, ""))
            if arg is None or (account and one.account != account):
                continue
            text = encode({"arg": arg, **more, "data": [data()]})
            fault = self._stock.faults.first(WireFault.SILENT, WireFault.MALFORMED) if account else None
            if fault is WireFault.SILENT:
                one.silent_until = time.monotonic() + SILENCE_S
            one.send(text[: len(text) // 2] if fault is WireFault.MALFORMED else text)

    # --- accounts -------------------------------------------------------------------------------------

    def _heard(
        self, account: str, one: Contract, order: PaperOrder, news: ev.VenueFact, trades: tuple[Trade, ...]
    ) -> None:
        if not isinstance(news, ev.OrderAccepted | ev.OrderFilled | ev.OrderEnded):
            return
        row = words.order_row(account, one, order, order.cum, order.worth, order.fee)
        if not trades:
            self._push("orders", one.symbol, lambda: row, account)
        for trade in trades:
            fill = words.fill_row(account, one, trade)
            told = row | {
                name: fill[name] for name in ("fillPx", "fillSz", "tradeId", "fillTime", "execType")
            }
            told |= {"fillFee": fill["fee"], "fillFeeCcy": fill["feeCcy"]}
            self._tell_fill(account, one.symbol, told)

    def _tell_fill(self, account: str, symbol: str, row: dict[str, Any]) -> None:
        def push() -> None:
            self._push("orders", symbol, lambda: row, account)

        later = asyncio.get_running_loop().call_later
        if self._stock.faults.hits(WireFault.LATE_FILL):
            later(LATE_S, push)
        else:
            push()
        if self._stock.faults.hits(WireFault.TWICE):
            later(LATE_S, push)

    def _moved(self, account: str, contract: Contract, lots: int) -> None:
        self._push("positions", contract.symbol, lambda: self._position(contract, lots), account)

    def _position(self, contract: Contract, lots: int) -> dict[str, Any]:
        at = str(words.now_ms())
        return {
            "instType": "SWAP",
            "instId": contract.symbol,
            "posSide": "net",
            "mgnMode": "cross",
            "pos": contract.size(lots),
            "avgPx": "",
            "markPx": self.ticker(contract.symbol)["last"],
            "lever": words.LEVERAGE,
            "ccy": contract.instrument.quote,
            "uTime": at,
            "cTime": at,
        }


def balance() -> dict[str, Any]:
    """Money of any account: enough, and always the same."""
    money, at = str(from_pico(10**18)), str(words.now_ms())
    detail = {"ccy": "USDT", "eq": money, "availEq": money, "availBal": money, "cashBal": money}
    return {"uTime": at, "totalEq": money, "details": [detail | {"frozenBal": "0", "uTime": at}]}


def _changes(before: Levels, now: Levels) -> Levels:
    return {p: s for p, s in now.items() if before.get(p) != s} | dict.fromkeys(before.keys() - now.keys(), 0)
