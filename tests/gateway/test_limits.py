"""Backoff, breaker, budget and brakes: bounds that hold for every history."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnkit.desk.gateway import breaker as circuit
from dnkit.desk.gateway.backoff import Backoff, wait_ns
from dnkit.desk.gateway.brakes import HOUR_NS, MARKET_MAX, REST_NS, SAME_MAX, SLOT_NS, Churn, SameRefusal
from dnkit.desk.gateway.breaker import CLOSED, FAILURES_MAX, OPEN_MAX_NS, OPEN_NS, Breaker, Circuit
from dnkit.desk.gateway.budget import Budget, Use
from dnkit.model.numbers import NS_PER_S, PICO
from dnkit.model.terms import RejectKind

BACKOFF = Backoff(base_ns=NS_PER_S, cap_ns=30 * NS_PER_S, tries=5)
SECONDS = st.integers(0, 100).map(lambda one: one * NS_PER_S // 10)


# Backoff


@given(st.integers(1, 500), st.integers(), st.integers(0, 10**12))
def test_a_wait_is_bounded_and_never_sooner_than_asked_for(tried: int, seed: int, asked: int) -> None:
    wait = wait_ns(BACKOFF, tried, Random(seed), asked)
    assert asked <= wait <= asked + min(30, 2 ** (tried - 1)) * NS_PER_S


def test_the_same_seed_waits_the_same_and_another_does_not() -> None:
    def waits(seed: int) -> list[int]:
        dice = Random(seed)
        return [wait_ns(BACKOFF, tried, dice) for tried in range(1, 6)]

    assert waits(4) == waits(4) != waits(5)


def test_jitter_uses_the_whole_range() -> None:
    dice = Random(1)
    drawn = [wait_ns(BACKOFF, 3, dice) for _ in range(1_000)]
    assert min(drawn) < NS_PER_S / 10
    assert max(drawn) > 3.9 * NS_PER_S


# Breaker


def broken(now: int = 0) -> Breaker:
    breaker = CLOSED
    for _ in range(FAILURES_MAX):
        breaker = circuit.failing(breaker, now, read=False)
    return breaker


def test_failures_in_a_row_open_it() -> None:
    breaker = CLOSED
    for _ in range(FAILURES_MAX - 1):
        breaker = circuit.failing(breaker, 0, read=False)
        assert circuit.may_enter(breaker, 0)
    assert circuit.failing(circuit.answering(breaker, read=False), 0, read=False).circuit is Circuit.CLOSED
    assert not circuit.may_enter(circuit.failing(breaker, 0, read=False), OPEN_NS - 1)


def test_reads_that_fail_open_it_and_reads_that_work_do_not_hide_orders_that_fail() -> None:
    breaker = CLOSED
    for _ in range(FAILURES_MAX):
        breaker = circuit.failing(breaker, 0, read=True)
    assert breaker.circuit is Circuit.OPEN
    breaker = CLOSED
    for _ in range(FAILURES_MAX):
        breaker = circuit.answering(circuit.failing(breaker, 0, read=False), read=True)
    assert breaker.circuit is Circuit.OPEN


def test_one_entry_tries_and_its_answer_decides() -> None:
    breaker = broken()
    assert circuit.may_enter(breaker, OPEN_NS)
    trying = circuit.entering(breaker, OPEN_NS)
    assert trying.circuit is Circuit.HALF_OPEN
    assert not circuit.may_enter(trying, OPEN_NS + 1)
    assert circuit.answering(trying, read=False) == CLOSED
    again = circuit.failing(trying, OPEN_NS + 1, read=False)
    assert again.circuit is Circuit.OPEN
    assert not circuit.may_enter(again, OPEN_NS + 1 + 2 * OPEN_NS - 1)
    assert circuit.may_enter(again, OPEN_NS + 1 + 2 * OPEN_NS)


def test_an_entry_that_nobody_answers_is_not_the_last_one() -> None:
    trying = circuit.entering(broken(), OPEN_NS)
    assert circuit.may_enter(trying, 2 * OPEN_NS)


def test_it_stays_open_longer_each_time_up_to_a_bound() -> None:
    times = [circuit.open_ns(count) for count in range(30)]
    assert times[:3] == [OPEN_NS, 2 * OPEN_NS, 4 * OPEN_NS]
    assert max(times) == times[-1] == OPEN_MAX_NS


@given(st.lists(st.tuples(st.sampled_from(["fail", "answer", "enter"]), st.booleans(), SECONDS)))
def test_entries_are_never_kept_out_for_longer_than_the_bound(history: list[tuple[str, bool, int]]) -> None:
    breaker, now = CLOSED, 0
    for what, read, passed in history:
        now += passed
        if what == "fail":
            breaker = circuit.failing(breaker, now, read=read)
        elif what == "answer":
            breaker = circuit.answering(breaker, read=read)
        elif circuit.may_enter(breaker, now):
            breaker = circuit.entering(breaker, now)
        assert circuit.may_enter(breaker, now + OPEN_MAX_NS)


# Budget

CALLS = st.lists(st.tuples(st.sampled_from(Use), st.integers(0, 3)), max_size=120)


@given(st.integers(1, 30), st.integers(1, 20), CALLS)
def test_no_window_ever_holds_more_calls_than_the_venue_takes(
    most: int, window: int, asked: list[tuple[Use, int]]
) -> None:
    budget, now, sent = Budget(most, window), 0, list[int]()
    for use, passed in asked:
        now += passed
        if budget.take(use, now):
            sent.append(now)
    for first in sent:
        assert sum(first <= one < first + window for one in sent) <= most


@given(st.integers(1, 30), st.integers(1, 20), CALLS)
def test_entries_never_touch_the_reserve(most: int, window: int, asked: list[tuple[Use, int]]) -> None:
    budget, now = Budget(most, window), 0
    for use, passed in asked:
        now += passed
        room = budget.room(now)
        taken = budget.take(use, now)
        assert taken is (room > budget.kept[use])
        assert budget.room(now) >= (budget.kept[use] if taken else 0)


@given(st.integers(1, 30), st.integers(1, 20), CALLS, st.sampled_from(Use), st.integers(0, 50))
def test_the_moment_it_names_is_the_first_that_fits(
    most: int, window: int, asked: list[tuple[Use, int]], use: Use, held: int
) -> None:
    budget, now = Budget(most, window), 0
    for one, passed in asked:
        now += passed
        budget.take(one, now)
    budget.hold(held)
    opens = budget.opens_ns(use, now)
    early = next((at for at in range(now, opens) if budget.has_room(use, at)), None)
    assert early is None
    assert budget.has_room(use, opens)


@pytest.mark.parametrize("calls", [1, 2, 3, 10, 40, 1200])
def test_there_is_always_room_for_an_entry_at_rest(calls: int) -> None:
    assert Budget(calls, 1).take(Use.ENTRY, 0)


def test_the_reserve_is_two_fifths_and_half_of_that_is_for_acts() -> None:
    budget = Budget(40, NS_PER_S)
    entries = sum(budget.take(Use.ENTRY, 0) for _ in range(100))
    reads = sum(budget.take(Use.READ, 0) for _ in range(100))
    needs = sum(budget.take(Use.NEED, 0) for _ in range(3))
    acts = sum(budget.take(Use.ACT, 0) for _ in range(100))
    assert (entries, reads, needs, acts) == (24, 8, 3, 5)


@given(st.integers(1, 30), st.integers(1, 20), CALLS, st.integers(1, 40))
def test_room_for_a_run_comes_within_a_window(
    most: int, window: int, asked: list[tuple[Use, int]], calls: int
) -> None:
    budget, now = Budget(most, window), 0
    for use, passed in asked:
        now += passed
        budget.take(use, now)
    if budget.has_room_for(calls, now):
        taken = sum(budget.take(Use.ENTRY, now) for _ in range(calls))
        assert taken == min(calls, most - budget.kept[Use.ENTRY])
    assert budget.has_room_for(calls, now + window)


# Brakes


def test_the_same_mistake_in_a_row_stops_entries_for_a_while() -> None:
    refusals = SameRefusal()
    answers = [refusals.refused(RejectKind.MARGIN, f"order {n}: need {n}.5 more", 7) for n in range(SAME_MAX)]
    assert answers == [False] * (SAME_MAX - 1) + [True]
    assert refusals.until_ns == 7 + REST_NS
    assert refusals.words == "refused 5 orders in a row: margin, order 4: need 4.5 more"


def test_an_order_that_is_taken_or_refused_otherwise_begins_the_row_anew() -> None:
    refusals = SameRefusal()
    for n in range(10 * SAME_MAX):
        assert not refusals.refused(RejectKind.MARGIN, "", 0)
        if n % 2:
            refusals.accepted()
        else:
            assert not refusals.refused(RejectKind.OTHER, "", 0)


@pytest.mark.parametrize("why", [RejectKind.POST_ONLY_CROSS, RejectKind.NO_MATCH])
def test_the_market_may_say_no_more_often(why: RejectKind) -> None:
    refusals = SameRefusal()
    assert [refusals.refused(why, "", 0) for _ in range(MARKET_MAX)].index(True) == MARKET_MAX - 1


@pytest.mark.parametrize("why", [RejectKind.DUPLICATE, RejectKind.RATE])
def test_what_is_seen_to_elsewhere_does_not_count(why: RejectKind) -> None:
    refusals = SameRefusal()
    assert not any(refusals.refused(why, "", 0) for _ in range(200))


@given(st.lists(st.tuples(st.integers(-50, 100), st.integers(0, 90).map(lambda one: one * SLOT_NS))))
def test_fees_of_the_last_hour_are_what_counts(paid: list[tuple[int, int]]) -> None:
    churn, now, told = Churn(100), 0, list[tuple[int, int]]()
    for fee, passed in paid:
        now += passed
        churn.pay(fee, now)
        told.append((now, fee))
        churn.is_over(now)
        assert churn.paid == sum(fee for at, fee in told if at >= now - HOUR_NS)


def test_churn_stops_above_its_limit_and_lets_go_an_hour_later() -> None:
    churn = Churn(2 * PICO)
    churn.pay(2 * PICO, 0)
    assert not churn.is_over(0)
    churn.pay(PICO // 2, 1)
    assert churn.is_over(1)
    assert churn.words() == "cost 2.5 of fees in an hour, above 2"
    assert not churn.is_over(HOUR_NS + SLOT_NS)
    free = Churn(None)
    free.pay(10**9 * PICO, 0)
    assert not free.is_over(0)


def test_calls_of_an_earlier_process_count_as_long_as_they_are_in_the_window() -> None:
    budget = Budget(10, NS_PER_S)
    for left_ns in (0, 500, 600):
        budget.recall(left_ns, NS_PER_S)
    assert budget.room(NS_PER_S) == 8
    assert budget.room(NS_PER_S + 500) == 9
