"""Lighter's own signing library: where it is, and calls to it as ccxt makes them."""

import os
import platform
from functools import cache
from typing import Any

import pytest

from tests.oracles import environment

# Of rehearsals, worth nothing.
KEYS = {
    "private_key": "5eed" * 20,
    "account_index": "1",
    "api_key_index": "5",
}
SECRET = KEYS["private_key"]
PACKAGE = "lighter-sdk==1.1.8"
URL = b"http://127.0.0.1:1"
CHAIN = 304


def library() -> str:
    """The path of the library: the one that is named, or that of the official client where it is installed.
    `make test-oracles` installs it; skips the test where there is none.
    """
    named = os.environ.get("DNKIT_LIGHTER_LIBRARY")
    if named:
        return named
    try:
        python = environment.python("lighter", PACKAGE, made=not os.environ.get("DNKIT_ORACLES"))
    except environment.NoOracle as error:
        pytest.skip(f"no library of Lighter, name it in DNKIT_LIGHTER_LIBRARY: {error}")
    [found] = python.parent.parent.glob(f"lib/python*/site-packages/lighter/signers/{_name()}")
    return str(found)


def _name() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    end = {"Darwin": "dylib"}.get(platform.system(), "so")
    return f"lighter-signer-{platform.system().lower()}-{machine}.{end}"


class Signer:
    """Signs for (account, key index)."""

    def __init__(self, secret: str = SECRET, account: int = 77, key: int = 5) -> None:
        from ccxt.static_dependencies.lighter_client import signer as calls

        self._calls, self._who = calls, (key, account)
        self._library = _loaded(library())
        error = calls.decode_and_free(self._library.CreateClient(URL, secret.encode(), CHAIN, key, account))
        assert error is None, error

    def order(self, nonce: int = 7, **other: int) -> tuple[int, str, str]:
        """Kind, JSON and hash of a signed order; `other` changes its figures."""
        figures = {
            "market": 1,
            "client": 123456,
            "lots": 1000,
            "price": 222160,
            "is_ask": 1,
            "type": 0,
            "tif": 2,
            "reduce_only": 1,
            "trigger": 0,
            "expiry": -1,
        } | other
        skips = figures.pop("skips", 1)
        integrator = [figures.pop(name, 0) for name in ("integrator", "taker_fee", "maker_fee")]
        return self._told(
            self._library.SignCreateOrder(*figures.values(), *integrator, 0, 0, skips, nonce, *self._who)
        )

    def cancel(self, nonce: int = 7, market: int = 1, index: int = 123456) -> tuple[int, str, str]:
        """Kind, JSON and hash of a signed cancel."""
        return self._told(self._library.SignCancelOrder(market, index, 1, nonce, *self._who))

    def cancel_all(self, nonce: int = 7, market: int = 255) -> tuple[int, str, str]:
        """Kind, JSON and hash of a signed cancel of all."""
        return self._told(self._library.SignCancelAllOrders(0, 0, market, 1, nonce, *self._who))

    def leverage(self, nonce: int = 7, fraction: int = 500) -> tuple[int, str, str]:
        """Kind, JSON and hash of a signed change of leverage."""
        return self._told(self._library.SignUpdateLeverage(1, fraction, 0, 0, nonce, *self._who))

    def token(self, deadline_s: int) -> str:
        """A token that holds so long."""
        token, error = self._calls.decode_auth(self._library.CreateAuthToken(deadline_s, *self._who))
        assert error is None, error
        return str(token)

    def new_key(self) -> tuple[str, str]:
        """A private key and its public one, in hex."""
        private, public, error = self._calls.decode_api_key(self._library.GenerateAPIKey())
        assert error is None, error
        return str(private), str(public)

    def _told(self, result: Any) -> tuple[int, str, str]:
        kind, info, digest, _, error = self._calls.decode_tx_info(result)
        assert error is None, error
        return kind, info, digest


@cache
def _loaded(path: str) -> Any:
    from ccxt.static_dependencies.lighter_client.signer import load_lighter_library

    return load_lighter_library(path)
