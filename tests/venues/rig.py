"""A paper venue on a bench: an own clock, a book set by hand, and every fact it emits in a list."""

import heapq
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import msgspec

from dnkit.model.capabilities import Capabilities
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, ReadPosition, SweepOrders
from dnkit.model.events import Event
from dnkit.model.instrument import make_instrument
from dnkit.model.numbers import to_pico
from dnkit.model.terms import OrderType, PostOnlyCross, Side
from dnkit.venues.account import Account
from dnkit.venues.liquidity import ShownBook
from dnkit.venues.paper import PaperVenue

MS = 1_000_000
LATENCY = 10 * MS
INSTRUMENT = make_instrument(
    venue="bench",
    symbol="ETH",
    base="ETH",
    quote="USD",
    tick=Decimal("0.1"),
    lot=Decimal("0.01"),
    quantity_min=Decimal("0.02"),
    notional_min=Decimal(5),
    maker_fee=-1_000,
    taker_fee=50_000,
)
PLAIN = Capabilities(
    venue="bench",
    types=tuple(OrderType),
    reduce_only=tuple(OrderType),
    post_only_cross=PostOnlyCross.REJECTED,
    find_by_client_id=True,
    duplicate_id_rejected=True,
    cancel_cum=True,
    ioc_result=True,
    ioc_no_match_rejected=False,
    position_stream=False,
    latency_ns=LATENCY,
    answer_within_ns=1_000 * MS,
    lookup_lag_ns=1_000 * MS,
    position_lag_ns=2_000 * MS,
    funding_interval_ns=8 * 3_600_000 * MS,
    rate_calls=10,
    rate_window_ns=1_000 * MS,
    deadman="none",
    symbols=(INSTRUMENT,),
    default_symbol="ETH",
    source="the bench",
)


def account_of(lots: int = 0) -> Account:
    """An account in memory that holds `lots`, bought or sold at 1,000."""
    account = Account("bench", "bench", "ETH", lot=INSTRUMENT.lot, tick=INSTRUMENT.tick)
    if lots:
        account.fill(Side.BUY if lots > 0 else Side.SELL, abs(lots), 10_000, 0)
    return account


def venue_with(**facts: Any) -> Capabilities:
    """The plain venue with some facts changed."""
    return msgspec.structs.replace(PLAIN, **facts)


class HandBook:
    """A displayed book that changes only when a test says so: price -> lots per maker side."""

    def __init__(self) -> None:
        self.shown: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}

    @property
    def bid(self) -> int:
        return max(self.shown[Side.BUY], default=0)

    @property
    def ask(self) -> int:
        return min(self.shown[Side.SELL], default=0)

    def levels(self, side: Side) -> Iterable[tuple[int, int]]:
        met = self.shown[Side.SELL if side is Side.BUY else Side.BUY]
        return sorted(met.items(), reverse=side is Side.SELL)

    def displayed(self, side: Side, price: int) -> int:
        return self.shown[side].get(price, 0)


class Bench:
    """One venue, its market and its clock. Prices are ticks of 0.1, sizes lots of 0.01."""

    def __init__(
        self,
        capabilities: Capabilities = PLAIN,
        account: Account | None = None,
        *,
        book: ShownBook | None = None,
        backwards: bool = False,
        **options: Any,
    ) -> None:
        """`book` replaces the hand-set one, `backwards` runs the calls of one instant last first."""
        self.now = 0
        self._turn = -1 if backwards else 1
        self.facts: list[Event] = []
        self.book = HandBook()
        self.account = account or account_of()
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._scheduled = 0
        self._orders = 0
        self.venue = PaperVenue(
            0,
            capabilities,
            INSTRUMENT,
            book or self.book,
            self.account,
            self._schedule,
            self.facts.append,
            lambda: self.now,
            **options,
        )

    def _schedule(self, at_ns: int, call: Callable[[], None]) -> None:
        self._scheduled += 1
        heapq.heappush(self._due, (at_ns, self._turn * self._scheduled, call))

    def run(self, for_ns: int | None = None) -> list[Event]:
        """Let time pass (without a duration: until nothing is due); answers the facts that came meanwhile."""
        seen, until = len(self.facts), None if for_ns is None else self.now + for_ns
        while self._due and (until is None or self._due[0][0] <= until):
            self.now, _, call = heapq.heappop(self._due)
            call()
        self.now = self.now if until is None else until
        return self.facts[seen:]

    def show(self, bids: dict[int, int], asks: dict[int, int]) -> list[Event]:
        """Another book; the venue hears of it."""
        self.book.shown = {Side.BUY: dict(bids), Side.SELL: dict(asks)}
        self.venue.on_book()
        return self.run()

    def trade(self, aggressor: Side, price: int, lots: int) -> list[Event]:
        """Someone traded at `price` ticks."""
        self.venue.on_trade(aggressor, price * to_pico(INSTRUMENT.tick), lots)
        return self.run()

    def place(self, type_: OrderType, side: Side, lots: int, price: int, **more: Any) -> list[Event]:
        """Send an order (the next ordinal) and let everything be answered."""
        self.venue.place(self.order(type_, side, lots, price, **more))
        return self.run()

    def order(
        self, type_: OrderType, side: Side, lots: int, price: int, *, stop: int = 0, reduce_only: bool = False
    ) -> PlaceOrder:
        self._orders += 1
        return PlaceOrder(
            leg=0,
            order=self._orders,
            key=f"run-a-{self._orders}",
            side=side,
            type=type_,
            lots=lots,
            price=price,
            stop=stop,
            reduce_only=reduce_only,
            adds_risk=not reduce_only,
            reason="bench",
        )

    def cancel(self, order: int) -> list[Event]:
        self.venue.cancel(CancelOrder(leg=0, order=order, key=f"run-a-{order}"))
        return self.run()

    def find(self, order: int) -> list[Event]:
        self.venue.find(FindOrder(leg=0, order=order, key=f"run-a-{order}", request=9))
        return self.run()

    def read(self) -> list[Event]:
        self.venue.read_position(ReadPosition(leg=0, request=7))
        return self.run()

    def sweep(self, *keep: str) -> list[Event]:
        self.venue.sweep(SweepOrders(leg=0, request=8, keep=keep))
        return self.run()


def say(facts: Iterable[Event]) -> str:
    """Facts in short: one word each, with the figures that matter."""
    return ", ".join(_word(fact) for fact in facts)


def _word(fact: Event) -> str:
    name = type(fact).__name__
    match name:
        case "OrderFilled":
            return f"filled {fact.cum} {'maker' if fact.maker else 'taker'}"  # type: ignore[union-attr]
        case "OrderEnded":
            return f"{fact.why.value} {fact.cum}"  # type: ignore[union-attr]
        case "OrderRejected":
            return f"rejected {fact.why.value}"  # type: ignore[union-attr]
        case "OrderFound":
            return f"found {fact.found.value} {fact.cum}"  # type: ignore[union-attr]
        case "PositionRead":
            return f"position {fact.lots}"  # type: ignore[union-attr]
        case "OrdersSwept":
            return f"swept {fact.found}"  # type: ignore[union-attr]
        case _:
            return {"OrderAccepted": "accepted", "CancelRefused": "cancel refused"}[name]
