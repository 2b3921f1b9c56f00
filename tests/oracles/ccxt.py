"""Plain ccxt as a witness: in an environment of its own, spoken to in lines of JSON. What it takes to point
it at a local exchange is one row of data a venue.
"""

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from dnkit.runtime.local.okx.auth import passphrase_of, secret_of
from tests.oracles import environment

PACKAGE = "ccxt==4.5.90"
SCRIPT = Path(__file__).with_name("ccxt_client.py")
Config = dict[str, Any]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A venue as ccxt knows it. `config` makes the constructor's argument of an address and an API key, by
    which the exchange calls the account. `client_id` makes one of a word. `gaps` says whether ccxt notices a
    gap in a book, `stream_fees` the sign of a fee paid in its stream.
    """

    id: str
    symbol: str
    pair: str
    config: Callable[[str, str], Config]
    client_id: Callable[[str], str] = lambda name: name
    kinds: tuple[str, ...] = ("GTC", "PO", "IOC", "FOK")
    gaps: bool
    stream_fees: int = 1


def _bybit(address: str, name: str) -> Config:
    stream = address.replace("http", "ws")
    private = f"{stream}/v5/private"
    return {
        "apiKey": name,
        "secret": name,
        "has": {"fetchCurrencies": False},
        "options": {
            "defaultType": "swap",
            "fetchMarkets": {"types": ["linear"]},
            "enableUnifiedMargin": False,
            "enableUnifiedAccount": True,
            "unifiedMarginStatus": 6,
        },
        "urls": {
            "api": {
                **dict.fromkeys(("public", "private"), address),
                "ws": {
                    "public": {"linear": f"{stream}/v5/public/linear"},
                    "private": {"contract": private, "spot": {"unified": private}, "usdc": private},
                },
            }
        },
    }


def _okx(address: str, name: str) -> Config:
    return {
        "apiKey": name,
        "secret": secret_of(name),
        "password": passphrase_of(name),
        "has": {"fetchCurrencies": False},
        "options": {"fetchMarkets": {"types": ["swap"]}, "defaultType": "swap"},
        "urls": {"api": {"rest": address, "ws": f"{address.replace('http', 'ws')}/ws/v5"}},
    }


ROWS: Mapping[str, Row] = {
    "bybit": Row(id="bybit", symbol="ETHUSDT", pair="ETH/USDT:USDT", config=_bybit, gaps=False),
    "okx_perpetual": Row(
        id="okx",
        symbol="ETH-USDT-SWAP",
        pair="ETH/USDT:USDT",
        config=_okx,
        gaps=True,
        stream_fees=-1,
    ),
}
COMMON: Config = {"enableRateLimit": False, "timeout": 5_000}


def python() -> Path:
    """The interpreter that has ccxt; see `tests.oracles.environment`."""
    return environment.python("ccxt", PACKAGE)


class Client:
    """ccxt at an exchange. `contract` is the coin of one unit of its amounts, `grid` the steps of price and
    amount as it read them.
    """

    def __init__(self, process: "subprocess.Popen[str]", row: Row, address: str, name: str) -> None:
        self._process = process
        config = COMMON | row.config(address, name)
        market = environment.line(process, {"id": row.id, "pair": row.pair, "config": config})
        self.contract = Decimal(market["contractSize"] or "1")
        self.grid = tuple(Decimal(market["precision"][one]) for one in ("price", "amount"))

    def __call__(self, do: str, **asked: object) -> Any:
        """What ccxt answers; AssertionError when it raises."""
        said = self.said(do, **asked)
        assert "ok" in said, said
        return said["ok"]

    def said(self, do: str, **asked: object) -> Any:
        """The same, with what it raised as `error`."""
        return environment.line(self._process, {"do": do, **asked})


@contextmanager
def client(row: Row, address: str, name: str) -> Iterator[Client]:
    """ccxt on an account of that name."""
    process = subprocess.Popen(
        [str(python()), "-I", str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Client(process, row, address, name)
    finally:
        process.kill()
        process.communicate()
