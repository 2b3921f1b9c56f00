"""A leg's gateway: what leaves, what is tried again, what the run hears."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnkit.desk.gateway.brakes import REST_NS, SAME_MAX
from dnkit.desk.gateway.breaker import FAILURES_MAX, OPEN_NS
from dnkit.desk.gateway.gateway import Gateway
from dnkit.desk.gateway.outcome import Answered, Fate, Outcome
from dnkit.desk.gateway.traffic import RETRIES
from dnkit.model import events as ev
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, ReadPosition, SweepOrders
from dnkit.model.numbers import NS_PER_S, PICO
from dnkit.model.terms import FoundKind, RejectKind
from dnkit.venues.base import Request
from tests.gateway.rig import FACTS, Bench, cancel, failed, find, fine, limited, order, read, sweep

TRANSIENT, PERMANENT, UNKNOWN = failed(Fate.TRANSIENT), failed(Fate.PERMANENT), failed(Fate.UNKNOWN)


def ask(gateway: Gateway, request: Request) -> None:
    """Hand a request in at its door."""
    doors: dict[type, Callable[..., None]] = {
        PlaceOrder: gateway.place,
        CancelOrder: gateway.cancel,
        FindOrder: gateway.find,
        ReadPosition: gateway.read_position,
        SweepOrders: gateway.sweep,
    }
    doors[type(request)](request)


ALL = (order(), order(entry=True), cancel(), find(), read(), sweep())
RISK_REDUCING = (order(), cancel(), find(), read(), sweep())
QUESTIONS = (find(), read(), sweep())


@pytest.mark.parametrize("request_", ALL, ids=str)
def test_without_faults_a_request_leaves_at_once_and_its_answer_comes_at_once(request_: Request) -> None:
    bench = Bench()
    ask(bench.gateway, request_)
    assert bench.sent == [(0.0, request_)]
    assert bench.events() == [fine(request_).event]  # type: ignore[union-attr]
    bench.wait(100)
    assert len(bench.sent) == len(bench.heard) == 1
    assert bench.alerts == []


@pytest.mark.parametrize("request_", RISK_REDUCING, ids=str)
def test_what_was_not_carried_out_is_tried_again_within_bounds(request_: Request) -> None:
    bench = Bench(*[TRANSIENT] * 50)
    ask(bench.gateway, request_)
    bench.wait(100)
    assert len(bench.sent) == RETRIES.tries
    assert bench.sent[-1][0] < 3
    assert len(bench.heard) == 1


@pytest.mark.parametrize("request_", ALL, ids=str)
def test_what_the_venue_refuses_is_not_tried_again(request_: Request) -> None:
    bench = Bench(PERMANENT)
    ask(bench.gateway, request_)
    bench.wait(100)
    assert len(bench.sent) == len(bench.heard) == 1


@pytest.mark.parametrize("request_", QUESTIONS, ids=str)
def test_a_question_is_asked_again_after_an_unknown_outcome(request_: Request) -> None:
    bench = Bench(UNKNOWN, UNKNOWN, fine)
    ask(bench.gateway, request_)
    bench.wait(100)
    assert len(bench.sent) == 3
    assert bench.events() == [fine(request_).event]  # type: ignore[union-attr]


@pytest.mark.parametrize("request_", [order(), order(entry=True), cancel()], ids=str)
def test_an_order_is_never_sent_again_after_an_unknown_outcome(request_: Request) -> None:
    bench = Bench(UNKNOWN)
    ask(bench.gateway, request_)
    bench.wait(100)
    assert len(bench.sent) == 1
    assert [type(one) for one in bench.events()] == [ev.AnswerLost]


def test_an_entry_that_did_not_get_through_is_told_at_once() -> None:
    bench = Bench(TRANSIENT)
    bench.gateway.place(order(entry=True))
    bench.wait(100)
    assert len(bench.sent) == 1
    assert bench.heard == [
        (0.0, ev.OrderRejected(bench.now() - 100 * NS_PER_S, 0, 1, RejectKind.OTHER, "trouble"))
    ]


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (order(), ev.AnswerLost),
        (order(entry=True), ev.AnswerLost),
        (cancel(), ev.AnswerLost),
        (find(), ev.OrderFound),
        (read(), ev.PositionRead),
        (sweep(), ev.OrdersSwept),
    ],
    ids=str,
)
def test_silence_ends_in_a_fact_that_is_no_refusal(request_: Request, told: type[ev.Event]) -> None:
    bench = Bench(None)
    ask(bench.gateway, request_)
    bench.wait(100)
    ((at, event),) = bench.heard
    assert at == FACTS.answer_within_ns / NS_PER_S
    assert type(event) is told


def test_an_answer_after_the_wait_was_over_is_news_all_the_same() -> None:
    bench = Bench(None)
    bench.gateway.place(order())
    bench.wait(10)
    bench.open[0](fine(order()))
    bench.open[0](UNKNOWN)
    assert [type(one) for one in bench.events()] == [ev.AnswerLost, ev.OrderAccepted]


def test_an_acknowledgement_without_a_fact_ends_the_wait_and_says_nothing() -> None:
    bench = Bench(Answered(None))
    bench.gateway.cancel(cancel())
    bench.wait(100)
    assert bench.heard == []


def test_waits_between_tries_are_of_the_seed() -> None:
    def times(seed: int) -> list[float]:
        bench = Bench(*[TRANSIENT] * 9, seed=seed)
        bench.gateway.cancel(cancel())
        bench.wait(9)
        return [at for at, _ in bench.sent]

    assert times(3) == times(3) != times(4)


# Too many calls


def test_nothing_leaves_before_the_venue_takes_calls_again() -> None:
    bench = Bench(limited(2))
    bench.gateway.cancel(cancel())
    bench.gateway.read_position(read())
    bench.wait(9)
    assert [type(one) for _, one in bench.sent] == [CancelOrder, ReadPosition, CancelOrder]
    assert [at >= 2 for at, _ in bench.sent] == [False, True, True]
    assert bench.sent[1][0] == 2
    assert [one.code for one in bench.alerts] == ["BUDGET_LOW"]


def test_without_a_word_on_how_long_a_second_passes() -> None:
    bench = Bench(limited())
    bench.gateway.cancel(cancel())
    bench.wait(9)
    assert bench.sent[1][0] >= 1


def test_a_wait_beyond_the_runs_own_ends_in_a_refusal_that_is_not_rushed() -> None:
    bench = Bench(limited(60))
    bench.gateway.place(order())
    bench.wait(100)
    ((at, event),) = bench.heard
    assert at == 3.0  # three quarters of the four seconds: a ladder of refusals is not burnt in a moment
    assert isinstance(event, ev.OrderRejected)
    assert event.why is RejectKind.RATE
    assert len(bench.sent) == 1


def test_entries_are_refused_at_once_while_the_venue_takes_no_calls() -> None:
    bench = Bench(limited(2))
    bench.gateway.cancel(cancel())
    bench.gateway.place(order(7, entry=True))
    (event,) = bench.events()
    assert isinstance(event, ev.OrderRejected)
    assert (event.order, event.why) == (7, RejectKind.RATE)


# Budget


def test_entries_stop_at_the_reserve_and_the_way_out_goes_on() -> None:
    bench = Bench()
    for number in range(1, 9):
        bench.gateway.place(order(number, entry=True))
    assert len(bench.sent) == 6
    refused = [one for one in bench.events() if isinstance(one, ev.OrderRejected)]
    assert [one.text for one in refused] == ["not sent: aster calls to the venue are down to the reserve"] * 2
    for number in range(9, 11):
        bench.gateway.place(order(number))
    bench.gateway.cancel(cancel(9))
    bench.gateway.sweep(sweep())
    assert len(bench.sent) == 10
    assert [one.code for one in bench.alerts] == ["BUDGET_LOW"]
    assert bench.seconds() == 0


def test_acts_go_before_reads_when_there_is_no_room() -> None:
    bench = Bench()
    bench.use_up(10)
    for request in (read(1), find(2), cancel(3), order(4), read(5)):
        ask(bench.gateway, request)
    assert bench.sent == []
    bench.wait(1)
    assert [one for _, one in bench.sent] == [find(2), cancel(3), order(4), read(1), read(5)]


def test_a_read_waits_no_longer_than_its_run_would() -> None:
    bench = Bench()
    bench.traffic.budget.hold(bench.now() + 60 * NS_PER_S)
    bench.gateway.read_position(read())
    bench.wait(9)
    ((at, event),) = bench.heard
    assert at == 3.0
    assert isinstance(event, ev.PositionRead)
    assert event.lots is None


def test_both_legs_of_a_venue_share_its_room() -> None:
    bench = Bench()
    other = bench.leg(1)
    for number in range(1, 5):
        bench.gateway.place(order(number, entry=True))
        other.place(order(number, entry=True, leg=1))
    assert len(bench.sent) == 6


CALLS = st.lists(st.tuples(st.sampled_from(ALL), st.integers(0, 900)), max_size=60)
REPLIES = st.lists(
    st.sampled_from([TRANSIENT, PERMANENT, UNKNOWN, limited(), limited(2), limited(9), None]), max_size=60
)


@given(CALLS, REPLIES)
def test_whatever_fails_every_request_ends_in_a_fact_and_no_window_is_overdrawn(
    calls: list[tuple[Request, int]], replies: list[Outcome | None]
) -> None:
    bench = Bench(*replies)
    for request, passed in calls:
        ask(bench.gateway, request)
        bench.wait(passed / 1_000)
    bench.wait(30)
    assert len(bench.heard) >= len(calls)
    times = [at for at, _ in bench.sent]
    for first in times:
        assert sum(first <= one < first + 1 for one in times) <= FACTS.rate_calls


@given(CALLS, REPLIES)
def test_whatever_fails_no_placement_is_sent_again_after_an_unknown_outcome(
    calls: list[tuple[Request, int]], replies: list[Outcome | None]
) -> None:
    bench, seen = Bench(), dict[int, list[Outcome | None]]()
    queue = list(replies)

    def reply(request: Request) -> Outcome:
        answer = queue.pop(0) if queue else fine(request)
        if isinstance(request, PlaceOrder):
            seen.setdefault(request.order, []).append(answer)
        return answer if answer is not None else UNKNOWN

    bench.replies = [reply] * 400
    for number, (request, passed) in enumerate(calls, start=1):
        placed = isinstance(request, PlaceOrder)
        ask(bench.gateway, order(number, entry=request.adds_risk) if placed else request)  # type: ignore[union-attr]
        bench.wait(passed / 1_000)
    bench.wait(30)
    for answers in seen.values():
        assert all(one is not None and getattr(one, "fate", None) is Fate.TRANSIENT for one in answers[:-1])


# Breaker


def break_circuit(bench: Bench) -> None:
    bench.replies = [UNKNOWN] * FAILURES_MAX
    for number in range(FAILURES_MAX):
        bench.gateway.cancel(cancel(number))
    bench.heard.clear()
    bench.sent.clear()


@pytest.mark.parametrize("request_", RISK_REDUCING, ids=str)
def test_an_open_breaker_lets_everything_through_that_reduces_risk(request_: Request) -> None:
    bench = Bench()
    break_circuit(bench)
    ask(bench.gateway, request_)
    assert bench.sent == [(0.0, request_)]


def test_an_open_breaker_refuses_entries_and_tells_a_human_once() -> None:
    bench = Bench()
    break_circuit(bench)
    for number in range(3):
        bench.gateway.place(order(number, entry=True))
    assert bench.sent == []
    assert {type(one) for one in bench.events()} == {ev.OrderRejected}
    assert [(one.code, one.text) for one in bench.alerts] == [
        ("ENTRIES_STOPPED", "aster does not answer: trouble")
    ]


def test_an_entry_tries_after_a_while_and_its_answer_lets_the_next_ones_in() -> None:
    bench = Bench()
    break_circuit(bench)
    bench.wait(OPEN_NS / NS_PER_S)
    for number in (1, 2):
        bench.gateway.place(order(number, entry=True))
    assert len(bench.sent) == 2


# Brakes


def test_the_same_refusal_again_and_again_stops_entries_for_a_while() -> None:
    bench = Bench()
    for number in range(SAME_MAX):
        bench.replies = [Answered(ev.OrderRejected(0, 0, number, RejectKind.MARGIN, "no money"))]
        bench.gateway.place(order(number, entry=True))
        bench.wait(1)
    bench.sent.clear()
    bench.gateway.place(order(8, entry=True))
    bench.gateway.place(order(9))
    assert [one for _, one in bench.sent] == [order(9)]
    assert [one.text for one in bench.alerts] == ["aster: refused 5 orders in a row: margin, no money"]
    bench.wait(REST_NS / NS_PER_S)
    bench.gateway.place(order(10, entry=True))
    assert bench.sent[-1][1] == order(10, entry=True)


def test_a_refusal_told_as_a_failure_counts_as_one() -> None:
    bench = Bench(*[PERMANENT] * SAME_MAX)
    for number in range(SAME_MAX):
        bench.gateway.place(order(number))
    assert [one.code for one in bench.alerts] == ["ENTRIES_STOPPED"]


def test_fees_above_the_limit_stop_entries() -> None:
    bench = Bench(most_fees=PICO)
    for number, fee in ((1, PICO), (1, PICO), (2, 1)):
        bench.gateway.place(order(10, entry=True))
        assert bench.sent
        bench.gateway.hear(ev.OrderFilled(0, 0, number, 5, 500, fee, False))
    bench.sent.clear()
    bench.gateway.place(order(11, entry=True))
    bench.gateway.place(order(12))
    assert [one for _, one in bench.sent] == [order(12)]
    assert [one.code for one in bench.alerts] == ["ENTRIES_STOPPED"]


# Orders that left late


def absent(at: Bench) -> FoundKind:
    at.gateway.find(find())
    found = at.events()[-1]
    assert isinstance(found, ev.OrderFound)
    return found.found


def test_no_such_order_proves_nothing_before_the_lag_after_the_real_sending() -> None:
    bench = Bench(TRANSIENT, TRANSIENT, UNKNOWN)
    bench.gateway.place(order())
    bench.wait(1)
    left = bench.sent[2][0]
    assert left > 0
    lag = FACTS.lookup_lag_ns / NS_PER_S
    bench.wait(lag - 1)  # past the lag after the moment the run believes in, not yet after the real one
    assert absent(bench) is FoundKind.ERROR
    bench.wait(left)
    assert absent(bench) is FoundKind.ABSENT


def test_no_such_order_is_passed_on_where_the_order_left_at_once() -> None:
    bench = Bench(UNKNOWN)
    bench.gateway.place(order())
    assert absent(bench) is FoundKind.ABSENT


def test_an_order_that_waits_never_leaves_once_its_leg_is_swept() -> None:
    bench = Bench(TRANSIENT)
    other = bench.leg(1)
    bench.use_up(9)
    bench.gateway.place(order(1))
    other.place(order(2, leg=1))
    bench.gateway.sweep(sweep())
    bench.wait(9)
    assert [one for _, one in bench.sent] == [order(1), order(2, leg=1), sweep()]
    assert isinstance(bench.events()[0], ev.OrderRejected)


def test_a_run_that_is_over_sends_and_hears_nothing_more() -> None:
    bench = Bench(None)
    bench.gateway.read_position(read())
    bench.use_up(9)
    bench.gateway.cancel(cancel())
    bench.gateway.close()
    bench.wait(100)
    assert len(bench.sent) == 1
    assert bench.heard == []
