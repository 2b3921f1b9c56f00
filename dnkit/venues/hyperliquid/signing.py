"""What Hyperliquid wants signed: actions as MessagePack, hashed, and the hash in the hands of an agent.

A wrong byte is not told as a bad signature: the venue finds some other address that it does not know.
"""

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

import msgspec

from dnkit.model.numbers import plain
from dnkit.venues.evm import ADDRESS_BYTES, DIGEST_BYTES, Key, domain, keccak, sign, typed_digest

Wire: TypeAlias = "str | int | Sequence[Wire] | Mapping[str, Wire]"

AGENT = keccak(b"Agent(string source,bytes32 connectionId)")
DOMAIN = domain("Exchange", "1", 1337, bytes(ADDRESS_BYTES))
MAINNET, TESTNET = "a", "b"

FIGURES = 5
DECIMALS = 6
CLOID_BYTES = 16

_pack = msgspec.msgpack.Encoder().encode


class Signer(msgspec.Struct, frozen=True, eq=False):
    """A key with the first two words of each of its agents: type and source."""

    key: Key
    agent: bytes


def signer_of(key: Key, mainnet: bool) -> Signer:
    """Make a key ready to sign for mainnet or testnet."""
    return Signer(key, AGENT + keccak((MAINNET if mainnet else TESTNET).encode()))


def packed(action: Mapping[str, Wire]) -> bytes:
    """MessagePack of an action: keys in the order they stand in, integers as short as they go."""
    return _pack(action)


def action_hash(
    pack: bytes, nonce: int, vault: bytes | None = None, expires_after: int | None = None
) -> bytes:
    """Hash of a packed action, 32 bytes. `nonce` and `expires_after` in unix milliseconds; `vault`: 20 bytes.

    An action that expires is refused by the venue when it comes later.
    """
    if vault is not None and len(vault) != ADDRESS_BYTES:
        raise ValueError(f"vault of {len(vault)} bytes, 20 expected")
    owner = b"\0" if vault is None else b"\x01" + vault
    expiry = b"" if expires_after is None else b"\0" + _uint64(expires_after, "expires after")
    return keccak(pack + _uint64(nonce, "nonce") + owner + expiry)


def _uint64(value: int, name: str) -> bytes:
    if not 0 <= value < 1 << 64:
        raise ValueError(f"{name} {value} does not fit uint64")
    return value.to_bytes(8, "big")


def agent_digest(signer: Signer, connection: bytes) -> bytes:
    """Digest of the agent that stands for an action; `connection` is the action's hash, 32 bytes."""
    if len(connection) != DIGEST_BYTES:
        raise ValueError(f"action hash of {len(connection)} bytes, 32 expected")
    return typed_digest(DOMAIN, signer.agent + connection)


def signature_of(signer: Signer, connection: bytes) -> dict[str, str | int]:
    """Signature of an action's hash as it is sent: r and s in hex without leading zeros, v 27 or 28."""
    signature = sign(signer.key, agent_digest(signer, connection))
    r, s = (hex(int.from_bytes(half, "big")) for half in (signature[:32], signature[32:64]))
    return {"r": r, "s": s, "v": signature[64]}


def price_text(price: Decimal, size_decimals: int) -> str:
    """A price as the venue reads it; ValueError where its rule forbids it.

    At most 5 significant figures and at most 6 - `size_decimals` decimals; whole numbers are always allowed.
    """
    text = _number_text(price)
    whole, _, fraction = text.partition(".")
    if fraction and len((whole + fraction).lstrip("0")) > FIGURES:
        raise ValueError(f"price {text} has more than {FIGURES} significant figures")
    if len(fraction) > DECIMALS - size_decimals:
        raise ValueError(f"price {text} has more than {DECIMALS - size_decimals} decimals")
    return text


def size_text(size: Decimal, size_decimals: int) -> str:
    """A size in coins as the venue reads it; ValueError where it has more than `size_decimals` decimals."""
    text = _number_text(size)
    if len(text.partition(".")[2]) > size_decimals:
        raise ValueError(f"size {text} has more than {size_decimals} decimals")
    return text


def _number_text(number: Decimal) -> str:
    if not number.is_finite() or number <= 0:
        raise ValueError(f"{number} is not above zero")
    text = plain(number)
    if Decimal(text) != number:
        raise ValueError(f"{number} has too many digits")
    return text


def cloid_of(key: str) -> str:
    """Client order id as the venue wants it, 128 bits in hex, out of ours: the same for the same key."""
    return "0x" + hashlib.blake2b(key.encode(), digest_size=CLOID_BYTES).hexdigest()


def next_nonce(last: int, now_ms: int) -> int:
    """Nonce after `last`: the time in unix milliseconds, or one above `last` where that is later."""
    return max(last + 1, now_ms)
