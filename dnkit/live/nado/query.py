"""Nado's queries: the gateway's for what is, the archive's for what was."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

import msgspec

from dnkit.live.transport import http
from dnkit.live.transport.http import Http, trouble_of
from dnkit.model.terms import RejectKind
from dnkit.venues.base import Sign, Trouble, TroubledError
from dnkit.venues.nado.words import NOT_FOUND, REJECTS

# The gateway refuses calls that do not offer a compression.
HEADERS = {"Accept-Encoding": "gzip", "Content-Type": "application/json"}
T = TypeVar("T")


class Contracts(msgspec.Struct):
    """Chain and contract that signatures are for."""

    chain_id: str | int
    endpoint_addr: str


class Symbol(msgspec.Struct):
    """A product with its increments, its smallest order in money, its fees as fractions."""

    type: str
    product_id: int
    symbol: str
    price_increment_x18: str
    size_increment: str
    min_size: str
    maker_fee_rate_x18: str
    taker_fee_rate_x18: str


class Symbols(msgspec.Struct):
    """Products by symbol."""

    symbols: dict[str, Symbol]


class Order(msgspec.Struct):
    """An order that rests. Amounts are signed."""

    product_id: int
    price_x18: str
    amount: str
    unfilled_amount: str
    digest: str
    appendix: str = "1"


class ProductOrders(msgspec.Struct):
    """Orders of one product."""

    product_id: int
    orders: list[Order]


class Orders(msgspec.Struct):
    """Orders by product."""

    product_orders: list[ProductOrders]


class PerpBalance(msgspec.Struct):
    """A signed position and its signed cost."""

    amount: str
    v_quote_balance: str


class PerpPosition(msgspec.Struct):
    """The balance of a product."""

    product_id: int
    balance: PerpBalance


class Health(msgspec.Struct):
    """Money left over, by one of the weights."""

    health: str


class Subaccount(msgspec.Struct):
    """`exists` is False for one that never held anything."""

    exists: bool
    healths: list[Health]
    perp_balances: list[PerpPosition]


class Liquidity(msgspec.Struct):
    """A book of the moment `timestamp`, in nanoseconds."""

    timestamp: str
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


class Past(msgspec.Struct):
    """What the archive knows of an order: signed totals, fee in money."""

    digest: str
    amount: str
    base_filled: str
    quote_filled: str
    fee: str


class PastOrders(msgspec.Struct):
    """Orders of the archive."""

    orders: list[Past]


class FundingPayment(msgspec.Struct):
    """A payment (positive: to us) at a unix second."""

    product_id: int
    timestamp: str
    amount: str


class Payments(msgspec.Struct):
    """Payments of the archive, the newest first."""

    funding_payments: list[FundingPayment]


class Contract(msgspec.Struct):
    """`funding_rate` is for 24 hours; the next payment is at a unix second."""

    product_id: int
    funding_rate: Decimal
    next_funding_rate_timestamp: int


class ServerTime(msgspec.Struct):
    """Unix milliseconds."""

    server_time: str


class Reply(msgspec.Struct):
    """Answer of the gateway. The data is read once it is known to be there."""

    status: str
    data: msgspec.Raw = msgspec.Raw(b"null")
    error: str = ""
    error_code: int = 0


class RefusedError(TroubledError):
    """The gateway said no, with its `code`."""

    def __init__(self, reply: Reply) -> None:
        self.code = reply.error_code
        text = f"{reply.error_code} {reply.error}".strip()
        why = REJECTS.get(reply.error_code, RejectKind.OTHER)
        super().__init__(Trouble(sign=Sign.REFUSED, text=text, why=why))


class Queries:
    """Ask the gateway and the archive. Whatever goes wrong is a TroubledError."""

    def __init__(self, gateway: str, archive: str) -> None:
        self._gateway = Http(f"{gateway}/v1")
        self._archive = Http(archive)

    async def close(self) -> None:
        """Hang up."""
        await self._gateway.close()
        await self._archive.close()

    async def contracts(self) -> Contracts:
        """Chain and contract that signatures are for."""
        return await self._query(Contracts, type="contracts")

    async def symbols(self) -> dict[str, Symbol]:
        """Every product by its symbol."""
        return (await self._query(Symbols, type="symbols")).symbols

    async def status(self) -> str:
        """ "active" where the engine works."""
        return await self._query(str, type="status")

    async def subaccount(self, sender: str) -> Subaccount:
        """What an account holds."""
        return await self._query(Subaccount, type="subaccount_info", subaccount=sender)

    async def orders(self, sender: str, product: int) -> list[Order]:
        """What rests of an account on a product."""
        found = await self._query(Orders, type="orders", sender=sender, product_ids=[product])
        return [order for one in found.product_orders if one.product_id == product for order in one.orders]

    async def order(self, product: int, digest: str) -> Order | None:
        """An order that rests, None where there is no such one (any more)."""
        try:
            return await self._query(Order, type="order", product_id=product, digest=digest)
        except RefusedError as error:
            if error.code == NOT_FOUND:
                return None
            raise

    async def liquidity(self, product: int, depth: int) -> Liquidity:
        """The book now."""
        return await self._query(Liquidity, type="market_liquidity", product_id=product, depth=depth)

    async def past(self, digests: Sequence[str]) -> list[Past]:
        """Orders the archive knows, resting or over."""
        return (await self._post(PastOrders, {"orders": {"digests": list(digests)}})).orders

    async def payments(self, sender: str, product: int) -> list[FundingPayment]:
        """The last hundred funding payments."""
        asked = {"subaccount": sender, "product_ids": [product], "limit": 100}
        return (await self._post(Payments, {"interest_and_funding": asked})).funding_payments

    async def funding(self, product: int) -> Contract | None:
        """The funding of a product, None where the archive does not list it."""
        reply = await self._archive.call("GET", "/v2/contracts", headers=HEADERS)
        every = _read(dict[str, Contract], _sound(reply))
        return next((one for one in every.values() if one.product_id == product), None)

    async def server_ms(self) -> int:
        """The venue's clock in unix milliseconds."""
        reply = await self._gateway.call("GET", "/edge/query?type=time", headers=HEADERS)
        return int(_read(ServerTime, _sound(reply)).server_time)

    async def _query(self, kind: type[T], **asked: object) -> T:
        body = msgspec.json.encode(asked)
        reply = await self._gateway.call("POST", "/query", body, HEADERS)
        return _read(kind, answered(_sound(reply)).data)

    async def _post(self, kind: type[T], asked: object) -> T:
        reply = await self._archive.call("POST", "/v1", msgspec.json.encode(asked), HEADERS)
        return _read(kind, _sound(reply))


def answered(body: bytes | str) -> Reply:
    """The gateway's answer where it is no refusal; RefusedError otherwise."""
    reply = _read(Reply, body)
    if reply.status != "success":
        raise RefusedError(reply)
    return reply


def _sound(reply: http.Reply) -> bytes:
    trouble = trouble_of(reply)
    if trouble is not None:
        raise TroubledError(trouble)
    return reply.body


def _read(kind: type[T], body: bytes | str | msgspec.Raw) -> T:
    """An answer that cannot be read says nothing of what became of the request."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        said = Trouble(sign=Sign.DROPPED, text=f"an answer that cannot be read: {error}")
        raise TroubledError(said) from error
