"""Totals of our orders out of single trades, each counted once, whatever is repeated, late or disordered."""

from collections import OrderedDict

import msgspec

from dnkit.model.events import OrderFilled

KEPT_ORDERS = 1_000  # a trade of an older one is none that comes late


class Totals(msgspec.Struct):
    """One order: lots, sum of price x lots, fees in picos, and the trades they come from."""

    cum: int = 0
    worth: int = 0
    fee: int = 0
    trades: set[str] = msgspec.field(default_factory=set)


class Traded(msgspec.Struct, frozen=True, kw_only=True):
    """One trade as a venue tells it: its own name of it, lots, price in ticks, fee in picos."""

    trade: str
    lots: int
    price: int
    fee: int
    maker: bool
    traded_ns: int


class Fills:
    """Orders by client id; the oldest are forgotten."""

    def __init__(self) -> None:
        self._orders: OrderedDict[str, Totals] = OrderedDict()

    def add(self, key: str, one: Traded, at_ns: int) -> OrderFilled | None:
        """Count a trade; None where it is known already."""
        totals = self._orders.setdefault(key, Totals())
        self._orders.move_to_end(key)
        if one.trade in totals.trades:
            return None
        totals.trades.add(one.trade)
        totals.cum += one.lots
        totals.worth += one.lots * one.price
        totals.fee += one.fee
        if len(self._orders) > KEPT_ORDERS:
            self._orders.popitem(last=False)
        return OrderFilled(
            at_ns,
            0,
            0,
            cum=totals.cum,
            worth=totals.worth,
            fee=totals.fee,
            maker=one.maker,
            trade=one.trade,
            traded_ns=one.traded_ns,
        )

    def of(self, key: str) -> Totals:
        """What is counted of an order."""
        return self._orders.get(key, Totals())
