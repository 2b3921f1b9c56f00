"""Parts of a program as phrases: amounts, prices, what a phase does, where an outcome leads."""

from dnkit.machine.program import (
    PICK_MISSING,
    PICK_SMALLER,
    Amount,
    Anchor,
    Job,
    LegSpec,
    Phase,
    PhaseKind,
    PriceRule,
    Program,
    SizeKind,
    Target,
    TargetKind,
    Unit,
)
from dnkit.model.numbers import from_mbps, from_pico
from dnkit.policies.unit_texts import show_number, show_time

_PICKS = {PICK_MISSING: "the leg behind", PICK_SMALLER: "the smaller leg"}
_SIZES = {SizeKind.CLIP: "the clip", SizeKind.IMBALANCE: "the imbalance", SizeKind.POSITION: "its position"}
_BOTH = {SizeKind.CLIP: "the clip each", SizeKind.POSITION: "each its own position"}
_ANCHORS = {Anchor.TOUCH: "the far touch", Anchor.JOIN: "the own touch", Anchor.BREAK_EVEN: "break-even"}


def show_amount(amount: Amount, leg: LegSpec) -> str:
    """An amount in the units it was given in; "larger of" where it has several parts."""
    parts = []
    if amount.base:
        parts.append(f"{show_number(from_pico(amount.base))} {leg.instrument.base}")
    if amount.money:
        parts.append(show_money(amount.money))
    if amount.clip_mbps:
        parts.append(f"{show_number(from_mbps(amount.clip_mbps) / 100)}% of the clip")
    if amount.lots:
        parts.append(f"{amount.lots} lots")
    if amount.venue_minimum:
        parts.append("the venue's minimum")
    return parts[0] if len(parts) == 1 else f"the larger of {' and '.join(parts)}"


def show_money(picos: int) -> str:
    """Picos of money as $ text."""
    return f"${from_pico(picos).normalize():,f}"


def show_bps(mbps: int) -> str:
    """mbps as bps text."""
    return "1 bp" if mbps == 1_000 else f"{show_number(from_mbps(mbps))} bps"


def phase_words(program: Program, phase: Phase) -> str:
    """What a phase does, in one phrase."""
    if phase.skip is not None:
        return f"left out (answers {phase.skip.value})"
    if phase.kind is PhaseKind.VERIFY:
        reads = f"{phase.tries} reads {show_time(phase.every_ns)} apart"
        return f"check at the venue that all is {phase.goal.value}, {reads}"
    if phase.kind is PhaseKind.RUN:
        return f"run the phases {program.phases[phase.start].name} ... below"
    if phase.kind is PhaseKind.WAIT:
        return f"wait {show_time(phase.for_ns)}"
    if phase.kind is PhaseKind.ALERT:
        return f"alert ({phase.level}): {phase.text}"
    job = phase.jobs[0]
    names = " and ".join(leg_words(program, one) for one in phase.jobs)
    if phase.kind is PhaseKind.CLEAR:
        return f"cancel everything of ours on {names}"
    size = _size(program, job) if len(phase.jobs) == 1 else _BOTH.get(job.size, _size(program, job))
    words = f"{names}: {size}, {price_words(job)}"
    if phase.kind is PhaseKind.REST:
        words += f", up to {show_time(phase.for_ns)}" + (", until the first fill" if phase.first_fill else "")
    return words + (", only toward zero" if job.reduces else "")


def short_words(program: Program, phase: Phase) -> str:
    """The same in few words, for a box of a diagram."""
    if phase.skip is None and phase.kind in (PhaseKind.REST, PhaseKind.TAKE):
        names = " and ".join(leg_words(program, one) for one in phase.jobs)
        patience = f", up to {show_time(phase.for_ns)}" if phase.kind is PhaseKind.REST else ""
        return f"{names}: {price_words(phase.jobs[0])}{patience}"
    if phase.skip is None and phase.kind is PhaseKind.VERIFY:
        return f"all {phase.goal.value} at the venue? {phase.tries} reads, {show_time(phase.every_ns)} apart"
    if phase.skip is None and phase.kind is PhaseKind.RUN:
        return "a policy of its own, drawn below"
    return phase_words(program, phase)


def leg_words(program: Program, job: Job) -> str:
    """The leg a job falls on."""
    return _PICKS[job.leg] if job.leg < 0 else program.legs[job.leg].name


def _size(program: Program, job: Job) -> str:
    if job.size is SizeKind.FIXED:
        return show_amount(job.amount, program.legs[max(job.leg, 0)])
    return _SIZES[job.size]


def price_words(job: Job) -> str:
    """Order type and prices of a job."""
    if job.stop is not None:
        limit = f", limit {_price(job.rungs[0])}" if job.rungs else ""
        return f"a stop {show_bps(job.stop.amount)} on the losing side of the entry{limit}"
    prices = " / ".join(_price(rung) for rung in job.rungs)
    if len({(rung.anchor, rung.unit) for rung in job.rungs}) == 1 and len(job.rungs) > 1:
        prices = _ladder(job)
    return f"{job.type.value} {prices}"


def _ladder(job: Job) -> str:
    numbers = "/".join(_distance(rung).split(" ")[0] if rung.toward else "0" for rung in job.rungs)
    last = job.rungs[-1]
    unit = _distance(last).split(" ", 1)[1] if " " in _distance(last) else ""
    way = "inside" if last.toward < 0 else "through"
    return f"{numbers} {unit} {way} {_anchor(last)}".replace("  ", " ")


def _price(rung: PriceRule) -> str:
    if rung.toward == 0 or rung.amount == 0:
        return f"at {_anchor(rung)}"
    return f"{_distance(rung)} {'inside' if rung.toward < 0 else 'through'} {_anchor(rung)}"


def _distance(rung: PriceRule) -> str:
    if rung.unit is Unit.TICKS:
        return f"{rung.amount} tick{'s' if rung.amount > 1 else ''}"
    if rung.unit is Unit.MONEY:
        return show_money(rung.amount)
    return show_bps(rung.amount)


def _anchor(rung: PriceRule) -> str:
    return _ANCHORS.get(rung.anchor, f"the {rung.anchor.value}")


def target_words(program: Program, target: Target) -> str:
    """Where an outcome leads."""
    if target.kind is TargetKind.PHASE:
        return program.phases[target.phase].name
    if target.kind is TargetKind.DONE:
        return f"done {target.end.value}"
    return f"HALT {target.text}".rstrip()


def seconds(ns: int) -> str:
    """Seconds with one digit, rounded up."""
    tenths = -(-ns // 10**8)
    return f"{tenths // 10}.{tenths % 10} s"
