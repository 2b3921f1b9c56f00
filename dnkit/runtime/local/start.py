"""Starts the paper exchange: its folder, its market, its listings, its door."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import msgspec

from dnkit.model.capabilities import Capabilities
from dnkit.model.errors import DnkitError
from dnkit.model.instrument import Instrument
from dnkit.runtime.local.door import HOST, Door
from dnkit.runtime.local.pump import Pump
from dnkit.runtime.lock import held
from dnkit.runtime.market import MarketChoice, OpenMarket, open_market
from dnkit.runtime.world import World
from dnkit.venues.accounts import PaperAccounts
from dnkit.venues.local import protocol
from dnkit.venues.local.exchange import MARKET, Exchange
from dnkit.venues.local.member import Hall
from dnkit.venues.local.orders import Orders
from dnkit.venues.local.wire_faults import WireFaults, read_faults

NAME, CLOCK = "name", "clock_ns"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What exchange to open. `listed` are (venue, symbol), none for all there are; `for_s` seconds of ours to
    live, 0 for as long as the parent lives. With `venue` it speaks that venue's wire, with those `faults`.
    """

    folder: Path
    cache: Path
    choice: MarketChoice
    books: tuple[str, ...] = ()
    listed: tuple[tuple[str, str], ...] = ()
    speed: Decimal = Decimal(1)
    port: int = 0
    for_s: int = 0
    seed: int = 1
    loop: bool = False
    venue: str = ""
    faults: str = ""


def open_exchange(wanted: Wanted, venues: Mapping[str, Capabilities], ready: Callable[[str], None]) -> None:
    """Run an exchange to its end; `ready` hears its address. DnkitError when it cannot be opened."""
    _refuse_unspoken(wanted)
    instruments = _instruments(wanted, venues)
    legs = {f"{one.venue}:{one.symbol}": one for one in instruments}
    opened = open_market(
        wanted.choice, legs, wanted.books, seed=wanted.seed, loop=wanted.loop, cache=wanted.cache
    )
    with _stores(wanted.folder) as (accounts, orders):
        world = World(opened.market, opened.books)
        world.settle(max(0, int(orders.fact(CLOCK) or 0) - world.now()))
        hall = Hall(
            instruments,
            opened.books,
            venues,
            accounts,
            orders,
            now=world.now,
            at=world.at,
            attach=world.attach,
            seed=wanted.seed,
        )
        pump, over = Pump(world, opened.books, wanted.speed), _end(wanted.for_s, orders)
        if wanted.venue:
            _open_shop(wanted, hall, pump, ready, over)
            return
        door = Door(Exchange(_name(orders), hall, _listings(instruments, opened), wanted.speed), pump)
        asyncio.run(door.serve(wanted.port, lambda port: ready(f"ws://{HOST}:{port}"), over))


def _open_shop(
    wanted: Wanted,
    hall: Hall,
    pump: Pump,
    ready: Callable[[str], None],
    over: Callable[[int], bool],
) -> None:
    """Serve the wire of one venue."""
    from dnkit.runtime.local.shop import Stock, serve_shop
    from dnkit.runtime.local.shops import SHOPS

    listings = {one.symbol: number for number, one in enumerate(hall.instruments)}
    stock = Stock(hall, pump, listings, WireFaults(read_faults(wanted.faults), wanted.seed))
    shop = SHOPS[wanted.venue](stock)
    asyncio.run(serve_shop(shop, pump, wanted.port, lambda port: ready(f"http://{HOST}:{port}"), over))


def _refuse_unspoken(wanted: Wanted) -> None:
    if wanted.venue:
        from dnkit.runtime.local.shops import SHOPS

        if wanted.venue not in SHOPS:
            known = ", ".join(SHOPS) or "none"
            raise DnkitError(f"no local exchange speaks as {wanted.venue} does; those there are: {known}")


@contextmanager
def _stores(folder: Path) -> Iterator[tuple[PaperAccounts, Orders]]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DnkitError(f"the folder {folder} cannot be made: {error.strerror}") from error
    lock, accounts, orders = folder / "exchange.lock", folder / "accounts.db", folder / "orders.db"
    with (
        held({lock: f"keeps an exchange in {folder}"}, "exchange"),
        PaperAccounts(accounts) as tape,
        Orders(orders) as book,
    ):
        yield tape, book


def _instruments(wanted: Wanted, venues: Mapping[str, Capabilities]) -> list[Instrument]:
    if not wanted.listed:
        return _all(wanted, venues)
    found = []
    for venue, symbol in wanted.listed:
        instrument = venues[venue].instrument(symbol) if venue in venues else None
        if instrument is None:
            raise DnkitError(f"{venue}:{symbol}: no facts are known of it; see dnkit venues {venue}")
        found.append(instrument)
    return found


def _all(wanted: Wanted, venues: Mapping[str, Capabilities]) -> list[Instrument]:
    """Every symbol there are facts of, of one venue or of all; on a recording those whose coin it has."""
    served = (venues[wanted.venue],) if wanted.venue else venues.values()
    every = [instrument for capabilities in served for instrument in capabilities.symbols]
    if wanted.choice.folder is None:
        return every
    from dnkit.market.recording import instruments

    coins = {one.base for one in instruments(wanted.choice.folder)}
    return [one for one in every if one.base in coins]


def _listings(instruments: Sequence[Instrument], opened: OpenMarket) -> tuple[protocol.Listing, ...]:
    return tuple(
        protocol.Listing(one.venue, one.symbol, one.tick, one.lot, book)
        for one, book in zip(instruments, opened.book_names, strict=True)
    )


def _name(orders: Orders) -> str:
    """The exchange's own name: as long as its files live, and no other's."""
    name = orders.fact(NAME)
    if name is None:
        name = f"{MARKET}{os.urandom(4).hex()}"
        orders.note(NAME, name)
    return name


def _end(for_s: int, orders: Orders) -> Callable[[int], bool]:
    """Whether it is time to stop; keeps the clock meanwhile, so that time goes on where it stood."""
    parent, began = os.getppid(), time.monotonic()

    def over(now_ns: int) -> bool:
        orders.note(CLOCK, str(now_ns))
        return os.getppid() != parent or bool(for_s and time.monotonic() - began >= for_s)

    return over
