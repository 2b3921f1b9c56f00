"""Simulated time."""

from hypothesis import given
from hypothesis import strategies as st

from dnkit.desk.scheduler import NEVER, Scheduler


def test_calls_run_in_time_and_calls_of_one_instant_in_order() -> None:
    scheduler, heard = Scheduler(), []
    for when, name in ((30, "c"), (10, "a"), (30, "d"), (20, "b")):
        scheduler.at(when, lambda name=name: heard.append((scheduler.now_ns, name)))
    scheduler.run_due(30)
    assert heard == [(10, "a"), (20, "b"), (30, "c"), (30, "d")]
    assert scheduler.now_ns == 30
    assert scheduler.next_at() == NEVER


def test_a_call_may_ask_for_another_one_at_once() -> None:
    scheduler, heard = Scheduler(), []
    scheduler.at(5, lambda: scheduler.at(5, lambda: heard.append(scheduler.now_ns)))
    scheduler.run_due(5)
    assert heard == [5]


def test_what_lies_in_the_past_runs_now_and_time_never_goes_back() -> None:
    scheduler, heard = Scheduler(100), []
    scheduler.at(7, lambda: heard.append(scheduler.now_ns))
    assert scheduler.next_at() == 100
    scheduler.run_due(50)
    assert heard == []
    assert scheduler.now_ns == 100
    scheduler.run_due(100)
    assert heard == [100]


@given(st.lists(st.integers(0, 1_000), max_size=40), st.integers(0, 1_000))
def test_exactly_what_is_due_runs_in_order(times: list[int], until: int) -> None:
    scheduler, heard = Scheduler(), []
    for when in times:
        scheduler.at(when, lambda when=when: heard.append(when))
    scheduler.run_due(until)
    assert heard == sorted(when for when in times if when <= until)
    assert scheduler.now_ns == until
