"""What changed in the behaviour of a policy. Two policies are compared by what they mean: comments, the order
of keys, defaults written out and names make no difference.
"""

from collections.abc import Callable, Iterator, Mapping

import msgspec
from msgspec.structs import replace

from dnkit.machine.program import NO_LIMIT, LegSpec, Program
from dnkit.model.terms import OrderType
from dnkit.policies.bind import Bound
from dnkit.policies.compare.leaves import leaves_of
from dnkit.policies.compare.marks import Mark
from dnkit.policies.compare.names import Frame, leg_names, phase_names, renamed, spelled
from dnkit.policies.compare.rows import Row, rows_of
from dnkit.policies.compile.frame import Configured, Library, policy_of
from dnkit.policies.compile.guard import GuardTable
from dnkit.policies.compile.legs import Venues
from dnkit.policies.compile.policy import compile_policy
from dnkit.policies.explain.words import show_bps
from dnkit.policies.explain.worst import worst_case
from dnkit.policies.overlays import reasons_asked
from dnkit.policies.policy import Policy, Run
from dnkit.policies.unit_texts import show_time

SAME_MACHINE, SAME_BEHAVIOUR, CHANGED = "same machine", "same behaviour", "changed"
NO_BOUND = "no bound"
OF_THE_CALLED = ("intent", "limits", "data", "start", "phases")  # the rest is the caller's


class Side(msgspec.Struct, frozen=True):
    """One of the two: a policy in force and what was compiled from it, one of program and guard."""

    policy: Policy
    program: Program | None
    guard: GuardTable | None = None

    @property
    def legs(self) -> tuple[LegSpec, ...]:
        """Its legs as compiled."""
        compiled = self.program or self.guard
        return compiled.legs if compiled else ()


class Ground(msgspec.Struct, frozen=True):
    """What policies are compiled against: facts of venues, and other policies by name."""

    venues: Venues
    library: Library
    configured: Configured


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What differs. `rows` go by the keys of the language, `bounds` are those of `explain`; `same_machine`
    says whether the engine could tell the two apart at all.
    """

    verdict: str
    rows: tuple[Row, ...]
    bounds: tuple[Row, ...]
    same_machine: bool


def machine_of(program: Program) -> Program:
    """The program bare of what the engine does not act on: its name, lines of phases, the digest.

    Two programs are the same machine when these are equal.
    """
    top, *scopes = program.scopes
    return replace(
        program,
        name="",
        digest="",
        scopes=(replace(top, name=""), *scopes),
        phases=tuple(replace(phase, line=0) for phase in program.phases),
    )


def compare(old: Side, new: Side, ground: Ground) -> Comparison:
    """Compare two policies that have no errors."""
    before, after, names = _aligned(old, new, ground)
    rows = (*_differences(before, after, ground),)
    same = _machine(old.program, old.guard) == _machine(new.program, new.guard)
    if not rows and not same and not _same_when_spelled(before, after, ground):
        rows = (Row(where="machine", old=None, new=None, mark=Mark.CHANGED),)
    verdict = CHANGED if rows else SAME_MACHINE if same else SAME_BEHAVIOUR
    legs = {row.old: row.new for row in names if row.where.startswith("legs.")}
    bounds = tuple(_bounds(old.program, new.program, legs)) if old.program and new.program else ()
    return Comparison(verdict=verdict, rows=(*rows, *names), bounds=bounds, same_machine=same)


def reasons_named(*sides: Bound | None) -> tuple[str, ...]:
    """Every reason and class of reasons that the files name: what their overlays may ask for."""
    found: dict[str, None] = {}
    for bound in sides:
        if bound is not None:
            found |= dict.fromkeys(_reasons(bound))
    return tuple(found)


def classes_named(*sides: Bound | None) -> dict[str, tuple[str, ...]]:
    """Every class of reasons of the files, with all that either of them puts into it."""
    found: dict[str, dict[str, None]] = {}
    for bound in (one for one in sides if one is not None):
        for name in bound.names("reasons"):
            found.setdefault(name, {}).update(dict.fromkeys(bound.of("reasons", name) or ()))
    return {name: tuple(words) for name, words in found.items()}


def _reasons(bound: Bound) -> Iterator[str]:
    for name in bound.names("reasons"):
        yield name
        yield from bound.of("reasons", name) or ()
    yield from reasons_asked(bound)


def _aligned(old: Side, new: Side, ground: Ground) -> tuple[Policy, Policy, tuple[Row, ...]]:
    """Both policies spelled out, the old one with the new one's names; and the names that differ."""
    frames = [_frame(one, ground) for one in (old, new)]
    after = spelled(new.policy, frames[1])
    legs = leg_names(spelled(old.policy, frames[0]), after)
    phases = phase_names(spelled(renamed(old.policy, legs, {}), frames[0]), after)
    before = spelled(renamed(old.policy, legs, phases), frames[0])
    return before, after, (*_renamed("legs", legs), *_renamed("phases", phases))


def _renamed(word: str, names: Mapping[str, str]) -> Iterator[Row]:
    for one, other in names.items():
        if one != other:
            yield Row(where=f"{word}.{other}", old=one, new=other, mark=Mark.RENAMED)


def _frame(side: Side, ground: Ground) -> Frame:
    by_money = side.program is not None and side.program.by_money
    return Frame(specs=side.legs, by_money=by_money, legs_of=lambda name: _legs_of(name, ground))


def _legs_of(name: str, ground: Ground) -> tuple[str, ...]:
    found, _ = policy_of(ground.library(name))
    return tuple(leg.name for leg in found.legs) if found else ()


def _differences(before: Policy, after: Policy, ground: Ground) -> Iterator[Row]:
    """Rows of two policies whose names agree, and of the policies they run."""
    yield from rows_of(leaves_of(before), leaves_of(after))
    bodies = {phase.name: phase.body for phase in before.phases}
    for phase in after.phases:
        old, new = bodies.get(phase.name), phase.body
        if isinstance(old, Run) and isinstance(new, Run) and (old.policy, old.set) != (new.policy, new.set):
            yield from _called(phase.name, old, new, ground)


def _called(phase: str, old: Run, new: Run, ground: Ground) -> Iterator[Row]:
    """Rows of two policies that one phase runs, as `phases.PHASE/limits.max_spread`."""
    one, other = _ran(old, ground), _ran(new, ground)
    if one is None or other is None:
        return
    before, after, names = _aligned(Side(one, None), Side(other, None), ground)
    for row in (*_differences(before, after, ground), *names):
        if row.where.split(".")[0] in OF_THE_CALLED:
            yield replace(row, where=f"phases.{phase}/{row.where}")


def _ran(run: Run, ground: Ground) -> Policy | None:
    """The policy a phase runs, with our names for its legs."""
    found, _ = policy_of(ground.configured(run.policy, dict(run.set)))
    return found and renamed(found, dict(run.legs), {})


def _machine(program: Program | None, guard: GuardTable | None) -> Program | GuardTable | None:
    """What the engine acts on, whichever of the two it is."""
    return machine_of(program) if program is not None else guard and replace(guard, name="")


def _same_when_spelled(before: Policy, after: Policy, ground: Ground) -> bool:
    """Whether the two make the same machine once they say the same in the same order."""
    places = {phase.name: place for place, phase in enumerate(after.phases)}
    if set(places) != {phase.name for phase in before.phases}:
        return False
    ordered = replace(before, phases=tuple(sorted(before.phases, key=lambda phase: places[phase.name])))
    one, other = (
        compile_policy(policy, venues=ground.venues, library=ground.library, configured=ground.configured)
        for policy in (ordered, after)
    )
    return _machine(one.program, one.guard) == _machine(other.program, other.guard)


def _bounds(old: Program, new: Program, legs: Mapping[str | None, str | None]) -> Iterator[Row]:
    """Bounds of the worst case that differ."""
    one, other = worst_case(old), worst_case(new)
    yield from _bound("worst.time", one.longest_ns, other.longest_ns, show_time)
    yield from _bound("worst.after_deadline", one.after_deadline_ns, other.after_deadline_ns, show_time)
    yield from _bound("worst.orders", one.orders, other.orders, str)
    yield from _bound("worst.market", _market(old), _market(new), lambda used: "used" if used else "never")
    reach = {legs.get(leg.name, leg.name): far for leg, far in zip(old.legs, one.concession, strict=True)}
    for leg, far in zip(new.legs, other.concession, strict=True):
        if leg.name in reach:
            yield from _bound(f"worst.concession.{leg.name}", reach[leg.name], far, _reach)


def _bound(where: str, old: int, new: int, shown: Callable[[int], str]) -> Iterator[Row]:
    if old == new:
        return
    grows = old != NO_LIMIT and (new == NO_LIMIT or new > old)
    yield Row(where=where, old=shown(old), new=shown(new), mark=Mark.LOOSER if grows else Mark.TIGHTER)


def _market(program: Program) -> int:
    """1 where a market order may be sent, by a policy that is run too; 0 where none ever is."""
    phases = (phase for phase in program.phases if phase.skip is None)
    return int(any(job.type is OrderType.MARKET for phase in phases for job in phase.jobs))


def _reach(mbps: int) -> str:
    return NO_BOUND if mbps == NO_LIMIT else show_bps(mbps)
