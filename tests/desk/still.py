"""A market of the simplest kind: books that stand where they are told to, with a trade now and then."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from dnkit.market.feed import Bbo, Grid, Message, Trade, snapshot
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import NS_PER_MS, NS_PER_S

START_NS = 1_000 * NS_PER_S
STEP_NS = 20 * NS_PER_MS
SIZE = 10**6


class StillMarket:
    """Two-sided books around their mids; `end_s` bounds them; every 10th moment brings a trade at a touch."""

    def __init__(self, instruments: Sequence[Instrument], mids: Sequence[Decimal], *, end_s: int = 0) -> None:
        self.grids = tuple(Grid(name=one.symbol, tick=one.tick, lot=one.lot) for one in instruments)
        self.mids = [int(mid / one.tick) for one, mid in zip(instruments, mids, strict=True)]
        self.start_ns = START_NS
        self.end_ns = START_NS + end_s * NS_PER_S if end_s else None

    def messages(self) -> Iterator[Message]:
        """Snapshots first, then the same touch again and again."""
        for leg, mid in enumerate(self.mids):
            bids = {mid - 1 - step: SIZE for step in range(1, 200)}
            asks = {mid + 1 + step: SIZE for step in range(1, 200)}
            yield snapshot(START_NS - 1, leg, bids, asks)
        at, count = START_NS, 0
        while self.end_ns is None or at < self.end_ns:
            for leg, mid in enumerate(self.mids):
                yield Bbo(at, leg, mid - 1, SIZE, mid + 1, SIZE)
            if count % 10 == 9:
                for leg, mid in enumerate(self.mids):
                    side = 1 if count % 20 == 9 else -1
                    yield Trade(at, leg, side, mid + side, SIZE)
            at, count = at + STEP_NS, count + 1
