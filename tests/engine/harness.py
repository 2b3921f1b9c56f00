"""A scripted venue on a virtual clock: the test says what happens to each order, everything else
answers truthfully.

`Script` maps (leg, order number) to a list of replies; a reply is (delay in ms, fact name, values).
Positions are what the scripted fills make them, so a false "flat" cannot pass unseen.
"""

import heapq
from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import count
from typing import Any

from dnkit.engine.state import State
from dnkit.engine.step import begin, next_deadline_ns, step
from dnkit.machine import program as pg
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.instrument import Instrument, make_instrument
from dnkit.model.numbers import NS_PER_MS
from dnkit.model.terms import EndKind, FoundKind, Intent, OrderType, RejectKind, Side

ALL_TYPES = tuple(OrderType)
MS = NS_PER_MS
S = 1000 * NS_PER_MS
BPS = 1000
PRICE = Decimal(3000)  # of a coin, on every venue

Reply = tuple[int, str, dict[str, Any]]


def instrument(
    venue: str = "alpha", lot: str = "0.001", tick: str = "0.01", minimum: str = "0.01"
) -> Instrument:
    return make_instrument(
        venue=venue,
        symbol="ETH-PERP",
        base="ETH",
        quote="USD",
        tick=Decimal(tick),
        lot=Decimal(lot),
        quantity_min=Decimal(minimum),
        notional_min=Decimal(0),
        maker_fee=0,
        taker_fee=5000,
    )


def leg(name: str, side: Side, clip_base: str = "0.5", **changes: Any) -> pg.LegSpec:
    values: dict[str, Any] = {
        "name": name,
        "instrument": instrument(venue=name),
        "side": side,
        "clip": pg.Amount(base=int(Decimal(clip_base) * 10**12)),
        "flags": ALL_TYPES,
        "market_native": True,
        "cancel_cum": True,
        "position_stream": False,
        "answer_within_ns": 2 * S,
        "lookup_lag_ns": 2 * S,
        "position_lag_ns": 0,
    }
    return pg.LegSpec(**{**values, **changes})


class Venue:
    """Drives one run. Books are fixed unless `books` changes them; fills come from the script only."""

    def __init__(
        self,
        program: pg.Program,
        *,
        positions: Iterable[int] | None = None,
        script: dict[tuple[int, int], list[Reply]] | None = None,
        entry: tuple[int | None, ...] | None = None,
        otherwise: Callable[[cm.PlaceOrder], list[Reply]] | None = None,
    ) -> None:
        legs = len(program.legs)
        self.program = program
        self.state: State = begin(program, "run")
        self.truth = list(positions or [0] * legs)
        self.touches = [int(PRICE / one.instrument.tick) for one in program.legs]
        self.entry = entry
        self.books = [
            {"bid": bid, "ask": bid + 2, "bid_lots": 10_000, "ask_lots": 10_000} for bid in self.touches
        ]
        self.script = script or {}
        self.otherwise = otherwise or (lambda order: [(1, "accepted", {})])
        self.on_cancel: dict[tuple[int, int], list[Reply]] = {}
        self.on_find: dict[tuple[int, int], list[Reply]] = {}
        self.reads: dict[int, list[int | None]] = {}
        self.swept: dict[int, list[tuple[bool, int]]] = {}
        self.orders: dict[tuple[int, int], dict[str, Any]] = {}
        self.sent: list[cm.PlaceOrder] = []
        self.asked: list[cm.Command] = []
        self.lines: list[tuple[ev.Event, tuple[cm.Command, ...], State]] = []
        self.now = 0
        self._queue: list[tuple[int, int, Callable[[], ev.Event | None]]] = []
        self._order = count()

    def at(self, delay_ms: int, make: Callable[[], ev.Event | None]) -> None:
        heapq.heappush(self._queue, (self.now + delay_ms * MS, next(self._order), make))

    def feed(self, event: ev.Event) -> None:
        self.state, asked = step(self.program, self.state, event)
        self.lines.append((event, asked, self.state))
        for command in asked:
            self.asked.append(command)
            self._answer(command)

    def run(self, limit_s: int = 600) -> cm.EndRun:
        entry = tuple(lots * bid for lots, bid in zip(self.truth, self.touches, strict=True))
        self.feed(ev.Started(0, tuple(self.truth), self.entry or entry))
        for _ in range(20_000):
            if self.state.ended is not None:
                return self.state.ended
            wake = next_deadline_ns(self.state)
            assert wake is not None
            if self._queue and self._queue[0][0] <= wake:
                self.now, _, make = heapq.heappop(self._queue)
                event = make()
                if event is not None:
                    self.feed(event)
            else:
                self.now = max(self.now, wake)
                self.feed(ev.Woken(self.now))
            assert self.now < limit_s * S, f"still in {self.program.phases[self.state.phase].name}"
        raise AssertionError("20,000 events and no end")

    # --- answers ---

    def _answer(self, command: cm.Command) -> None:
        if isinstance(command, cm.ReadBook):
            self.at(0, lambda: self._book(command))
        elif isinstance(command, cm.ReadPosition):
            self.at(10, lambda: self._position(command))
        elif isinstance(command, cm.SweepOrders):
            self.at(10, lambda: self._sweep(command))
        elif isinstance(command, cm.SendAlert):
            self.at(1, lambda: ev.AlertSent(self.now, command.request, True))
        elif isinstance(command, cm.PlaceOrder):
            self.sent.append(command)
            key = (command.leg, command.order)
            self.orders[key] = {"order": command, "cum": 0, "worth": 0, "live": True}
            self._play(key, self.script.get(key) or self.otherwise(command))
        elif isinstance(command, cm.CancelOrder):
            key = (command.leg, command.order)
            self._play(key, self.on_cancel.get(key, [(1, "cancel", {})]))
        elif isinstance(command, cm.FindOrder):
            key = (command.leg, command.order)
            for delay, name, values in self.on_find.get(key, [(1, "found", {})]):
                self._play(key, [(delay, name, {"request": command.request, **values})])

    def _book(self, asked: cm.ReadBook) -> ev.Event:
        book = self.books[asked.leg]
        if not book:
            return ev.BookMissing(self.now, asked.leg, asked.request, "no stream")
        marginal = book["ask"] if asked.side > 0 else book["bid"]
        values = {"age_ns": 0, "marginal": marginal, "reach": 10**9, **book}
        return ev.BookRead(at_ns=self.now, leg=asked.leg, request=asked.request, **values)

    def _position(self, asked: cm.ReadPosition) -> ev.Event:
        planned = self.reads.get(asked.leg)
        lots = planned.pop(0) if planned else self.truth[asked.leg]
        return ev.PositionRead(self.now, asked.leg, asked.request, lots, self.now)

    def _sweep(self, asked: cm.SweepOrders) -> ev.Event:
        planned = self.swept.get(asked.leg)
        ok, found = planned.pop(0) if planned else (True, self._resting(asked))
        return ev.OrdersSwept(self.now, asked.leg, asked.request, ok, found)

    def _resting(self, asked: cm.SweepOrders) -> int:
        live = [one for (index, _), one in self.orders.items() if index == asked.leg and one["live"]]
        stray = [one for one in live if one["order"].key not in asked.keep]
        for one in stray:
            one["live"] = False
        return len(stray)

    def _play(self, key: tuple[int, int], replies: list[Reply]) -> None:
        for delay, name, values in replies:
            self.at(delay, lambda name=name, values=values: self.fact(key, name, **values))

    def fact(self, key: tuple[int, int], name: str, **values: Any) -> ev.Event | None:
        """One fact about an order; `fill` moves the true position, `report` repeats totals without
        moving it."""
        index, number = key
        one = self.orders[key]
        order: cm.PlaceOrder = one["order"]
        if name == "accepted":
            return ev.OrderAccepted(self.now, index, number)
        if name == "rejected":
            one["live"] = False
            return ev.OrderRejected(self.now, index, number, values.get("why", RejectKind.POST_ONLY_CROSS))
        if name in ("fill", "lost_fill"):
            price = values.get("price", order.price)
            left = order.lots - one["cum"]
            lots = min(values.get("lots", order.lots), left)
            if "part" in values:
                lots = max(1, int(left * values["part"])) if left else 0
            if lots == 0 or not one["live"]:
                return None
            one["cum"] += lots
            one["worth"] += lots * price
            self.truth[index] += order.side * lots
            one["live"] = one["cum"] < order.lots
            if name == "lost_fill":
                return None
        if name in ("fill", "report"):
            cum = values.get("cum", one["cum"])
            worth = one["worth"] if cum == one["cum"] else cum * order.price
            return ev.OrderFilled(self.now, index, number, cum, worth, 0, False)
        if name == "ended":
            one["live"] = False
            cum = -1 if values.get("blind") else one["cum"]
            return ev.OrderEnded(
                self.now, index, number, values.get("why", EndKind.EXPIRED), cum, one["worth"]
            )
        if name == "cancel":
            if not one["live"]:
                return ev.CancelRefused(self.now, index, number)
            one["live"] = False
            cum = -1 if values.get("blind") else one["cum"]
            return ev.OrderEnded(self.now, index, number, EndKind.CANCELLED, cum, one["worth"])
        if name == "found":
            kind = FoundKind.LIVE if one["live"] else FoundKind.OVER
            kind = values.get("found", kind)
            request = values["request"]
            return ev.OrderFound(self.now, index, number, kind, one["cum"], one["worth"], request=request)
        if name == "vanish":
            one["live"] = False
            return None
        if name == "lost":
            return ev.AnswerLost(self.now, index, number)
        raise AssertionError(name)


def ioc_fills(order: cm.PlaceOrder) -> list[Reply]:
    """An IOC that fills whole; anything else is accepted and rests."""
    if order.type in (OrderType.IOC, OrderType.MARKET, OrderType.FOK):
        return [(1, "fill", {})]
    return [(1, "accepted", {})]


def phase_target(index: int) -> pg.Target:
    return pg.Target(pg.TargetKind.PHASE, phase=index)


def done(end: Any) -> pg.Target:
    return pg.Target(pg.TargetKind.DONE, end=end)


def halt(text: str) -> pg.Target:
    return pg.Target(pg.TargetKind.HALT, text=text)


def phase(name: str, kind: pg.PhaseKind, then: dict[str, pg.Target], **values: Any) -> pg.Phase:
    """A phase; outcomes that `then` does not name halt with their name."""
    names = (*(one.value for one in pg.OUTCOMES[kind]), "exhausted")
    targets = tuple((pg.Outcome(one), then.get(one, halt(f"{name} {one}"))) for one in names)
    base: dict[str, Any] = {"line": 1, "scope": 0, "visits": 1}
    return pg.Phase(name=name, kind=kind, then=targets, **{**base, **values})


def program(
    phases: Iterable[pg.Phase], legs: Iterable[pg.LegSpec], intent: Intent, **values: Any
) -> pg.Program:
    legs = tuple(legs)
    limits = values.pop("limits", pg.Limits())
    base: dict[str, Any] = {
        "name": "test",
        "start": 0,
        "recover": 0,
        "relative": intent is Intent.OPEN,
        "by_money": False,
        "stop_to": halt("stopped"),
    }
    scope = pg.Scope(name="test", parent=-1, legs=tuple(range(len(legs))), limits=limits, intent=intent)
    made = pg.Program(intent=intent, legs=legs, scopes=(scope,), phases=tuple(phases), **{**base, **values})
    return pg.with_digest(made)


def rung(amount_bps: int, toward: int = 1, anchor: pg.Anchor = pg.Anchor.TOUCH) -> pg.PriceRule:
    return pg.PriceRule(anchor, toward if amount_bps else 0, amount_bps * BPS)
