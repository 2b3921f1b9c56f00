"""One account as the venue shows it: its orders by number, its fills, what its streams are told."""

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count
from typing import Any

import msgspec

from dnkit.model.events import OrderAccepted, OrderEnded, OrderFilled, OrderRejected, PositionRead
from dnkit.model.numbers import NS_PER_MS, from_pico, plain
from dnkit.model.terms import EndKind, OrderType, RejectKind, Side
from dnkit.runtime.local.shop import Stock
from dnkit.runtime.local.teller import Teller
from dnkit.venues.account import PaperFill
from dnkit.venues.hyperliquid.words import TIFS
from dnkit.venues.local import protocol

LEVERAGE = {"type": "cross", "value": 20}
BALANCE = Decimal(1_000_000)
HISTORY = 2_000  # fills, as many as the venue tells
RECORDS = 10_000
Push = Callable[[str, Any], None]

REFUSED_AS = {
    RejectKind.POST_ONLY_CROSS: "badAloPxRejected",
    RejectKind.NO_MATCH: "iocCancelRejected",
    RejectKind.TOO_SMALL: "minTradeNtlRejected",
    RejectKind.REDUCE_ONLY: "reduceOnlyRejected",
    RejectKind.MARGIN: "perpMarginRejected",
}


class Record(msgspec.Struct):
    """An order: number, key in the back room, client id where one was given, and its state."""

    oid: int
    listing: int
    key: str
    cloid: str | None
    side: Side
    type: OrderType
    lots: int
    price: int
    stop: int
    reduce_only: bool
    at_ms: int
    status: str = "open"
    status_ms: int = 0
    cum: int = 0
    told: int = 0
    ending: str = ""


class Client:
    """One account. `push(channel, data)` carries to whoever listens; channels are named as the venue's."""

    def __init__(self, address: str, teller: Teller, stock: Stock, oids: Iterator[int], push: Push) -> None:
        self.address, self.teller = address, teller
        self.fills: deque[dict[str, Any]] = deque(maxlen=HISTORY)
        self.records: dict[int, Record] = {}
        self.by_cloid: dict[str, Record] = {}
        self._by_key: dict[tuple[int, str], Record] = {}
        self._stock, self._oids, self._push = stock, oids, push
        self._manual = count(1)
        teller.listeners.append(self._hear)

    def enter(self, wish: dict[str, Any]) -> Record:
        """Give an order a number and a key."""
        oid, cloid = next(self._oids), wish["cloid"]
        listing = wish["listing"]
        key = cloid or f"manual-{oid}"
        if (listing, key) in self._by_key or self.teller.order(listing, key) is not None:
            key = f"{key}/{oid}"  # the venue is not known to refuse a client id that came before
        record = Record(oid=oid, key=key, at_ms=self.wall_ms(self._stock.hall.now()), **wish)
        record.status_ms = record.at_ms
        self.records[oid] = self._by_key[listing, key] = record
        if cloid:
            self.by_cloid[cloid] = record
        if len(self.records) > RECORDS:
            oldest = self.records.pop(next(iter(self.records)))
            del self._by_key[oldest.listing, oldest.key]
        return record

    def find(self, oid: int | str) -> Record | None:
        """An order by number or client id."""
        return self.by_cloid.get(oid) if isinstance(oid, str) else self.records.get(oid)

    def resting(self) -> list[Record]:
        """Orders that rest now."""
        numbers = sorted({one.listing for one in self.records.values()})
        keys = [(number, one.asked.key) for number in numbers for one in self.teller.resting(number)]
        found = [self._by_key[one] for one in keys if one in self._by_key]
        for one in found:
            self.look(one)
        return found

    def wall_ms(self, at_ns: int) -> int:
        """A moment of the exchange on the clock that clients have."""
        ago_ns = int((self._stock.hall.now() - at_ns) / self._stock.pump.speed)
        return (time.time_ns() - ago_ns) // NS_PER_MS

    def update_of(self, record: Record) -> dict[str, Any]:
        """An order with its state, as it is told."""
        return {
            "order": self.order_of(record),
            "status": record.status,
            "statusTimestamp": record.status_ms,
        }

    def order_of(self, record: Record) -> dict[str, Any]:
        """An order's figures."""
        one = self._stock.hall.instruments[record.listing]
        found = {
            "coin": one.symbol,
            "side": "B" if record.side > 0 else "A",
            "limitPx": plain(one.price(record.price)),
            "sz": plain(one.quantity(record.lots - record.cum)),
            "oid": record.oid,
            "timestamp": record.at_ms,
            "origSz": plain(one.quantity(record.lots)),
        }
        return found | ({"cloid": record.cloid} if record.cloid else {})

    def frontend_of(self, record: Record) -> dict[str, Any]:
        """An order as the longer list shows it."""
        one = self._stock.hall.instruments[record.listing]
        return self.order_of(record) | {
            "cloid": record.cloid,
            "reduceOnly": record.reduce_only,
            "orderType": "Limit" if not record.stop else "Stop Limit",
            "tif": TIFS.get(record.type),
            "isTrigger": bool(record.stop),
            "triggerPx": plain(one.price(record.stop)),
            "triggerCondition": "N/A",
            "isPositionTpsl": False,
            "children": [],
        }

    async def state(self) -> dict[str, Any]:
        """Positions as the venue reads them: as old as its reads are, of the oldest moment among them."""
        as_of, held, worth = self._stock.hall.now(), [], BALANCE
        for listing in self._touched():
            read = await self.teller.position(listing)
            account = self.teller.member.venue(listing).account
            worth += from_pico(account.holding.realised - account.holding.fees)
            if isinstance(read, PositionRead) and read.lots is not None:
                as_of = min(as_of, read.as_of_ns)
                held += [(listing, read.lots)] if read.lots else []
        return self._state(held, worth, self.wall_ms(as_of))

    def state_now(self) -> dict[str, Any]:
        """Positions as the stream tells them: now."""
        listings = self._touched()
        accounts = {one: self.teller.member.venue(one).account for one in listings}
        worth = BALANCE + sum(from_pico(a.holding.realised - a.holding.fees) for a in accounts.values())
        held = [(one, account.lots) for one, account in accounts.items() if account.lots]
        return self._state(held, worth, self.wall_ms(self._stock.hall.now()))

    def _touched(self) -> list[int]:
        """Listings the account ever had to do with, here or in an earlier process."""
        numbers = self._stock.listings.values()
        return [one for one in numbers if self.teller.true_position(one) or self._has_traded(one)]

    def _has_traded(self, listing: int) -> bool:
        return any(one.listing == listing for one in self.records.values())

    def _state(self, held: list[tuple[int, int]], worth: Decimal, time_ms: int) -> dict[str, Any]:
        total = plain(worth)
        summary = {"accountValue": total, "totalNtlPos": "0", "totalRawUsd": total, "totalMarginUsed": "0"}
        return {
            "marginSummary": summary,
            "crossMarginSummary": summary,
            "crossMaintenanceMarginUsed": "0",
            "withdrawable": total,
            "assetPositions": [self._position(listing, lots) for listing, lots in held],
            "time": time_ms,
        }

    def _position(self, listing: int, lots: int) -> dict[str, Any]:
        one, account = self._stock.hall.instruments[listing], self.teller.member.venue(listing).account
        entry = abs(one.tick * account.entry / account.lots) if account.lots else None
        position = {
            "coin": one.symbol,
            "szi": plain(one.quantity(lots)),
            "entryPx": None if entry is None else plain(entry.quantize(Decimal("1e-10"))),
            "leverage": LEVERAGE,
            "maxLeverage": 50,
            "unrealizedPnl": "0",
            "marginUsed": "0",
            "returnOnEquity": "0",
            "liquidationPx": None,
            "positionValue": "0",
        }
        return {"type": "oneWay", "position": position}

    # What the back room says

    def _hear(self, told: protocol.Told) -> None:
        news = told.news
        if isinstance(news, PositionRead):
            if not news.request:
                state = {"dex": "", "user": self.address, "clearinghouseState": self.state_now()}
                self._push("clearinghouseState", state)
            return
        record = self._by_key.get((told.listing, told.key))
        if record is None:
            return
        if isinstance(news, OrderAccepted):
            self._update(record, "open", news.at_ns)
        elif isinstance(news, OrderFilled):
            self._filled(record, news)
        elif isinstance(news, OrderRejected):
            self._update(record, REFUSED_AS.get(news.why, "rejected"), news.at_ns)
        elif isinstance(news, OrderEnded):
            self.look(record)
            status = "filled" if news.why is EndKind.FILLED else record.ending or "canceled"
            self._update(record, status, news.at_ns)

    def _filled(self, record: Record, news: OrderFilled) -> None:
        account = self.teller.member.venue(record.listing).account
        fills, told = self._stock.hall.accounts.fills(account, f"{record.key}#"), []
        while record.told < len(fills) and record.cum < news.cum:
            fill = fills[record.told]
            record.told += 1
            record.cum += abs(fill.lots)
            told.append(self._fill(record, fill, maker=news.maker))
        self.fills.extend(told)
        self._push("userFills", {"user": self.address, "fills": told})
        self._update(record, "open", news.at_ns)

    def look(self, record: Record) -> None:
        """Let a record know what is filled by now."""
        order = self.teller.order(record.listing, record.key)
        record.cum = max(record.cum, order.cum if order is not None else 0)

    def _update(self, record: Record, status: str, at_ns: int) -> None:
        record.status, record.status_ms = status, self.wall_ms(at_ns)
        self._push("orderUpdates", [self.update_of(record)])

    def _fill(self, record: Record, fill: PaperFill, *, maker: bool) -> dict[str, Any]:
        one = self._stock.hall.instruments[record.listing]
        name = f"{self.address}:{record.listing}:{fill.trade}".encode()
        digest = hashlib.blake2b(name, digest_size=32).digest()
        found = {
            "coin": one.symbol,
            "px": plain(one.price(fill.price)),
            "sz": plain(one.quantity(abs(fill.lots))),
            "side": "B" if record.side > 0 else "A",
            "time": max(record.at_ms, self.wall_ms(fill.at_ns)),
            "startPosition": "0",
            "dir": "Open Long" if record.side > 0 else "Open Short",
            "closedPnl": "0",
            "hash": "0x" + digest.hex(),
            "oid": record.oid,
            "crossed": not maker,
            "fee": plain(from_pico(fill.fee)),
            "tid": int.from_bytes(digest[:6], "big"),
            "feeToken": one.quote,
        }
        return found | ({"cloid": record.cloid} if record.cloid else {})
