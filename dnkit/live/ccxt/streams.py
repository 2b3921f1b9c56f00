"""ccxt's sockets, watched from outside: every message is heard, whether somebody waits for it or not; a frame
that cannot be read or a connection without words ends it, and it is made anew.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ccxt.async_support.base.ws.order_book import OrderBook
from ccxt.base.errors import BaseError, NetworkError

from dnkit.live.ccxt.exchange import ODD, Exchange, apart
from dnkit.live.ccxt.record import Record, Row, Word
from dnkit.model.alerts import STREAM_DOWN, Alert
from dnkit.model.numbers import NS_PER_MS

PONG = "pong"  # some say it without JSON
QUIET_MS, LOOK_S = 6_000, 0.25
PAUSE_S = 0.005  # between two watches, which only hear of an end: it waits for the next, and orders go first
AGAIN_S, RARELY_S, STEADY_S = 0.2, 30.0, 5.0
DOWN_MS = 30_000
Watch = Callable[[], Awaitable[Any]]


class Streams:
    """`word(what, row)` hears the account and whole books, `shown(book)` every new state of a book of ccxt,
    `broken(name)` a watch that failed, `joined()` that all of the account's are taken, `alert` a connection
    that stays down.
    """

    def __init__(
        self,
        exchange: Exchange,
        record: Record,
        word: Callable[[Word, Row], None],
        shown: Callable[[Row], None],
        broken: Callable[[str], None],
        joined: Callable[[], None],
        alert: Callable[[Alert], None],
    ) -> None:
        self.trouble = ""  # the last one
        self._exchange, self._record, self._raw = exchange, record, exchange.raw
        self._word, self._shown, self._broken, self._joined = word, shown, broken, joined
        self._alert = alert
        self._heard_ms: dict[str, int] = {}
        self._told_down: set[str] = set()
        self._joins: dict[str, int] = {}
        self._watches: Mapping[str, Watch] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._make = self._raw.client
        self._raw.client = self._client

    def start(self, watches: Mapping[str, Watch]) -> None:
        """Keep these up, by name, until closed."""
        self._watches = watches
        self._tasks = [asyncio.create_task(self._keep(*one)) for one in watches.items()]
        self._tasks.append(asyncio.create_task(self._look()))

    async def close(self) -> None:
        """Watch no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def drop(self, part: str, why: str) -> None:
        """End the connections to such urls."""
        for url, client in [*self._raw.clients.items()]:
            if part in url:
                client.on_error(NetworkError(why))

    async def _keep(self, name: str, watch: Watch) -> None:
        apart()
        wait_s, since_s = AGAIN_S, time.monotonic()
        while True:
            task = asyncio.ensure_future(watch())
            try:
                await asyncio.wait({task})  # a connection that is closed cancels whoever awaits it
            finally:
                task.cancel()
            if task.cancelled() or task.exception() is not None:
                self.trouble = "closed" if task.cancelled() else self._said(task.exception())
                self._broken(name)
                if time.monotonic() - since_s > STEADY_S:
                    wait_s = AGAIN_S
                await asyncio.sleep(wait_s)
                wait_s, since_s = min(2 * wait_s, RARELY_S), time.monotonic()
            else:
                wait_s = AGAIN_S
                await asyncio.sleep(PAUSE_S)

    def _said(self, error: BaseException | None) -> str:
        return self._exchange.trouble(error).text if isinstance(error, BaseError) else repr(error)

    async def _look(self) -> None:
        """End what says nothing: each connection is pinged, so that one that lives has words."""
        while True:
            await asyncio.sleep(LOOK_S)
            now_ms = time.time_ns() // NS_PER_MS
            for url, client in [*self._raw.clients.items()]:
                heard_ms = client.last_message_at or client.connectionEstablished or now_ms
                if now_ms - heard_ms > QUIET_MS:
                    self.drop(url, "it says nothing any more")
            for url, at_ms in self._heard_ms.items():
                if now_ms - at_ms > DOWN_MS and url not in self._told_down:
                    self._told_down.add(url)
                    text = f"{url}: silent for {(now_ms - at_ms) // 1000} s; {self.trouble}"
                    self._alert(STREAM_DOWN.raised(text))

    def _client(self, url: str) -> Any:
        is_new = url not in (self._raw.clients or {})
        client = self._make(url)
        if is_new:
            self._joins[url] = 0
            self._heard_ms.setdefault(url, time.time_ns() // NS_PER_MS)
            self._guard(url, client)
            for name in self._watches if self._record.book_url in url else ():
                self._broken(name)  # nobody may have waited when the one before ended
        return client

    def _guard(self, url: str, client: Any) -> None:
        frame, handle, resolve = (
            client.handle_text_or_binary_message,
            client.on_message_callback,
            client.resolve,
        )

        def heard(data: Any) -> None:
            self._heard_ms[url] = time.time_ns() // NS_PER_MS
            self._told_down.discard(url)
            try:
                frame(data)
            except (BaseError, *ODD) as error:
                client.on_error(NetworkError(f"a message nobody can read: {type(error).__name__}"))

        def message(of: Any, told: Any) -> None:
            if not isinstance(told, Mapping) and told != PONG:
                raise ValueError("no message")
            words = [] if told == PONG else [*self._record.heard(url, told)]
            for what, row in words:
                if what is Word.WHOLE:
                    self._word(what, row)
            handle(of, told)
            for what, row in words:
                if what is Word.JOINED:
                    self._one_joined(url)
                elif what is not Word.WHOLE:
                    self._word(what, row)

        def resolved(result: Any, name: str) -> Any:
            if isinstance(result, OrderBook):
                self._shown(result)
            return resolve(result, name)

        client.handle_text_or_binary_message, client.resolve = heard, resolved
        client.on_message_callback = message

    def _one_joined(self, url: str) -> None:
        self._joins[url] += 1
        if self._joins[url] == len(self._record.watches):
            self._joined()
