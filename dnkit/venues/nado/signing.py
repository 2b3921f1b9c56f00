"""What Nado wants signed: orders, cancels, the login of a stream.

Prices and amounts are integers, x18: 10^-18 of the quote currency or of the coin. An order's digest is its id
at the venue, known before it is sent.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from dnkit.model.terms import OrderType
from dnkit.venues.evm import ADDRESS_BYTES, DIGEST_BYTES, Key, domain, keccak, signed, typed_digest, unsigned

ORDER = keccak(
    b"Order(bytes32 sender,int128 priceX18,int128 amount,uint64 expiration,uint64 nonce,uint128 appendix)"
)
CANCELLATION = keccak(b"Cancellation(bytes32 sender,uint32[] productIds,bytes32[] digests,uint64 nonce)")
CANCELLATION_PRODUCTS = keccak(b"CancellationProducts(bytes32 sender,uint32[] productIds,uint64 nonce)")
STREAM_AUTHENTICATION = keccak(b"StreamAuthentication(bytes32 sender,uint64 expiration)")

NAME_BYTES = 12
DICE_BITS = 20
RECEIVE_BITS = 64 - DICE_BITS

VERSION = 1
REDUCE_ONLY = 1 << 11
KIND_SHIFT = 9
KINDS = {OrderType.GTC: 0, OrderType.IOC: 1, OrderType.FOK: 2, OrderType.POST_ONLY: 3}


class Order(msgspec.Struct, frozen=True):
    """Fields of an order: price and amount x18, amount above zero buys; expiration in unix seconds."""

    price_x18: int
    amount_x18: int
    expiration: int
    nonce: int
    appendix: int


class Signer(msgspec.Struct, frozen=True, eq=False):
    """A key with all that stays the same from order to order.

    `products`: product id -> domain of its orders; `account`: domain of everything else; `order`: the first
    two words of each order.
    """

    key: Key
    sender: bytes
    products: Mapping[int, bytes]
    account: bytes
    order: bytes


def signer_of(key: Key, sender: bytes, chain_id: int, endpoint: bytes, products: Iterable[int]) -> Signer:
    """Make a key ready for the orders of these products.

    `sender`: 32 bytes, of the account traded for; a linked key signs for another's. `endpoint`: address of
    the endpoint contract, as the venue's `contracts` query tells it with the chain id.
    """
    if len(sender) != DIGEST_BYTES:
        raise ValueError(f"sender of {len(sender)} bytes, 32 expected")
    domains = {
        product: _domain(chain_id, unsigned(product, 32, "product id")[-ADDRESS_BYTES:])
        for product in products
    }
    return Signer(key, sender, domains, _domain(chain_id, endpoint), ORDER + sender)


def _domain(chain_id: int, contract: bytes) -> bytes:
    return domain("Nado", "0.0.1", chain_id, contract)


def sender_of(address: bytes, subaccount: str) -> bytes:
    """Address and name of a subaccount, 32 bytes. ValueError: not 1 to 12 visible ASCII characters."""
    if not (0 < len(subaccount) <= NAME_BYTES and subaccount.isascii() and subaccount.isprintable()):
        raise ValueError(f"{subaccount!r} is no name of a subaccount: 1 to 12 visible ASCII characters")
    if len(address) != ADDRESS_BYTES:
        raise ValueError(f"address of {len(address)} bytes, 20 expected")
    return address + subaccount.encode("ascii").ljust(NAME_BYTES, b"\0")


def appendix_of(order_type: OrderType, reduce_only: bool) -> int:
    """Appendix of a plain order: no builder, no trigger, not isolated. ValueError for a type Nado lacks.

    The venue takes `reduce_only` with IOC and FOK only; whoever composes the order sees to that.
    """
    kind = KINDS.get(order_type)
    if kind is None:
        raise ValueError(f"Nado has no {order_type.value} orders")
    return VERSION | kind << KIND_SHIFT | (REDUCE_ONLY if reduce_only else 0)


def nonce_of(receive_by_ms: int, dice: int) -> int:
    """Nonce of a request refused after `receive_by_ms` (unix milliseconds); `dice`: 20 random bits."""
    if not 0 <= dice < 1 << DICE_BITS:
        raise ValueError(f"dice {dice} are not {DICE_BITS} bits")
    if not 0 <= receive_by_ms < 1 << RECEIVE_BITS:
        raise ValueError(f"receive by {receive_by_ms} does not fit {RECEIVE_BITS} bits of milliseconds")
    return receive_by_ms << DICE_BITS | dice


def order_digest(signer: Signer, product: int, order: Order) -> bytes:
    """Digest of an order, 32 bytes. ValueError: a field does not fit, or the product was not made ready."""
    prefix = signer.products.get(product)
    if prefix is None:
        raise ValueError(f"product {product} is none of this signer's: {sorted(signer.products)}")
    encoded = (
        signer.order
        + signed(order.price_x18, 128, "price")
        + signed(order.amount_x18, 128, "amount")
        + unsigned(order.expiration, 64, "expiration")
        + unsigned(order.nonce, 64, "nonce")
        + unsigned(order.appendix, 128, "appendix")
    )
    return typed_digest(prefix, encoded)


def cancellation_digest(
    signer: Signer, products: Sequence[int], digests: Sequence[bytes], nonce: int
) -> bytes:
    """Digest of a cancel of single orders: the product and the digest of each, in the same order."""
    if len(products) != len(digests) or any(len(one) != DIGEST_BYTES for one in digests):
        raise ValueError("a cancel names a product and a digest of 32 bytes for each order")
    fields = _products_hash(products) + keccak(b"".join(digests)) + unsigned(nonce, 64, "nonce")
    return typed_digest(signer.account, CANCELLATION + signer.sender + fields)


def cancellation_products_digest(signer: Signer, products: Sequence[int], nonce: int) -> bytes:
    """Digest of a cancel of all orders of these products."""
    fields = _products_hash(products) + unsigned(nonce, 64, "nonce")
    return typed_digest(signer.account, CANCELLATION_PRODUCTS + signer.sender + fields)


def stream_digest(signer: Signer, expiration_ms: int) -> bytes:
    """Digest of a stream's login that is good until `expiration_ms` (unix milliseconds)."""
    fields = unsigned(expiration_ms, 64, "expiration")
    return typed_digest(signer.account, STREAM_AUTHENTICATION + signer.sender + fields)


def _products_hash(products: Sequence[int]) -> bytes:
    return keccak(b"".join(unsigned(one, 32, "product id") for one in products))
