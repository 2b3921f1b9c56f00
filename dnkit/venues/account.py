"""The position and money of one paper account, in lots, tick-lots and picos."""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from dnkit.model.numbers import PICO, on_grid
from dnkit.model.terms import Side


class Holding(msgspec.Struct, frozen=True):
    """What an account holds at one moment.

    `lots` is signed; `entry` is the signed cost of the open part (sum of side x price x lots, in tick-lots);
    `realised` and `fees` are totals in picos since the account began (fees are not part of `realised`).
    """

    lots: int = 0
    entry: int = 0
    realised: int = 0
    fees: int = 0

    def after(self, signed_lots: int, price: int, value: int) -> "Holding":
        """The holding after trading `signed_lots` at `price` ticks; `value` is picos per tick-lot, fees stay.

        A trade against the position closes its share of `entry` first; what goes through zero opens anew.
        Rounding of that share moves a tick-lot between `entry` and `realised`, never their sum.
        """
        if self.lots * signed_lots >= 0:
            return msgspec.structs.replace(
                self, lots=self.lots + signed_lots, entry=self.entry + signed_lots * price
            )
        closed = min(abs(signed_lots), abs(self.lots))
        closed_signed = closed if signed_lots > 0 else -closed
        cost = self.entry * closed // abs(self.lots)
        return msgspec.structs.replace(
            self,
            lots=self.lots + signed_lots,
            entry=self.entry - cost + (signed_lots - closed_signed) * price,
            realised=self.realised + (-closed_signed * price - cost) * value,
        )


class Terms(msgspec.Struct, frozen=True):
    """What an account lets be held: "one-way" or "hedge" positions, its leverage, and its free money in picos
    of the quote currency.
    """

    mode: str
    leverage: Decimal
    available: int


PAPER_TERMS = Terms("one-way", Decimal(1), 10**12 * PICO)  # nothing on paper is refused for want of money


class PaperFill(msgspec.Struct, frozen=True):
    """One line of an account's tape: signed lots, price in ticks, fee in picos, the name of the trade."""

    at_ns: int
    lots: int
    price: int
    fee: int
    trade: str


Store = Callable[["Account", Holding, PaperFill], None]


class Account:
    """One (market, venue, symbol). Every fill goes to `store` first, where there is one."""

    def __init__(self, market: str, venue: str, symbol: str, *, lot: Decimal, tick: Decimal) -> None:
        """A flat account on the grid `lot` x `tick`, in memory only; ValueError on a sub-pico grid."""
        self.market = market
        self.venue = venue
        self.symbol = symbol
        self.lot = lot
        self.tick = tick
        self.holding = Holding()
        self.store: Store | None = None
        self._value = on_grid(tick * lot * PICO, Decimal(1))

    @property
    def lots(self) -> int:
        """Signed position in lots."""
        return self.holding.lots

    @property
    def entry(self) -> int:
        """Signed cost of the open part in tick-lots."""
        return self.holding.entry

    def fill(self, side: Side, lots: int, price: int, fee: int, *, at_ns: int = 0, trade: str = "") -> None:
        """Book a trade of positive `lots` at `price` ticks, `fee` picos; DnkitError when not written."""
        signed = side * lots
        traded = self.holding.after(signed, price, self._value)
        holding = msgspec.structs.replace(traded, fees=traded.fees + fee)
        if self.store is not None:
            self.store(self, holding, PaperFill(at_ns=at_ns, lots=signed, price=price, fee=fee, trade=trade))
        self.holding = holding
