"""Local exchanges as processes of our own, one a venue, for as long as a rehearsal lasts."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dnkit.model.errors import DnkitError
from dnkit.runtime.folder import StateFolder

END_S = 10


@contextmanager
def local_exchanges(venues: Sequence[str], folder: StateFolder) -> Iterator[dict[str, str]]:
    """Their addresses by venue; their accounts are kept in the state folder. DnkitError where one does not
    open.
    """
    started: list[subprocess.Popen[str]] = []
    try:
        yield {venue: _address(venue, folder, started) for venue in venues}
    finally:
        for process in started:
            process.terminate()
        for process in started:
            _wait(process)


def _address(venue: str, folder: StateFolder, started: list[subprocess.Popen[str]]) -> str:
    place = str(folder.root / "rehearsal" / venue)
    process = subprocess.Popen(
        [sys.executable, "-m", "dnkit", "exchange", "--venue", venue, "--json", "--dir", place],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl+C is meant for the run, which still needs its venues to end well
    )
    started.append(process)
    assert process.stdout is not None, "it was started with a pipe"
    line = process.stdout.readline()
    if not line:
        raise DnkitError(f"the local exchange of {venue} does not open")
    return str(json.loads(line)["data"]["address"])


def _wait(process: subprocess.Popen[str]) -> None:
    try:
        process.communicate(timeout=END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
