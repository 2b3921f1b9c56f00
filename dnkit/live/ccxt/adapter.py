"""Any venue with a record, through ccxt. Two instances of it: one hears and reads, one sends orders."""

import asyncio
import decimal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from hashlib import blake2b
from typing import Any, TypeVar

import ccxt.pro
from ccxt.base.errors import BaseError

from dnkit.live.ccxt.bybit import BYBIT
from dnkit.live.ccxt.errors import trouble_of
from dnkit.live.ccxt.record import CCXT_VERSION, Record
from dnkit.live.fills import Fills, Traded
from dnkit.live.memory import Memory
from dnkit.live.setup import MAIN, TEST, Setup
from dnkit.market.book import Book, Levels
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
)
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import NS_PER_MS, plain, to_pico
from dnkit.model.terms import EndKind, FoundKind, RejectKind, Side
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

RECORDS: Mapping[str, Record] = {"bybit": BYBIT}
OPEN_S, REJOIN_S, AGAIN_S, LOOK_S = 10, 0.5, 0.2, 0.05
T = TypeVar("T")
Told = Mapping[str, Any]


def make(setup: Setup) -> "CcxtVenue":
    """An account; DnkitError with another ccxt than the records were tried with."""
    if ccxt.__version__ != CCXT_VERSION:
        raise DnkitError(f"ccxt is {ccxt.__version__}: venues through it were tried with {CCXT_VERSION}")
    return CcxtVenue(setup, RECORDS[setup.capabilities.venue])


def client_id(key: str) -> str:
    """What a venue knows an order of ours by: 32 letters and digits, a hash of our key."""
    return "dn" + blake2b(key.encode(), digest_size=15).hexdigest()


class CcxtVenue:
    """One account at one venue."""

    def __init__(self, setup: Setup, record: Record) -> None:
        self.capabilities = setup.capabilities
        self._setup, self._record, self._now = setup, record, setup.now
        self._data, self._trade = self._instance(limited=True), self._instance(limited=False)
        account = blake2b(setup.keys.get("api_key", "").encode(), digest_size=8).hexdigest()
        self._memory = Memory(setup.memory, f"{setup.capabilities.venue}:{account}")
        self._fills = Fills()
        self._ends: dict[str, tuple[str, EndKind, int]] = {}  # told over, with fills still to come
        self._over: set[str] = set()
        self._markets: dict[str, Told] = {}
        self._pumps: list[asyncio.Task[None]] = []
        self._ears: Ears | None = None

    def _instance(self, *, limited: bool) -> Any:
        record, where = self._record, self._setup.where
        config: dict[str, Any] = {name: self._setup.keys.get(ours, "") for name, ours in record.keys.items()}
        config |= {"enableRateLimit": limited, "number": str, "options": dict(record.options)}
        config["options"]["maxRetriesOnFailure"] = 0
        config["timeout"] = max(1000, self.capabilities.answer_within_ns // NS_PER_MS)
        if where not in (MAIN, TEST):
            config["urls"] = record.urls(where.rstrip("/"))
        exchange = getattr(ccxt.pro, record.ccxt_id)(config)
        exchange.has["fetchCurrencies"] = False
        if where == TEST:
            exchange.set_sandbox_mode(True)
        return exchange

    # The venue's doors

    async def open(self, books: Mapping[str, Book], ears: Ears) -> None:
        """Load the markets, hold our grid against them, prove who we are, hear books and account."""
        self._ears = ears
        for exchange in (self._data, self._trade):
            exchange.open()
            # aiohttp repeats GET and DELETE when a kept connection breaks.
            exchange.session._retry_connection = False
        self._data.handle_order = lambda _client, told: self._rows(told["data"])
        try:
            await self._call(self._data.load_markets)
            self._trade.set_markets(self._data.markets, self._data.currencies)
            for symbol, one in self._setup.instruments.items():
                self._markets[symbol] = self._market(symbol)
                _check_grid(one, self._markets[symbol], self._contract(symbol))
            await self._call(lambda: self._data.fetch_balance())
            self._pumps = [asyncio.create_task(self._hear(one)) for one in (self._trades, self._orders)]
            self._pumps += [asyncio.create_task(self._show(name, book)) for name, book in books.items()]
            await self._whole(books)
        except BaseException:
            await self.close()
            raise

    async def _whole(self, books: Mapping[str, Book]) -> None:
        """Wait for every book, and for both streams of the account."""
        for _ in range(int(OPEN_S * 100)):
            if all(book.bid and book.ask for book in books.values()) and self._is_joined():
                return
            await asyncio.sleep(0.01)
        raise TroubledError(Trouble(sign=Sign.TIMED_OUT, text="no whole book, or no word of the account"))

    def _is_joined(self) -> bool:
        own = [one for url, one in self._data.clients.items() if "/public" not in url]
        return bool(own) and all(len(one.subscriptions) > 1 and one.isConnected for one in own)

    async def close(self) -> None:
        """Hang up."""
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        for exchange in (self._data, self._trade):
            with suppress(BaseError):
                await exchange.close()
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
        """Our instruments: `open` held their grid against the venue's."""
        return self._setup.instruments

    async def position(self, symbol: str) -> Position:
        """The position now; how old it is the venue does not say, so it counts as old as reads may be."""
        as_of = self._now() - self.capabilities.position_lag_ns
        rows = await self._call(lambda: self._data.fetch_positions([self._markets[symbol]["symbol"]]))
        signs = {"long": 1, "short": -1}
        held = [one for one in rows if Decimal(one["contracts"] or 0)]
        return Position(
            lots=sum(signs[one["side"]] * self._lots(symbol, one["contracts"]) for one in held),
            as_of_ns=as_of,
        )

    async def open_orders(self, symbol: str) -> Sequence[OpenOrder]:
        """Every order that rests."""
        unified = self._markets[symbol]["symbol"]
        rows = await self._call(lambda: self._data.fetch_open_orders(unified))
        one = self._setup.instruments[symbol]
        return [
            OpenOrder(
                key=self._key(row["clientOrderId"]),
                venue_id=str(row["id"]),
                side=Side.BUY if row["side"] == "buy" else Side.SELL,
                lots=self._lots(symbol, row["remaining"]),
                price=int(Decimal(row["price"]) / one.tick),
                reduce_only=bool(row["reduceOnly"]),
            )
            for row in rows
        ]

    async def standing(self, symbol: str) -> Standing:
        """What the account may do, as far as ccxt tells it for every venue."""
        balance = await self._call(lambda: self._data.fetch_balance())
        sent = self._now()
        at_ms = await self._call(lambda: self._data.fetch_time())
        free = (balance.get(self._setup.instruments[symbol].quote) or {}).get("free")
        return Standing(
            mode=None,
            leverage=None,
            available=None if free is None else _money(free),
            clock_ahead_ns=int(at_ms) * NS_PER_MS - (sent + self._now()) // 2,
            status="" if self._markets[symbol]["active"] else "inactive",
        )

    async def funding(self, symbol: str) -> Funding:
        """The rate that runs, over the hours it is for."""
        told = await self._call(lambda: self._data.fetch_funding_rate(self._markets[symbol]["symbol"]))
        hours = Decimal(self.capabilities.funding_interval_ns) / (3600 * 10**9)
        return Funding(
            per_hour=Decimal(told["fundingRate"]) / hours, next_ns=int(told["fundingTimestamp"]) * NS_PER_MS
        )

    async def payments(self, symbol: str, since_ns: int) -> Sequence[Payment]:
        """Funding that was paid."""
        unified, since = self._markets[symbol]["symbol"], since_ns // NS_PER_MS or None
        rows = await self._call(lambda: self._data.fetch_funding_history(unified, since))
        return [Payment(at_ns=int(one["timestamp"]) * NS_PER_MS, money=_money(one["amount"])) for one in rows]

    # Requests

    async def _place(self, asked: PlaceOrder, symbol: str) -> Answer:
        kind = self._record.tif.get(asked.type)
        if kind is None or asked.lots <= 0:
            text = f"not sent: no {asked.type.value} orders of {asked.lots} lots"
            return OrderRejected(self._now(), 0, 0, RejectKind.OTHER, text)
        one, market, name = self._setup.instruments[symbol], self._markets[symbol], client_id(asked.key)
        amount = plain(one.quantity(asked.lots) / self._contract(symbol))
        price = plain(one.price(asked.price))
        params: dict[str, Any] = {**kind, self._record.place_id: name}
        if asked.reduce_only:
            params["reduceOnly"] = True
        side = "buy" if asked.side > 0 else "sell"
        self._memory.note(asked.key, name, self._now())

        async def send() -> Any:
            told = (
                self._trade.amount_to_precision(market["symbol"], amount),
                self._trade.price_to_precision(market["symbol"], price),
            )
            if (Decimal(told[0]), Decimal(told[1])) != (Decimal(amount), Decimal(price)):
                raise DnkitError(f"ccxt would make {told} of {amount} at {price}")
            return await self._trade.create_order(market["symbol"], "limit", side, amount, price, params)

        try:
            reply = await self._call(send)
        except TroubledError as error:
            trouble = error.trouble
            if trouble.sign is Sign.REFUSED and trouble.why is not RejectKind.RATE:
                return OrderRejected(self._now(), 0, 0, trouble.why, trouble.text)
            return trouble
        if not reply.get("id"):
            return Trouble(sign=Sign.DROPPED, text="an answer without an id")
        return OrderAccepted(self._now(), 0, 0)

    async def _cancel(self, asked: CancelOrder, symbol: str) -> Answer:
        """Accepted is not done: the end comes as news."""
        params = {**self._record.cancel_params, self._record.cancel_id: client_id(asked.key)}
        unified = self._markets[symbol]["symbol"]
        try:
            reply = await self._call(lambda: self._trade.cancel_order(None, unified, params))
        except TroubledError as error:
            if error.trouble.sign is Sign.REFUSED and error.trouble.why is not RejectKind.RATE:
                return CancelRefused(self._now(), 0, 0, error.trouble.text)
            return error.trouble
        return None if reply.get("id") else Trouble(sign=Sign.DROPPED, text="an answer without an id")

    async def _find(self, asked: FindOrder, symbol: str) -> Answer:
        market, name = self._markets[symbol], client_id(asked.key)
        raw = await self._call(lambda: self._record.look(self._data, market, name))
        if raw is None:
            return OrderFound(self._now(), 0, 0, FoundKind.ABSENT)
        cum = self._lots(symbol, self._data.parse_order(raw, market)["filled"] or "0")
        if self._fills.of(asked.key).cum < cum:
            for one in await self._call(lambda: self._record.trades(self._data, market, raw)):
                self._traded(one)
        totals = self._fills.of(asked.key)
        if totals.cum < cum:
            return Trouble(sign=Sign.TIMED_OUT, text=f"fills of {cum} lots, {totals.cum} of them told")
        kind = FoundKind.OVER if raw[self._record.state_field] in self._record.ends else FoundKind.LIVE
        return OrderFound(self._now(), 0, 0, kind, totals.cum, totals.worth, totals.fee)

    async def _sweep(self, asked: SweepOrders, symbol: str) -> Answer:
        ours = [one for one in await self.open_orders(symbol) if one.key and one.key not in asked.keep]
        refused = []
        for one in ours:
            answer = await self._cancel(CancelOrder(0, 0, one.key), symbol)
            if isinstance(answer, Trouble):
                return answer
            if isinstance(answer, CancelRefused):
                refused.append(answer.text)
        return OrdersSwept(self._now(), 0, 0, ok=True, found=len(ours), text="; ".join(refused))

    async def _call(self, work: Callable[[], Awaitable[T]]) -> T:
        """Call ccxt in a task with a decimal context of its own, which is not broken off with its caller."""

        async def apart() -> T:
            decimal.setcontext(decimal.Context(prec=28))
            return await work()

        try:
            return await asyncio.shield(asyncio.create_task(apart()))
        except BaseError as error:
            raise TroubledError(self._trouble(error)) from None
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            text = f"an answer of another shape: {type(error).__name__}"
            raise TroubledError(Trouble(sign=Sign.DROPPED, text=text)) from error

    def _trouble(self, error: BaseError) -> Trouble:
        return trouble_of(self._record.codes, error)

    # Streams

    async def _show(self, symbol: str, book: Book) -> None:
        """Copy the book at every word of it; one that is silent or crossed is forgotten and had anew."""
        decimal.setcontext(decimal.Context(prec=28))
        unified = self._markets[symbol]["symbol"]
        while True:
            try:
                watch = self._data.watch_order_book(unified, self._record.book_depth)
                told = await asyncio.wait_for(watch, self._record.stale_s)
                bids, asks = (self._levels(symbol, told[side]) for side in ("bids", "asks"))
                if not bids or not asks or max(bids) >= min(asks):
                    raise ValueError("a crossed book")
            except (BaseError, TimeoutError, ArithmeticError, ValueError):
                book.forget()
                self._tell_moved(symbol)
                await self._drop("/public")
                await asyncio.sleep(AGAIN_S)
                continue
            now, bid, ask = self._now(), max(bids), min(asks)
            book.replace(now, bids, asks, bid, ask)
            book.tick(now, bid, bids[bid], ask, asks[ask])
            self._tell_moved(symbol)

    def _tell_moved(self, symbol: str) -> None:
        if self._ears is not None:
            self._ears.moved(symbol)

    async def _drop(self, part: str) -> None:
        """Close connections to such urls; the next watch makes new ones."""
        for url, client in [*self._data.clients.items()]:
            if part in url:
                with suppress(BaseError, OSError):
                    await client.close()
                self._data.clients.pop(url, None)
        self._data.orderbooks.clear()

    def _levels(self, symbol: str, rows: Sequence[Sequence[float]]) -> Levels:
        one, contract = self._setup.instruments[symbol], self._contract(symbol)
        found: Levels = {}
        for row in rows:
            lots = one.to_lots_down(Decimal(repr(row[1])) * contract)
            if lots:
                found[int((Decimal(repr(row[0])) / one.tick).to_integral_value())] = lots
        return found

    async def _hear(self, watch: Callable[[], Awaitable[None]]) -> None:
        """Hear a stream of the account; after a break, say that words were missed."""
        decimal.setcontext(decimal.Context(prec=28))
        while True:
            try:
                await watch()
            except (BaseError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
                await asyncio.sleep(AGAIN_S)
                asyncio.get_running_loop().call_later(REJOIN_S, self._missed)

    def _missed(self) -> None:
        if self._ears is not None:
            self._ears.missed()

    async def _trades(self) -> None:
        for one in tuple(await self._data.watch_my_trades()):
            self._traded(one)

    async def _orders(self) -> None:
        """A watch does not wake for words that came while nobody waited: it only subscribes, see `_rows`."""
        watch = asyncio.create_task(self._data.watch_orders())
        try:
            while not watch.done():
                await asyncio.wait({watch}, timeout=LOOK_S)
            await watch
        finally:
            watch.cancel()

    def _rows(self, rows: Sequence[Told]) -> None:
        for raw in rows:
            for market in self._markets.values():
                if market["id"] == (raw.get("symbol") or raw.get("instId")):
                    self._ordered(raw, {**self._data.parse_order(raw, market), "symbol": market["symbol"]})

    def _traded(self, told: Told) -> None:
        """One execution, by its own id."""
        symbol = self._symbol(told["symbol"])
        key = self._key(told["info"].get(self._record.raw_id))
        if not symbol or not key or self._ears is None:
            return
        fee = told["fee"] or {}
        one = self._setup.instruments[symbol]
        traded = Traded(
            trade=str(told["id"]),
            lots=self._lots(symbol, told["amount"]),
            price=int(Decimal(told["price"]) / one.tick),
            fee=_money(fee["cost"]) if fee.get("cost") and fee.get("currency") in (one.quote, None) else 0,
            maker=told["takerOrMaker"] == "maker",
            traded_ns=min(int(told["timestamp"]) * NS_PER_MS, self._now()),
        )
        filled = self._fills.add(key, traded, self._now())
        if filled is not None:
            self._ears.fact(symbol, key, filled)
            self._end(key)

    def _ordered(self, raw: Told, order: Told) -> None:
        symbol, key = self._symbol(order["symbol"]), self._key(raw.get(self._record.raw_id))
        state, record = raw[self._record.state_field], self._record
        if not symbol or not key or state not in record.ends or key in self._over or self._ears is None:
            return
        why = record.reasons.get(raw.get(record.reason_field, ""), record.ends[state])
        if why is None:
            self._over.add(key)
            text = str(raw.get(record.reason_field, ""))
            self._ears.fact(symbol, key, OrderRejected(self._now(), 0, 0, RejectKind.OTHER, text))
            return
        self._ends[key] = symbol, why, self._lots(symbol, order["filled"] or "0")
        self._end(key)

    def _end(self, key: str) -> None:
        """Tell an end once its fills are told."""
        totals = self._fills.of(key)
        if key not in self._ends or totals.cum < self._ends[key][2] or self._ears is None:
            return
        symbol, why, _ = self._ends.pop(key)
        self._over.add(key)
        ended = OrderEnded(self._now(), 0, 0, why, totals.cum, totals.worth, totals.fee)
        self._ears.fact(symbol, key, ended)

    # Names and numbers

    def _market(self, symbol: str) -> Told:
        for one in self._data.markets.values():
            if one["id"] == symbol and one["swap"]:
                found: Told = one
                return found
        raise DnkitError(f"the venue does not list {symbol}")

    def _symbol(self, unified: str) -> str:
        return next((name for name, one in self._markets.items() if one["symbol"] == unified), "")

    def _key(self, name: str | None) -> str:
        return self._memory.key(name) if name else ""

    def _contract(self, symbol: str) -> Decimal:
        market = self._markets.get(symbol) or self._market(symbol)
        return Decimal(market["contractSize"]) if self._record.is_contracts else Decimal(1)

    def _lots(self, symbol: str, amount: str) -> int:
        one = self._setup.instruments[symbol]
        return one.to_lots_down(Decimal(amount) * self._contract(symbol))


def _money(amount: str) -> int:
    return to_pico(Decimal(amount).quantize(Decimal("1e-12")))


def _check_grid(one: Instrument, market: Told, contract: Decimal) -> None:
    tick, lot = Decimal(market["precision"]["price"]), Decimal(market["precision"]["amount"]) * contract
    if one.tick % tick or one.lot % lot:
        raise DnkitError(
            f"{one.symbol}: our file says tick {one.tick}, lot {one.lot}, the venue {tick} and {lot}"
        )
