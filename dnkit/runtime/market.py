"""The market a command trades on: the embedded synthetic one, or a recording, seen through the legs'
instruments.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

import msgspec

from dnkit.market.feed import Market
from dnkit.market.leg_book import LegBook, leg_book
from dnkit.model.errors import DnkitError
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import NS_PER_S
from dnkit.policies.overrides import for_legs

SYNTHETIC, RECORDED = "synthetic", "recorded"
REGIMES = ("calm", "hard")
START_NS = (
    1_767_225_600 * NS_PER_S
)  # 2026-01-01: the synthetic clock starts there, so that a seed tells everything
FIRST = ("binance_usdm", "binance_coinm", "binance_spot")
SECOND = ("binance_spot", "binance_coinm", "binance_usdm")


class MarketError(DnkitError):
    """The market asked for cannot be had."""


class UsageError(DnkitError):
    """A flag that cannot be meant so."""

    exit_code = 2


class MarketChoice(msgspec.Struct, frozen=True):
    """`kind` is synthetic (with a regime) or recorded (with a folder). `name` is the account's market."""

    kind: str
    regime: str = "calm"
    folder: Path | None = None

    @property
    def name(self) -> str:
        """Accounts on different markets are apart: their prices have nothing to do with each other."""
        return SYNTHETIC if self.folder is None else f"{RECORDED}:{self.folder.resolve().name}"


class OpenMarket(msgspec.Struct, frozen=True):
    """A market with one book per leg and what each book is called."""

    name: str
    market: Market
    books: tuple[LegBook, ...]
    book_names: tuple[str, ...]


def parse_market(text: str) -> MarketChoice:
    """`synthetic[:calm|hard]` or `recorded:DIR`; UsageError otherwise."""
    kind, _, rest = text.partition(":")
    if kind == SYNTHETIC and rest in ("", *REGIMES):
        return MarketChoice(SYNTHETIC, regime=rest or "calm")
    if kind == RECORDED and rest:
        return MarketChoice(RECORDED, folder=Path(rest))
    raise UsageError(f"--market {text}: write synthetic, synthetic:calm, synthetic:hard or recorded:DIR")


def parse_speed(text: str) -> Decimal | None:
    """`max` (None) or a positive number."""
    if text == "max":
        return None
    try:
        speed = Decimal(text)
    except InvalidOperation:
        speed = Decimal(0)
    if not speed.is_finite() or speed <= 0:
        raise UsageError(f"--speed {text}: write a positive number (1 is real time) or max")
    return speed


def default_books(coins: Sequence[str], known: Mapping[str, str]) -> list[str]:
    """A recorded book per leg. `known` is name -> coin of every book there is.

    The first leg of a coin gets its perpetual, a second one of the same coin its spot book, else another of
    that coin, else the same one again.
    """
    taken: list[str] = []
    for coin in coins:
        again = any(known[one] == coin for one in taken)
        of_coin = [name for name, base in known.items() if base == coin]
        if not of_coin:
            raise MarketError(
                f"the recording has no book of {coin} (it has {', '.join(sorted(set(known.values())))}); "
                "choose other symbols with --symbol LEG=SYMBOL, or books with --book LEG=VENUE:SYMBOL"
            )
        venues = SECOND if again else FIRST
        left = [name for name in of_coin if name not in taken] or of_coin
        taken.append(min(left, key=lambda name, venues=venues: _rank(name, venues)))  # type: ignore[misc]
    return taken


def _rank(name: str, venues: Sequence[str]) -> int:
    venue = name.partition(":")[0]
    return venues.index(venue) if venue in venues else len(venues)


def open_market(
    choice: MarketChoice,
    legs: Mapping[str, Instrument],
    books: Sequence[str],
    *,
    seed: int,
    loop: bool,
    cache: Path,
) -> OpenMarket:
    """The market for these legs (name -> instrument). `books` are `--book` texts.

    MarketError, RecordingError or UsageError when it cannot be had.
    """
    if choice.folder is not None:
        try:
            market, names = _recording(choice.folder, legs, books, loop=loop, cache=cache)
        except OSError as error:
            raise MarketError(f"{error.filename or choice.folder}: {error.strerror or error}") from error
    elif books or loop:
        raise UsageError("--book and --loop are for recorded markets: --market recorded:DIR")
    else:
        market, names = _synthetic(choice.regime, legs, seed)
    pairs = zip(market.grids, legs.values(), strict=True)
    seen = tuple(leg_book(grid, instrument) for grid, instrument in pairs)
    return OpenMarket(choice.name, market, seen, tuple(names))


def _recording(
    folder: Path, legs: Mapping[str, Instrument], books: Sequence[str], *, loop: bool, cache: Path
) -> tuple[Market, list[str]]:
    from dnkit.market.recording import instruments, open_recording

    known = {one.name: one.base for one in instruments(folder)}
    given = for_legs("--book", books, list(legs))
    coins = {leg: instrument.base for leg, instrument in legs.items()}
    left = [leg for leg in legs if leg not in given]
    chosen = dict(zip(left, default_books([coins[leg] for leg in left], known), strict=True)) if left else {}
    names = [given.get(leg) or chosen[leg] for leg in legs]
    return open_recording(folder, names, cache, loop=loop), names


def _synthetic(regime: str, legs: Mapping[str, Instrument], seed: int) -> tuple[Market, list[str]]:
    from dnkit.market.profiles import profile_of
    from dnkit.market.synthetic import SyntheticMarket

    chosen = [(instrument, profile_of(instrument)) for instrument in legs.values()]
    return SyntheticMarket(seed, chosen, regime, START_NS), [f"{SYNTHETIC}:{name}" for _, name in chosen]
