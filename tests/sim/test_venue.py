"""What a scripted venue does: when answers come, what is true meanwhile, and what is never heard."""

from typing import TypeVar

import pytest

from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.model.terms import EndKind, EndName, FoundKind, OrderType, RejectKind, Risk
from dnkit.sim.run import Ran
from dnkit.sim.tell import tell
from tests.sim.play import CLOSE, OPEN, UNWIND, play, sent, unmet

MS = NS_PER_MS
Kind = TypeVar("Kind", bound=ev.Event)


def heard(ran: Ran, kind: type[Kind]) -> list[Kind]:
    """Events of a kind, in order."""
    return [event for event, _, _ in ran.lines if isinstance(event, kind)]


def moments(ran: Ran, kind: type[ev.Event]) -> list[int]:
    """Their times in ms."""
    return [event.at_ns // MS for event in heard(ran, kind)]


def test_replies_come_at_their_time_after_the_request_or_of_the_run() -> None:
    ran = play(
        f"""{CLOSE}orders:
  a#1: [accepted, {{filled: 25%, after: 100ms}}, {{filled: 25%, at: 1.5s}}, {{filled: all, after: 3s}}]
  b#1: [{{accepted, after: 7ms}}, {{filled: all, after: 5s}}]
"""
    )
    assert moments(ran, ev.OrderAccepted) == [27, 30]
    assert moments(ran, ev.OrderFilled) == [120, 1500, 3020, 3050], "the last one crosses the spread"


def test_an_answer_without_a_time_comes_with_the_one_before_it() -> None:
    ran = play(f"{UNWIND}latency: 40ms\norders: {{a#1: [accepted, {{filled: all, after: 1s}}, repeated]}}\n")
    assert moments(ran, ev.OrderAccepted) == [120]
    assert moments(ran, ev.OrderFilled) == [1080, 1080]


def test_of_one_moment_the_smaller_nth_comes_first() -> None:
    def order_of(first: str, second: str) -> list[int]:
        text = f"{CLOSE}orders: {{a#1: {{accepted, at: 50ms{first}}}, b#1: {{accepted, at: 50ms{second}}}}}\n"
        return [one.leg for one in heard(play(text), ev.OrderAccepted)]

    assert order_of("", "") == [0, 1]
    assert order_of(", nth: 1", "") == [1, 0]


def test_orders_without_a_script_rest_or_take_what_the_book_holds() -> None:
    ran = play(CLOSE.replace("b: {bid: 2680.00", "b: {ask_size: 0.15 ETH, bid: 2680.00"))
    assert sent(ran)[:4] == [("passive#1", 200), ("passive#1", 2000), ("finish#1", 200), ("finish#1", 2000)]
    assert ("finish#2", 500) in sent(ran), "a taker is filled with what the touch holds, the rest expires"
    ended = [one for one in heard(ran, ev.OrderEnded) if one.leg == 1]
    assert [(one.why, one.cum) for one in ended][-1] == (EndKind.EXPIRED, 1500)


def test_all_or_nothing_takes_all_or_nothing() -> None:
    text = UNWIND.replace("emergency_unwind", "emergency_unwind_three_tier")
    thin = text.replace("ask: 116.71", "ask: 116.71, bid_size: 1 SOL")
    ran = play(
        f"{thin}orders: {{a#1: {{ended: expired}}, a#2: {{ended: expired}}, a#3: {{ended: expired}}}}\n"
    )
    assert ran.orders()[-1].type is OrderType.FOK
    assert ran.truth.positions == [25]


def test_a_taker_is_filled_at_the_touch_and_a_maker_at_its_price() -> None:
    ran = play(f"{CLOSE}orders: {{b#1: [accepted, {{filled: all, after: 1s}}]}}\n")
    maker, taker = ran.truth.orders[1, 1], ran.truth.orders[0, 2]
    assert maker.worth == 267_978 * 2000
    assert taker.worth == 268_000 * 200
    assert ran.orders()[2].price <= 268_000
    assert taker.fee == ran.scenario.program.legs[0].instrument.fee(taker.worth, maker=False)


def test_a_book_that_moved_away_gives_a_taker_nothing() -> None:
    book = "{bid: 116.70, ask: 116.71}"
    books = f"[{book}, {{bid: 110.00, ask: 110.01, at: 25ms}}, {book[:-1]}, at: 31ms}}]"
    ran = play(UNWIND.replace(book, books))
    assert [one.cum for one in ran.truth.orders.values()] == [0, 25]


@pytest.mark.parametrize(
    "otherwise", ["{taking: {rejected: no_match}}", "{taking: [accepted, {ended: expired}]}"]
)
def test_otherwise_is_for_orders_without_a_script(otherwise: str) -> None:
    ran = play(f"{UNWIND}orders: {{a#3: {{filled: all}}}}\notherwise: {otherwise}\n")
    assert [one.cum for one in ran.truth.orders.values()] == [0, 0, 25]


def test_a_script_of_a_leg_is_for_all_its_other_orders() -> None:
    ran = play(
        f"{OPEN}orders: {{quote#1: [accepted, {{filled: all, after: 1s}}], hedge: {{rejected: margin}}}}\n"
    )
    assert {one.why for one in heard(ran, ev.OrderRejected)} == {RejectKind.MARGIN}
    assert len(heard(ran, ev.OrderRejected)) == 5


def test_a_lost_answer_may_mean_an_order_or_none() -> None:
    """An order that never arrived is sent anew once the venue has said twice that it knows none."""
    gone = play(f"{UNWIND}orders: {{a#1: {{lost, arrived: false, after: 1s}}}}\n")
    assert heard(gone, ev.OrderFound)[0].found is FoundKind.ABSENT
    assert len(gone.orders()) == 2
    there = play(f"{UNWIND}orders: {{a#1: [{{filled: all, told: false}}, {{lost, after: 1s}}]}}\n")
    assert len(there.orders()) == 1
    assert any("order 1 has filled 2.5 in all" in line for line in tell(there))


def test_an_order_that_takes_never_rests() -> None:
    """Accepted, part of it filled, and then nothing more is heard: the look-up finds it over."""
    ran = play(f"{UNWIND}orders: {{a#1: [accepted, {{filled: 1 SOL}}, silent]}}\n")
    found = heard(ran, ev.OrderFound)[0]
    assert isinstance(found, ev.OrderFound)
    assert (found.found, found.cum) == (FoundKind.OVER, 10)
    assert sent(ran) == [("ladder#1", 25), ("ladder#2", 15)]


def test_a_cancel_says_what_its_venue_says() -> None:
    """Aster tells the total with a cancel, Lighter does not; both are facts of the venues."""
    ran = play(CLOSE)
    totals = {one.leg: one.cum for one in heard(ran, ev.OrderEnded) if one.why is EndKind.CANCELLED}
    assert totals == {0: 0, 1: -1}
    assert [one.leg for one in ran.commands() if isinstance(one, cm.FindOrder)] == [1]


@pytest.mark.parametrize(
    ("cancel", "rests"),
    [
        ("lost", False),
        ("{lost, arrived: false}", True),
        ("silent", False),
        ("{silent, arrived: false}", True),
    ],
)
def test_a_cancel_without_an_answer_may_have_arrived(cancel: str, rests: bool) -> None:
    text = f"{CLOSE}orders: {{a#1: {{placed: accepted, cancel: [{cancel}]}}}}\n"
    ran = play(text)
    found = [one.found for one in heard(ran, ev.OrderFound) if one.leg == 0]
    assert found[0] is (FoundKind.LIVE if rests else FoundKind.OVER)
    assert unmet(text) == ()


def test_answers_in_turn_and_then_the_truth() -> None:
    ran = play(
        f"{UNWIND}orders: {{a#1: {{placed: {{lost, after: 1s}}, find: [error, {{absent, times: 2}}]}}}}\n"
    )
    found = [one.found for one in heard(ran, ev.OrderFound)]
    assert found == [FoundKind.ERROR, FoundKind.ABSENT, FoundKind.ABSENT, FoundKind.OVER]


def test_a_late_fill_counts_although_the_order_is_over() -> None:
    late = "{filled: 1 SOL, after: 12ms, late: true}"
    ran = play(f"{UNWIND}orders: {{a#1: [{{ended: expired}}, {late}], a#2: {{filled: all, after: 1s}}}}\n")
    assert ran.truth.orders[0, 1].cum == 10
    dead = play(f"{UNWIND}orders: {{a#1: [{{ended: expired}}, {late.replace(', late: true', '')}]}}\n")
    assert [one.cum for one in dead.truth.orders.values()] == [0, 25]


# --- positions, sweeps, alerts -------------------------------------------------------------------


def reads(ran: Ran) -> list[tuple[int | None, int]]:
    """Lots and age in ms of each position read."""
    return [
        (event.lots, (event.at_ns - event.as_of_ns) // MS)
        for event, _, _ in ran.lines
        if isinstance(event, ev.PositionRead)
    ]


def test_positions_are_told_as_the_script_wants() -> None:
    ran = play(f"{UNWIND}positions: {{a: [right, old, lagging, error, {{is: 0.3 SOL, as_of: 5ms}}]}}\n")
    assert reads(ran)[:4] == [(25, 0), (25, 0), (25, 520), (None, 0)]
    assert reads(ran)[4][0] == 3
    assert reads(ran)[-1] == (0, 0), "the truth, once the list is over"


def test_a_position_that_is_told_unasked_is_heard() -> None:
    ran = play(f"{CLOSE}unasked: {{a: {{is: 0.1 ETH, at: 2s}}}}\n")
    unasked = [one for one in heard(ran, ev.PositionRead) if one.request == 0]
    assert [(one.at_ns, one.lots) for one in unasked] == [(2 * NS_PER_S, 100)]


def test_a_read_that_never_comes_is_asked_again() -> None:
    ran = play(f"{UNWIND}positions: {{a: [silent]}}\n")
    assert ran.ended is not None
    assert ran.ended.end is EndName.FLAT
    assert ran.now > 2 * NS_PER_S


def test_sweeps_fail_or_find_strays() -> None:
    failed = play(f"{UNWIND}sweeps: {{a: [right, error]}}\n")
    assert failed.ended is not None
    assert failed.ended.end is EndName.FLAT
    strays = play(f"{UNWIND}sweeps: {{a: [right, {{found: 1}}]}}\n")
    assert strays.ended is not None
    assert "stray order found" in strays.ended.text
    deaf = play(f"{UNWIND}sweeps: {{a: error}}\n")
    assert (deaf.ended and deaf.ended.risk) is Risk.UNKNOWN
    assert deaf.orders() == []


def test_alerts_fail() -> None:
    halts = f"{UNWIND}otherwise: {{taking: {{rejected: no_match}}}}\n"
    told = heard(play(f"{halts}alerts: [failed]\n"), ev.AlertSent)
    assert [one.ok for one in told] == [False]
    assert heard(play(f"{halts}alerts: silent\n"), ev.AlertSent) == []


# --- books ---------------------------------------------------------------------------------------


def looks(ran: Ran) -> list[ev.BookRead]:
    """Books that were told."""
    return [event for event, _, _ in ran.lines if isinstance(event, ev.BookRead)]


def test_books_change_go_missing_and_are_old() -> None:
    book = "{bid: 116.70, ask: 116.71}"
    text = UNWIND.replace(
        f"a: {book}", f"a: [{book}, {{missing: stream down, at: 15ms}}, {book[:-1]}, at: 600ms}}]"
    )
    ran = play(text)
    missing = heard(ran, ev.BookMissing)
    assert missing
    assert missing[0].why == "stream down"
    assert ran.orders()
    old = play(UNWIND.replace("ask: 116.71", "ask: 116.71, age: 5s"))
    assert {one.age_ns for one in looks(old)} == {5 * NS_PER_S}


def test_a_thin_book_has_no_marginal_price_and_its_size_is_its_reach() -> None:
    thin = UNWIND.replace("ask: 116.71", "ask: 116.71, bid_size: 1 SOL, ask_size: 2 SOL")
    one = looks(play(thin))[0]
    assert (one.marginal, one.reach, one.bid_lots, one.ask_lots) == (11_671, 20, 10, 20), "for one lot"
    two = looks(play(thin))[1]
    assert (two.marginal, two.reach) == (0, 10), "for a sell of 2.5 SOL"
    told = UNWIND.replace("ask: 116.71", "ask: 116.71, marginal: 116.65, reach: 9 SOL")
    one = looks(play(told))[-1]
    assert (one.marginal, one.reach) == (11_665, 90)


def test_traded_volume_is_plenty_unless_it_is_said() -> None:
    text = """scenario: 1
name: single
about: An entry.
policy: perps_baseline
clip: 0.1 BTC
books: {a: {bid: 60000.0, ask: 60001.0MORE}}
"""
    assert play(text.replace("MORE", "")).orders()
    for volume in ("$99,000", "unknown"):
        quiet = text.replace("{a: {", '{a: {volume: "' + volume + '", ').replace("MORE", "")
        assert play(quiet).orders() == []


def test_one_look_may_be_answered_late_or_never() -> None:
    ran = play(f"{UNWIND}looks: {{a: [{{bid: 116.60, ask: 116.61, after: 30ms}}, {{silent}}]}}\n")
    assert (looks(ran)[0].at_ns // MS, looks(ran)[0].bid) == (50, 11_660)
    asked = [one for one in ran.commands() if isinstance(one, cm.ReadBook)]
    assert len(looks(ran)) == len(asked) - 1
    assert ran.truth.positions == [0]


# --- trouble -------------------------------------------------------------------------------------

CRASH = f"{CLOSE}orders: {{a#1: [accepted, {{filled: 0.15 ETH, after: 3s}}, {{filled: all, after: 9s}}]}}\n"


def test_what_comes_while_the_process_is_dead_is_never_heard() -> None:
    ran = play(f"{CRASH}crash: {{at: 2s, down: 5s}}\n")
    assert moments(ran, ev.Restarted) == [7000]
    assert not [at for at in moments(ran, ev.OrderFilled) if 2000 <= at < 7000]
    assert not [at for at in moments(ran, ev.Woken) if 2000 <= at < 7000]
    assert ran.truth.positions == [0, 0]
    assert any("a fill finds the process dead" in line for line in tell(ran))


def test_answers_to_calls_of_the_dead_process_are_lost_and_the_stream_is_not() -> None:
    orders = "orders: {a#1: [{accepted, after: 5s}, {filled: all, after: 5s}]}\n"
    text = f"{UNWIND}{orders}crash: {{at: 1s, down: 1s}}\n"
    ran = play(text)
    assert heard(ran, ev.OrderAccepted) == []
    assert ran.truth.positions == [0]
    assert unmet(text) == ()


def test_a_second_crash_comes_back_too() -> None:
    ran = play(f"{CRASH}crash: [{{at: 1s, down: 1s}}, {{at: 2.005s, down: 1s}}]\n")
    assert moments(ran, ev.Restarted) == [2000, 3005]
    assert ran.truth.positions == [0, 0]


def test_a_stop_is_asked_for() -> None:
    ran = play(
        f"{OPEN}orders: {{quote#1: [accepted, {{filled: 50%, after: 1s}}]}}\nstop: {{at: 2s, why: enough}}\n"
    )
    assert [one.why for one in heard(ran, ev.StopAsked)] == ["enough"]
    assert ran.truth.positions == [0, 0]


def test_an_operator_wants_more_than_the_end() -> None:
    ran = play(f"{CLOSE}operator: [{{at: 1s, wants: pause}}, {{at: 2s, wants: flatten, why: enough}}]\n")
    assert [one.why for one in heard(ran, ev.FlattenAsked)] == ["enough"]
    assert moments(ran, ev.PauseAsked) == [1000]
    assert ran.state.ended is not None
    assert ran.state.ended.end is EndName.HALTED


def test_a_venue_that_is_down_neither_hears_nor_answers() -> None:
    """An order that never arrives, answers that never come, and a fill that only the look-up tells."""
    text = f"""{CLOSE}orders: {{a#1: [accepted, {{filled: all, after: 2s}}]}}
down: {{a: {{from: 1s, for: 3s}}}}
"""
    ran = play(text)
    assert [at for at in moments(ran, ev.OrderFilled) if at < 4000] == []
    assert ran.truth.orders[0, 1].cum == 200
    assert unmet(text, "{end: flat, positions: {a: 0, b: 0}}") == ()
    never = play(
        f"{UNWIND}down: {{a: {{from: 21ms, for: 3s}}}}\norders: {{a#1: {{filled: all, after: 5s}}}}\n"
    )
    assert never.truth.orders[0, 1].arrived


def test_an_order_to_a_venue_that_is_down_never_arrives() -> None:
    text = f"{CLOSE}down: {{a: {{from: 15.01s, for: 4s}}}}\n"
    ran = play(text)
    assert ran.truth.positions == [0, 0]
    assert unmet(text) == ()


def test_the_journal_of_a_venue_is_right_unless_it_is_said() -> None:
    known = play(UNWIND)
    assert len(reads(known)) == 2, "one at the start, one at the end"
    unknown = play(f"{UNWIND}ledger: {{a: unknown}}\n")
    assert len(reads(unknown)) == 3, "a position nobody wrote down is read twice"
    wrong = play(f"{UNWIND}ledger: {{a: 2 SOL}}\n")
    assert len(reads(wrong)) == 3
    assert wrong.truth.positions == [0]


def test_a_run_is_a_matter_of_milliseconds() -> None:
    from time import process_time

    began = process_time()
    for _ in range(20):
        play(CLOSE)
    assert process_time() - began < 1.0
