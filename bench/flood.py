"""Resident memory of an adapter's streams after a tenth of a million messages and after all of them, over a
real socket from another process: books, touches, fills and states of orders.
"""

import json
import subprocess
import sys
import tempfile

from bench.measure import Row
from bench.stories import ROOT

VENUES = ("nado", "hyperliquid_perpetual")
MESSAGES = 1_000_000
GOAL = 1.05
PASS_S = 300
MIB = 2**20


def run(messages: int = MESSAGES) -> list[Row]:
    """A row a venue."""
    return [_row(venue, messages, *_sizes(venue, messages)) for venue in VENUES]


def _sizes(venue: str, messages: int) -> tuple[int, int]:
    trader = [sys.executable, "-m", "bench.flood_trader"]
    server = subprocess.Popen(
        [*trader, "serve", venue, str(messages)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None, "it was started with a pipe"
        port = server.stdout.readline().strip()
        with tempfile.TemporaryDirectory() as folder:
            words = [*trader, "hear", venue, port, str(messages), folder]
            done = subprocess.run(
                words, cwd=ROOT, capture_output=True, text=True, timeout=PASS_S, check=False
            )
    finally:
        server.kill()
        server.communicate()
    if done.returncode:
        raise RuntimeError(done.stderr[-300:])
    first, last = json.loads(done.stdout)
    return first, last


def _row(venue: str, messages: int, first: int, last: int) -> Row:
    return Row(
        name=f"{venue}: resident after {messages:,} stream messages over a socket",
        value=last / MIB,
        unit="MiB",
        against_name="after a tenth of them",
        against=first / MIB,
        ratio=last / first,
        pairs=1,
        goal=f"flat: at most {GOAL} x",
        met=last / first <= GOAL,
        note="touches, books, fills and states of orders",
    )
