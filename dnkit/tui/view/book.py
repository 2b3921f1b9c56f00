"""The screen of the books: both ladders with own orders, what crossing them brings, what is left would
cost.
"""

from collections.abc import Iterator, Sequence

from dnkit.engine.state import Leg
from dnkit.machine.orders import Life
from dnkit.machine.program import LegSpec
from dnkit.model.numbers import MBPS_ONE, ceil_div, from_mbps
from dnkit.readers.legs import moved, to_move
from dnkit.tui.view import figures as fig
from dnkit.tui.view.lines import Line, Span, beside, boxed, line, padded, spark
from dnkit.tui.view.scene import Ladder, Scene
from dnkit.tui.view.trail import Trail

CROSS = 6
PLOT = 80
_BPS = 20_000_000  # doubled mbps of one


def screen(scene: Scene, width: int, height: int) -> list[Line]:
    """Ladders side by side, the pair below them."""
    trail = scene.trail
    if trail is None:
        return []
    low = CROSS if height >= 16 else 0
    count = len(trail.program.legs)
    sizes = [width // count + (at < width % count) for at in range(count)]
    blocks = [_leg(scene, trail, at, size, height - low) for at, size in enumerate(sizes)]
    top = blocks[0]
    for block in blocks[1:]:
        top = beside(top, block)
    if not low:
        return top
    return [*top, *boxed("Pair", list(pair_lines(scene, trail, width - 4)), width, low)]


def ladder(scene: Scene, trail: Trail, index: int) -> tuple[Ladder | None, bool]:
    """The live book of a leg, else the touch it last read in the journal; and whether it is live."""
    live = scene.ladders.get(index)
    contact, leg = trail.contacts[index], trail.state.legs[index]
    if live is not None and live.at_ns >= contact.book_ns:
        return live, True
    read = contact.book
    if read is None or not leg.bid:
        return None, False
    return Ladder(contact.book_ns, ((read.bid, read.bid_lots),), ((read.ask, read.ask_lots),)), False


def _leg(scene: Scene, trail: Trail, index: int, width: int, height: int) -> list[Line]:
    spec, leg = trail.program.legs[index], trail.state.legs[index]
    symbol = f" {spec.instrument.symbol}" if width >= 34 else ""
    title = f"{spec.name} {spec.instrument.venue}{symbol}"
    shown, live = ladder(scene, trail, index)
    if shown is None:
        return boxed(title, [line(Span("no book yet", "dim"))], width, height)
    age = fig.ago(max(0, scene.moment.now_ns - shown.at_ns))
    note = f"live {age}" if live else f"read {age}"
    lines = list(_ladder_lines(spec, leg, shown, width - 4, height - 2))
    if not live and len(lines) < height - 2:
        lines.append(line(Span("touch as last read; no live book", "dim")))
    return boxed(title, lines, width, height, note)


def _ladder_lines(spec: LegSpec, leg: Leg, shown: Ladder, room: int, height: int) -> Iterator[Line]:
    levels = max(1, (height - 2) // 2)
    own = _own(spec, leg)
    wide = max(8, (room - 2) // 3)
    yield line(Span(f"{'bid':>{wide}} {'price':>{wide}} {'ask':>{wide}}", "dim"))
    for price, lots in reversed(shown.asks[:levels]):
        text = f"{'':>{wide}} {fig.price(spec, price):>{wide}} {fig.quantity(spec, lots):>{wide}}"
        yield line(Span(text, "short"), own.get(price, Span("")))
    yield _spread(spec, shown, room)
    for price, lots in shown.bids[:levels]:
        text = f"{fig.quantity(spec, lots):>{wide}} {fig.price(spec, price):>{wide}}"
        yield line(Span(text, "long"), own.get(price, Span("")))
    for price, span in own.items():
        if price not in {one for one, _ in (*shown.asks[:levels], *shown.bids[:levels])}:
            yield line(Span(f"{fig.price(spec, price)}", "dim"), span)


def _own(spec: LegSpec, leg: Leg) -> dict[int, Span]:
    """Own orders by price."""
    found = {}
    for order in (leg.order, leg.stop):
        if order is not None and order.life < Life.OVER:
            side, left = "BUY" if order.side > 0 else "SELL", fig.quantity(spec, order.lots - order.cum)
            found[order.price] = Span(f" ◀ {side} {left}", "strong")
    return found


def _spread(spec: LegSpec, shown: Ladder, room: int) -> Line:
    if not (shown.bids and shown.asks):
        return line(Span("one side is empty", "warn"))
    (bid, _), (ask, _) = shown.bids[0], shown.asks[0]
    text = f"spread {fig.price(spec, ask - bid)}  {bps((ask - bid) * _BPS, ask + bid)} bps"
    return line(Span(padded(f"─ ─ {text} ─ ─", room), "dim"))


def bps(part: int, whole: int) -> str:
    """Basis points with two digits."""
    return f"{from_mbps(part // whole).quantize(from_mbps(10)):f}" if whole else fig.NONE


def pair_lines(scene: Scene, trail: Trail, room: int) -> Iterator[Line]:
    """What is left to do, what it would cost on these books, and how far apart the two are."""
    for index, (spec, leg) in enumerate(zip(trail.program.legs, trail.state.legs, strict=True)):
        shown, live = ladder(scene, trail, index)
        if shown is not None and leg.known:
            yield _walk_line(trail, index, spec, leg, shown, live=live)
    apart = [one.apart for one in trail.samples if one.apart is not None]
    if apart:
        now = f" now {from_mbps(apart[-1]):+f} bps"
        yield line("basis ", Span(spark(apart, min(PLOT, room - len(now) - 6)), "now"), now)


def _walk_line(trail: Trail, index: int, spec: LegSpec, leg: Leg, shown: Ladder, *, live: bool) -> Line:
    wanted = to_move(trail.program, leg)
    left = max(0, (wanted if wanted is not None else abs(leg.position)) - moved(leg))
    side = _side_to_do(trail, spec, leg)
    even = f"  break-even {_break_even(spec, leg)}"
    if not left or not side:
        return line(Span(f"{spec.name}  ", "strong"), "nothing left to trade", Span(even, "dim"))
    levels = shown.asks if side > 0 else shown.bids
    average, held, count = walk(levels, left, side)
    do = f"{'buy' if side > 0 else 'sell'} {fig.quantity(spec, left)}"
    fee = from_mbps(spec.instrument.taker_fee)
    if not held:
        what = "on the shown levels there is too little" if live else "more than the touch shows"
        return line(Span(f"{spec.name}  ", "strong"), f"{do}: {what}", Span(even, "dim"))
    touch = levels[0][0]
    slip = bps(abs(average - touch) * _BPS // 2, touch)
    text = f"{do} at {fig.price(spec, average)} ({count} lvl), {slip} bps past touch, fee {fee:f} bps"
    return line(Span(f"{spec.name}  ", "strong"), text, Span(even, "dim"))


def _side_to_do(trail: Trail, spec: LegSpec, leg: Leg) -> int:
    """The side that what is left would be traded on."""
    if trail.program.intent.value in ("open", "single"):
        return int(spec.side)
    return -1 if leg.position > 0 else 1 if leg.position < 0 else 0


def walk(levels: Sequence[tuple[int, int]], lots: int, side: int) -> tuple[int, bool, int]:
    """Average price in ticks (against us where it lies between two), whether the levels hold `lots`, and how
    many it takes.
    """
    worth, left, count = 0, lots, 0
    for price, size in levels:
        took = min(size, left)
        worth, left, count = worth + took * price, left - took, count + 1
        if not left:
            break
    done = lots - left
    average = ceil_div(worth, done) if side > 0 and done else worth // max(1, done)
    return average, left == 0, count


def _break_even(spec: LegSpec, leg: Leg) -> str:
    """The price at which closing the open position as a taker costs nothing."""
    if not leg.position or leg.entry is None:
        return fig.NONE
    fee = spec.instrument.taker_fee * (1 if leg.position > 0 else -1)
    return fig.price(spec, ceil_div(abs(leg.entry) * MBPS_ONE, abs(leg.position) * (MBPS_ONE - fee)))
