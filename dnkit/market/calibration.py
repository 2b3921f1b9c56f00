"""What a market is like, in figures: measured the same way on a recording and on the synthetic market.

Times weigh: a spread that stood for two seconds counts twice as much as one that stood for one. Stretches
without a word for more than OUTAGE_NS are left out. These are statistics about markets, so they are floats;
nothing here ever becomes a price.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import sqrt

import msgspec

from dnkit.market.feed import Bbo, Grid, Message, Trade
from dnkit.model.numbers import NS_PER_S

OUTAGE_NS = 15 * NS_PER_S
PASSIVE_NS = 5 * NS_PER_S
MOMENT_NS = NS_PER_S // 10
WIDE_BPS = 5.0


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """One leg.

    `top_usd` is the median value at a touch over all messages. `move_p99` is the 99th percentile of the
    absolute move of mid in one second, `markout` the mean signed move of mid from just before a trade to a
    second later. `touched` is the share of orders that join the touch and see a trade at their price within
    5 s, `through` the share that see one beyond it.
    """

    spread_p50: float
    spread_p99: float
    spread_max: float
    wide_share: float
    changes_per_s: float
    top_usd: float
    move_p99: float
    touched: float
    through: float
    markout: float
    trades_per_s: float


class Tape:
    """What one leg's stream said: its touches and its trades, in columns."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self.touches: list[Bbo] = []
        self.trades: list[Trade] = []
        for one in messages:
            if isinstance(one, Bbo):
                self.touches.append(one)
            elif isinstance(one, Trade):
                self.trades.append(one)
        self._times = [one.at_ns for one in self.touches]

    def touch(self, at_ns: int) -> Bbo | None:
        """The touch as it stood at that moment, None before the first and in an outage."""
        at = bisect_left(self._times, at_ns + 1) - 1
        if at < 0:
            return None
        after = self._times[at + 1] if at + 1 < len(self._times) else at_ns
        return self.touches[at] if after - self._times[at] <= OUTAGE_NS else None

    @property
    def span(self) -> range:
        """Whole seconds from the first touch to the last, in nanoseconds."""
        return range(self._times[0], self._times[-1], NS_PER_S)


def tapes(messages: Iterable[Message], legs: int) -> list[Tape]:
    """The stream of each leg on its own."""
    apart: list[list[Message]] = [[] for _ in range(legs)]
    for one in messages:
        apart[one.leg].append(one)
    return [Tape(one) for one in apart]


def measure(tape: Tape, grid: Grid) -> Figures:
    """Figures of a leg that has touches and trades."""
    spells = [(b.at_ns - a.at_ns, a) for a, b in pairwise(tape.touches) if b.at_ns - a.at_ns <= OUTAGE_NS]
    live = sum(span for span, _ in spells)
    spreads = sorted((_spread(one), span) for span, one in spells)
    usd = float(grid.lot) if grid.inverse else float(grid.tick * grid.lot)
    tops = sorted(value * usd for one in tape.touches for value in _tops(one, grid))
    moves = sorted(_moves(tape))
    touched, through = _passive(tape)
    return Figures(
        spread_p50=_quantile(spreads, 0.5),
        spread_p99=_quantile(spreads, 0.99),
        spread_max=spreads[-1][0],
        wide_share=sum(span for spread, span in spreads if spread > WIDE_BPS) / live,
        changes_per_s=len(spells) * NS_PER_S / live,
        top_usd=tops[len(tops) // 2],
        move_p99=moves[int(0.99 * len(moves))],
        touched=touched,
        through=through,
        markout=_markout(tape),
        trades_per_s=len(tape.trades) * NS_PER_S / live,
    )


def returns(tape: Tape, moments: Sequence[int]) -> list[float | None]:
    """Moves of mid in bps from each moment to the next, None where there is no mid."""
    return [_move(a, b) for a, b in pairwise(tape.touch(at) for at in moments)]


def correlation(one: Tape, other: Tape) -> float:
    """Correlation of the one-second moves of two legs on the window they share."""
    begin, end = max(one.span.start, other.span.start), min(one.span.stop, other.span.stop)
    moments = range(begin, end, NS_PER_S)
    both = [
        (a, b)
        for a, b in zip(returns(one, moments), returns(other, moments), strict=True)
        if a is not None and b is not None
    ]
    mean_a, mean_b = sum(a for a, _ in both) / len(both), sum(b for _, b in both) / len(both)
    shared = sum((a - mean_a) * (b - mean_b) for a, b in both)
    spread_a, spread_b = sum((a - mean_a) ** 2 for a, _ in both), sum((b - mean_b) ** 2 for _, b in both)
    return shared / sqrt(spread_a * spread_b)


def _moves(tape: Tape) -> list[float]:
    """Absolute moves over one second, from ten moments a second: the tail of a short window needs them."""
    mids = [tape.touch(at) for at in range(tape.span.start, tape.span.stop, MOMENT_NS)]
    later = NS_PER_S // MOMENT_NS
    moves = (_move(a, b) for a, b in zip(mids, mids[later:], strict=False))
    return [abs(one) for one in moves if one is not None]


def _passive(tape: Tape) -> tuple[float, float]:
    """Shares of joining orders, one per side and second, that a trade meets and that a trade passes."""
    times = [one.at_ns for one in tape.trades]
    orders = touched = through = 0
    for at in tape.span:
        touch = tape.touch(at)
        if touch is None or at + PASSIVE_NS > tape.span.stop:
            continue
        met = tape.trades[bisect_left(times, at) : bisect_left(times, at + PASSIVE_NS)]
        low = min((one.price for one in met if one.side < 0), default=touch.bid + 1)
        high = max((one.price for one in met if one.side > 0), default=touch.ask - 1)
        orders += 2
        touched += (low <= touch.bid) + (high >= touch.ask)
        through += (low < touch.bid) + (high > touch.ask)
    return touched / orders, through / orders


def _markout(tape: Tape) -> float:
    total, count = 0.0, 0
    for one in tape.trades:
        move = _move(tape.touch(one.at_ns - 1), tape.touch(one.at_ns + NS_PER_S))
        if move is not None:
            total, count = total + move * one.side, count + 1
    return total / count if count else 0.0


def _move(one: Bbo | None, other: Bbo | None) -> float | None:
    if one is None or other is None:
        return None
    before, after = one.bid + one.ask, other.bid + other.ask
    return (after - before) / before * 10_000


def _spread(one: Bbo) -> float:
    return (one.ask - one.bid) * 20_000 / (one.ask + one.bid)


def _tops(one: Bbo, grid: Grid) -> tuple[int, int]:
    """Value of either touch in feed units of money."""
    if grid.inverse:
        return one.bid_size, one.ask_size
    return one.bid_size * one.bid, one.ask_size * one.ask


def _quantile(weighted: Sequence[tuple[float, int]], share: float) -> float:
    """The value that `share` of the weight lies at or below; `weighted` is sorted."""
    left = sum(weight for _, weight in weighted) * share
    for value, weight in weighted:
        left -= weight
        if left <= 0:
            return value
    return weighted[-1][0]
