"""The synthetic market against figures of real ones, and the measuring itself against real recordings.

Tolerances cover what different seeds of windows this long scatter by, and where the model is off: spread 8 %
(its 99th percentile 15 %), update rate 10 %, size at the touch 10 %, one-second move 35 % (its tail hangs on
few pulses), passive orders touched 0.10 and traded through 0.15, correlation 0.17. Two slow venues of one
coin correlate at 0.6 to 0.75 here, less than the .84 to .92 of two fast markets of one venue; what real ones
do was not measured.
"""

from itertools import takewhile
from pathlib import Path

import pytest
from pytest import approx

from dnkit.market.calibration import Figures, Tape, correlation, measure, tapes
from dnkit.market.recording import open_recording
from dnkit.market.synthetic import SyntheticMarket
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import NS_PER_S
from tests.market.grids import WINDOW, instrument, needs_recordings

# spread p50, p99 bps; changes/s; touch USD; 1 s move p99 bps; passive orders touched, traded through
# (None: nobody measured it)
Row = tuple[float, float, float, float | None, float, float | None, float | None]
TABLE: dict[str, Row] = {
    "binance BTC": (0.016, 0.016, 192, 165e3, 6.5, 0.97, 0.61),
    "binance ETH": (0.037, 0.037, 157, 36e3, 4.1, 0.93, 0.69),
    "hyperliquid ETH": (0.23, 1.38, 6.6, 338e3, 2.8, 0.85, 0.34),
    "hyperliquid SOL": (0.48, 1.9, 6.5, 248e3, 4.3, 0.73, 0.37),
    "aster ETH": (0.33, 0.33, 4.0, 168e3, 5.6, None, None),
    "aster ASTER": (1.3, 6.3, 3.0, None, 16.4, 0.86, 0.80),
    "sleepy BTC": (0.17, 0.35, 0.7, 8e3, 0.7, 0.09, 0.06),
    "thin CTK": (9.9, 9.9, 5.0, 12e3, 9.9, None, None),
}
# The tick is what the spread of the row is made of at our price.
TICKS = {
    "binance BTC": "0.1",
    "binance ETH": "0.01",
    "hyperliquid ETH": "0.06",
    "hyperliquid SOL": "0.0075",
    "aster ETH": "0.09",
    "aster ASTER": "0.00007",
    "sleepy BTC": "1",
    "thin CTK": "0.001",
}
LOTS = {"BTC": "0.00001", "ETH": "0.001", "SOL": "0.01", "ASTER": "1", "CTK": "1"}
START_NS = 1_767_225_600 * NS_PER_S


def leg(row: str) -> tuple[Instrument, str]:
    profile, coin = row.split()
    return instrument(base=coin, tick=TICKS[row], lot=LOTS[coin]), profile


def play(rows: list[str], seconds: int, seed: int = 1) -> tuple[list[Tape], list[Figures]]:
    market = SyntheticMarket(seed, [leg(one) for one in rows], "calm", START_NS)
    end = START_NS + seconds * NS_PER_S
    apart = tapes(takewhile(lambda one: one.at_ns < end, market.messages()), len(rows))
    return apart, [measure(tape, grid) for tape, grid in zip(apart, market.grids, strict=True)]


def compare(figures: Figures, row: Row) -> None:
    p50, p99, changes, top, move, touched, through = row
    assert figures.spread_p50 == approx(p50, rel=0.08)
    assert figures.spread_p99 == approx(p99, rel=0.15)
    assert figures.changes_per_s == approx(changes, rel=0.1)
    assert figures.move_p99 == approx(move, rel=0.35)
    if top is not None:
        assert figures.top_usd == approx(top, rel=0.1)
    if touched is not None and through is not None:
        assert figures.touched == approx(touched, abs=0.10)
        assert figures.through == approx(through, abs=0.15)


def test_fast_legs_are_as_in_the_table() -> None:
    rows = ["binance BTC", "binance ETH", "binance ETH"]
    apart, figures = play(rows, 700)
    for row, measured in zip(rows, figures, strict=True):
        compare(measured, TABLE[row])
        assert 0.1 <= measured.markout <= 1.5
    assert correlation(apart[0], apart[1]) == approx(0.58, abs=0.17)
    assert 0.79 <= correlation(apart[1], apart[2]) <= 0.97


def test_slow_legs_are_as_in_the_table() -> None:
    rows = ["hyperliquid ETH", "hyperliquid SOL"]
    apart, figures = play(rows, 4_000)
    for row, measured in zip(rows, figures, strict=True):
        compare(measured, TABLE[row])
        assert 0.1 <= measured.markout <= 0.8
    assert correlation(*apart) == approx(0.66, abs=0.17)


@pytest.mark.parametrize("row", ["aster ETH", "aster ASTER", "sleepy BTC", "thin CTK"])
def test_other_kinds_are_as_in_the_table(row: str) -> None:
    _, (figures,) = play([row], 6_000)
    compare(figures, TABLE[row])
    if row == "thin CTK":
        assert figures.wide_share == approx(1.0, abs=0.01)
    if row == "aster ASTER":
        assert figures.wide_share == approx(0.038, abs=0.02)


@needs_recordings
def test_the_measuring_gives_the_table_back_on_the_recording(tmp_path: Path) -> None:
    names = ["binance_usdm:BTCUSDT", "binance_usdm:ETHUSDT", "binance_spot:ETHUSDT"]
    recording = open_recording(WINDOW, names, tmp_path)
    apart = tapes(recording.messages(), len(names))
    for row, tape, grid in zip(("binance BTC", "binance ETH"), apart, recording.grids, strict=False):
        p50, p99, changes, top, move, touched, through = TABLE[row]
        figures = measure(tape, grid)
        assert figures.spread_p50 == approx(p50, abs=0.001)
        assert figures.spread_p99 == approx(p99, abs=0.001)
        assert figures.changes_per_s == approx(changes, abs=0.5)
        assert figures.top_usd == approx(top, rel=0.01)
        assert figures.move_p99 == approx(move, abs=0.05)
        assert figures.touched == approx(touched, abs=0.01)
        assert figures.through == approx(through, abs=0.01)
        assert 0.2 <= figures.markout <= 1.5
    assert correlation(apart[0], apart[1]) == approx(0.58, abs=0.01)
    assert 0.84 <= correlation(apart[1], apart[2]) <= 0.92
