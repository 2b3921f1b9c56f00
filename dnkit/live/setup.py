"""What an adapter is made of, and which one speaks to which venue."""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path

import msgspec

from dnkit.live.keys import Keys
from dnkit.model.alerts import Alert
from dnkit.model.capabilities import Capabilities
from dnkit.model.errors import DnkitError
from dnkit.model.instrument import Instrument
from dnkit.model.terms import STOPS, OrderType
from dnkit.venues.base import Venue

MAIN, TEST = "main", "testnet"
# Modules are imported when a venue is traded: what they need is heavy.
_MODULES: Mapping[str, str] = {
    "bybit": "dnkit.live.ccxt",
    "hyperliquid_perpetual": "dnkit.live.hyperliquid",
    "lighter": "dnkit.live.ccxt",
    "nado": "dnkit.live.nado",
    "okx_perpetual": "dnkit.live.ccxt",
}
# Venues ccxt has, but as dnkit would use it there it does not work, or nobody tried.
NOT_YET: Mapping[str, str] = {
    "aster": "private streams fail in this ccxt, so orders would have to be polled",
    "backpack": "nobody has tried what ccxt sends there",
    "coinbase_intx": "every signed call fails in this ccxt, and orders go by GET, which may be repeated",
    "grvt": "nobody has tried what ccxt sends there",
}

# Types of orders that a venue takes and its adapter does not send.
_UNSENT: Mapping[str, tuple[OrderType, ...]] = dict.fromkeys(("bybit", "lighter", "okx_perpetual"), STOPS)


class NoAdapter(DnkitError):
    """Nothing here speaks as that venue does."""

    exit_code = 5


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """One account at one venue.

    `instruments` are the symbols traded, by symbol. `where` is MAIN, TEST, or the address of a local exchange
    ("http://127.0.0.1:8765"). `keys` are the secrets and account names its adapter documents. `memory` is a
    file for what has to outlive the process. `now` is the run's clock, `alert` hears of lines that stay down.
    """

    capabilities: Capabilities
    instruments: Mapping[str, Instrument]
    where: str
    keys: Keys
    memory: Path
    now: Callable[[], int]
    alert: Callable[[Alert], None]

    def __repr__(self) -> str:
        return f"Setup({self.capabilities.venue} at {self.where}, keys {', '.join(self.keys) or 'none'})"


def speakable() -> tuple[str, ...]:
    """Venues there is an adapter for."""
    return tuple(sorted(_MODULES))


def refuse_unspoken(venues: Iterable[str]) -> None:
    """NoAdapter for a venue that cannot be traded live."""
    for name in venues:
        if name not in _MODULES:
            why = f" ({NOT_YET[name]})" if name in NOT_YET else ""
            there = ", ".join(speakable())
            raise NoAdapter(f"there is no live adapter for {name} yet{why}; for {there} there is")


def sends(venue: str, type: OrderType) -> bool:
    """Whether the adapter of a venue sends such orders, where the venue takes them."""
    return type not in _UNSENT.get(venue, ())


def refuse_unsent(venue: str, type: OrderType) -> None:
    """NoAdapter for a type that the adapter of that venue does not send."""
    if not sends(venue, type):
        raise NoAdapter(
            f"the live adapter for {venue} sends no {type.value} orders yet, and the policy has some"
        )


def make_venue(setup: Setup) -> Venue:
    """The adapter of a venue; NoAdapter when there is none, DnkitError when it needs what is not there."""
    name = setup.capabilities.venue
    refuse_unspoken((name,))
    try:
        module = import_module(_MODULES[name])
    except ModuleNotFoundError as error:
        raise DnkitError(f"{name} needs {error.name}: pip install 'dnkit[live]'") from error
    venue: Venue = module.make(setup)
    return venue
