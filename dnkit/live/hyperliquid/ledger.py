"""What became of orders, out of three sources that come in any order, late, or twice: answers, fills, states.

Fills count once by the venue's trade number and belong to an order by the venue's number of it. An order is
over by the venue's word; its total is told with the end where all its fills are here by then.
"""

from collections import OrderedDict
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import msgspec

from dnkit.live.memory import Memory
from dnkit.model.events import OrderAccepted, OrderEnded, OrderFilled, OrderRejected, VenueFact
from dnkit.model.numbers import NS_PER_MS
from dnkit.model.terms import EndKind, RejectKind
from dnkit.venues.hyperliquid.signing import cloid_of
from dnkit.venues.hyperliquid.words import Units, end_of, money

KEPT = 4_000  # of each kind; the venue tells the last 2,000 fills again with every subscription
TOTAL_UNTOLD = -1
Tell = Callable[[str, str, VenueFact], None]


class Totals(msgspec.Struct):
    """Fills of one order so far: lots, exact worth in ticks x lots, fee in picos, and of the last trade."""

    buys: bool = True
    cum: int = 0
    exact: Decimal = Decimal(0)
    fee: int = 0
    maker: bool = False
    trade: str = ""
    traded_ns: int = 0

    @property
    def worth(self) -> int:
        """Whole ticks x lots, rounded against us."""
        return int(self.exact.to_integral_value(ROUND_CEILING if self.buys else ROUND_FLOOR))


class Kept(msgspec.Struct):
    """An order of ours. `total` is what the venue said it came to, -1 untold; `over` is how it ended;
    `at_once`: what is not filled at once is gone.
    """

    symbol: str
    key: str
    at_once: bool = False
    oid: int = 0
    told: int = 0
    accepted: bool = False
    total: int = TOTAL_UNTOLD
    over: EndKind | None = None
    refused: bool = False
    closed: bool = False

    @property
    def live(self) -> bool:
        """Whether it may rest, as far as anyone told."""
        return self.over is None and not self.refused


class Ledger:
    """Orders by key, totals by the venue's number. `tell` hears news of orders that are ours.

    `wait(kept)` is asked for an end whose fills are not here yet; whoever waits calls `close_untold`.
    """

    def __init__(
        self,
        units: Callable[[str], Units | None],
        memory: Memory,
        now: Callable[[], int],
        tell: Tell,
        wait: Callable[[Kept], None],
    ) -> None:
        self._units, self._memory, self._now, self._tell, self._wait = units, memory, now, tell, wait
        self._orders: OrderedDict[str, Kept] = OrderedDict()
        self._owners: OrderedDict[int, Kept] = OrderedDict()
        self._totals: OrderedDict[int, Totals] = OrderedDict()
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._keys: OrderedDict[str, str] = OrderedDict()

    def placed(self, symbol: str, key: str, *, at_once: bool) -> Kept:
        """An order that is about to leave, perhaps again after it was refused."""
        cloid = cloid_of(key)
        self._memory.note(key, cloid, self._now())
        _remember(self._keys, cloid, key)
        kept = self._keep(symbol, key)
        kept.refused, kept.at_once = False, at_once
        return kept

    def order(self, key: str) -> Kept | None:
        """What is known of a key; None where nothing is."""
        return self._orders.get(key)

    def totals(self, oid: int) -> Totals:
        """Fills of an order of that number; zeros where none came."""
        return self._totals.get(oid) or Totals()

    def any_live(self) -> bool:
        """Whether an order of ours may rest."""
        return any(one.live for one in self._orders.values())

    def numbered(self, kept: Kept, oid: int) -> None:
        """The venue's number of an order is known; fills that were here before it are told."""
        kept.oid = oid
        _remember(self._owners, oid, kept)
        self._tell_fills(kept)

    # What the streams say

    def merge(self, fills: list[dict[str, Any]], *, quiet: bool = False) -> None:
        """Count fills that are not counted yet; tell what is new of ours, unless `quiet`."""
        touched: dict[int, Kept] = {}
        for fill in sorted(fills, key=lambda one: (one["time"], one["tid"])):
            units = self._units(fill["coin"])
            if units is None or fill["tid"] in self._seen:
                continue
            _remember(self._seen, fill["tid"], None)
            self._count(units, fill)
            owner = self._owner(fill)
            if owner is not None:
                touched[fill["oid"]] = owner
        for kept in touched.values():
            if quiet:
                kept.told = self.totals(kept.oid).cum
            else:
                self._tell_fills(kept)

    def updates(self, data: list[dict[str, Any]]) -> None:
        """States of orders."""
        for update in data:
            order = update["order"]
            key, units = self._key(order), self._units(order["coin"])
            if key and units is not None:
                kept = self._keep(order["coin"], key)
                if order["oid"] >= kept.oid:  # an older one was replaced
                    self.numbered(kept, order["oid"])
                    self._state(kept, units, order, update["status"])

    def close_untold(self, kept: Kept) -> None:
        """The fills of an order that is over did not come: its end is told without a total."""
        if not kept.closed and kept.over is not None:
            kept.closed = True
            self._say(kept, OrderEnded(self._now(), 0, 0, kept.over, TOTAL_UNTOLD))

    def ended(self, kept: Kept, why: EndKind, total: int) -> None:
        """The venue says that an order is over."""
        if kept.over is None or kept.total == TOTAL_UNTOLD:
            if kept.at_once and why is EndKind.CANCELLED:
                why = EndKind.EXPIRED
            kept.over, kept.total = kept.over or why, total
        self._close(kept)
        if not kept.closed:
            self._wait(kept)

    def _state(self, kept: Kept, units: Units, order: dict[str, Any], status: str) -> None:
        end = end_of(status)
        if end is None:
            if not kept.accepted and kept.live:
                kept.accepted = True
                self._say(kept, OrderAccepted(self._now(), 0, 0))
        elif isinstance(end, RejectKind):
            self.refused(kept, end, status)
        else:
            self.ended(kept, end, units.lots(order["origSz"]) - units.lots(order["sz"]))

    def refused(self, kept: Kept, why: RejectKind, text: str) -> None:
        """The venue says that it never took an order; told once."""
        if not kept.refused:
            kept.refused = True
            self._say(kept, OrderRejected(self._now(), 0, 0, why, text))

    def _count(self, units: Units, fill: dict[str, Any]) -> None:
        totals = self._totals.get(fill["oid"])
        if totals is None:
            totals = _remember(self._totals, fill["oid"], Totals(buys=fill["side"] == "B"))
        totals.cum += units.lots(fill["sz"])
        totals.exact += units.worth(fill["px"], fill["sz"])
        if fill.get("feeToken", units.instrument.quote) == units.instrument.quote:
            totals.fee += money(fill["fee"])
        totals.maker = not fill["crossed"]
        totals.trade = str(fill["tid"])
        totals.traded_ns = min(fill["time"] * NS_PER_MS, self._now())

    def _owner(self, fill: dict[str, Any]) -> Kept | None:
        key = self._key(fill)
        if not key:
            return self._owners.get(fill["oid"])
        kept = self._keep(fill["coin"], key)
        if fill["oid"] >= kept.oid:
            kept.oid = fill["oid"]
            _remember(self._owners, kept.oid, kept)
        return kept

    def _tell_fills(self, kept: Kept) -> None:
        totals = self.totals(kept.oid)
        if totals.cum > kept.told:
            kept.told, kept.accepted = totals.cum, True
            self._say(kept, self.filled(totals))
        self._close(kept)

    def filled(self, totals: Totals) -> OrderFilled:
        """Totals as a fact."""
        return OrderFilled(
            self._now(),
            0,
            0,
            totals.cum,
            totals.worth,
            totals.fee,
            totals.maker,
            totals.trade,
            totals.traded_ns,
        )

    def _close(self, kept: Kept) -> None:
        totals = self.totals(kept.oid)
        if kept.over is not None and not kept.closed and totals.cum >= kept.total >= 0:
            kept.closed = True
            ended = OrderEnded(self._now(), 0, 0, kept.over, totals.cum, totals.worth, totals.fee)
            self._say(kept, ended)

    def _key(self, told: dict[str, Any]) -> str:
        """Our key of what is told, "" where it is somebody else's."""
        cloid = told.get("cloid")
        if not cloid:
            return ""
        if cloid not in self._keys:
            _remember(self._keys, cloid, self._memory.key(cloid))
        return str(self._keys[cloid])

    def _keep(self, symbol: str, key: str) -> Kept:
        if key not in self._orders:
            _remember(self._orders, key, Kept(symbol, key))
        return self._orders[key]

    def _say(self, kept: Kept, fact: VenueFact) -> None:
        self._tell(kept.symbol, kept.key, fact)


def _remember(store: OrderedDict[Any, Any], name: Any, value: Any) -> Any:
    """Put it there; the oldest goes where there are too many."""
    store[name] = value
    if len(store) > KEPT:
        store.popitem(last=False)
    return value
