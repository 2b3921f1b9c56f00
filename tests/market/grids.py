"""Instruments and small helpers the market tests share."""

from decimal import Decimal
from pathlib import Path

import pytest

from dnkit.model.instrument import Instrument, make_instrument

DATA = Path(__file__).parents[3] / "shared" / "data"
WINDOW = DATA / "A_binance_20240808"

needs_recordings = pytest.mark.skipif(
    not (DATA / "manifest.json").is_file(), reason="the recorded market data is not on this machine"
)


def instrument(
    *,
    base: str = "ETH",
    tick: str = "0.01",
    lot: str = "0.001",
    venue: str = "aster",
    symbol: str = "ETHUSDT",
) -> Instrument:
    """An instrument of that grid; fees and minimums do not matter to a market."""
    return make_instrument(
        venue=venue,
        symbol=symbol,
        base=base,
        quote="USDT",
        tick=Decimal(tick),
        lot=Decimal(lot),
        quantity_min=Decimal(lot),
        notional_min=Decimal(5),
        maker_fee=1000,
        taker_fee=3500,
    )
