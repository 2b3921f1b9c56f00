"""The world of a paper command: market data and simulated time in one tight loop.

Messages move time; between two of them everything that fell due is done. Book changes are not steps: a
message costs a dict update, and only where own orders rest does a venue hear of it. The engine wakes when its
deadline or an answer falls due, which the scheduler knows.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Protocol

from dnkit.control.inbox import Inbox
from dnkit.desk.scheduler import NEVER, Call, Scheduler
from dnkit.market.feed import Bbo, Delta, Market, Message, Seam, Trade, apply
from dnkit.market.leg_book import LegBook
from dnkit.model.errors import BugError
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.model.terms import Side

BURST = 1024  # messages between two looks at signals
PACE_NS = 10 * NS_PER_MS  # wall time between two looks at the wall clock
NAP_S = 0.05
NAP_NS = 50 * NS_PER_MS


class Watcher(Protocol):
    """Hears of one book while it is `resting`: what a paper venue needs to know, or whoever passes it on."""

    @property
    def resting(self) -> bool:
        """Whether trades and changes matter now."""

    def on_trade(self, aggressor: Side, price_pico: int, lots: int) -> None:
        """Somebody traded `lots` at a price in picos."""

    def on_book(self) -> None:
        """The book changed."""


class World:
    """Books by feed, paper venues on them, and the time they share. `over` once the data has ended.

    `speed` is how many seconds of market pass in one of ours, None for as fast as possible. `messages` counts
    what was applied, `seams` the times a recording began again. `inbox` is worked off while time moves.
    """

    def __init__(self, market: Market, books: Sequence[LegBook], speed: Decimal | None = None) -> None:
        self.books = tuple(books)
        self.end_ns = market.end_ns
        self.over = False
        self.messages = 0
        self.seams = 0
        self.inbox = Inbox()
        self._feed: Iterator[Message] = market.messages()
        self._venues: tuple[list[Watcher], ...] = tuple([] for _ in books)
        self._scheduler = Scheduler()
        self._speed = speed
        self._pace_ns = NEVER
        self._warm(market.start_ns)
        self._wall_ns, self._origin_ns = time.monotonic_ns(), self._scheduler.now_ns
        if speed is not None:
            self._pace_ns = self._origin_ns

    def now(self) -> int:
        """Simulated time in nanoseconds."""
        return self._scheduler.now_ns

    def at(self, when_ns: int, call: Call) -> None:
        """Ask for a call at that time."""
        self._scheduler.at(when_ns, call)

    def attach(self, book: int, venue: Watcher) -> None:
        """Let a venue hear of the trades and changes of a book."""
        self._venues[book].append(venue)

    def detach(self, venue: Watcher) -> None:
        """Let it hear no more."""
        for venues in self._venues:
            if venue in venues:
                venues.remove(venue)

    def advance(self, done: Callable[[], bool]) -> None:
        """Move time until `done`."""
        while not done():
            if self.inbox.news:
                self.inbox.work_off()
            elif self.over:
                self._tick_on()
            else:
                self._burst(done)

    def settle(self, span_ns: int) -> None:
        """Let `span_ns` pass, books moving."""
        passed: list[bool] = []
        self.at(self.now() + span_ns, lambda: passed.append(True))
        self.advance(lambda: bool(passed))

    def linger(self) -> None:
        """Let a moment of ours pass. A market that runs as fast as possible stands still meanwhile."""
        if self._speed is None:
            time.sleep(NAP_S)
            self.inbox.work_off()
        else:
            self.settle(int(self._speed * NAP_NS))

    def _warm(self, start_ns: int) -> None:
        """Build the books up to the moment they are whole and two-sided."""
        for message in self._feed:
            apply(self.books[message.leg].book, message)
            self._scheduler.now_ns = message.at_ns
            if message.at_ns >= start_ns and all(one.bid and one.ask for one in self.books):
                return
        self.over = True

    def _burst(self, done: Callable[[], bool]) -> None:
        """Apply a number of messages, doing before each what fell due; returns early once `done` or with news
        from outside.
        """
        scheduler, venues, books = self._scheduler, self._venues, [one.book for one in self.books]
        due, pace, count, met = scheduler.next_at(), self._pace_ns, 0, False
        for message in islice(self._feed, BURST):
            count += 1
            at, leg = message.at_ns, message.leg
            if at > pace:
                self._wait(at)
                pace, met = self._pace_ns, self.inbox.news
            if at >= due:
                scheduler.run_due(at)
                due, met = scheduler.next_at(), done() or self.inbox.news
            else:
                scheduler.now_ns = at
            if type(message) is Bbo:
                books[leg].tick(at, message.bid, message.bid_size, message.ask, message.ask_size)
            elif type(message) is Delta:
                books[leg].change(at, message.bids, message.asks, message.bid_high, message.ask_low)
            elif type(message) is Trade:
                books[leg].traded(at, message.price, message.size)
            else:
                self._apply_rarer(message)
            for venue in venues[leg]:
                if venue.resting:
                    if type(message) is Trade:
                        self._tell_trade(venue, message)
                    else:
                        venue.on_book()
                    due = scheduler.next_at()
            if met:
                break
        self.messages += count
        self.over = count < BURST and not met

    def _apply_rarer(self, message: Message) -> None:
        apply(self.books[message.leg].book, message)
        self.seams += type(message) is Seam

    def _tell_trade(self, venue: Watcher, trade: Trade) -> None:
        book = self.books[trade.leg]
        lots = book.lots(trade.size, trade.price)
        venue.on_trade(Side(trade.side), book.price_pico(trade.price), lots)

    def _tick_on(self) -> None:
        """Without data time goes from call to call."""
        when = self._scheduler.next_at()
        if when == NEVER:
            raise BugError("a run waits and nothing will happen any more")
        if when > self._pace_ns:
            self._wait(when)
        self._scheduler.run_due(when)

    def _wait(self, at_ns: int) -> None:
        """Sleep until the wall clock has caught up with simulated time; news from outside ends the nap."""
        if self._speed is None:
            return
        due = self._wall_ns + int((at_ns - self._origin_ns) / self._speed)
        while not self.inbox.news:
            left = (due - time.monotonic_ns()) / NS_PER_S
            if left <= 0:
                break
            time.sleep(min(left, NAP_S))
        self._pace_ns = at_ns + int(PACE_NS * self._speed)
