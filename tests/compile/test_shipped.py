"""Every shipped policy loads and compiles as it is, and says what the documents promise."""

import msgspec
import pytest

from dnkit.machine.program import NO_LIMIT, Outcome, PhaseKind, Program, SizeKind, TargetKind, with_digest
from dnkit.model.numbers import NS_PER_S, PICO
from dnkit.model.terms import Intent, OrderType, Side
from tests.compile.helpers import POLICIES, VENUES, compiled, phase, program_of, shipped, target_name

PROGRAMS = [path for path in POLICIES if path.stem != "funding_arb_guarded"]
CLOSING = (Intent.CLOSE, Intent.UNWIND, Intent.FLATTEN)


def load_shipped(name: str, **more) -> Program:
    found = shipped(name)
    assert found is not None, name
    return program_of(found[1], **more)


def test_all_nine_are_there() -> None:
    names = "open_post_only_hedge close_two_phase emergency_unwind pair_unwind_ioc_ladder funding_arb_guarded"
    more = "perps_baseline rebalance_small flatten emergency_unwind_three_tier"
    assert {path.stem for path in POLICIES} == set(f"{names} {more}".split())


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_compiles_without_a_finding(path) -> None:
    answer = compiled(path.read_text())
    assert answer.diagnostics == ()
    assert (answer.program is None) == (path.stem == "funding_arb_guarded")


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_table_is_whole(path) -> None:
    """Every phase has a target for each of its outcomes, every index is in range, the digest is that of the
    rest.
    """
    program = load_shipped(path.stem)
    for one in program.phases:
        assert Outcome.EXHAUSTED in dict(one.then)
        for _, target in one.then:
            assert target.kind is not TargetKind.PHASE or 0 <= target.phase < len(program.phases)
        assert 0 <= one.scope < len(program.scopes)
    assert with_digest(program) == program
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(program), type=Program) == program
    assert hash(program) == hash(load_shipped(path.stem))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_every_order_of_a_close_reduces(path) -> None:
    program = load_shipped(path.stem)
    for one in program.phases:
        if program.scopes[one.scope].intent in CLOSING:
            assert all(job.reduces for job in one.jobs), one.name


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_no_rung_is_beyond_the_concession(path) -> None:
    program = load_shipped(path.stem)
    for one in program.phases:
        limit = program.scopes[one.scope].limits.concession_max
        if one.kind is PhaseKind.TAKE and limit != NO_LIMIT:
            assert all(rung.amount <= limit for job in one.jobs for rung in job.rungs), one.name


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_crash_leads_to_a_phase_that_may_be_entered_again(path) -> None:
    program = load_shipped(path.stem)
    assert program.phases[program.recover].visits > 1


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_verify_that_closes_a_loop_has_a_visit_more_than_what_leads_back(path) -> None:
    program = load_shipped(path.stem)
    for index, one in enumerate(program.phases):
        again = one.target(Outcome.SHORT) if one.kind is PhaseKind.VERIFY else None
        if again is None or again.kind is not TargetKind.PHASE:
            continue
        back = program.phases[again.phase]
        if any(target.kind is TargetKind.PHASE and target.phase == index for _, target in back.then):
            assert one.visits > back.visits, one.name


def test_open_clip_is_worth_the_name_and_below_its_own_limit() -> None:
    program = load_shipped("open_post_only_hedge")
    assert [leg.clip.base for leg in program.legs] == [2 * PICO // 10] * 2
    assert [leg.side for leg in program.legs] == [Side.BUY, Side.SELL]
    assert program.relative
    assert not program.by_money
    assert program.scopes[0].limits.unhedged_max == 3_000 * PICO
    assert program.reduce == -1


def test_open_back_out_only_reduces_and_the_rest_may_open() -> None:
    program = load_shipped("open_post_only_hedge")
    assert phase(program, "back_out").jobs[0].reduces
    assert not phase(program, "cross").jobs[0].reduces
    assert phase(program, "cross").jobs[0].size is SizeKind.IMBALANCE


def test_last_resort_none_leaves_no_market_order() -> None:
    program = load_shipped("open_post_only_hedge", settings={"last_resort": "none"})
    assert phase(program, "last_resort").skip is Outcome.SHORT
    assert all(job.type is not OrderType.MARKET for one in program.phases for job in one.jobs)


def test_close_works_both_legs_at_once_and_a_critical_reason_skips_the_wait() -> None:
    program = load_shipped("close_two_phase")
    assert [job.leg for job in phase(program, "finish").jobs] == [0, 1]
    assert [job.leg for job in phase(program, "sweep").jobs] == [0, 1]
    assert phase(program, "passive").jobs[0].rejects == 5
    assert program.phases[program.recover].name == "finish"
    critical = load_shipped("close_two_phase", reason="LEG_LIQUIDATED")
    assert critical.phases[critical.start].skip is Outcome.NONE
    assert critical.scopes[0].limits.spread_max == 300_000
    assert critical.digest != program.digest


def test_pair_unwind_compares_by_money_and_runs_the_unwind_on_each_leg() -> None:
    program = load_shipped("pair_unwind_ioc_ladder")
    assert program.by_money
    assert [scope.name for scope in program.scopes] == ["pair_unwind_ioc_ladder", "unwind_a", "unwind_b"]
    assert [scope.legs for scope in program.scopes] == [(0, 1), (0,), (1,)]
    assert phase(program, "unwind_b/ladder").jobs[0].leg == 1
    assert target_name(program, "unwind_a/verify", Outcome.OK) == "unwind_b"
    assert target_name(program, "unwind_b/verify", Outcome.OK) == "recheck"
    assert program.phases[program.scopes[1].halt_to.phase].name == "unwind_b"


def test_nado_keeps_reduce_only_off_what_refuses_it() -> None:
    program = load_shipped("emergency_unwind")
    assert program.legs[0].flags == (OrderType.IOC, OrderType.FOK)
    assert phase(program, "maker").jobs[0].reduces
    assert not program.legs[0].market_native


def test_close_has_the_added_reduce_phase_on_all_legs_inside_its_bounds() -> None:
    program = load_shipped("close_two_phase")
    added = program.phases[program.reduce]
    assert [job.leg for job in added.jobs] == [0, 1]
    assert [rung.amount for rung in added.jobs[0].rungs] == [16_666, 33_333, 50_000]
    assert all(target.kind is TargetKind.HALT for _, target in added.then)


def test_three_tiers_are_each_followed_by_a_check() -> None:
    program = load_shipped("emergency_unwind_three_tier")
    chain = [one for one in program.phases if one.name != "reduce"]
    kinds = [(one.kind, one.jobs[0].type if one.jobs else None) for one in chain]
    verify = (PhaseKind.VERIFY, None)
    assert kinds == [
        (PhaseKind.REST, OrderType.POST_ONLY),
        verify,
        (PhaseKind.TAKE, OrderType.IOC),
        verify,
        (PhaseKind.TAKE, OrderType.FOK),
        verify,
    ]


def test_perps_baseline_arms_and_keeps_its_stop() -> None:
    program = load_shipped("perps_baseline")
    job = phase(program, "protect").jobs[0]
    assert job.type is OrderType.STOP_LIMIT
    assert job.stop is not None
    assert (job.stop.toward, job.stop.amount) == (-1, 200_000)
    assert (job.rungs[0].toward, job.rungs[0].amount) == (1, 10_000)
    assert job.rejects == 3
    assert program.impact_max == 10_000
    assert program.legs[0].clip.money == 10_000 * PICO


def test_guard_is_a_table_of_rules() -> None:
    found = shipped("funding_arb_guarded")
    assert found is not None
    table = compiled(found[1]).guard
    assert table is not None
    assert table.every_ns == 10 * NS_PER_S
    assert [(rule.act, rule.object) for rule in table.rules[2:5]] == [
        ("alert", "page"),
        ("run", "close_two_phase"),
        ("run", "rebalance_small"),
    ]
    assert table.rules[3].for_checks == 2
    assert table.rules[-1].act == "nothing"


def test_clips_are_at_least_a_tenth_of_an_ether_and_tradable() -> None:
    for path in PROGRAMS:
        for leg in load_shipped(path.stem).legs:
            assert leg.clip.base >= PICO // 10 or leg.clip.money >= 500 * PICO
            assert leg.clip.base % leg.instrument.lot_base == 0
    assert len(VENUES) == 12
