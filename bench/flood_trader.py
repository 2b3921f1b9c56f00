"""A million stream messages over a socket: `serve VENUE COUNT` sends them to whoever connects and prints its
port; `hear VENUE PORT COUNT FOLDER` has our adapter's streams hear them and prints its resident memory after
a tenth of them and after all, in bytes.
"""

import asyncio
import json
import sys
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from dnkit.live.fills import Fills
from dnkit.live.hyperliquid.ledger import Ledger
from dnkit.live.hyperliquid.speech import Books, Hear
from dnkit.live.hyperliquid.speech import Speech as HyperliquidSpeech
from dnkit.live.memory import Memory
from dnkit.live.nado.news import News
from dnkit.live.nado.query import Liquidity
from dnkit.live.nado.stream import Chain, Stream
from dnkit.live.transport.line import Line, Speech
from dnkit.market.book import Book
from dnkit.runtime.library import VenueFacts
from dnkit.venues.hyperliquid.signing import cloid_of
from dnkit.venues.hyperliquid.words import units_of
from dnkit.venues.nado.words import X18, product_of

ETH = {"nado": "ETH-PERP", "hyperliquid_perpetual": "ETH"}
NADO_ETH = 4
ORDERS, FILLS_EACH = 2_000, 5  # of ours; every tenth fill is of one of them
FIRST_MS = 1_790_000_000_000
PATIENCE_S, PAGE = 300, 4096
Message = dict[str, Any]


def key_of(number: int) -> str:
    """Client id of an order of ours."""
    return f"0e6b58b62591-hedge-{number % ORDERS}"


def digest_of(number: int) -> str:
    """What Nado calls it."""
    return f"0x{number % ORDERS:064x}"


def nado(number: int) -> Message:
    """The next message of Nado's streams: touches, changes of the book, fills and states of orders."""
    told = {"timestamp": str(FIRST_MS * 10**6 + number), "product_id": NADO_ETH}
    owner = number // 100 // FILLS_EACH
    order = digest_of(owner) if number % 100 == 9 else f"0x{number + 2**200:064x}"
    x18, kind = _x18, number % 10
    if kind == 9:
        told |= {"type": "fill", "subaccount": "0x", "order_digest": order, "submission_idx": str(number)}
        told |= {"filled_qty": x18(1), "remaining_qty": x18(0), "original_qty": x18(1), "price": x18(3000)}
        return told | {"is_taker": True, "is_bid": True, "fee": x18(1)}
    if kind == 8:
        return told | {"type": "order_update", "digest": order, "amount": x18(1), "reason": "placed"}
    if kind >= 5:
        seq = FIRST_MS + number // 10 * 3 + kind - 5
        told = {"type": "book_depth", "product_id": NADO_ETH, "last_max_timestamp": str(seq)}
        told |= {"min_timestamp": str(seq + 1), "max_timestamp": str(seq + 1)}
        levels = [[x18(price), x18((number + price) % 7)] for price in range(2980, 3000)]
        return told | {"bids": levels, "asks": [[x18(3002 + number % 50), x18(number % 3)]]}
    told |= {"type": "best_bid_offer", "bid_price": x18(2999), "bid_qty": x18(1 + number % 5)}
    return told | {"ask_price": x18(3001), "ask_qty": x18(2)}


def hyperliquid(number: int) -> Message:
    """The same of Hyperliquid's."""
    ours, kind = number % 100 == 9, number % 10
    owner = number // 100 // FILLS_EACH
    cloid = cloid_of(key_of(owner)) if ours else f"0x{number + 2**100:032x}"
    oid = 1 + owner if ours else number + 10**9
    if kind == 9:
        fill = {"coin": "ETH", "px": "3000", "sz": "0.1", "side": "B", "time": FIRST_MS, "oid": oid}
        fill |= {"tid": number, "crossed": True, "fee": "0.1", "feeToken": "USDC", "cloid": cloid}
        return {"channel": "userFills", "data": {"user": "0x", "fills": [fill]}}
    if kind == 8:
        order = {"coin": "ETH", "sz": "0", "origSz": "0.1", "oid": oid, "cloid": cloid}
        return {"channel": "orderUpdates", "data": [{"order": order, "status": "open"}]}
    bids = [{"px": str(3000 - one), "sz": str(1 + number % 7), "n": 1} for one in range(20)]
    asks = [{"px": str(3002 + one), "sz": "1", "n": 1} for one in range(20)]
    if kind >= 5:
        book = {"coin": "ETH", "time": FIRST_MS + number, "levels": [bids, asks]}
        return {"channel": "l2Book", "data": book}
    return {"channel": "bbo", "data": {"coin": "ETH", "time": FIRST_MS + number, "bbo": [bids[0], asks[0]]}}


MESSAGES = {"nado": nado, "hyperliquid_perpetual": hyperliquid}


def _x18(number: int) -> str:
    return str(number * X18)


async def flood(venue: str, count: int, told: ServerConnection) -> None:
    """Answer what is asked, and send everything once nothing more is; then stay."""
    try:
        while True:
            async with asyncio.timeout(1):
                asked = json.loads(await told.recv())
            if "id" in asked:
                await told.send(json.dumps({"result": None, "id": asked["id"]}))
    except TimeoutError:
        pass
    for number in range(count):
        await told.send(json.dumps(MESSAGES[venue](number)))
    await told.wait_closed()


async def served(venue: str, count: int) -> None:
    """Until nobody needs it any more."""
    async with serve(partial(flood, venue, count), "127.0.0.1", 0) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await asyncio.sleep(PATIENCE_S)


class Counted:
    """A speech whose frames are counted; resident memory at a tenth and at the end of them."""

    def __init__(self, speech: Speech, count: int) -> None:
        self._speech, self._left, self._tenth = speech, count, count - count // 10
        self.sizes: list[int] = []
        self.over = asyncio.Event()
        self.opened, self.closed, self.ping = speech.opened, speech.closed, speech.ping

    def heard(self, frame: str | bytes) -> None:
        """One more."""
        self._speech.heard(frame)
        self._left -= b'"result"' not in frame if isinstance(frame, bytes) else '"result"' not in frame
        if self._left in (self._tenth, 0):
            self.sizes.append(int(Path("/proc/self/statm").read_text().split()[1]) * PAGE)
            self._tenth = -1
        if self._left <= 0:
            self.over.set()


def speech_of(venue: str, folder: Path) -> Speech:
    """Our adapter's streams, with orders of ours in its memory."""
    memory = Memory(folder / "orders.db", "bench")
    instrument = VenueFacts()[venue].instrument(ETH[venue])
    assert instrument is not None, "ETH is in the file"
    if venue == "nado":
        return _nado(memory, product_of(NADO_ETH, instrument))
    units = units_of(instrument, 0, 4)
    ledger = Ledger({"ETH": units}.get, memory, time.time_ns, lambda *_: None, lambda _: None)
    for number in range(ORDERS):
        ledger.placed("ETH", key_of(number), at_once=False)
    books = Books({"ETH": Book()}, lambda _: units, time.time_ns, lambda _: None)
    hearers: dict[str, Hear] = {"bbo": books.bbo, "l2Book": books.snapshot, "orderUpdates": ledger.updates}
    hearers["userFills"] = lambda data: ledger.merge(data["fills"])
    return HyperliquidSpeech([], hearers, ["bbo"], lambda: None, lambda: None)


def _nado(memory: Memory, product: Any) -> Speech:
    for number in range(ORDERS):
        memory.note(key_of(number), digest_of(number), number)

    async def liquidity(_product: int, _depth: int) -> Liquidity:
        return Liquidity(timestamp="1", bids=[(_x18(2990), _x18(1))], asks=[(_x18(3010), _x18(1))])

    ears: Any = SimpleNamespace(fact=lambda *_: None, missed=lambda: None, moved=lambda _: None)
    known, queries = {NADO_ETH: product}, SimpleNamespace(liquidity=liquidity)
    news = News(known, memory, Fills(), ears, now=time.time_ns, ours=int)
    return Stream(
        "0x",
        queries,  # type: ignore[arg-type]
        {NADO_ETH: Chain(product, Book())},
        login=lambda number: json.dumps({"method": "authenticate", "id": number}),
        heard_of=news.hear,
        moved=lambda _: None,
        missed=lambda: None,
        now=time.time_ns,
    )


async def heard(venue: str, port: int, count: int, folder: Path) -> list[int]:
    """Resident bytes after a tenth and after all."""
    speech = speech_of(venue, folder)
    counted = Counted(speech, count)
    line = Line(venue, f"ws://127.0.0.1:{port}", counted, lambda _alert: None)
    if isinstance(speech, Stream):
        speech.line = line
    await line.open()
    async with asyncio.timeout(PATIENCE_S):
        await counted.over.wait()
    await line.close()
    return counted.sizes


def main() -> None:
    """Serve or hear, as asked."""
    what, venue, *more = sys.argv[1:]
    if what == "serve":
        asyncio.run(served(venue, int(more[0])))
    else:
        print(json.dumps(asyncio.run(heard(venue, int(more[0]), int(more[1]), Path(more[2])))))


if __name__ == "__main__":
    main()
