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
from dnkit.model.numbers import NS_PER_S, to_pico
from tests.analysis.walks.line import Line
from tests.analysis.walks.meter import Meter

BEGAN_NS = NS_PER_S
SLIPS = 0.06  # how often something goes wrong where it can
CRASHES = 0.02
EVENTS_MAX = 5_000


class Walk:
    """`see(walk)` is called after every step with which the desk's turn is over. `used` counts the faults so far;
    `dead` while the process is down.
    """

    def __init__(
        self,
        ground: Ground,
        venues: Mapping[str, Capabilities],
        seed: int,
        see: Callable[["Walk", ev.Event], None],
    ) -> None:
        self.ground = ground
        self.seed = seed
        self.dice = Random(seed)
        self.used, self._left = 0, ground.setting.faults
        self.now = BEGAN_NS
        self.dead = False
        self.state = begin(ground.program, "walk")
        self.start = ground.starts[self.dice.randrange(len(ground.starts))]
        self.ticks = [to_pico(spec.instrument.tick) for spec in ground.program.legs]
        self.meter = Meter(ground, self.start, self.now)
        self.lines = [
            Line(self, index, venues[spec.instrument.venue], lots)
            for index, (spec, lots) in enumerate(zip(ground.program.legs, self.start, strict=True))
        ]
        self.log: list[tuple[ev.Event, tuple[cm.Command, ...]]] = []
        self._see = see
        self._epoch = 0
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._asked = 0

    def now_ns(self) -> int:
        """The time, for the venues."""
        return self.now

    def at(self, when: int, call: Callable[[], None]) -> None:
        """Ask for a call at that time."""
        self._asked += 1
        heapq.heappush(self._heap, (when, self._asked, call))

    def slips(self, chance: float = SLIPS) -> bool:
        """Whether something goes wrong now: one fault of the budget."""
        if not self._left or self.dice.random() >= chance:
            return False
        self._left -= 1
        self.used += 1
        return True

    def run(self) -> Meter:
        """Walk to the end."""
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
        self.meter.end(self.now)
        return self.meter

    def feed(self, event: ev.Event) -> None:
        """One turn of the desk: the event, then every book that is asked for."""
        turn = [event]
        for one in turn:
            self.state, commands = step(self.ground.program, self.state, one)
            self.log.append((one, commands))
            turn += [answer for command in commands if (answer := self._ask(command)) is not None]
        self._see(self, event)
        if self.state.stage is not Stage.END and self.slips(CRASHES):
            self.crash()

    def _ask(self, command: cm.Command) -> ev.Event | None:
        """Send a request on its way; a book is told at once."""
        if isinstance(command, cm.SendAlert):
            sent = not self.slips()
            told = partial(self._alerted, ev.AlertSent(0, command.request, sent), self._epoch)
            self.at(self.now + self.dice.randrange(1, CALL_NS), told)
        elif isinstance(command, cm.ReadBook):
            return self.lines[command.leg].look(command)
        elif not isinstance(command, cm.EndRun):
            line = self.lines[command.leg]
            self.meter.asked(command, line.touch)
            line.send(command)
        return None

    def _alerted(self, event: ev.AlertSent, epoch: int) -> None:
        if epoch == self._epoch:
            self.feed(ev.AlertSent(self.now, event.request, event.ok))

    def moved(self) -> None:
        """Positions may have changed."""
        self.meter.moved(self.now, self.truth)

    @property
    def truth(self) -> tuple[int, ...]:
        """What the venues hold."""
        return tuple(line.venue.position for line in self.lines)

    @property
    def down(self) -> tuple[bool, ...]:
        """Venues that the engine has met down."""
        heard = [0 < line.heard_ns <= self.now for line in self.lines]
        return tuple(any(heard[index] for index in shared) for shared in self.ground.venues)

    def fall(self, index: int) -> None:
        """The venue of a leg goes down for good."""
        for other in self.ground.venues[index]:
            self.lines[other].fall()

    def crash(self) -> None:
        """The process dies, and comes back after a while."""
        self.dead = True
        self._epoch += 1
        for line in self.lines:
            line.crash()
        self.at(self.now + RESTART_NS, self._restart)

    def _restart(self) -> None:
        self.dead = False
        self.feed(ev.Restarted(self.now))
