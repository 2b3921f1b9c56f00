"""An environment of its own for an official client, which wants packages that ours cannot have, and the lines
of JSON that are spoken with it.
"""

import json
import os
import subprocess
import venv
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

INSTALL_S = 300


class NoOracle(Exception):
    """The client cannot be had here."""


def python(name: str, package: str, *, made: bool = False) -> Path:
    """The interpreter that has the client; made the first time. NoOracle when it cannot be installed, or when
    it has to be `made` already.
    """
    folder = Path(os.environ.get("DNKIT_ORACLES_DIR") or user_cache_path("dnkit") / "oracles") / name
    found, done = folder / "bin" / "python", folder / "installed"
    if not done.exists():
        if made:
            raise NoOracle(f"{package} is not installed: make test-oracles")
        venv.create(folder, with_pip=True, clear=True)
        command = [str(found), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_S)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise NoOracle(f"{package} cannot be installed: {str(error.stderr or error)[-300:]}") from error
        done.write_text(package)
    return found


def line(process: "subprocess.Popen[str]", asked: dict[str, object]) -> Any:
    """One line there and one back."""
    assert process.stdin is not None, "it was started with a pipe"
    assert process.stdout is not None, "it was started with a pipe"
    process.stdin.write(json.dumps(asked) + "\n")
    process.stdin.flush()
    text = process.stdout.readline()
    assert text, "the official client ended"
    return json.loads(text)
