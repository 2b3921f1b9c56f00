"""Every field that acts is found, nearest first, and no other makes a difference (P24)."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dnkit.analysis.conduct import conduct
from dnkit.analysis.course import beginning, course_of, ways
from dnkit.analysis.equivalent import FREE, Difference, Turning, equivalent
from dnkit.machine import program as pg
from dnkit.machine.program import Outcome, PhaseKind
from tests.analysis.machines import (
    ACTS,
    ARM,
    CHECK,
    CLEAR,
    LIMITS,
    REDUCE,
    REST,
    WAIT,
    every_kind,
    fields,
    idly_changed,
    in_job,
    in_leg,
    in_limits,
    in_phase,
    in_scope,
    other_value,
)

WORDS = ("name", "digest")
MADE = every_kind()


def acting() -> Iterator[tuple[str, pg.Program, str]]:
    """One change each: what it is, the machine with it, and the phase where it acts ("" for the start)."""
    for index, one in enumerate(MADE.phases):
        own, of_job = ACTS[one.kind]
        for name in own:
            changed = in_phase(MADE, index, **{name: other_value(getattr(one, name))})
            yield f"{one.name}.{name}", changed, one.name
        for slot, job in enumerate(one.jobs):
            for name in (*of_job, *(("cap",) if one.kind is PhaseKind.TAKE and not job.rungs else ())):
                value = 1 - job.leg if name == "leg" else other_value(getattr(job, name))
                yield f"{one.name}.{slot}.{name}", in_job(MADE, index, slot, **{name: value}), one.name
    yield from acting_around()


def acting_around() -> Iterator[tuple[str, pg.Program, str]]:
    """The same for limits, legs, and the program itself."""
    for name, value in fields(LIMITS).items():
        where = "(leaving)" if name.endswith("_to") else ""
        yield f"limits.{name}", in_limits(MADE, 0, **{name: other_value(value)}), where
        if name != "hedge_min":
            inner = "(leaving)" if name.endswith("_to") else "run/inner"
            yield f"run.limits.{name}", in_limits(MADE, 1, **{name: other_value(value)}), inner
    for name, value in fields(MADE.legs[1]).items():
        if name not in (*WORDS, "instrument"):
            yield f"leg.{name}", in_leg(MADE, 1, **{name: other_value(value)}), ""
    for name, value in fields(MADE.legs[1].instrument).items():
        changed = replace(MADE.legs[1].instrument, **{name: other_value(value)})
        yield f"instrument.{name}", in_leg(MADE, 1, instrument=changed), ""
    for name in ("intent", "relative", "by_money", "slice_size", "impact_max", "size_mode", "stop_to"):
        yield f"program.{name}", replace(MADE, **{name: other_value(getattr(MADE, name))}), ""
    for name in ("start", "recover", "reduce"):
        yield f"program.{name}", replace(MADE, **{name: WAIT}), ""
    yield "scope.legs", in_scope(MADE, 1, legs=(0,)), "run/check"
    yield "scope.halt_to", in_scope(MADE, 1, halt_to=None), ""


CHANGES = {what: (changed, where) for what, changed, where in acting()}


@pytest.mark.parametrize("what", CHANGES)
def test_every_field_that_acts_is_found_and_nowhere_nearer(what: str) -> None:
    changed, where = CHANGES[what]
    found = equivalent(MADE, changed)
    assert found is not None
    assert found.phases[0] == (where or found.phases[0])
    check_way(MADE, changed, found)


NEVER_TWICE = (REST, ARM, CLEAR, WAIT, CHECK, REDUCE)  # entered as often as they may be, and no more
TARGETS = [
    (index, outcome)
    for index, one in enumerate(MADE.phases)
    for outcome, _ in one.then
    if one.kind is not PhaseKind.RUN and (len(one.jobs) > 1 or outcome is not Outcome.FIRST)
    if index not in NEVER_TWICE or outcome is not Outcome.EXHAUSTED
]


def elsewhere(made: pg.Program, index: int, outcome: Outcome) -> pg.Program:
    then = dict(made.phases[index].then)
    return in_phase(made, index, then=tuple((then | {outcome: other_value(then[outcome])}).items()))


@pytest.mark.parametrize(("index", "outcome"), TARGETS)
def test_every_outcome_that_leads_elsewhere_is_found(index: int, outcome: Outcome) -> None:
    changed = elsewhere(MADE, index, outcome)
    found = equivalent(MADE, changed)
    assert found is not None
    if outcome is not Outcome.EXHAUSTED:
        assert found.way[-1] == Turning(MADE.phases[index].name, outcome.value)
    check_way(MADE, changed, found)


def test_where_a_phase_would_lead_if_it_were_exhausted_does_not_matter_where_it_never_is() -> None:
    changed = MADE
    for index in NEVER_TWICE:
        changed = elsewhere(changed, index, Outcome.EXHAUSTED)
    assert equivalent(MADE, changed) is None


def check_way(one: pg.Program, other: pg.Program, found: Difference) -> None:
    """The way leads there in both, and all shorter ones lead to no difference."""
    courses = course_of(one), course_of(other)
    spots = tuple(beginning(course) for course in courses)
    names = [turning.outcome for turning in found.way]
    assert any(leads(courses, spots, names, found.what, 0))
    if 0 < len(names) <= 4:
        assert not any(differences(courses, spots, len(names) - 1, 0))


def leads(courses: Any, spots: Any, names: list[str], what: str, now: int) -> Iterator[bool]:
    """Whether the difference stands at the end of the way, before or after a step that costs nothing."""
    if not names:
        yield difference(courses, spots) == what
    for name, then in further(courses, spots, now):
        if name in FREE:
            yield from leads(courses, then, names, what, now + 1)
        elif names and name == names[0]:
            yield from leads(courses, then, names[1:], what, now + 1)


def differences(courses: Any, spots: Any, steps: int, now: int) -> Iterator[str]:
    """Every difference within so many steps, nothing remembered."""
    yield difference(courses, spots)
    for name, then in further(courses, spots, now):
        if steps or name in FREE:
            yield from differences(courses, then, steps - (name not in FREE), now + 1)


def further(courses: Any, spots: Any, now: int) -> Iterator[tuple[str, Any]]:
    one, other = (ways(course, spot, now) for course, spot in zip(courses, spots, strict=True))
    return ((name, (one[name], other[name])) for name in one if name in other)


def difference(courses: Any, spots: Any) -> str:
    one, other = (conduct(course, spot) for course, spot in zip(courses, spots, strict=True))
    unlike = [word for word in one if word not in other or one[word][0] != other[word][0]]
    return f"{unlike[0]}: {one[unlike[0]][1]} against {other[unlike[0]][1]}" if unlike else ""


def test_fields_that_do_not_act_make_no_difference() -> None:
    assert equivalent(MADE, idly_changed(MADE)) is None


@given(st.sampled_from(list(CHANGES)), st.sampled_from(list(CHANGES)))
@settings(max_examples=15)
def test_both_ways_round_it_is_the_same_distance(one: str, other: str) -> None:
    there = equivalent(CHANGES[one][0], CHANGES[other][0])
    back = equivalent(CHANGES[other][0], CHANGES[one][0])
    assert (there is None) is (back is None)
    if there and back:
        assert len(there.way) == len(back.way)
        assert there.lines == back.lines[::-1]
