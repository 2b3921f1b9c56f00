"""The dialog that closes everything: its plan, and how far it is."""

from collections.abc import Iterator
from itertools import takewhile

import msgspec

from dnkit.engine.exposure import exposure
from dnkit.engine.state import Leg
from dnkit.machine.orders import Life
from dnkit.machine.program import LegSpec
from dnkit.model.numbers import MBPS_ONE, ceil_div, from_mbps, from_pico, plain
from dnkit.model.terms import EndName, Risk
from dnkit.readers.stats import tidy
from dnkit.tui.view import figures as fig
from dnkit.tui.view.book import ladder, walk
from dnkit.tui.view.lines import EMPTY, Line, Span, line, prompt
from dnkit.tui.view.scene import Box, Scene
from dnkit.tui.view.trail import Trail


class LegPlan(msgspec.Struct, frozen=True):
    """What a flatten does with one leg: cancels, the side and lots it trades, the worst price (0: not
    known), and picos of cost against mid with fees (None: not on the book that is known).
    """

    spec: LegSpec
    cancels: int
    side: int
    lots: int
    bound: int
    cost: int | None
    fees: int


def plan(scene: Scene, trail: Trail) -> list[LegPlan]:
    """The plan for every leg, on the books as they are known now."""
    pairs = zip(trail.program.legs, trail.state.legs, strict=True)
    return [_leg_plan(scene, trail, at, spec, leg) for at, (spec, leg) in enumerate(pairs)]


def _leg_plan(scene: Scene, trail: Trail, index: int, spec: LegSpec, leg: Leg) -> LegPlan:
    orders = (leg.order, leg.stop)
    cancels = sum(order is not None and order.life is not Life.OVER for order in orders)
    side, lots = (-1 if leg.position > 0 else 1), abs(leg.position)
    shown, _ = ladder(scene, trail, index)
    if not lots or shown is None or not (shown.bids and shown.asks):
        return LegPlan(spec, cancels, side, lots, 0, None if lots else 0, 0)
    levels = shown.asks if side > 0 else shown.bids
    touch, mid2 = levels[0][0], shown.bids[0][0] + shown.asks[0][0]
    bound = 0 if scene.concession < 0 else worst_price(touch, side, scene.concession)
    price, held, _ = walk([one for one in levels if not bound or (bound - one[0]) * side >= 0], lots, side)
    fees = spec.instrument.fee(lots * (price if held else touch), maker=False)
    cost = side * (2 * price - mid2) * lots * spec.instrument.value // 2 + fees if held else None
    return LegPlan(spec, cancels, side, lots, bound, cost, fees)


def worst_price(touch: int, side: int, concession: int) -> int:
    """The farthest a flatten goes, on the safe side of rounding."""
    if side > 0:
        return touch * (MBPS_ONE + concession) // MBPS_ONE
    return ceil_div(touch * (MBPS_ONE - concession), MBPS_ONE)


def word_to_type(policy: str) -> str:
    """What confirms: the policy's name, or more than that where holding the key down would write it."""
    return f"flatten {policy}" if not policy.strip("F") else policy


def plan_lines(scene: Scene, trail: Trail, box: Box) -> Iterator[Line]:
    """What would be done, at what price, and how to say yes."""
    plans = plan(scene, trail)
    cancels = ", ".join(f"{one.spec.name} {one.cancels}" for one in plans if one.cancels) or "none is out"
    yield line("1 cancel own orders: ", Span(cancels, "strong"))
    yield line("2 close with reduce-only orders, all legs together:")
    for one, leg in zip(plans, trail.state.legs, strict=True):
        yield _plan_line(one, leg)
    yield line("3 verify every leg = 0 at its venue; the run is halted")
    yield line(f"worst Δ on the way {_worst(trail)}", Span(f"   {_cost(plans)}"))
    yield EMPTY
    word = word_to_type(trail.run.header.policy)
    yield line("Type ", Span(word, "key"), " and press Enter. Enter alone or Esc cancels.")
    yield prompt(box.typed)


def _plan_line(one: LegPlan, leg: Leg) -> Line:
    spec = one.spec
    name = Span(f"  {spec.name} {spec.instrument.venue} ", "strong")
    if not leg.known:
        return line(name, Span("position unknown: it is read first", "warn"))
    if not one.lots:
        return line(name, "flat")
    held, do = ("short", "BUY") if one.side > 0 else ("long", "SELL")
    limit = f"{'≤' if one.side > 0 else '≥'} {fig.price(spec, one.bound)}" if one.bound else "bounded"
    size = fig.quantity(spec, one.lots)
    return line(name, f"{held} {size} → ", Span(f"{do} {size}", "strong"), f" {limit}")


def _worst(trail: Trail) -> str:
    """All legs but one may be closed for a moment: the largest exposure a leg has alone."""
    pairs = zip(trail.program.legs, trail.state.legs, strict=True)
    most = max(abs(exposure(trail.program, spec, leg)) for spec, leg in pairs)
    unit = fig.Delta(trail.program, trail.state).unit
    return f"{fig.money(most) if trail.program.by_money else plain(tidy(from_pico(most)))} {unit}"


def _cost(plans: list[LegPlan]) -> str:
    fees = sum(one.fees for one in plans)
    costs = [one.cost for one in plans]
    quote = plans[0].spec.instrument.quote
    if None in costs:
        return f"cost unknown on this book, fees {fig.money(fees)} {quote}"
    total = sum(one for one in costs if one is not None)
    return f"cost {fig.money(total)} {quote} (fees {fig.money(fees)})"


def progress_lines(scene: Scene, box: Box, now_ns: int) -> Iterator[Line]:
    """How far a flatten is, leg by leg, until it is verified or has honestly failed."""
    word = scene.word
    yield line(Span(box.said or "asked; the engine has not answered yet", "dim"))
    for name, position in zip(word.names, word.positions, strict=False):
        yield _left_line(name, position)
    yield from _runs(scene, box)
    yield EMPTY
    verdict = verdict_of(scene)
    if verdict is not None:
        yield line(verdict)
        yield line(Span("Esc closes this box", "dim"))
        return
    yield line(Span(f"running {fig.ago(max(0, now_ns - box.opened_ns))}", "now"))
    yield line("It cannot be taken back. q detaches; the engine goes on until flat.")
    if not word.linked:
        yield line(Span("the engine does not answer: dnkit status", "bad"))


def _runs(scene: Scene, box: Box) -> Iterator[Line]:
    """The runs that were made for it, as the journal tells them, oldest first."""
    made = list(takewhile(lambda run: run.header.run_id != box.since, scene.runs))
    for run in reversed(made):
        where = " and ".join(f"{leg.venue} {leg.symbol}" for leg in run.header.legs)
        if run.end is None:
            yield line(f"  close {where}: ", Span("… at work", "now"))
        elif run.end.risk is Risk.FLAT or run.end.end is EndName.FLAT:
            yield line(f"  close {where}: ", Span("✓ flat at the venue", "good"))
        else:
            yield line(f"  close {where}: ", Span(f"✗ {run.end.risk.value}: {run.end.text}", "bad"))


def verdict_of(scene: Scene) -> Span | None:
    """What came of a flatten, None while it is at work. Flat is only what the venues said."""
    word = scene.word
    if not word.ended:
        return None
    if word.risk == "flat":
        return Span("✓ VERIFIED FLAT; the command has ended", "good")
    left = ", ".join(
        f"{name} {position or 'unknown'}"
        for name, position in zip(word.names, word.positions, strict=False)
        if position is None or not is_zero(position)
    )
    return Span(f"✗ NOT FLAT ({word.risk}): {left or word.ended}", "bad")


def _left_line(name: str, position: str | None) -> Line:
    if position is None:
        return line(Span(f"  {name} ", "strong"), Span("? unknown", "warn"))
    if is_zero(position):
        return line(Span(f"  {name} ", "strong"), Span("✓ 0 left", "good"))
    return line(Span(f"  {name} ", "strong"), f"… {position} left")


def is_zero(text: str) -> bool:
    """Whether a text of digits is zero."""
    return not text.strip("+-0.")


def bound_words(scene: Scene) -> str:
    """How far a flatten may go, in words."""
    return f"at most {plain(from_mbps(scene.concession))} bps past the touch" if scene.concession >= 0 else ""
