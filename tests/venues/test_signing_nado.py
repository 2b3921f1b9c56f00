"""Nado signatures are those of the venue's own client, byte for byte; what does not fit is refused."""

import pickle
import subprocess
import sys
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from dnkit.model.terms import OrderType
from dnkit.venues.evm import address_of, domain, keccak, key_of, recover, sign, signed, unsigned
from dnkit.venues.nado.signing import (
    Order,
    Signer,
    appendix_of,
    cancellation_digest,
    cancellation_products_digest,
    nonce_of,
    order_digest,
    sender_of,
    signer_of,
    stream_digest,
)
from tests.venues.golden import SECRET, golden, raw

ENDPOINT = bytes(19) + b"\x09"
KEY = key_of(SECRET)
SIGNER = signer_of(KEY, sender_of(KEY.address, "default"), 57073, ENDPOINT, [2, 4])
ORDER = Order(60_000 * 10**18, 10**16, 4_294_967_295, 1, 1537)
CURVE_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
TYPES = {
    "DEFAULT": OrderType.GTC,
    "IOC": OrderType.IOC,
    "FOK": OrderType.FOK,
    "POST_ONLY": OrderType.POST_ONLY,
}


@pytest.fixture(scope="module")
def told() -> Any:
    return golden("nado")


@pytest.fixture(scope="module")
def signer(told: Any) -> Signer:
    key = key_of(told["private_key"])
    products = {one["product_id"] for one in told["orders"]}
    sender = sender_of(key.address, "default")
    return signer_of(key, sender, told["chain_id"], address_of(told["endpoint_addr"]), products)


def x18(text: str) -> int:
    return int(Decimal(text).scaleb(18))


def test_address_and_sender_are_the_clients(told: Any, signer: Signer) -> None:
    assert signer.key.address == address_of(told["address"])
    assert signer.sender == raw(told["sender"])


def test_every_order_is_signed_like_the_client_does(told: Any, signer: Signer) -> None:
    assert len(told["orders"]) == 4
    for one in told["orders"]:
        sent = one["wire"]["place_order"]
        order = Order(x18(one["price"]), x18(one["amount"]), one["expiration"], one["nonce"], one["appendix"])
        digest = order_digest(signer, one["product_id"], order)
        assert "0x" + digest.hex() == one["digest"]
        assert "0x" + sign(signer.key, digest).hex() == one["signature"] == sent["signature"]
        numbers = {"priceX18": order.price_x18, "amount": order.amount_x18, "appendix": order.appendix}
        assert {name: str(number) for name, number in numbers.items()}.items() <= sent["order"].items()
        assert sent["order"]["sender"] == "0x" + signer.sender.hex()


def test_every_cancel_is_signed_like_the_client_does(told: Any, signer: Signer) -> None:
    single, products = (one["wire"] for one in told["cancels"])
    one, other = single["cancel_orders"], products["cancel_product_orders"]
    digests = [raw(digest) for digest in one["tx"]["digests"]]
    some = cancellation_digest(signer, one["tx"]["productIds"], digests, int(one["tx"]["nonce"]))
    every = cancellation_products_digest(signer, other["tx"]["productIds"], int(other["tx"]["nonce"]))
    assert "0x" + sign(signer.key, some).hex() == one["signature"] == told["cancels"][0]["signature"]
    assert "0x" + sign(signer.key, every).hex() == other["signature"] == told["cancels"][1]["signature"]


def test_the_login_of_a_stream_is_signed_like_the_client_does(told: Any, signer: Signer) -> None:
    digest = stream_digest(signer, told["stream_auth"]["expiration"])
    assert "0x" + digest.hex() == told["stream_auth"]["digest"]
    assert "0x" + sign(signer.key, digest).hex() == told["stream_auth"]["signature"]


def test_the_table_of_appendices_is_the_clients(told: Any) -> None:
    made = {
        name + suffix: appendix_of(order_type, reduce_only)
        for name, order_type in TYPES.items()
        for suffix, reduce_only in (("", False), ("_RO", True))
    }
    assert made == told["appendix_table"]


def test_keccak_is_the_one_before_the_standard() -> None:
    assert keccak(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak(b"abc").hex() == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"


@given(st.integers(1, CURVE_ORDER - 1), st.binary(min_size=32, max_size=32))
def test_who_signed_is_found_again(secret: int, digest: bytes) -> None:
    key = key_of(f"{secret:064x}")
    signature = sign(key, digest)
    assert recover(digest, signature) == key.address
    assert len(signature) == 65
    assert signature[64] in (27, 28)
    assert int.from_bytes(signature[32:64], "big") <= CURVE_ORDER // 2
    assert sign(key, digest) == signature


@given(st.binary(min_size=32, max_size=32), st.integers(0, 255))
def test_another_digest_leads_to_another_address(digest: bytes, bit: int) -> None:
    other = (int.from_bytes(digest, "big") ^ 1 << bit).to_bytes(32, "big")
    assert recover(other, sign(KEY, digest)) != KEY.address


@given(st.sampled_from(["price_x18", "amount_x18", "expiration", "nonce", "appendix"]), st.integers(1, 2**20))
def test_every_field_of_an_order_counts(field: str, more: int) -> None:
    changed = msgspec.structs.replace(ORDER, **{field: getattr(ORDER, field) + more})
    assert order_digest(SIGNER, 2, changed) != order_digest(SIGNER, 2, ORDER)


def test_side_product_account_and_chain_count() -> None:
    sold = msgspec.structs.replace(ORDER, amount_x18=-ORDER.amount_x18)
    named = signer_of(KEY, sender_of(KEY.address, "other"), 57073, ENDPOINT, [2])
    chain = signer_of(KEY, SIGNER.sender, 763373, ENDPOINT, [2])
    digests = [order_digest(SIGNER, 2, ORDER), order_digest(SIGNER, 4, ORDER), order_digest(SIGNER, 2, sold)]
    digests += [order_digest(one, 2, ORDER) for one in (named, chain)]
    assert len(set(digests)) == 5


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price_x18", 2**127),
        ("amount_x18", -(2**127) - 1),
        ("expiration", -1),
        ("nonce", 2**64),
        ("appendix", 2**128),
    ],
)
def test_a_field_that_does_not_fit_is_named(field: str, value: int) -> None:
    wrong = msgspec.structs.replace(ORDER, **{field: value})
    with pytest.raises(ValueError, match=f"{field.removesuffix('_x18')} {value} does not fit"):
        order_digest(SIGNER, 2, wrong)


def test_words_reach_as_far_as_their_type() -> None:
    assert unsigned(2**64 - 1, 64, "x")[24:] == b"\xff" * 8
    assert signed(-(2**127), 128, "x") == b"\xff" * 16 + b"\x80" + bytes(15)
    assert signed(2**127 - 1, 128, "x") == bytes(16) + b"\x7f" + b"\xff" * 15


def test_a_product_that_was_not_made_ready_is_refused() -> None:
    with pytest.raises(ValueError, match=r"product 3 .* \[2, 4\]"):
        order_digest(SIGNER, 3, ORDER)


@pytest.mark.parametrize("order_type", sorted(set(OrderType) - set(TYPES.values())))
def test_an_order_type_that_nado_lacks_is_refused(order_type: OrderType) -> None:
    with pytest.raises(ValueError, match=f"no {order_type.value} orders"):
        appendix_of(order_type, False)


@pytest.mark.parametrize("order_type", TYPES.values())
@pytest.mark.parametrize("reduce_only", [False, True])
def test_no_builder_is_ever_named(order_type: OrderType, reduce_only: bool) -> None:
    assert appendix_of(order_type, reduce_only) >> 12 == 0


@given(st.integers(0, 2**44 - 1), st.integers(0, 2**20 - 1))
def test_a_nonce_holds_its_time_and_all_its_dice(receive_by_ms: int, dice: int) -> None:
    nonce = nonce_of(receive_by_ms, dice)
    assert divmod(nonce, 2**20) == (receive_by_ms, dice)
    assert nonce < 2**64


@pytest.mark.parametrize(("receive_by_ms", "dice"), [(-1, 0), (2**44, 0), (1, -1), (1, 2**20)])
def test_a_nonce_that_does_not_fit_is_refused(receive_by_ms: int, dice: int) -> None:
    with pytest.raises(ValueError, match="bits"):
        nonce_of(receive_by_ms, dice)


@pytest.mark.parametrize("name", ["", "thirteen-long", "dé", "a\0b"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a subaccount"):
        sender_of(KEY.address, name)


def test_lengths_are_looked_at() -> None:
    with pytest.raises(ValueError, match="address of 19 bytes"):
        sender_of(bytes(19), "default")
    with pytest.raises(ValueError, match="sender of 20 bytes"):
        signer_of(KEY, KEY.address, 1, ENDPOINT, [])
    with pytest.raises(ValueError, match="contract of 32 bytes"):
        domain("Nado", "0.0.1", 1, bytes(32))
    with pytest.raises(ValueError, match="product and a digest"):
        cancellation_digest(SIGNER, [2, 2], [bytes(32)], 1)
    with pytest.raises(ValueError, match="product and a digest"):
        cancellation_digest(SIGNER, [2], [bytes(31)], 1)
    with pytest.raises(ValueError, match="32 bytes"):
        sign(KEY, bytes(31))


@pytest.mark.parametrize(
    ("digest", "signature", "said"),
    [
        (bytes(31), bytes(65), "digest of 31"),
        (bytes(32), bytes(64), "signature of 64"),
        (bytes(32), bytes(64) + b"\x01", "v is 1"),
        (bytes(32), bytes(64) + b"\x1b", "recover"),
        (bytes(32), b"\xff" * 64 + b"\x1b", "recover"),
    ],
)
def test_a_signature_that_is_none_is_refused(digest: bytes, signature: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        recover(digest, signature)


@pytest.mark.parametrize("text", ["", "0x", "12" * 31, "zz" * 32, "00" * 32, f"{CURVE_ORDER:x}", "1 " * 32])
def test_what_is_no_key_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="not a private key") as caught:
        key_of(text)
    assert caught.value.__suppress_context__
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("text", ["", "0x12", "zz" * 20, "1 " * 20, SECRET])
def test_what_is_no_address_is_refused_and_not_quoted_as_it_may_be_a_key(text: str) -> None:
    with pytest.raises(ValueError, match="not an address") as caught:
        address_of(text)
    assert caught.value.__suppress_context__
    assert not text or text not in str(caught.value)


def test_a_signer_does_not_show_its_key() -> None:
    shown = [repr(SIGNER), str(SIGNER), f"{KEY}", pretty_repr(SIGNER), repr(vars(type(KEY)))]
    assert f"0x{KEY.address.hex()}" in shown[0]
    secret = int(SECRET, 16)
    for text in shown:
        assert not any(form in text for form in (SECRET, repr(raw(SECRET))[2:-1], str(secret)))


def test_a_signer_is_not_written_anywhere() -> None:
    with pytest.raises(TypeError):
        msgspec.json.encode(SIGNER)
    with pytest.raises(TypeError):
        pickle.dumps(SIGNER)


def test_who_lacks_the_extra_is_told_its_name() -> None:
    code = "import sys; sys.modules['coincurve'] = None; import dnkit.venues.evm"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "pip install 'dnkit[live]'" in run.stderr
