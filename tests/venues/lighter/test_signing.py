"""What Lighter's own library signs is hashed alike here, and verified; what was changed on the way is not."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from dnkit.venues.lighter.schnorr import BYTES, ORDER, element, public_key, verifies
from dnkit.venues.lighter.signing import (
    MAINNET,
    TESTNET,
    attributes,
    element_of,
    is_signed,
    is_token_of,
    read_token,
    transaction_hash,
)
from tests.venues.lighter.signer import SECRET, Signer

PUBLIC = public_key(bytes.fromhex(SECRET))


@pytest.fixture(scope="module")
def told() -> Any:
    """Transactions and a token that the library made once."""
    return json.loads(Path(__file__).with_name("vectors.json").read_text())


def test_hashes_are_those_of_the_library(told: Any) -> None:
    assert len(told["transactions"]) == 8
    for one in told["transactions"]:
        info = json.loads(one["info"])
        digest = transaction_hash(MAINNET, one["kind"], info)
        assert digest.hex() == one["hash"]
        assert is_signed(PUBLIC, digest, info)
        assert not is_signed(PUBLIC, transaction_hash(TESTNET, one["kind"], info), info)


def test_a_public_key_is_that_of_the_library(told: Any) -> None:
    another = told["another"]
    assert public_key(bytes.fromhex(another["private"])).hex() == another["public"]


def test_no_other_figure_is_signed(told: Any) -> None:
    one = told["transactions"][0]
    info = json.loads(one["info"])
    for name in ("Price", "BaseAmount", "IsAsk", "Nonce", "ClientOrderIndex", "ReduceOnly"):
        changed = info | {name: info[name] + 1}
        assert not is_signed(PUBLIC, transaction_hash(MAINNET, one["kind"], changed), changed), name
    bare = info | {"L2TxAttributes": None}
    assert not is_signed(PUBLIC, transaction_hash(MAINNET, one["kind"], bare), bare)


def test_no_other_signature_and_no_other_key_will_do(told: Any) -> None:
    one = told["transactions"][0]
    info = json.loads(one["info"])
    digest, signature = bytes.fromhex(one["hash"]), base64.b64decode(info["Sig"])
    message = element_of(digest)
    assert verifies(PUBLIC, message, signature)
    for at in (0, BYTES - 1, BYTES, 2 * BYTES - 2):
        wrong = bytes((*signature[:at], signature[at] ^ 1, *signature[at + 1 :]))
        assert not verifies(PUBLIC, message, wrong)
    assert not verifies(bytes.fromhex(told["another"]["public"]), message, signature)
    assert not verifies(PUBLIC, message, signature[:-1])
    assert not verifies(b"\xff" * BYTES, message, signature)
    assert not verifies(bytes((3, *bytes(BYTES - 1))), message, signature)
    beyond = (int.from_bytes(signature[:BYTES], "little") + ORDER).to_bytes(BYTES, "little")
    assert not verifies(PUBLIC, message, beyond + signature[BYTES:])
    for text in ("", "!", "AAAA"):
        assert not is_signed(PUBLIC, digest, info | {"Sig": text})


def test_a_token_is_of_its_account_and_moment(told: Any) -> None:
    token = told["token"]
    assert is_token_of(PUBLIC, token)
    assert read_token(token)[0].account == 77
    assert not is_token_of(PUBLIC, token.replace(":77:", ":78:"))
    assert not is_token_of(PUBLIC, token.replace("1790000000", "1790000001"))


def test_attributes_that_say_nothing_are_not_hashed() -> None:
    assert attributes({"L2TxAttributes": {"4": 1, "1": 0, "5": 255}}) == {4: 1}
    assert attributes({"L2TxAttributes": None}) == {}
    assert attributes({"L2TxAttributes": {"5": 0}}) == {5: 0}


def test_new_signatures_of_the_library_are_verified() -> None:
    signer = Signer()
    for number in range(1, 11):
        kind, text, digest = signer.order(number, client=number, price=number * 1_000_003, is_ask=number % 2)
        info = json.loads(text)
        assert transaction_hash(MAINNET, kind, info).hex() == digest
        assert is_signed(PUBLIC, bytes.fromhex(digest), info)
    for number in range(3):
        private, public = signer.new_key()
        assert public_key(bytes.fromhex(private[2:])).hex() == public[2:]
        own = Signer(private, account=number + 1)
        kind, text, digest = own.cancel(number)
        assert is_signed(bytes.fromhex(public[2:]), bytes.fromhex(digest), json.loads(text))
    assert is_token_of(PUBLIC, signer.token(1_790_000_000))


def test_the_hash_takes_any_number_of_elements() -> None:
    hashes = {element(tuple(range(count))) for count in range(20)}
    assert len(hashes) == 20
