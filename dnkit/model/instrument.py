"""What one symbol on one venue lets trade: grid, minimum, fees."""

from decimal import Decimal

import msgspec

from dnkit.model.numbers import MBPS_ONE, PICO, ceil_div, ceil_steps, floor_steps, on_grid, to_pico


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """Grid and fees of one symbol on one venue.

    `tick` and `lot` are Decimals in quote currency and in coin. `lots_min` is the minimum quantity in lots,
    `notional_min` the minimum order value in picos. Fees are mbps of notional; a negative maker fee is a
    rebate. `value` is picos of money per tick and lot; `lot_base` picos of coin per lot.
    """

    venue: str
    symbol: str
    base: str
    quote: str
    tick: Decimal
    lot: Decimal
    lots_min: int
    notional_min: int
    maker_fee: int
    taker_fee: int
    value: int
    lot_base: int

    def notional(self, price: int, lots: int) -> int:
        """Picos of money of `lots` (sign is dropped) at `price` ticks."""
        return price * abs(lots) * self.value

    def tradable(self, price: int, lots: int) -> bool:
        """Whether the venue takes an order of `lots` at `price`: both its minimums are met."""
        size = abs(lots)
        return size >= self.lots_min and size > 0 and price * size * self.value >= self.notional_min

    def fee(self, value_ticklots: int, *, maker: bool) -> int:
        """Fee in picos of fills worth `value_ticklots` (sum of price x lots); rounded up, against us."""
        rate = self.maker_fee if maker else self.taker_fee
        return ceil_div(value_ticklots * self.value * rate, MBPS_ONE)

    def to_lots_down(self, quantity: Decimal) -> int:
        """Whole lots inside a quantity of coin."""
        return floor_steps(quantity, self.lot)

    def price(self, ticks: int) -> Decimal:
        """Decimal price of `ticks`."""
        return self.tick * ticks

    def quantity(self, lots: int) -> Decimal:
        """Decimal quantity of coin of `lots`."""
        return self.lot * lots


def make_instrument(
    *,
    venue: str,
    symbol: str,
    base: str,
    quote: str,
    tick: Decimal,
    lot: Decimal,
    quantity_min: Decimal,
    notional_min: Decimal,
    maker_fee: int,
    taker_fee: int,
) -> Instrument:
    """Instrument from Decimals; ValueError when tick x lot is finer than a pico."""
    return Instrument(
        venue=venue,
        symbol=symbol,
        base=base,
        quote=quote,
        tick=tick,
        lot=lot,
        lots_min=max(1, ceil_steps(quantity_min, lot)),
        notional_min=to_pico(notional_min),
        maker_fee=maker_fee,
        taker_fee=taker_fee,
        value=on_grid(tick * lot * PICO, Decimal(1)),
        lot_base=to_pico(lot),
    )
