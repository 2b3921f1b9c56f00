"""One leg's line between the process and its venue, with all that may go wrong on it.

A request takes the venue's latency there, and its answer the same back. Facts arrive in the order in which
they happened, unless one is late by itself. What was told to a process that died is not heard.
"""

from collections.abc import Callable
from functools import partial
from typing import Protocol

import msgspec
from msgspec.structs import replace

from dnkit.desk.gateway.outcome import Failed, classify
from dnkit.desk.scheduler import Scheduler
from dnkit.machine.program import LegSpec
from dnkit.market.feed import Message
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.numbers import NS_PER_S
from dnkit.model.terms import OrderType, RejectKind
from dnkit.sim.hostile.exchange import PASSIVE, Exchange
from dnkit.sim.hostile.faults import Fault, Luck
from dnkit.sim.hostile.weather import Weather
from dnkit.venues.base import Request, Sign, Trouble

TIME_OUT_NS = 2 * NS_PER_S  # a call without an answer is given up within that time
REJECTS_MAX = 5
SHARES = (0, 0, 10, 40, 80)


class Bot(Protocol):
    """The process at the other end: `era` counts its lives, it hears while it lives."""

    era: int
    dead: bool

    @property
    def ended(self) -> cm.EndRun | None: ...
    def hear(self, fact: ev.VenueFact) -> None: ...
    def fail(self, request: Request, failed: Failed) -> None: ...
    def spend(self) -> None: ...


class Flight(msgspec.Struct, eq=False):
    """A request under way: `over` once it arrived or never will, `lost` if its answer is. Its caller waits
    for it until `until_ns`.
    """

    asked: Request
    era: int
    until_ns: int
    over: bool = False
    lost: bool = False


class Line:
    """Carries requests. `told` is the position that was last told, to which life of the process, and of which
    moment it was.
    """

    def __init__(
        self,
        leg: int,
        spec: LegSpec,
        luck: Luck,
        weather: Weather,
        scheduler: Scheduler,
        bot: Bot,
        latency_ns: int,
        sent: Callable[[Request], None],
        moved: Callable[[], None],
    ) -> None:
        self.exchange: Exchange
        self.weather = weather
        self.told: tuple[int, int, int] | None = None
        self._leg, self._spec = leg, spec
        self._luck, self._scheduler, self._bot = luck, scheduler, bot
        self._latency_ns = latency_ns
        self._sent, self._moved = sent, moved
        self._flights: list[Flight] = []
        self._arrives_ns = self._told_ns = 0
        self._rejects = 0
        self._lots = 0

    def join(self, exchange: Exchange) -> None:
        """The venue at the other end."""
        self.exchange = exchange
        self._lots = exchange.position

    # --- what the process asks ------------------------------------------------------------------------

    def carry(self, asked: Request) -> bool:
        """Send a request: as far as the process knows, it leaves."""
        self._bot.spend()
        self._sent(asked)
        self._send(Flight(asked, self._bot.era, self._scheduler.now_ns + self._spec.answer_within_ns))
        return True

    def on_the_way(self) -> list[cm.PlaceOrder]:
        """Orders that have not reached the venue yet and will."""
        return [one.asked for one in self._flights if not one.over and isinstance(one.asked, cm.PlaceOrder)]

    # --- there ----------------------------------------------------------------------------------------

    def _send(self, flight: Flight) -> None:
        asked, now, luck, weather = flight.asked, self._scheduler.now_ns, self._luck, self.weather
        if weather.is_down(now) or luck.hits(Fault.LOST_REQUEST):
            self._time_out(flight)
            return
        if now < weather.limited_ns or luck.hits(Fault.RATE_LIMIT):
            self._limit(flight)
            return
        refusal = self._refusal(asked)
        if refusal is not None:
            self._answer(flight, ev.OrderRejected(0, self._leg, asked.order, refusal))  # type: ignore[union-attr]
            return
        if luck.hits(Fault.SERVER_ERROR):
            self._fail(flight, Trouble(sign=Sign.STATUS, status=500, html=luck.dice.random() < 0.5))
            flight.lost = True
            if luck.dice.random() < 0.5:
                return
        self._fly(flight)

    def _fly(self, flight: Flight) -> None:
        due = self._scheduler.now_ns + self._latency_ns
        if self._luck.hits(Fault.SLOW_REQUEST):
            due += self._luck.span(Fault.SLOW_REQUEST)
        self._arrives_ns = max(self._arrives_ns, due)
        self._flights.append(flight)
        self._scheduler.at(self._arrives_ns, partial(self._arrive, flight))

    def _refusal(self, asked: Request) -> RejectKind | None:
        """Why an order is refused before it gets anywhere."""
        if not isinstance(asked, cm.PlaceOrder):
            return None
        if not asked.reduce_only and self._luck.hits(Fault.MARGIN):
            return RejectKind.MARGIN
        return RejectKind.OTHER if self._luck.hits(Fault.REFUSED) else None

    def _limit(self, flight: Flight) -> None:
        """429, for this one and all that come for a while; half of the time it says for how long."""
        weather, now = self.weather, self._scheduler.now_ns
        if now >= weather.limited_ns:
            weather.limited_ns = now + self._luck.span(Fault.RATE_LIMIT)
        wait_ns = weather.limited_ns - now if self._luck.dice.random() < 0.5 else 0
        self._fail(flight, Trouble(sign=Sign.STATUS, status=429, retry_after_ns=wait_ns))

    def _arrive(self, flight: Flight) -> None:
        self._flights.remove(flight)
        flight.over = True
        if self.weather.is_down(self._scheduler.now_ns):
            self._time_out(flight)
            return
        facts = self._work(flight.asked)
        self.look()
        if flight.lost:
            self._tell(facts[1:], flight)
        elif self._luck.hits(Fault.LOST_ANSWER):
            self._tell(facts[: self._luck.dice.randrange(len(facts))], flight)
            self._time_out(flight)
        else:
            self._tell([self._shown(one) for one in facts], flight)

    def _work(self, asked: Request) -> list[ev.VenueFact]:
        luck, exchange = self._luck, self.exchange
        if isinstance(asked, cm.PlaceOrder):
            return self._place(asked)
        cancels = isinstance(asked, cm.CancelOrder | cm.SweepOrders) and exchange.rests
        if cancels and luck.hits(Fault.FILL_BEFORE_CANCEL):
            exchange.race()
            self.look()
        return exchange.work(asked)

    def _place(self, order: cm.PlaceOrder) -> list[ev.VenueFact]:
        luck, exchange = self._luck, self.exchange
        if order.type is OrderType.POST_ONLY:
            if not self._rejects and luck.hits(Fault.POST_ONLY_REJECT):
                self._rejects = 1 + luck.dice.randrange(REJECTS_MAX)
            if self._rejects:
                self._rejects -= 1
                return exchange.work_near(order)
        if order.type in PASSIVE and luck.hits(Fault.ENDED_BY_VENUE):
            due = self._scheduler.now_ns + luck.span(Fault.ENDED_BY_VENUE)
            self._scheduler.at(due, partial(self._end, order.key))
        if order.type is not OrderType.POST_ONLY and luck.hits(Fault.THIN_BOOK):
            return exchange.work_thin(order, luck.dice.choice(SHARES))
        return exchange.work(order)

    def _end(self, key: str) -> None:
        self.exchange.end(key)

    def _shown(self, fact: ev.VenueFact) -> ev.VenueFact:
        """A position read may be wrong; one is only wrong about what changed since the run began."""
        if not isinstance(fact, ev.PositionRead) or not fact.request or not self.exchange.changed:
            return fact
        if not self._luck.hits(Fault.WRONG_POSITION):
            return fact
        lots = self._luck.dice.choice((0, *self.exchange.changed))
        return replace(fact, lots=lots, as_of_ns=self._scheduler.now_ns)

    # --- the market -----------------------------------------------------------------------------------

    def meet(self, message: Message) -> None:
        """The market goes on, and something rests."""
        if self.weather.trades_on or not self.weather.is_down(self._scheduler.now_ns):
            self.exchange.meet(message)
            self.look()

    def hear(self, fact: ev.VenueFact) -> None:
        """The stream tells a fact that nobody asked for."""
        now = self._scheduler.now_ns
        if self._bot.dead or self.weather.is_down(now) or self.weather.is_silent(now):
            return
        if not self._luck.hits(Fault.LOST_FACT):
            self._tell([fact])

    def liquidate(self) -> None:
        """The venue takes the position away."""
        if self.exchange.position:
            self._luck.met[Fault.LIQUIDATION] += 1
            self.exchange.liquidate()
            self.look()

    def look(self) -> None:
        """See whether the position has changed."""
        if self.exchange.position != self._lots:
            self.exchange.changed.append(self._lots)
            self._lots = self.exchange.position
            self._moved()

    # --- and back -------------------------------------------------------------------------------------

    def _tell(self, facts: list[ev.VenueFact], flight: Flight | None = None) -> None:
        """Facts on their way back. What only answers a call comes once, and in time or not at all."""
        luck, scheduler = self._luck, self._scheduler
        era = self._bot.era if flight is None else flight.era
        for fact in facts:
            due = self._told_ns = max(self._told_ns, scheduler.now_ns + self._latency_ns)
            if luck.hits(Fault.LATE_FACT):
                due = self._told_ns = due + luck.span(Fault.LATE_FACT)
            if luck.hits(Fault.REORDERED):
                due += luck.span(Fault.REORDERED)
            answers = flight is not None and _only_answers(fact)
            if flight is None or not answers or due <= flight.until_ns:
                scheduler.at(due, partial(self._deliver, fact, era))
            if not answers and luck.hits(Fault.DUPLICATE):
                scheduler.at(due + luck.span(Fault.DUPLICATE), partial(self._deliver, fact, era))

    def _answer(self, flight: Flight, fact: ev.VenueFact) -> None:
        """An answer that comes at once, ahead of what is on the line."""
        due = self._scheduler.now_ns + 2 * self._latency_ns
        self._scheduler.at(due, partial(self._deliver, fact, flight.era))

    def _fail(self, flight: Flight, trouble: Trouble) -> None:
        """An answer that comes at once and says that there is none."""
        self._fail_at(self._scheduler.now_ns + 2 * self._latency_ns, flight, trouble)

    def _time_out(self, flight: Flight) -> None:
        """No answer: the process is told so within a time, or its own patience ends."""
        dice = self._luck.dice
        if dice.random() < 0.5:
            due = self._scheduler.now_ns + 1 + dice.randrange(TIME_OUT_NS)
            self._fail_at(due, flight, Trouble(sign=dice.choice((Sign.TIMED_OUT, Sign.DROPPED))))

    def _fail_at(self, due: int, flight: Flight, trouble: Trouble) -> None:
        self._scheduler.at(due, partial(self._tell_failure, flight, classify(trouble)))

    def _tell_failure(self, flight: Flight, failed: Failed) -> None:
        if flight.era == self._bot.era:
            self._bot.fail(flight.asked, failed)

    def _deliver(self, fact: ev.VenueFact, era: int) -> None:
        now = self._scheduler.now_ns
        if era != self._bot.era or self.weather.is_down(now):
            return
        if isinstance(fact, ev.PositionRead) and fact.lots is not None:
            if self._bot.ended is None:  # what comes after the end is no help to a run
                self.told = (era, fact.lots, fact.as_of_ns)
            self._bot.hear(replace(fact, at_ns=now, as_of_ns=self._stamp(fact.as_of_ns)))
        elif isinstance(fact, ev.OrderFilled) and fact.traded_ns:
            self._bot.hear(replace(fact, at_ns=now, traded_ns=self._stamp(fact.traded_ns)))
        else:
            self._bot.hear(replace(fact, at_ns=now))

    def _stamp(self, at_ns: int) -> int:
        """A moment by the venue's clock; nothing is told of the future."""
        return max(1, min(self._scheduler.now_ns, at_ns + self.weather.skew_ns))


def _only_answers(fact: ev.VenueFact) -> bool:
    """Whether a fact is what a call asked for, and no news of an order."""
    return isinstance(fact, ev.OrderFound | ev.OrdersSwept | ev.PositionRead)
