"""What changed in a policy: by meaning, every difference once, and marked the right way."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dnkit.machine.program import SizeMode, TargetKind
from dnkit.model.terms import Intent, OrderType
from dnkit.policies.compare.leaves import leaves_of
from dnkit.policies.compare.marks import Mark
from dnkit.policies.compare.names import Frame, renamed, spelled
from dnkit.policies.compare.policies import (
    SAME_BEHAVIOUR,
    SAME_MACHINE,
    compare,
)
from dnkit.policies.compare.rows import rows_of
from dnkit.policies.keys import TABLE
from dnkit.policies.policy import (
    Arm,
    Deadline,
    Depth,
    Goto,
    LimitsText,
    MinDepth,
    MinVolume,
    Policy,
    Rate,
    Rest,
    Size,
    SizeText,
    Take,
    Unhedged,
)
from dnkit.policies.render import render
from tests.policies.comparing import GROUND, read, side
from tests.policies.strategies import policies, rests, takes, trading
from tests.policies.test_tighten import ROWS, value

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
TIGHTER, LOOSER = Mark.TIGHTER, Mark.LOOSER


def rows(old: Policy, new: Policy) -> dict[str, Mark]:
    """Rows without a compiler: most random policies are for no venue there is."""
    found = rows_of(*(leaves_of(spelled(one, Frame())) for one in (old, new)))
    marks = {row.where: row.mark for row in found}
    assert len(marks) == len(found)
    return marks


UNIT = value(TABLE["phases.*.arm.stop"], "2% from entry")


def tame(policy: Policy) -> Policy:
    """The policy without amounts and units that its venues cannot do, so that it makes a machine."""
    return replace(
        policy,
        phases=tuple(replace(phase, body=tame_body(phase.body)) for phase in policy.phases),
        clip=value(TABLE["clip"], "$500"),
        size=None,
        slice=None,
        imbalance="",
        legs=tuple(replace(leg, symbol="", clip=None) for leg in policy.legs),
        limits=LimitsText(deadline=policy.limits.deadline),
    )


def tame_body(body: Any) -> Any:
    if isinstance(body, Arm):
        return replace(body, stop=UNIT, limit=None)
    if isinstance(body, Rest | Take):
        body = replace(body, qty=Size(word="position" if body.reduce_only else "imbalance"))
    if isinstance(body, Rest) and body.reprice:
        body = replace(body, reprice=replace(body.reprice, beyond=UNIT))
    return body


def machines() -> st.SearchStrategy[Policy]:
    """Random policies that compile."""
    return trading().map(tame).filter(lambda policy: side(policy).program is not None)


@given(machines())
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
def test_a_policy_is_the_same_machine_as_its_text(policy: Policy) -> None:
    loaded = read(render(policy))
    assume(loaded.policy is not None)
    assert loaded.policy is not None
    found = compare(side(policy), side(loaded.policy), GROUND)
    assert found.same_machine
    assert (found.verdict, found.rows, found.bounds) == (SAME_MACHINE, (), ())


def limits(policy: Policy, **new: Any) -> Policy:
    return replace(policy, limits=replace(policy.limits, **new))


def data(policy: Policy, **new: Any) -> Policy:
    return replace(policy, data=replace(policy.data, **new))


def size(policy: Policy, **new: Any) -> Policy:
    return replace(policy, size=replace(START_SIZE, **new))


def unhedged(policy: Policy, **new: Any) -> Policy:
    return limits(policy, max_unhedged=replace(START_UNHEDGED, **new))


def first_leg(policy: Policy, clip: Any) -> Policy:
    return replace(policy, legs=(replace(policy.legs[0], clip=clip), *policy.legs[1:]))


HALT = Goto(TargetKind.HALT)
START_UNHEDGED = Unhedged(value(TABLE["clip"], "$3000"), 30 * 10**9, HALT)
START_SIZE = SizeText(target=value(TABLE["clip"], "$10,000"), mode=SizeMode.STRICT)
SETTERS: dict[str, Callable[[Policy, Any], Policy]] = {
    "clip": lambda policy, new: replace(policy, clip=new),
    "slice": lambda policy, new: replace(policy, slice=new),
    "deadman": lambda policy, new: replace(policy, deadman_ns=new),
    "legs.*.clip": first_leg,
    "limits.deadline.after": lambda policy, new: limits(policy, deadline=Deadline(new, HALT)),
    "limits.forbid": lambda policy, new: limits(policy, forbid=tuple(OrderType(one) for one in new)),
    "limits.max_spread": lambda policy, new: limits(policy, max_spread=new),
    "limits.max_concession": lambda policy, new: limits(policy, max_concession=new),
    "limits.max_slippage": lambda policy, new: limits(policy, max_slippage=new),
    "limits.max_impact": lambda policy, new: limits(policy, max_impact=new),
    "limits.max_unhedged.amount": lambda policy, new: unhedged(policy, amount=new),
    "limits.max_unhedged.for": lambda policy, new: unhedged(policy, for_ns=new),
    "limits.min_hedge": lambda policy, new: limits(policy, min_hedge=new),
    "limits.depth.within": lambda policy, new: limits(policy, depth=Depth(new, True)),
    "limits.min_depth": lambda policy, new: limits(policy, min_depth=MinDepth(*new)),
    "limits.min_volume": lambda policy, new: limits(policy, min_volume=MinVolume(*new)),
    "limits.liq_buffer": lambda policy, new: limits(policy, liq_buffer=new),
    "limits.collar": lambda policy, new: limits(policy, collar=new),
    "limits.rate.calls": lambda policy, new: limits(policy, rate=Rate(*new)),
    "data.bbo.max_age": lambda policy, new: data(policy, max_age_ns=new),
    "data.stream.max_silence": lambda policy, new: data(policy, max_silence_ns=new),
    "size.target": lambda policy, new: size(policy, target=new),
    "size.impact.max": lambda policy, new: size(policy, impact_max=new),
    "backoff.tries": lambda policy, new: replace(policy, backoff=(10**9, 10**9, new)),
}
FIELDS = {path.split(".")[1]: path for path in SETTERS if path.startswith("limits.")}


def at(policy: Policy, path: str, which: int) -> Policy:
    """The policy with a limit of the table of directions at its start (0) or tightened (1)."""
    return SETTERS[path](policy, value(TABLE[path], ROWS[path][which]))


@given(trading(), st.sampled_from(sorted(SETTERS)))
@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
def test_a_limit_that_changes_is_one_row_with_its_direction(policy: Policy, path: str) -> None:
    start, tight = (at(policy, path, which) for which in (0, 1))
    where = path.replace("*", policy.legs[0].name)
    assert rows(start, tight) == {where: TIGHTER}
    assert rows(tight, start) == {where: LOOSER}
    assert rows(start, start) == {}


@given(trading(), st.sampled_from(sorted(FIELDS)))
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
def test_a_limit_that_goes_is_looser_and_one_that_comes_is_tighter(policy: Policy, field: str) -> None:
    there = at(policy, FIELDS[field], 0)
    bare = limits(there, **{field: getattr(LimitsText(), field)})
    gone, came = (LOOSER, TIGHTER) if field != "min_hedge" else (TIGHTER, LOOSER)  # it is a least, not a most
    assert rows(there, bare) == {f"limits.{field}": gone}
    assert rows(bare, there) == {f"limits.{field}": came}


@given(policies, policies, st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
def test_no_part_of_a_policy_is_passed_over(one: Policy, other: Policy, draw: st.DataObject) -> None:
    """One part from another policy: where the spelled-out policies differ in what acts, there is a row."""
    name = draw.draw(st.sampled_from(PARTS))
    mixed = replace(one, **{name: getattr(other, name)})
    assume((one.intent is Intent.GUARD) == (other.intent is Intent.GUARD))
    before, after = (spelled(policy, Frame()) for policy in (one, mixed))
    assert bool(rows(one, mixed)) == (getattr(before, name) != getattr(after, name))


PARTS = (
    "intent",
    "legs",
    "clip",
    "limits",
    "data",
    "recover",
    "stop",
    "slice",
    "size",
    "imbalance",
    "watch",
    "keeps",
    "alerts",
    "deadman_ns",
    "backoff",
    "phases",
)


@given(machines())
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
def test_other_names_are_no_difference(policy: Policy) -> None:
    assume(read(render(policy)).policy is not None)
    names = {phase.name: f"my_{phase.name}" for phase in policy.phases}
    found = compare(side(policy), side(renamed(policy, {}, names)), GROUND)
    assert found.verdict == SAME_BEHAVIOUR
    assert {(row.old, row.new, row.mark) for row in found.rows} == {
        (old, new, Mark.RENAMED) for old, new in names.items()
    }


@given(machines(), st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
def test_another_order_of_phases_is_no_difference(policy: Policy, draw: st.DataObject) -> None:
    one = side(policy)
    said = spelled(policy, Frame(specs=one.legs))
    first, *others = said.phases
    moved = replace(said, phases=(first, *draw.draw(st.permutations(others))))
    found = compare(one, side(moved), GROUND)
    assert found.rows == ()
    assert found.verdict in (SAME_MACHINE, SAME_BEHAVIOUR)


@given(machines(), st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
def test_machines_that_differ_are_told_apart_by_a_key(policy: Policy, draw: st.DataObject) -> None:
    """One phase does something else; `machine` is the row for what no key tells."""
    places = [place for place, phase in enumerate(policy.phases) if isinstance(phase.body, Rest | Take)]
    assume(places)
    place = draw.draw(st.sampled_from(places))
    phase = policy.phases[place]
    body = tame_body(draw.draw(rests(True) if isinstance(phase.body, Rest) else takes(True)))
    phases = (*policy.phases[:place], replace(phase, body=body), *policy.phases[place + 1 :])
    mixed = side(replace(policy, phases=phases))
    assume(mixed.program is not None)
    found = compare(side(policy), mixed, GROUND)
    assert "machine" not in {row.where for row in found.rows}
    assert found.same_machine or found.rows


def test_every_limit_of_the_table_is_tried() -> None:
    """Those of phases and of guards are tried elsewhere; `limits.deadline` is a short form."""
    elsewhere = ("limits.deadline", "watch.every")
    assert {path for path in ROWS if not path.startswith("phases.")} == {*SETTERS, *elsewhere}
