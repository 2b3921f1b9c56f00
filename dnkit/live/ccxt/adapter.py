"""Any venue with a record, through ccxt. Two instances of it: one hears and reads, one sends orders."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from contextvars import copy_context
from decimal import Decimal
from functools import partial
from typing import Any

import ccxt

from dnkit.live.ccxt.books import Books, OneBook
from dnkit.live.ccxt.bybit import BYBIT
from dnkit.live.ccxt.exchange import Exchange, NotSent
from dnkit.live.ccxt.lighter import LIGHTER
from dnkit.live.ccxt.markets import Market, listed, market_of, money, open_order
from dnkit.live.ccxt.news import News, lots_held
from dnkit.live.ccxt.okx import OKX
from dnkit.live.ccxt.record import CCXT_VERSION, Record, Row, Word
from dnkit.live.ccxt.streams import Streams, Watch
from dnkit.live.keys import account_of
from dnkit.live.memory import Memory
from dnkit.live.setup import Setup
from dnkit.market.book import Book
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, ReadPosition, SweepOrders
from dnkit.model.errors import DnkitError
from dnkit.model.events import (
    CancelRefused,
    OrderAccepted,
    OrderFound,
    OrderRejected,
    OrdersSwept,
    PositionRead,
    VenueFact,
)
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.model.terms import FoundKind, RejectKind
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

RECORDS: Mapping[str, Record] = {"bybit": BYBIT, "lighter": LIGHTER, "okx_perpetual": OKX}
OPEN_S, LOOK_S = 10, 0.01
COMPARE_S, AGAIN_S, DOUBTS_MAX = 5.0, 1.0, 2
TRADES_MAX = 100


def make(setup: Setup) -> "CcxtVenue":
    """An account; DnkitError with another ccxt than the records were tried with, or without all its keys."""
    if ccxt.__version__ != CCXT_VERSION:
        raise DnkitError(f"ccxt is {ccxt.__version__}: venues through it were tried with {CCXT_VERSION}")
    return CcxtVenue(setup, RECORDS[setup.capabilities.venue])


class CcxtVenue:
    """One account at one venue."""

    def __init__(self, setup: Setup, record: Record) -> None:
        self.capabilities = setup.capabilities
        self._setup, self._record, self._now = setup, record, setup.now
        self._data = Exchange(setup, record, limited=True)
        self._trade = Exchange(setup, record, limited=False)
        self._memory = Memory(setup.memory, f"{setup.capabilities.venue}:{account_of(setup.keys)}")
        self._markets: dict[str, Market] = {}
        self._by_id: dict[str, Market] = {}
        self._ears: Ears | None = None
        self._outer = copy_context()  # whoever hears us is told with decimals as usual
        self._news = News(record, self._memory.key, setup.now, self._tell)
        self._books = Books(setup.now, self._moved)
        self._data.raw.lost = self._broken  # for a record that sees itself that changes of a book are missing
        self._streams = Streams(
            self._data, record, self._word, self._shown, self._broken, self._joined, setup.alert
        )
        self._is_joined = False
        self._tending: asyncio.Task[None] | None = None

    # The venue's doors

    async def open(self, books: Mapping[str, Book], ears: Ears) -> None:
        """Load the markets, hold our grid against them, prove who we are, hear books and account."""
        self._ears = ears
        data, raw = self._data, self._data.raw
        for exchange in (self._data, self._trade):
            exchange.open()
        try:
            await data.call(raw.load_markets)
            self._trade.raw.set_markets(raw.markets, raw.currencies)
            self._learn(books)
            await data.call(raw.fetch_balance)
            self._streams.start(self._watches(books))
            await self._whole(books)
            self._tending = asyncio.create_task(self._tend())
        except BaseException:
            await self.close()
            raise

    def _learn(self, books: Mapping[str, Book]) -> None:
        for symbol, one in self._setup.instruments.items():
            market = market_of(one, self._data.raw.markets, is_contracts=self._record.is_contracts)
            self._markets[symbol] = self._by_id[str(market.told["id"])] = market
            if symbol in books:
                self._books.add(market.unified, symbol, OneBook(books[symbol], one, market.contract))

    def _watches(self, books: Mapping[str, Book]) -> Mapping[str, Watch]:
        found: dict[str, Watch] = {name: getattr(self._data.raw, name) for name in self._record.watches}
        for symbol in books:
            unified = self._markets[symbol].unified
            found[unified] = self._watch_of(unified)
        return found

    def _watch_of(self, unified: str) -> Watch:
        return lambda: self._data.raw.watch_order_book(unified, self._record.book_depth)

    async def _whole(self, books: Mapping[str, Book]) -> None:
        """Wait for every book, and for the streams of the account."""
        for _ in range(int(OPEN_S / LOOK_S)):
            if self._is_joined and all(book.bid and book.ask for book in books.values()):
                return
            await asyncio.sleep(LOOK_S)
        text = self._streams.trouble or "no whole book, or no word of the account"
        raise TroubledError(Trouble(sign=Sign.TIMED_OUT, text=text))

    async def close(self) -> None:
        """Hang up."""
        if self._tending is not None:
            self._tending.cancel()
            await asyncio.gather(self._tending, return_exceptions=True)
        await self._streams.close()
        await asyncio.gather(self._data.close(), self._trade.close())
        self._memory.close()

    async def ask(self, request: Request, symbol: str) -> Answer:
        """Carry a request out, once."""
        try:
            match request:
                case PlaceOrder():
                    return await self._place(request, self._markets[symbol])
                case CancelOrder():
                    return await self._cancel(request.key, self._markets[symbol])
                case FindOrder():
                    return await self._find(request, self._markets[symbol])
                case ReadPosition():
                    found = await self.position(symbol)
                    return PositionRead(self._now(), 0, 0, found.lots, found.as_of_ns)
                case SweepOrders():
                    return await self._sweep(request, symbol)
        except TroubledError as error:
            return error.trouble

    async def listed(self) -> Mapping[str, Instrument]:
        """As ccxt's markets have them, and the account's own fees where they are told."""
        raw, found = self._data.raw, {}
        for symbol, market in self._markets.items():
            asked = partial(raw.fetch_trading_fee, market.unified)
            fee = await self._data.call(asked) if self._record.tells_fees else None
            found[symbol] = listed(market, fee)
        return found

    async def position(self, symbol: str) -> Position:
        """The position now; how old it is the venue does not say, so it counts as old as reads may be."""
        as_of = self._now() - self.capabilities.position_lag_ns
        market = self._markets[symbol]
        return Position(lots=lots_held(market, await self._held(market)), as_of_ns=as_of)

    async def _held(self, market: Market) -> Sequence[Row]:
        rows: Sequence[Row] = await self._data.call(lambda: self._data.raw.fetch_positions([market.unified]))
        return rows

    async def open_orders(self, symbol: str) -> Sequence[OpenOrder]:
        """Every order that rests."""
        market = self._markets[symbol]
        rows = await self._data.call(lambda: self._data.raw.fetch_open_orders(market.unified))
        return [open_order(market, row, self._memory.key(row["clientOrderId"] or "")) for row in rows]

    async def standing(self, symbol: str) -> Standing:
        """What the account may do, as far as ccxt tells it."""
        market, raw = self._markets[symbol], self._data.raw
        balance = await self._data.call(raw.fetch_balance)
        held = await self._held(market)
        rights = await self._data.call(lambda: self._record.can_withdraw(raw))
        mode, leverage = await self._data.call(lambda: self._record.terms(raw, market.told, held))
        sent = self._now()
        at_ms = await self._trade.call(self._trade.raw.fetch_time)  # which waits for no turn
        free = (balance.get(market.one.quote) or {}).get("free")
        return Standing(
            mode=mode,
            leverage=None if leverage is None else Decimal(leverage),
            available=None if free is None else money(free),
            clock_ahead_ns=int(at_ms) * NS_PER_MS - (sent + self._now()) // 2,
            status="" if market.told["active"] else "inactive",
            can_withdraw=rights,
        )

    async def funding(self, symbol: str) -> Funding:
        """The rate that runs, over the hours it is for."""
        unified = self._markets[symbol].unified
        told = await self._data.call(lambda: self._data.raw.fetch_funding_rate(unified))
        hours = Decimal(self.capabilities.funding_interval_ns) / (3600 * NS_PER_S)
        return Funding(
            per_hour=Decimal(told["fundingRate"]) / hours, next_ns=int(told["fundingTimestamp"]) * NS_PER_MS
        )

    async def payments(self, symbol: str, since_ns: int) -> Sequence[Payment]:
        """Funding that was paid."""
        unified, since = self._markets[symbol].unified, since_ns // NS_PER_MS or None
        rows = await self._data.call(lambda: self._data.raw.fetch_funding_history(unified, since))
        return [Payment(at_ns=int(one["timestamp"]) * NS_PER_MS, money=money(one["amount"])) for one in rows]

    # Requests

    async def _place(self, asked: PlaceOrder, market: Market) -> Answer:
        kind, record = self._record.tif.get(asked.type), self._record
        if kind is None or asked.lots <= 0:
            return self._rejected(f"not sent: no {asked.type.value} orders of {asked.lots} lots")
        name = record.client_id(asked.key)
        params: dict[str, Any] = {**kind, record.place_id: name}
        if asked.reduce_only:
            params["reduceOnly"] = True
        self._memory.note(asked.key, name, self._now())
        self._trade.expected[name] = self._looks(asked, market)
        try:
            reply = await self._trade.call(lambda: self._send(asked, market, params))
        except NotSent as error:
            return self._rejected(self._setup.keys.hidden(f"not sent: {error}"))
        except TroubledError as error:
            if error.trouble.is_refusal:
                return OrderRejected(self._now(), 0, 0, error.trouble.why, error.trouble.text)
            return error.trouble
        finally:
            del self._trade.expected[name]
        return OrderAccepted(self._now(), 0, 0) if reply.get(record.reply_id) else _no_id()

    async def _send(self, asked: PlaceOrder, market: Market, params: Row) -> Any:
        """ccxt rounds on its own, to the nearest. Where the wire cannot be looked at, it is asked first."""
        raw, unified = self._trade.raw, market.unified
        amount, price = market.amount(asked.lots), market.price(asked.price)
        if self._record.wire is None:
            told = raw.amount_to_precision(unified, amount), raw.price_to_precision(unified, price)
            if (Decimal(told[0]), Decimal(told[1])) != (Decimal(amount), Decimal(price)):
                raise NotSent(f"ccxt would make {told} of {amount} at {price}")
        side = "buy" if asked.side > 0 else "sell"
        return await raw.create_order(unified, "limit", side, amount, price, params)

    def _looks(self, asked: PlaceOrder, market: Market) -> Row:
        """Fields of the order on the wire."""
        wire = self._record.wire
        if wire is None:
            return {}
        return {
            **wire.types[asked.type],
            wire.amount: Decimal(market.amount(asked.lots)),
            wire.price: Decimal(market.price(asked.price)),
            wire.reduce_only: True if asked.reduce_only else None,
        }

    def _rejected(self, text: str) -> OrderRejected:
        return OrderRejected(self._now(), 0, 0, RejectKind.OTHER, text)

    async def _cancel(self, key: str, market: Market) -> Answer:
        """Accepted is not done: the end comes as news."""
        name, record = self._record.client_id(key), self._record
        params = {**record.cancel_params, **({record.cancel_id: name} if record.cancel_id else {})}
        number = None if record.cancel_id else name
        try:
            reply = await self._trade.call(
                lambda: self._trade.raw.cancel_order(number, market.unified, params)
            )
        except TroubledError as error:
            if error.trouble.is_refusal:
                return CancelRefused(self._now(), 0, 0, error.trouble.text)
            return error.trouble
        return None if reply.get(record.reply_id) else _no_id()

    async def _find(self, asked: FindOrder, market: Market) -> Answer:
        raw, name = self._data.raw, self._record.client_id(asked.key)
        row = await self._data.call(lambda: self._record.look(raw, market.told, name))
        if row is None:
            return OrderFound(self._now(), 0, 0, FoundKind.ABSENT)
        cum = market.lots(raw.parse_order(row, market.told)["filled"])
        if self._news.of(asked.key).cum < cum:
            params = {param: row[field] for param, field in self._record.trades_by.items()}
            trades = await self._data.call(
                lambda: raw.fetch_my_trades(market.unified, None, TRADES_MAX, params)
            )
            self._news.traded(market, trades)
        totals = self._news.of(asked.key)
        if totals.cum < cum:
            return Trouble(sign=Sign.TIMED_OUT, text=f"fills of {cum} lots, {totals.cum} of them told")
        kind = FoundKind.OVER if row[self._record.state_field] in self._record.ends else FoundKind.LIVE
        return OrderFound(self._now(), 0, 0, kind, totals.cum, totals.worth, totals.fee)

    async def _sweep(self, asked: SweepOrders, symbol: str) -> Answer:
        ours = [one for one in await self.open_orders(symbol) if one.key and one.key not in asked.keep]
        refused = []
        for one in ours:
            answer = await self._cancel(one.key, self._markets[symbol])
            if isinstance(answer, Trouble):
                return answer
            if isinstance(answer, CancelRefused):
                refused.append(answer.text)
        return OrdersSwept(self._now(), 0, 0, ok=True, found=len(ours), text="; ".join(refused))

    # What the streams say

    def _tell(self, symbol: str, key: str, fact: VenueFact) -> None:
        if self._ears is not None:
            self._outer.run(self._ears.fact, symbol, key, fact)

    def _moved(self, symbol: str) -> None:
        if self._ears is not None:
            self._outer.run(self._ears.moved, symbol)

    def _joined(self) -> None:
        """All of the account's streams are there; the second time, they were gone."""
        if self._is_joined and self._ears is not None:
            self._outer.run(self._ears.missed)
        self._is_joined = True

    def _word(self, what: Word, row: Row) -> None:
        market = self._by_id.get(str(row.get(self._record.raw_symbol)))
        if market is None:
            return
        raw = self._data.raw
        match what:
            case Word.WHOLE:
                self._books.whole(market.unified)
            case Word.TRADE:
                self._news.traded(market, (raw.parse_trade(row, market.told),))
            case Word.ORDER:
                self._news.ordered(market, raw.parse_order(row, market.told))
            case Word.POSITION:
                self._news.held(market, raw.parse_position(row, market.told))

    def _shown(self, told: Row) -> None:
        if not self._books.shown(told):
            self._again("a book that cannot be")

    def _broken(self, name: str) -> None:
        if name in self._books.names():
            self._books.forget(name)
            self._data.raw.orderbooks.pop(name, None)

    def _again(self, why: str) -> None:
        self._streams.drop(self._record.book_url, why)

    async def _tend(self) -> None:
        """Now and then: keep the connection that orders leave by, and look at books by another way, for ccxt
        does not see a change that never came.
        """
        wait_s = COMPARE_S
        while True:
            await asyncio.sleep(wait_s)
            with suppress(TroubledError):
                await self._trade.call(self._trade.raw.fetch_time)
            compared = self._books.names() if self._record.compares else ()
            doubts = max([await self._doubts(unified) for unified in compared], default=0)
            if doubts >= DOUBTS_MAX:
                self._again("changes of a book are missing")
            wait_s = AGAIN_S if doubts else COMPARE_S

    async def _doubts(self, unified: str) -> int:
        asked_ns = self._now()
        try:
            told = await self._data.call(partial(self._data.raw.fetch_order_book, unified))
        except TroubledError:
            return 0  # nobody can say
        return self._books.compared(unified, told, asked_ns)


def _no_id() -> Trouble:
    return Trouble(sign=Sign.DROPPED, text="an answer without an id")
