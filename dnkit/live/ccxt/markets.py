"""What a symbol is called, and what a number means, at the venue and here."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from dnkit.live.ccxt.record import Row
from dnkit.model.errors import DnkitError
from dnkit.model.instrument import Instrument, make_instrument
from dnkit.model.numbers import MBPS_ONE, from_pico, plain, to_pico
from dnkit.model.terms import Side
from dnkit.venues.base import OpenOrder


class Market(msgspec.Struct, frozen=True):
    """One symbol: our instrument, ccxt's market, and how much an amount of one is."""

    one: Instrument
    told: Row
    contract: Decimal

    @property
    def unified(self) -> str:
        """ccxt's name."""
        return str(self.told["symbol"])

    def lots(self, amount: str | None) -> int:
        """Lots of an amount there."""
        return self.one.to_lots_down(Decimal(amount or "0") * self.contract)

    def ticks(self, price: str) -> int:
        """A price on our grid."""
        return int(Decimal(price) / self.one.tick)

    def amount(self, lots: int) -> str:
        """What lots are there."""
        return plain(self.one.quantity(lots) / self.contract)

    def price(self, ticks: int) -> str:
        """A price in digits."""
        return plain(self.one.price(ticks))

    def money(self, amount: str | None, currency: str | None) -> int:
        """Picos of the quote currency; another currency counts nothing."""
        return money(amount) if amount and currency in (self.one.quote, None) else 0


def money(amount: str) -> int:
    """Picos."""
    return to_pico(Decimal(amount).quantize(Decimal("1e-12")))


def _is_called(market: Row, symbol: str) -> bool:
    """Whether a market is the perpetual of that name: some venues number theirs, and name them beside it."""
    return bool(market["swap"]) and symbol in (market["id"], market["info"].get("symbol"))


def listed(market: Market, fee: Row | None) -> Instrument:
    """Our instrument with the venue's own grid, minimums and fees, as far as it tells them."""
    ours, told, contract = market.one, market.told, market.contract
    least, cost = told["limits"]["amount"]["min"], told["limits"]["cost"]["min"]
    lot = Decimal(told["precision"]["amount"]) * contract
    one = make_instrument(
        venue=ours.venue,
        symbol=ours.symbol,
        base=ours.base,
        quote=ours.quote,
        tick=Decimal(told["precision"]["price"]),
        lot=lot,
        quantity_min=Decimal(least) * contract if least else lot,
        notional_min=Decimal(cost) if cost else from_pico(ours.notional_min),
        maker_fee=ours.maker_fee,
        taker_fee=ours.taker_fee,
    )
    if fee is None:
        return one
    maker, taker = (int(Decimal(fee[name]) * MBPS_ONE) for name in ("maker", "taker"))
    return replace(one, maker_fee=maker, taker_fee=taker)


def open_order(market: Market, row: Row, key: str) -> OpenOrder:
    """An order of ccxt that rests; `key` is our name of it."""
    return OpenOrder(
        key=key,
        venue_id=str(row["id"]),
        side=Side.BUY if row["side"] == "buy" else Side.SELL,
        lots=market.lots(row["remaining"]),
        price=market.ticks(row["price"]),
        reduce_only=bool(row["reduceOnly"]),
    )


def market_of(one: Instrument, markets: Mapping[str, Row], *, is_contracts: bool) -> Market:
    """The venue's own of that symbol; DnkitError where there is none, or its grid is another one."""
    told = next((row for row in markets.values() if _is_called(row, one.symbol)), None)
    if told is None:
        raise DnkitError(f"the venue does not list {one.symbol}")
    contract = Decimal(told["contractSize"]) if is_contracts else Decimal(1)
    tick, lot = Decimal(told["precision"]["price"]), Decimal(told["precision"]["amount"]) * contract
    if one.tick % tick or one.lot % lot:
        raise DnkitError(
            f"{one.symbol}: our file says tick {one.tick}, lot {one.lot}, the venue {tick} and {lot}"
        )
    return Market(one, told, contract)
