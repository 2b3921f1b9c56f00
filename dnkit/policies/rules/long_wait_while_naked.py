"""A passive wait on a naked leg that costs more than it can save.

A maker fill saves the first rung of the ladder that would follow, and the difference of the fees. While the
order waits the price moves by its volatility times the root of the time: the wait is worth at most the time
in which it moves as far. The spread is left out: it is not known before, and an order one tick inside the far
touch saves none of it.
"""

from collections.abc import Iterator

from dnkit.machine.program import Anchor, Job, Phase, PhaseKind, Program, Unit
from dnkit.model.numbers import NS_PER_S
from dnkit.model.terms import CLOSING, Intent
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.explain.break_even import DRIFT_MBPS
from dnkit.policies.explain.words import seconds, show_bps
from dnkit.policies.explain.worst import legs_of
from dnkit.policies.rules.ahead import ahead, following
from dnkit.policies.rules.subject import Subject
from dnkit.policies.unit_texts import show_time

CODE = "DNK418"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """A rest on one leg of an unwind, a flatten or a close of one leg that waits past its break-even."""
    program = subject.program
    if program is None or not _is_naked(program):
        return
    for index, phase in enumerate(subject.own_phases):
        if phase.kind is not PhaseKind.REST or len(phase.jobs) != 1:
            continue
        then = _next_take(program, index)
        saved = _saved(program, phase, then.jobs[0]) if then is not None else 0
        worth_ns = saved * saved * NS_PER_S // DRIFT_MBPS**2
        if then is not None and saved > 0 and worth_ns < phase.for_ns:
            said = (
                f"`{phase.name}` leaves the leg naked for up to {show_time(phase.for_ns)} to save "
                f"{show_bps(saved)}: the price moves as far in {seconds(worth_ns)}"
            )
            yield subject.finding(CODE, said, "phases", phase.name, "rest", "for", notes=_notes(then))


def _is_naked(program: Program) -> bool:
    """Whether a leg that is open stands alone in this policy."""
    alone = program.intent in (Intent.UNWIND, Intent.FLATTEN) or len(program.legs) == 1
    return program.intent in CLOSING and alone


def _next_take(program: Program, index: int) -> Phase | None:
    """The nearest phase after it that takes liquidity."""
    phases = (program.phases[one] for one in ahead(program, following(program, index)))
    return next((one for one in phases if one.kind is PhaseKind.TAKE and one.jobs), None)


def _saved(program: Program, phase: Phase, crossing: Job) -> int:
    """mbps a maker fill saves against the first rung; 0 where no price is known to tell it by."""
    rung = crossing.rungs[0]
    if rung.anchor is not Anchor.TOUCH or (rung.amount and rung.unit is not Unit.MBPS):
        return 0
    reach = rung.amount if rung.toward > 0 else 0
    fees = [program.legs[leg].instrument for job in phase.jobs for leg in legs_of(program, phase, job)]
    return reach + max(0, min(one.taker_fee - one.maker_fee for one in fees))


def _notes(then: Phase) -> tuple[str, ...]:
    return (
        f"saved are the first rung of `{then.name}` and what the maker fee is below the taker fee",
        f"assumed is a volatility of 60% a year: {show_bps(DRIFT_MBPS)} times the root of the seconds waited",
    )
