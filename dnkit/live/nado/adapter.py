"""Nado as a venue of the house.

Keys: `private_key` (a linked signer's, or the account's own), `account` (its address, where the key is a
linked one), `subaccount` ("default").
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import structs

from dnkit.live.fills import Fills
from dnkit.live.memory import Memory
from dnkit.live.nado import query
from dnkit.live.nado.gateway import Gateway, encode
from dnkit.live.nado.news import PICO_X18, News
from dnkit.live.nado.query import Queries, RefusedError
from dnkit.live.nado.stream import Chain, Stream
from dnkit.live.setup import MAIN, TEST, Setup
from dnkit.live.transport.line import OPEN_S, Line
from dnkit.market.book import Book
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.errors import DnkitError
from dnkit.model.instrument import Instrument, make_instrument
from dnkit.model.numbers import MBPS_ONE, NS_PER_MS, NS_PER_S, to_pico
from dnkit.model.terms import RESTING, EndKind, FoundKind, RejectKind, Side
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
from dnkit.venues.evm import address_of, key_of, sign
from dnkit.venues.nado import signing, words
from dnkit.venues.nado.words import X18, Product

RESTS_S = 86_400  # an order nobody withdraws ends by itself after that
TAKES_S = 60
HOURS_QUOTED = 24  # a funding rate is told for a day
RECEIVE_BITS = 20


def make(setup: Setup) -> "Nado":
    """The adapter for an account; DnkitError for keys that cannot be right."""
    return Nado(setup)


class Nado:
    """See `dnkit.venues.base.Venue`."""

    def __init__(self, setup: Setup) -> None:
        self.capabilities = setup.capabilities
        self._setup = setup
        self._now = setup.now
        self._within_ns = setup.capabilities.answer_within_ns
        try:
            self._key = key_of(setup.keys.get("private_key", ""))
            account = setup.keys.get("account", "")
            address = address_of(account) if account else self._key.address
            subaccount = setup.keys.get("subaccount", words.SUBACCOUNT)
            self._sender_bytes = signing.sender_of(address, subaccount)
        except ValueError as error:
            raise DnkitError(f"the keys for Nado: {error}") from None
        self._sender = f"0x{self._sender_bytes.hex()}"
        gateway = {MAIN: words.MAIN, TEST: words.TEST}.get(setup.where, setup.where)
        self._base = gateway
        self._queries = Queries(gateway, words.ARCHIVE.get(gateway, f"{gateway}/archive"))
        self._memory = Memory(setup.memory, f"nado:{self._sender}")
        self._gateway = Gateway()
        self._fills = Fills()
        self._products: dict[str, Product] = {}
        self._symbols: dict[int, str] = {}
        self._lines: list[Line] = []
        self._ahead_ns = 0
        self._signer: signing.Signer

    async def open(self, books: Mapping[str, Book], ears: Ears) -> None:
        """See `Venue.open`."""
        await self._learn()
        chains = {one.number: Chain(one, books[one.symbol]) for one in self._products.values()}
        news = News(
            {one.number: one for one in self._products.values()},
            self._memory,
            self._fills,
            ears,
            now=self._now,
            ours=self._ours,
        )
        stream = Stream(
            self._sender,
            self._queries,
            chains,
            login=self._login,
            heard_of=news.hear,
            moved=lambda number: ears.moved(self._symbols[number]),
            missed=ears.missed,
            now=self._now,
        )
        self._gateway.line = self._line("orders", "/ws/v2", self._gateway)
        stream.line = self._line("streams", "/v1/subscribe", stream)
        for line in self._lines:
            await line.open()
        try:
            async with asyncio.timeout(OPEN_S):
                await stream.whole.wait()
        except TimeoutError:
            raise TroubledError(Trouble(sign=Sign.TIMED_OUT, text="the books do not become whole")) from None

    async def close(self) -> None:
        """See `Venue.close`."""
        for line in self._lines:
            await line.close()
        await self._queries.close()
        self._memory.close()

    async def ask(self, request: Request, symbol: str) -> Answer:
        """See `Venue.ask`."""
        try:
            match request:
                case cm.PlaceOrder():
                    return await self._place(request, self._products[symbol])
                case cm.CancelOrder():
                    return await self._cancel(request, self._products[symbol])
                case cm.FindOrder():
                    return await self._find(request.key, self._products[symbol])
                case cm.ReadPosition():
                    position = await self.position(symbol)
                    return ev.PositionRead(self._now(), 0, 0, position.lots, position.as_of_ns)
                case cm.SweepOrders():
                    return await self._sweep(request, self._products[symbol])
        except TroubledError as error:
            return error.trouble
        except words.OffGrid as error:
            return Trouble(sign=Sign.DROPPED, text=str(error))  # an answer that cannot be read

    async def listed(self) -> Mapping[str, Instrument]:
        """See `Venue.listed`."""
        every = await self._queries.symbols()
        return {one.symbol: _instrument(one) for one in every.values() if one.type == "perp"}

    async def position(self, symbol: str) -> Position:
        """See `Venue.position`. How old it is the venue does not say: as old as its reads may be."""
        product, asked_ns = self._products[symbol], self._now()
        account = await self._queries.subaccount(self._sender)
        as_of_ns = asked_ns - self.capabilities.position_lag_ns
        for one in account.perp_balances:
            if one.product_id == product.number:
                return Position(lots=product.lots(one.balance.amount), as_of_ns=as_of_ns)
        return Position(lots=0, as_of_ns=as_of_ns)

    async def open_orders(self, symbol: str) -> Sequence[OpenOrder]:
        """See `Venue.open_orders`."""
        product = self._products[symbol]
        return [self._open_order(one, product) for one in await self._orders(product)]

    async def standing(self, symbol: str) -> Standing:
        """See `Venue.standing`. Positions are net, margin is across the account: leverage is not set."""
        account = await self._queries.subaccount(self._sender)
        status = await self._queries.status()
        health = int(account.healths[0].health) if account.healths else 0
        return Standing(
            mode="one-way",
            leverage=Decimal(1),
            available=max(0, health // PICO_X18) if account.exists else 0,
            clock_ahead_ns=await self._read_clock(),
            status="" if status == "active" else status,
        )

    async def funding(self, symbol: str) -> Funding:
        """See `Venue.funding`."""
        contract = await self._queries.funding(self._products[symbol].number)
        if contract is None:
            raise TroubledError(Trouble(sign=Sign.REFUSED, text=f"no funding is told for {symbol}"))
        return Funding(
            per_hour=contract.funding_rate / HOURS_QUOTED,
            next_ns=contract.next_funding_rate_timestamp * NS_PER_S,
        )

    async def payments(self, symbol: str, since_ns: int) -> Sequence[Payment]:
        """See `Venue.payments`."""
        every = await self._queries.payments(self._sender, self._products[symbol].number)
        found = [
            Payment(at_ns=int(one.timestamp) * NS_PER_S, money=int(one.amount) // PICO_X18) for one in every
        ]
        return sorted((one for one in found if one.at_ns >= since_ns), key=lambda one: one.at_ns)

    # --- requests -------------------------------------------------------------------------------------

    async def _place(self, asked: cm.PlaceOrder, product: Product) -> Answer:
        """Sign, remember, send. The digest is on the disk before the order is on the wire."""
        if asked.reduce_only and asked.type in RESTING:
            text = "2067 reduce-only goes with IOC and FOK alone; it was not sent"
            return ev.OrderRejected(self._now(), 0, 0, RejectKind.REDUCE_ONLY, text)
        order = self._order(asked, product)
        digest = signing.order_digest(self._signer, product.number, order)
        self._memory.note(asked.key, _hex(digest), self._now())
        body = {
            "product_id": product.number,
            "order": {
                "sender": self._sender,
                "priceX18": str(order.price_x18),
                "amount": str(order.amount_x18),
                "expiration": str(order.expiration),
                "nonce": str(order.nonce),
                "appendix": str(order.appendix),
            },
            "signature": _hex(sign(self._key, digest)),
        }
        try:
            await self._gateway.execute("place_order", body, self._within_ns)
        except RefusedError as error:
            trouble = error.trouble
            if not trouble.is_refusal:
                return trouble
            return ev.OrderRejected(self._now(), 0, 0, trouble.why, trouble.text)
        return ev.OrderAccepted(self._now(), 0, 0)

    def _order(self, asked: cm.PlaceOrder, product: Product) -> signing.Order:
        lasts_s = RESTS_S if asked.type in RESTING else TAKES_S
        return signing.Order(
            price_x18=product.price_x18(asked.price),
            amount_x18=product.amount_x18(asked.side * asked.lots),
            expiration=self._venue_ms() // 1000 + lasts_s,
            nonce=self._nonce(),
            appendix=signing.appendix_of(asked.type, asked.reduce_only),
        )

    async def _cancel(self, asked: cm.CancelOrder, product: Product) -> Answer:
        digests = self._memory.venue_ids(asked.key)
        if not digests:
            return ev.CancelRefused(self._now(), 0, 0, "it never left this process")
        try:
            await self._withdraw(product, digests[:1])
        except RefusedError as error:
            if error.code != words.NOT_FOUND:
                return error.trouble
            return ev.CancelRefused(self._now(), 0, 0, error.trouble.text)
        return ev.OrderEnded(self._now(), 0, 0, EndKind.CANCELLED, -1)

    async def _withdraw(self, product: Product, digests: Sequence[str]) -> None:
        nonce, products = self._nonce(), [product.number] * len(digests)
        digest = signing.cancellation_digest(
            self._signer, products, [bytes.fromhex(one[2:]) for one in digests], nonce
        )
        tx = {
            "sender": self._sender,
            "productIds": products,
            "digests": list(digests),
            "nonce": str(nonce),
        }
        body = {"tx": tx, "signature": _hex(sign(self._key, digest))}
        await self._gateway.execute("cancel_orders", body, self._within_ns)

    async def _find(self, key: str, product: Product) -> Answer:
        """The newest sending of that client id that the venue knows of; it can only be one."""
        absent = ev.OrderFound(self._now(), 0, 0, FoundKind.ABSENT)
        digests = self._memory.venue_ids(key)
        if not digests:
            return absent
        past = {one.digest: one for one in await self._queries.past(digests)}
        for digest in digests:
            live = await self._queries.order(product.number, digest)
            known = past.get(digest)
            if live is not None or known is not None:
                return self._found(key, product, known, live)
        return absent

    def _found(
        self, key: str, product: Product, known: query.Past | None, live: query.Order | None
    ) -> ev.OrderFound:
        """The archive tells what was filled. It may be behind; that is no answer."""
        cum = worth = fee = 0
        if known is not None:
            cum = abs(product.lots(known.base_filled))
            worth, fee = product.worth(known.quote_filled), int(known.fee) // PICO_X18
        found = FoundKind.OVER
        if live is not None:
            found = FoundKind.LIVE
            if abs(product.lots(live.amount) - product.lots(live.unfilled_amount)) != cum:
                found = FoundKind.ERROR
        if cum < self._fills.of(key).cum:
            found = FoundKind.ERROR
        return ev.OrderFound(self._now(), 0, 0, found, cum=cum, worth=worth, fee=fee)

    async def _sweep(self, asked: cm.SweepOrders, product: Product) -> Answer:
        """Ours are those the memory knows; the rest is somebody else's. Each is withdrawn by itself: one that
        is gone meanwhile would have all others of its request refused.
        """
        mine = [
            one.digest
            for one in await self._orders(product)
            if (key := self._memory.key(one.digest)) and key not in asked.keep
        ]
        texts = await asyncio.gather(*(self._gone(product, one) for one in mine))
        text = next(filter(None, texts), "")
        return ev.OrdersSwept(self._now(), 0, 0, ok=not text, found=len(mine), text=text)

    async def _gone(self, product: Product, digest: str) -> str:
        """Withdraw an order; why that was refused, "" where it rests no more."""
        try:
            await self._withdraw(product, [digest])
        except RefusedError as error:
            return "" if error.code == words.NOT_FOUND else error.trouble.text
        return ""

    # --- knowledge ------------------------------------------------------------------------------------

    async def _learn(self) -> None:
        """What signatures are for, the numbers of our symbols, the venue's clock."""
        contracts = await self._queries.contracts()
        every = await self._queries.symbols()
        for symbol, instrument in self._setup.instruments.items():
            told = next((one for one in every.values() if one.symbol == symbol), None)
            if told is None:
                raise DnkitError(f"Nado does not list {symbol}")
            product = words.product_of(told.product_id, instrument)
            if (product.tick, product.lot) != (int(told.price_increment_x18), int(told.size_increment)):
                raise DnkitError(f"Nado trades {symbol} on another grid than its facts say: dnkit doctor")
            self._products[symbol], self._symbols[product.number] = product, symbol
        endpoint = address_of(contracts.endpoint_addr)
        self._signer = signing.signer_of(
            self._key, self._sender_bytes, int(contracts.chain_id), endpoint, self._symbols
        )
        self._ahead_ns = await self._read_clock()

    async def _read_clock(self) -> int:
        before = self._now()
        told_ns = await self._queries.server_ms() * NS_PER_MS
        return told_ns - (before + self._now()) // 2

    def _venue_ms(self) -> int:
        return (self._now() + self._ahead_ns) // NS_PER_MS

    def _ours(self, venue_ns: str) -> int:
        """A moment of the venue's on our clock, never in the future."""
        return max(1, min(self._now(), int(venue_ns) - self._ahead_ns))

    def _nonce(self) -> int:
        """What arrives later than we wait for an answer is refused there."""
        receive_by_ms = self._venue_ms() + self._within_ns // NS_PER_MS
        return signing.nonce_of(receive_by_ms, secrets.randbits(RECEIVE_BITS))

    def _login(self, number: int) -> str:
        expiration = self._venue_ms() + self._within_ns // NS_PER_MS
        signature = sign(self._key, signing.stream_digest(self._signer, expiration))
        tx = {"sender": self._sender, "expiration": str(expiration)}
        return encode(
            {"method": "authenticate", "id": number, "tx": tx, "signature": _hex(signature)}
        ).decode()

    async def _orders(self, product: Product) -> list[query.Order]:
        return await self._queries.orders(self._sender, product.number)

    def _open_order(self, one: query.Order, product: Product) -> OpenOrder:
        return OpenOrder(
            key=self._memory.key(one.digest),
            venue_id=one.digest,
            side=Side.BUY if int(one.amount) > 0 else Side.SELL,
            lots=abs(product.lots(one.unfilled_amount)),
            price=product.ticks(one.price_x18),
            reduce_only=bool(int(one.appendix) & signing.REDUCE_ONLY),
        )

    def _line(self, what: str, path: str, speech: Gateway | Stream) -> Line:
        url = self._base.replace("http", "ws", 1) + path
        line = Line(f"Nado's {what}", url, speech, self._setup.alert, compressed=True)
        self._lines.append(line)
        return line


def _instrument(one: query.Symbol) -> Instrument:
    """The venue's minimum is an amount of money; its fees are fractions."""
    lot = Decimal(one.size_increment) / X18
    made = make_instrument(
        venue="nado",
        symbol=one.symbol,
        base=one.symbol.removesuffix("-PERP"),
        quote="USDT0",
        tick=Decimal(one.price_increment_x18) / X18,
        lot=lot,
        quantity_min=lot,
        notional_min=Decimal(0),
        maker_fee=int(Decimal(one.maker_fee_rate_x18) * MBPS_ONE / X18),
        taker_fee=int(Decimal(one.taker_fee_rate_x18) * MBPS_ONE / X18),
    )
    return structs.replace(made, notional_min=to_pico(Decimal(one.min_size) / X18))


def _hex(data: bytes) -> str:
    return f"0x{data.hex()}"
