"""The process that trades: the lines it has written, its death between two of them, its return."""

from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Protocol

import msgspec

from dnkit.desk.alerts import Lookout, Vitals
from dnkit.desk.gateway.outcome import Failed
from dnkit.desk.scheduler import Call, Scheduler
from dnkit.engine.state import State, state_digest
from dnkit.engine.step import begin, step
from dnkit.journal import chain
from dnkit.machine.program import Program
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.sim.hostile.faults import Fault, Luck
from dnkit.sim.hostile.life import Clock, Life, Outside
from dnkit.venues.base import Request

DEATHS_MAX = 5


class Died(Exception):
    """The process is killed here."""


class Sink(Protocol):
    """Writes a line elsewhere too."""

    def __call__(
        self, event: ev.Event, commands: tuple[cm.Command, ...], state: State, digest: str, *, durable: bool
    ) -> None: ...


class Line(msgspec.Struct, frozen=True):
    """One step as the journal holds it."""

    event: str
    commands: str
    digest: str


class Bot:
    """`era` counts its lives, the last began at `returned_ns` (0: it is the first); `state` is that of the
    last line written. `differs` says in words where a replay of the lines did not give what was written.
    """

    def __init__(
        self, program: Program, run_id: str, luck: Luck, scheduler: Scheduler, sink: Sink | None
    ) -> None:
        self.program = program
        self.run_id = run_id
        self.era = 0
        self.dead = False
        self.deaths = 0
        self.returned_ns = 0
        self.lines: list[Line] = []
        self.state = begin(program, run_id)
        self.differs = ""
        self._luck = luck
        self._scheduler = scheduler
        self._sink = sink
        self._life: Life | None = None
        self._outside: Outside | None = None
        self._started: ev.Started | None = None
        self._asked: list[tuple[int, int]] = []  # when and of which leg, by the lines
        self._lookout = Lookout(program, run_id, Vitals())
        self._left = -1  # requests that still leave before the process dies; below zero: all

    @property
    def ended(self) -> cm.EndRun | None:
        """How the run ended, as far as a line says so."""
        return self.state.ended

    def start(self, outside: Outside, started: ev.Started) -> None:
        """Begin the run."""
        self._outside, self._started = outside, started
        self._live(self.state, started)

    def stop(self, why: str) -> None:
        """The operator wants the end; Died when the process dies of it."""
        if self._life is not None:
            self._life.desk.handle(ev.StopAsked(self._now(), why))

    def hear(self, fact: ev.VenueFact) -> None:
        """A venue says something; Died when the process dies of it."""
        if self._life is not None:
            self._life.hear(fact)

    def fail(self, request: Request, failed: Failed) -> None:
        """A request came to nothing; Died when the process dies of it."""
        if self._life is not None:
            self._life.fail(request, failed)

    def spend(self) -> None:
        """A request leaves; Died when it does not any more."""
        if self._left == 0:
            raise Died
        self._left -= 1

    def die(self) -> None:
        """The process is gone: nobody hears, no timer rings, until it comes back."""
        self.dead, self._life, self._left = True, None, -1
        self.era += 1
        self.deaths += 1
        self._scheduler.at(self._now() + self._luck.span(Fault.KILL), self._come_back)

    def _come_back(self) -> None:
        """Another process takes the run up from its lines."""
        self.dead = False
        if self.ended is not None:
            return
        self.returned_ns = self._now()
        if self.lines:
            self._live(self.replayed(), ev.Restarted(self._now()))
        elif self._started is not None:
            self._live(self.state, msgspec.structs.replace(self._started, at_ns=self._now()))

    def _live(self, state: State, first: ev.Event) -> None:
        if self._outside is None:
            return
        clock, dice = Clock(self._now, self._at), Random(self._luck.dice.random())
        self._life = Life(
            self.program, state, self._outside, clock, record=self._record, dice=dice, asked=self._asked_of
        )
        self._life.begin(first)

    def _asked_of(self, venue: str) -> Iterator[int]:
        legs = self.program.legs
        return (at_ns for at_ns, leg in self._asked if legs[leg].instrument.venue == venue)

    def _now(self) -> int:
        return self._scheduler.now_ns

    def _at(self, when_ns: int, call: Call) -> None:
        """A timer of this life."""
        self._scheduler.at(when_ns, partial(self._ring, self.era, call))

    def _ring(self, era: int, call: Call) -> None:
        if era == self.era:
            call()

    def _record(
        self, event: ev.Event, commands: tuple[cm.Command, ...], state: State, digest: str, *, durable: bool
    ) -> None:
        dies = self.deaths < DEATHS_MAX and self._luck.hits(Fault.KILL)
        if dies and self._luck.dice.random() < 0.3:
            raise Died
        self.lines.append(Line(*chain.encode_step(event, commands), digest))
        self._asked += [(state.now_ns, one.leg) for one in commands if isinstance(one, Request)]
        self.state = state
        if self._sink is not None:
            self._sink(event, commands, state, digest, durable=durable)
        if self._outside is not None:
            for alert in self._lookout.step(event, commands, state):
                self._outside.raised(alert)
        if dies:
            self._left = self._luck.dice.randrange(len(commands) + 1)
            if self._left == len(commands):
                raise Died

    def replayed(self) -> State:
        """The state that the lines give; `differs` is set where they give another."""
        state = begin(self.program, self.run_id)
        for number, line in enumerate(self.lines, 1):
            state, commands = step(self.program, state, event_of(line.event))
            if (state_digest(state), chain.encode(commands)) != (line.digest, line.commands):
                self.differs = f"line {number} replays to another state or other requests"
                break
        return state


event_of: Callable[[str], ev.Event] = msgspec.json.Decoder(ev.Event).decode
