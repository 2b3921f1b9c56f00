"""Who signed a transaction or a token. A key of rehearsals signs for every account that registered none."""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from dnkit.model.errors import DnkitError
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.venues.lighter import words
from dnkit.venues.lighter.schnorr import BYTES, public_key
from dnkit.venues.lighter.signing import (
    HEAD,
    INTEGRATOR,
    MAINNET,
    SIGNED,
    SKIP_NONCE,
    attributes,
    is_signed,
    is_token_of,
    read_token,
    transaction_hash,
)

REHEARSAL = public_key(bytes.fromhex("5eed" * (BYTES // 2)))
TOKENS = 1_000
Name = tuple[int, int]  # of a key: account, index


class Refused(DnkitError):
    """A request is not carried out; the venue's code and text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Register(msgspec.Struct, frozen=True):
    """Let a key sign for an account from now on; `public_key` in hex."""

    account: int
    api_key_index: int
    public_key: str


class Signed(msgspec.Struct, frozen=True):
    """A transaction that was signed rightly: its numbers by name, its attributes by kind."""

    kind: int
    account: int
    info: Mapping[str, int]
    attributes: Mapping[int, int]
    digest: bytes


class Auth:
    """Keys of accounts, and the last number each used."""

    def __init__(self) -> None:
        self._keys: dict[int, dict[int, bytes]] = {}
        self._nonces: dict[Name, int] = {}
        self._tokens: set[str] = set()

    def register(self, asked: Register) -> None:
        """See Register. DnkitError for what is no key."""
        public = bytes.fromhex(asked.public_key.removeprefix("0x"))
        if len(public) != BYTES:
            raise DnkitError(f"a public key of {len(public)} bytes, {BYTES} expected")
        self._keys.setdefault(asked.account, {})[asked.api_key_index] = public

    def keys(self, account: int) -> Mapping[int, bytes]:
        """Keys that were registered for an account."""
        return self._keys.get(account, {})

    def nonce(self, name: Name) -> int:
        """The next number of a key."""
        return self._nonces.get(name, 0) + 1

    def signed(self, kind: int, info: Mapping[str, Any]) -> Signed:
        """Hold a transaction against its key and use its number up. Refused; LookupError, TypeError or
        ValueError for another shape.
        """
        if kind not in SIGNED:
            raise Refused(words.BAD_KIND, "unsupported tx type")
        account, key = int(info["AccountIndex"]), int(info["ApiKeyIndex"])
        public, digest = self._public(account, key), transaction_hash(MAINNET, kind, info)
        if not is_signed(public, digest, info):
            raise Refused(words.BAD_SIGNATURE, "invalid signature")
        said = attributes(info)
        if any(one in said for one in INTEGRATOR):
            raise Refused(words.BAD_TRANSACTION, "integrator is not approved")
        if int(info["ExpiredAt"]) <= time.time_ns() // NS_PER_MS:
            raise Refused(words.BAD_TRANSACTION, "transaction is expired")
        self._use((account, key), int(info["Nonce"]), skips=bool(said.get(SKIP_NONCE)))
        numbers = {name: int(info[name]) for name in (*HEAD, *SIGNED[kind])}
        return Signed(kind, account, numbers, said, digest)

    def admit(self, text: str, account: int) -> None:
        """Refused unless a token was made for that account and still holds."""
        try:
            token, _ = read_token(text)
        except ValueError:
            raise Refused(words.UNAUTHORISED, "invalid auth: malformed token") from None
        if token.account != account or token.deadline_s <= time.time_ns() // NS_PER_S:
            raise Refused(words.UNAUTHORISED, "invalid auth: another account, or expired")
        if text in self._tokens:
            return
        if not is_token_of(self._public(account, token.key), text):
            raise Refused(words.UNAUTHORISED, "invalid auth: invalid signature")
        if len(self._tokens) == TOKENS:
            self._tokens.clear()
        self._tokens.add(text)

    def _public(self, account: int, key: int) -> bytes:
        known = self._keys.get(account)
        public = REHEARSAL if known is None else known.get(key)
        if public is None:
            raise Refused(words.UNKNOWN_KEY, "invalid PublicKey, please run changePubKey")
        return public

    def _use(self, name: Name, nonce: int, *, skips: bool) -> None:
        """One above the last; with numbers skipped, anything above it."""
        after = self.nonce(name)
        if not after <= nonce <= (words.NONCE_MAX if skips else after):
            raise Refused(words.BAD_NONCE, "invalid nonce")
        self._nonces[name] = nonce
