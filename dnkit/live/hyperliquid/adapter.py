"""Hyperliquid as a venue. Never run against the venue itself: only against the local exchange."""

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from dnkit.live.hyperliquid import read
from dnkit.live.hyperliquid.deadman import Deadman
from dnkit.live.hyperliquid.exchange import Desk
from dnkit.live.hyperliquid.ledger import TOTAL_UNTOLD, Kept, Ledger
from dnkit.live.hyperliquid.speech import PING_NS, Books, Hear, Speech
from dnkit.live.memory import Memory
from dnkit.live.setup import MAIN, TEST, Setup
from dnkit.live.transport.http import Http
from dnkit.live.transport.line import USUAL, Line
from dnkit.market.book import Book
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, ReadPosition, SweepOrders
from dnkit.model.errors import DnkitError
from dnkit.model.events import (
    CancelRefused,
    OrderAccepted,
    OrderEnded,
    OrderFound,
    OrderRejected,
    OrdersSwept,
    PositionRead,
    VenueFact,
)
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.model.terms import EndKind, FoundKind, OrderType, RejectKind
from dnkit.venues.base import (
    Answer,
    Ears,
    Funding,
    OpenOrder,
    Payment,
    Position,
    Request,
    Sign,
    Standing,
    Trouble,
    TroubledError,
)
from dnkit.venues.evm import address_of, key_of
from dnkit.venues.hyperliquid.signing import Wire, cloid_of, signer_of
from dnkit.venues.hyperliquid.words import Units, order_wire, refusal, units_of

ADDRESSES = {MAIN: "https://api.hyperliquid.xyz", TEST: "https://api.hyperliquid-testnet.xyz"}
BEFORE_MS = 1_000  # clocks behind the venue may differ by that much
FILLS_S = 0.7  # how long fills may come after the answer that told their sum
RULES = replace(USUAL, silent_ns=2 * PING_NS + 5 * NS_PER_S, prove_ns=2 * USUAL.prove_ns)


def make(setup: Setup) -> "Hyperliquid":
    """An account; DnkitError for keys that are none."""
    return Hyperliquid(setup)


class Hyperliquid:
    """One account at the venue, signed for by an agent."""

    def __init__(self, setup: Setup) -> None:
        self.capabilities = setup.capabilities
        self._setup, self._now = setup, setup.now
        try:
            key = key_of(setup.keys.get("private_key", ""))
            account = setup.keys.get("account", "") or "0x" + key.address.hex()
            self._account = "0x" + address_of(account).hex()
        except ValueError as error:
            raise DnkitError(f"keys of {setup.capabilities.venue}: {error}") from error
        self._is_agent = self._account != "0x" + key.address.hex()
        base = ADDRESSES.get(setup.where, setup.where).rstrip("/")
        self._url = "ws" + base.removeprefix("http") + "/ws"
        self._http = Http(base)
        signer = signer_of(key, setup.where == MAIN)
        self._desk = Desk(self._http, signer, setup.now, setup.capabilities.answer_within_ns)
        self._memory = Memory(setup.memory, f"{setup.capabilities.venue}:{self._account}")
        self._units: dict[str, Units] = {}
        self._ledger = Ledger(self._units.get, self._memory, setup.now, self._news, self._close_later)
        self._deadman = Deadman(self._desk, self._ledger, setup)
        self._lines: list[Line] = []
        self._ears: Ears | None = None
        self._history = True  # the first fills of all are not news

    # The venue's doors

    async def open(self, books: Mapping[str, Book], ears: Ears) -> None:
        """Read the grid, look at who we are, connect."""
        self._ears = ears
        await self._learn()
        feed = Books(books, self._units.__getitem__, self._now, ears.moved)
        wanted = [{"type": kind, "coin": coin} for coin in books for kind in ("l2Book", "bbo")]
        channels: dict[str, Hear] = {"l2Book": feed.snapshot, "bbo": feed.bbo}
        whole = [f"l2Book:{coin}" for coin in books]
        market = Speech(wanted, channels, whole, lambda: None, feed.forget, heals=True)
        user = [{"type": kind, "user": self._account} for kind in ("userFills", "orderUpdates")]
        user.append({"type": "clearinghouseState", "user": self._account})
        hearers: dict[str, Hear] = {
            "post": self._desk.heard,
            "userFills": self._fills,
            "orderUpdates": self._ledger.updates,
            "clearinghouseState": self._positions,
        }
        own = Speech(user, hearers, ["userFills"], self._came_back, self._desk.lost)
        try:
            for name, speech in (("books", market), ("account", own)):
                title = f"{self.capabilities.venue} {name}"
                line = Line(title, self._url, speech, self._setup.alert, rules=RULES, ping_ns=PING_NS)
                self._lines.append(line)
                await line.open()
        except TroubledError:
            await self.close()
            raise
        self._desk.line = self._lines[1]

    async def close(self) -> None:
        """Hang up; the dead man's switch is taken off first, so that orders stay."""
        await self._deadman.close()
        for line in self._lines:
            await line.close()
        await self._http.close()
        self._memory.close()

    async def ask(self, request: Request, symbol: str) -> Answer:
        """Carry a request out, once."""
        try:
            match request:
                case PlaceOrder():
                    return await self._place(request, symbol)
                case CancelOrder():
                    return await self._cancel(request, symbol)
                case FindOrder():
                    return await self._find(request, symbol)
                case ReadPosition():
                    found = await self.position(symbol)
                    return PositionRead(self._now(), 0, 0, found.lots, found.as_of_ns)
                case SweepOrders():
                    return await self._sweep(request, symbol)
        except TroubledError as error:
            return error.trouble

    async def listed(self) -> Mapping[str, Instrument]:
        """Grid and fees as the venue tells them; a tick is the finest of the price that runs now."""
        meta, contexts = await self._desk.info(type="metaAndAssetCtxs")
        fees = await self._desk.info(type="userFees", user=self._account)
        with read.expected():
            return read.listed(self._setup.instruments, meta, contexts, fees)

    async def position(self, symbol: str) -> Position:
        """The account's position now."""
        state = await self._state()
        with read.expected():
            return read.position(self._units[symbol], state, self._now())

    async def open_orders(self, symbol: str) -> Sequence[OpenOrder]:
        """Every order that rests."""
        found = await self._desk.info(type="frontendOpenOrders", user=self._account)
        with read.expected():
            return [
                read.open_order(self._units[symbol], one, self._memory.key(one.get("cloid") or ""))
                for one in found
                if one["coin"] == symbol
            ]

    async def standing(self, symbol: str) -> Standing:
        """What the account may do. The venue knows no hedge mode."""
        state = await self._state()
        chosen = await self._desk.info(type="activeAssetData", user=self._account, coin=symbol)
        meta = await self._desk.info(type="meta")
        book = await self._desk.info(type="l2Book", coin=symbol)
        with read.expected():
            ahead = book["time"] * NS_PER_MS - self._now()
            return read.standing(symbol, state, chosen, meta, ahead, can_withdraw=not self._is_agent)

    async def funding(self, symbol: str) -> Funding:
        """The rate of this hour."""
        _, contexts = await self._desk.info(type="metaAndAssetCtxs")
        with read.expected():
            rate = Decimal(contexts[self._units[symbol].asset]["funding"])
        hour = self.capabilities.funding_interval_ns
        return Funding(per_hour=rate, next_ns=(self._now() // hour + 1) * hour)

    async def payments(self, symbol: str, since_ns: int) -> Sequence[Payment]:
        """Funding paid since then."""
        paid: list[Payment] = []
        start_ms = since_ns // NS_PER_MS
        while True:
            page = await self._desk.info(type="userFunding", user=self._account, startTime=start_ms)
            with read.expected():
                paid += read.payments(symbol, page)
                if len(page) < read.PAGE:
                    return paid
                start_ms = max(one["time"] for one in page) + 1

    # Requests

    async def _place(self, asked: PlaceOrder, symbol: str) -> Answer:
        try:
            order = order_wire(self._units[symbol], asked, cloid_of(asked.key))
        except ValueError as error:
            return OrderRejected(self._now(), 0, 0, RejectKind.OTHER, f"not sent: {error}")
        kept = self._ledger.placed(symbol, asked.key, at_once=asked.type is OrderType.IOC)
        expires_ms = (self._now() + self.capabilities.answer_within_ns) // NS_PER_MS
        action: dict[str, Wire] = {"type": "order", "orders": [order], "grouping": "na"}
        try:
            response = await self._desk.act(action, expires_ms)
        except TroubledError as error:
            return self._order_refused(kept, error.trouble)
        with read.expected():
            return self._placed(kept, asked, response["data"]["statuses"][0])

    def _order_refused(self, kept: Kept, trouble: Trouble) -> Answer:
        """A refusal by the venue is the order's own; one of too many calls, or a break, is not."""
        if trouble.sign is not Sign.REFUSED:
            return trouble
        kept.refused = trouble.why is not RejectKind.DUPLICATE
        if not trouble.is_refusal:
            return trouble
        return OrderRejected(self._now(), 0, 0, trouble.why, trouble.text)

    def _placed(self, kept: Kept, asked: PlaceOrder, status: Any) -> Answer:
        match status:
            case {"error": text}:
                return self._order_refused(kept, Trouble(sign=Sign.REFUSED, why=refusal(text), text=text))
            case {"resting": {"oid": oid}}:
                told, kept.accepted = kept.accepted, True
                self._ledger.numbered(kept, oid)
                self._deadman.arm()
                return None if told else OrderAccepted(self._now(), 0, 0)
            case {"filled": {"oid": oid, "totalSz": size}}:
                return self._filled(kept, asked, oid, self._units[kept.symbol].lots(size))
            case "waitingForFill" | "waitingForTrigger":
                self._deadman.arm()
                return OrderAccepted(self._now(), 0, 0)
        raise LookupError(f"an order's status of {status}")

    def _filled(self, kept: Kept, asked: PlaceOrder, oid: int, lots: int) -> Answer:
        """The answer has a rounded price and no fee: what came of the order is told with its fills. The rest
        of an IOC is gone.
        """
        self._ledger.numbered(kept, oid)
        if lots >= asked.lots or asked.type is OrderType.IOC:
            why = EndKind.FILLED if lots >= asked.lots else EndKind.EXPIRED
            self._ledger.ended(kept, why, lots)
        totals = self._ledger.totals(oid)
        return self._ledger.filled(totals) if totals.cum >= lots else None

    async def _cancel(self, asked: CancelOrder, symbol: str) -> Answer:
        cloid = cloid_of(asked.key)
        cancels: list[Wire] = [{"asset": self._units[symbol].asset, "cloid": cloid}]
        try:
            response = await self._desk.act({"type": "cancelByCloid", "cancels": cancels})
        except TroubledError as error:
            trouble = error.trouble
            if trouble.is_refusal:
                return CancelRefused(self._now(), 0, 0, trouble.text)
            return trouble
        with read.expected():
            status = response["data"]["statuses"][0]
            if status == "success":
                return OrderEnded(self._now(), 0, 0, EndKind.CANCELLED, TOTAL_UNTOLD)
            return CancelRefused(self._now(), 0, 0, status["error"])

    async def _find(self, asked: FindOrder, symbol: str) -> Answer:
        cloid = cloid_of(asked.key)
        answer = await self._desk.info(type="orderStatus", user=self._account, oid=cloid)
        with read.expected():
            if answer["status"] == "unknownOid":
                return OrderFound(self._now(), 0, 0, FoundKind.ABSENT)
            found, cum = read.found(self._units[symbol], answer["order"])
            order = answer["order"]["order"]
            oid = order["oid"]
        if self._ledger.totals(oid).cum < cum:
            since_ms = order["timestamp"] - BEFORE_MS
            fills = await self._desk.info(type="userFillsByTime", user=self._account, startTime=since_ms)
            with read.expected():
                self._ledger.merge(fills)
        totals = self._ledger.totals(oid)
        if totals.cum < cum:
            return Trouble(sign=Sign.TIMED_OUT, text=f"fills of {cum} lots, {totals.cum} of them told")
        return OrderFound(self._now(), 0, 0, found, totals.cum, totals.worth, totals.fee)

    async def _sweep(self, asked: SweepOrders, symbol: str) -> Answer:
        ours = [one for one in await self.open_orders(symbol) if one.key and one.key not in asked.keep]
        if not ours:
            return OrdersSwept(self._now(), 0, 0, ok=True, found=0)
        asset = self._units[symbol].asset
        cancels: list[Wire] = [{"a": asset, "o": int(one.venue_id)} for one in ours]
        response = await self._desk.act({"type": "cancel", "cancels": cancels})
        with read.expected():
            refused = [one["error"] for one in response["data"]["statuses"] if one != "success"]
        return OrdersSwept(self._now(), 0, 0, ok=True, found=len(ours), text="; ".join(refused))

    # What the streams say

    def _news(self, symbol: str, key: str, fact: VenueFact) -> None:
        if self._ears is not None:
            self._ears.fact(symbol, key, fact)

    def _fills(self, data: dict[str, Any]) -> None:
        quiet, self._history = self._history and bool(data.get("isSnapshot")), False
        self._ledger.merge(data["fills"], quiet=quiet)

    def _positions(self, data: dict[str, Any]) -> None:
        for symbol, units in self._units.items():
            found = read.position(units, data["clearinghouseState"], self._now())
            self._news(symbol, "", PositionRead(self._now(), 0, 0, found.lots, found.as_of_ns))

    def _came_back(self) -> None:
        if self._desk.line is not None and self._ears is not None:
            self._ears.missed()

    def _close_later(self, kept: Kept) -> None:
        asyncio.get_running_loop().call_later(FILLS_S, self._ledger.close_untold, kept)

    # Before anything else

    async def _learn(self) -> None:
        """Numbers and grid of the symbols; DnkitError where the venue's are not those of our file."""
        meta, contexts = await self._desk.info(type="metaAndAssetCtxs")
        await self._state()
        with read.expected():
            for symbol, instrument in self._setup.instruments.items():
                asset, decimals = read.asset(meta, symbol)
                read.check_grid(instrument, decimals, contexts[asset])
                self._units[symbol] = units_of(instrument, asset, decimals)

    async def _state(self) -> Any:
        return await self._desk.info(type="clearinghouseState", user=self._account)
