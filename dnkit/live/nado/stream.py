"""Nado's streams on one socket: books with their gaps found, and what happens to the account."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping

import msgspec

from dnkit.live.nado.query import Liquidity, Queries
from dnkit.live.transport.line import Line
from dnkit.live.transport.replies import Replies
from dnkit.market.book import Book
from dnkit.market.feed import bounds
from dnkit.model.errors import DnkitError
from dnkit.model.numbers import NS_PER_S
from dnkit.venues.base import TroubledError
from dnkit.venues.nado.words import BestBidOffer, BookDepth, Product, Told, Trade, envelope_in, told

DEPTH = 100
TRIES, BETWEEN_S = 5, 0.1  # snapshots, before the connection itself is doubted
_OF_ACCOUNT = ("fill", "order_update", "position_change")
_OF_MARKET = ("book_depth", "best_bid_offer", "trade")
ACK_NS = 5 * NS_PER_S
QUEUED_MAX = 2_000  # changes that wait for a snapshot
encode = msgspec.json.Encoder().encode


class Chain:
    """The book of one product: changes queue until a snapshot came, then each must follow the one before."""

    def __init__(self, product: Product, book: Book) -> None:
        self.product = product
        self.book = book
        self.whole = False
        self._after = 0  # changes up to that moment are in the book
        self._last = 0
        self._queued: list[BookDepth] = []

    def begin(self) -> None:
        """Know nothing; queue from now on."""
        self.whole, self._after, self._last, self._queued = False, 0, 0, []
        self.book.forget()

    def take(self, snapshot: Liquidity, at_ns: int) -> bool:
        """The snapshot came; False where the queued changes do not join on to it."""
        bids, asks = self._levels(snapshot.bids), self._levels(snapshot.asks)
        self.book.forget()
        self.book.replace(at_ns, bids, asks, *bounds(bids, asks))
        self._after, self.whole = int(snapshot.timestamp), True
        queued, self._queued = self._queued, []
        return all(self.change(one, at_ns) for one in queued)

    def change(self, told: BookDepth, at_ns: int) -> bool:
        """Apply a change; False for a gap."""
        if not self.whole:
            self._queued.append(told)
            return len(self._queued) <= QUEUED_MAX
        last, self._last, joined = self._last, int(told.max_timestamp), int(told.last_max_timestamp)
        if last and joined != last:
            return False
        if self._last <= self._after:
            return True
        if not last and joined > self._after:
            return False
        bids, asks = self._levels(told.bids), self._levels(told.asks)
        self.book.change(at_ns, bids, asks, *bounds(bids, asks))
        return not self.crossed

    @property
    def crossed(self) -> bool:
        """Whether the touch makes no sense."""
        return self.book.bid >= self.book.ask > 0

    def tick(self, told: BestBidOffer, at_ns: int) -> None:
        """The touch, which is truth wherever depth says something else."""
        if self.whole:
            lots, ticks = self.product.lots, self.product.ticks
            self.book.tick(
                at_ns,
                ticks(told.bid_price) if lots(told.bid_qty) else 0,
                lots(told.bid_qty),
                ticks(told.ask_price) if lots(told.ask_qty) else 0,
                lots(told.ask_qty),
            )

    def _levels(self, levels: list[tuple[str, str]]) -> dict[int, int]:
        ticks, lots = self.product.ticks, self.product.lots
        return {ticks(price): lots(size) for price, size in levels}


class Stream:
    """What is said on the stream socket; see `dnkit.live.transport.line.Speech`.

    `login` makes the text that proves who we are. `heard_of` gets what concerns the account, `moved` the
    number of a product whose book changed, `missed` is called when a connection is back after a break.
    """

    def __init__(
        self,
        sender: str,
        queries: Queries,
        chains: Mapping[int, Chain],
        *,
        login: Callable[[int], str],
        heard_of: Callable[[Told], None],
        moved: Callable[[int], None],
        missed: Callable[[], None],
        now: Callable[[], int],
    ) -> None:
        self.line: Line
        self.whole = asyncio.Event()
        self._sender, self._queries, self._chains = sender, queries, chains
        self._login, self._heard_of, self._moved, self._missed = login, heard_of, moved, missed
        self._now = now
        self._replies: Replies[str] = Replies()
        self._broken = False
        self._mending: set[asyncio.Task[None]] = set()

    async def opened(self, line: Line) -> None:
        """Log in, subscribe, and have the books whole."""
        await self._say(self._login)
        await asyncio.gather(
            *(self._subscribe(type=kind, subaccount=self._sender) for kind in _OF_ACCOUNT),
            *(
                self._subscribe(type=kind, product_id=number)
                for kind in _OF_MARKET
                for number in self._chains
            ),
        )
        await asyncio.gather(*(self._resync(one) for one in self._chains.values()))
        self.whole.set()
        if self._broken:
            self._broken = False
            self._missed()

    def heard(self, frame: str | bytes) -> None:
        """A message, or the answer to a subscription."""
        message = told(frame)
        if message is None:
            self._answer(frame)
        elif isinstance(message, BookDepth):
            self._changed(message)
        elif isinstance(message, BestBidOffer):
            chain = self._chains.get(message.product_id)
            if chain is not None:
                chain.tick(message, self._now())
                self._went_on(chain, joined=not chain.crossed)
        elif isinstance(message, Trade):
            self._traded(message)
        else:
            self._heard_of(message)

    def closed(self) -> None:
        """Nothing is known of the books any more."""
        self._broken = True
        self.whole.clear()
        self._replies.lose("the connection broke")
        for task in self._mending:
            task.cancel()
        for chain in self._chains.values():
            chain.begin()

    def ping(self) -> str | None:
        """The protocol's own."""
        return None

    def _changed(self, message: BookDepth) -> None:
        chain = self._chains.get(message.product_id)
        if chain is None:
            return
        self._went_on(chain, joined=chain.change(message, self._now()))

    def _went_on(self, chain: Chain, *, joined: bool) -> None:
        """A message was applied; a book that makes no sense after it is asked for anew."""
        if joined:
            self._moved(chain.product.number)
        else:
            chain.begin()  # from here on changes queue
            self._mend(self._resync(chain))

    def _traded(self, message: Trade) -> None:
        chain = self._chains.get(message.product_id)
        if chain is not None:
            product = chain.product
            chain.book.traded(self._now(), product.ticks(message.price), abs(product.lots(message.taker_qty)))

    def _mend(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._mending.add(task)
        task.add_done_callback(self._mended)

    def _mended(self, task: asyncio.Task[None]) -> None:
        self._mending.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.line.drop()

    async def _resync(self, chain: Chain) -> None:
        """A snapshot that the changes join on to; TroubledError when there is none to be had."""
        chain.begin()
        for _ in range(TRIES):
            try:
                snapshot = await self._queries.liquidity(chain.product.number, DEPTH)
            except TroubledError:
                await asyncio.sleep(BETWEEN_S)
                continue
            if chain.take(snapshot, self._now()):
                self._moved(chain.product.number)
                return
            chain.begin()
        raise DnkitError(f"the book of {chain.product.symbol} does not join on to its changes")

    async def _subscribe(self, **stream: object) -> None:
        await self._say(
            lambda number: encode({"method": "subscribe", "stream": stream, "id": number}).decode()
        )

    async def _say(self, words: Callable[[int], str]) -> None:
        number = self._replies.number()
        try:
            await self.line.send(words(number))
        except BaseException:
            self._replies.drop(number)
            raise
        error = await self._replies.wait(number, ACK_NS)
        if error:
            raise DnkitError(f"Nado's streams refuse: {error}")

    def _answer(self, frame: str | bytes) -> None:
        envelope = envelope_in(frame)
        if envelope.id is not None:
            self._replies.give(envelope.id, envelope.error)
