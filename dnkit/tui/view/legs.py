"""The screen of the legs: what is filled, what is open, what bounds it, what it cost."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from dnkit.engine.exposure import net_money
from dnkit.engine.state import Leg, Order, Stage, State
from dnkit.machine.orders import Life
from dnkit.machine.program import NO_LIMIT, LegSpec, Limits, Program
from dnkit.model.numbers import NS_PER_S, from_mbps, from_pico, plain
from dnkit.readers.legs import moved, to_move
from dnkit.readers.stats import tidy
from dnkit.readers.tca import shortfall
from dnkit.tui.view import figures as fig
from dnkit.tui.view.lines import EMPTY, Column, Line, Span, bar, beside, boxed, fit, line, spark, table
from dnkit.tui.view.scene import Scene
from dnkit.tui.view.trail import Sample, Trail

PLOT_NS = 60 * NS_PER_S
NARROW, STACKED = 76, 19
_COLUMNS = (
    Column("leg"),
    Column("venue", spare=1),
    Column("symbol", spare=2),
    Column("side"),
    Column("filled / target", right=True),
    Column("position", right=True, spare=5),
    Column("avg px", right=True, spare=3),
    Column("mark", right=True, spare=4),
    Column("age", right=True),
)


def screen(scene: Scene, width: int, height: int) -> list[Line]:
    """The whole screen in that size."""
    trail = scene.trail
    if trail is None:
        return []
    legs = boxed("Legs", leg_lines(scene, trail, width - 4), width, len(trail.program.legs) + 4)
    rest = height - len(legs)
    lines = [*legs, *_middle(scene, trail, width, rest)]
    return [*lines, *_lower(scene, trail, width, height - len(lines))]


def _middle(scene: Scene, trail: Trail, width: int, height: int) -> list[Line]:
    """Orders and guards: beside each other, or below each other where that is narrow and high enough."""
    orders, guards = list(order_lines(scene, trail)), list(guard_lines(scene, trail))
    if width < NARROW and height >= STACKED:
        return [
            *boxed("Working orders", orders, width, 4),
            *boxed("Guards", guards, width, min(len(guards) + 2, height - 11)),
        ]
    high = max(4, (height + 1) // 2)
    left = width // 2
    return beside(boxed("Working orders", orders, left, high), boxed("Guards", guards, width - left, high))


def _lower(scene: Scene, trail: Trail, width: int, height: int) -> list[Line]:
    """Cost and plot, where there is room for them."""
    if height < 3:
        return [EMPTY] * height
    left = (width + 1) // 2
    tail = height - 8 if height > 10 else 0
    high = height - tail
    cost = boxed("Cost so far (+ paid, - earned)", list(cost_lines(trail)), left, high)
    plot = boxed("Delta, last 60 s", list(plot_lines(scene, trail, width - left - 4)), width - left, high)
    return [*beside(cost, plot), *recent(trail, width, tail)]


def recent(trail: Trail, width: int, height: int) -> list[Line]:
    """The last lines of the journal, one each."""
    rows = list(trail.rows)[-height:] if height > 0 else []
    told = [
        line(
            Span(f" {fig.clock(row.at_ns)} #{row.seq:<5} ", "dim"),
            Span(row.words, row.tone),
        )
        for row in rows
    ]
    return [fit(one, width) for one in (*told, *[EMPTY] * (height - len(told)))]


def leg_lines(scene: Scene, trail: Trail, room: int) -> list[Line]:
    """A row a leg, and their sum."""
    state = trail.state
    pairs = list(zip(trail.program.legs, state.legs, strict=True))
    rows = [_leg_row(scene, trail, index, spec, leg) for index, (spec, leg) in enumerate(pairs)]
    return [*table(_COLUMNS, rows, room), net_line(scene, trail)]


def _leg_row(scene: Scene, trail: Trail, index: int, spec: LegSpec, leg: Leg) -> tuple[Span, ...]:
    style, mark = ("stale", "?") if scene.stale else ("", "")
    number = "dim" if not leg.known else style or "strong"
    contact = trail.contacts[index]
    sign = (leg.position > 0) - (leg.position < 0)
    age = fig.ago(scene.moment.now_ns - contact.book_ns) if contact.book_ns else fig.NONE
    return (
        Span(spec.name, "strong"),
        Span(spec.instrument.venue),
        Span(spec.instrument.symbol),
        _side(leg, sign),
        Span(filled(trail.program, spec, leg) + mark, number),
        Span((fig.signed(fig.quantity(spec, leg.position), sign) if leg.known else "unknown") + mark, number),
        Span(_marked(average(spec, leg), mark), style),
        Span(_marked(fig.mid(spec, leg.bid, leg.ask), mark), style),
        Span(age, style or "dim"),
    )


def _marked(text: str, mark: str) -> str:
    return text if text == fig.NONE else text + mark


def _side(leg: Leg, sign: int) -> Span:
    if not leg.known:
        return Span("?unknown", "warn")
    return (Span("▼short", "short"), Span("─ flat", "dim"), Span("▲long", "long"))[sign + 1]


def filled(program: Program, spec: LegSpec, leg: Leg) -> str:
    """What the run moved of what it is to move."""
    if not leg.known:
        return "unknown"
    wanted = to_move(program, leg)
    target = fig.NONE if wanted is None else fig.quantity(spec, wanted)
    return f"{fig.quantity(spec, moved(leg))} / {target}"


def average(spec: LegSpec, leg: Leg) -> str:
    """Average price of all fills of the run on a leg."""
    totals = [(one.cum, one.worth) for one in leg.past]
    totals += [(one.cum, one.worth) for one in (leg.order, leg.stop) if one is not None]
    lots, worth = (sum(column) for column in zip((0, 0), *totals, strict=True))
    if not lots:
        return fig.NONE
    return f"{(spec.instrument.tick * worth / lots).quantize(spec.instrument.tick):f}"


def net_line(scene: Scene, trail: Trail) -> Line:
    """Net exposure, what is left alone, and for how long it has been more than that."""
    delta = fig.Delta(trail.program, trail.state)
    if not delta.known:
        return line(Span("net  ", "strong"), Span("unknown until every position is read", "warn"))
    verdict = Span(delta.word, "stale" if scene.stale else delta.style)
    if not delta.hedged:
        out = fig.ago(scene.moment.now_ns - trail.out_ns) if trail.out_ns else fig.NONE
        verdict = verdict._replace(text=f"✗ OVER by {delta.over} for {out}")
    mark = "?" if scene.stale else ""
    worth = fig.money(delta.value)
    amount = Span(f"{delta.text}{mark} {delta.unit}", "stale" if scene.stale else "strong")
    return line(Span("net  ", "strong"), amount, f" ({worth})  tol {delta.limit}  ", verdict)


def order_lines(scene: Scene, trail: Trail) -> Iterator[Line]:
    """Orders of ours that are out, or may be."""
    found = False
    for spec, leg in zip(trail.program.legs, trail.state.legs, strict=True):
        for order in (leg.order, leg.stop):
            if order is not None and order.life is not Life.OVER:
                found = True
                yield _order_line(scene, spec, order)
    if not found:
        yield line(Span("none", "dim"))


def _order_line(scene: Scene, spec: LegSpec, order: Order) -> Line:
    side = "BUY" if order.side > 0 else "SELL"
    left = fig.quantity(spec, order.lots - order.cum)
    doubt = order.life in (Life.UNSURE, Life.LOST)
    life = Span(f"{order.life.name.lower()}", "bad" if doubt else "dim")
    kind = order.type.value.replace("_", "-")
    age = fig.ago(scene.moment.now_ns - order.sent_ns)
    return line(
        Span(f"{spec.name}  ", "strong"),
        Span(f"{side:<4} ", "long" if order.side > 0 else "short"),
        f"{left} @ {fig.price(spec, order.price)}  {kind} #{order.n}  ",
        life,
        f" {age}",
    )


def guard_lines(scene: Scene, trail: Trail) -> Iterator[Line]:
    """What would interrupt the run, and what was proved of it, each against what is now."""
    state, program = trail.state, trail.program
    limits = program.scopes[program.phases[state.phase].scope].limits
    if state.stage is Stage.PHASE:
        yield from _deadlines(scene.moment.now_ns, program, state)
    yield from _exposure(scene.moment.now_ns, program, state, limits)
    yield from _books(scene, trail, limits)
    yield from _proven(trail)


def _deadlines(now: int, program: Program, state: State) -> Iterator[Line]:
    phase = program.phases[state.phase]
    due = state.dues[phase.scope]
    if due:
        limit = program.scopes[phase.scope].limits.deadline_ns
        of = f"/{fig.ago(limit)}" if limit != NO_LIMIT else ""
        yield _guard(due > now, "deadline", f"{fig.ago(max(0, due - now))} left{of}")
    if phase.visits > 1:
        visits = state.visits[state.phase]
        yield _guard(visits < phase.visits, "visits", f"{visits}/{phase.visits} of {phase.name}")


def _exposure(now: int, program: Program, state: State, limits: Limits) -> Iterator[Line]:
    if limits.unhedged_max == NO_LIMIT or not all(leg.known for leg in state.legs):
        return
    value = net_money(program, state.legs)
    since = f" for {fig.ago(now - state.naked_ns)}/{fig.ago(limits.unhedged_ns)}" if state.naked_ns else ""
    text = f"{fig.money(value)}/{fig.money(limits.unhedged_max)}{since}"
    yield _guard(value <= limits.unhedged_max, "unhedged", text)


def _books(scene: Scene, trail: Trail, limits: Limits) -> Iterator[Line]:
    for spec, leg in zip(trail.program.legs, trail.state.legs, strict=True):
        if limits.spread_max != NO_LIMIT and leg.bid:
            spread = (leg.ask - leg.bid) * 20_000_000 // (leg.ask + leg.bid)
            text = f"{plain(from_mbps(spread))}/{plain(from_mbps(limits.spread_max))} bps"
            yield _guard(spread <= limits.spread_max, f"spread {spec.name}", text)


def _proven(trail: Trail) -> Iterator[Line]:
    """Measured so far against the bounds proved before the run began."""
    claims, facts = trail.run.header.claims, trail.facts
    if claims is None or facts is None or claims.naked_ns < 0:
        yield line(Span("no bound was proved of this run", "dim"))
        return
    part = "" if trail.since == 1 else f" since #{trail.since}"
    most = f"{fig.ago(facts.naked_ns)}/{fig.ago(claims.naked_ns)} proven{part}"
    yield _guard(facts.naked_ns <= claims.naked_ns, "naked", most)
    if claims.unhedged >= 0:
        area = facts.unhedged_money_ns // NS_PER_S
        bound = claims.unhedged * claims.naked_ns // NS_PER_S
        yield _guard(area <= bound, "$ x s", f"{fig.money(area)}/{fig.money(bound)} proven{part}")


def _guard(good: bool, name: str, text: str) -> Line:
    mark = Span("✓ ", "good") if good else Span("✗ ", "bad")
    return line(mark, f"{name} ", Span(text, "" if good else "bad"))


def cost_lines(trail: Trail) -> Iterator[Line]:
    """The parts of the cost, as the report has them."""
    if trail.facts is None:
        yield line(Span("nothing yet", "dim"))
        return
    costs = shortfall(trail.facts)
    quote = trail.program.legs[0].instrument.quote
    for name in ("delay", "legging", "concession", "fees"):
        total = sum((getattr(one.parts, name) for one in costs), Decimal(0))
        yield line(f"{name:<12}", Span(f"{tidy(total):+f}" if total else "0"))
    back = sum((one.unwind.total for one in costs), Decimal(0))
    if back:
        yield line(f"{'given back':<12}", Span(f"{tidy(back):+f}", "warn"))
    total = sum((one.parts.total + one.unwind.total for one in costs), Decimal(0))
    since = "" if trail.since == 1 else f"  since #{trail.since}"
    yield line(Span(f"{'total':<12}", "strong"), Span(f"{tidy(total):+f} {quote}{since}", "strong"))


def plot_lines(scene: Scene, trail: Trail, room: int) -> Iterator[Line]:
    """Net exposure of the last minute, as bars of its size."""
    now = scene.moment.now_ns
    values = bucketed(trail.samples, now - PLOT_NS, now, room)
    delta = fig.Delta(trail.program, trail.state)
    if not any(values):
        yield line(Span("▁" * room, "dim"))
    else:
        yield line(Span(spark([0, *values], room), delta.style))
    most = max((abs(one.net) for one in trail.samples if one.at_ns > now - PLOT_NS), default=0)
    yield line(Span(f"most {_amount(trail.program, most)}  now {delta.text}  tol {delta.limit}", "dim"))
    share = _open_share(trail)
    if share is not None:
        yield line(f"filled {bar(share, max(4, room - 14))} {share:4.0%}")


def _amount(program: Program, picos: int) -> str:
    return fig.money(picos) if program.by_money else plain(tidy(from_pico(picos)))


def _open_share(trail: Trail) -> float | None:
    wanted = [to_move(trail.program, leg) for leg in trail.state.legs if leg.known]
    done = [moved(leg) for leg in trail.state.legs if leg.known]
    shares = [part / whole for part, whole in zip(done, wanted, strict=True) if whole]
    return min(shares) if shares else None


def bucketed(samples: Sequence[Sample], start: int, end: int, count: int) -> list[int]:
    """The largest absolute exposure in each of `count` equal spans; one that nothing happened in has what was
    left by the one before it.
    """
    buckets: list[int] = [-1] * count
    before = 0
    for one in samples:
        if one.at_ns <= start:
            before = abs(one.net)
        elif count and one.at_ns <= end:
            at = min(count - 1, (one.at_ns - start) * count // (end - start))
            buckets[at] = max(buckets[at], abs(one.net))
    last = {
        min(count - 1, max(0, (one.at_ns - start) * count // (end - start))): abs(one.net) for one in samples
    }
    for at, value in enumerate(buckets):
        if value < 0:
            buckets[at] = before
        before = last.get(at, before)
    return buckets
