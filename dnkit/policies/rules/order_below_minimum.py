"""An amount that is written below what the venue trades: no order is ever sent for it."""

from collections.abc import Iterator

from dnkit.machine.program import Amount, LegSpec, PhaseKind, SizeKind
from dnkit.model.numbers import MBPS_ONE
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.explain.words import show_amount, show_money
from dnkit.policies.explain.worst import legs_of
from dnkit.policies.rules.subject import Subject
from dnkit.policies.unit_texts import show_number

CODE = "DNK514"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """The quantities of phases, and `slice`, against the minimum of every leg they fall on."""
    program = subject.program
    if program is None:
        return
    for phase in subject.own_phases:
        fixed = [job for job in phase.jobs if job.size is SizeKind.FIXED]
        legs = [(job.amount, program.legs[leg]) for job in fixed for leg in legs_of(program, phase, job)]
        for amount, leg in dict.fromkeys(one for one in legs if _is_below(*one)):
            then = "leaves no stop" if phase.kind is PhaseKind.ARM else "sends nothing and counts as filled"
            said = f"{_too_small(amount, leg)}: `{phase.name}` {then}"
            yield subject.finding(CODE, said, "phases", phase.name, phase.kind.value, "qty")
    for leg in program.legs if program.slice_size else ():
        if program.slice_size is not None and _is_below(program.slice_size, leg):
            said = f"{_too_small(program.slice_size, leg)}: rounds go by in which this leg does not trade"
            yield subject.finding(CODE, said, "slice")


def _too_small(amount: Amount, leg: LegSpec) -> str:
    one = leg.instrument
    least = f"{show_number(one.quantity(one.lots_min))} {one.base} and {show_money(one.notional_min)}"
    return f"{show_amount(amount, leg)} is below what {one.venue} trades ({least})"


def _is_below(amount: Amount, leg: LegSpec) -> bool:
    """Whether an amount is too small, as far as that is known without a price."""
    one, clip = leg.instrument, leg.clip
    if amount.clip_mbps:
        shares = (clip.base, clip.lots, clip.money)
        parts = tuple(share * amount.clip_mbps for share in shares)
        scale = MBPS_ONE
    else:
        parts, scale = (amount.base, amount.lots, amount.money), 1
    minimums = (one.lots_min * one.lot_base, one.lots_min, one.notional_min)
    return any(0 < part < least * scale for part, least in zip(parts, minimums, strict=True))
