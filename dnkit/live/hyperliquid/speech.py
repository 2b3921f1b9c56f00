"""What is said on the two lines: one tells the books, the other the account and carries its actions."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from dnkit.live.transport.line import Line
from dnkit.market.book import NO_ASK, Book, Levels
from dnkit.model.errors import DnkitError
from dnkit.model.numbers import NS_PER_S
from dnkit.venues.hyperliquid.words import Units

PING = '{"method":"ping"}'
PING_NS = 20 * NS_PER_S
WHOLE_S = 5  # for the first word of every subscription
UNREAD_MAX = 3  # frames in a row
_decode = msgspec.json.Decoder().decode
_json = msgspec.json.Encoder().encode
Hear = Callable[[Any], None]


class UnreadableFrame(DnkitError):
    """A frame that nobody can read: the connection is given up."""

    exit_code = 5


class Speech:
    """Subscribes, and hands what is heard to whom it concerns by channel. A connection counts as opened once
    every one of `wanted` channels has spoken; `gone` hears of its end. Where whatever is missed `heals` by
    itself, a frame that cannot be read costs what is known and not the connection.
    """

    def __init__(
        self,
        subscriptions: Sequence[Mapping[str, str]],
        channels: Mapping[str, Hear],
        wanted: Sequence[str],
        opened: Callable[[], None],
        gone: Callable[[], None],
        *,
        heals: bool = False,
    ) -> None:
        self._heals, self._unread = heals, 0
        self._subscriptions, self._channels, self._wanted = subscriptions, channels, wanted
        self._opened, self._gone = opened, gone
        self._silent: set[str] = set()
        self._whole = asyncio.Event()

    async def opened(self, line: Line) -> None:
        """Subscribe to everything and wait for the first word of each."""
        self._silent, self._whole = set(self._wanted), asyncio.Event()
        for one in self._subscriptions:
            await line.send(_json({"method": "subscribe", "subscription": one}).decode())
        try:
            async with asyncio.timeout(WHOLE_S):
                await self._whole.wait()
        except TimeoutError:
            raise UnreadableFrame(f"no word of {', '.join(sorted(self._silent))}") from None
        self._opened()

    def heard(self, frame: str | bytes) -> None:
        """A frame came."""
        try:
            message = _decode(frame)
            hear = self._channels.get(message["channel"])
            if hear is not None:
                hear(message["data"])
        except (msgspec.DecodeError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            self._unread += 1
            if not self._heals or self._unread >= UNREAD_MAX:
                raise UnreadableFrame(f"unreadable frame: {type(error).__name__} {error}") from error
            self._gone()
            return
        self._unread = 0
        if self._silent:
            self._tick_off(message)

    def closed(self) -> None:
        """The connection is gone."""
        self._gone()

    def ping(self) -> str:
        """The venue's own word."""
        return PING

    def _tick_off(self, message: dict[str, Any]) -> None:
        data = message.get("data")
        coin = data.get("coin", "") if isinstance(data, dict) else ""
        self._silent -= {message["channel"], f"{message['channel']}:{coin}"}
        if not self._silent:
            self._whole.set()


class Books:
    """Books out of the touch (`bbo`) and whole snapshots (`l2Book`). There are no numbers to check: a
    snapshot heals what was missed, and a crossed book is forgotten until the next one.
    """

    def __init__(
        self,
        books: Mapping[str, Book],
        units: Callable[[str], Units],
        now: Callable[[], int],
        moved: Callable[[str], None],
    ) -> None:
        self._books, self._units, self._now, self._moved = books, units, now, moved
        self._newest: dict[str, int] = {}

    def bbo(self, data: dict[str, Any]) -> None:
        """The touch, where the venue says it is newer than what is known."""
        coin = data["coin"]
        book = self._books.get(coin)
        if book is None or not self._is_news(coin, data["time"]):
            return
        units = self._units(coin)
        best, far = data["bbo"]
        bid, bid_lots = (units.bid(best["px"]), units.lots(best["sz"])) if best else (0, 0)
        ask, ask_lots = (units.ask(far["px"]), units.lots(far["sz"])) if far else (0, 0)
        book.tick(self._now(), bid, bid_lots, ask, ask_lots)
        self._check(coin, book)

    def snapshot(self, data: dict[str, Any]) -> None:
        """The whole book."""
        coin = data["coin"]
        book = self._books.get(coin)
        if book is None or not self._is_news(coin, data["time"]):
            return
        units = self._units(coin)
        bids = _levels(data["levels"][0], units.bid, units)
        asks = _levels(data["levels"][1], units.ask, units)
        now, bid, ask = self._now(), max(bids, default=0), min(asks, default=NO_ASK)
        book.replace(now, bids, asks, bid, ask)
        book.tick(now, bid, bids.get(bid, 0), ask if asks else 0, asks.get(ask, 0))
        self._check(coin, book)

    def forget(self) -> None:
        """The line broke: nothing is known any more."""
        self._newest.clear()
        for symbol, book in self._books.items():
            book.forget()
            self._moved(symbol)

    def _is_news(self, coin: str, time_ms: int) -> bool:
        if time_ms < self._newest.get(coin, 0):
            return False
        self._newest[coin] = time_ms
        return True

    def _check(self, coin: str, book: Book) -> None:
        if book.bid >= book.ask > 0:
            book.forget()
        self._moved(coin)


def _levels(levels: Sequence[Mapping[str, str]], price: Callable[[str], int], units: Units) -> Levels:
    """Sizes by price on our grid; prices of a finer grid that fall on one of ours are added up."""
    found: Levels = {}
    for one in levels:
        ticks = price(one["px"])
        found[ticks] = found.get(ticks, 0) + units.lots(one["sz"])
    return found
