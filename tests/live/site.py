"""A local exchange that speaks a venue's wire, as a process; its back door; who trades there."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from dnkit.journal.reader import LAST, Reader
from dnkit.model.commands import PlaceOrder
from dnkit.runtime.folder import StateFolder
from dnkit.venues.evm import key_of
from dnkit.venues.nado.signing import sender_of
from tests.live.backdoor import Backdoor
from tests.recovery.processes import PATIENCE_S, start

KEY = "a11ce0ff" * 8  # worth nothing anywhere
LIVE_S = 280  # positions of Nado are 20 s old, those of Hyperliquid 65, and every end waits for that
ETH, SOL = "ETH-PERP", "SOL-PERP"
Done = subprocess.CompletedProcess[str]


class Site(msgspec.Struct, frozen=True):
    """A running local exchange, the state folder of whoever trades there, and his key."""

    address: str
    home: Path
    key: str = KEY
    venue: str = "nado"

    @property
    def door(self) -> Backdoor:
        """The account from behind."""
        return Backdoor(self.address, self.account)

    def endow(self, symbol: str, lots: int) -> None:
        """Give the account a position."""
        self.door.endow(symbol, lots)

    def by_hand(self, symbol: str, side: int, lots: int, price: int, name: str) -> str:
        """A manual order beside the bot; answers its id."""
        return self.door.by_hand(symbol, side, lots, price, name)

    def truth(self) -> Any:
        """Positions, resting orders and all orders, by symbol."""
        return self.door.truth()

    def on_the_wire(self) -> int:
        """Orders of the account that ever reached the exchange."""
        return sum(len(one["orders"]) for one in self.truth().values())

    def nothing_left(self) -> bool:
        """Whether nothing is held and nothing rests."""
        return all(one["lots"] == 0 and not one["resting"] for one in self.truth().values())

    def intended(self) -> int:
        """Orders that the newest run ever meant to send."""
        return len(intended(self.home))

    @property
    def account(self) -> str:
        """What the exchange calls it: an address, on Nado with a subaccount; at Lighter a number; elsewhere
        the key.
        """
        if self.venue == "lighter":
            return "1" if self.key == KEY else str(int(self.key, 16))
        if self.venue not in ("nado", "hyperliquid_perpetual"):
            return self.key
        address = key_of(self.key).address
        return f"0x{(sender_of(address, 'default') if self.venue == 'nado' else address).hex()}"


def intended(home: Path) -> dict[str, PlaceOrder]:
    """Orders that the newest run ever meant to send, by client id."""
    with Reader(StateFolder(home).journal) as reader:
        lines = reader.lines(reader.run(LAST).header.run_id)
        return {one.key: one for line in lines for one in line.requests() if isinstance(one, PlaceOrder)}


@contextmanager
def local(
    root: Path, *, venue: str = "nado", faults: str = "", for_s: int = 300, speed: int = 1
) -> Iterator[Site]:
    """An exchange that lives as long as the block; with `speed` what lags there lags less."""
    words = ["dnkit", "exchange", "--venue", venue, "--json", "--for", str(for_s)]
    words += ["--dir", str(root / f"ex-{venue}"), "--speed", str(speed)]
    process = start([*words, *(("--faults", faults) if faults else ())], root / "exchange-home")
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"no exchange: {process.communicate()[1]}"
        yield Site(json.loads(line)["data"]["address"], root / "home", venue=venue)
        assert process.poll() is None, f"the exchange ended: {process.communicate()[1]}"
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE_S)


def live(site: Site, *words: str, endpoint: str = "") -> Done:
    """A live command to its end."""
    flags = ("--live", "--endpoint", endpoint or site.address, "--json")
    return to_its_end(("dnkit", *words, *flags), site.home)


def to_its_end(words: tuple[str, ...], home: Path) -> Done:
    """What follows `python -m`, until it ends."""
    process = start(words, home)
    try:
        told, said = process.communicate(timeout=LIVE_S)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, told, said)
