"""Where phases lead is what the engine does: every step of hostile runs, with crashes and stops, is a way
that the course knows."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from dnkit.analysis.course import GONE, Course, Spot, course_of, ways
from dnkit.engine import guards, phases
from dnkit.engine.state import Stage, State
from dnkit.engine.step import begin
from dnkit.engine.turn import Turn
from dnkit.machine import program as pg
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.terms import EndName
from tests.analysis.machines import every_kind, in_limits, in_phase
from tests.compile.helpers import program_of
from tests.engine.harness import S
from tests.engine.hostile import Hostile
from tests.props.test_shipped_policies import NAMES, opening_positions, shipped_program

MORE = 3  # what has sub-policies is told more often
FAULTS = (0.1, 0.3, 0.7)
TOLD = {ev.Restarted: "crash", ev.StopAsked: "stop"}
SILENT = ("start", "cannot start", "clip does not fit", GONE, "not true", "next slice")
LOST = ("order lost", "order lost, other leg open")
BREACHES = ("deadline", "unhedged", "stale book")
MET = {
    *("start", "crash", "stop", "deadline", "unhedged", "stale book", "order lost", "not true", "next slice"),
    *(*LOST[1:], GONE),
}
SLICED = """
policy: 1
name: sliced
intent: close
summary: In slices, a leg by itself halts to what follows.
clip: 0.2 ETH
slice: 0.05 ETH
legs: {a: {venue: aster}, b: {venue: lighter}}
limits:
  deadline: {after: 60s, then: check}
  max_concession: 50bps
  max_unhedged: {amount: $50, for: 1s, then: one}
data: {bbo: {source: ws, max_age: 1s, stale: halt}}
recover: check
stop: check
phases:
  finish:
    take: {legs: [a, b], qty: position, type: ioc, ladder: [0bps, 5bps], reduce_only: true}
    visits: 3
    then: {filled: check, first: one, short: one, refused: check}
  one:
    run: emergency_unwind
    with: {a: a}
    visits: 2
    then: {flat: check, hedged: check, protected: check, idle: check, halt: tell}
  tell:
    alert: {level: warn, text: still open}
    then: {sent: check, failed: check}
  check:
    verify: {goal: flat, tries: 3, every: 500ms}
    visits: 4
    then: {ok: done flat, short: finish, conflict: halt books disagree, error: halt cannot verify}
"""


def machines() -> Iterator[pg.Program]:
    """The shipped ones, as they are and in haste, and two that have what those have not."""
    for name in NAMES:
        made = shipped_program(name)
        yield made
        yield in_haste(made)
    yield in_phase(shipped_program("close_two_phase"), 0, skip=pg.Outcome.NONE)
    yield from (program_of(SLICED),) * MORE
    quick = in_limits(every_kind(), 0, deadline_ns=20 * S, spread_max=pg.NO_LIMIT, unhedged_ns=S)
    yield replace(quick, impact_max=pg.NO_LIMIT)


def in_haste(made: pg.Program) -> pg.Program:
    """Every phase once, 3 s for all of it, sub-policies included."""
    made = replace(made, phases=tuple(replace(one, visits=1) for one in made.phases))
    for scope in range(len(made.scopes)):
        made = in_limits(made, scope, deadline_ns=pg.NO_LIMIT if scope else 3 * S)
    return made


class Interrupted(Hostile):
    """The process dies and comes back (not while a stop is out), and the operator asks for the end, as the
    dice will have it; books are old now and then. `heard` has what the engine's phases said at each event.
    """

    def __init__(self, program: pg.Program, seed: int, said: list[str]) -> None:
        super().__init__(program, opening_positions(program), seed, FAULTS[seed % len(FAULTS)])
        self.said = said
        self.heard: list[tuple[str, ...]] = []

    def feed(self, event: ev.Event) -> None:
        self._feed(event)
        armed = any(leg.stop is not None for leg in self.state.legs)
        if self.state.ended is None and not armed and self.dice.random() < 0.02:
            self._feed(ev.Restarted(self.now))
        if self.state.ended is None and self.dice.random() < 0.02:
            self._feed(ev.StopAsked(self.now, "enough"))

    def _feed(self, event: ev.Event) -> None:
        stage = self.state.stage
        stopped = isinstance(event, ev.StopAsked) and stage is not Stage.HALT
        listens = stopped or stage in (Stage.PHASE, Stage.LEAVE)
        self.said.clear()
        super().feed(event)
        self.heard.append((*((TOLD[type(event)],) if type(event) in TOLD and listens else ()), *self.said))

    def _sweep(self, asked: cm.SweepOrders) -> ev.Event:
        """Own orders cannot be listed half as often as anything else goes wrong."""
        if self.dice.random() < self.faults / 2:
            return ev.OrdersSwept(self.now, asked.leg, asked.request, False, 0)
        return super()._sweep(asked)

    def move_book(self, index: int) -> None:
        super().move_book(index)
        if self.books[index] and self.dice.random() < 0.02:
            self.books[index] = {**self.books[index], "age_ns": 5 * S}


def known(state: State) -> Any:
    """What of a state is part of a course."""
    goal = state.leave_to if state.stage in (Stage.LEAVE, Stage.SWEEP) else None
    dues = tuple(due > 0 for due in state.dues)
    return standing(state.stage, state.phase, state.visits, dues, state.stop_asked, goal)


def seen(spot: Spot) -> Any:
    dues = tuple(bool(due) for due in spot.dues)
    return standing(spot.stage, spot.phase, spot.visits, dues, spot.stopped, spot.goal)


def standing(stage: Stage, phase: int, visits: Any, dues: Any, stopped: bool, goal: pg.Target | None) -> Any:
    if stage is Stage.HALT:
        return (stage,)
    aim = goal and (goal.kind, goal.phase, goal.end)
    return (stage, phase, visits, dues, stopped, aim)


def spot_of(state: State) -> Spot:
    goal = state.leave_to if state.stage in (Stage.LEAVE, Stage.SWEEP) else None
    dues = tuple(((0, 1),) if due else () for due in state.dues)
    return Spot(state.stage, state.phase, state.visits, dues, state.stop_asked, goal)


def way_to(course: Course, before: State, after: State, heard: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the ways from one state to the next that say exactly what was heard."""
    met, near = set(), list[tuple[Spot, tuple[str, ...], tuple[str, ...]]]()
    near.append((spot_of(before), (), heard))
    for spot, names, rest in near:
        if not rest and arrived(spot, after):
            return names
        for name, then in ways(course, spot, len(names) + 1).items():
            silent = name in SILENT or (spot.stage is Stage.LEAVE and name in LOST)
            step = (then, (*names, name), rest if silent else rest[1:])
            said = rest and (name == rest[0] or (name in BREACHES and rest[0] == "breach"))
            if (silent or said) and (seen(then), step[2]) not in met:
                met.add((seen(then), step[2]))
                near.append(step)
    raise AssertionError(f"no way from {known(before)} to {known(after)} by {heard}")


def arrived(spot: Spot, after: State) -> bool:
    if after.ended is None:
        return bool(seen(spot) == known(after))
    return spot.stage is (Stage.HALT if after.ended.end is EndName.HALTED else Stage.SWEEP)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the engine's own phases and guards say, as they say it."""
    found: list[str] = []
    advance, breach = phases.advance, guards.breach

    def noted(turn: Turn) -> pg.Outcome | None:
        outcome = advance(turn)
        healthy = any(leg.position and not leg.lost for leg in turn.legs)
        if outcome:
            found.append(LOST[healthy] if outcome is pg.Outcome.HALT else outcome.value)
        return outcome

    def noted_breach(turn: Turn) -> pg.Target | None:
        target = breach(turn)
        found.extend(["breach"] if target else [])
        return target

    monkeypatch.setattr(phases, "advance", noted)
    monkeypatch.setattr(guards, "breach", noted_breach)
    return found


def test_every_step_of_the_engine_is_a_way_of_the_course(said: list[str]) -> None:
    met: Counter[str] = Counter()
    for turn, made in enumerate(machines()):
        course = course_of(made)
        for seed in range(turn * 100, turn * 100 + 100):
            venue = Interrupted(made, seed, said)
            venue.run(limit_s=3_000)
            before = begin(made, "run")
            for (_, _, after), heard in zip(venue.lines, venue.heard, strict=True):
                if heard or known(before) != known(after):
                    met.update(way_to(course, before, after, heard))
                before = after
    assert set(met) >= MET
