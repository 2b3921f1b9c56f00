"""More calls in a time than a venue answers.

Counted are the calls a policy makes at a pace it chose itself: what a guard asks of every leg at each check,
the reads of a verify, the moves of a working order.
"""

from collections import Counter
from collections.abc import Iterator

from dnkit.machine.program import LegSpec, Phase, PhaseKind, Program
from dnkit.model.numbers import ceil_div
from dnkit.policies.compile.guard import GuardTable
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.explain.worst import legs_of
from dnkit.policies.policy import Rate
from dnkit.policies.rules.subject import Subject
from dnkit.policies.rules.times import show_sum
from dnkit.policies.unit_texts import show_time

CODE = "DNK446"
CALLS_A_LEG = 2  # of a guard's check: the leg's position, and its account
CALLS_A_MOVE = 2  # cancel and place


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A pace that `limits.rate`, or the venue's own rate where none is declared, does not bear."""
    if subject.guard is not None:
        yield from _of_guard(subject, subject.guard)
    if subject.program is not None:
        for phase in subject.own_phases:
            if phase.kind is PhaseKind.VERIFY:
                yield from _of_verify(subject, subject.program, phase)
            elif phase.reprice_every_ns:
                yield from _of_moves(subject, subject.program, phase)


def _of_guard(subject: Subject, guard: GuardTable) -> Iterator[Diagnostic]:
    pairs = subject.policy.watch.pairs if subject.policy.watch else 1
    for venue, legs in _by_venue(guard.legs).items():
        rate = _rate(subject, venue)
        calls = CALLS_A_LEG * legs * pairs
        if calls * rate.per_ns > guard.every_ns * rate.calls:
            takes = show_sum(calls * rate.per_ns // rate.calls)
            said = (
                f"{calls:,} calls to {venue} at {_shown(rate)} take {takes}, and a check comes every "
                f"{show_time(guard.every_ns)}: what it acts on is that old"
            )
            notes = (f"assumed are {CALLS_A_LEG} calls for each leg and check: its position and its account",)
            where = (subject.related("all of these at once", "watch", "pairs"),) if pairs > 1 else ()
            yield subject.finding(CODE, said, "watch", "every", notes=notes, related=where)


def _of_verify(subject: Subject, program: Program, phase: Phase) -> Iterator[Diagnostic]:
    """A verify reads on past its tries for as long as the venue may lag."""
    legs = [program.legs[leg] for leg in program.scopes[phase.scope].legs]
    for venue, count in _by_venue(legs).items():
        rate, lag_ns = _rate(subject, venue), max(leg.position_lag_ns for leg in legs)
        most = max(phase.tries, lag_ns // phase.every_ns + 1)
        calls = count * min(most, ceil_div(rate.per_ns, phase.every_ns))
        if calls > rate.calls:
            said = (
                f"`{phase.name}` may read {venue} {calls:,} times in {show_time(rate.per_ns)}, which takes "
                f"{rate.calls}: after refused reads it is unknown whether anything is open"
            )
            yield subject.finding(CODE, said, "phases", phase.name, "verify", "every")


def _of_moves(subject: Subject, program: Program, phase: Phase) -> Iterator[Diagnostic]:
    legs = [dict.fromkeys(program.legs[leg] for leg in legs_of(program, phase, job)) for job in phase.jobs]
    venues = Counter(venue for each in legs for venue in dict.fromkeys(_by_venue(tuple(each))))
    for venue, count in venues.items():
        rate = _rate(subject, venue)
        moves = min(phase.reprice_max, ceil_div(rate.per_ns, phase.reprice_every_ns))
        calls = CALLS_A_MOVE * count * moves
        if calls > rate.calls:
            said = (
                f"`{phase.name}` may move {moves:,} times in {show_time(rate.per_ns)}: {calls:,} calls to "
                f"{venue}, which takes {rate.calls}; a refused cancel leaves the old order to be filled"
            )
            yield subject.finding(CODE, said, "phases", phase.name, "rest", "reprice", "every")


def _by_venue(legs: tuple[LegSpec, ...] | list[LegSpec]) -> dict[str, int]:
    """Legs on each venue."""
    return Counter(leg.instrument.venue for leg in legs)


def _rate(subject: Subject, venue: str) -> Rate:
    """The rate in force: as declared, else the venue's own."""
    facts = subject.venues[venue]
    return subject.policy.limits.rate or Rate(facts.rate_calls, facts.rate_window_ns)


def _shown(rate: Rate) -> str:
    return f"{rate.calls} per {show_time(rate.per_ns)}"
