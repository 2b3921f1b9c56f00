"""The official client of Nado as a judge of our exchange and our adapter."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.oracles import environment

PACKAGE = "nado-protocol==2.0.0"
SCRIPT = Path(__file__).with_name("nado_client.py")


def python() -> Path:
    """The interpreter that has the client; see `tests.oracles.environment`."""
    return environment.python("nado", PACKAGE)


class Official:
    """The client at an exchange."""

    def __init__(self, process: "subprocess.Popen[str]", address: str) -> None:
        self._process, self.address = process, address
        self.sender = ""

    def __call__(self, do: str, **asked: object) -> Any:
        """What the client answers; AssertionError when it raises."""
        said = self.said(do, **asked)
        assert "ok" in said, said
        return said["ok"]

    def said(self, do: str, **asked: object) -> dict[str, Any]:
        """The same, with what it raised as `error` and `text`."""
        return self.line({"do": do, **asked})

    def line(self, asked: dict[str, object]) -> dict[str, Any]:
        """One line there and one back."""
        said: dict[str, Any] = environment.line(self._process, asked)
        return said


@contextmanager
def official(address: str, secret: str) -> Iterator[Official]:
    """The official client, at an exchange."""
    process = subprocess.Popen(
        [str(python()), str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        client = Official(process, address)
        client.sender = client.line({"address": address, "secret": secret})["ok"]
        yield client
    finally:
        process.kill()
        process.communicate()


@contextmanager
def exchange(folder: Path, *words: str, for_s: int = 60) -> Iterator[str]:
    """A local exchange that speaks as Nado does, as a process: its address."""
    command = [sys.executable, "-m", "dnkit", "exchange", "--json", "--venue", "nado", "--dir", str(folder)]
    command += ["--list", "nado:ETH-PERP", "--for", str(for_s), *words]
    env = {**os.environ, "DNKIT_HOME": str(folder / "home")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["data"]["address"]
    finally:
        process.terminate()
        process.communicate()
