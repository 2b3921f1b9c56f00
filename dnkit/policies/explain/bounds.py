"""The worst case in sentences: how long, how far from the touch, how many orders, how much one leg alone."""

from collections.abc import Iterable

from dnkit.machine.program import NO_LIMIT, Job, LegSpec, PhaseKind, Program, Target, TargetKind
from dnkit.policies.explain.naked import EVEN, Naked, starts
from dnkit.policies.explain.table import naked_words
from dnkit.policies.explain.words import seconds, show_amount, show_bps, show_money, target_words
from dnkit.policies.explain.worst import Worst, legs_of
from dnkit.policies.unit_texts import show_time

HALTS_SHOWN = 4
_ROUGH = " (an upper bound: too many paths to follow each)"


def bounds(program: Program, worst: Worst, naked: Naked) -> Iterable[str]:
    """One sentence a point."""
    limits = program.scopes[0].limits
    exact = "" if worst.exact else _ROUGH
    yield f"Longest way to an end when venues answer at once: {seconds(worst.calm_ns)}{exact}."
    yield f"Longest when every answer is late or lost: {seconds(worst.longest_ns)}{exact}."
    if limits.deadline_ns != NO_LIMIT:
        yield _deadline_line(limits.deadline_ns, worst)
    yield from _concession_lines(program, worst)
    yield f"At most {worst.orders} orders in a run."
    yield from _unhedged_lines(program, worst, naked)
    yield from _venue_notes(program)


def _deadline_line(deadline_ns: int, worst: Worst) -> str:
    words = f"The deadline of {seconds(deadline_ns)}"
    if deadline_ns >= worst.longest_ns:
        return f"{words} is never needed."
    if worst.after_deadline_ns == 0:
        return f"{words} cuts in before that and halts the run."
    return f"{words} cuts in before that; what follows it takes at most {seconds(worst.after_deadline_ns)}."


def _concession_lines(program: Program, worst: Worst) -> Iterable[str]:
    for leg, mbps in zip(program.legs, worst.concession, strict=True):
        if mbps == NO_LIMIT:
            yield f"{leg.name} has no bound in bps: its ladder is in ticks or money, without max_concession."
        else:
            yield f"An order on {leg.name} is priced at most {show_bps(mbps)} through its touch."
    if len(program.legs) > 1 and NO_LIMIT not in worst.concession:
        yield f"Both legs together: at most {show_bps(sum(worst.concession))}."


def _unhedged_lines(program: Program, worst: Worst, naked: Naked) -> Iterable[str]:
    """How much stands alone, for how long, what ends it, and what a halt leaves."""
    alone = tuple(dict.fromkeys(leg for legs in naked.phases for leg in legs))
    if not alone:
        yield "No leg ever stands alone."
        return
    if len(program.legs) == 1:
        clip = show_amount(program.legs[0].clip, program.legs[0])
        yield f"There is one leg: what is open (a clip is {clip}) is naked until it is flat or protected."
    yield _alone_line(program, alone, naked)
    yield from _cut_lines(program, worst, naked)
    if naked.halts:
        yield f"A halt leaves what is open as it is, until someone acts{_listed(naked.halts)}."


def _alone_line(program: Program, alone: tuple[int, ...], naked: Naked) -> str:
    how_much = naked_words(program, tuple(sorted(alone)))
    calm, late = seconds(naked.calm_ns), seconds(naked.longest_ns)
    where = "Open" if len(program.legs) == 1 else "One leg alone"
    even = ", provided the legs are even at the start" if _trusts_the_start(program) else ""
    rough = "" if naked.exact else _ROUGH
    return (
        f"{where} ({how_much}) for at most {calm} of a run when venues answer at once, {late} when every "
        f"answer is late or lost{rough}{even}. "
        "That counts each fill as if it came in the first moment of its phase."
    )


def _trusts_the_start(program: Program) -> bool:
    return len(program.legs) > 1 and not program.relative and starts(program) == (EVEN,)


def _cut_lines(program: Program, worst: Worst, naked: Naked) -> Iterable[str]:
    """What ends it before that."""
    limits = program.scopes[0].limits
    within = limits.deadline_ns != NO_LIMIT and limits.deadline_ns < naked.longest_ns
    if within:
        words = _after(program, limits.deadline_to, worst.after_deadline_ns)
        yield f"The deadline cuts that off after {seconds(limits.deadline_ns)} at the latest: {words}."
    if len(program.legs) == 1:
        return
    until = "until the deadline" if within else "for as long as that"
    if limits.unhedged_max == NO_LIMIT:
        yield f"No limit on what is unhedged: one leg may stand alone {until}."
        return
    most, time = show_money(limits.unhedged_max), show_time(limits.unhedged_ns)
    words = _after(program, limits.unhedged_to, worst.after_unhedged_ns)
    yield f"More than {most} of it is borne for {time}, then {words}; less than that is borne {until}."


def _after(program: Program, target: Target | None, tail_ns: int) -> str:
    """What a limit leads to, and how long that may take."""
    if target is not None and target.kind is TargetKind.PHASE:
        return f"{target_words(program, target)} takes over, for at most {seconds(tail_ns)} more"
    return f"the run halts, after at most {seconds(tail_ns)} more" if tail_ns else "the run halts"


def _listed(words: tuple[str, ...]) -> str:
    said = [one for one in words if one]
    more = f", {len(said) - HALTS_SHOWN} more" if len(said) > HALTS_SHOWN else ""
    return f": {', '.join(said[:HALTS_SHOWN])}{more}" if said else ""


def _venue_notes(program: Program) -> Iterable[str]:
    """Where a venue makes the machine do something else than the text says."""
    notes: dict[str, None] = {}
    for phase in program.phases:
        for job in phase.jobs:
            if phase.kind is PhaseKind.CLEAR:
                continue
            for leg in legs_of(program, phase, job):
                notes |= dict.fromkeys(_leg_notes(program.legs[leg], job))
    return notes


def _leg_notes(leg: LegSpec, job: Job) -> Iterable[str]:
    venue = leg.instrument.venue
    sent = leg.sends(job.type)
    if sent is not job.type:
        yield f"{venue} has no market order: an ioc at the cap is sent."
    if job.reduces and sent not in leg.flags:
        yield (
            f"{venue} takes no reduce-only on {sent.value}: the flag is left off there; the order is sized "
            "from the fills and cancelled and confirmed before the next one."
        )
