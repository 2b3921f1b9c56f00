"""One order signed for Nado and for Hyperliquid, against a bare signature of a ready digest, alternated."""

import time
from collections.abc import Callable

from coincurve import PrivateKey

from bench.measure import Row, alternate
from dnkit.model.terms import OrderType
from dnkit.venues import evm
from dnkit.venues.hyperliquid import signing as hyperliquid
from dnkit.venues.nado import signing as nado

GOAL_US = 40.0
ORDERS = 2_000
PAIRS = 11
SECRET = "11" * 32  # of nobody


def nado_order() -> Callable[[int], bytes]:
    """One order of another price each time: encoded, hashed, signed."""
    key = evm.key_of(SECRET)
    sender = nado.sender_of(key.address, "default")
    signer = nado.signer_of(key, sender, 57073, bytes(evm.ADDRESS_BYTES), [2])
    appendix = nado.appendix_of(OrderType.POST_ONLY, False)

    def one(number: int) -> bytes:
        nonce = nado.nonce_of(1_790_000_000_000 + number, number)
        order = nado.Order((60_000 + number) * 10**18, 10**16, 4_294_967_295, nonce, appendix)
        return evm.sign(key, nado.order_digest(signer, 2, order))

    return one


def hyperliquid_order() -> Callable[[int], object]:
    """One order action of another price each time: packed, hashed, signed, in the form it is sent in."""
    signer = hyperliquid.signer_of(evm.key_of(SECRET), mainnet=False)
    cloid = hyperliquid.cloid_of("run-leg-1")

    def one(number: int) -> object:
        order: dict[str, hyperliquid.Wire] = {
            "a": 0,
            "b": True,
            "p": str(60_000 + number),
            "s": "0.01",
            "r": False,
            "t": {"limit": {"tif": "Alo"}},
            "c": cloid,
        }
        pack = hyperliquid.packed({"type": "order", "orders": [order], "grouping": "na"})
        return hyperliquid.signature_of(signer, hyperliquid.action_hash(pack, 1_790_000_000_000 + number))

    return one


def bare_signature() -> Callable[[int], bytes]:
    """The library's own call on a digest that is there already."""
    private = PrivateKey(bytes.fromhex(SECRET))

    def one(number: int) -> bytes:
        signature: bytes = private.sign_recoverable(number.to_bytes(32, "big"), hasher=None)
        return signature

    return one


def _each(sign: Callable[[int], object]) -> float:
    """Seconds of CPU of one call."""
    start = time.process_time()
    for number in range(1, ORDERS + 1):
        sign(number)
    return (time.process_time() - start) / ORDERS


def run() -> list[Row]:
    """One row a venue."""
    return [_row("Nado", nado_order()), _row("Hyperliquid", hyperliquid_order())]


def _row(venue: str, sign: Callable[[int], object]) -> Row:
    floor_sign = bare_signature()
    pairs = alternate(PAIRS, lambda: _each(sign), lambda: _each(floor_sign))
    one, floor = (value * 1e6 for value in pairs.medians)
    return Row(
        name=f"signing: one order for {venue}",
        value=one,
        unit="us",
        against_name="bare signature of a ready digest",
        against=floor,
        ratio=pairs.ratio,
        spread=pairs.spread,
        pairs=PAIRS,
        goal=f"at most {GOAL_US:g} us",
        met=one <= GOAL_US,
        note=f"CPU time, mean of {ORDERS} orders a sample",
    )
