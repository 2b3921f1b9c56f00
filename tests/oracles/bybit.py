"""The official client of Bybit as a judge: in an environment of its own, spoken to in lines of JSON."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.oracles import environment

PACKAGE = "pybit==5.17.0"
SCRIPT = Path(__file__).with_name("bybit_client.py")


def python() -> Path:
    """The interpreter that has the client; see `tests.oracles.environment`."""
    return environment.python("bybit", PACKAGE)


class Official:
    """The client at an exchange, with a key."""

    def __init__(self, process: "subprocess.Popen[str]", address: str, key: str) -> None:
        self._process = process
        assert environment.line(process, {"address": address, "key": key}) == "here"

    def __call__(self, do: str, **asked: object) -> Any:
        """What the client answers; AssertionError when it raises."""
        said = environment.line(self._process, {"do": do, **asked})
        assert "ok" in said, said
        return said["ok"]


@contextmanager
def official(address: str, key: str) -> Iterator[Official]:
    """The official client, at an exchange."""
    process = subprocess.Popen(
        [str(python()), "-I", str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Official(process, address, key)
    finally:
        process.kill()
        process.communicate()
