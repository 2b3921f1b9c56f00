"""The desk: line before act, never nested, and what happens when no line can be written."""

import pytest

from dnkit.journal.errors import JournalError
from dnkit.model.commands import PlaceOrder
from dnkit.model.events import OrderAccepted, StopAsked, Woken
from dnkit.model.terms import Risk
from tests.desk.rig import Bench


def test_a_line_is_written_before_its_order_leaves_and_waits_for_the_disk() -> None:
    bench = Bench()
    bench.start()
    bench.run(1)
    at = next(index for index, (name, _) in enumerate(bench.log) if name == "place")
    name, (_, commands, durable) = bench.log[at - 1]
    assert name == "line"
    assert bench.log[at][1] in commands
    assert durable


def test_lines_that_add_no_risk_do_not_wait_for_the_disk() -> None:
    bench = Bench()
    bench.start()
    bench.run(1)
    for _, commands, durable in bench.of("line"):
        assert durable == any(isinstance(one, PlaceOrder) and one.adds_risk for one in commands)


def test_answers_given_on_the_spot_are_steps_of_their_own_and_come_after_the_line() -> None:
    bench = Bench()
    bench.start()
    bench.run(1)
    kinds = [type(event).__name__ for event, _, _ in bench.of("line")]
    assert kinds.count("BookRead") >= len(bench.program.legs)
    assert kinds[0] == "Started"


def test_the_engine_is_woken_at_its_deadline() -> None:
    bench = Bench()
    bench.start()
    bench.run(1)
    order = bench.of("place")[0]
    bench.desk.handle(OrderAccepted(bench.scheduler.now_ns, order.leg, order.order))
    bench.run(10)
    woken = [event for event, _, _ in bench.of("line") if isinstance(event, Woken)]
    assert woken
    assert bench.of("cancel"), "the patience of the resting order is over"


def test_a_journal_that_takes_no_risk_stops_the_run_before_any_order() -> None:
    bench = Bench(refuse_durable=True)
    bench.start()
    bench.run(30)
    assert bench.of("place") == []
    stops = [event for event, _, _ in bench.of("line") if isinstance(event, StopAsked)]
    assert len(stops) == 1
    assert "the disk is full" in stops[0].why
    assert bench.desk.ended is not None
    assert bench.desk.ended.risk is Risk.FLAT


def test_when_not_even_the_way_out_can_be_written_the_error_comes_out() -> None:
    bench = Bench()
    bench.refuse_all = True
    with pytest.raises(JournalError, match="the disk is full"):
        bench.start()
    assert bench.log == []


def test_events_after_the_end_are_left_alone() -> None:
    bench = Bench(refuse_durable=True)
    bench.start()
    bench.run(30)
    lines = len(bench.of("line"))
    bench.desk.handle(Woken(bench.scheduler.now_ns))
    bench.run(100)
    assert len(bench.of("line")) == lines
