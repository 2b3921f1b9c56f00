"""A local exchange that speaks a venue's wire, as a process; its back door; who trades there."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import msgspec

from dnkit.journal.reader import LAST, Reader
from dnkit.model.commands import PlaceOrder
from dnkit.runtime.folder import StateFolder
from dnkit.venues.evm import key_of
from dnkit.venues.nado.signing import sender_of
from tests.recovery.processes import PATIENCE_S, start

KEY = "a11ce0ff" * 8  # worth nothing anywhere
LIVE_S = 150  # positions of Nado are 20 s old, and every end waits for that
ETH, SOL = "ETH-PERP", "SOL-PERP"
Done = subprocess.CompletedProcess[str]


class Site(msgspec.Struct, frozen=True):
    """A running local exchange, the state folder of whoever trades there, and his key."""

    address: str
    home: Path
    key: str = KEY
    venue: str = "nado"

    def endow(self, symbol: str, lots: int) -> None:
        """Give the account a position."""
        self._post("endow", account=self.account, symbol=symbol, lots=lots)

    def by_hand(self, symbol: str, side: int, lots: int, price: int, name: str) -> str:
        """A manual order beside the bot; answers its id."""
        asked = {"symbol": symbol, "side": side, "lots": lots, "price": price, "id": name}
        told = self._post("order", account=self.account, **asked)
        assert told["accepted"], told
        return str(told["id"])

    def truth(self) -> Any:
        """Positions, resting orders and all orders, by symbol."""
        with urlopen(f"{self.address}/local/truth?{urlencode({'account': self.account})}") as answer:
            return json.load(answer)

    def on_the_wire(self) -> int:
        """Orders of the account that ever reached the exchange."""
        return sum(len(one["orders"]) for one in self.truth().values())

    def nothing_left(self) -> bool:
        """Whether nothing is held and nothing rests."""
        return all(one["lots"] == 0 and not one["resting"] for one in self.truth().values())

    def intended(self) -> int:
        """Orders that the newest run ever meant to send."""
        with Reader(StateFolder(self.home).journal) as reader:
            lines = reader.lines(reader.run(LAST).header.run_id)
            return len({one.key for line in lines for one in line.requests() if isinstance(one, PlaceOrder)})

    @property
    def account(self) -> str:
        """What the exchange calls it: an address, on Nado with a subaccount, elsewhere the key."""
        if self.venue not in ("nado", "hyperliquid_perpetual"):
            return "1" if self.venue == "lighter" else self.key
        address = key_of(self.key).address
        return f"0x{(sender_of(address, 'default') if self.venue == 'nado' else address).hex()}"

    def _post(self, door: str, **content: object) -> Any:
        request = Request(f"{self.address}/local/{door}", json.dumps(content).encode(), method="POST")
        with urlopen(request) as answer:
            return json.load(answer)


@contextmanager
def local(
    root: Path, *, venue: str = "nado", faults: str = "", for_s: int = 300, speed: int = 1
) -> Iterator[Site]:
    """An exchange that lives as long as the block; with `speed` what lags there lags less."""
    words = ["dnkit", "exchange", "--venue", venue, "--json", "--for", str(for_s), "--dir", str(root / "ex")]
    words += ["--speed", str(speed)]
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
    process = start(("dnkit", *words, "--live", "--endpoint", endpoint or site.address, "--json"), site.home)
    try:
        told, said = process.communicate(timeout=LIVE_S)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, told, said)
