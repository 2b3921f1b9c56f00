"""Where secrets come from, and how they are kept from showing: environment, keyring, or a file of the user's
alone, in this order.

A secret is named `DNKIT_<VENUE>_<NAME>` in the environment (DNKIT_NADO_PRIVATE_KEY), `<venue>.<name>` of the
service dnkit in the keyring, and `<venue>: {<name>: ...}` in the file.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import yaml

from dnkit.model.errors import DnkitError

PREFIX = "DNKIT_"
SERVICE = "dnkit"
LIBRARY = "library"  # a file with code that signs, which the venue makes
NAMES: Mapping[str, tuple[str, ...]] = {  # what an account at a venue is opened with
    "nado": ("private_key", "account", "subaccount"),
    "hyperliquid_perpetual": ("private_key", "account"),
    "bybit": ("api_key", "api_secret"),
    "okx_perpetual": ("api_key", "api_secret", "passphrase"),
    "lighter": ("private_key", "account_index", "api_key_index", LIBRARY),
}
PUBLIC = frozenset({"account", "subaccount", "account_index", "api_key_index", LIBRARY})
HIDDEN = "***"
REHEARSAL = "5eed" * 16
LIGHTER = "5eed" * 20  # its keys are of 40 bytes
ADDRESS_CHARS = 42  # 0x and 20 bytes in hex
SHORTEST = 8  # of a secret that is looked for in a text; a shorter one would hit words


class Keys(Mapping[str, str]):
    """Secrets by name. It never shows them, and takes them out of texts."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = dict(known)

    def __getitem__(self, name: str) -> str:
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def __repr__(self) -> str:
        return f"Keys({', '.join(sorted(self._known)) or 'none'})"

    def hidden(self, text: str) -> str:
        """The text without any secret, in whatever case and with or without 0x."""
        for name, secret in self._known.items():
            bare = secret.removeprefix("0x")
            if name not in PUBLIC and len(bare) >= SHORTEST:
                for form in {bare, bare.lower(), bare.upper()}:
                    text = text.replace(form, HIDDEN)
        return text


def account_of(keys: Mapping[str, str]) -> str:
    """What the account behind keys is called in journals and locks: no secret, and no other account's.
    DnkitError for what cannot be a name.
    """
    account = keys.get("account", "")
    if len(account) > ADDRESS_CHARS:
        raise DnkitError("what is given as the account is longer than an address: it may be a key")
    name = account or keys.get("account_index") or _told_by(keys)
    return f"{name}/{keys['subaccount']}" if keys.get("subaccount") else name.lower()


def _told_by(keys: Mapping[str, str]) -> str:
    """The address of a private key, or a hash of what else names the account."""
    if "private_key" in keys:
        from dnkit.venues.evm import key_of

        with suppress(ValueError):  # its adapter says what is wrong with it
            return f"0x{key_of(keys['private_key']).address.hex()}"
    named = keys.get("api_key") or "".join(keys[one] for one in sorted(keys))
    return f"key-{blake2b(named.encode(), digest_size=6).hexdigest()}"


def read_keys(venue: str, where: str, file: Path) -> Keys:
    """The secrets of a venue. DnkitError when there are none, or the file is not the user's alone. At a local
    exchange an account of its own serves where no other is named.
    """
    known = {**_of_file(venue, file), **_of_keyring(venue), **_of_environment(venue)}
    if not known.keys() - {LIBRARY} and where.startswith("http://127.0.0.1"):
        known |= rehearsed(venue, REHEARSAL)
    if not known.keys() - {LIBRARY}:
        names = ", ".join(f"{PREFIX}{venue.upper()}_{one.upper()}" for one in NAMES.get(venue, ()))
        raise DnkitError(f"there are no keys for {venue}: set {names}, or put them into {file} (mode 0600)")
    return Keys(known)


def _of_environment(venue: str) -> dict[str, str]:
    prefix = f"{PREFIX}{venue.upper()}_"
    names = {f"{prefix}{one.upper()}": one for one in NAMES.get(venue, ())}
    return {one: os.environ[name] for name, one in names.items() if os.environ.get(name)}


def _of_keyring(venue: str) -> dict[str, str]:
    """A keyring that is not there, or locked, holds nothing."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ModuleNotFoundError:
        return {}
    try:
        found = {one: keyring.get_password(SERVICE, f"{venue}.{one}") for one in NAMES.get(venue, ())}
    except (KeyringError, OSError):
        return {}
    return {name: secret for name, secret in found.items() if secret}


def _of_file(venue: str, file: Path) -> dict[str, str]:
    try:
        mode = file.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise DnkitError(f"{file} can be read by others: chmod 600 {file}")
        content = yaml.safe_load(file.read_text())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise DnkitError(f"{file} cannot be read: {error.strerror}") from error
    except yaml.YAMLError:
        raise DnkitError(f"{file} is no YAML") from None  # whose text would quote the secret
    part = content.get(venue, {}) if isinstance(content, dict) else None
    if not isinstance(part, dict):
        raise DnkitError(f"{file}: write VENUE: {{NAME: SECRET}}")
    return {str(name): str(secret) for name, secret in part.items()}


def rehearsed(venue: str, key: str) -> dict[str, str]:
    """What a local exchange takes for an account of that key, and nobody else does. Where a key has a
    passphrase, that and the secret are made of it; Lighter's accounts are numbers, and there is one.
    """
    if venue == "lighter":
        return {"private_key": LIGHTER, "account_index": "1", "api_key_index": "5"}
    known = dict.fromkeys((name for name in NAMES.get(venue, ()) if name not in PUBLIC), key)
    if "passphrase" in known:
        known |= {"api_secret": f"{key}-secret", "passphrase": f"{key}-passphrase"}
    return known
