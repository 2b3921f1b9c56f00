"""The ground a proof stands on: one program with its quantities cut into chunks, at one fixed book.

A clip becomes K equal chunks and, where the venue's minimum leaves room for it, one part that is too small to
trade (the dust). Prices stay real, so that rungs, grids and minimums mean what they mean in a trade.
"""

from collections.abc import Iterable
from decimal import Decimal
from math import lcm
from typing import Any

import msgspec
from msgspec.structs import replace

from dnkit.analysis.proof import NONE, Setting
from dnkit.engine.ends import READ_TRIES
from dnkit.engine.exposure import amount_lots, lots_min
from dnkit.engine.start import TRIES_MAX
from dnkit.engine.state import Leg
from dnkit.machine.program import (
    NO_LIMIT,
    Amount,
    LegSpec,
    Limits,
    PhaseKind,
    Program,
    SizeKind,
    Target,
    TargetKind,
)
from dnkit.market.profiles import PRICE_OTHERS_TICKS, PRICES
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import ceil_div
from dnkit.model.terms import BUILDING, EndName, Intent

SPREAD_TICKS = 2  # one tick inside is neither touch


class Lattice(msgspec.Struct, frozen=True):
    """One leg's quantities in lots: `chunk`, `dust` (0: the venue leaves none), `whole` of a clip, `least`
    that the venue lets trade. `bid` and `ask` are the fixed touch in ticks. `first`: a first fill may be
    nothing but dust.
    """

    chunk: int
    dust: int
    whole: int
    least: int
    bid: int
    ask: int
    first: bool

    def parts(self, lots: int) -> tuple[int, ...]:
        """What may be filled of an order of `lots`: its chunks one by one, then what is left over; of a whole
        clip also nothing but the dust.
        """
        pieces, rest = divmod(lots, self.chunk)
        wholes = list(range(0, pieces * self.chunk + 1, self.chunk))
        if rest:
            wholes.append(lots)
        if self.first and 0 < self.dust < lots == self.whole:
            wholes.insert(1, self.dust)
        return tuple(wholes)


class Ground(msgspec.Struct, frozen=True):
    """The abstract program, its lattices, the positions it may start with (lots per leg), and the legs that
    share a venue with each leg. `refusable` tells whether some limit may refuse a book; `tries` is the most
    that anything is tried by count; `ahead` holds for each phase the phases that may still be entered;
    `forgets` says that where a leg started decides nothing once the run has begun. `counted` are the phases
    whose visits can run out. `forms` keeps the canonical forms of legs that were met.
    """

    program: Program
    setting: Setting
    legs: tuple[Lattice, ...]
    starts: tuple[tuple[int, ...], ...]
    venues: tuple[tuple[int, ...], ...]
    refusable: bool
    tries: int
    ahead: tuple[frozenset[int], ...]
    forgets: bool
    counted: frozenset[int]
    forms: dict[Any, Any] = msgspec.field(default_factory=dict)


def lay_ground(program: Program, setting: Setting) -> Ground:
    """The ground for one program under one setting."""
    touches = [touch(spec.instrument) for spec in program.legs]
    least = [lots_min(spec.instrument, *touch) for spec, touch in zip(program.legs, touches, strict=True)]
    chunks = _chunks(program, setting.chunks, touches, least)
    lattices = tuple(
        _lattice(chunk, few, both, setting, first=program.relative)
        for chunk, few, both in zip(chunks, least, touches, strict=True)
    )
    specs = tuple(
        replace(spec, clip=Amount(lots=lattice.whole))
        for spec, lattice in zip(program.legs, lattices, strict=True)
    )
    limits = [scope.limits for scope in program.scopes]
    return Ground(
        program=replace(program, legs=specs),
        setting=setting,
        legs=lattices,
        starts=tuple(dict.fromkeys(_starts(program, lattices, setting.chunks))),
        venues=tuple(_neighbours(program.legs, spec) for spec in program.legs),
        refusable=any(_may_refuse(one) for one in limits),
        ahead=_ahead(program),
        counted=_counted(program, setting),
        forgets=not (program.relative or program.slice_size or _may_idle(program) or _trades_clip(program)),
        tries=max(READ_TRIES, TRIES_MAX, *(phase.tries for phase in program.phases)),
    )


def _ahead(program: Program) -> tuple[frozenset[int], ...]:
    """For every phase the phases a run that stands in it may enter, whatever interrupts it."""
    always = {program.recover, program.reduce, *_phases_of([program.stop_to])}
    for scope in program.scopes:
        always |= _phases_of([scope.limits.deadline_to, scope.limits.unhedged_to, scope.halt_to])
    steps = [
        _phases_of(target for _, target in phase.then)
        | ({phase.start} if phase.kind is PhaseKind.RUN else set())
        for phase in program.phases
    ]
    return tuple(_closure(steps, (always | steps[index]) - {-1}) for index in range(len(steps)))


def _may_idle(program: Program) -> bool:
    """Whether the program names the end `idle`, or checks for it: both ask where the legs started."""
    ends = [target.end for phase in program.phases for _, target in phase.then]
    return EndName.IDLE in (*ends, *(phase.goal for phase in program.phases), program.stop_to.end)


def _trades_clip(program: Program) -> bool:
    """Whether some phase trades the clip, counted from where the leg started."""
    return any(job.size is SizeKind.CLIP for phase in program.phases for job in phase.jobs)


def _counted(program: Program, setting: Setting) -> frozenset[int]:
    """Phases that may be entered more often than their visits. Every visit of another phase leads to one
    entry at most; what interrupts without a count may enter any number of times, and whether the compiler's
    last phase was entered is asked for as such.
    """
    sudden = {one.phase for scope in program.scopes for one in (scope.limits.unhedged_to,) if one is not None}
    if program.slice_size is not None:
        return frozenset(range(len(program.phases)))
    return frozenset(
        index
        for index, phase in enumerate(program.phases)
        if index in (program.reduce, *sudden) or _entries(program, index, setting) > phase.visits
    )


def _entries(program: Program, index: int, setting: Setting) -> int:
    """The most often a phase can be entered within one call of its scope."""
    known = [program.start, *(phase.start for phase in program.phases)]
    singles = [program.reduce, *([program.stop_to.phase] if setting.stops else ())]
    singles += [scope.limits.deadline_to.phase for scope in program.scopes if scope.limits.deadline_to]
    singles += [scope.halt_to.phase for scope in program.scopes if scope.halt_to]
    before = sum(
        phase.visits for phase in program.phases if index in _phases_of(target for _, target in phase.then)
    )
    crashes = setting.faults * (setting.crashes and index == program.recover)
    return before + (index in known) + singles.count(index) + crashes


def _phases_of(targets: Iterable[Target | None]) -> set[int]:
    return {one.phase for one in targets if one is not None and one.kind is TargetKind.PHASE}


def _closure(steps: list[set[int]], first: set[int]) -> frozenset[int]:
    known, new = set(first), list(first)
    while new:
        for one in steps[new.pop()] - known:
            known.add(one)
            new.append(one)
    return frozenset(known)


def touch(instrument: Instrument) -> tuple[int, int]:
    """Bid and ask in ticks at the coin's usual price."""
    price = Decimal(str(PRICES.get(instrument.base, PRICE_OTHERS_TICKS * instrument.tick)))
    bid = int(price / instrument.tick)
    return bid, bid + SPREAD_TICKS


def _chunks(program: Program, pieces: int, touches: list[tuple[int, int]], least: list[int]) -> Iterable[int]:
    """Lots of one chunk on each leg: alike in coin where the legs are compared by coin."""
    wanted = [
        max(few, amount_lots(spec, Leg(bid=bid, ask=ask), spec.clip) // pieces)
        for spec, (bid, ask), few in zip(program.legs, touches, least, strict=True)
    ]
    if program.by_money or len(wanted) == 1:
        return wanted
    grid = [spec.instrument.lot_base for spec in program.legs]
    step = lcm(*grid)
    base = max(lots * lot for lots, lot in zip(wanted, grid, strict=True))
    base = max(1, ceil_div(base, step)) * step
    return [base // lot for lot in grid]


def _lattice(chunk: int, least: int, touch: tuple[int, int], setting: Setting, *, first: bool) -> Lattice:
    dust = min(least, chunk) - 1 if setting.dust else 0
    return Lattice(chunk, dust, setting.chunks * chunk + dust, least, *touch, first)


def _starts(program: Program, legs: tuple[Lattice, ...], chunks: int) -> Iterable[tuple[int, ...]]:
    """What may be open at the start: as the intent expects it, and for closes also uneven or half gone."""
    whole = tuple(spec.side * leg.whole for spec, leg in zip(program.legs, legs, strict=True))
    flat = (0,) * len(legs)
    if program.intent in BUILDING:
        yield flat
        return
    if program.intent is not Intent.REBALANCE:
        yield whole
    for index, spec in enumerate(program.legs):
        if len(legs) > 1:
            part = spec.side * (legs[index].whole - legs[index].chunk)
            yield (*whole[:index], part, *whole[index + 1 :])
            if program.intent is not Intent.REBALANCE:
                yield (*whole[:index], 0, *whole[index + 1 :])


def _neighbours(legs: tuple[LegSpec, ...], spec: LegSpec) -> tuple[int, ...]:
    venue = spec.instrument.venue
    return tuple(index for index, other in enumerate(legs) if other.instrument.venue == venue)


def _may_refuse(limits: Limits) -> bool:
    """Whether a book can be refused for what it is: too wide, too thin, too quiet, too old."""
    named = (limits.spread_max, limits.depth_min, limits.volume_min, limits.book_age_ns)
    return any(one != NO_LIMIT for one in named) or (
        limits.depth_within != NO_LIMIT and not limits.depth_shrink
    )


def pay_up(ground: Ground, leg: int, side: int, price: int) -> int:
    """How far past the far touch a price is, in mbps, rounded up; 0 where it is not past it, NONE inside."""
    lattice = ground.legs[leg]
    far = lattice.ask if side > 0 else lattice.bid
    past = side * (price - far)
    return NONE if past < 0 else ceil_div(past * 10_000_000, far)
