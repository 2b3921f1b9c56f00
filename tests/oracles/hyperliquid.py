"""The official client of Hyperliquid as a judge: in an environment of its own, spoken to in lines of JSON."""

import json
import os
import subprocess
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

PACKAGE = "hyperliquid-python-sdk==0.24.0"
SCRIPT = Path(__file__).with_name("hyperliquid_client.py")
INSTALL_S = 300


class NoOracle(Exception):
    """The client cannot be had here."""


def python() -> Path:
    """The interpreter that has the client; made the first time. NoOracle when it cannot be installed."""
    folder = Path(os.environ.get("DNKIT_ORACLES_DIR") or user_cache_path("dnkit") / "oracles") / "hyperliquid"
    found, done = folder / "bin" / "python", folder / "installed"
    if not done.exists():
        venv.create(folder, with_pip=True, clear=True)
        command = [str(found), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_S)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise NoOracle(f"{PACKAGE} cannot be installed: {str(error.stderr or error)[-300:]}") from error
        done.write_text(PACKAGE)
    return found


class Official:
    """The client at an exchange; `account` is its address."""

    def __init__(self, process: "subprocess.Popen[str]", address: str, secret: str) -> None:
        self._process = process
        self.account = self._line({"address": address, "secret": secret})

    def __call__(self, do: str, **asked: object) -> Any:
        """What the client answers; AssertionError when it raises."""
        said = self._line({"do": do, **asked})
        assert "ok" in said, said
        return said["ok"]

    def status(self, do: str, **asked: object) -> Any:
        """The first status of an answer."""
        said = self(do, **asked)
        assert said["status"] == "ok", said
        return said["response"]["data"]["statuses"][0]

    def _line(self, asked: dict[str, object]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        text = self._process.stdout.readline()
        assert text, "the official client ended"
        return json.loads(text)


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
