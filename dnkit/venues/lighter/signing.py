"""What Lighter's keys sign: transactions as field elements in a fixed order, and tokens of accounts."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec

from dnkit.venues.lighter.schnorr import LIMB, element, verifies

MAINNET, TESTNET = 304, 300  # chain ids
CREATE_ORDER, CANCEL_ORDER, CANCEL_ALL, UPDATE_LEVERAGE = 14, 15, 16, 20
HEAD = ("Nonce", "ExpiredAt", "AccountIndex", "ApiKeyIndex")
SIGNED: Mapping[int, tuple[str, ...]] = {
    CREATE_ORDER: (
        "MarketIndex",
        "ClientOrderIndex",
        "BaseAmount",
        "Price",
        "IsAsk",
        "Type",
        "TimeInForce",
        "ReduceOnly",
        "TriggerPrice",
        "OrderExpiry",
    ),
    CANCEL_ORDER: ("MarketIndex", "Index"),
    CANCEL_ALL: ("TimeInForce", "Time"),
    UPDATE_LEVERAGE: ("MarketIndex", "InitialMarginFraction", "MarginMode"),
}
INTEGRATOR, SKIP_NONCE, CANCEL_MARKET = (1, 2, 3), 4, 5  # kinds of attributes
ATTRIBUTES = 4  # as many are hashed
ALL_MARKETS = 255


class Token(msgspec.Struct, frozen=True):
    """Who may read an account until a moment, in unix seconds."""

    deadline_s: int
    account: int
    key: int


def attributes(info: Mapping[str, Any]) -> dict[int, int]:
    """Attributes of a transaction that say something, by kind."""
    told = {int(kind): int(value) for kind, value in (info.get("L2TxAttributes") or {}).items()}
    nothing = {CANCEL_MARKET: ALL_MARKETS}
    return {kind: value for kind, value in sorted(told.items()) if value != nothing.get(kind, 0)}


def transaction_hash(chain: int, kind: int, info: Mapping[str, Any]) -> bytes:
    """The 40 bytes that are signed. LookupError, TypeError or ValueError for another shape."""
    body = element((chain, kind, *(int(info[name]) for name in (*HEAD, *SIGNED[kind]))))
    found = attributes(info)
    if found:
        pairs = [part for pair in found.items() for part in pair]
        body = element((*body, *element((*pairs, *(0,) * (2 * ATTRIBUTES - len(pairs))))))
    return b"".join(limb.to_bytes(LIMB, "little") for limb in body)


def is_signed(public: bytes, digest: bytes, info: Mapping[str, Any]) -> bool:
    """Whether the key signed a transaction of that hash."""
    try:
        signature = base64.b64decode(info["Sig"], validate=True)
    except (binascii.Error, ValueError, KeyError, TypeError):
        return False
    return verifies(public, element_of(digest), signature)


def element_of(content: bytes) -> tuple[int, int, int, int, int]:
    """40 bytes as an element."""
    a, b, c, d, e = (int.from_bytes(content[at : at + LIMB], "little") for at in range(0, 5 * LIMB, LIMB))
    return a, b, c, d, e


def read_token(text: str) -> tuple[Token, bytes]:
    """A token with its signature. ValueError for another shape."""
    deadline, account, key, signature = text.split(":")
    return Token(int(deadline), int(account), int(key)), bytes.fromhex(signature)


def is_token_of(public: bytes, text: str) -> bool:
    """Whether the key signed a token."""
    message = text.rpartition(":")[0].encode()
    limbs = [int.from_bytes(message[at : at + LIMB], "little") for at in range(0, len(message), LIMB)]
    return verifies(public, element(tuple(limbs)), read_token(text)[1])
