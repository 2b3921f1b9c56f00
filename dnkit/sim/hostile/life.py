"""One life of the process: a desk, its gateways and watchdogs, from a start or a return to a death."""

from collections.abc import Callable, Iterator
from functools import partial
from random import Random

import msgspec

from dnkit.desk.desk import Answer, Desk, Record
from dnkit.desk.gateway.budget import Use
from dnkit.desk.gateway.gateway import Gateway
from dnkit.desk.gateway.outcome import Failed
from dnkit.desk.gateway.risk import lowers_risk
from dnkit.desk.gateway.stream import Do
from dnkit.desk.gateway.traffic import Traffic
from dnkit.desk.gateway.watchdog import Watchdog
from dnkit.desk.gateway.wire import Carry, Wire
from dnkit.desk.scheduler import Call
from dnkit.engine.state import State
from dnkit.machine.program import Program
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.alerts import Alert
from dnkit.model.capabilities import Capabilities
from dnkit.model.ids import order_key
from dnkit.venues.base import Request


class Outside(msgspec.Struct, frozen=True):
    """What a process has around it. By leg: the facts of its venue, and who carries requests there. The last
    word of a leg's stream, whether its venue lets anybody connect, a book read by another way. The way out of
    an alert of the engine, and of any other one.
    """

    facts: tuple[Capabilities, ...]
    carriers: tuple[Carry, ...]
    heard: Callable[[int], int]
    is_down: Callable[[int], bool]
    read_rest: Callable[[int], None]
    read_book: Callable[[cm.ReadBook], Answer]
    alert: Callable[[cm.SendAlert], bool]
    raised: Callable[[Alert], None]


class Clock(msgspec.Struct, frozen=True):
    """The time of one life, and calls that it takes with it when it ends."""

    now: Callable[[], int]
    at: Callable[[int, Call], None]


class Life:
    """`asked` says when requests of earlier lives left for a venue, as far as their lines tell."""

    def __init__(
        self,
        program: Program,
        state: State,
        outside: Outside,
        clock: Clock,
        *,
        record: Record,
        dice: Random,
        asked: Callable[[str], Iterator[int]],
    ) -> None:
        self._program = program
        self._outside = outside
        self._clock = clock
        self._traffic = {one.venue: self._lay_traffic(one, dice, asked) for one in outside.facts}
        self._wires = tuple(Wire() for _ in program.legs)
        gateways = tuple(self._lay_gateway(leg, state) for leg in range(len(program.legs)))
        self._wanted: set[int] = set()  # legs whose book was asked for while their stream was silent
        self._watchdogs = {one.venue: self._lay_watchdog(one.venue, dice) for one in outside.facts}
        self.desk = Desk(
            program,
            state,
            ports=gateways,
            record=record,
            read_book=self._read_book,
            alert=outside.alert,
            now=clock.now,
            at=clock.at,
        )

    def begin(self, first: ev.Event) -> None:
        """Watch the streams and take the first event in."""
        for watchdog in self._watchdogs.values():
            watchdog.start()
        self.desk.handle(first)

    def hear(self, fact: ev.VenueFact) -> None:
        """A venue says something."""
        self._wires[fact.leg].tell(fact)

    def fail(self, request: Request, failed: Failed) -> None:
        """A request came to nothing."""
        self._wires[request.leg].fail(request, failed)

    def _lay_traffic(
        self, facts: Capabilities, dice: Random, asked: Callable[[str], Iterator[int]]
    ) -> Traffic:
        clock, own = self._clock, Random(dice.random())
        traffic = Traffic(facts, now=clock.now, at=clock.at, alert=self._outside.raised, dice=own)
        for asked_ns in asked(facts.venue):
            traffic.budget.recall(asked_ns, clock.now())
        return traffic

    def _lay_gateway(self, leg: int, state: State) -> Gateway:
        facts, wire = self._outside.facts[leg], self._wires[leg]
        gateway = Gateway(
            leg,
            facts,
            self._traffic[facts.venue],
            wire.send,
            emit=self._emit,
            now=self._clock.now,
            at=self._clock.at,
            lowers_risk=lambda request: lowers_risk(self._program, self.desk.state, request),
        )
        wire.connect(self._outside.carriers[leg], gateway.hear, gateway.missed)
        for one in (state.legs[leg].order, state.legs[leg].stop):
            if one is not None:
                gateway.remember(one.n, order_key(state.run_id, self._program.legs[leg].name, one.n))
        return gateway

    def _lay_watchdog(self, venue: str, dice: Random) -> Watchdog:
        return Watchdog(
            f"streams of {venue}",
            heard=lambda: max(self._outside.heard(leg) for leg in self._legs(venue)),
            do=partial(self._do, venue),
            alert=self._outside.raised,
            now=self._clock.now,
            at=self._clock.at,
            seed=dice.randrange(2**30),
        )

    def _legs(self, venue: str) -> Iterator[int]:
        return (leg for leg, one in enumerate(self._outside.facts) if one.venue == venue)

    def _do(self, venue: str, wish: Do) -> None:
        """What a watchdog wants. To hang up costs nothing here."""
        now = self._clock.now()
        if wish is Do.CONNECT:
            trip_ns = 2 * self._outside.facts[next(self._legs(venue))].latency_ns
            self._clock.at(now + trip_ns, partial(self._connected, venue))
        elif wish is Do.RESYNC:
            for leg in self._legs(venue):
                self._wires[leg].missed()
        elif wish is Do.READ_REST:
            for leg in self._legs(venue):
                if leg in self._wanted and self._traffic[venue].budget.take(Use.READ, now):
                    self._wanted.remove(leg)
                    self._outside.read_rest(leg)

    def _connected(self, venue: str) -> None:
        watchdog = self._watchdogs[venue]
        if self._outside.is_down(next(self._legs(venue))):
            watchdog.closed()
        else:
            watchdog.opened()

    def _read_book(self, asked: cm.ReadBook) -> Answer:
        if not self._watchdogs[self._outside.facts[asked.leg].venue].usable:
            self._wanted.add(asked.leg)
        return self._outside.read_book(asked)

    def _emit(self, event: ev.Event) -> None:
        self.desk.handle(event)
