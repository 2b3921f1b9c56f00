"""What a process that died may still believe when it comes back, and what it has to say once more."""

from collections.abc import Callable
from typing import Any

import pytest

from dnkit.engine import start
from dnkit.engine.state import Answer, Stage, State
from dnkit.machine import program as pg
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.terms import EndName, Risk, Side
from tests.engine.harness import Reply, S, Venue, ioc_fills, leg
from tests.engine.programs import open_hedged, unwind_one

FILLS: list[Reply] = [(1, "accepted", {}), (500, "fill", {})]


class Killed(Venue):
    """The process dies as soon as `when` is true of its state and comes back at once; what was asked for is
    never answered. `meanwhile` positions are what the venues hold by then.
    """

    def __init__(self, made: pg.Program, when: Callable[[State], bool], **more: Any) -> None:
        self.when, self.meanwhile, self.restarted = when, more.pop("meanwhile", None), 0
        super().__init__(made, **{"otherwise": ioc_fills, **more})

    def feed(self, event: ev.Event) -> None:
        super().feed(event)
        if self.restarted or not self.when(self.state):
            return
        self.restarted = len(self.lines)
        self._queue.clear()
        self.truth = list(self.meanwhile or self.truth)
        self.at(1, lambda: ev.Restarted(self.now))

    def asked_since(self, kind: type) -> list[Any]:
        return [one for line in self.lines[self.restarted :] for one in line[1] if isinstance(one, kind)]


def test_a_halt_pages_again_after_a_crash() -> None:
    """The alert was written down; whether it left, nobody knows."""
    venue = Killed(open_hedged(), lambda state: state.stage is Stage.HALT, positions=[0, 0])
    venue.at(1_000, lambda: ev.StopAsked(venue.now, "ctrl-c"))
    end = venue.run()
    pages = venue.asked_since(cm.SendAlert)
    assert [(one.level, "stopped" in one.text) for one in pages] == [("page", True)]
    assert (end.end, end.risk) == (EndName.HALTED, Risk.FLAT)


def is_sweeping(state: State) -> bool:
    return state.stage is Stage.SWEEP


def has_read_the_first_leg(state: State) -> bool:
    return state.stage is Stage.PHASE and [one.answer for one in state.legs] == [Answer.GOOD, Answer.ASKED]


@pytest.mark.parametrize("when", [is_sweeping, has_read_the_first_leg])
def test_no_end_stands_on_what_was_read_before_the_crash(when: Callable[[State], bool]) -> None:
    """The first leg is liquidated while the process is away."""
    script = {(0, 1): FILLS, (1, 1): FILLS}
    venue = Killed(open_hedged(), when, script=script, meanwhile=[0, -500])
    end = venue.run()
    assert venue.restarted
    assert (end.end, end.risk) == (EndName.HALTED, Risk.UNKNOWN)


@pytest.mark.parametrize("lag_s", [0, 3])
def test_an_opening_position_takes_two_reads_after_the_crash(lag_s: int) -> None:
    """The venue is behind: it said 499 before the crash and says so once more after it."""
    made = unwind_one(legs=(leg("a", Side.BUY, position_lag_ns=lag_s * S),))
    waits = lambda state: state.stage is Stage.START and state.step == start.LAG  # noqa: E731
    venue = Killed(made, waits, positions=[500])
    venue.reads[0] = [499, 499]
    assert venue.run().end is EndName.FLAT
    assert venue.restarted
    assert (venue.state.legs[0].start, venue.truth) == (500, [0])


def test_the_journals_word_on_the_opening_position_outlives_the_crash() -> None:
    reads = lambda state: state.stage is Stage.START and state.step == start.READ  # noqa: E731
    venue = Killed(unwind_one(), reads, positions=[500], entry=(500 * 300_000,))
    assert venue.run().end is EndName.FLAT
    began = next(line[2] for line in venue.lines if line[2].stage is Stage.PHASE)
    assert began.legs[0].entry == 500 * 300_000
    assert began.now_ns < S // 2
