"""A floor whose house is the venues themselves."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager

from dnkit.live.keys import account_of, read_keys
from dnkit.live.setup import MAIN, Setup
from dnkit.machine.program import LegSpec
from dnkit.model.alerts import Alert
from dnkit.model.instrument import Instrument
from dnkit.runtime.floor import Stores, watch
from dnkit.runtime.folder import StateFolder
from dnkit.runtime.helm import Helm
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.live.house import LiveHouse
from dnkit.runtime.live.world import LiveWorld, MakeSetup
from dnkit.runtime.markets import live_market
from dnkit.runtime.pager import Pager
from dnkit.runtime.run import Floor


def market_at(where: Mapping[str, str], folder: StateFolder) -> str:
    """What the accounts that our keys open at these places are called; DnkitError without keys."""
    keys = {venue: read_keys(venue, place, folder.keys) for venue, place in where.items()}
    return live_market({venue: f"{account_of(keys[venue])}@{place}" for venue, place in where.items()})


def setups(where: Mapping[str, str], folder: StateFolder, facts: VenueFacts) -> MakeSetup:
    """What each adapter is made of. `where` by venue: MAIN, TEST, or an address."""

    def setup(
        venue: str,
        symbols: Mapping[str, Instrument],
        now: Callable[[], int],
        alert: Callable[[Alert], None],
    ) -> Setup:
        place = where.get(venue, MAIN)
        return Setup(
            capabilities=facts[venue],
            instruments=symbols,
            where=place,
            keys=read_keys(venue, place, folder.keys),
            memory=folder.live_orders,
            now=now,
            alert=alert,
        )

    return setup


@contextmanager
def connected(
    legs: Sequence[LegSpec], where: Mapping[str, str], folder: StateFolder, facts: VenueFacts
) -> Iterator[LiveWorld]:
    """The venues of these legs, opened. DnkitError when one cannot be had."""
    with closing(LiveWorld([leg.instrument for leg in legs], setups(where, folder, facts))) as world:
        yield world


def live_floor(
    stores: Stores, world: LiveWorld, market: str, legs: Sequence[LegSpec], say: Callable[[Alert], None]
) -> Floor:
    """The floor that runs at these venues share."""
    pager = Pager(stores.journal, say, world.now)
    world.guard(pager.raise_alert)
    for book, leg in zip(world.books, legs, strict=True):
        watch(world, book, f"{leg.instrument.symbol} on {leg.instrument.venue}", pager)
    return Floor(stores.journal, stores.reader, LiveHouse(market, world), world, pager, Helm(world))
