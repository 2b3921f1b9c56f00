"""Defaults, units, sub-policies and findings of the compiler."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dnkit.machine.program import NO_LIMIT, Amount, Anchor, Limits, Outcome, PhaseKind, TargetKind, Unit
from dnkit.model.numbers import NS_PER_S, PICO
from dnkit.model.terms import Intent, OrderType, Side
from dnkit.policies.compile.limits import tighter
from dnkit.policies.compile.policy import compile_policy
from dnkit.policies.explain.policy import explain
from dnkit.policies.load import load
from dnkit.policies.overrides import apply
from dnkit.policies.policy import LegText, Policy, Quantity
from tests.compile.helpers import POLICIES, VENUES, compiled, library, phase, program_of, shipped, target_name

CLOSE = """\
policy: 1
name: small_close
intent: close
summary: A close.
legs:
  a: {venue: aster}
  b: {venue: lighter}
limits:
  max_concession: 30bps
phases:
  go:
    take: {legs: [a, b], qty: position, type: ioc, ladder: [5bps, 1 tick through join, $0.50]}
  look:
    verify: {goal: flat}
    then: {ok: done flat, short: halt still open, conflict: halt books disagree, error: halt cannot verify}
"""
OPEN = """\
policy: 1
name: small_open
intent: open
summary: An open.
clip: 0.2 ETH
legs:
  a: {venue: backpack}
  b: {venue: grvt, side: buy}
limits:
  deadline: 10s
  max_unhedged: $3000 for 5s
phases:
  quote:
    rest:
      {leg: a, qty: clip, at: 1 tick inside touch, for: 2s, until: first fill,
       reprice: {beyond: 2bps, every: 1s, max: 3}}
    then: {none: done idle, rejected: done idle, refused: done idle}
  cross:
    take: {leg: b, qty: imbalance, type: market, cap: 15bps}
  look:
    verify: {goal: hedged}
    then: {ok: done hedged, short: halt hung leg, conflict: halt books disagree, error: halt cannot verify}
"""
OUTER = """\
policy: 1
name: outer
intent: close
summary: Runs another one.
legs:
  left: {venue: aster}
  right: {venue: lighter}
limits:
  deadline: 60s
  max_spread: 50bps
  max_concession: 20bps
  forbid: [market]
phases:
  sub:
    run: inner
    with: {a: right}
    then: {flat: look, halt: halt inner gave up}
  look:
    verify: {goal: flat}
    then: {ok: done flat, short: halt still open, conflict: halt books disagree, error: halt cannot verify}
"""
INNER = """\
policy: 1
name: inner
intent: unwind
summary: Is run by another one.
legs:
  a: {venue: lighter}
params:
  patience: {type: time, default: 1s, range: 1s..9s}
limits:
  deadline: 30s
  max_spread: 100bps
  max_concession: 10bps
phases:
  wait:
    wait: $patience
  take:
    take: {leg: a, qty: position, type: ioc, ladder: [5bps]}
  check:
    verify: {goal: flat}
    then: {ok: done flat, short: halt too bad, conflict: halt books disagree, error: halt cannot verify}
"""


def codes(text: str, **more) -> list[str]:
    return [one.code for one in compiled(text, **more).diagnostics]


def test_missing_outcomes_lead_to_the_next_phase_and_too_many_visits_halt() -> None:
    program = program_of(CLOSE)
    assert target_name(program, "go", Outcome.REFUSED) == "look"
    assert target_name(program, "go", Outcome.EXHAUSTED) == "halt go exhausted"
    assert target_name(program, "look", Outcome.EXHAUSTED) == "halt look exhausted"


def test_defaults_of_a_close() -> None:
    program = program_of(CLOSE)
    assert [leg.side for leg in program.legs] == [Side.BUY, Side.SELL]
    assert program.phases[program.recover].name == "look"
    assert program.stop_to.kind is TargetKind.HALT
    assert all(job.reduces for job in phase(program, "go").jobs)
    limits = program.scopes[0].limits
    assert (limits.deadline_ns, limits.spread_max, limits.unhedged_max) == (NO_LIMIT, NO_LIMIT, NO_LIMIT)
    assert limits.hedge_min.venue_minimum


def test_prices_keep_their_unit_and_direction() -> None:
    first, second, third = phase(program_of(CLOSE), "go").jobs[0].rungs
    assert (first.anchor, first.toward, first.amount, first.unit) == (Anchor.TOUCH, 1, 5_000, Unit.MBPS)
    assert (second.anchor, second.toward, second.amount, second.unit) == (Anchor.JOIN, 1, 1, Unit.TICKS)
    assert (third.toward, third.amount, third.unit) == (1, PICO // 2, Unit.MONEY)


def test_open_fills_in_sides_limits_and_rest_details() -> None:
    program = program_of(OPEN)
    assert [leg.side for leg in program.legs] == [Side.BUY, Side.BUY]
    quote = phase(program, "quote")
    assert quote.first_fill
    assert (quote.for_ns, quote.reprice_beyond, quote.reprice_every_ns, quote.reprice_max) == (
        2 * NS_PER_S,
        2_000,
        NS_PER_S,
        3,
    )
    cross = phase(program, "cross").jobs[0]
    assert (cross.cap, cross.rungs[0].amount, cross.type) == (15_000, 15_000, OrderType.MARKET)
    limits = program.scopes[0].limits
    assert limits.deadline_to is not None
    assert limits.deadline_to.kind is TargetKind.HALT
    assert (limits.unhedged_max, limits.unhedged_ns) == (3_000 * PICO, 5 * NS_PER_S)


def test_lines_point_into_the_file() -> None:
    assert phase(program_of(CLOSE), "look").line == CLOSE.splitlines().index("  look:") + 1


def test_sub_policy_is_inlined_with_its_ends_wired_to_the_caller() -> None:
    program = program_of(OUTER, inner=INNER)
    assert [one.name for one in program.phases] == [
        "sub",
        "look",
        "sub/wait",
        "sub/take",
        "sub/check",
        "reduce",
    ]
    run = phase(program, "sub")
    assert (run.kind, run.enters, program.phases[run.start].name) == (PhaseKind.RUN, 1, "sub/wait")
    assert phase(program, "sub/take").jobs[0].leg == 1
    assert target_name(program, "sub/check", Outcome.OK) == "look"
    assert target_name(program, "sub/check", Outcome.SHORT) == "halt too bad"
    scope = program.scopes[1]
    assert (scope.parent, scope.legs, scope.intent) == (0, (1,), Intent.UNWIND)
    assert scope.halt_to is None  # the caller halts anyway


def test_inside_a_sub_policy_the_tighter_limit_holds() -> None:
    limits = program_of(OUTER, inner=INNER).scopes[1].limits
    assert (limits.spread_max, limits.concession_max) == (50_000, 10_000)
    assert limits.deadline_ns == 30 * NS_PER_S
    assert limits.forbid == (OrderType.MARKET,)


def test_parameters_of_a_sub_policy_are_set_by_its_caller() -> None:
    text = OUTER.replace("    with: {a: right}\n", "    with: {a: right}\n    set: {patience: 7s}\n")
    assert phase(program_of(text, inner=INNER), "sub/wait").for_ns == 7 * NS_PER_S
    assert phase(program_of(OUTER, inner=INNER), "sub/wait").for_ns == NS_PER_S


def test_a_type_that_the_caller_forbids_is_found_inside() -> None:
    inner = INNER.replace("type: ioc, ladder: [5bps]", "type: market, cap: 5bps")
    answer = compiled(OUTER, inner=inner)
    assert answer.program is None
    (found,) = answer.diagnostics
    assert found.code == "DNK411"
    assert "sub" not in found.span.path


def test_circles_are_refused() -> None:
    circle = INNER.replace("    wait: $patience", "    run: outer\n    with: {left: a, right: a}").replace(
        "params:\n  patience: {type: time, default: 1s, range: 1s..9s}\n", ""
    )
    answer = compiled(OUTER, inner=circle)
    assert [one.code for one in answer.diagnostics] == ["DNK221"]
    assert "outer -> inner -> outer" in answer.diagnostics[0].message


def test_a_circle_is_seen_through_a_file_that_is_named_otherwise() -> None:
    other = INNER.replace("    wait: $patience", "    run: alias\n    with: {a: a}").replace(
        "params:\n  patience: {type: time, default: 1s, range: 1s..9s}\n", ""
    )
    answer = compiled(OUTER.replace("run: inner", "run: alias"), alias=other)
    assert [one.code for one in answer.diagnostics] == ["DNK221"]


def test_a_broken_sub_policy_is_told_with_its_own_place() -> None:
    answer = compiled(OUTER, inner=INNER.replace("qty: position", "qty: positon"))
    (found,) = answer.diagnostics
    assert found.code == "DNK220"
    assert found.help.startswith("inner.yaml:17: ")


def test_a_finding_inside_a_sub_policy_points_into_its_file() -> None:
    answer = compiled(OUTER, inner=INNER.replace("type: ioc", "type: fok"))
    (found,) = answer.diagnostics
    assert (found.code, found.span.path) == ("DNK503", "inner.yaml")
    assert "type: fok" in answer.files[found.span.path].splitlines()[found.span.line - 1]


@given(st.data())
def test_no_damaged_policy_makes_the_compiler_raise(data: st.DataObject) -> None:
    """Whatever a damaged text still means, the compiler answers with a program or with findings."""
    text = data.draw(st.sampled_from([CLOSE, OPEN, OUTER, *(path.read_text() for path in POLICIES)]))
    words = [
        "0",
        "9",
        "a",
        "$5",
        "lot",
        "ticks",
        "touch",
        "none",
        "market",
        "position",
        "clip",
        "b",
        "grvt",
        "done flat",
    ]
    for _ in range(data.draw(st.integers(1, 3))):
        spots = [m.span() for m in re.finditer(r"[\w$%.]+", text)]
        start, end = data.draw(st.sampled_from(spots))
        text = text[:start] + data.draw(st.sampled_from(words)) + text[end:]
    find, look_up = library({"inner": INNER})
    loaded = load(text, "p.yaml", find=find, settings={})
    if loaded.policy is not None:
        answer = compile_policy(loaded.policy, venues=VENUES, library=look_up, spans=loaded.spans)
        assert answer.diagnostics or answer.program or answer.guard
        if answer.program:
            assert explain(answer.program).text


MISTAKES = {
    "venue": (CLOSE.replace("venue: lighter", "venue: ligther"), "DNK501", "did you mean `lighter`", 7),
    "symbol": (
        CLOSE.replace("{venue: lighter}", "{venue: lighter, symbol: ETHH}"),
        "DNK502",
        "did you mean `ETH`",
        7,
    ),
    "type": (CLOSE.replace("type: ioc", "type: fok"), "DNK503", "use ioc", 12),
    "clip in another coin": (OPEN.replace("0.2 ETH", "0.2 BTC"), "DNK433", "in ETH", 5),
    "clip finer than the lot": (OPEN.replace("0.2 ETH", "0.2001 ETH"), "DNK431", "multiple of", 5),
    "clip below the minimum": (OPEN.replace("0.2 ETH", "$3"), "DNK434", "raise the clip", None),
    "no clip": (OPEN.replace("clip: 0.2 ETH\n", ""), "DNK430", "--clip", None),
    "distance": (CLOSE.replace("30bps", "$3"), "DNK432", "bps", 9),
    "finer than the grid": (CLOSE.replace("[5bps,", "[0.0005bps,"), "DNK431", "round", 12),
    "clip in a close": (CLOSE.replace("qty: position", "qty: clip"), "DNK224", "position", 12),
    "unknown sub-policy": (OUTER.replace("run: inner", "run: innner"), "DNK220", "name", None),
    "leg of the sub-policy": (
        OUTER.replace("with: {a: right}", "with: {b: right}"),
        "DNK222",
        "known here: a",
        None,
    ),
    "sub-policy that opens": (
        OUTER.replace("run: inner", "run: opener").replace("{a: right}", "{a: left, b: right}"),
        "DNK223",
        "close",
        None,
    ),
    "settings of the sub-policy": (
        OUTER.replace("    with: {a: right}\n", "    with: {a: right}\n    set: {patience: 99s}\n"),
        "DNK225",
        "patience `99s` is outside 1s..9s",
        17,
    ),
    "rate": (CLOSE.replace("limits:", "limits:\n  rate: {calls: 1000 per 1s}"), "DNK504", "lower", 9),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_told_with_its_code_help_and_line(name: str) -> None:
    text, code, help, line = MISTAKES[name]
    answer = compiled(text, inner=INNER, opener=OPEN)
    assert answer.program is None
    hits = [one for one in answer.diagnostics if one.code == code]
    assert hits, [(one.code, one.message) for one in answer.diagnostics]
    assert any(help in one.advice for one in hits), hits
    if line is not None:
        assert hits[0].span.line == line


def test_a_word_of_the_file_can_be_replaced_and_one_of_the_command_line_cannot() -> None:
    text = CLOSE.replace("{venue: lighter}", "{venue: lighter, symbol: ETHH}")
    (found,) = compiled(text).diagnostics
    assert (found.meant, text.split("\n")[found.span.line - 1][found.span.col - 1 :]) == ("ETH", "ETHH}")
    find, look_up = library({})
    loaded = load(CLOSE, "p.yaml", find=find, settings={})
    assert loaded.policy is not None
    given = apply(loaded.policy, symbols={"b": "ETHH"}, sides={}, clips={})
    answer = compile_policy(given, venues=VENUES, library=look_up, spans=loaded.spans)
    assert [(one.code, one.meant, one.help) for one in answer.diagnostics] == [
        ("DNK502", "", "did you mean `ETH`?")
    ]


def test_a_market_order_without_a_worst_price_is_told_at_its_type() -> None:
    text = CLOSE.replace("limits:\n  max_concession: 30bps\n", "")
    text = text.replace("ioc, ladder: [5bps, 1 tick through join, $0.50]", "market")
    (found,) = compiled(text).diagnostics
    line = text.split("\n")[found.span.line - 1]
    assert (found.code, line[found.span.col - 1 : found.span.end_col - 1]) == ("DNK412", "market")


def test_all_mistakes_come_at_once() -> None:
    text = (
        CLOSE.replace("30bps", "$3").replace("qty: position", "qty: clip").replace("type: ioc", "type: fok")
    )
    assert {"DNK224", "DNK432", "DNK503"} <= set(codes(text))


def test_market_at_a_venue_without_one_becomes_a_bounded_ioc() -> None:
    program = program_of(OPEN.replace("venue: grvt", "venue: nado"))
    assert not program.legs[1].market_native
    assert phase(program, "cross").jobs[0].cap == 15_000


def test_market_without_any_bound_is_refused_even_when_built_by_hand() -> None:
    find, look_up = library({})
    text = CLOSE.replace("ioc, ladder: [5bps, 1 tick through join, $0.50]", "market, cap: 9bps")
    policy = load(text, "p", find=find, settings={}).policy
    assert policy is not None
    go, look = policy.phases
    bare = replace(
        policy,
        limits=replace(policy.limits, max_concession=None),
        phases=(replace(go, body=replace(go.body, cap=None)), look),
    )
    answer = compile_policy(bare, venues=VENUES, library=look_up)
    assert [one.code for one in answer.diagnostics] == ["DNK412"]
    assert answer.program is None


def test_a_skipped_phase_is_not_asked_for_its_types() -> None:
    text = CLOSE.replace("  go:\n", "  go:\n    skip: true\n").replace("type: ioc", "type: fok")
    program = program_of(text)
    assert phase(program, "go").skip is Outcome.SHORT
    assert phase(program, "go").jobs == ()


def test_symbols_from_the_command_line_take_effect() -> None:
    found = shipped("pair_unwind_ioc_ladder")
    assert found is not None
    find, look_up = library({})
    policy = load(found[1], found[0], find=find, settings={}).policy
    assert policy is not None
    changed = apply(
        policy,
        symbols={"b": "BTC-PERP"},
        sides={"a": Side.SELL, "b": Side.BUY},
        clips={"a": Quantity(Decimal("0.1"), "coin", "ETH")},
    )
    program = compile_policy(changed, venues=VENUES, library=look_up).program
    assert program is not None
    assert [leg.instrument.base for leg in program.legs] == ["ETH", "BTC"]
    assert [leg.side for leg in program.legs] == [Side.SELL, Side.BUY]
    assert program.legs[0].clip.base == PICO // 10


def test_two_coins_are_compared_by_value_and_one_coin_by_choice() -> None:
    assert not program_of(CLOSE).by_money
    assert program_of(CLOSE.replace("intent: close", "intent: close\nimbalance: notional")).by_money
    two = CLOSE.replace("{venue: lighter}", "{venue: lighter, symbol: BTC}")
    assert program_of(two).by_money
    assert codes(two.replace("intent: close", "intent: close\nimbalance: base")) == ["DNK433"]


def test_a_close_on_another_coin_leaves_the_files_clip_aside_with_a_warning() -> None:
    text = CLOSE.replace("{venue: aster}", "{venue: aster, symbol: ZECUSDT}").replace(
        "limits:", "clip: 0.2 ETH\nlimits:"
    )
    answer = compiled(text)
    assert [(one.code, one.severity) for one in answer.diagnostics] == [("DNK433", "warning")]
    assert answer.program is not None
    assert answer.program.legs[0].clip.money == 500 * PICO
    assert answer.program.legs[1].clip.base == PICO // 5


def test_a_policy_without_anything_is_a_finding_not_a_crash() -> None:
    policy = Policy(name="bare", intent=Intent.CLOSE, summary="", legs=(LegText(name="a", venue="aster"),))
    answer = compile_policy(policy, venues=VENUES, library=lambda _: None)
    assert [one.code for one in answer.diagnostics] == ["DNK104"]


bound = st.one_of(st.just(NO_LIMIT), st.integers(0, 10**6))


@given(bound, bound, bound, bound)
def test_tighter_is_never_looser_than_either(a: int, b: int, c: int, d: int) -> None:
    inner = Limits(spread_max=a, concession_max=b, depth_min=c, unhedged_max=d)
    outer = Limits(spread_max=b, concession_max=c, depth_min=d, unhedged_max=a)
    both = tighter(inner, outer)
    for name in ("spread_max", "concession_max", "unhedged_max"):
        limits = [value for value in (getattr(inner, name), getattr(outer, name)) if value != NO_LIMIT]
        assert getattr(both, name) == min(limits, default=NO_LIMIT)
    assert both.depth_min == max(inner.depth_min, outer.depth_min)


def test_equal_texts_have_equal_digests_and_a_changed_number_another() -> None:
    assert program_of(CLOSE).digest == program_of(CLOSE + "# a comment\n").digest
    assert program_of(CLOSE).digest == program_of(CLOSE).digest
    assert program_of(CLOSE).digest != program_of(CLOSE.replace("30bps", "31bps")).digest


SIZED = """\
policy: 1
name: sized
intent: single
summary: Sized in steps.
legs:
  a: {{venue: aster}}
size:
  target: {target}
  impact: {{max: 10bps, step: {step}}}
phases:
  buy:
    rest: {{leg: a, qty: clip, at: join, for: 5s}}
    then: {{filled: look, partial: look, none: done idle, rejected: done idle, refused: done idle}}
  look:
    verify: {{goal: idle}}
    then: {{ok: done idle, short: halt open, conflict: halt books disagree, error: halt blind}}
"""


@pytest.mark.parametrize(
    ("target", "step", "amount"),
    [
        ("$10,000", "$1", Amount(money=10_000 * PICO)),
        ("$10,050", "$100", Amount(money=10_000 * PICO)),
        ("0.25 ETH", "0.1 ETH", Amount(base=PICO // 5)),
        ("77 lots", "10 lots", Amount(lots=70)),
    ],
)
def test_the_target_is_rounded_down_to_its_step(target: str, step: str, amount: Amount) -> None:
    assert program_of(SIZED.format(target=target, step=step)).legs[0].clip == amount


@pytest.mark.parametrize(
    ("target", "step", "code"),
    [("$500", "0.1 ETH", "DNK432"), ("$500", "$600", "DNK431"), ("1 ETH", "1 SOL", "DNK432")],
)
def test_a_step_that_is_no_part_of_the_target_is_told_at_its_place(target: str, step: str, code: str) -> None:
    (found,) = compiled(SIZED.format(target=target, step=step)).diagnostics
    assert (found.code, found.span.line) == (code, 9)


def test_a_ratio_acts_by_value_only() -> None:
    text = CLOSE.replace("a: {venue: aster}", "a: {venue: aster, ratio: 0.5}")
    (found,) = compiled(text).diagnostics
    assert (found.code, found.severity, found.span.line) == ("DNK603", "info", 6)
    assert compiled(text.replace("limits:", "imbalance: notional\nlimits:")).diagnostics == ()
