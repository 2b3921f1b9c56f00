"""One leg of the synthetic market: how its touch, its depth and its trades follow a fair price.

The fair price runs on; the touch stays until the fair price has left it behind by more than the profile's
stickiness, then jumps to it, often after a trade that eats the old touch. In between sizes change and trades
meet the touch, more often on the side the fair price has gone to. So trades are followed by moves their way,
and a resting order is met about as often as on the real venue.
"""

from math import ceil, exp, log
from random import Random

from dnkit.market.feed import Bbo, Delta, Message, Snapshot, Trade, bounds
from dnkit.market.profiles import PRICE_OTHERS_TICKS, PRICES, Profile
from dnkit.model.instrument import Instrument

Z99 = 2.326  # standard deviations that 1 % of a normal lies above
SIZE_SIGMA = 1.1
SIZES = 4096
SPREAD_HOLD_S = 0.7  # how long a spread is kept, on average
DEPTH_EVERY_S = 0.25
DEPTH_LEVELS = 24
DEPTH_BPS = 60.0
DEPTH_KEPT = 0.7  # share of levels a depth message leaves as they are
DEPTH_NEAR = 0.4  # how thick the book is at the touch, compared with far from it
DEPTH_FULL_BPS = 13.0
TRADE_SHARE = 0.25  # median trade against the median touch
INFORMED_BPS = 0.3  # a fair price this far from mid makes the side of a trade as sure as it gets


class Leg:
    """State of one leg, in ticks and lots of its instrument. Every call returns its messages."""

    def __init__(self, leg: int, instrument: Instrument, profile: Profile, wide: float, rng: Random) -> None:
        """`wide` multiplies the spread (and its tail) of the profile."""
        tick, lot = float(instrument.tick), float(instrument.lot)
        price = PRICES.get(instrument.base, PRICE_OTHERS_TICKS * tick)
        self.leg = leg
        self.profile = profile
        self.rng = rng
        self.noise = 0.0  # bps this venue is off the coin's price
        self.noise_s = 0.0
        self._start = price / tick
        self._tick_bps = tick / price * 1e4
        self._unit_usd = tick * lot
        self._spread = profile.spread_p50 * wide
        self._spread_tail = log(max(1.0, profile.spread_p99 * wide / profile.spread_p50)) / Z99
        self._sizes = [rng.lognormvariate(0.0, SIZE_SIGMA) for _ in range(SIZES)]
        self._offsets = _offsets(self._tick_bps)
        self._width = 1
        self._width_until = self._depth_at = 0.0
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}
        self.bid = self.ask = self.bid_size = self.ask_size = 0
        self._place(self._start)

    def opening(self, at_ns: int) -> list[Message]:
        """The first words: depth and touch."""
        self._ladder()
        whole = Snapshot(at_ns, self.leg, dict(self._bids), dict(self._asks), *bounds(self._bids, self._asks))
        return [whole, self._ticker(at_ns)]

    def quote(self, at_ns: int, now_s: float, fair_bps: float, widen: float) -> list[Message]:
        """The ticker speaks: the touch follows the fair price, or a size changes. `widen` is the mood's."""
        fair = self._start * exp(fair_bps * 1e-4)
        if now_s >= self._width_until:
            self._draw_width(now_s, widen)
        told: list[Message] = []
        mid = (self.bid + self.ask) / 2
        off = fair - mid
        if abs(off) * self._tick_bps > self.profile.sticky:
            self._follow(at_ns, fair, off, told)
        elif self.ask - self.bid != self._width:
            self._place(mid)
        elif self.rng.random() < 0.5:
            self.bid_size = self._size(self.bid)
        else:
            self.ask_size = self._size(self.ask)
        told.append(self._ticker(at_ns))
        if now_s >= self._depth_at:
            self._depth_at = now_s + DEPTH_EVERY_S
            told.append(self._depth(at_ns))
        return told

    def trade(self, at_ns: int, fair_bps: float) -> list[Message]:
        """Somebody takes at the touch; when it is eaten up, others step in at that price."""
        off_bps = (self._start * exp(fair_bps * 1e-4) - (self.bid + self.ask) / 2) * self._tick_bps
        lean = max(-1.0, min(1.0, off_bps / INFORMED_BPS)) * self.profile.informed
        size = max(1, int(self._size(self.bid) * TRADE_SHARE))
        if self.rng.random() < 0.5 + 0.5 * lean:
            met = Trade(at_ns, self.leg, 1, self.ask, min(size, self.ask_size))
            self.ask_size = self.ask_size - met.size or self._size(self.ask)
        else:
            met = Trade(at_ns, self.leg, -1, self.bid, min(size, self.bid_size))
            self.bid_size = self.bid_size - met.size or self._size(self.bid)
        return [met, self._ticker(at_ns)]

    def _follow(self, at_ns: int, fair: float, off: float, told: list[Message]) -> None:
        """Move the touch to the fair price, perhaps with a trade that eats the old one."""
        bid, ask = self.bid, self.ask
        bid_size, ask_size = self.bid_size, self.ask_size
        self._place(fair)
        luck = self.rng.random()
        if luck >= self.profile.sweep:
            return
        deep = luck < self.profile.deep
        if off > 0 and self.ask > ask:
            told.append(Trade(at_ns, self.leg, 1, ask, ask_size))
            if deep:
                told.append(Trade(at_ns, self.leg, 1, max(ask + 1, self.ask - 1), self._size(ask)))
        elif off < 0 and self.bid < bid:
            told.append(Trade(at_ns, self.leg, -1, bid, bid_size))
            if deep:
                told.append(Trade(at_ns, self.leg, -1, min(bid - 1, self.bid + 1), self._size(bid)))

    def _place(self, fair: float) -> None:
        """A new touch around the fair price, `_width` ticks wide."""
        self.bid = max(1, round(fair - self._width / 2))
        self.ask = self.bid + self._width
        self.bid_size = self._size(self.bid)
        self.ask_size = self._size(self.ask)

    def _draw_width(self, now_s: float, widen: float) -> None:
        self._width_until = now_s + self.rng.expovariate(1 / SPREAD_HOLD_S)
        spread = self._spread * widen * exp(self._spread_tail * self.rng.gauss(0.0, 1.0))
        self._width = max(1, round(spread / self._tick_bps))

    def _size(self, price: int) -> int:
        return self._lots(self.profile.top_usd, price)

    def _lots(self, usd: float, price: int) -> int:
        """Lots worth about `usd`, at least one."""
        return ceil(usd / (self._unit_usd * price) * self._sizes[self.rng.getrandbits(12)])

    def _ticker(self, at_ns: int) -> Bbo:
        return Bbo(at_ns, self.leg, self.bid, self.bid_size, self.ask, self.ask_size)

    def _depth(self, at_ns: int) -> Delta:
        """The levels that changed since the last depth message."""
        bids, asks = self._bids, self._asks
        self._ladder()
        changed = _changes(bids, self._bids), _changes(asks, self._asks)
        return Delta(at_ns, self.leg, *changed, *bounds(*changed))

    def _ladder(self) -> None:
        """Levels behind the touch: close together near it, on ever rounder prices further away."""
        bids, asks, known_bids, known_asks = {}, {}, self._bids, self._asks
        for offset, snap, usd in self._offsets:
            bid = (self.bid - offset) // snap * snap
            ask = -(-(self.ask + offset) // snap) * snap
            if bid > 0:
                bids[bid] = self._level(known_bids, bid, usd)
            asks[ask] = self._level(known_asks, ask, usd)
        self._bids, self._asks = bids, asks

    def _level(self, known: dict[int, int], price: int, share: float) -> int:
        size = known.get(price, 0)
        if size and self.rng.random() < DEPTH_KEPT:
            return size
        return self._lots(share * self.profile.depth_usd, price)


def _offsets(tick_bps: float) -> list[tuple[int, int, float]]:
    """(ticks behind the touch, grid of the price, share of the depth within 50 bps) of every level."""
    reach = max(DEPTH_LEVELS, ceil(DEPTH_BPS / tick_bps))
    growth = log(reach) / (DEPTH_LEVELS - 1)
    ticks = sorted({max(at + 1, round(exp(growth * at))) for at in range(DEPTH_LEVELS)})
    levels, before = [], 0
    for offset in ticks:
        snap = max(1, offset // 4)
        thick = min(1.0, DEPTH_NEAR + offset * tick_bps / DEPTH_FULL_BPS)
        # the mean of a lognormal is above its median
        share = (offset - before) * tick_bps / 50.0 * thick / exp(SIZE_SIGMA**2 / 2)
        levels.append((offset, snap, share))
        before = offset
    return levels


def _changes(before: dict[int, int], after: dict[int, int]) -> dict[int, int]:
    changed = {price: size for price, size in after.items() if before.get(price) != size}
    for price in before:
        if price not in after:
            changed[price] = 0
    return changed
