"""The figures the synthetic market is made to show, one row per kind of market and coin.

Rows with a `seen` text reproduce figures measured on real recordings; the others are assumed to be like a
neighbour. Everything is in basis points, US dollars and seconds, and is a float: these are dice, not prices.
"""

import msgspec

from dnkit.model.instrument import Instrument


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of market.

    `changes` is ticker messages a second, `top_usd` the median value at a touch, `depth_usd` the value
    within 50 bps a side, `move_p99` the 99th percentile of the absolute move of mid in one second (a touch
    that rarely moves, jumps further: there it aims lower). `sticky` is how far the fair price may run from
    mid before the touch follows; `sweep` the share of touch moves that begin with a trade that eats the old
    touch, `deep` the share where it goes beyond; `trades` the other trades a second, `informed` how surely
    they go the way the price will; `noise` the venue's own moves against the coin's.
    """

    spread_p50: float
    spread_p99: float
    changes: float
    top_usd: float
    depth_usd: float
    move_p99: float
    sticky: float
    sweep: float
    deep: float
    trades: float
    informed: float
    noise: float
    seen: str = ""


ANY = "*"
PROFILES: dict[str, dict[str, Profile]] = {
    "binance": {
        "BTC": Profile(
            spread_p50=0.016, spread_p99=0.016, changes=196, top_usd=165e3, depth_usd=124e6, move_p99=6.5,
            sticky=0.9, sweep=0.8, deep=0.5, trades=45, informed=0.85, noise=0.4,
            seen="Binance USD-M BTC",
        ),
        "ETH": Profile(
            spread_p50=0.037, spread_p99=0.037, changes=157, top_usd=36e3, depth_usd=18e6, move_p99=4.1,
            sticky=0.36, sweep=0.8, deep=0.5, trades=20, informed=0.9, noise=0.4,
            seen="Binance USD-M ETH",
        ),
        ANY: Profile(
            spread_p50=0.6, spread_p99=1.3, changes=60, top_usd=40e3, depth_usd=6e6, move_p99=5.0,
            sticky=0.4, sweep=0.8, deep=0.5, trades=10, informed=0.8, noise=0.4,
        ),
    },
    "hyperliquid": {
        "ETH": Profile(
            spread_p50=0.23, spread_p99=1.3, changes=6.6, top_usd=338e3, depth_usd=4e6, move_p99=2.8,
            sticky=1.0, sweep=0.5, deep=0.0, trades=2.6, informed=0.5, noise=0.1,
            seen="Hyperliquid ETH",
        ),
        "SOL": Profile(
            spread_p50=0.48, spread_p99=1.9, changes=6.5, top_usd=248e3, depth_usd=4e6, move_p99=4.3,
            sticky=0.6, sweep=0.5, deep=0.0, trades=1.3, informed=0.5, noise=0.1,
            seen="Hyperliquid SOL",
        ),
        ANY: Profile(
            spread_p50=0.4, spread_p99=1.6, changes=6.5, top_usd=250e3, depth_usd=4e6, move_p99=3.5,
            sticky=0.8, sweep=0.5, deep=0.0, trades=1.6, informed=0.5, noise=0.1,
        ),
    },
    "aster": {
        "ETH": Profile(
            spread_p50=0.33, spread_p99=0.33, changes=4.0, top_usd=168e3, depth_usd=3e6, move_p99=5.6,
            sticky=0.3, sweep=0.5, deep=0.2, trades=1.0, informed=0.5, noise=0.1,
            seen="Aster ETH, hard afternoon",
        ),
        "ASTER": Profile(
            spread_p50=1.3, spread_p99=6.3, changes=3.0, top_usd=10e3, depth_usd=5e5, move_p99=16.4,
            sticky=0.05, sweep=1.0, deep=1.0, trades=0.8, informed=0.6, noise=0.1,
            seen="Aster ASTER, hard",
        ),
        ANY: Profile(
            spread_p50=0.5, spread_p99=1.5, changes=4.0, top_usd=100e3, depth_usd=2e6, move_p99=5.6,
            sticky=0.4, sweep=0.5, deep=0.2, trades=1.0, informed=0.5, noise=0.1,
        ),
    },
    "lighter": {
        "BTC": Profile(
            spread_p50=0.12, spread_p99=0.75, changes=8.0, top_usd=80e3, depth_usd=4e6, move_p99=3.0,
            sticky=0.3, sweep=0.5, deep=0.2, trades=1.0, informed=0.5, noise=0.1,
            seen="Lighter BTC, spread only",
        ),
        "ETH": Profile(
            spread_p50=0.67, spread_p99=1.2, changes=8.0, top_usd=60e3, depth_usd=3e6, move_p99=3.2,
            sticky=0.4, sweep=0.5, deep=0.2, trades=1.0, informed=0.5, noise=0.1,
            seen="Lighter ETH, spread only",
        ),
        "SOL": Profile(
            spread_p50=0.88, spread_p99=2.3, changes=7.0, top_usd=40e3, depth_usd=2e6, move_p99=4.3,
            sticky=0.5, sweep=0.5, deep=0.2, trades=1.0, informed=0.5, noise=0.1,
            seen="Lighter SOL, spread only",
        ),
        ANY: Profile(
            spread_p50=1.2, spread_p99=3.0, changes=6.0, top_usd=25e3, depth_usd=1e6, move_p99=4.5,
            sticky=0.6, sweep=0.5, deep=0.2, trades=1.0, informed=0.5, noise=0.1,
        ),
    },
    "thin": {
        ANY: Profile(
            spread_p50=9.9, spread_p99=9.9, changes=5.0, top_usd=12e3, depth_usd=2e5, move_p99=9.9,
            sticky=4.0, sweep=0.5, deep=0.0, trades=1.0, informed=0.4, noise=0.1,
            seen="thin alts 2021 (CTK)",
        ),
    },
    "sleepy": {
        ANY: Profile(
            spread_p50=0.17, spread_p99=0.35, changes=0.7, top_usd=8e3, depth_usd=1e6, move_p99=0.5,
            sticky=0.3, sweep=0.3, deep=0.2, trades=0.01, informed=0.3, noise=0.1,
            seen="edgeX BTC",
        ),
    },
}  # fmt: skip

# Where a venue was never measured it gets the profile of the kind of venue it is: an assumption.
VENUES = {
    "aster": "aster",
    "backpack": "lighter",
    "binance_coinm": "binance",
    "binance_spot": "binance",
    "binance_usdm": "binance",
    "bybit": "binance",
    "coinbase_intx": "hyperliquid",
    "grvt": "hyperliquid",
    "hyperliquid_perpetual": "hyperliquid",
    "lighter": "lighter",
    "nado": "hyperliquid",
    "okx_perpetual": "binance",
}
VENUE_DEFAULT = "hyperliquid"
THIN_COINS = frozenset({"SUSHI", "AKRO", "KEEP", "CTK"})

# Where a coin's price starts, in dollars.
PRICES = {
    "BTC": 61_000.0, "ETH": 2_700.0, "SOL": 155.0, "BNB": 580.0, "ZEC": 48.0, "HYPE": 24.0, "ASTER": 1.1,
    "XRP": 0.58, "DOGE": 0.105, "AVAX": 24.0, "SUSHI": 7.6, "AKRO": 0.0172, "KEEP": 0.26, "CTK": 1.01,
    "LINK": 11.0, "SUI": 0.95,
}  # fmt: skip
PRICE_OTHERS_TICKS = 20_000  # a coin nobody wrote down starts at this many ticks

# How much of a coin's move is the whole market's: the square root of the share of its variance.
MARKET_SHARE = {"BTC": 0.64, "ETH": 0.94, "SOL": 0.93}
MARKET_SHARE_OTHERS = 0.75


def profile_of(instrument: Instrument) -> str:
    """Name of the profile for an instrument: by its coin where that is thin, else by its venue."""
    if instrument.base in THIN_COINS:
        return "thin"
    return VENUES.get(instrument.venue, VENUE_DEFAULT)


def find_profile(name: str, coin: str) -> Profile:
    """The row of a profile for a coin; ValueError when there is no such profile."""
    rows = PROFILES.get(name)
    if rows is None:
        raise ValueError(f"no profile {name}; there are {', '.join(PROFILES)}")
    return rows.get(coin) or rows.get(ANY) or next(iter(rows.values()))
