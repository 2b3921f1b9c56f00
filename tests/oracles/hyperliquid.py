"""The official client of Hyperliquid as a judge: in an environment of its own, spoken to in lines of JSON."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.oracles import environment

PACKAGE = "hyperliquid-python-sdk==0.24.0"
SCRIPT = Path(__file__).with_name("hyperliquid_client.py")


def python() -> Path:
    """The interpreter that has the client; see `tests.oracles.environment`."""
    return environment.python("hyperliquid", PACKAGE)


class Official:
    """The client at an exchange; `account` is its address."""

    def __init__(self, process: "subprocess.Popen[str]", address: str, secret: str) -> None:
        self._process = process
        self.account = environment.line(process, {"address": address, "secret": secret})

    def __call__(self, do: str, **asked: object) -> Any:
        """What the client answers; AssertionError when it raises."""
        said = environment.line(self._process, {"do": do, **asked})
        assert "ok" in said, said
        return said["ok"]

    def status(self, do: str, **asked: object) -> Any:
        """The first status of an answer."""
        said = self(do, **asked)
        assert said["status"] == "ok", said
        return said["response"]["data"]["statuses"][0]


@contextmanager
def official(address: str, secret: str) -> Iterator[Official]:
    """The official client, at an exchange."""
    process = subprocess.Popen(
        [str(python()), "-I", str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Official(process, address, secret)
    finally:
        process.kill()
        process.communicate()
