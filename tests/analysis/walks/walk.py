"""One walk: a run of the real engine at real times against paper venues that misbehave from a seed."""

import heapq
from collections.abc import Callable, Mapping
from functools import partial
from random import Random

from dnkit.analysis.ground import Ground
from dnkit.analysis.move import CALL_NS, RESTART_NS
from dnkit.engine.state import Stage
from dnkit.engine.step import begin, step
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.capabilities import Capabilities
from dnkit.model.numbers import NS_PER_S
from tests.analysis.walks.line import Line
from tests.analysis.walks.meter import Meter

BEGAN_NS = NS_PER_S
SLIPS = (0.03, 0.06, 0.15)  # how often something goes wrong where it can, by walk
CRASHES = 0.02
EVENTS_MAX = 5_000
See = Callable[["Walk", ev.Event], None]


class Walk:
    """`see(walk, event)` is called after each turn of the desk. `used` counts the faults so far; `dead` while
    the process is down. `log` holds what was heard and asked for.
    """

    def __init__(self, ground: Ground, venues: Mapping[str, Capabilities], seed: int, see: See) -> None:
        self.ground = ground
        self.seed = seed
        self.dice = Random(seed)
        self.now = BEGAN_NS
        self.used = 0
        self._slips = self.dice.choice(SLIPS)
        self.dead = False
        self.state = begin(ground.program, "walk")
        self.start = self.dice.choice(ground.starts)
        self.log: list[tuple[ev.Event, tuple[cm.Command, ...]]] = []
        self._see = see
        self._era = 0
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._asked = 0
        self._meter = Meter(ground, self.start, self.now)
        pairs = zip(ground.program.legs, self.start, strict=True)
        self._lines = [
            Line(self, index, venues[spec.instrument.venue], lots) for index, (spec, lots) in enumerate(pairs)
        ]

    def now_ns(self) -> int:
        """The time, for the venues."""
        return self.now

    def at(self, when: int, call: Callable[[], None]) -> None:
        """Ask for a call at that time."""
        self._asked += 1
        heapq.heappush(self._heap, (when, self._asked, call))

    def slips(self, chance: float | None = None) -> bool:
        """Whether something goes wrong now: one fault of the budget."""
        chance = self._slips if chance is None else chance
        if self.used == self.ground.setting.faults or self.dice.random() >= chance:
            return False
        self.used += 1
        return True

    def run(self) -> Meter:
        """Walk to the end; what it cost."""
        entry = tuple(lots * leg.bid for lots, leg in zip(self.start, self.ground.legs, strict=True))
        self.feed(ev.Started(self.now, self.start, entry))
        while self.state.stage is not Stage.END:
            wake = self.state.wake_ns
            assert wake is not None and len(self.log) < EVENTS_MAX, f"seed {self.seed} finds no end"
            if self._heap and (self.dead or self._heap[0][0] <= wake):
                self.now, _, call = heapq.heappop(self._heap)
                call()
            else:
                self.now = wake
                self.feed(ev.Woken(wake))
        self._meter.end(self.now)
        return self._meter

    def feed(self, event: ev.Event) -> None:
        """One turn of the desk: the event, then every book that is asked for."""
        turn = [event]
        for one in turn:
            self.state, commands = step(self.ground.program, self.state, one)
            self.log.append((one, commands))
            turn += [answer for command in commands if (answer := self._ask(command)) is not None]
        self._see(self, event)
        if self.ground.setting.crashes and self.state.stage is not Stage.END and self.slips(CRASHES):
            self._crash()

    def _ask(self, command: cm.Command) -> ev.Event | None:
        """Send a request on its way; a book is told at once."""
        if isinstance(command, cm.SendAlert):
            told = ev.AlertSent(0, command.request, not self.slips())
            self.at(self.now + self.dice.randrange(1, CALL_NS), partial(self._alerted, told, self._era))
        elif isinstance(command, cm.ReadBook):
            return self._lines[command.leg].look(command)
        elif not isinstance(command, cm.EndRun):
            line = self._lines[command.leg]
            self._meter.asked(command, line.touch)
            line.send(command)
        return None

    def _alerted(self, told: ev.AlertSent, era: int) -> None:
        if era == self._era:
            self.feed(ev.AlertSent(self.now, told.request, told.ok))

    def moved(self) -> None:
        """Positions may have changed."""
        covered = tuple(line.exchange.covered for line in self._lines)
        self._meter.moved(self.now, self.truth, covered)

    @property
    def truth(self) -> tuple[int, ...]:
        """What the venues hold, in lots."""
        return tuple(line.exchange.position for line in self._lines)

    @property
    def down(self) -> tuple[bool, ...]:
        """Which legs' venues the engine has met down."""
        met = [0 < line.met_ns <= self.now for line in self._lines]
        return tuple(any(met[index] for index in shared) for shared in self.ground.venues)

    def fall(self, index: int) -> None:
        """The venue of a leg goes down for good."""
        for other in self.ground.venues[index]:
            self._lines[other].fall()

    def _crash(self) -> None:
        """The process dies, and comes back after a while."""
        self.dead = True
        self._era += 1
        for line in self._lines:
            line.crash()
        self.at(self.now + RESTART_NS, self._restart)

    def _restart(self) -> None:
        self.dead = False
        self.feed(ev.Restarted(self.now))
