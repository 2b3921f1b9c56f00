"""The back door of a local exchange, as a client: one for every test that uses it."""

import json
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import msgspec

PATIENCE_S = 10


class Backdoor(msgspec.Struct, frozen=True):
    """An account at a local exchange, seen and served from behind. Each call blocks."""

    address: str
    account: str

    def endow(self, symbol: str, lots: int, price: int = 0) -> None:
        """Give the account a position, at the mid unless a price in ticks is named."""
        self.post("endow", account=self.account, symbol=symbol, lots=lots, price=price)

    def by_hand(self, symbol: str, side: int, lots: int, price: int, name: str) -> str:
        """A manual order beside the bot; answers its id."""
        asked = {"symbol": symbol, "side": side, "lots": lots, "price": price, "id": name}
        told = self.post("order", account=self.account, **asked)
        assert told["accepted"], told
        return str(told["id"])

    def faults(self, text: str) -> Any:
        """Other faults from now on; how often each was met so far."""
        return self._send("faults", text.encode())

    def truth(self) -> Any:
        """Positions, resting orders and all orders, by symbol."""
        query = urlencode({"account": self.account})
        with urlopen(f"{self.address}/local/truth?{query}", timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def post(self, door: str, **content: object) -> Any:
        """Knock at one of its doors."""
        return self._send(door, json.dumps(content).encode())

    def _send(self, door: str, body: bytes) -> Any:
        request = Request(f"{self.address}/local/{door}", body, method="POST")
        with urlopen(request, timeout=PATIENCE_S) as answer:
            return json.load(answer)
