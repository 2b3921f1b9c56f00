"""What an operator wants of runs on a still market: nothing entered, no other cycle, everything flat."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from dnkit.cli.exit_of import code_of, code_of_all, final, risk_of
from dnkit.control import words
from dnkit.engine.state import Stage, State
from dnkit.journal.verify import verify
from dnkit.model import events as ev
from dnkit.model.errors import DnkitError
from dnkit.model.terms import EndName, Risk, StopWhen
from dnkit.runtime.flatten import flatten_rest
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.run import Floor, RunResult
from tests.desk.floor import Quiet, floor_for, program
from tests.desk.test_cycles import cycles

OPEN, CLOSE, UNWIND = "open_post_only_hedge", "close_two_phase", "emergency_unwind"


class Wishing(Quiet):
    """Asks when a step of a run is of a kind; answers and results are kept."""

    def __init__(self, floor: Floor, when: Callable[[ev.Event, State], bool], *asks: words.Ask) -> None:
        super().__init__()
        self.floor = floor
        self.when = when
        self.asks = asks
        self.answers: list[words.Answer] = []

    def stepped(self, event: ev.Event, state: State) -> None:
        if self.when(event, state) and not self.answers:
            self.answers.append(words.Answer(id=0, ok=True, text="on its way"))
            for ask in self.asks:
                self.floor.helm.inbox.put(partial(self._ask, ask))

    def _ask(self, ask: words.Ask) -> None:
        self.answers.append(self.floor.helm.serve(ask))


def in_phase(_event: ev.Event, state: State) -> bool:
    return state.stage is Stage.PHASE


def flattened(floor: Floor, name: str, listener: Quiet) -> tuple[RunResult, ...]:
    legs = program(name).legs
    names, last = ("still",) * len(legs), listener.results[-1:]
    return tuple(flatten_rest(floor, legs, names, VenueFacts(), listener, code_of, last))


def taken(floor: Floor, name: str) -> Floor:
    floor.helm.take(name, program(name).legs)
    return floor


def test_while_paused_no_entry_leaves_and_the_run_ends_by_its_policys_words(tmp_path: Path) -> None:
    with floor_for(program(OPEN), tmp_path) as floor:
        listener = Wishing(floor, lambda event, _state: isinstance(event, ev.Started), words.Pause())
        (result,) = cycles(floor, OPEN, 1, listener)
        lines = [(one.fact(), one.requests()) for one in floor.reader.lines(result.run_id)]
        assert verify(floor.reader, result.run_id).ok
    assert result.ended.end is EndName.IDLE
    assert not result.traded
    refused = [fact for fact, _ in lines if isinstance(fact, ev.OrderRejected)]
    assert refused
    assert all("operator paused" in one.text for one in refused)


def test_while_paused_what_closes_is_not_held_up(tmp_path: Path) -> None:
    with floor_for(program(CLOSE), tmp_path) as floor:
        (result,) = cycles(floor, CLOSE, 1, Wishing(floor, in_phase, words.Pause()))
    assert (result.ended.end, result.verified) == (EndName.FLAT, True)


def test_while_paused_a_fill_is_hedged(tmp_path: Path) -> None:
    """The hedge of a filled quote opens a position on its leg, and is no entry."""

    def filled(event: ev.Event, _state: State) -> bool:
        return isinstance(event, ev.OrderFilled)

    with floor_for(program(OPEN), tmp_path) as floor:
        listener = Wishing(floor, filled, words.Pause())
        (result,) = cycles(floor, OPEN, 1, listener)
        facts = [one.fact() for one in floor.reader.lines(result.run_id)]
    assert listener.answers[1].ok
    assert (result.ended.end, result.verified) == (EndName.HEDGED, True)
    assert not any("operator" in one.text for one in facts if isinstance(one, ev.OrderRejected))


def test_a_pause_lasts_until_it_is_taken_back(tmp_path: Path) -> None:
    with floor_for(program(CLOSE), tmp_path) as floor:
        listener = Wishing(floor, in_phase, words.Pause(), words.Pause())
        lingered: list[int] = []

        def linger() -> None:
            lingered.append(len(listener.results))
            if len(lingered) == 3:
                floor.helm.serve(words.Resume())

        floor.world.linger = linger  # type: ignore[method-assign]
        results = cycles(floor, CLOSE, 2, listener)
    assert len(results) == 2
    assert lingered == [1, 1, 1]
    assert listener.answers[2].text == "paused already"


def test_a_stop_while_paused_begins_no_other_cycle(tmp_path: Path) -> None:
    with floor_for(program(CLOSE), tmp_path) as floor:
        listener = Wishing(floor, in_phase, words.Pause())
        floor.world.linger = lambda: listener._ask(words.Stop(when=StopWhen.NOW))  # type: ignore[method-assign]
        results = cycles(floor, CLOSE, 3, listener)
    assert len(results) == 1
    assert listener.answers[-1].seq == 0, "no run was at work"


@pytest.mark.parametrize("name", [OPEN, CLOSE, UNWIND])
def test_flatten_leaves_nothing_open_wherever_a_run_stands(name: str, tmp_path: Path) -> None:
    for step in range(1, 30, 3):
        with floor_for(program(name), tmp_path / str(step)) as floor:
            taken(floor, name)
            count: list[int] = []

            def at(_event: ev.Event, _state: State, count: list[int] = count, step: int = step) -> bool:
                count.append(1)
                return len(count) == step

            listener = Wishing(floor, at, words.Flatten(confirm=name))
            results = cycles(floor, name, 1, listener)
            closed = flattened(floor, name, listener)
            assert all(verify(floor.reader, one.run_id).ok for one in (*results, *closed))
            held = [floor.house.account(leg).lots for leg in program(name).legs]
        if listener.answers[1:]:
            assert held == [0] * len(held), step
            assert all(one.verified and one.is_flat for one in closed)
            assert code_of_all(results, 0, closed) in (0, 20)
            assert risk_of(final(results, closed)) is Risk.FLAT


def test_flatten_asks_for_the_policys_name(tmp_path: Path) -> None:
    with floor_for(program(CLOSE), tmp_path) as floor:
        taken(floor, CLOSE)
        for typed in ("", "y", CLOSE.upper(), "flatten"):
            assert not floor.helm.serve(words.Flatten(confirm=typed)).ok
        assert not floor.helm.leaving
        assert floor.helm.serve(words.Flatten(confirm=f" {CLOSE}\n")).ok


def test_flatten_where_nothing_is_open_sends_no_order(tmp_path: Path) -> None:
    with floor_for(program(OPEN), tmp_path) as floor:
        taken(floor, OPEN)
        listener = Wishing(floor, in_phase, words.Flatten(confirm=OPEN))
        (result,) = cycles(floor, OPEN, 1, listener)
        assert flattened(floor, OPEN, listener) == ()
    assert (result.ended.end, result.ended.risk) == (EndName.HALTED, Risk.FLAT)
    assert code_of_all((result,)) == 20


def test_what_is_wanted_is_tried_until_it_is_done(tmp_path: Path) -> None:
    """The first tries cannot even look at the accounts."""
    with floor_for(program(CLOSE), tmp_path) as floor:
        taken(floor, CLOSE)
        listener = Wishing(floor, in_phase, words.Flatten(confirm=CLOSE))
        (result,) = cycles(floor, CLOSE, 1, listener)
        look, fails = floor.house.account, [1, 2, 3]

        def account(spec: object) -> object:
            if fails:
                fails.pop()
                raise DnkitError("the exchange does not answer")
            return look(spec)  # type: ignore[arg-type]

        floor.house.account = account  # type: ignore[method-assign,assignment]
        closed = flattened(floor, CLOSE, listener)
    assert sum("cannot flatten now" in one for one in listener.notes) == 3
    assert len(closed) == 2
    assert all(one.verified and one.is_flat for one in closed)
    assert code_of_all((result,), 0, closed) == 20


def test_a_signal_ends_the_trying_and_the_code_is_honest(tmp_path: Path) -> None:
    with floor_for(program(CLOSE), tmp_path) as floor:
        taken(floor, CLOSE)
        listener = Wishing(floor, in_phase, words.Flatten(confirm=CLOSE))
        (result,) = cycles(floor, CLOSE, 1, listener)
        floor.helm.signalled("SIGINT")

        def account(_spec: object) -> object:
            raise DnkitError("the exchange does not answer")

        floor.house.account = account  # type: ignore[method-assign,assignment]
        assert flattened(floor, CLOSE, listener) == ()
    assert code_of_all((result,), 2, ()) == 21, "both legs are open and even"


def test_stop_flat_flattens_what_the_stop_rule_leaves(tmp_path: Path) -> None:
    """An open that was hedged when it was stopped: its stop rule leaves it hedged."""
    with floor_for(program(OPEN), tmp_path) as floor:
        taken(floor, OPEN)
        stop = words.Stop(when=StopWhen.FLAT)
        listener = Wishing(floor, lambda _event, state: state.stage is Stage.SWEEP, stop)
        (result,) = cycles(floor, OPEN, 3, listener)
        closed = flattened(floor, OPEN, listener)
        assert [floor.house.account(leg).lots for leg in program(OPEN).legs] == [0, 0]
    assert result.ended.end is EndName.HEDGED
    assert code_of_all((result,), 0, closed) == 0, "it ended as the operator wanted it"


def test_a_stronger_wish_takes_the_place_of_a_weaker_one(tmp_path: Path) -> None:
    with floor_for(program(CLOSE), tmp_path) as floor:
        helm = taken(floor, CLOSE).helm
        for when in (StopWhen.HEDGED, StopWhen.NOW, StopWhen.HEDGED, StopWhen.FLAT, StopWhen.NOW):
            assert helm.serve(words.Stop(when=when)).ok
        assert helm.stopping is StopWhen.FLAT
        assert helm.wants_flat
        assert "stopping already (flat)" in helm.serve(words.Stop(when=StopWhen.NOW)).text
        helm.serve(words.Flatten(confirm=CLOSE))
        assert "flattening already" in helm.serve(words.Stop(when=StopWhen.NOW)).text
        assert not helm.released, "only a signal ends the trying"


def test_wishes_outlive_the_process(tmp_path: Path) -> None:
    """What the journal tells of a run that is resumed is wanted again."""
    with floor_for(program(CLOSE), tmp_path) as floor:
        for event in (ev.PauseAsked(1, "x"), ev.StopAsked(2, "x", StopWhen.FLAT)):
            floor.helm.recall(event)
        assert floor.helm.paused
        assert floor.helm.wants_flat
        floor.helm.recall(ev.ResumeAsked(3, "x"))
        floor.helm.recall(ev.FlattenAsked(4, "x"))
        assert not floor.helm.paused
        assert floor.helm.flattening
