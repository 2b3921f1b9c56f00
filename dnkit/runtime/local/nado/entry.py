"""Nado's order entry on a local exchange: who signed, is it in time, is it on the grid; then the matching."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from dnkit.model import events as ev
from dnkit.model.numbers import NS_PER_MS
from dnkit.model.terms import EndKind, OrderType, RejectKind, Side
from dnkit.runtime.local.shop import Stock, Tellers
from dnkit.runtime.local.teller import Teller
from dnkit.venues.evm import ADDRESS_BYTES, Key, key_of, recover
from dnkit.venues.nado import signing
from dnkit.venues.nado.words import NOT_FOUND, Product
from dnkit.venues.paper_order import PaperOrder

CHAIN_ID = 763373
ENDPOINT = "0x698D87105274292B5673367DEC81874Ce3633Ac2"
AHEAD_MS = 100_000  # how far ahead the time of a nonce may be
TYPE_MASK = 3
_KINDS = {number: kind for kind, number in signing.KINDS.items()}
# Codes of refusals the matching makes.
CODES: Mapping[RejectKind, int] = {
    RejectKind.POST_ONLY_CROSS: 2008,
    RejectKind.NO_MATCH: 2056,
    RejectKind.TOO_SMALL: 2094,
    RejectKind.REDUCE_ONLY: 2064,
    RejectKind.MARGIN: 2006,
    RejectKind.RATE: 1000,
    RejectKind.OTHER: 2007,
}
_TEXTS = {
    1000: "too many requests",
    2000: "price is no multiple of its increment",
    2001: "amount is no multiple of its increment",
    2006: "account health would be too low",
    2007: "price is too far from the oracle",
    2008: "a post-only order would take",
    2011: "its time to be received by has passed",
    2012: "its time to be received by is too far ahead",
    2013: "the order is known already",
    2020: "no order of that digest rests",
    2028: "signed by somebody else",
    2031: "the whole amount cannot be filled",
    2056: "nothing to match at that price",
    2064: "it would not reduce",
    2067: "reduce-only goes with IOC and FOK alone",
    2094: "below the smallest order",
}


class Refusal(Exception):
    """The venue says no."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{_TEXTS.get(code, 'refused')}")
        self.code = code


class OrderWords(msgspec.Struct, frozen=True):
    """An order as it is signed, in decimal texts."""

    sender: str
    priceX18: str
    amount: str
    expiration: str
    nonce: str
    appendix: str


class PlaceOrder(msgspec.Struct, frozen=True):
    """An order of a product with its signature."""

    product_id: int
    order: OrderWords
    signature: str
    id: int | None = None


class Withdrawal(msgspec.Struct, frozen=True):
    """What is to be cancelled: digests, or all of the products."""

    sender: str
    productIds: list[int]
    nonce: str
    digests: list[str] = []


class Cancel(msgspec.Struct, frozen=True):
    """A withdrawal with its signature."""

    tx: Withdrawal
    signature: str
    id: int | None = None


class Execute(msgspec.Struct, frozen=True):
    """One request; exactly one of these is there."""

    place_order: PlaceOrder | None = None
    cancel_orders: Cancel | None = None
    cancel_product_orders: Cancel | None = None


class Entry:
    """Takes executes of all accounts."""

    def __init__(self, stock: Stock, tellers: Tellers, products: Mapping[int, Product]) -> None:
        self.linked: dict[str, bytes] = {}  # account -> address that may sign for it
        self._stock, self._tellers, self._products = stock, tellers, products
        nobody: Key = key_of("01" * 32)
        self._domains = signing.signer_of(nobody, bytes(32), CHAIN_ID, bytes.fromhex(ENDPOINT[2:]), products)

    async def execute(self, asked: Execute) -> dict[str, Any]:
        """The answer, as the gateway gives it."""
        for kind, body, work in (
            ("place_order", asked.place_order, self._place),
            ("cancel_orders", asked.cancel_orders, self._cancel),
            ("cancel_product_orders", asked.cancel_product_orders, self._cancel_products),
        ):
            if body is not None:
                return await self._answered(kind, body, work)
        return {"status": "failure", "error": "no such request", "error_code": 1, "request_type": "execute"}

    async def _answered(self, kind: str, body: Any, work: Callable[[Any], Any]) -> dict[str, Any]:
        answer: dict[str, Any] = {"request_type": f"execute_{kind}", "signature": body.signature}
        if body.id is not None:
            answer["id"] = body.id
        try:
            return {"status": "success", "data": await work(body), **answer}
        except Refusal as refusal:
            return {"status": "failure", "error": str(refusal), "error_code": refusal.code, **answer}

    async def _place(self, asked: PlaceOrder) -> dict[str, Any]:
        product, words = self._product(asked.product_id), asked.order
        order = signing.Order(
            int(words.priceX18),
            int(words.amount),
            int(words.expiration),
            int(words.nonce),
            int(words.appendix),
        )
        digest = signing.order_digest(self._as(words.sender), product.number, order)
        self._prove(words.sender, digest, asked.signature, order.nonce)
        lots, price = _on_grid(order, product)
        kind = _KINDS[order.appendix >> signing.KIND_SHIFT & TYPE_MASK]
        reduces = bool(order.appendix & signing.REDUCE_ONLY)
        if reduces and kind not in (OrderType.IOC, OrderType.FOK):
            raise Refusal(2067)
        teller, key = self._tellers[words.sender], f"0x{digest.hex()}"
        if teller.order(self._listing(product), key) is not None:
            raise Refusal(2013)
        fact = await teller.place(
            self._listing(product),
            key,
            Side.BUY if lots > 0 else Side.SELL,
            kind,
            abs(lots),
            price,
            reduce_only=reduces,
        )
        if isinstance(fact, ev.OrderRejected):
            raise Refusal(
                2031 if (fact.why, kind) == (RejectKind.NO_MATCH, OrderType.FOK) else CODES[fact.why]
            )
        return {"digest": key}

    async def _cancel(self, asked: Cancel) -> dict[str, Any]:
        tx = asked.tx
        digests = [bytes.fromhex(one.removeprefix("0x")) for one in tx.digests]
        digest = signing.cancellation_digest(self._as(tx.sender), tx.productIds, digests, int(tx.nonce))
        self._prove(tx.sender, digest, asked.signature, int(tx.nonce))
        wanted = zip(tx.productIds, tx.digests, strict=True)
        return await self._withdraw(tx.sender, [(self._product(number), key) for number, key in wanted])

    async def _cancel_products(self, asked: Cancel) -> dict[str, Any]:
        tx = asked.tx
        digest = signing.cancellation_products_digest(self._as(tx.sender), tx.productIds, int(tx.nonce))
        self._prove(tx.sender, digest, asked.signature, int(tx.nonce))
        teller = self._tellers[tx.sender]
        products = [self._products[one] for one in tx.productIds] or [*self._products.values()]
        resting = [(one, order) for one in products for order in teller.resting(self._listing(one))]
        return await self._withdraw(
            tx.sender, [(one, order.asked.key) for one, order in resting], missing=True
        )

    async def _withdraw(
        self, sender: str, orders: Iterable[tuple[Product, str]], *, missing: bool = False
    ) -> dict[str, Any]:
        """Cancel all; an order that does not rest is an error unless it may be `missing`."""
        teller, gone = self._tellers[sender], []
        for product, key in orders:
            fact = await teller.cancel(self._listing(product), key)
            # A fill that ends the order first is no cancel.
            if isinstance(fact, ev.OrderEnded) and fact.why is EndKind.CANCELLED:
                gone.append(self.order_row(teller, product, key, sender))
            elif not missing:
                raise Refusal(NOT_FOUND)
        return {"cancelled_orders": gone}

    def order_row(self, teller: Teller, product: Product, key: str, sender: str) -> dict[str, Any]:
        """An order as queries and cancels show it."""
        order = teller.order(self._listing(product), key)
        assert order is not None, "it was found a moment ago"
        return row_of(order, product, sender)

    def _as(self, sender: str) -> signing.Signer:
        """The domains, for an account."""
        whole = bytes.fromhex(sender.removeprefix("0x"))
        return msgspec.structs.replace(self._domains, sender=whole, order=signing.ORDER + whole)

    def _prove(self, sender: str, digest: bytes, signature: str, nonce: int) -> None:
        """The account's own key or its linked one signed, and it is in time."""
        self.prove_signer(sender, digest, signature)
        now_ms, by_ms = time.time_ns() // NS_PER_MS, nonce >> signing.DICE_BITS
        if by_ms <= now_ms:
            raise Refusal(2011)
        if by_ms > now_ms + AHEAD_MS:
            raise Refusal(2012)

    def prove_signer(self, sender: str, digest: bytes, signature: str) -> None:
        """Refusal 2028 where neither the account nor the signer linked to it signed."""
        try:
            address = recover(digest, bytes.fromhex(signature.removeprefix("0x")))
        except ValueError:
            raise Refusal(2028) from None
        own = bytes.fromhex(sender.removeprefix("0x"))[:ADDRESS_BYTES]
        if address not in (own, self.linked.get(sender.lower())):
            raise Refusal(2028)

    def stream_digest(self, sender: str, expiration_ms: int) -> bytes:
        """What a login to the streams signs."""
        return signing.stream_digest(self._as(sender), expiration_ms)

    def _product(self, number: int) -> Product:
        if number not in self._products:
            raise Refusal(2007)
        return self._products[number]

    def _listing(self, product: Product) -> int:
        return self._stock.listings[product.symbol]


def _on_grid(order: signing.Order, product: Product) -> tuple[int, int]:
    lots, rest = divmod(order.amount_x18, product.lot)
    if rest or not lots:
        raise Refusal(2001)
    price, rest = divmod(order.price_x18, product.tick)
    if rest or price <= 0:
        raise Refusal(2000)
    return lots, price


def row_of(order: PaperOrder, product: Product, sender: str) -> dict[str, Any]:
    """An order in the venue's words: amounts signed."""
    asked = order.asked
    appendix = signing.appendix_of(asked.type, asked.reduce_only)
    return {
        "product_id": product.number,
        "sender": sender,
        "price_x18": str(product.price_x18(asked.price)),
        "amount": str(product.amount_x18(asked.side * asked.lots)),
        "unfilled_amount": str(product.amount_x18(asked.side * (asked.lots - order.cum))),
        "expiration": "4294967295",
        "nonce": "0",
        "order_type": asked.type.value,
        "appendix": str(appendix),
        "digest": asked.key,
        "placed_at": str(order.since_ns // 10**9),
    }
