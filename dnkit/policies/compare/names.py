"""Two policies that say the same in other words: every default written out, and which leg and phase of the
one is which of the other, whatever they are called.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from dnkit.machine.program import LegSpec, Outcome, TargetKind
from dnkit.model.terms import Intent
from dnkit.policies.flow import outcomes_of
from dnkit.policies.policy import (
    KIND_OF,
    Alert,
    Arm,
    Clear,
    Goto,
    LimitsText,
    PhaseText,
    Policy,
    Quantity,
    Rest,
    Run,
    Take,
    Verify,
    Wait,
    Watch,
)
from dnkit.policies.unit_texts import show_quantity

VENUE_MINIMUM = Quantity(Decimal(0), "venue_minimum")
STOPPED = Goto(TargetKind.HALT, text="stopped by the operator")
LegsOf = Callable[[str], tuple[str, ...]]
Names = Mapping[str, str]
Occasion = TypeVar("Occasion")


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy leaves to others: its legs as compiled, whether they are compared by value, and the legs
    of the policies it runs by name.
    """

    specs: tuple[LegSpec, ...] = ()
    by_money: bool = False
    legs_of: LegsOf = lambda _: ()


def spelled(policy: Policy, frame: Frame) -> Policy:
    """The policy with every default said; lists are sorted where order means nothing."""
    looks = (one.name for one in policy.phases if isinstance(one.body, Verify))
    trades = policy.intent is not Intent.GUARD
    first = policy.phases[0].name if policy.phases else ""
    legs = (
        replace(leg, side=spec.side, symbol=spec.instrument.symbol)
        for leg, spec in zip(policy.legs, frame.specs, strict=True)
    )
    return replace(
        policy,
        legs=tuple(legs) if frame.specs else policy.legs,
        phases=tuple(_spelled_phase(policy, index, frame.legs_of) for index in range(len(policy.phases))),
        limits=_spelled_limits(policy.limits),
        recover=policy.recover or next(looks, first),
        stop=policy.stop or (STOPPED if trades else None),
        imbalance=policy.imbalance or ("notional" if frame.by_money else "base" if trades else ""),
        watch=policy.watch and _spelled_watch(policy.watch),
    )


def _spelled_watch(watch: Watch) -> Watch:
    return replace(watch, facts=tuple(sorted(watch.facts)))


def _spelled_limits(limits: LimitsText) -> LimitsText:
    amounts = dict.fromkeys(limits.min_hedge or (VENUE_MINIMUM,))
    return replace(
        limits,
        forbid=tuple(sorted(limits.forbid, key=lambda one: one.value)),
        min_hedge=tuple(sorted(amounts, key=show_quantity)),
    )


def _spelled_phase(policy: Policy, index: int, legs_of: LegsOf) -> PhaseText:
    phase = policy.phases[index]
    body = phase.body
    if isinstance(body, Run):
        ours = {name: name for name in legs_of(body.policy)} | dict(body.legs)
        body = replace(body, legs=tuple(sorted(ours.items())), set=tuple(sorted(body.set)))
    then = dict(_then(policy, index))
    return replace(phase, body=body, then=tuple((one, then[one]) for one in Outcome if one in then))


def _then(policy: Policy, index: int) -> Iterator[tuple[Outcome, Goto]]:
    """Every outcome the phase can have, with its target as the compiler reads it."""
    phase, after = policy.phases[index], policy.phases[index + 1 : index + 2]
    written = dict(phase.then)
    for outcome in outcomes_of(KIND_OF[type(phase.body)], len(legs_in(phase))):
        ends = Goto(TargetKind.HALT, text=f"{phase.name}: {outcome.value}")
        following = Goto(TargetKind.PHASE, phase=after[0].name) if after else ends
        yield outcome, written.get(outcome, following)
    spent = Goto(TargetKind.HALT, text=f"{phase.name} exhausted")
    yield Outcome.EXHAUSTED, written.get(Outcome.EXHAUSTED, spent)


def legs_in(phase: PhaseText) -> tuple[str, ...]:
    """Names of the legs a phase names."""
    body = phase.body
    if isinstance(body, Rest | Take):
        return body.legs
    return (body.leg,) if isinstance(body, Arm | Clear) else ()


def renamed(policy: Policy, legs: Names, phases: Names) -> Policy:
    """The policy with other names for its legs and phases, wherever they stand; names not told of stay."""

    def goto(target: Goto) -> Goto:
        return replace(target, phase=phases.get(target.phase, target.phase))

    limits = policy.limits
    deadline, unhedged = limits.deadline, limits.max_unhedged
    return replace(
        policy,
        legs=tuple(replace(leg, name=legs.get(leg.name, leg.name)) for leg in policy.legs),
        phases=tuple(
            replace(
                phase,
                name=phases.get(phase.name, phase.name),
                body=_with_legs(phase.body, legs),
                then=tuple((outcome, goto(target)) for outcome, target in phase.then),
            )
            for phase in policy.phases
        ),
        recover=phases.get(policy.recover, policy.recover),
        stop=policy.stop and goto(policy.stop),
        limits=replace(
            limits,
            deadline=deadline and replace(deadline, then=goto(deadline.then)),
            max_unhedged=unhedged and replace(unhedged, then=goto(unhedged.then)),
        ),
    )


Body = Rest | Take | Verify | Arm | Clear | Run | Wait | Alert


def _with_legs(body: Body, legs: Names) -> Body:
    if isinstance(body, Rest | Take):
        return replace(body, legs=tuple(legs.get(one, one) for one in body.legs))
    if isinstance(body, Arm | Clear):
        return replace(body, leg=legs.get(body.leg, body.leg))
    if isinstance(body, Run):
        return replace(body, legs=tuple((theirs, legs.get(ours, ours)) for theirs, ours in body.legs))
    return body


def leg_names(old: Policy, new: Policy) -> dict[str, str]:
    """Names of legs in `old` to those in `new`, where the legs are the same one by one; both are spelled out.

    A guard's legs keep their names: its facts are made of them.
    """

    def places(policy: Policy) -> list[tuple[object, ...]]:
        return [(leg.venue, leg.symbol, leg.side) for leg in policy.legs]

    if Intent.GUARD in (old.intent, new.intent) or places(old) != places(new):
        return {}
    return {one.name: other.name for one, other in zip(old.legs, new.legs, strict=True)}


def phase_names(old: Policy, new: Policy) -> dict[str, str]:
    """Names of phases in `old` to those in `new` that are the same phase; both are spelled out.

    Where all phases of both do the same and lead the same way their names do not count at all. Otherwise
    phases of one name belong together, then those that do the same and are reached the same way, then those
    of which there is no other that does the same.
    """
    whole = _walked(old, new, {})
    if len(whole) == len(old.phases) == len(new.phases) and _same_ways(old, new, whole):
        return whole
    there = _by_name(new)
    found = _walked(old, new, {phase.name: phase.name for phase in old.phases if phase.name in there})
    return {**found, **_alone(old, new, found)}


def _same_ways(old: Policy, new: Policy, names: Names) -> bool:
    """Whether every outcome of every phase leads the same way; words of a halt are compared elsewhere."""
    theirs = {phase.name: dict(phase.then) for phase in new.phases}
    return all(
        _aim(goto, names) == _aim(theirs[names[phase.name]][outcome], {})
        for phase in old.phases
        for outcome, goto in phase.then
    )


def _aim(goto: Goto, names: Names) -> tuple[object, ...]:
    return goto.kind, names.get(goto.phase, goto.phase), goto.end


def _walked(old: Policy, new: Policy, known: Names) -> dict[str, str]:
    """Follows both policies at once, from where they start and from the phases known to be the same."""
    before, after = _by_name(old), _by_name(new)
    found = dict(known)
    taken = set(known.values())
    waiting = [*_both(_roots(old), _roots(new)), *known.items()]
    seen: set[tuple[str, str]] = set()
    while waiting:
        one, other = pair = waiting.pop(0)
        if one not in found and other not in taken and _alike(before[one], after[other]):
            found[one] = other
            taken.add(other)
        if found.get(one) == other and pair not in seen:
            seen.add(pair)
            waiting += _both(dict(before[one].then), dict(after[other].then))
    return found


def _by_name(policy: Policy) -> dict[str, PhaseText]:
    return {phase.name: phase for phase in policy.phases}


def _alike(one: PhaseText, other: PhaseText) -> bool:
    return (one.body, one.visits, one.skip) == (other.body, other.visits, other.skip)


def _roots(policy: Policy) -> dict[str, Goto]:
    """Where a run may come from outside its phases."""
    limits = policy.limits
    start = policy.phases[0].name if policy.phases else ""
    found = {
        "start": Goto(TargetKind.PHASE, phase=start),
        "recover": Goto(TargetKind.PHASE, phase=policy.recover),
        "stop": policy.stop,
        "deadline": limits.deadline.then if limits.deadline else None,
        "unhedged": limits.max_unhedged.then if limits.max_unhedged else None,
    }
    return {name: goto for name, goto in found.items() if goto is not None}


def _both(one: Mapping[Occasion, Goto], other: Mapping[Occasion, Goto]) -> list[tuple[str, str]]:
    """Phases that the same occasion leads to in both."""
    pairs = ((one[key].phase, other[key].phase) for key in one if key in other)
    return [pair for pair in pairs if all(pair)]


def _alone(old: Policy, new: Policy, found: Names) -> dict[str, str]:
    """Phases left over that do what exactly one phase left over in the other does."""
    taken = list(found.values())
    ours = [phase for phase in old.phases if phase.name not in found]
    theirs = [phase for phase in new.phases if phase.name not in taken]
    pairs = {}
    for phase in ours:
        same = [one for one in theirs if one.body == phase.body]
        if len(same) == 1 and sum(one.body == phase.body for one in ours) == 1:
            pairs[phase.name] = same[0].name
    return pairs
