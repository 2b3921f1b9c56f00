"""The screen of the venues: does each of them speak, how fast, what does it hold of ours."""

from collections.abc import Iterator, Sequence

from dnkit.engine.state import Leg
from dnkit.machine.program import LegSpec
from dnkit.model.numbers import NS_PER_MS, from_mbps, plain
from dnkit.tui.view import figures as fig
from dnkit.tui.view.contact import CALLS_NS, Contact
from dnkit.tui.view.lines import Column, Line, Span, bar, beside, boxed, line, spark, table
from dnkit.tui.view.scene import Scene
from dnkit.tui.view.trail import Trail

_COLUMNS = (
    Column("venue"),
    Column("leg"),
    Column("status"),
    Column("book", right=True),
    Column("orders", right=True),
    Column("answers p50/p99", right=True, spare=1),
    Column("calls/min", right=True, spare=2),
    Column("of its budget", spare=3),
)


def screen(scene: Scene, width: int, height: int) -> list[Line]:
    """A table of all, a panel each below it."""
    trail = scene.trail
    if trail is None:
        return []
    legs = list(zip(trail.program.legs, trail.state.legs, trail.contacts, strict=True))
    rows = [_row(scene, spec, contact) for spec, _, contact in legs]
    top = boxed("Venues", table(_COLUMNS, rows, width - 4), width, len(rows) + 3)
    high = max(3, min(12, height - len(top) - 1))
    sizes = [width // len(legs) + (at < width % len(legs)) for at in range(len(legs))]
    panels = [
        boxed(spec.instrument.venue, list(_panel(scene, spec, leg, contact, size - 4)), size, high)
        for (spec, leg, contact), size in zip(legs, sizes, strict=True)
    ]
    below = panels[0]
    for one in panels[1:]:
        below = beside(below, one)
    return [*top, *below, _foot(scene, trail)]


def _foot(scene: Scene, trail: Trail) -> Line:
    clock = "one clock: paper venues share the run's" if trail.run.header.mode != "live" else ""
    socket = "answers" if scene.word.linked else "not connected"
    return line(Span(f" engine socket {socket}   journal line #{trail.seq}   {clock}", "dim"))


def _row(scene: Scene, spec: LegSpec, contact: Contact) -> tuple[Span, ...]:
    now = scene.moment.now_ns
    calls = contact.calls_lately(now)
    return (
        Span(spec.instrument.venue, "strong"),
        Span(spec.name),
        status(contact),
        Span(_age(now, contact.book_ns)),
        Span(_age(now, contact.word_ns)),
        Span(_quantiles(contact.answers)),
        Span(str(calls)),
        _budget(scene, spec, calls),
    )


def status(contact: Contact) -> Span:
    """One word on a venue, with its mark."""
    if not contact.word_ns and contact.book is None:
        return Span("? silent", "warn")
    if contact.lost:
        return Span(f"! {contact.lost} lost", "warn")
    if contact.refused:
        return Span(f"! {contact.refused.total()} refused", "warn")
    return Span("✓ ok", "good")


def _age(now: int, then: int) -> str:
    return fig.ago(max(0, now - then)) if then else fig.NONE


def _quantiles(answers: Sequence[int]) -> str:
    if not answers:
        return fig.NONE
    row = sorted(answers)
    half, most = row[len(row) // 2], row[min(len(row) - 1, len(row) * 99 // 100)]
    return f"{half // NS_PER_MS}/{most // NS_PER_MS}ms"


def _budget(scene: Scene, spec: LegSpec, calls: int) -> Span:
    """Calls of the last minute against what the venue takes in one."""
    budget = scene.budgets.get(spec.instrument.venue)
    if budget is None or not budget.calls:
        return Span(fig.NONE, "dim")
    most = max(1, budget.calls * CALLS_NS // budget.window_ns)
    style = "bad" if calls * 10 > most * 8 else ""
    return Span(f"{bar(calls / most, 6)} {calls}/{most}", style)


def _panel(scene: Scene, spec: LegSpec, leg: Leg, contact: Contact, room: int) -> Iterator[Line]:
    yield line("answers ms ", Span(spark(contact.answers, room - 11) or "none yet", "now"))
    yield line(f"answers lost    {contact.lost}")
    refused = ", ".join(f"{count} {why}" for why, count in contact.refused.items()) or "0"
    yield line(f"refused         {refused}")
    yield line(f"orders sent     {leg.orders}")
    yield _position(scene, spec, leg)
    instrument = spec.instrument
    maker, taker = from_mbps(instrument.maker_fee), from_mbps(instrument.taker_fee)
    yield line(Span(f"fees maker {plain(maker)} bps  taker {plain(taker)} bps", "dim"))
    least = instrument.quantity(leg.least)
    yield line(Span(f"least {least} {instrument.base}  tick {instrument.tick}", "dim"))


def _position(scene: Scene, spec: LegSpec, leg: Leg) -> Line:
    """The ledger beside the venue's own word."""
    here = fig.quantity(spec, leg.position) if leg.known else "unknown"
    if leg.witness is None:
        return line(f"position here {here}, there ", Span("unknown", "warn"))
    there, age = fig.quantity(spec, leg.witness), fig.ago(max(0, scene.moment.now_ns - leg.witness_ns))
    if leg.witness == leg.position:
        return line(f"position {here} = {there} ", Span("✓", "good"), f" {age}")
    older = leg.witness_ns < leg.fill_ns
    mark = Span("older than our fills" if older else "✗ DIFFERS", "dim" if older else "bad")
    return line(f"position {here} / {there} ", mark, f" {age}")
