"""Where the runs of `trade` happen: paper venues in this process, or an exchange in another one."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager

import msgspec
from msgspec.structs import replace

from dnkit.cli.outcome import Asked
from dnkit.cli.paper import confirm
from dnkit.cli.progress import Lines, make_display
from dnkit.live.setup import MAIN, TEST, refuse_unsent, refuse_unspoken
from dnkit.machine.program import LegSpec, Program
from dnkit.runtime.floor import Claim, accounts_of, lay_floor, open_stores, refuse_unfinished, way_on
from dnkit.runtime.folder import StateFolder
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.lock import Busy
from dnkit.runtime.market import UsageError, open_market, parse_market, parse_speed
from dnkit.runtime.run import Floor

LOCAL = "local"  # as an endpoint: local exchanges of our own
MARKET_FLAGS = {
    "market": "--market",
    "seed": "--seed",
    "books": "--book",
    "speed": "--speed",
    "loop": "--loop",
}


class Place(msgspec.Struct, frozen=True):
    """A floor, what its books are called, and the display that its alerts go to."""

    floor: Floor
    book_names: tuple[str, ...]
    display: Lines


def refuse_slips(asked: Asked) -> None:
    """UsageError for a market or speed that cannot be meant, before anything that takes long."""
    parse_market(asked.market), parse_speed(asked.speed)
    usual = Asked(policy="")
    for name, flag in MARKET_FLAGS.items():
        if (asked.endpoint or asked.live) and getattr(asked, name) != getattr(usual, name):
            raise UsageError(f"{flag}: an exchange has a market of its own")


def where(asked: Asked) -> str:
    """The place in a word, for the first line."""
    return asked.endpoint or (MAIN if asked.live else asked.market)


def paper_claim(asked: Asked, legs: Sequence[LegSpec]) -> Claim:
    """The paper accounts these legs trade."""
    return Claim(parse_market(asked.market).name, accounts_of(legs), f"trade {asked.policy or asked.resume}")


def refuse_unsendable(program: Program) -> None:
    """NoAdapter where a leg's venue cannot be traded live, or not with all orders of the policy."""
    refuse_unspoken(venues_of(program.legs))
    for phase in program.phases:
        for job in phase.jobs:
            for leg in program.legs if job.leg < 0 else (program.legs[job.leg],):
                refuse_unsent(leg.instrument.venue, job.type)


def confirm_live(asked: Asked, legs: Sequence[LegSpec]) -> None:
    """Ask whether real money is meant; not where every venue is a local exchange. Unconfirmed, UsageError."""
    if asked.endpoint == LOCAL:
        return
    where = places_of(asked.endpoint, venues_of(legs))
    real = sorted(venue for venue, place in where.items() if place in (MAIN, TEST))
    if real:
        what = f"trade {asked.policy or asked.resume} on {', '.join(f'{one} ({where[one]})' for one in real)}"
        confirm(f"{what} with the keys of this machine?", asked.yes)


def venues_of(legs: Sequence[LegSpec]) -> list[str]:
    """Each venue of these legs, once."""
    return sorted({leg.instrument.venue for leg in legs})


def places_of(endpoint: str, venues: Sequence[str]) -> dict[str, str]:
    """Where each of these venues is: MAIN, TEST, or the address of a local exchange. `--endpoint` gives one
    address for a single venue, "testnet", or VENUE=ADDRESS for each of them and no other. UsageError.
    """
    everywhere, named = _read_endpoint(endpoint)
    wanted = sorted(set(venues))
    if everywhere and (len(wanted) == 1 or everywhere in (MAIN, TEST)):
        return dict.fromkeys(wanted, everywhere)
    if everywhere or sorted(named) != wanted:
        raise UsageError(f"--endpoint: write VENUE=ADDRESS for each of {', '.join(wanted)}")
    return named


def address_of(endpoint: str, venue: str) -> str:
    """Where `--endpoint` puts one venue; it may name others too, and MAIN is where nothing is named.
    UsageError.
    """
    everywhere, named = _read_endpoint(endpoint)
    return everywhere or named.get(venue, MAIN)


def _read_endpoint(text: str) -> tuple[str, dict[str, str]]:
    """What `--endpoint` says: one place for every venue, or one by venue. UsageError for both at once."""
    words = [one.strip().rstrip("/") for one in text.split(",") if one.strip()]
    if not words:
        return MAIN, {}
    if len(words) == 1 and "=" not in words[0]:
        return words[0], {}
    named = dict(one.split("=", 1) for one in words if "=" in one)
    if len(named) != len(words) or not all(named.values()):
        raise UsageError(f"--endpoint {text}: write VENUE=ADDRESS, each venue once, with commas between")
    return "", named


@contextmanager
def reached(endpoint: str, venues: Sequence[str], folder: StateFolder) -> Iterator[dict[str, str]]:
    """Where these venues are, each by `address_of`; for LOCAL, exchanges that are started for it."""
    if endpoint != LOCAL:
        yield {venue: address_of(endpoint, venue) for venue in venues}
        return
    from dnkit.runtime.live.rehearsal import local_exchanges

    with local_exchanges(venues, folder) as where:
        yield where


@contextmanager
def place(
    asked: Asked, legs: Sequence[LegSpec], folder: StateFolder, *, resumed: bool = False
) -> Iterator[Place]:
    """Lock the accounts of these legs and open all that their runs need. Busy when another engine trades
    them, or when a run on them was cut off and it is not this one that is `resumed`.
    """
    quiet, framed = asked.as_json or asked.cycles > 1, not asked.as_json
    with closing(make_display(quiet=quiet, framed=framed)) as display:
        opened = _live if asked.live else _at_endpoint if asked.endpoint else _on_paper
        with opened(asked, legs, folder, display, resumed) as found:
            yield found


@contextmanager
def _on_paper(
    asked: Asked, legs: Sequence[LegSpec], folder: StateFolder, display: Lines, resumed: bool
) -> Iterator[Place]:
    claim = paper_claim(asked, legs)
    with open_stores(folder, claim) as stores:
        if not resumed:
            refuse_unfinished(stores.reader, claim)
        opened = open_market(
            parse_market(asked.market),
            {leg.name: leg.instrument for leg in legs},
            asked.books,
            seed=asked.seed,
            loop=asked.loop,
            cache=folder.cache,
        )
        speed = parse_speed(asked.speed)
        floor = lay_floor(stores, opened, VenueFacts(), display.alert, speed=speed, seed=asked.seed)
        yield Place(floor, opened.book_names, display)


@contextmanager
def _live(
    asked: Asked, legs: Sequence[LegSpec], folder: StateFolder, display: Lines, resumed: bool
) -> Iterator[Place]:
    with (
        _places(asked, legs, folder) as where,
        _live_at(where, asked, legs, folder, display, resumed) as found,
    ):
        yield found


@contextmanager
def _places(asked: Asked, legs: Sequence[LegSpec], folder: StateFolder) -> Iterator[dict[str, str]]:
    """Where each venue is; for a rehearsal, exchanges that are started for it."""
    if asked.endpoint != LOCAL:
        yield places_of(asked.endpoint, venues_of(legs))
        return
    with reached(LOCAL, venues_of(legs), folder) as where:
        yield where


@contextmanager
def _live_at(
    where: dict[str, str],
    asked: Asked,
    legs: Sequence[LegSpec],
    folder: StateFolder,
    display: Lines,
    resumed: bool,
) -> Iterator[Place]:
    from dnkit.runtime.live.floor import connected, live_floor, market_at

    claim = Claim(market_at(where, folder), accounts_of(legs), f"trade {asked.policy or asked.resume}")
    with open_stores(folder, claim) as stores:
        if not resumed:
            refuse_unfinished(stores.reader, claim)
        with connected(legs, where, folder, VenueFacts()) as world:
            books = tuple(f"{where[leg.instrument.venue]}:{leg.instrument.symbol}" for leg in legs)
            yield Place(live_floor(stores, world, claim.market, legs, display.alert), books, display)


@contextmanager
def _at_endpoint(
    asked: Asked, legs: Sequence[LegSpec], folder: StateFolder, display: Lines, resumed: bool
) -> Iterator[Place]:
    from dnkit.runtime.endpoint.floor import connected, endpoint_floor
    from dnkit.runtime.endpoint.link import BusyThere

    claim = paper_claim(asked, legs)
    with ExitStack() as stack:
        try:
            world = stack.enter_context(connected(asked.endpoint, legs))
        except BusyThere as error:
            raise Busy(f"{error}{way_on(folder, replace(claim, market=error.market))}") from error
        claim = replace(claim, market=world.welcome.market)
        stores = stack.enter_context(open_stores(folder, claim))
        if not resumed:
            refuse_unfinished(stores.reader, claim)
        books = tuple(one.book for one in world.welcome.listings)
        yield Place(endpoint_floor(stores, world, VenueFacts(), display.alert), books, display)
