"""Hyperliquid actions are packed, hashed and signed as the venue's own client does, byte for byte."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from dnkit.model.ids import order_key
from dnkit.venues.evm import address_of, key_of, recover
from dnkit.venues.hyperliquid.signing import (
    action_hash,
    agent_digest,
    cloid_of,
    next_nonce,
    packed,
    price_text,
    signature_of,
    signer_of,
    size_text,
)
from tests.venues.golden import SECRET, golden, raw

KEY = key_of(SECRET)
SIGNER = signer_of(KEY, mainnet=False)
D = Decimal
POSITIVE = st.decimals(min_value=D("1E-9"), max_value=D("1E9"), allow_nan=False, allow_infinity=False)


@pytest.fixture(scope="module")
def told() -> Any:
    return golden("hyperliquid")


def joined(signature: dict[str, str | int]) -> bytes:
    """The 65 bytes of a signature as it is sent."""
    r, s = (int(str(signature[half]), 16).to_bytes(32, "big") for half in "rs")
    return r + s + bytes((int(signature["v"]),))


def test_every_action_is_signed_like_the_client_does(told: Any) -> None:
    key = key_of(told["private_key"])
    assert key.address == address_of(told["address"])
    assert len(told["vectors"]) == 18
    for one in told["vectors"]:
        signer = signer_of(key, one["mainnet"])
        pack = packed(one["action"])
        assert pack.hex() == one["msgpack_hex"]
        vault = None if one["vault"] is None else address_of(one["vault"])
        connection = action_hash(pack, one["nonce"], vault, one["expiresAfter"])
        assert "0x" + connection.hex() == one["action_hash"]
        assert signature_of(signer, connection) == one["signature"]
        assert recover(agent_digest(signer, connection), joined(one["signature"])) == key.address


def test_the_vectors_hold_a_signature_with_a_leading_zero(told: Any) -> None:
    halves = [one["signature"][half] for one in told["vectors"] for half in "rs"]
    assert any(len(half) < 66 for half in halves)


@pytest.mark.parametrize(
    ("value", "pack"),
    [
        (0, "00"),
        (127, "7f"),
        (128, "cc80"),
        (255, "ccff"),
        (256, "cd0100"),
        (65_535, "cdffff"),
        (65_536, "ce00010000"),
        (2**32 - 1, "ceffffffff"),
        (2**32, "cf0000000100000000"),
        (2**64 - 1, "cfffffffffffffffff"),
        (True, "c3"),
        ("x" * 31, "bf" + "78" * 31),
        ("x" * 32, "d920" + "78" * 32),
        ([1] * 16, "dc0010" + "01" * 16),
        ({"b": 1, "a": 2}, "82a16201a16102"),
    ],
)
def test_values_are_packed_as_short_as_they_go(value: Any, pack: str) -> None:
    assert packed({"k": value}).hex() == "81a16b" + pack


@given(st.binary(max_size=300), st.integers(0, 2**64 - 1))
def test_what_stands_beside_an_action_counts(pack: bytes, nonce: int) -> None:
    hashes = {
        action_hash(pack, nonce, vault, expiry)
        for vault in (None, bytes(20), b"\x01" * 20)
        for expiry in (None, 0, 1)
    }
    assert len(hashes) == 9
    assert action_hash(pack, nonce ^ 1) not in hashes


@given(st.binary(min_size=32, max_size=32), st.booleans())
def test_who_signed_is_found_again_and_only_for_that_net(connection: bytes, mainnet: bool) -> None:
    one, other = signer_of(KEY, mainnet), signer_of(KEY, not mainnet)
    signature = joined(signature_of(one, connection))
    assert recover(agent_digest(one, connection), signature) == KEY.address
    assert recover(agent_digest(other, connection), signature) != KEY.address


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="vault of 19 bytes"):
        action_hash(b"", 1, bytes(19))
    with pytest.raises(ValueError, match="nonce -1"):
        action_hash(b"", -1)
    with pytest.raises(ValueError, match="expires after"):
        action_hash(b"", 1, None, 2**64)
    with pytest.raises(ValueError, match="hash of 31 bytes"):
        agent_digest(SIGNER, bytes(31))


@pytest.mark.parametrize(
    ("price", "size_decimals", "text"),
    [
        ("60000", 5, "60000"),
        ("60000.0", 5, "60000"),
        ("6E+4", 5, "60000"),
        ("123456789", 5, "123456789"),  # whole: no limit of figures
        ("5999.5", 5, "5999.5"),
        ("3000.10", 4, "3000.1"),
        ("0.0012345", 0, None),
        ("0.001234", 0, "0.001234"),
        ("0.001234", 1, None),
        ("59990.5", 5, None),  # six figures
        ("1.23456", 0, None),
        ("100.25", 5, None),  # two decimals where one is left
        ("100.5", 6, None),
        ("100", 6, "100"),
    ],
)
def test_a_price_is_told_by_the_venues_rule_or_refused(
    price: str, size_decimals: int, text: str | None
) -> None:
    if text is not None:
        assert price_text(D(price), size_decimals) == text
        return
    with pytest.raises(ValueError, match=r"figures|decimals"):
        price_text(D(price), size_decimals)


@pytest.mark.parametrize(
    ("size", "size_decimals", "text"),
    [("0.01000", 5, "0.01"), ("1", 0, "1"), ("12.5", 0, None), ("0.000001", 5, None), ("1E+2", 2, "100")],
)
def test_a_size_is_told_or_refused(size: str, size_decimals: int, text: str | None) -> None:
    if text is not None:
        assert size_text(D(size), size_decimals) == text
        return
    with pytest.raises(ValueError, match="decimals"):
        size_text(D(size), size_decimals)


@pytest.mark.parametrize("number", ["0", "-1", "NaN", "sNaN", "Infinity", "1." + "0" * 30 + "1"])
def test_a_number_that_nobody_can_mean_is_refused(number: str) -> None:
    for tell in (price_text, size_text):
        with pytest.raises(ValueError, match=r"not above zero|too many digits"):
            tell(D(number), 2)


@given(st.integers(1, 99_999), st.integers(-9, 5), st.integers(0, 6), st.integers(0, 4))
def test_a_text_is_the_price_and_has_one_form(
    figures: int, exponent: int, size_decimals: int, zeros: int
) -> None:
    price = D(figures).scaleb(exponent)
    assume((price * 10 ** (6 - size_decimals)) % 1 == 0)
    text = price_text(price, size_decimals)
    assert D(text) == price
    assert "E" not in text
    assert not ("." in text and text.endswith(("0", ".")))
    assert (
        price_text(D(f"{price:f}" + ("" if "." in f"{price:f}" else ".") + "0" * zeros), size_decimals)
        == text
    )


@given(POSITIVE, st.integers(0, 6))
def test_a_price_is_never_rounded(price: Decimal, size_decimals: int) -> None:
    try:
        text = price_text(price, size_decimals)
    except ValueError:
        return
    assert D(text) == price


@given(POSITIVE, st.integers(0, 6))
def test_a_size_is_never_rounded(size: Decimal, size_decimals: int) -> None:
    try:
        text = size_text(size, size_decimals)
    except ValueError:
        assert (size * 10**size_decimals) % 1 != 0
        return
    assert D(text) == size


def test_a_cloid_is_128_bits_and_stays_the_same() -> None:
    keys = [
        order_key(run, leg, order) for run in ("r1", "r2") for leg in ("a", "b") for order in range(1, 50)
    ]
    cloids = [cloid_of(key) for key in keys]
    assert cloid_of("r1-a-1") == "0x" + raw(cloids[0]).hex()
    assert {len(raw(one)) for one in cloids} == {16}
    assert len(set(cloids)) == len(keys)
    assert cloid_of("") == "0xcae66941d9efbd404e4d88758ea67670"  # fixed: a restart looks orders up by it


@given(st.integers(0, 2**43), st.lists(st.integers(0, 2**43)))
def test_nonces_only_rise_whatever_the_clock_does(last: int, clock: list[int]) -> None:
    for now_ms in clock:
        nonce = next_nonce(last, now_ms)
        assert nonce > last
        assert nonce == now_ms or now_ms <= last
        last = nonce


def test_a_signer_does_not_show_its_key() -> None:
    for text in (repr(SIGNER), str(SIGNER), pretty_repr(SIGNER)):
        assert not any(form in text for form in (SECRET, repr(raw(SECRET))[2:-1], str(int(SECRET, 16))))
    with pytest.raises(TypeError):
        msgspec.json.encode(SIGNER)
