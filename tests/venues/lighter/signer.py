"""Lighter's own signing library: where it is, and calls to it as ccxt makes them."""

import os
import platform
import subprocess
import sys
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from platformdirs import user_cache_path

PACKAGE = "lighter-sdk==1.1.8"
SECRET = "5eed" * 20  # the key of rehearsals, worth nothing
URL = b"http://127.0.0.1:1"
CHAIN = 304
INSTALL_S = 300


def library() -> str:
    """The path of the library: the one that is named, or one that was kept. It is fetched from the package
    index for `make test-oracles` alone; skips the test where it is absent.
    """
    named = os.environ.get("DNKIT_LIGHTER_LIBRARY")
    if named:
        return named
    root = Path(os.environ.get("DNKIT_ORACLES_DIR") or user_cache_path("dnkit") / "oracles") / "lighter"
    kept = root / _name()
    if not kept.exists():
        if not os.environ.get("DNKIT_ORACLES"):
            pytest.skip(
                "no signing library of Lighter: name it in DNKIT_LIGHTER_LIBRARY, or make test-oracles"
            )
        _fetch(kept)
    return str(kept)


def _name() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    system, end = platform.system().lower(), {"Darwin": "dylib"}.get(platform.system(), "so")
    return f"lighter-signer-{system}-{machine}.{end}"


def _fetch(kept: Path) -> None:
    """Take the library, and nothing else, out of the package, which wants what ours cannot have."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "-d", folder, PACKAGE]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_S)
            [wheel] = Path(folder).glob("*.whl")
            content = zipfile.ZipFile(wheel).read(f"lighter/signers/{kept.name}")
        except (subprocess.SubprocessError, KeyError, ValueError) as error:
            pytest.skip(f"{PACKAGE} cannot be had: {str(getattr(error, 'stderr', '') or error)[-300:]}")
    kept.parent.mkdir(parents=True, exist_ok=True)
    half = kept.with_suffix(".half")
    half.write_bytes(content)
    half.replace(kept)


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
