"""A distance in money between two ticks of the leg it falls on."""

from collections.abc import Iterator

from dnkit.machine.program import LegSpec, Phase, PhaseKind, PriceRule, Program, Unit
from dnkit.model.numbers import PICO
from dnkit.policies import unit_texts
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.explain.words import show_money
from dnkit.policies.explain.worst import legs_of
from dnkit.policies.findings import Route
from dnkit.policies.rules.subject import Subject

CODE = "DNK436"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Every price in money that would be sent as another one."""
    if subject.program is None:
        return
    for phase in subject.own_phases:
        for route, rule, leg in dict.fromkeys(_prices(subject.program, phase)):
            if rule.unit is Unit.MONEY and _parts(rule, leg)[1]:
                said, help = _words(phase, rule, leg)
                yield subject.finding(CODE, said, "phases", phase.name, phase.kind.value, *route, help=help)


def _prices(program: Program, phase: Phase) -> Iterator[tuple[Route, PriceRule, LegSpec]]:
    """Every price of a phase, where it stands inside it, and each leg it may fall on."""
    for job in phase.jobs:
        for leg in (program.legs[one] for one in legs_of(program, phase, job)):
            for index, rung in enumerate(job.rungs):
                yield _place(phase, index), rung, leg
            if job.stop is not None:
                yield ("stop",), job.stop, leg


def _place(phase: Phase, index: int) -> Route:
    return {PhaseKind.REST: ("at",), PhaseKind.ARM: ("limit",)}.get(phase.kind, ("ladder", index))


def _parts(rule: PriceRule, leg: LegSpec) -> tuple[int, int]:
    """Whole ticks in the distance, and what is left of it."""
    one = leg.instrument
    return divmod(rule.amount * one.lot_base, one.value * PICO)


def _words(phase: Phase, rule: PriceRule, leg: LegSpec) -> tuple[str, str]:
    """What is wrong, and what can be written. The order is priced by the passive neighbour; a stop by the
    nearer one."""
    one, ticks = leg.instrument, _parts(rule, leg)[0]
    up = rule.toward < 0 and phase.kind is not PhaseKind.ARM
    near = [unit_texts.show_money(one.price(count)) for count in (ticks, ticks + 1)]
    said = (
        f"{show_money(rule.amount)} is no multiple of the tick of {unit_texts.show_money(one.tick)} on "
        f"{one.venue}: it would be rounded to {near[up]}"
    )
    return said, f"write {' or '.join(near if ticks else near[1:])}"
