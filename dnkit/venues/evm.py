"""What venues of the EVM family sign with: Keccak-256, secp256k1, typed data (EIP-712).

Only what trades live may import this module: it needs the extra `live`.
"""

import sys

import msgspec

try:
    if sys.platform == "linux":
        from sha3 import keccak_256
    else:
        from Crypto.Hash import keccak as slower

        def keccak_256(data: bytes) -> slower.Keccak_Hash:
            return slower.new(data=data, digest_bits=256)

    from coincurve import PrivateKey, PublicKey
except ModuleNotFoundError as error:
    raise ImportError(f"live venues need {error.name}: pip install 'dnkit[live]'") from error

WORD = 32
ADDRESS_BYTES = 20
DIGEST_BYTES = 32
SIGNATURE_BYTES = 65
V_BASE = 27


def keccak(data: bytes) -> bytes:
    """Keccak-256 of the bytes, 32 bytes. This is the older padding, not SHA3-256."""
    digest: bytes = keccak_256(data).digest()
    return digest


DOMAIN_TYPE = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")


class Key(msgspec.Struct, frozen=True, eq=False):
    """A private key ready to sign, and the 20 bytes of its address. It shows itself as its address."""

    private: PrivateKey
    address: bytes

    def __repr__(self) -> str:
        return f"Key(0x{self.address.hex()})"


def key_of(text: str) -> Key:
    """Key of 64 hex digits, with or without 0x. ValueError, which never quotes the text, where it is none."""
    try:
        private = PrivateKey(_bytes_of(text, WORD))
    except ValueError:
        raise ValueError("not a private key: 32 bytes in hex, above zero, below the curve's order") from None
    return Key(private, _address(private.public_key))


def address_of(text: str) -> bytes:
    """The 20 bytes of an address in hex, 0x optional, in any case. ValueError where it is none.

    The text is not quoted there either: it may be a key in the wrong place.
    """
    try:
        return _bytes_of(text, ADDRESS_BYTES)
    except ValueError:
        raise ValueError("not an address: 20 bytes in hex") from None


def _bytes_of(text: str, size: int) -> bytes:
    digits = text.removeprefix("0x")
    read = bytes.fromhex(digits)  # passes over blanks: counted before and after
    if len(digits) != 2 * size or len(read) != size:
        raise ValueError("wrong length")
    return read


def _address(public: PublicKey) -> bytes:
    return keccak(public.format(compressed=False)[1:])[-ADDRESS_BYTES:]


def sign(key: Key, digest: bytes) -> bytes:
    """Signature r || s || v of a digest of 32 bytes, 65 bytes: RFC 6979, s in the lower half, v 27 or 28."""
    signature: bytes = key.private.sign_recoverable(digest, hasher=None)
    return signature[:-1] + bytes((V_BASE + signature[-1],))


def recover(digest: bytes, signature: bytes) -> bytes:
    """The 20 bytes of the address that signed the digest. ValueError where no key can have signed so.

    A wrong signature of the right form gives some other address: compare it.
    """
    if len(digest) != DIGEST_BYTES or len(signature) != SIGNATURE_BYTES:
        raise ValueError(f"digest of {len(digest)}, signature of {len(signature)} bytes; 32 and 65 expected")
    recovery = signature[-1] - V_BASE
    if recovery not in (0, 1):
        raise ValueError(f"v is {signature[-1]}, not 27 or 28")
    plain = signature[:-1] + bytes((recovery,))
    return _address(PublicKey.from_signature_and_message(plain, digest, hasher=None))


def domain(name: str, version: str, chain_id: int, contract: bytes) -> bytes:
    """What stands before each struct hash of a domain: 0x1901 and the domain separator, 34 bytes.

    `contract` is the verifying contract's address, 20 bytes.
    """
    if len(contract) != ADDRESS_BYTES:
        raise ValueError(f"verifying contract of {len(contract)} bytes, 20 expected")
    parts = (
        DOMAIN_TYPE,
        keccak(name.encode()),
        keccak(version.encode()),
        unsigned(chain_id, 256, "chain id"),
        contract.rjust(WORD, b"\0"),
    )
    return b"\x19\x01" + keccak(b"".join(parts))


def typed_digest(prefix: bytes, encoded: bytes) -> bytes:
    """Digest to sign, 32 bytes: `prefix` is a `domain`, `encoded` a type hash and the words of its fields."""
    return keccak(prefix + keccak(encoded))


def unsigned(value: int, bits: int, name: str) -> bytes:
    """Word of an unsigned integer, 32 bytes. ValueError, with the field's name, where it needs more bits."""
    if not 0 <= value < 1 << bits:
        raise ValueError(f"{name} {value} does not fit uint{bits}")
    return value.to_bytes(WORD, "big")


def signed(value: int, bits: int, name: str) -> bytes:
    """Word of a signed integer, 32 bytes. ValueError, with the field's name, where it needs more bits."""
    half = 1 << (bits - 1)
    if not -half <= value < half:
        raise ValueError(f"{name} {value} does not fit int{bits}")
    return value.to_bytes(WORD, "big", signed=True)
