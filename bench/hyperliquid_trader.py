"""Our side of the Hyperliquid figures: `FOLDER orders` answers touches with signed orders, `FOLDER memory
COUNT` hears messages of all kinds.
"""

import json
import sys
import time
from itertools import count
from pathlib import Path

import msgspec

from dnkit.live.hyperliquid.exchange import Desk
from dnkit.live.hyperliquid.ledger import Ledger
from dnkit.live.hyperliquid.speech import Books, Hear, Speech
from dnkit.live.memory import Memory
from dnkit.live.transport.http import Http
from dnkit.market.book import Book
from dnkit.model.commands import PlaceOrder
from dnkit.model.terms import OrderType, Side
from dnkit.runtime.library import VenueFacts
from dnkit.venues.evm import key_of
from dnkit.venues.hyperliquid.signing import Wire, cloid_of, signer_of
from dnkit.venues.hyperliquid.words import order_wire, units_of

COIN = "ETH"
FIRST_MS = 1_790_000_000_000


def touch(number: int) -> str:
    """A touch that differs from the one before."""
    levels = [{"px": str(3000 - number % 5), "sz": "1.5", "n": 1}, {"px": "3001.5", "sz": "2", "n": 1}]
    return json.dumps({"channel": "bbo", "data": {"coin": COIN, "time": FIRST_MS + number, "bbo": levels}})


class Trader:
    """The adapter's parts without its sockets."""

    def __init__(self, folder: Path) -> None:
        known = VenueFacts()["hyperliquid_perpetual"].instrument(COIN)
        assert known is not None, "ETH is in the file"
        self.units, self.book = units_of(known, 0, 4), Book()
        self.desk = Desk(Http("http://x"), signer_of(key_of("11" * 32), False), time.time_ns, 10**9)
        memory = Memory(folder / "orders.db", "bench")
        self.ledger = Ledger({COIN: self.units}.get, memory, time.time_ns, lambda *_: None, lambda _: None)
        books = Books({COIN: self.book}, lambda _: self.units, time.time_ns, lambda _: None)
        hearers: dict[str, Hear] = {
            "bbo": books.bbo,
            "l2Book": books.snapshot,
            "orderUpdates": self.ledger.updates,
        }
        hearers["userFills"] = lambda data: self.ledger.merge(data["fills"])
        self.speech = Speech([], hearers, [], lambda: None, lambda: None)

    def answer(self, text: str, number: int) -> bytes:
        """Hear a touch, sign an order at it."""
        self.speech.heard(text)
        key = f"0e6b58b62591-hedge-{number}"
        asked = PlaceOrder(0, 1, key, Side.BUY, OrderType.POST_ONLY, 500, self.book.bid, 0, False, True, "")
        order = order_wire(self.units, asked, cloid_of(key))
        self.ledger.placed(COIN, key, at_once=False)
        action: dict[str, Wire] = {"type": "order", "orders": [order], "grouping": "na"}
        return msgspec.json.encode(self.desk.signed(action, FIRST_MS))


def orders(folder: Path) -> list[int]:
    """Nanoseconds of each answer."""
    trader, taken = Trader(folder), []
    for number in range(400):
        text = touch(number)
        start = time.perf_counter_ns()
        trader.answer(text, number)
        taken.append(time.perf_counter_ns() - start)
    return taken[100:]


def memory(folder: Path, messages: int) -> float:
    """MiB that were added between a tenth of the messages and all of them."""
    trader, first = Trader(folder), 0
    trader.ledger.placed(COIN, "mine", at_once=False)
    numbers = count()
    levels = [[{"px": str(3000 - one), "sz": "1", "n": 1} for one in range(20)] for _ in range(2)]
    levels[1] = [{"px": str(3002 + one), "sz": "1", "n": 1} for one in range(20)]
    for number in range(messages):
        trader.speech.heard(_message(number, next(numbers), levels))
        if number == messages // 10:
            first = _resident()
    return (_resident() - first) / 2**20


def _message(number: int, id: int, levels: object) -> str:
    if number % 10 == 0:
        book = {"coin": COIN, "time": FIRST_MS + number, "levels": levels}
        return json.dumps({"channel": "l2Book", "data": book})
    if number % 10 == 1:
        fill = {"coin": COIN, "px": "3000", "sz": "0.1", "side": "B", "time": FIRST_MS, "oid": id, "tid": id}
        fill |= {"crossed": True, "fee": "0.1", "feeToken": "USDC", "cloid": f"0x{id:032x}"}
        return json.dumps({"channel": "userFills", "data": {"user": "0x", "fills": [fill]}})
    if number % 10 == 2:
        order = {"coin": COIN, "sz": "0", "origSz": "0.1", "oid": id, "cloid": cloid_of("mine")}
        return json.dumps({"channel": "orderUpdates", "data": [{"order": order, "status": "open"}]})
    return touch(number)


def _resident() -> int:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * 4096


def main() -> None:
    """Print what was asked for."""
    folder = Path(sys.argv[1])
    print(orders(folder) if sys.argv[2] == "orders" else memory(folder, int(sys.argv[3])))


if __name__ == "__main__":
    main()
