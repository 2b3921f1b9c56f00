"""A program in words: its phases and where each outcome leads, and what the worst case costs. Plain text,
80 columns.
"""

import textwrap
from collections.abc import Iterable, Sequence

import msgspec

from dnkit.machine.program import (
    NO_LIMIT,
    Job,
    LegSpec,
    Outcome,
    Phase,
    PhaseKind,
    Program,
    Target,
    TargetKind,
)
from dnkit.model.terms import OrderType, Side
from dnkit.policies.compile_guard import GuardRule, GuardTable
from dnkit.policies.explain_words import (
    leg_words,
    phase_words,
    show_amount,
    show_bps,
    show_money,
    target_words,
)
from dnkit.policies.explain_worst import Worst, legs_of, possible, worst_case
from dnkit.policies.unit_texts import show_time

WIDTH = 80


class Explained(msgspec.Struct, frozen=True):
    """The text, and the figures behind its last part."""

    text: str
    worst: Worst


def explain(program: Program, idle: Sequence[str] = ()) -> Explained:
    """Explain a compiled policy; `idle` are sentences on what of it does not act yet."""
    worst = worst_case(program)
    parts = (
        [f"{program.name} ({program.intent.value})", ""],
        _legs(program),
        ["", "Phases"],
        *(_phase(program, index) for index in _shown(program)),
        ["", "What happens when"],
        *(_bullet(line) for line in _stories(program)),
        ["", "Worst case"],
        *(_bullet(line) for line in _worst_lines(program, worst)),
        *(_bullet(line) for line in _venue_notes(program)),
        *_idle_parts(idle),
    )
    return Explained("\n".join(line for part in parts for line in part) + "\n", worst)


def _idle_parts(idle: Sequence[str]) -> Iterable[list[str]]:
    if idle:
        yield ["", "Not acted on"]
        yield from (_bullet(line) for line in idle)


def explain_guard(table: GuardTable, idle: Sequence[str] = ()) -> str:
    """Explain the rule table of a guard: what it looks at, its rules in order of priority, and what does not
    act yet.
    """
    lines = [
        f"{table.name} (guard), looks every {show_time(table.every_ns)}; the first rule that matches acts",
        "",
    ]
    lines += _leg_lines(table.legs)
    lines += [
        "",
        "Facts",
        *(line for name, text in table.facts for line in _wrapped(f"{name} = {text}", "    ", "  ")),
    ]
    lines += ["", "Rules"]
    for number, rule in enumerate(table.rules, 1):
        lines += _wrapped(_rule(number, rule), "     ", f"  {number:>2} ")
    for part in _idle_parts(idle):
        lines += part
    return "\n".join(lines) + "\n"


def _rule(number: int, rule: GuardRule) -> str:
    patience = f" for {rule.for_checks} checks" if rule.for_checks else ""
    reason = f", reason {rule.reason}" if rule.reason else ""
    return f"{rule.name}: when {rule.when}{patience}: {rule.act} {rule.object}".rstrip() + reason


def _shown(program: Program) -> Iterable[int]:
    return (index for index in range(len(program.phases)) if index != program.reduce)


def _legs(program: Program) -> list[str]:
    return _leg_lines(program.legs)


def _leg_lines(legs: tuple[LegSpec, ...]) -> list[str]:
    wide = max(len(leg.name) for leg in legs)
    return [
        f"  {leg.name:<{wide}}  {_side(leg.side):<5}  {leg.instrument.venue} {leg.instrument.symbol}, "
        f"clip {show_amount(leg.clip, leg)}"
        for leg in legs
    ]


def _side(side: Side) -> str:
    return "long" if side > 0 else "short"


def _phase(program: Program, index: int) -> list[str]:
    phase = program.phases[index]
    visits = f", at most {phase.visits} times" if phase.visits > 1 else ""
    head = f"  {phase.name}: {phase_words(program, phase)}{visits}"
    return [*_wrapped(head, "      "), *_outcomes(program, phase)]


def _outcomes(program: Program, phase: Phase) -> list[str]:
    """One line per target, with all outcomes that lead to it."""
    grouped: dict[str, list[str]] = {}
    for outcome, target in phase.then:
        wanted = phase.visits > 1 if outcome is Outcome.EXHAUSTED else possible(phase, outcome)
        if phase.kind is not PhaseKind.RUN and wanted:
            grouped.setdefault(_where(program, phase, target), []).append(outcome.value)
    return [
        line
        for words, names in grouped.items()
        for line in _wrapped(f"    {', '.join(names)} -> {words}", "      ")
    ]


def _where(program: Program, phase: Phase, target: Target) -> str:
    """Where an outcome leads; a halt of a policy that is run by another leads back into that one."""
    caught = program.scopes[phase.scope].halt_to
    if target.kind is TargetKind.HALT and caught is not None:
        return f"{target_words(program, caught)} ({target.text or 'halt'})"
    return target_words(program, target)


def _stories(program: Program) -> Iterable[str]:
    """Plain sentences on what happens when a phase does not get what it wants."""
    for index in _shown(program):
        phase = program.phases[index]
        if phase.skip is not None or phase.kind not in (PhaseKind.REST, PhaseKind.TAKE):
            continue
        yield from _phase_stories(program, phase)
    limits = program.scopes[0].limits
    if limits.deadline_ns != NO_LIMIT and limits.deadline_to is not None:
        words = _story_target(program, limits.deadline_to)
        yield f"After {_seconds(limits.deadline_ns)}, whatever stands: {words}."
    if limits.unhedged_max != NO_LIMIT and limits.unhedged_to is not None:
        over = f"{show_money(limits.unhedged_max)} is unhedged for {show_time(limits.unhedged_ns)}"
        yield f"If more than {over}: {_story_target(program, limits.unhedged_to)}."
    yield f"If asked to stop: {_story_target(program, program.stop_to)}."
    yield f"After a crash: own orders are swept, fills booked, then {program.phases[program.recover].name}."


def _phase_stories(program: Program, phase: Phase) -> Iterable[str]:
    names = " and ".join(leg_words(program, job) for job in phase.jobs)
    then = {outcome: _story_target(program, target) for outcome, target in phase.then}
    if phase.kind is PhaseKind.TAKE:
        yield f"If {phase.name} leaves something open on {names}: {then[Outcome.SHORT]}."
    elif len(phase.jobs) == 1:
        patience = show_time(phase.for_ns)
        gone = "its order is cancelled and that confirmed"
        yield f"If {names} does not fill in {patience}, {gone}: {then[Outcome.NONE]}."
    else:
        patience = show_time(phase.for_ns)
        gone = "the other's order is cancelled and that confirmed"
        yield f"If one of {names} is done first, {gone}: {then[Outcome.FIRST]}."
        gone = "both are cancelled and that confirmed"
        yield f"If {names} are not both done in {patience}, {gone}: {then[Outcome.NONE]}."


def _story_target(program: Program, target: Target) -> str:
    if target.kind is TargetKind.PHASE:
        phase = program.phases[target.phase]
        return f"{phase.name} - {phase_words(program, phase)}"
    if target.kind is TargetKind.DONE:
        return f"the run is done, {target.end.value}"
    words = f" ({target.text})" if target.text else ""
    return f"the run halts{words}: own orders are cancelled, an alert goes out"


def _worst_lines(program: Program, worst: Worst) -> Iterable[str]:
    limits = program.scopes[0].limits
    exact = "" if worst.exact else " (an upper bound: too many paths to follow each)"
    yield f"Longest way to an end when venues answer at once: {_seconds(worst.calm_ns)}{exact}."
    yield f"Longest when every answer is late or lost: {_seconds(worst.longest_ns)}{exact}."
    if limits.deadline_ns != NO_LIMIT:
        yield _deadline_line(limits.deadline_ns, worst)
    yield from _concession_lines(program, worst)
    yield _unhedged_line(program)
    yield f"At most {worst.orders} orders in a run."


def _deadline_line(deadline_ns: int, worst: Worst) -> str:
    words = f"The deadline of {_seconds(deadline_ns)}"
    if deadline_ns >= worst.longest_ns:
        return f"{words} is never needed."
    if worst.after_deadline_ns == 0:
        return f"{words} cuts in before that and halts the run."
    return f"{words} cuts in before that; what follows it takes at most {_seconds(worst.after_deadline_ns)}."


def _seconds(ns: int) -> str:
    tenths = -(-ns // 10**8)
    return f"{tenths // 10}.{tenths % 10} s"


def _concession_lines(program: Program, worst: Worst) -> Iterable[str]:
    for leg, mbps in zip(program.legs, worst.concession, strict=True):
        if mbps == NO_LIMIT:
            yield f"{leg.name} has no bound in bps: its ladder is in ticks or money, without max_concession."
        else:
            yield f"An order on {leg.name} is priced at most {show_bps(mbps)} through its touch."
    if len(program.legs) > 1 and NO_LIMIT not in worst.concession:
        yield f"Both legs together: at most {show_bps(sum(worst.concession))}."


def _unhedged_line(program: Program) -> str:
    if len(program.legs) == 1:
        clip = show_amount(program.legs[0].clip, program.legs[0])
        return f"There is one leg: what is open (a clip is {clip}) is naked until it is flat or protected."
    limits = program.scopes[0].limits
    if limits.unhedged_max == NO_LIMIT:
        return "No limit on what is unhedged: one leg may stand alone until the deadline."
    most, time = show_money(limits.unhedged_max), show_time(limits.unhedged_ns)
    return f"More than {most} unhedged is borne for {time}, less than that until the deadline."


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
    sent = OrderType.IOC if job.type is OrderType.MARKET and not leg.market_native else job.type
    if sent is not job.type:
        yield f"{venue} has no market order: an ioc at the cap is sent."
    if job.reduces and sent not in leg.flags:
        yield (
            f"{venue} takes no reduce-only on {sent.value}: the flag is left off there; the order is sized "
            "from the fills and cancelled and confirmed before the next one."
        )


def _bullet(line: str) -> list[str]:
    return _wrapped(line, "    ", "  - ")


def _wrapped(text: str, indent: str, first: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=indent, break_long_words=False)
