"""Whether two compiled programs are the same machine, whatever its parts are called and wherever they stand.

Both are walked side by side from where a run begins, through all that a phase can answer, and all that a
deadline, a limit, the operator or a crash can do. They are the same where both do the same at every pair of
spots that is reached. Phases that are split in two, shared, inlined, passed through or never reached make no
difference by themselves.

Visits are counted exactly, for each phase by itself. Where the other program has two phases for one, the two
are its equal only if no way exhausts the one side and not the other; such a way is told where there is one.

Equal is proved. A difference is one of the machines: its way goes through answers that the phases can give,
and whether a market can bring all of them about in that order is not asked.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from dnkit.analysis.conduct import conduct
from dnkit.analysis.course import GONE, Course, Spot, beginning, course_of, ways
from dnkit.analysis.plain import plain
from dnkit.engine.state import Stage
from dnkit.machine.program import Program, TargetKind
from dnkit.model.errors import DnkitError

PAIRS_MAX = 200_000
ENTRY = "start"
FREE = (ENTRY, GONE)  # that a run goes off, and that what it leaves is over, is no step of its own


class Undecided(DnkitError):
    """Too many pairs of spots to walk through all of them."""

    exit_code = 6


class Turning(msgspec.Struct, frozen=True):
    """One step of a way: the phase of the first program (or a stage around the phases in brackets), and its
    outcome or what came over it.
    """

    phase: str
    outcome: str


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Where two machines part: the shortest way there from `entry`, what differs in words, and where they
    stand then. `phases` and `lines` are of the first and of the other; line 0 is none of the policy's.
    """

    entry: str
    way: tuple[Turning, ...]
    what: str
    phases: tuple[str, str]
    lines: tuple[int, int]


class _Pair(NamedTuple):
    one: Spot
    other: Spot


_Trail = dict[_Pair, tuple[_Pair, str] | None]  # each pair, and from which it was reached by what
_Courses = tuple[Course, Course]
_STAGES = {
    Stage.START: "(start)",
    Stage.LEAVE: "(leaving)",
    Stage.SWEEP: "(last sweep)",
    Stage.HALT: "(halting)",
    Stage.END: "(nowhere)",
}


def equivalent(one: Program, other: Program, pairs_max: int = PAIRS_MAX) -> Difference | None:
    """The nearest difference of two machines, None when there is none. Undecided when `pairs_max` pairs of
    spots are not enough to tell.
    """
    if plain(one) == plain(other):
        return None
    return _walk((course_of(one), course_of(other)), pairs_max)


def _walk(courses: _Courses, pairs_max: int) -> Difference | None:
    """Side by side, nearest pairs first, so that the first difference has the shortest way."""
    first = _Pair(*(beginning(course) for course in courses))
    trail: _Trail = {first: None}
    near = [first]
    while near:
        further = []
        for pair in near:  # grows by what is reached without a step
            what = _differs(courses, pair)
            if what:
                return _difference(courses, trail, pair, what)
            for name, then in _next(courses, pair):
                if name in FREE:
                    _note(trail, near, then, (pair, name))
                else:
                    further.append((then, (pair, name)))
        near = []
        for then, reason in further:
            _note(trail, near, then, reason)
        if len(trail) > pairs_max:
            raise Undecided(f"more than {pairs_max:,} pairs of spots, and no difference so far")
    return None


def _note(trail: _Trail, near: list[_Pair], pair: _Pair, reason: tuple[_Pair, str]) -> None:
    """Keep how a pair was come to that nobody came to before."""
    if pair not in trail:
        trail[pair] = reason
        near.append(pair)


def _next(courses: _Courses, pair: _Pair) -> Iterator[tuple[str, _Pair]]:
    """Where both go on to. Machines that do the same at a spot know the same ways on from it."""
    now = len(_moments(pair))
    one, other = (ways(course, spot, now) for course, spot in zip(courses, pair, strict=True))
    return ((name, _canonical(courses, _Pair(one[name], other[name]))) for name in one)


def _differs(courses: _Courses, pair: _Pair) -> str:
    """The first difference of what both do, in words; "" where they do the same."""
    one, other = (conduct(course, spot) for course, spot in zip(courses, pair, strict=True))
    for word, (value, text) in one.items():
        if value != other[word][0]:
            return f"{word}: {text} against {other[word][1]}"
    return ""


# --- one form for all pairs that go on alike ------------------------------------------------------


def _moments(pair: _Pair) -> list[int]:
    return sorted({moment for spot in pair for due in spot.dues for moment, _ in due})


def _canonical(courses: _Courses, pair: _Pair) -> _Pair:
    """The pair without what no longer counts, its moments numbered anew."""
    bare = _Pair(_bare(courses[0], pair.one), _bare(courses[1], pair.other))
    moments = _moments(bare)
    if moments == list(range(len(moments))):
        return bare
    numbers = {moment: number for number, moment in enumerate(moments)}
    return _Pair(_renumbered(bare.one, numbers), _renumbered(bare.other, numbers))


def _bare(course: Course, spot: Spot) -> Spot:
    if spot.stage in (Stage.HALT, Stage.END):
        return Spot(spot.stage, spot.phase, (), ())
    if spot.stage is Stage.LEAVE and spot.goal is not None and spot.goal.kind is TargetKind.PHASE:
        spot = spot._replace(phase=spot.goal.phase)
    phases = course.program.phases
    kept = course.counts[phases[spot.phase].scope]
    if len(kept) == len(spot.dues):
        return spot
    pairs = zip(phases, spot.visits, strict=True)
    visits = tuple(count if phase.scope in kept else 0 for phase, count in pairs)
    dues = tuple(due if scope in kept else () for scope, due in enumerate(spot.dues))
    return spot._replace(visits=visits, dues=dues)


def _renumbered(spot: Spot, numbers: dict[int, int]) -> Spot:
    dues = tuple(tuple((numbers[moment], length) for moment, length in due) for due in spot.dues)
    return spot._replace(dues=dues)


# --- telling --------------------------------------------------------------------------------------


def _difference(courses: _Courses, trail: _Trail, pair: _Pair, what: str) -> Difference:
    one, other = (course.program for course in courses)
    return Difference(
        entry=ENTRY,
        way=tuple(reversed(tuple(_way(one, trail, pair)))),
        what=what,
        phases=(_place(one, pair.one), _place(other, pair.other)),
        lines=(_line(one, pair.one), _line(other, pair.other)),
    )


def _way(program: Program, trail: _Trail, pair: _Pair) -> Iterator[Turning]:
    """The steps of a trail, backwards."""
    reason = trail[pair]
    while reason is not None:
        (spot, _), name = reason
        if name not in FREE:
            yield Turning(_place(program, spot), name)
        reason = trail[reason[0]]


def _place(program: Program, spot: Spot) -> str:
    return _STAGES.get(spot.stage, program.phases[spot.phase].name)


def _line(program: Program, spot: Spot) -> int:
    return 0 if spot.stage is Stage.START else program.phases[spot.phase].line
