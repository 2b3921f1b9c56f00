"""Who signed a request, and whether it may still be carried out."""

import bisect
from decimal import Decimal, InvalidOperation
from typing import Any

from dnkit.model.errors import DnkitError
from dnkit.model.numbers import plain
from dnkit.venues.evm import DIGEST_BYTES, domain, keccak, recover, typed_digest, unsigned
from dnkit.venues.hyperliquid.signing import AGENT, DOMAIN, MAINNET, TESTNET, action_hash, packed

NONCES = 100
DAY_MS = 86_400_000
APPROVE = keccak(
    b"HyperliquidTransaction:ApproveAgent("
    b"string hyperliquidChain,address agentAddress,string agentName,uint64 nonce)"
)
SOURCES = tuple(keccak(source.encode()) for source in (TESTNET, MAINNET))


class Refused(DnkitError):
    """A request is not carried out; its text is what the venue says."""


class Nonces:
    """The highest numbers a signer used."""

    def __init__(self) -> None:
        self._used: list[int] = []

    def use(self, nonce: int, now_ms: int) -> None:
        """Use a number up; Refused where it was used, is too low, or too far from the time."""
        if not now_ms - 2 * DAY_MS < nonce < now_ms + DAY_MS:
            raise Refused(f"Invalid nonce: {nonce} is too far from the current time {now_ms}")
        place = bisect.bisect_left(self._used, nonce)
        if place < len(self._used) and self._used[place] == nonce:
            raise Refused(f"Invalid nonce: duplicate nonce {nonce}")
        if place == 0 and len(self._used) == NONCES:
            raise Refused(f"Invalid nonce: {nonce} is too low")
        self._used.insert(place, nonce)
        del self._used[:-NONCES]


def signers(request: dict[str, Any]) -> list[str]:
    """Addresses that may have signed an action, for testnet and for mainnet. Refused for no signature."""
    action, vault = request["action"], request.get("vaultAddress")
    if vault is not None:
        raise Refused("Vaults are not traded here")
    if action["type"] == "approveAgent":
        return [_recovered(_approval(action), request["signature"])]
    hashed = action_hash(packed(_normal(action)), request["nonce"], None, request.get("expiresAfter"))
    digests = (typed_digest(DOMAIN, AGENT + source + hashed) for source in SOURCES)
    return [_recovered(one, request["signature"]) for one in digests]


def _normal(action: dict[str, Any]) -> dict[str, Any]:
    """The action as the venue packs it: no trailing zeros. Whoever signed others is a stranger."""
    orders = action.get("orders") or [one["order"] for one in action.get("modifies", ())]
    for order in orders:
        for name in ("p", "s"):
            try:
                order[name] = plain(Decimal(order[name]))
            except InvalidOperation:
                raise Refused("Failed to deserialize the JSON body into the target type") from None
    return action


def _approval(action: dict[str, Any]) -> bytes:
    chain = domain("HyperliquidSignTransaction", "1", int(action["signatureChainId"], 16), bytes(20))
    words = (
        APPROVE,
        keccak(action["hyperliquidChain"].encode()),
        bytes.fromhex(action["agentAddress"].removeprefix("0x")).rjust(DIGEST_BYTES, b"\0"),
        keccak((action.get("agentName") or "").encode()),
        unsigned(action["nonce"], 64, "nonce"),
    )
    return typed_digest(chain, b"".join(words))


def _recovered(digest: bytes, signature: dict[str, Any]) -> str:
    r, s = (int(signature[half], 16).to_bytes(DIGEST_BYTES, "big") for half in ("r", "s"))
    try:
        return "0x" + recover(digest, r + s + bytes((signature["v"],))).hex()
    except ValueError:
        raise Refused("Unable to recover signer") from None
