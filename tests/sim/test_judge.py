"""Every expectation fails when it should, with what was expected and what came."""

import pytest
from msgspec.structs import replace

from dnkit.sim.judge import judge
from tests.sim.play import CLOSE, OPEN, UNWIND, play, unmet

HALTS = f"{UNWIND}otherwise: {{taking: {{rejected: no_match}}}}\n"
NAKED = f"{OPEN}orders: {{'quote#1': [accepted, {{filled: all, after: 800ms}}]}}\n".replace("'", '"')


@pytest.mark.parametrize(
    ("text", "expect", "what", "expected", "got"),
    [
        (HALTS, "{end: flat}", "end", "flat", "halted (unhedged): ladder exhausted; leg a position 2.5 SOL"),
        (HALTS, "{risk: flat}", "risk", "flat", "unhedged: ladder exhausted; leg a position 2.5 SOL"),
        (UNWIND, "{orders: 2}", "orders", "2", "1\na#1 sell 2.5 SOL ioc at 116.70 reduce_only (ladder#1)"),
        (
            CLOSE,
            "{orders: {a: 3}}",
            "orders of leg a",
            "3",
            "2\na#1 sell 0.2 ETH post_only at 2680.27 reduce_only (passive#1)"
            "\na#2 sell 0.2 ETH ioc at 2680.00 reduce_only (finish#1)",
        ),
        (
            UNWIND,
            "{orders: [{order: a#1, side: buy, quantity: 2 SOL, type: fok, price: 1, reduce_only: false}]}",
            "orders, 1.",
            "a#1 buy 2 SOL fok at 1.00 not reduce_only",
            "a#1 sell 2.5 SOL ioc at 116.70 reduce_only (ladder#1)",
        ),
        (
            UNWIND,
            "{orders: [{order: a, reason: maker#1}]}",
            "orders, 1.",
            "a (maker#1)",
            "a#1 sell 2.5 SOL ioc at 116.70 reduce_only (ladder#1)",
        ),
        (UNWIND, "{orders: [{order: a#1}, {order: a#2}]}", "orders, 2.", "a#2", "no more orders"),
        (
            UNWIND,
            "{orders: []}",
            "orders, 1.",
            "no more orders",
            "a#1 sell 2.5 SOL ioc at 116.70 reduce_only (ladder#1)",
        ),
        (
            UNWIND,
            "{only: [fok]}",
            "only",
            "fok",
            "a#1 sell 2.5 SOL ioc at 116.70 reduce_only (ladder#1)",
        ),
        (UNWIND, "{only: none}", "only", "no order", "a#1 sell 2.5 SOL ioc at 116.70 reduce_only (ladder#1)"),
        (
            UNWIND,
            "{never: [market, ioc]}",
            "never",
            "no ioc order",
            "a#1 sell 2.5 SOL ioc at 116.70 reduce_only (ladder#1)",
        ),
        (UNWIND, "{positions: {a: 0.5 SOL}}", "position of leg a", "0.5 SOL", "0 SOL"),
        (UNWIND, "{within: 10ms}", "within", "0.01s", "0.05s"),
        (UNWIND, "{phases: [ladder, maker]}", "phases", "ladder, maker", "maker, ladder, verify"),
        (UNWIND, "{says: [residual]}", "says", "residual", "leg a position 0 SOL"),
        (UNWIND, "{alerts: 1}", "alerts", "1", "0: none"),
        (UNWIND, "{alerts: [page]}", "alerts", "page", "none"),
        (
            HALTS,
            "{alerts: none}",
            "alerts",
            "0",
            "1: page: emergency_unwind halts: ladder exhausted; leg a position 2.5 SOL",
        ),
        (
            NAKED,
            "{unhedged: $500 for 1s}",
            "unhedged",
            "$500 for 1s at most",
            "more than that for 3.03s, $536 at most",
        ),
        (
            NAKED,
            "{unhedged: $500 for 0s}",
            "unhedged",
            "$500 for 0s at most",
            "more than that for 3.03s, $536 at most",
        ),
    ],
)
def test_it_is_told(text: str, expect: str, what: str, expected: str, got: str) -> None:
    (one,) = unmet(text, expect)
    assert (one.what, one.expected, one.got) == (what, expected, got)


@pytest.mark.parametrize(
    "expect",
    [
        "{end: flat, risk: flat, orders: 1, only: [ioc], never: [market], positions: {a: 0}, within: 1s}",
        "{orders: {a: 1}, concession: 0bps, unhedged: $292 for 1s, phases: [maker, verify]}",
        "{says: leg a position 0 SOL, alerts: none}",
        "{orders: [{order: a#1, side: sell, quantity: 2.5 SOL, type: ioc, price: 116.7, reduce_only: true}]}",
    ],
)
def test_it_is_met(expect: str) -> None:
    assert unmet(UNWIND, expect) == ()


def test_concession_is_measured_from_the_touch_that_was_seen() -> None:
    thin = UNWIND.replace("ask: 116.71", "ask: 116.71, bid_size: 0.1 SOL")
    (one,) = unmet(thin, "{concession: {a: 3bps}}")
    assert (one.what, one.expected, one.got) == ("concession of leg a", "at most 3bps", "19.708bps")
    assert unmet(thin, "{concession: 20bps}") == ()


def test_a_script_that_no_order_plays_is_told() -> None:
    (one,) = unmet(f"{UNWIND}orders:\n  a#7: accepted\n")
    assert (one.what, one.got) == ("script of a#7", "never sent")


def test_a_run_without_an_end_is_told() -> None:
    """The crash comes back after more than a day."""
    (one,) = unmet(f"{UNWIND}crash: {{at: 10ms, down: 25h}}\n")
    assert (one.what, one.expected) == ("end", "an end")


# --- what always holds: a venue that lies shows that it is looked at -------------------------------

LIES_ABOUT_A_FILL = f"""{UNWIND}orders:
  a#1:
    placed: [{{filled: 1 SOL, told: false}}, {{lost, after: 20ms}}]
    find: {{over, total: 0}}
positions: {{a: [2.5 SOL, 0, 0, 0]}}
"""
FORGETS_AN_ORDER = f"""{CLOSE}orders:
  a#1:
    placed: {{lost, after: 1ms}}
    find: absent
sweeps: {{a: [{{found: 0, times: 9}}]}}
"""


def test_a_ledger_that_is_not_the_truth_is_told() -> None:
    found = {one.what: one for one in unmet(LIES_ABOUT_A_FILL)}
    assert found["ledger of leg a"].got == "ledger 0 SOL, truth -1 SOL"
    assert found["no position through zero"].got == "at 0.06s: leg a: from 1.5 to -1"


def test_an_order_left_behind_and_a_second_one_are_told() -> None:
    found = {one.what: one for one in unmet(FORGETS_AN_ORDER)}
    assert found["one live order a leg"].expected == "always"
    assert "is sent while 1 is live" in found["one live order a leg"].got
    left = found["no order left behind"].got
    assert left == "a#1 sell 0.2 ETH post_only at 2680.27 reduce_only (passive#1) may still fill"


def test_flat_means_too_little_to_trade() -> None:
    """An engine that called 1 SOL flat would be found out."""
    ran = play(UNWIND)
    ran.truth.positions[0] = 10
    ran.state = replace(ran.state, legs=(replace(ran.state.legs[0], position=10),))
    (one,) = judge(ran)
    assert (one.what, one.expected, one.got) == ("flat on leg a", "too little to trade", "1 SOL")


def test_a_kept_stop_is_not_left_behind() -> None:
    text = """scenario: 1
name: single
about: A stop stays.
policy: perps_baseline
clip: 0.1 BTC
books: {a: {bid: 60000.0, ask: 60001.0}}
orders:
  a#1: [accepted, {filled: all, after: 1s}]
"""
    ran = play(text, "{end: protected}")
    assert judge(ran) == ()
    assert [one.live for one in ran.truth.orders.values()] == [False, True]
