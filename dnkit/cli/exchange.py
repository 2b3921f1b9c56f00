"""`dnkit exchange`: the paper exchange as a process of its own."""

import sys
from decimal import Decimal
from functools import partial
from pathlib import Path

import msgspec

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.model.terms import PAPER
from dnkit.runtime.folder import state_folder
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.local.start import Wanted, open_exchange
from dnkit.runtime.market import UsageError, parse_market, parse_speed


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The command line of `exchange`."""

    market: str = "synthetic"
    speed: str = "1"
    port: int = 0
    for_s: int = 0
    listed: tuple[str, ...] = ()
    books: tuple[str, ...] = ()
    seed: int = 1
    loop: bool = False
    folder: Path | None = None
    venue: str = ""
    faults: str = ""
    as_json: bool = False


def exchange(asked: Asked) -> int:
    """Run the command until its time is over, its parent is gone or it is asked to stop."""
    folder = state_folder()
    wanted = Wanted(
        folder=asked.folder or folder.exchange,
        cache=folder.cache,
        choice=parse_market(asked.market),
        books=asked.books,
        listed=tuple(map(_listing, asked.listed)),
        speed=_speed(asked.speed),
        port=asked.port,
        for_s=asked.for_s,
        seed=asked.seed,
        loop=asked.loop,
        venue=asked.venue,
        faults=asked.faults,
    )
    open_exchange(wanted, VenueFacts(), partial(_tell, asked))
    out.say("PAPER  the exchange is closed; its accounts are kept")
    return ExitCode.OK


def _speed(text: str) -> Decimal:
    speed = parse_speed(text)
    if speed is None:
        raise UsageError("--speed max: an exchange that several processes use runs by the wall clock")
    return speed


def _listing(text: str) -> tuple[str, str]:
    venue, colon, symbol = text.partition(":")
    if not colon or not symbol:
        raise UsageError(f"--list {text}: write VENUE:SYMBOL")
    return venue, symbol


def _tell(asked: Asked, address: str) -> None:
    """The address, as soon as there is one: whoever started this waits for it."""
    if asked.as_json:
        content = {"address": address, "market": asked.market, "speed": asked.speed}
        out.envelope("exchange/1", content, ok=True, mode=PAPER)
    else:
        out.data(f"PAPER  exchange at {address} ({asked.market}, {asked.speed} times real time)")
    sys.stdout.flush()
