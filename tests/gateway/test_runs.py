"""Paper runs of shipped policies whose wire fails: real desk, engine, journal, venue and traffic."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from dnkit.cli.exit_of import code_of
from dnkit.desk.gateway import breaker as circuit
from dnkit.desk.gateway.budget import Use
from dnkit.desk.gateway.outcome import Done, Failed, Fate
from dnkit.desk.gateway.wire import Wire
from dnkit.journal.reader import Reader
from dnkit.model.alerts import BUDGET_LOW
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, ReadPosition
from dnkit.model.numbers import NS_PER_S
from dnkit.model.terms import EndName, OrderType
from dnkit.readers.report import report
from dnkit.readers.story import story
from dnkit.runtime import run as runs
from dnkit.runtime.cycles import Plan, run_cycles
from dnkit.runtime.folder import StateFolder
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.run import Floor, RunResult, traffic_to
from dnkit.venues.base import Request
from tests.desk.floor import Quiet, floor_for, program
from tests.gateway.rig import limited

Fault = Callable[[Request, int], Failed | None]
LOST = Failed(fate=Fate.UNKNOWN, text="no answer")


class FaultyWire(Wire):
    """Fails where `fault` says so for a request and its ordinal. A failure of UNKNOWN fate is carried out and
    its answer lost, any other is not carried out. `sent` holds when what reached the wire.
    """

    def __init__(self, fault: Fault, now: Callable[[], int], sent: list[tuple[int, Request]]) -> None:
        super().__init__()
        self._fault = fault
        self._now = now
        self._sent = sent

    def send(self, request: Request, done: Done) -> None:
        self._sent.append((self._now(), request))
        failed = self._fault(request, len(self._sent))
        if failed is None:
            super().send(request, done)
            return
        if failed.fate is Fate.UNKNOWN:
            super().send(request, lambda _outcome: None)
        done(failed)


class Ran:
    """One cycle over a faulty wire; `prepare` may change the floor before it begins."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.folder = folder
        self.sent: list[tuple[int, Request]] = []
        self.alerts: list[str] = []
        self._patch = monkeypatch

    def trade(
        self, policy: str, fault: Fault, prepare: Callable[[Floor], None] = lambda _floor: None
    ) -> RunResult:
        of = program(policy)
        places = tuple(range(len(of.legs)))
        plan = Plan(program=of, turned=of, books=places, book_names=("still",) * len(places))
        with floor_for(of, self.folder, say=lambda alert: self.alerts.append(alert.code)) as floor:
            wire = partial(FaultyWire, fault, floor.world.now, self.sent)
            self._patch.setattr(runs, "Wire", wire)
            venues = VenueFacts()
            for leg in of.legs:
                traffic_to(floor, venues[leg.instrument.venue])
            prepare(floor)
            (result,) = run_cycles(floor, plan, Quiet(), code_of)
        return result

    def placed(self) -> list[PlaceOrder]:
        return [one for _, one in self.sent if isinstance(one, PlaceOrder)]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ran:
    return Ran(monkeypatch, tmp_path)


def nothing(_request: Request, _nth: int) -> None:
    return None


def use_up_to_reserve(floor: Floor) -> None:
    """Other runs have used all that entries may use, this moment."""
    for traffic in floor.traffic.values():
        while traffic.budget.take(Use.ENTRY, floor.world.now()):
            pass


def test_too_many_calls_during_an_unwind_and_it_ends_flat_all_the_same(ran: Ran) -> None:
    """From its first taking order on, the venue takes no calls for a second, twice."""
    told: list[int] = []

    def fault(request: Request, _nth: int) -> Failed | None:
        if isinstance(request, PlaceOrder) and request.type is OrderType.IOC and len(told) < 2:
            told.append(1)
            return limited(1)
        return None

    result = ran.trade("pair_unwind_ioc_ladder", fault)
    assert result.ended.end is EndName.FLAT
    assert result.verified
    assert len(told) == 2
    ((first, order), *_) = [(at, one) for at, one in ran.sent if isinstance(one, PlaceOrder)]
    later = [at for at, one in ran.sent if isinstance(one, PlaceOrder) and one.leg == order.leg][1:]
    assert later
    assert [at for at, one in ran.sent if one.leg == order.leg and first < at < first + NS_PER_S] == []
    assert ran.alerts[:1] == ["BUDGET_LOW"]


def test_at_the_reserve_an_unwind_goes_through_and_an_open_does_not_begin(ran: Ran) -> None:
    result = ran.trade("emergency_unwind", nothing, use_up_to_reserve)
    assert result.ended.end is EndName.FLAT
    assert result.verified
    assert ran.placed()


def test_at_the_reserve_no_entry_leaves(ran: Ran) -> None:
    def hold(floor: Floor) -> None:
        for traffic in floor.traffic.values():
            traffic.budget.kept = (traffic.budget.calls, 0, 0, 0)

    result = ran.trade("open_post_only_hedge", nothing, hold)
    assert result.verified
    assert not result.traded
    assert ran.placed() == []
    assert set(ran.alerts) == {"BUDGET_LOW"}
    with Reader(StateFolder(ran.folder).journal) as reader:
        run = reader.run("last")
        assert {one.alert.code for one in reader.alerts(run.header.run_id)} == {"BUDGET_LOW"}
        (told,) = {one for one in report(reader, "last").alerts if one.startswith("BUDGET_LOW")}
        assert told.endswith(BUDGET_LOW.act)
        assert any("ALERT warn: BUDGET_LOW" in line for line in story(reader, run))


def test_an_open_breaker_lets_the_hedge_of_a_filled_quote_through(ran: Ran) -> None:
    """The venue breaks down for entries between the quote and its hedge."""
    floors: list[Floor] = []

    def fault(request: Request, _nth: int) -> Failed | None:
        if isinstance(request, PlaceOrder) and request.type is OrderType.POST_ONLY:
            for traffic in floors[0].traffic.values():
                for _ in range(circuit.FAILURES_MAX):
                    traffic.breaker = circuit.failing(traffic.breaker, traffic._now(), read=False)
        return None

    result = ran.trade("open_post_only_hedge", fault, floors.append)
    assert result.ended.end is EndName.HEDGED
    assert result.verified
    assert any(one.adds_risk and not one.reason.startswith("quote") for one in ran.placed())


@pytest.mark.parametrize("policy", ["open_post_only_hedge", "close_two_phase", "emergency_unwind"])
@pytest.mark.parametrize("kind", [PlaceOrder, CancelOrder, FindOrder, ReadPosition])
def test_a_lost_answer_never_makes_a_second_order(ran: Ran, policy: str, kind: type[Request]) -> None:
    seen: list[int] = []

    def fault(request: Request, _nth: int) -> Failed | None:
        if isinstance(request, kind):
            seen.append(1)
            return LOST if len(seen) in (1, 3) else None
        return None

    result = ran.trade(policy, fault)
    keys = [one.key for one in ran.placed()]
    assert len(set(keys)) == len(keys)
    assert result.ended.end is not EndName.HALTED
    assert result.verified


@pytest.mark.parametrize("policy", ["open_post_only_hedge", "close_two_phase", "emergency_unwind"])
def test_a_wire_that_is_refused_now_and_then_changes_no_end(ran: Ran, policy: str) -> None:
    def fault(_request: Request, nth: int) -> Failed | None:
        return Failed(fate=Fate.TRANSIENT, text="connection refused") if nth % 3 == 0 else None

    result = ran.trade(policy, fault)
    assert result.ended.end in (EndName.HEDGED, EndName.FLAT)
    assert result.verified
