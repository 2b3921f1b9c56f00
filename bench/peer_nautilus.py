"""nautilus_trader over the same recorded messages, at the same order rate. Runs in an environment of its own.

Usage: python peer_nautilus.py DIR INSTRUMENT INSTRUMENT ORDERS_PER_MILLION. Prints one JSON object:
updates, seconds (BacktestEngine.run only, data already in memory), orders, version.
"""

import json
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import nautilus_trader
import pyarrow.parquet
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import BTC, ETH, USDT
from nautilus_trader.model.data import BookOrder, OrderBookDelta, OrderBookDeltas, QuoteTick, TradeTick
from nautilus_trader.model.enums import (
    AccountType,
    AggressorSide,
    BookAction,
    BookType,
    OmsType,
    OrderSide,
    TimeInForce,
)
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TradeId, Venue
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy


def grid(folder: Path, name: str) -> tuple[str, str, Path]:
    """Tick, lot and file of an instrument, from the manifest above the folder."""
    manifest = json.loads((folder.parent / "manifest.json").read_text())
    for one in manifest["files"]:
        if one["instrument"] == name and one["file"].startswith(folder.name):
            return one["tick_size"], one["lot_size"], folder.parent / one["file"]
    raise SystemExit(f"{name} is not in {folder}")


def decimals(step: str) -> int:
    """Digits after the point of a grid step."""
    return max(0, -int(Decimal(step).as_tuple().exponent))


def perpetual(name: str, tick: str, lot: str) -> CryptoPerpetual:
    """An instrument with the recording's grid, on a venue named after the recording's."""
    venue, symbol = name.split(":")
    free = Decimal(0)
    return CryptoPerpetual(
        instrument_id=InstrumentId(Symbol(symbol), Venue(venue.upper().replace("_", ""))),
        raw_symbol=Symbol(symbol),
        base_currency=ETH if symbol.startswith("ETH") else BTC,
        quote_currency=USDT,
        settlement_currency=USDT,
        is_inverse=False,
        price_precision=decimals(tick),
        size_precision=decimals(lot),
        price_increment=Price.from_str(tick),
        size_increment=Quantity.from_str(lot),
        ts_event=0,
        ts_init=0,
        margin_init=free,
        margin_maint=free,
        maker_fee=free,
        taker_fee=free,
    )


def messages(path: Path, instrument: CryptoPerpetual, tick: str, lot: str) -> list[Any]:
    """One nautilus object per recorded message: deltas, quote or trade."""
    table = pyarrow.parquet.read_table(path)
    columns = [table[name].to_pylist() for name in ("seq", "ts_ns", "kind", "side", "price", "size")]
    unit = (Decimal(tick), Decimal(lot))
    made: list[Any] = []
    rows: list[Any] = []
    last = None
    for row in zip(*columns, strict=True):
        if row[0] != last and rows:
            made.append(message(rows, instrument, unit))
            rows = []
        last = row[0]
        rows.append(row)
    made.append(message(rows, instrument, unit))
    return made


def message(rows: list[Any], instrument: CryptoPerpetual, unit: tuple[Decimal, Decimal]) -> Any:
    """The nautilus object of the rows that share one message number."""
    seq, at_ns, kind, side, price, size = rows[0]
    if kind == "trade":
        taker = AggressorSide.BUYER if side == "buy" else AggressorSide.SELLER
        return TradeTick(
            instrument.id,
            instrument.make_price(price * unit[0]),
            instrument.make_qty(size * unit[1]),
            taker,
            TradeId(str(seq)),
            at_ns,
            at_ns,
        )
    if kind == "bbo":
        by = {
            row[3]: (instrument.make_price(row[4] * unit[0]), instrument.make_qty(row[5] * unit[1]))
            for row in rows
        }
        (bid, bid_size), (ask, ask_size) = by["bid"], by["ask"]
        return QuoteTick(instrument.id, bid, ask, bid_size, ask_size, at_ns, at_ns)
    deltas = [OrderBookDelta.clear(instrument.id, seq, at_ns, at_ns)] if kind == "snapshot" else []
    deltas += [delta(row, instrument, unit) for row in rows]
    return OrderBookDeltas(instrument.id, deltas)


def delta(row: Any, instrument: CryptoPerpetual, unit: tuple[Decimal, Decimal]) -> OrderBookDelta:
    """One changed level."""
    seq, at_ns, _, side, price, size = row
    action = BookAction.UPDATE if size else BookAction.DELETE
    way = OrderSide.BUY if side == "bid" else OrderSide.SELL
    order = BookOrder(way, instrument.make_price(price * unit[0]), instrument.make_qty(size * unit[1]), 0)
    return OrderBookDelta(instrument.id, action, order, 0, seq, at_ns, at_ns)


class SameRate(Strategy):  # type: ignore[misc]
    """Sends an order (IOC at the touch, sides in turn) each `every` updates, on both instruments in turn."""

    def __init__(self, instruments: list[CryptoPerpetual], every: int) -> None:
        super().__init__()
        self.instruments = instruments
        self.every = every
        self.seen = 0
        self.sent = 0

    def on_start(self) -> None:
        for one in self.instruments:
            self.subscribe_order_book_deltas(one.id, book_type=BookType.L2_MBP)
            self.subscribe_quote_ticks(one.id)
            self.subscribe_trade_ticks(one.id)

    def on_order_book_deltas(self, _deltas: OrderBookDeltas) -> None:
        self.count()

    def on_quote_tick(self, _tick: QuoteTick) -> None:
        self.count()

    def on_trade_tick(self, _tick: TradeTick) -> None:
        self.count()

    def count(self) -> None:
        """One more update; trade when it is time."""
        self.seen += 1
        if self.every and self.seen % self.every == 0:
            self.trade()

    def trade(self) -> None:
        """Send one order of 0.2 coins at the far touch."""
        instrument = self.instruments[self.sent % 2]
        buys = self.sent % 4 < 2
        book = self.cache.order_book(instrument.id)
        price = book.best_ask_price() if buys else book.best_bid_price()
        if price is None:
            return
        self.sent += 1
        order = self.order_factory.limit(
            instrument.id,
            OrderSide.BUY if buys else OrderSide.SELL,
            instrument.make_qty(Decimal("0.2")),
            price,
            time_in_force=TimeInForce.IOC,
        )
        self.submit_order(order)


def main() -> None:
    """Build, run, tell."""
    folder, names, per_million = Path(sys.argv[1]).resolve(), sys.argv[2:4], int(sys.argv[4])
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    instruments: list[CryptoPerpetual] = []
    total = 0
    for name in names:
        tick, lot, path = grid(folder, name)
        instrument = perpetual(name, tick, lot)
        engine.add_venue(
            venue=instrument.id.venue,
            oms_type=OmsType.NETTING,
            account_type=AccountType.MARGIN,
            base_currency=None,
            starting_balances=[Money(10_000_000, USDT)],
            book_type=BookType.L2_MBP,
        )
        engine.add_instrument(instrument)
        made = messages(path, instrument, tick, lot)
        for kind in (OrderBookDeltas, QuoteTick, TradeTick):  # the engine wants lists of one kind
            engine.add_data([one for one in made if isinstance(one, kind)], sort=True)
        instruments.append(instrument)
        total += len(made)
    strategy = SameRate(instruments, 1_000_000 // per_million if per_million else 0)
    engine.add_strategy(strategy)
    start = time.perf_counter()
    engine.run()
    seconds = time.perf_counter() - start
    print(
        json.dumps(
            {
                "updates": total,
                "seen": strategy.seen,
                "seconds": seconds,
                "orders": strategy.sent,
                "version": nautilus_trader.__version__,
            }
        )
    )


if __name__ == "__main__":
    main()
